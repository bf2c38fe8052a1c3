// Wired links between pins of an adapter's filters, or to filters of other adapters (FN-060..FN-064,
// UP-001..UP-004).
#pragma once

#include "portcls.h"

namespace portico::portcls {

struct AdapterDevice;
class PortCore;

// One end: a port of this adapter, or the symbolic link of another adapter's filter.
struct ConnectionEnd {
    PortCore* port = nullptr;
    UNICODE_STRING symbolic_link{};  // when port is null; in pool
    ULONG pin = 0;
};

struct PhysicalConnection {
    ConnectionEnd from;
    ConnectionEnd to;
    PhysicalConnection* next = nullptr;
};

// What an argument of the driver's names; exactly one of `port` and `link` is given.
struct EndArgument {
    IUnknown* port = nullptr;
    const UNICODE_STRING* link = nullptr;
    ULONG pin = 0;
};

NTSTATUS register_connection(PDEVICE_OBJECT device, const EndArgument& from, const EndArgument& to);
// The very parameters of the registration (UP-002); STATUS_NOT_FOUND otherwise.
NTSTATUS unregister_connection(PDEVICE_OBJECT device, const EndArgument& from, const EndArgument& to);

void drop_connections(AdapterDevice& adapter);
void drop_connections_of(AdapterDevice& adapter, const PortCore& port);
bool has_connection(const AdapterDevice& adapter, const PortCore& port);

// KSPROPERTY_PIN_PHYSICALCONNECTION: the other end of the pin's link, as the symbolic link of its filter.
// False: none.
bool find_other_end(AdapterDevice& adapter, const PortCore& port, ULONG pin, UNICODE_STRING* symbolic_link,
                    ULONG* other_pin);

}  // namespace portico::portcls
