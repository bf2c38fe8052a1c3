// wait-raised: no waiting at DISPATCH_LEVEL or above; irql-ddi: no announcing it there either.
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void waited(const void* object, bool zero_timeout, sim::Irql irql) {
    const unsigned now = irql;
    auto finding =
        make(nt::Severity::bug_check, "wait-raised", 0xC4,
             zero_timeout ? "An object was looked at with a wait at %s; that is allowed up to DISPATCH_LEVEL."
                          : "The driver waits at %s: whoever could end the wait cannot run.",
             irql_name(now));
    set_parameters(finding, {{"kind: wait at raised IRQL", 0x3B},
                             {"current IRQL", now},
                             {"object", reinterpret_cast<std::uint64_t>(object)},
                             {"zero time-out", zero_timeout}});
    finding.subject.kind = object == nullptr ? nullptr : "dispatcher object";
    finding.subject.address = reinterpret_cast<std::uint64_t>(object);
    nt::report(finding);
}

void left_off(const void* object, bool ends) {
    auto finding = make(nt::Severity::bug_check, "wait-raised", 0xC4,
                        "%s while the processor's interrupts are off (_disable): %s.",
                        ends ? "A thread ends" : "The driver waits",
                        ends ? "nobody turns them on again" : "what ends the wait comes by one");
    set_parameters(finding, {{"kind: wait where none is allowed", 0x3B},
                             {"current IRQL", sim::this_processor->irql},
                             {"object", reinterpret_cast<std::uint64_t>(object)},
                             {"the thread ends", ends}});
    nt::report(finding);
}

void announced(const char* routine, const void* object) {
    const unsigned now = sim::this_processor->irql;
    auto finding =
        make(nt::Severity::bug_check, "irql-ddi", 0xC4,
             "%s was called with Wait = TRUE at %s; it may be at APC_LEVEL or below, for a wait must follow.",
             routine, irql_name(now));
    set_parameters(finding, {{"DDI compliance rule: IrqlKeSetEvent", 0x20016},
                             {"current IRQL", now},
                             {"object", reinterpret_cast<std::uint64_t>(object)}});
    finding.subject.kind = "dispatcher object";
    finding.subject.address = reinterpret_cast<std::uint64_t>(object);
    nt::report(finding);
}

}  // namespace

void install_wait_rule() {
    nt::probes.interrupts_left_off = left_off;
    nt::probes.wait_at_raised_irql = waited;
    nt::probes.wait_announced_at_raised_irql = announced;
}

}  // namespace portico::verifier
