// interrupt-storm, unclaimed-access: what goes wrong between a driver and its device (FLD-020, FLD-025).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void stormed(unsigned irq, bool claimed) {
    auto finding = make(
        nt::Severity::finding, "interrupt-storm", 0x133,
        claimed ? "IRQ %u is claimed again and again without its device being quieted; the line is masked."
                : "IRQ %u stays asserted and no service routine claims it; the line is masked.",
        irq);
    set_parameters(finding, {{"kind: cumulative", 1}, {"IRQ", irq}, {"claimed", claimed}});
    nt::report(finding);
}

void unclaimed(std::uint64_t address, bool is_port, bool is_write) {
    auto finding =
        make(nt::Severity::advice, "unclaimed-access", 0, "%s %s %#llx is %s, but no device is there.",
             is_port ? "Port" : "Register", is_port ? "" : "at", static_cast<unsigned long long>(address),
             is_write ? "written" : "read");
    set_parameters(finding, {{"address", address}});
    nt::report(finding);
}

}  // namespace

void install_interrupt_rules() {
    nt::probes.interrupt_storm = stormed;
    nt::probes.unclaimed_access = unclaimed;
}

}  // namespace portico::verifier
