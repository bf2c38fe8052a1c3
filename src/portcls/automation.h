// Who answers a property request: the port, from its own tables, or the miniport, from the automation tables
// of its filter, pins and nodes (PR-014..PR-019, CX-019, FD-050..FD-059).
#pragma once

#include "ks/property.h"
#include "portcls.h"

namespace portico::portcls {

class FilterPort;

// Whom a request is sent to. Handlers of a filter's sets get it as their target, those of a pin's sets its
// `pin`.
struct PropertyTarget {
    FilterPort& port;
    PFILE_OBJECT filter_file;
    void* pin = nullptr;         // null: the filter itself
    ULONG pin_id = 0;            // these are a pin's alone:
    IUnknown* stream = nullptr;  // MinorTarget (FD-053)
    std::span<const ks::PropertySet> pin_sets{};
};

// IOCTL_KS_PROPERTY, from its capture to its end, under the port's control lock: a device that goes meanwhile
// is not set running again (LC-054). Owns the IRP. PASSIVE_LEVEL.
NTSTATUS dispatch_property(const PropertyTarget& target, PIRP irp);

}  // namespace portico::portcls
