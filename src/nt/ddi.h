// What every exported function of the executive begins with: its name, the IRQLs at which it may be called,
// and a point where time goes on. The rows gathered here are the export table that drivers are bound to and
// the IRQL table that the verifier enforces.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/paging.h"
#include "sim/scheduler.h"

namespace portico::nt {

// One exported function or one COM method. Rows lie in the linker section portico_ddi.
struct Ddi {
    const char* name;     // "KeSetEvent", "IPortMidi::Notify"
    const void* address;  // null for COM methods: they are reached through vtables
    sim::Irql irql_min;
    sim::Irql irql_max;
    const char* module;  // that exports it: "ntoskrnl.exe"
};

// A name that drivers import without its being a DDI call: C run-time functions and data.
struct Export {
    const char* name;
    const void* address;
    const char* module;
};

// Called when a DDI function is entered above or below its IRQLs (verifier's rule; may not return).
extern void (*irql_violation)(const Ddi& ddi);

inline void enter(const Ddi& ddi) {
    const sim::Processor& p = *sim::this_processor;
    if (__builtin_expect(p.irql > ddi.irql_max || p.irql < ddi.irql_min, 0)) irql_violation(ddi);
    sim::record(sim::TraceKind::call, ddi.name);
    sim::point(sim::call_cost_ns);
}

// Looks `name` up among DDI and EXPORT rows; null when Portico does not implement it.
const void* find_export(const char* name);

// The modules of Windows that a driver imports from, and which of them exports what Portico does. A room's
// CMakeLists.txt names the module of its rows, PORTICO_DDI_MODULE.
struct ExportedName {
    std::string_view module;
    std::string_view name;
    bool operator==(const ExportedName&) const = default;
};
std::vector<ExportedName> exported_names();  // by module, then name

// Walks the rows; index from 0, null past the end.
const Ddi* ddi_at(unsigned index);
const Export* export_at(unsigned index);

// Told before a driver's routine that is a null pointer would be called.
[[gnu::cold]] void tell_null_routine(const char* name);

// A call from Portico into driver code (a dispatch routine, DPC, ISR, COM method): traced with its name, and
// the driver must come back at the IRQL at which it was called.
extern void (*callback_irql_changed)(const char* name, const void* routine, sim::Irql before,
                                     sim::Irql after);

class DriverCall {
  public:
    [[gnu::always_inline]] DriverCall(const char* name, const void* routine)
        : name_(name), routine_(routine), irql_(sim::this_processor->irql) {
        if (__builtin_expect(routine == nullptr, 0)) tell_null_routine(name);
        if (irql_ >= sim::dispatch_level) sim::paging.raised(routine);
        sim::record(sim::TraceKind::callback_enter, name, reinterpret_cast<std::uint64_t>(routine));
        sim::point(sim::call_cost_ns);
    }
    [[gnu::always_inline]] ~DriverCall() {
        const sim::Irql now = sim::this_processor->irql;
        if (__builtin_expect(now != irql_, 0)) callback_irql_changed(name_, routine_, irql_, now);
        sim::record(sim::TraceKind::callback_leave, name_, result_);
    }
    DriverCall(const DriverCall&) = delete;
    DriverCall& operator=(const DriverCall&) = delete;

    // What the routine returned, for the trace.
    template <class T>
    T returned(T value) {
        result_ = static_cast<std::uint64_t>(value);
        return value;
    }

  private:
    const char* name_;
    const void* routine_;
    std::uint64_t result_ = 0;
    sim::Irql irql_;
};

}  // namespace portico::nt

#ifndef PORTICO_DDI_MODULE
#define PORTICO_DDI_MODULE "ntoskrnl.exe"
#endif

// First statement of an exported function: DDI(KeSetEvent, DISPATCH_LEVEL). Exports it under its name, checks
// the IRQL, traces the call and lets time go on.
#define DDI(NAME, MAX_IRQL) DDI_RANGE(NAME, 0, MAX_IRQL)
#define DDI_RANGE(NAME, MIN_IRQL, MAX_IRQL)                                                                  \
    static const ::portico::nt::Ddi portico_ddi_row{#NAME, reinterpret_cast<const void*>(&NAME), MIN_IRQL,   \
                                                    MAX_IRQL, PORTICO_DDI_MODULE};                           \
    __attribute__((used, section("portico_ddi"))) static const ::portico::nt::Ddi* const portico_ddi_entry = \
        &portico_ddi_row;                                                                                    \
    ::portico::nt::enter(portico_ddi_row)

// First statement of a COM method that Portico implements: DDI_METHOD("IPortMidi::Notify", HIGH_LEVEL).
#define DDI_METHOD(NAME, MAX_IRQL)                                                                           \
    static const ::portico::nt::Ddi portico_ddi_row{NAME, nullptr, 0, MAX_IRQL, PORTICO_DDI_MODULE};         \
    __attribute__((used, section("portico_ddi"))) static const ::portico::nt::Ddi* const portico_ddi_entry = \
        &portico_ddi_row;                                                                                    \
    ::portico::nt::enter(portico_ddi_row)

// At namespace scope: what drivers import as NAME is SYMBOL (a function that is no DDI point, or data).
#define EXPORT(NAME, SYMBOL)                                                                                \
    static const ::portico::nt::Export portico_export_##NAME{#NAME, (const void*)&SYMBOL,                   \
                                                             PORTICO_DDI_MODULE};                           \
    __attribute__((                                                                                         \
        used,                                                                                               \
        section("portico_export"))) static const ::portico::nt::Export* const portico_export_entry_##NAME = \
        &portico_export_##NAME
