#include "verifier/verifier.h"

#include <cstring>

#include "verifier/rules.h"

namespace portico::verifier {
namespace {

constexpr Rule rules[] = {
    {"irql-ddi", 0xC4, "Each function and method is called at an IRQL that its documentation allows."},
    {"irql-callback", 0xC8, "A routine of the driver returns at the IRQL at which it was called."},
    {"irql-change", 0xC4,
     "Raising the IRQL does not lower it, lowering does not raise it, and a DPC or interrupt routine does "
     "not go below its own."},
    {"paged-code", 0xD3, "Code that says PAGED_CODE() runs below DISPATCH_LEVEL."},
    {"wait-raised", 0xC4, "A driver waits only below DISPATCH_LEVEL, and with interrupts on."},
    {"spin-lock", 0x0F,
     "Spin locks are acquired and released in pairs, by one processor, at the IRQL of their form."},
    {"irp", 0x44, "Each IRP is completed once, with everything put right, or passed on, or pended."},
    {"pool", 0xC2, "Pool memory is freed once, with its tag, within its bounds, at an IRQL that fits."},
    {"object", 0x18, "Reference counts and dispatcher objects stay whole."},
    {"left-behind", 0xC4, "What a driver made is gone when it is unloaded."},
    {"interrupt-storm", 0x133, "An interrupt routine quiets its device, and claims only its own interrupts."},
    {"unclaimed-access", 0, "A driver touches ports and registers where a device is."},
    {"powered-down", 0x1C4,
     "A driver leaves its device alone while it is in D1 to D3, and puts it right again in D0."},
    {"missing-import", 0xC4, "A driver uses only functions and variables that there are."},
    {"fault", 0x50,
     "A driver touches memory that is there, runs code only, divides by something and fits on its stack."},
    {"stumble", 0x50, "What a driver gives or has in its memory leads Portico nowhere but to what is there."},
    {"spin", 0x133, "A routine of the driver ends, or calls something, before long."},
    {"io", 0xC9, "Requests and devices are used as the I/O manager says."},
    {"breakpoint", 0x1E, "A driver's assertions hold, and no breakpoint is left in it."},
    {"KeBugCheckEx", 0, "A driver that stops the system has found something that cannot go on."},
};

}  // namespace

void install() {
    install_irql_rules();
    install_wait_rule();
    install_spin_lock_rule();
    install_irp_rules();
    install_pool_rule();
    install_left_behind_rule();
    install_object_rules();
    install_interrupt_rules();
    install_power_rule();
    install_contract_rule();
    install_fault_rule();
    install_spin_rule();
}

const Rule* rule_at(unsigned index) {
    return index < std::size(rules) ? &rules[index] : nullptr;
}

const Rule* find_rule(const char* id) {
    for (const Rule& rule : rules) {
        if (std::strcmp(rule.id, id) == 0) return &rule;
    }
    return nullptr;
}

}  // namespace portico::verifier
