// A simulated client process with a thread on which the host's requests run: what the host asks for happens
// in the machine, at PASSIVE_LEVEL, in user mode.
#pragma once

#include <type_traits>

#include "nt/ps/ps.h"
#include "sim/scheduler.h"

namespace portico::client {

class ClientThread {
  public:
    ClientThread() = default;
    ClientThread(const ClientThread&) = delete;
    ClientThread& operator=(const ClientThread&) = delete;

    // From the host, after the machine's reset. `mode` is the requests' previous mode; a system thread calls
    // as the kernel does. `administrator`: what devices' security descriptors take the process for. False: no
    // memory.
    bool start(const char* name, KPROCESSOR_MODE mode, bool administrator = false);

    // From the host: runs `body()` on the thread until it has returned. False when the machine froze, or when
    // `limit_ns` of simulated time passed first: then the thread is still inside, and no further call is
    // possible.
    template <class Body>
    bool call(Body&& body, Nanoseconds limit_ns = default_limit_ns) {
        return run([](void* context) { (*static_cast<std::remove_reference_t<Body>*>(context))(); },
                   const_cast<void*>(static_cast<const void*>(&body)), limit_ns);
    }

    // From the host: the process ends, as when its program dies. The thread's requests are cancelled and
    // waited for, then its handles close and its memory is gone. False: as for call(). No call is possible
    // afterwards. Not for a system thread.
    bool end(Nanoseconds limit_ns = default_limit_ns) { return run(nullptr, nullptr, limit_ns); }

    // From the host: as call() for a body that is one request; when it has not returned after `life_ns` of
    // simulated time, the process is killed inside of it, and the request is cancelled and waited for. Then
    // as end().
    template <class Body>
    bool call_and_end(Body&& body, Nanoseconds life_ns, Nanoseconds limit_ns = default_limit_ns) {
        if (!call(body, life_ns) && !kill(limit_ns)) return false;
        return end(limit_ns);
    }

    bool stuck() const { return stuck_; }
    nt::ps::Process* process() const { return process_; }

    static constexpr Nanoseconds default_limit_ns = 600 * second_ns;

  private:
    using Job = void (*)(void* context);
    bool run(Job job, void* context, Nanoseconds limit_ns);
    bool run_on(Nanoseconds limit_ns);
    // Of a thread that is stuck in a request.
    bool kill(Nanoseconds limit_ns);
    static void NTAPI main(void* self);

    nt::ps::Process* process_ = nullptr;  // null: it has ended
    PETHREAD thread_ = nullptr;
    KPROCESSOR_MODE mode_ = KernelMode;
    KEVENT wake_;
    KAPC killed_;
    Job job_ = nullptr;
    void* context_ = nullptr;
    bool done_ = true;
    bool stuck_ = false;
};

}  // namespace portico::client
