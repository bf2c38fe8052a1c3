// Client processes beside the machine's own, and what they hold on to.
#pragma once

#include "client/client_thread.h"
#include "client/ks_client.h"
#include "machine/state.h"
#include "portico/gtest.h"

namespace portico::test {

class OtherClient {
  public:
    // `name` is a literal: the trace keeps it.
    explicit OtherClient(const char* name) {
        EXPECT_TRUE(thread_.start(name, UserMode));
        ks.reset(thread_.process());
    }
    OtherClient(const OtherClient&) = delete;
    OtherClient& operator=(const OtherClient&) = delete;
    ~OtherClient() {
        if (process() != nullptr) die();
    }

    template <class Body>
    NTSTATUS call(Body&& body) {
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        EXPECT_TRUE(thread_.call([&] { status = body(); })) << "the client's thread is stuck";
        return status;
    }
    // Dies inside of the request that `body` is, after `life_ns`.
    template <class Body>
    void die_inside(Body&& body, Nanoseconds life_ns) {
        EXPECT_TRUE(thread_.call_and_end(body, life_ns)) << "the client's end is stuck";
    }
    void die() { EXPECT_TRUE(thread_.end()) << "the client's end is stuck"; }
    nt::ps::Process* process() const { return thread_.process(); }

    client::KsClient ks{UserMode};

  private:
    client::ClientThread thread_;
};

// DuplicateHandle, on a thread of the process that has `handle`; `target` null: for the same process.
inline NTSTATUS duplicate(HANDLE handle, nt::ps::Process* target, PHANDLE out) {
    HANDLE const own = nt::ob::current_process_handle();
    if (target == nullptr) return ZwDuplicateObject(own, handle, own, out, 0, 0, DUPLICATE_SAME_ACCESS);
    HANDLE process = nullptr;
    NTSTATUS status = nt::ob::insert_handle(target, PROCESS_ALL_ACCESS, true, &process);
    if (!NT_SUCCESS(status)) return status;
    status = ZwDuplicateObject(own, handle, process, out, 0, 0, DUPLICATE_SAME_ACCESS);
    nt::ob::close(process, KernelMode);
    return status;
}

// No handle of the device's is open, and nothing refers to it any more.
inline bool nothing_open(Machine& m) {
    return m.query_remove().ok() && m.cancel_remove().ok();
}

}  // namespace portico::test
