// powered-down: what a driver does to its device while it has no power (LC-039, AP-011, AP-012). The bus
// takes the power after PowerChangeNotify and PowerChangeState on the way down and gives it back before them
// on the way up, so whatever is seen here is outside of both.
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void accessed(const char* device, unsigned d_state, std::uint32_t offset, bool is_write) {
    auto finding = make(nt::Severity::finding, "powered-down", 0x1C4,
                        "The driver %s register %u of %s, which is in D%u: %s.",
                        is_write ? "writes" : "reads", static_cast<unsigned>(offset), device, d_state,
                        is_write ? "what it writes is lost, and has to wait for D0"
                                 : "a device without power answers with all ones");
    set_parameters(finding, {{"register", offset}, {"power state D", d_state}, {"write", is_write}});
    nt::report(finding);
}

}  // namespace

void install_power_rule() {
    nt::probes.powered_down_access = accessed;
}

}  // namespace portico::verifier
