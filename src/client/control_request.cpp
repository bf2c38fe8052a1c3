#include "client/control_request.h"

#include <cstring>

namespace portico::client {

ControlRequest::~ControlRequest() {
    if (memory_ != nullptr && !pending()) client_->heap().free(memory_, size_);
}

NTSTATUS ControlRequest::start(HANDLE file, ULONG code, std::span<const std::uint8_t> in,
                               std::span<const std::uint8_t> out) {
    const std::size_t in_size = (in.size() + 15) & ~std::size_t{15};
    size_ = 64 + in_size + out.size();
    memory_ = static_cast<std::uint8_t*>(client_->heap().allocate(size_));
    if (memory_ == nullptr) return returned_ = STATUS_NO_MEMORY;
    file_ = file;
    std::uint8_t* const input = memory_ + 64;
    output_ = input + in_size;
    output_size_ = out.size();
    if (!in.empty()) std::memcpy(input, in.data(), in.size());
    if (!out.empty()) std::memcpy(output_, out.data(), out.size());
    *status_block() = {};
    status_block()->Status = STATUS_PENDING;
    returned_ = nt::io::device_io_control(file, {}, code, in.empty() ? nullptr : input,
                                          static_cast<ULONG>(in.size()), out.empty() ? nullptr : output_,
                                          static_cast<ULONG>(out.size()), status_block(), client_->mode());
    // A request that was refused, or failed at once, leaves the status block as it was.
    refused_ = returned_ != STATUS_PENDING && status_block()->Status == STATUS_PENDING;
    if (refused_) status_block()->Status = returned_;
    return returned_;
}

NTSTATUS ControlRequest::wait(const LARGE_INTEGER* timeout) {
    while (pending()) {
        // Another request of the file may have ended: its event tells of any.
        const NTSTATUS waited = client_->wait_file(file_, timeout);
        if (waited != STATUS_WAIT_0) return pending() ? waited : status();
    }
    return status();
}

NTSTATUS ControlRequest::cancel() {
    return pending() ? nt::io::cancel_file_io(file_, true, status_block(), client_->mode())
                     : STATUS_NOT_FOUND;
}

}  // namespace portico::client
