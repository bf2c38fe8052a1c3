#include "portcls/port_base.h"

#include "nt/ex/pool.h"
#include "nt/ob/ob.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/descriptor_check.h"
#include "portcls/device_property.h"
#include "portcls/physical_connections.h"
#include "portcls/registry_key.h"

namespace portico::portcls {
void PortCore::enter_init() {
    DDI_METHOD("IPort::Init", PASSIVE_LEVEL);
}

DWORD PortCore::port_version() {
    DDI_METHOD("IPortClsVersion::GetVersion", PASSIVE_LEVEL);
    return kVersionWindowsLonghorn;  // PV-005: one that has the IUnregister interfaces
}

PortCore::~PortCore() {
    if (device_ != nullptr) nt::ob::dereference(device_);
}

NTSTATUS PortCore::find_owner(PDEVICE_OBJECT device, PUNKNOWN miniport, AdapterDevice** owner) {
    if (device == nullptr || miniport == nullptr) return STATUS_INVALID_PARAMETER;  // IP-023
    *owner = adapter_argument(device, "IP-011",
                              "IPort::Init was given another device object than StartDevice was.");
    return *owner == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

NTSTATUS PortCore::begin_init(AdapterDevice& owner, PIRP irp, PUNKNOWN miniport, PUNKNOWN adapter,
                              PRESOURCELIST resources) {
    if (binding_ != Binding::fresh) {
        PORTICO_PROBE(contract, "IP-022", &subdevice_, "IPort::Init was called a second time on one port.");
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (owner.state == AdapterState::removed) return status_gone;
    for (IUnknown* const object : {miniport, adapter, static_cast<IUnknown*>(resources)}) {
        if (object != nullptr && passed_dead(object)) return STATUS_INVALID_PARAMETER;
    }
    adapter_ = &owner;
    if (irp != nullptr && irp != adapter_->start_irp) {
        PORTICO_PROBE(contract, "IP-011", &subdevice_,
                      "IPort::Init was given another IRP than StartDevice was.");
    }
    if (device_ == nullptr) nt::ob::reference(device_ = owner.fdo);
    binding_ = Binding::initialising;
    miniport_.hold(miniport);
    unknown_adapter_.hold(adapter);
    resources_.hold(resources);
    return STATUS_SUCCESS;
}

NTSTATUS PortCore::fetch_descriptor() {
    Held<IMiniport> miniport;
    NTSTATUS status = miniport.query(miniport_.get(), IID_IMiniport);
    if (!NT_SUCCESS(status)) {
        PORTICO_PROBE(contract, "IM-002", miniport_.get(), "A miniport does not answer IID_IMiniport.");
        return status;
    }
    PPCFILTER_DESCRIPTOR descriptor = nullptr;
    {
        nt::DriverCall call("IMiniport::GetDescription", method_of(miniport.get(), 3));
        status = call.returned(miniport->GetDescription(&descriptor));
    }
    if (!NT_SUCCESS(status)) return status;
    if (descriptor == nullptr) {
        PORTICO_PROBE(contract, "IM-011", miniport.get(),
                      "IMiniport::GetDescription succeeded without a descriptor.");
        return STATUS_UNSUCCESSFUL;
    }
    if (!check_filter_descriptor(*descriptor)) return STATUS_INVALID_PARAMETER;
    descriptor_ = descriptor;
    fingerprint_ = fingerprint_of(*descriptor);
    return STATUS_SUCCESS;
}

PPCFILTER_DESCRIPTOR PortCore::usable_descriptor() {
    if (descriptor() == nullptr || fingerprint_ == no_fingerprint) return nullptr;
    const std::uint64_t now = fingerprint_of(*descriptor_);
    if (now == fingerprint_) return descriptor_;
    const bool is_there = now != no_fingerprint;
    PORTICO_PROBE(contract, "IM-011", descriptor_,
                  is_there
                      ? "A filter descriptor was changed after IPort::Init: it must stay what it was while "
                        "the miniport lives."
                      : "A filter descriptor, or what it points to, was freed while the miniport lives.");
    fingerprint_ = is_there && check_filter_descriptor(*descriptor_) ? now : no_fingerprint;
    return fingerprint_ == no_fingerprint ? nullptr : descriptor_;
}

NTSTATUS PortCore::finish_init(NTSTATUS status) {
    if (!NT_SUCCESS(status)) {
        binding_ = Binding::failed;
        descriptor_ = nullptr;
        adapter_ = nullptr;
        release_arguments();
        return status;
    }
    binding_ = Binding::bound;
    PortCore** place = &adapter_->ports;
    while (*place != nullptr) place = &(*place)->next_;
    *place = this;
    return STATUS_SUCCESS;
}

bool PortCore::begin_unbind() {
    if (binding_ != Binding::bound) return false;
    binding_ = Binding::unbound;
    // The miniport may hold the last reference; a port that is being destroyed has none left to hold.
    held_while_unbinding_ = object_.alive();
    if (held_while_unbinding_) object_.reference();
    leave_adapter();
    return true;
}

void PortCore::finish_unbind() {
    descriptor_ = nullptr;
    release_arguments();
    if (held_while_unbinding_) object_.dereference();
}

void PortCore::leave_adapter() {
    PortCore** place = &adapter_->ports;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
    next_ = nullptr;
    adapter_ = nullptr;
}

void PortCore::release_arguments() {
    miniport_.reset();
    unknown_adapter_.reset();
    resources_.reset();
}

NTSTATUS PortCore::get_device_property(DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer,
                                       PULONG result_length) {
    DDI_METHOD("IPort::GetDeviceProperty", PASSIVE_LEVEL);
    if (adapter_ == nullptr) {
        PORTICO_PROBE(contract, "IP-033", &subdevice_,
                      "IPort::GetDeviceProperty was called on a port that is not initialised.");
        return STATUS_INVALID_DEVICE_STATE;
    }
    return device_property(*adapter_, property, length, buffer, result_length);
}

NTSTATUS PortCore::new_registry_key(PREGISTRYKEY* out, PUNKNOWN outer, ULONG type, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes, ULONG options, PULONG disposition) {
    DDI_METHOD("IPort::NewRegistryKey", PASSIVE_LEVEL);
    if (out == nullptr)
        PORTICO_PROBE(contract, "IP-041", &subdevice_, "IPort::NewRegistryKey was given no output.");
    if (out == nullptr || outer != nullptr) return STATUS_INVALID_PARAMETER;
    *out = nullptr;
    if (adapter_ == nullptr) return STATUS_INVALID_DEVICE_STATE;
    const KeyRequest request{adapter_,   adapter_->subdevices.find(*this), type, access, attributes, options,
                             disposition};
    return new_key(request, out);
}

void PortCore::add_event(PKSEVENT_ENTRY entry) {
    DDI_METHOD("IPortEvents::AddEventToEventList", PASSIVE_LEVEL);
    events_.add(entry);
}

void PortCore::generate_events(GUID* set, ULONG id, BOOL by_pin, ULONG pin, BOOL by_node, ULONG node) {
    DDI_METHOD("IPortEvents::GenerateEventList", HIGH_LEVEL);
    events_.generate(
        {set == nullptr ? GUID{} : *set, id, pin, node, set == nullptr, by_pin != FALSE, by_node != FALSE});
}

NTSTATUS PortCore::unregister_subdevice(PDEVICE_OBJECT device, PUNKNOWN unknown) {
    DDI_METHOD("IUnregisterSubdevice::UnregisterSubdevice", PASSIVE_LEVEL);
    if (device == nullptr || unknown == nullptr) return STATUS_INVALID_PARAMETER;
    PortCore* const port = port_of(unknown);
    AdapterDevice* const adapter = adapter_argument(
        device, "US-001", "UnregisterSubdevice was given another device object than the adapter's.");
    if (adapter == nullptr || port == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    return adapter->subdevices.remove(*adapter, *port);
}

// A driver's object may answer whatever it is asked for: what it gives is a port when it lies in one of ours.
PortCore* port_of(IUnknown* unknown) {
    Held<ISubdevice> answered;
    if (!NT_SUCCESS(answered.query(unknown, IID_PorticoSubdevice))) return nullptr;
    nt::ex::PoolBlock block;
    if (!nt::ex::find_block(answered.get(), block)) return nullptr;
    const LiveObject* const own = live_object_at(reinterpret_cast<const void*>(block.address));
    void* subdevice = nullptr;
    if (own == nullptr || !NT_SUCCESS(own->core->query(IID_PorticoSubdevice, &subdevice))) return nullptr;
    own->core->dereference();
    return subdevice == answered.get() ? &answered->Core() : nullptr;
}

NTSTATUS PortUnregistration::physical_connection(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin,
                                                 PUNKNOWN to, ULONG to_pin) {
    DDI_METHOD("IUnregisterPhysicalConnection::UnregisterPhysicalConnection", PASSIVE_LEVEL);
    return unregister_connection(device, {from, nullptr, from_pin}, {to, nullptr, to_pin});
}

NTSTATUS PortUnregistration::to_external(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin,
                                         PUNICODE_STRING to, ULONG to_pin) {
    DDI_METHOD("IUnregisterPhysicalConnection::UnregisterPhysicalConnectionToExternal", PASSIVE_LEVEL);
    return unregister_connection(device, {from, nullptr, from_pin}, {nullptr, to, to_pin});
}

NTSTATUS PortUnregistration::from_external(PDEVICE_OBJECT device, PUNICODE_STRING from, ULONG from_pin,
                                           PUNKNOWN to, ULONG to_pin) {
    DDI_METHOD("IUnregisterPhysicalConnection::UnregisterPhysicalConnectionFromExternal", PASSIVE_LEVEL);
    return unregister_connection(device, {nullptr, from, from_pin}, {to, nullptr, to_pin});
}

}  // namespace portico::portcls
