#include "client/client_thread.h"

namespace portico::client {

bool ClientThread::start(const char* name, KPROCESSOR_MODE mode) {
    mode_ = mode;
    done_ = true;
    stuck_ = false;
    job_ = nullptr;
    nt::ke::initialize_event(&wake_, SynchronizationEvent, false);
    process_ = mode == KernelMode ? nt::ps::system_process() : nt::ps::create_client_process(name);
    if (process_ == nullptr) return false;
    return NT_SUCCESS(nt::ps::create_thread(*process_, name, &ClientThread::main, this, &thread_));
}

void NTAPI ClientThread::main(void* context) {
    auto& self = *static_cast<ClientThread*>(context);
    nt::ke::current_thread()->previous_mode = self.mode_;
    for (;;) {
        nt::ke::wait(&self.wake_, KernelMode, false, nullptr);
        self.job_(self.context_);
        self.done_ = true;
        sim::scheduler.stop();
    }
}

bool ClientThread::run(Job job, void* context, Nanoseconds limit_ns) {
    if (stuck_ || sim::scheduler.frozen()) return false;
    job_ = job;
    context_ = context;
    done_ = false;
    nt::ke::set_event(&wake_);
    const Nanoseconds now_ns = sim::scheduler.now_ns();
    sim::scheduler.run(now_ns + limit_ns, nullptr, nullptr);
    stuck_ = !done_;
    return done_;
}

}  // namespace portico::client
