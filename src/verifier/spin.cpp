// spin: a driver comes back. Code that calls nothing passes no point, so simulated time would stand still and
// nothing else would run: only the host's clock sees it. Such code is switched away from and charged a
// quantum (FLD-023, design section 3); where that happens depends on the host, which an advice says. It is a
// fault when the simulated time that it was charged says so.
#include <sys/ucontext.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>

#include "nt/findings.h"
#include "sim/address_map.h"
#include "sim/scheduler.h"
#include "sim/trace.h"
#include "verifier/interrupted.h"
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

// Of this thread's processor time: the first look, and how often who is known to spin is looked at.
constexpr long first_look_ns = 200'000'000;
constexpr long next_look_ns = 20'000'000;
constexpr Nanoseconds quantum_ns = 250 * millisecond_ns;
// Windows' default for one DPC (bug check 0x133).
constexpr Nanoseconds limit_ns = 20'000 * millisecond_ns;
constexpr Nanoseconds clock_tick_ns = 15'625'000;

struct Progress {
    std::uint64_t records = 0;
    Nanoseconds at_ns = 0;
    const sim::Processor* processor = nullptr;

    bool operator==(const Progress&) const = default;
};

// What a fiber was charged since it last passed a point. More that spin at once than processors there cannot
// be.
struct Charge {
    std::uint64_t stack = 0;
    Nanoseconds charged_ns = 0;
};

Progress seen;
std::array<Charge, sim::max_processors> charges;
timer_t timer;

Progress progress() {
    return {sim::trace.count(), sim::this_processor->at_ns, sim::this_processor};
}

void look_every(long interval_ns) {
    const itimerspec every{{0, interval_ns}, {0, interval_ns}};
    ::timer_settime(timer, 0, &every, nullptr);
}

Charge& charge_of(std::uint64_t stack) {
    Charge* place = &charges[0];
    for (Charge& charge : charges) {
        if (charge.stack == stack) return charge;
        if (charge.charged_ns < place->charged_ns) place = &charge;
    }
    *place = {stack, 0};
    return *place;
}

void tell(nt::Finding finding, const Interrupted& place) {
    finding.stack = stack_of(place);
    nt::report(finding);
}

void report_spin(const Interrupted& place) {
    const bool raised = sim::this_processor->irql >= sim::dispatch_level;
    auto finding =
        make(nt::Severity::bug_check, "spin", raised ? 0x133 : 0xEA,
             "The driver does not come back: for 20 seconds of the machine's time it has called nothing.");
    if (raised) {
        constexpr std::uint64_t one_routine = 0;
        set_parameters(finding, {{"kind: one DPC or ISR", one_routine},
                                 {"time in clock ticks", limit_ns / clock_tick_ns},
                                 {"allotment in clock ticks", limit_ns / clock_tick_ns}});
    } else {
        set_parameters(finding, {{"thread", sim::this_processor->thread_id}, {"instruction", place.rip}});
    }
    tell(finding, place);
}

void charge(const Interrupted& place) {
    tell(make(nt::Severity::advice, "spin", 0,
              "The driver loops without calling anything, so how long it took depends on this computer: this "
              "run may not replay exactly."),
         place);
    Charge& charge = charge_of(sim::this_processor->fiber->stack_low());
    charge.charged_ns += quantum_ns;
    if (charge.charged_ns >= limit_ns) {
        charge = {};
        report_spin(place);
    }
    sim::scheduler.charge(quantum_ns);
    seen = progress();
}

// Runs on the stack of the code it interrupts, which may be left here for other fibers and come back: so the
// signal is not masked meanwhile.
void on_tick(int, siginfo_t*, void* context) {
    const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const Progress now = progress();
    if (sim::image_range.contains(rip) && now == seen) {
        look_every(next_look_ns);
        charge({rip, static_cast<std::uint64_t>(registers[REG_RBP]),
                static_cast<std::uint64_t>(registers[REG_RSP])});
        return;
    }
    if (seen.records != now.records) charges = {};
    seen = now;
    look_every(first_look_ns);
}

}  // namespace

void install_spin_rule() {
    static bool installed = false;
    if (installed) return;
    installed = true;
    struct sigaction action {};
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGVTALRM, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;  // an output's thread would take it for the machine's
    event._sigev_un._tid = ::gettid();
    event.sigev_signo = SIGVTALRM;
    if (::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) return;
    look_every(first_look_ns);
}

}  // namespace portico::verifier
