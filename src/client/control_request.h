// A control request of a client process that need not be waited for (overlapped I/O): its buffers and its
// status block lie in the client's memory.
#pragma once

#include <cstdint>
#include <span>

#include "client/ks_client.h"

namespace portico::client {

class ControlRequest {
  public:
    explicit ControlRequest(KsClient& client) : client_(&client) {}
    // Still under way: the memory stays the request's.
    ~ControlRequest();
    ControlRequest(const ControlRequest&) = delete;
    ControlRequest& operator=(const ControlRequest&) = delete;

    // On the client's thread. `out` is what the output buffer holds at first, which METHOD_IN_DIRECT makes
    // the driver read. STATUS_PENDING, or how it ended already.
    NTSTATUS start(HANDLE file, ULONG code, std::span<const std::uint8_t> in,
                   std::span<const std::uint8_t> out);
    // `timeout` as for KeWaitForSingleObject, null for ever. STATUS_TIMEOUT: it is still under way.
    NTSTATUS wait(const LARGE_INTEGER* timeout);
    // CancelIoEx of this request alone. STATUS_NOT_FOUND when it has ended.
    NTSTATUS cancel();

    bool pending() const { return memory_ != nullptr && status_block()->Status == STATUS_PENDING; }
    // How it ended, or was refused.
    NTSTATUS status() const {
        return pending() ? STATUS_PENDING : refused_ ? returned_ : status_block()->Status;
    }
    // Information of the status block: what the driver says to have transferred. 0 while it is under way.
    std::size_t information() const { return pending() || refused_ ? 0 : status_block()->Information; }
    // The whole output buffer as it is now.
    std::span<const std::uint8_t> output() const { return {output_, output_size_}; }

  private:
    PIO_STATUS_BLOCK status_block() const { return reinterpret_cast<PIO_STATUS_BLOCK>(memory_); }

    KsClient* client_;
    HANDLE file_ = nullptr;
    std::uint8_t* memory_ = nullptr;
    std::size_t size_ = 0;
    std::uint8_t* output_ = nullptr;
    std::size_t output_size_ = 0;
    NTSTATUS returned_ = STATUS_UNSUCCESSFUL;
    bool refused_ = true;  // no request came of it: there is no status in the block
};

}  // namespace portico::client
