// The compiler's names for what a processor does: calls here, so that nothing in a driver built from source
// goes past the simulated processors (FLD-023). Ports are in nt/hal.
#include <cstring>

#include "nt/ddi.h"
#include "nt/ke/ke.h"
#include "nt/rtl/rtl.h"
#include "wdm.h"

namespace portico::nt::rtl {

// cr8 is the IRQL.
ULONGLONG NTAPI read_cr8() {
    return ke::current_irql();
}

void NTAPI write_cr8(ULONGLONG irql) {
    sim::point(sim::call_cost_ns);
    const auto wanted = static_cast<sim::Irql>(irql & 15);
    if (wanted >= ke::current_irql())
        ke::raise(wanted);
    else
        ke::lower(wanted);
}

void NTAPI disable_interrupts() {
    sim::this_processor->interrupts_disabled = true;
}

void NTAPI enable_interrupts() {
    sim::point(sim::call_cost_ns);
    sim::this_processor->interrupts_disabled = false;
    if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
}

namespace {

// A time-stamp counter of 1 GHz: the calling processor's own time.
ULONGLONG NTAPI rdtsc() {
    sim::point(sim::call_cost_ns);
    return static_cast<ULONGLONG>(sim::this_processor->at_ns);
}

ULONGLONG NTAPI rdtscp(ULONG* processor) {
    *processor = sim::this_processor->index;
    return rdtsc();
}

// Of the flags only "interrupts enabled" means something here; bit 1 always reads as one.
constexpr ULONGLONG always_set = 0x2;
constexpr ULONGLONG interrupt_flag = 0x200;

ULONGLONG NTAPI readeflags() {
    return always_set | (sim::this_processor->interrupts_disabled ? 0 : interrupt_flag);
}

void NTAPI writeeflags(ULONGLONG flags) {
    if ((flags & interrupt_flag) != 0)
        enable_interrupts();
    else
        disable_interrupts();
}

// A processor with what Windows x64 demands and nothing else; the same on every host.
void NTAPI cpuidex(LONG registers[4], LONG leaf, LONG) {
    constexpr ULONG family_6 = 0x000306A0;
    constexpr ULONG features_edx =
        0x078BFBFF;  // FPU, TSC, MSR, PAE, CX8, APIC, SEP, CMOV, MMX, FXSR, SSE, SSE2 ...
    constexpr ULONG features_ecx = 0x80002001;  // SSE3, CMPXCHG16B, a hypervisor is present
    ULONG values[4] = {};
    if (leaf == 0) {
        // The vendor's name: ebx, edx, ecx.
        values[0] = 1;
        std::memcpy(&values[1], "Port", 4);
        std::memcpy(&values[3], "icoS", 4);
        std::memcpy(&values[2], "imul", 4);
    } else if (leaf == 1) {
        values[0] = family_6;
        values[1] = static_cast<ULONG>(sim::this_processor->index) << 24 | sim::scheduler.processor_count
                                                                               << 16;
        values[2] = features_ecx;
        values[3] = features_edx;
    }
    std::memcpy(registers, values, sizeof values);
}

void NTAPI cpuid(LONG registers[4], LONG leaf) {
    cpuidex(registers, leaf, 0);
}

}  // namespace

// ddi/intrinsics.h calls them __rdtsc and __rdtscp, under which names the compiler would emit the
// instructions.
EXPORT(PorticoReadTimeStampCounter, rdtsc);
EXPORT(PorticoReadTimeStampCounterP, rdtscp);
EXPORT(__readcr8, read_cr8);
EXPORT(__writecr8, write_cr8);
EXPORT(_disable, disable_interrupts);
EXPORT(_enable, enable_interrupts);
EXPORT(__readeflags, readeflags);
EXPORT(__writeeflags, writeeflags);
EXPORT(__cpuid, cpuid);
EXPORT(__cpuidex, cpuidex);

}  // namespace portico::nt::rtl
