#include "portcls/physical_connections.h"

#include "nt/ob/ob.h"
#include "portcls/adapter.h"
#include "portcls/port_base.h"
#include "portcls/strings.h"

namespace portico::portcls {
namespace {

bool valid(const EndArgument& end) {
    return end.port != nullptr ||
           (end.link != nullptr && end.link->Length > 0 && end.link->Buffer != nullptr);
}

// With the argument's own string. What the driver's object has to say is asked before the lock is taken.
ConnectionEnd end_of(const EndArgument& argument) {
    ConnectionEnd end{};
    end.pin = argument.pin;
    if (argument.port != nullptr)
        end.port = port_of(argument.port);
    else
        end.symbolic_link = *argument.link;
    return end;
}

// False: the port is not registered at this adapter or has no such pin.
bool is_at(AdapterDevice& adapter, const EndArgument& argument, const ConnectionEnd& end) {
    if (argument.port == nullptr) return true;
    return end.port != nullptr && adapter.subdevices.find(*end.port) != nullptr &&
           end.port->descriptor() != nullptr && argument.pin < end.port->descriptor()->PinCount;
}

bool is_bridge(const PCPIN_DESCRIPTOR& pin) {
    return pin.MaxGlobalInstanceCount == 0 && pin.MaxFilterInstanceCount == 0;
}

void check_pin(const ConnectionEnd& end, KSPIN_DATAFLOW flow) {
    if (end.port == nullptr) return;
    const PCFILTER_DESCRIPTOR& filter = *end.port->descriptor();
    const auto* const bytes = reinterpret_cast<const unsigned char*>(filter.Pins);
    const auto& pin = *reinterpret_cast<const PCPIN_DESCRIPTOR*>(bytes + end.pin * filter.PinSize);  // FD-004
    if (is_bridge(pin) && pin.KsPinDescriptor.DataFlow == flow) return;
    PORTICO_PROBE(
        contract, "FN-063", &pin,
        "A physical connection goes from an output to an input bridge pin; this pin is another one.");
}

bool same_end(const ConnectionEnd& a, const ConnectionEnd& b) {
    if (a.pin != b.pin || a.port != b.port) return false;
    return a.port != nullptr || nt::ob::equal_names(a.symbolic_link, b.symbolic_link, true);
}

// Calls work(adapter, ends) under the control lock, when the arguments name two ends of that adapter.
template <class Work>
NTSTATUS with_ends(PDEVICE_OBJECT device, const EndArgument& from, const EndArgument& to, Work&& work) {
    if (device == nullptr || !valid(from) || !valid(to)) {
        PORTICO_PROBE(contract, "FN-064", device,
                      "A physical connection was given no device, no port or no name.");
        return STATUS_INVALID_PARAMETER;
    }
    PhysicalConnection ends{};
    ends.from = end_of(from);
    ends.to = end_of(to);
    AdapterDevice* const adapter = adapter_argument(
        device, "FN-063", "A physical connection was given another device than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (is_at(*adapter, from, ends.from) && is_at(*adapter, to, ends.to)) return work(*adapter, ends);
    PORTICO_PROBE(contract, "FN-063", device,
                  "A physical connection names a port that is not registered at this adapter, or a pin that "
                  "it does not have.");
    return STATUS_INVALID_PARAMETER;
}

void free_connection(PhysicalConnection* connection) {
    free_string(connection->from.symbolic_link);
    free_string(connection->to.symbolic_link);
    unmake(connection);
}

NTSTATUS keep(AdapterDevice& adapter, const PhysicalConnection& ends) {
    auto* const connection = make<PhysicalConnection>(NonPagedPool);
    if (connection == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    connection->from.port = ends.from.port;
    connection->from.pin = ends.from.pin;
    connection->to.port = ends.to.port;
    connection->to.pin = ends.to.pin;
    if (!copy_string(ends.from.symbolic_link, connection->from.symbolic_link) ||
        !copy_string(ends.to.symbolic_link, connection->to.symbolic_link)) {
        free_connection(connection);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PhysicalConnection** place = &adapter.connections;
    while (*place != nullptr) place = &(*place)->next;
    *place = connection;
    return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS register_connection(PDEVICE_OBJECT device, const EndArgument& from, const EndArgument& to) {
    return with_ends(device, from, to, [](AdapterDevice& adapter, const PhysicalConnection& ends) {
        check_pin(ends.from, KSPIN_DATAFLOW_OUT);
        check_pin(ends.to, KSPIN_DATAFLOW_IN);
        return keep(adapter, ends);
    });
}

NTSTATUS unregister_connection(PDEVICE_OBJECT device, const EndArgument& from, const EndArgument& to) {
    return with_ends(device, from, to, [](AdapterDevice& adapter, const PhysicalConnection& ends) {
        for (PhysicalConnection** place = &adapter.connections; *place != nullptr; place = &(*place)->next) {
            PhysicalConnection* const connection = *place;
            if (!same_end(connection->from, ends.from) || !same_end(connection->to, ends.to)) continue;
            *place = connection->next;
            free_connection(connection);
            return STATUS_SUCCESS;
        }
        return STATUS_NOT_FOUND;
    });
}

void drop_connections(AdapterDevice& adapter) {
    while (adapter.connections != nullptr) {
        PhysicalConnection* const connection = adapter.connections;
        adapter.connections = connection->next;
        free_connection(connection);
    }
}

void drop_connections_of(AdapterDevice& adapter, const PortCore& port) {
    for (PhysicalConnection** place = &adapter.connections; *place != nullptr;) {
        PhysicalConnection* const connection = *place;
        if (connection->from.port != &port && connection->to.port != &port) {
            place = &connection->next;
            continue;
        }
        *place = connection->next;
        free_connection(connection);
    }
}

bool has_connection(const AdapterDevice& adapter, const PortCore& port) {
    const PhysicalConnection* c = adapter.connections;
    while (c != nullptr && c->from.port != &port && c->to.port != &port) c = c->next;
    return c != nullptr;
}

bool find_other_end(AdapterDevice& adapter, const PortCore& port, ULONG pin, UNICODE_STRING* symbolic_link,
                    ULONG* other_pin) {
    for (const PhysicalConnection* c = adapter.connections; c != nullptr; c = c->next) {
        const bool is_from = c->from.port == &port && c->from.pin == pin;
        const bool is_to = c->to.port == &port && c->to.pin == pin;
        if (!is_from && !is_to) continue;
        const ConnectionEnd& other = is_from ? c->to : c->from;
        *other_pin = other.pin;
        *symbolic_link = other.symbolic_link;
        if (other.port == nullptr) return true;
        const Subdevice* const subdevice = adapter.subdevices.find(*other.port);
        if (subdevice == nullptr || subdevice->interfaces == nullptr) return false;
        *symbolic_link = subdevice->interfaces->symbolic_link();
        return true;
    }
    return false;
}

}  // namespace portico::portcls

using portico::portcls::register_connection;

NTSTATUS NTAPI PcRegisterPhysicalConnection(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown, ULONG FromPin,
                                            PUNKNOWN ToUnknown, ULONG ToPin) {
    DDI(PcRegisterPhysicalConnection, PASSIVE_LEVEL);
    return register_connection(DeviceObject, {FromUnknown, nullptr, FromPin}, {ToUnknown, nullptr, ToPin});
}

NTSTATUS NTAPI PcRegisterPhysicalConnectionToExternal(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown,
                                                      ULONG FromPin, PUNICODE_STRING ToString, ULONG ToPin) {
    DDI(PcRegisterPhysicalConnectionToExternal, PASSIVE_LEVEL);
    return register_connection(DeviceObject, {FromUnknown, nullptr, FromPin}, {nullptr, ToString, ToPin});
}

NTSTATUS NTAPI PcRegisterPhysicalConnectionFromExternal(PDEVICE_OBJECT DeviceObject,
                                                        PUNICODE_STRING FromString, ULONG FromPin,
                                                        PUNKNOWN ToUnknown, ULONG ToPin) {
    DDI(PcRegisterPhysicalConnectionFromExternal, PASSIVE_LEVEL);
    return register_connection(DeviceObject, {nullptr, FromString, FromPin}, {ToUnknown, nullptr, ToPin});
}
