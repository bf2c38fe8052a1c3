// spin: a driver comes back. Code that calls nothing passes no point, so simulated time stands still and
// nothing else runs: only the host's clock sees it. What is found so ends the machine, at a place that
// depends on the host.
#include <csignal>
#include <ctime>

#include <sys/ucontext.h>

#include "nt/findings.h"
#include "sim/address_map.h"
#include "sim/trace.h"
#include "verifier/interrupted.h"
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

constexpr long tick_ns = 200'000'000;  // of this thread's processor time (design, section 3)
constexpr unsigned ticks_max = 10;

struct Progress {
    std::uint64_t records = 0;
    Nanoseconds at_ns = 0;
    const sim::Processor* processor = nullptr;

    bool operator==(const Progress&) const = default;
};

Progress seen;
unsigned ticks = 0;
Interrupted spinning;

[[noreturn]] void report_spin() {
    const bool raised = sim::this_processor->irql >= sim::dispatch_level;
    constexpr std::uint64_t one_routine = 0;
    auto finding =
        make(nt::Severity::bug_check, "spin", raised ? 0x133 : 0xEA,
             "The driver does not come back: for two seconds of the host's time it has called nothing.");
    if (raised) {
        set_parameters(finding, {{"kind: one DPC or ISR", one_routine}, {"instruction", spinning.rip}});
    } else {
        set_parameters(finding, {{"thread", sim::this_processor->thread_id}, {"instruction", spinning.rip}});
    }
    finding.stack = stack_of(spinning);
    nt::report(finding);
    std::abort();
}

void on_tick(int, siginfo_t*, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const Progress now{sim::trace.count(), sim::this_processor->at_ns, sim::this_processor};
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const bool stands = now == seen && sim::image_range.contains(rip);
    seen = now;
    ticks = stands ? ticks + 1 : 0;
    if (ticks < ticks_max) return;
    ticks = 0;
    spinning = {rip, static_cast<std::uint64_t>(registers[REG_RBP]), 0};
    go_on_in(registers, report_spin);
}

}  // namespace

void install_spin_rule() {
    static bool installed = false;
    if (installed) return;
    installed = true;
    struct sigaction action {};
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGVTALRM, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGVTALRM;
    timer_t timer;
    if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return;
    const itimerspec every{{0, tick_ns}, {0, tick_ns}};
    ::timer_settime(timer, 0, &every, nullptr);
}

}  // namespace portico::verifier
