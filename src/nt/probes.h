// Where the executive tells what a driver does. Each probe is a function pointer that does nothing until
// src/verifier puts a rule there; a rule reports through nt/findings.h. Probes are called before the
// executive acts on the misuse, and the executive then does what Windows would do, or the safest thing where
// Windows would crash.
#pragma once

#include <cstdint>

#include "nt/ddi.h"
#include "nt/findings.h"
#include "wdm.h"

namespace portico::nt {

enum class SpinLockFault : std::uint8_t {
    already_owned,      // acquired again on the processor that owns it: Windows would hang
    not_owned,          // released by who does not own it
    wrong_irql,         // acquired or released at an IRQL that its form forbids
    deadlock,           // processors spin on each other's locks
    irql_not_restored,  // released with an old IRQL above DISPATCH_LEVEL or above the current one
};

enum class IrpFault : std::uint8_t {
    completed_twice,
    completed_pending,    // IoStatus.Status is STATUS_PENDING at completion
    cancel_routine_left,  // completed with a cancel routine set
    status_mismatch,      // dispatch returned STATUS_PENDING without IoMarkIrpPending, or the reverse
    freed_unowned,        // IoFreeIrp by who did not make it: its sender waits for its completion
    forgotten,            // neither completed nor passed on nor pended
    left_at_removal,      // still pending when its device went away
};

enum class LeftKind : std::uint8_t {
    pool_block,
    object,
    reference,
    handle,
    timer,
    dpc,
    work_item,
    interrupt,
    device,
    lookaside_list
};

// One thing that a driver left behind when it was unloaded.
struct LeftBehind {
    LeftKind kind;
    std::uint64_t address;
    std::uint64_t size;
    std::uint32_t tag;
    std::uint32_t references;  // for objects and references
    const char* what;          // type name: "KTIMER", "IServiceGroup"
    Origin made;
};

constexpr ULONG driver_verifier_detected_violation = 0xC4;  // the bug check of most misuse

struct Probes {
    void (*wait_at_raised_irql)(const void* object, bool zero_timeout, sim::Irql irql) = nullptr;
    // KeSetEvent and the like with Wait = TRUE, where the caller cannot wait.
    void (*wait_announced_at_raised_irql)(const char* routine, const void* object) = nullptr;
    void (*spin_lock)(SpinLockFault fault, const volatile void* lock, sim::Irql irql) = nullptr;
    void (*irp)(IrpFault fault, PIRP irp) = nullptr;
    void (*left_behind)(const LeftBehind& left) = nullptr;
    void (*pool_misuse)(std::uint32_t bug_check_code, const Subject& block, std::uint64_t detail,
                        const char* text) = nullptr;
    void (*paged_code)(const char* file, unsigned line) = nullptr;  // PAGED_CODE at DISPATCH_LEVEL or above
    void (*object_misuse)(std::uint32_t bug_check_code, const void* object, const char* text) = nullptr;
    // What a driver answered a Plug and Play request with cannot be taken; `answer.last`: where it did.
    void (*bad_answer)(const Subject& answer, const char* text) = nullptr;
    void (*interrupt_storm)(unsigned irq, bool claimed) = nullptr;
    void (*unclaimed_access)(std::uint64_t address, bool is_port, bool is_write) = nullptr;
    // A register of a device that is in D1..D3; `d_state` 1 to 3.
    void (*powered_down_access)(const char* device, unsigned d_state, std::uint32_t offset,
                                bool is_write) = nullptr;
    void (*missing_import)(const char* name, std::uint64_t caller) = nullptr;
    // A contract of a PortCls or KS interface that a driver broke: rule ID of docs/spec, one sentence.
    void (*contract)(const char* requirement, const void* object, const char* text) = nullptr;
    void (*irql_change)(bool raising, sim::Irql now, sim::Irql wanted) = nullptr;
    // A DPC or interrupt routine lowers the IRQL below the one at which it runs, `floor`.
    void (*irql_below_routine)(sim::Irql floor, sim::Irql wanted) = nullptr;
    // A thread waits for `object` (null: only for time), or ends, on a processor whose interrupts are off.
    void (*interrupts_left_off)(const void* object, bool ends) = nullptr;
    // A hardware fault on a simulated stack: access kind 0 read, 1 write, 8 execute.
    void (*fault)(int signal, std::uint64_t rip, std::uint64_t address, unsigned access) = nullptr;
};

extern Probes probes;

// What is known of an IRP: where it was made, and where it was completed.
Subject subject_of(PIRP irp);

// probes.X(...) when a rule is there.
#define PORTICO_PROBE(NAME, ...)                                                            \
    do {                                                                                    \
        if (::portico::nt::probes.NAME != nullptr) ::portico::nt::probes.NAME(__VA_ARGS__); \
    } while (0)

}  // namespace portico::nt
