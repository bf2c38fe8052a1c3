// IOCTL_KS_PROPERTY: one request taken apart, and the tables that say who answers which property.
#pragma once

#include <cstddef>

#include "wdm.h"
#include "ks.h"

namespace portico::ks {

struct PropertyRequest {
    PIRP irp;
    KSPROPERTY property;   // a copy
    const void* instance;  // what follows it in the copy
    ULONG instance_size;
    void* value;  // system memory: for a set the caller's value, for a get what is returned
    ULONG value_size;
    ULONG returned;  // bytes that go back
};

using PropertyHandler = NTSTATUS (*)(void* target, PropertyRequest& request);

struct PropertyItem {
    ULONG id;
    ULONG flags;      // KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET
    ULONG value_min;  // bytes
    PropertyHandler get;
    PropertyHandler set;
};

struct PropertySet {
    const GUID* set;
    const PropertyItem* items;
    std::size_t count;
};

// Answers the request from the tables and completes nothing: returns the status, with IoStatus.Information
// set. Errors as clients expect them (clients.md section 3): STATUS_PROPSET_NOT_FOUND, STATUS_NOT_FOUND,
// STATUS_INVALID_DEVICE_REQUEST, STATUS_BUFFER_OVERFLOW with the size for an empty output buffer,
// STATUS_BUFFER_TOO_SMALL.
NTSTATUS handle_property(PIRP irp, void* target, const PropertySet* sets, std::size_t set_count);

}  // namespace portico::ks
