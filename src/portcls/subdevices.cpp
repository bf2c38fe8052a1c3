#include "portcls/subdevices.h"

#include <cstring>

#include "nt/ob/ob.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/memory.h"
#include "portcls/physical_connections.h"
#include "portcls/port_base.h"
#include "portcls/strings.h"
#include "sim/address_map.h"

namespace portico::portcls {
namespace {

constexpr ULONG category_limit = 64;

// FN-052: the driver's buffer must still hold the name. Looked at only where reading it is safe.
bool name_changed(const Subdevice& subdevice) {
    if (is_freed(subdevice.name)) return true;
    const bool readable = nt::ex::owns(subdevice.name) ||
                          sim::image_range.contains(reinterpret_cast<std::uint64_t>(subdevice.name));
    if (!readable) return false;
    return std::memcmp(subdevice.name, subdevice.name_copy.data(), subdevice.name_length * sizeof(WCHAR)) !=
           0;
}

void check_name(const Subdevice& subdevice) {
    if (!name_changed(subdevice)) return;
    PORTICO_PROBE(contract, "FN-052", subdevice.name,
                  "The name given to PcRegisterSubdevice was changed or freed while the subdevice existed.");
}

NTSTATUS add_interface(Subdevice& subdevice, const GUID& category) {
    nt::io::DeviceNode* const node = nt::io::node_of(subdevice.adapter->pdo);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    auto* const added = make<SubdeviceInterface>(PagedPool);
    if (added == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    const UNICODE_STRING name = subdevice.name_string();
    const NTSTATUS status = nt::io::register_interface(*node, category, &name, &added->entry);
    if (!NT_SUCCESS(status)) return unmake(added), status;
    SubdeviceInterface** place = &subdevice.interfaces;
    while (*place != nullptr) place = &(*place)->next;
    *place = added;
    return STATUS_SUCCESS;
}

bool has_stream_pin(const PCFILTER_DESCRIPTOR& filter, KSPIN_DATAFLOW flow) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(filter.Pins);
    for (ULONG i = 0; i < filter.PinCount; ++i) {
        const auto& pin = *reinterpret_cast<const PCPIN_DESCRIPTOR*>(bytes + i * filter.PinSize);
        if (pin.MaxGlobalInstanceCount != 0 && pin.KsPinDescriptor.DataFlow == flow) return true;
    }
    return false;
}

// Those that the device's INF has for this reference string; *none is cleared when there is one.
NTSTATUS add_installed_interfaces(Subdevice& subdevice, bool* none) {
    const nt::io::DeviceNode* const node = nt::io::node_of(subdevice.adapter->pdo);
    for (unsigned i = 0; const nt::io::DeviceInterface* const entry = nt::io::interface_at(i); ++i) {
        if (!entry->used || !entry->installed || entry->node != node) continue;
        if (!nt::ob::equal_names(nt::ob::string(entry->reference), subdevice.name_string(), true)) continue;
        *none = false;
        const NTSTATUS status = add_interface(subdevice, entry->class_guid);
        if (!NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
}

// FN-054: a filter without categories gets its INF's, or those that an INF would give it.
NTSTATUS add_default_interfaces(Subdevice& subdevice, const PCFILTER_DESCRIPTOR& filter) {
    bool none = true;
    NTSTATUS status = add_installed_interfaces(subdevice, &none);
    if (!NT_SUCCESS(status) || !none) return status;
    status = add_interface(subdevice, KSCATEGORY_AUDIO);
    if (NT_SUCCESS(status) && has_stream_pin(filter, KSPIN_DATAFLOW_IN)) {
        status = add_interface(subdevice, KSCATEGORY_RENDER);
    }
    if (NT_SUCCESS(status) && has_stream_pin(filter, KSPIN_DATAFLOW_OUT)) {
        status = add_interface(subdevice, KSCATEGORY_CAPTURE);
    }
    return status;
}

NTSTATUS add_interfaces(Subdevice& subdevice, const PCFILTER_DESCRIPTOR& filter) {
    if (filter.CategoryCount == 0) return add_default_interfaces(subdevice, filter);
    if (filter.Categories == nullptr || filter.CategoryCount > category_limit)
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < filter.CategoryCount; ++i) {
        const NTSTATUS status = add_interface(subdevice, filter.Categories[i]);
        if (!NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
}

void set_interfaces(Subdevice& subdevice, bool enable) {
    for (SubdeviceInterface* i = subdevice.interfaces; i != nullptr; i = i->next) {
        nt::io::enable_interface(*i->entry, enable);
    }
}

void free_subdevice(Subdevice& subdevice) {
    while (SubdeviceInterface* const i = subdevice.interfaces) {
        subdevice.interfaces = i->next;
        unmake(i);
    }
    unmake(&subdevice);
}

// Characters; 0: none or too long.
USHORT name_length(const WCHAR* name) {
    USHORT length = 0;
    while (length < Subdevice::name_limit && name[length] != 0) ++length;
    return length < Subdevice::name_limit ? length : 0;
}

}  // namespace

UNICODE_STRING SubdeviceInterface::symbolic_link() const {
    const auto bytes = static_cast<USHORT>(nt::io::wide_length(entry->link) * sizeof(WCHAR));
    return {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), entry->link};
}

Subdevice* Subdevices::find(const UNICODE_STRING& name) {
    UNICODE_STRING wanted = name;
    if (wanted.Length >= sizeof(WCHAR) && wanted.Buffer[0] == L'\\') {
        ++wanted.Buffer;
        wanted.Length -= sizeof(WCHAR);
    }
    Subdevice* s = first_;
    while (s != nullptr && !(s->registered && nt::ob::equal_names(s->name_string(), wanted, true)))
        s = s->next;
    return s;
}

Subdevice* Subdevices::find(const PortCore& port) {
    Subdevice* s = first_;
    while (s != nullptr && !(s->registered && &s->port->Core() == &port)) s = s->next;
    return s;
}

ULONG Subdevices::count() const {
    ULONG number = 0;
    for (const Subdevice* s = first_; s != nullptr; s = s->next) number += s->registered ? 1 : 0;
    return number;
}

ULONG Subdevices::open_pins() const {
    ULONG number = 0;
    for (const Subdevice* s = first_; s != nullptr; s = s->next) number += s->port->OpenPins();
    return number;
}

NTSTATUS Subdevices::add(AdapterDevice& adapter, const WCHAR* name, ISubdevice* port) {
    const USHORT length = name_length(name);
    if (length == 0) return STATUS_INVALID_PARAMETER;
    if (count() >= adapter.max_objects) return STATUS_INSUFFICIENT_RESOURCES;  // FN-017
    auto* const subdevice = make<Subdevice>(NonPagedPool);
    if (subdevice == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    subdevice->adapter = &adapter;
    subdevice->name = name;
    subdevice->name_length = length;
    std::memcpy(subdevice->name_copy.data(), name, length * sizeof(WCHAR));
    NTSTATUS status =
        find(subdevice->name_string()) == nullptr ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
    if (NT_SUCCESS(status)) status = add_interfaces(*subdevice, *port->Descriptor());
    if (!NT_SUCCESS(status)) return free_subdevice(*subdevice), status;
    port->Core().object().reference();  // FN-055
    subdevice->port = port;
    Subdevice** place = &first_;
    while (*place != nullptr) place = &(*place)->next;
    *place = subdevice;
    if (adapter.state == AdapterState::started) set_interfaces(*subdevice, true);  // FN-056
    return STATUS_SUCCESS;
}

void Subdevices::unregister(Subdevice& subdevice) {
    check_name(subdevice);
    set_interfaces(subdevice, false);
    subdevice.registered = false;
    retire_unused(subdevice);
}

NTSTATUS Subdevices::remove(AdapterDevice& adapter, PortCore& port) {
    Subdevice* const subdevice = find(port);
    if (subdevice == nullptr) return STATUS_NOT_FOUND;
    if (has_connection(adapter, port)) {
        PORTICO_PROBE(contract, "US-005", &port.subdevice(),
                      "A subdevice was unregistered while it had physical connections: they must be "
                      "unregistered first.");
        drop_connections_of(adapter, port);
    }
    unregister(*subdevice);
    return STATUS_SUCCESS;
}

void Subdevices::remove_all() {
    for (;;) {
        Subdevice* s = first_;
        while (s != nullptr && !s->registered) s = s->next;
        if (s == nullptr) return;
        unregister(*s);  // its miniport's end may unregister others
    }
}

void Subdevices::enable_interfaces(bool enable) {
    for (Subdevice* s = first_; s != nullptr; s = s->next) {
        if (s->registered) set_interfaces(*s, enable);
    }
}

void Subdevices::retire_unused(Subdevice& subdevice) {
    if (subdevice.registered || subdevice.open_files != 0 || subdevice.walks != 0) return;
    Subdevice** place = &first_;
    while (*place != &subdevice) place = &(*place)->next;
    *place = subdevice.next;
    ISubdevice* const port = subdevice.port;
    free_subdevice(subdevice);
    port->Unbind();
    port->Core().object().dereference();
}

}  // namespace portico::portcls

using namespace portico::portcls;

NTSTATUS NTAPI PcRegisterSubdevice(PDEVICE_OBJECT DeviceObject, PWSTR Name, PUNKNOWN Unknown) {
    DDI(PcRegisterSubdevice, PASSIVE_LEVEL);
    if (DeviceObject == nullptr || Name == nullptr || Unknown == nullptr) return STATUS_INVALID_PARAMETER;
    PortCore* const port = port_of(Unknown);
    AdapterDevice* const adapter = adapter_argument(
        DeviceObject, "FN-058", "PcRegisterSubdevice was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (port == nullptr || port->usable_descriptor() == nullptr || port->adapter() != adapter) {
        PORTICO_PROBE(
            contract, "FN-053", Unknown,
            "PcRegisterSubdevice was given an object that is not a port initialised for this device.");
        return STATUS_INVALID_PARAMETER;
    }
    if (!adapter->accepts_subdevices()) {
        PORTICO_PROBE(contract, "FN-057", Unknown,
                      "PcRegisterSubdevice was called while the device is not started.");
        return STATUS_INVALID_DEVICE_STATE;
    }
    return adapter->subdevices.add(*adapter, Name, &port->subdevice());
}
