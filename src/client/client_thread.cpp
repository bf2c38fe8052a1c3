#include "client/client_thread.h"

#include <utility>

#include "nt/io/irp.h"

namespace portico::client {
namespace {

// On the thread, in the midst of its wait for the request, which then ends.
void NTAPI cancel_requests(PRKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {
    nt::io::cancel_irps_of(nt::ke::current_thread());
}

}  // namespace

bool ClientThread::start(const char* name, KPROCESSOR_MODE mode, bool administrator) {
    mode_ = mode;
    done_ = true;
    stuck_ = false;
    job_ = nullptr;
    nt::ke::initialize_event(&wake_, SynchronizationEvent, false);
    process_ =
        mode == KernelMode ? nt::ps::system_process() : nt::ps::create_client_process(name, administrator);
    if (process_ == nullptr) return false;
    return NT_SUCCESS(nt::ps::create_thread(*process_, name, &ClientThread::main, this, &thread_));
}

void NTAPI ClientThread::main(void* context) {
    auto& self = *static_cast<ClientThread*>(context);
    nt::ke::current_thread()->previous_mode = self.mode_;
    KeInitializeApc(&self.killed_, nt::ke::current_thread(), OriginalApcEnvironment, cancel_requests, nullptr,
                    nullptr, KernelMode, nullptr);
    for (;;) {
        nt::ke::wait(&self.wake_, KernelMode, false, nullptr);
        if (self.job_ == nullptr) break;
        self.job_(self.context_);
        self.done_ = true;
        sim::scheduler.stop();
    }
    // What is still under way comes first, as when threads end: later there is no memory for its results.
    nt::io::cancel_thread_irps(nt::ke::current_thread());
    nt::ps::end_process(*std::exchange(self.process_, nullptr), STATUS_CONTROL_C_EXIT);
    self.done_ = true;
    sim::scheduler.stop();
    nt::ke::exit_current_thread(STATUS_CONTROL_C_EXIT);
}

bool ClientThread::run(Job job, void* context, Nanoseconds limit_ns) {
    if (stuck_ || process_ == nullptr || sim::scheduler.frozen()) return false;
    job_ = job;
    context_ = context;
    done_ = false;
    nt::ke::set_event(&wake_);
    return run_on(limit_ns);
}

bool ClientThread::run_on(Nanoseconds limit_ns) {
    sim::scheduler.run(sim::scheduler.now_ns() + limit_ns, nullptr, nullptr);
    stuck_ = !done_;
    return done_;
}

bool ClientThread::kill(Nanoseconds limit_ns) {
    if (process_ == nullptr || sim::scheduler.frozen()) return false;
    return nt::ke::insert_apc(&killed_, nullptr, nullptr) && run_on(limit_ns);
}

}  // namespace portico::client
