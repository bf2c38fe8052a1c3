// What every port driver has: IPort but for the miniport's side of Init, IPortEvents, IPortClsVersion,
// IPortClsPower, IUnregister*, and its place at the adapter. A port class derives from PortBase with the
// interface that its drivers see.
#pragma once

#include "portcls/com_object.h"
#include "portcls/control_lock.h"
#include "portcls/descriptor_fingerprint.h"
#include "portcls/port_events.h"
#include "portcls/subdevice.h"

namespace portico::portcls {

struct AdapterDevice;

// Pins or nodes that a filter descriptor may have (docs/limits.md).
constexpr ULONG descriptor_entry_limit = 1024;

// The part that does not depend on the port's class. All PASSIVE_LEVEL.
class PortCore {
  public:
    enum class Binding : std::uint8_t { fresh, initialising, bound, failed, unbound };

    PortCore(const PortCore&) = delete;
    PortCore& operator=(const PortCore&) = delete;

    Binding binding() const { return binding_; }
    // Null before Init and after the port is unbound.
    AdapterDevice* adapter() const { return adapter_; }
    // Null before Init has succeeded and after the port is unbound.
    PPCFILTER_DESCRIPTOR descriptor() const { return binding_ == Binding::bound ? descriptor_ : nullptr; }
    // The same, looked at again: null also when the driver has freed it or made it unusable, which is told
    // (IM-011). What a request begins with, under the control lock of a port that has one.
    PPCFILTER_DESCRIPTOR usable_descriptor();
    // The very pointer given to IPort::Init: MajorTarget of property requests (FD-053).
    IUnknown* unknown_miniport() const { return miniport_.get(); }
    ISubdevice& subdevice() { return subdevice_; }
    ObjectCore& object() { return object_; }
    PortEvents& events() { return events_; }

    // The next initialised port of the adapter.
    PortCore* next_port() const { return next_; }

  protected:
    PortCore(ISubdevice& subdevice, ObjectCore& object)
        : subdevice_(subdevice), object_(object), events_(*this) {}
    ~PortCore();

    // The adapter whose control lock Init holds (IP-011, IP-023). Reaches no point of the simulation.
    static NTSTATUS find_owner(PDEVICE_OBJECT device, PUNKNOWN miniport, AdapterDevice** owner);
    // IP-011, IP-018, IP-022: checks the arguments and holds them. Every success is followed by
    // finish_init().
    NTSTATUS begin_init(AdapterDevice& owner, PIRP irp, PUNKNOWN miniport, PUNKNOWN adapter,
                        PRESOURCELIST resources);
    // IMiniport::GetDescription (IP-015).
    NTSTATUS fetch_descriptor();
    // What fetch_descriptor() got, while Init is not over.
    const PCFILTER_DESCRIPTOR& fetched_descriptor() const { return *descriptor_; }
    // `status` is the binding's. On failure everything is released again.
    NTSTATUS finish_init(NTSTATUS status);
    // True the first time: the derived port lets go of its miniport, then finish_unbind() does the rest.
    bool begin_unbind();
    void finish_unbind();

    // The entries of methods whose bodies are in PortBase.
    static void enter_init();
    static DWORD port_version();

    NTSTATUS get_device_property(DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer,
                                 PULONG result_length);
    NTSTATUS new_registry_key(PREGISTRYKEY* out, PUNKNOWN outer, ULONG type, ACCESS_MASK access,
                              POBJECT_ATTRIBUTES attributes, ULONG options, PULONG disposition);
    void add_event(PKSEVENT_ENTRY entry);
    void generate_events(GUID* set, ULONG id, BOOL by_pin, ULONG pin, BOOL by_node, ULONG node);
    NTSTATUS unregister_subdevice(PDEVICE_OBJECT device, PUNKNOWN unknown);

  private:
    void release_arguments();
    void leave_adapter();

    ISubdevice& subdevice_;
    ObjectCore& object_;
    PortEvents events_;
    AdapterDevice* adapter_ = nullptr;
    PDEVICE_OBJECT device_ = nullptr;  // referenced while the object lives (US-004)
    Binding binding_ = Binding::fresh;
    bool held_while_unbinding_ = false;
    Held<IUnknown> miniport_;
    Held<IUnknown> unknown_adapter_;
    Held<IResourceList> resources_;
    PPCFILTER_DESCRIPTOR descriptor_ = nullptr;
    std::uint64_t fingerprint_ =
        no_fingerprint;  // of the descriptor; no_fingerprint: it cannot be used any more
    PortCore* next_ = nullptr;
};

// The port behind an interface pointer of the driver's; null when the object is no port of ours.
PortCore* port_of(IUnknown* unknown);

// IUnregisterPhysicalConnection, whatever the port.
struct PortUnregistration {
    static NTSTATUS physical_connection(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin, PUNKNOWN to,
                                        ULONG to_pin);
    static NTSTATUS to_external(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin, PUNICODE_STRING to,
                                ULONG to_pin);
    static NTSTATUS from_external(PDEVICE_OBJECT device, PUNICODE_STRING from, ULONG from_pin, PUNKNOWN to,
                                  ULONG to_pin);
};

// IPortClsPower, whatever the port (PP-001..PP-003).
struct PortPower {
    static NTSTATUS register_adapter(PUNKNOWN object, PDEVICE_OBJECT device);
    static NTSTATUS unregister_adapter(PDEVICE_OBJECT device);
    static NTSTATUS set_idle(PDEVICE_OBJECT device, BOOLEAN enabled);
};

// `Interface` derives from IPort: IPortMidi. The derived class implements bind_miniport, unbind_miniport,
// dispose (unmake(this)), the rest of ISubdevice and of `Interface`, and find_port_interface for what else it
// answers.
template <class Interface>
class PortBase : public ComObject<Interface, ISubdevice, IPortEvents, IPortClsVersion, IPortClsPower,
                                  IUnregisterSubdevice, IUnregisterPhysicalConnection>,
                 public PortCore {
  public:
    NTSTATUS STDMETHODCALLTYPE Init(PORTICO_PC_DEVICE device, PORTICO_PC_IRP irp, PUNKNOWN miniport,
                                    PUNKNOWN adapter, PRESOURCELIST resources) final {
        enter_init();
        AdapterDevice* owner = nullptr;
        NTSTATUS status = find_owner(device, miniport, &owner);
        if (!NT_SUCCESS(status)) return status;
        ControlLock lock(*owner);
        status = begin_init(*owner, irp, miniport, adapter, resources);
        if (!NT_SUCCESS(status)) return status;
        this->reference();  // the miniport may release the port inside its Init
        status = bind_miniport(miniport, adapter, resources);
        if (NT_SUCCESS(status) && !NT_SUCCESS(status = fetch_descriptor())) unbind_miniport();
        if (NT_SUCCESS(status)) check_descriptor(fetched_descriptor());
        status = finish_init(status);
        this->dereference();
        return status;
    }
    NTSTATUS STDMETHODCALLTYPE GetDeviceProperty(DEVICE_REGISTRY_PROPERTY property, ULONG length,
                                                 PVOID buffer, PULONG result_length) final {
        return get_device_property(property, length, buffer, result_length);
    }
    NTSTATUS STDMETHODCALLTYPE NewRegistryKey(PREGISTRYKEY* out, PUNKNOWN outer, ULONG type,
                                              ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                              ULONG options, PULONG disposition) final {
        return new_registry_key(out, outer, type, access, attributes, options, disposition);
    }

    void STDMETHODCALLTYPE AddEventToEventList(PKSEVENT_ENTRY entry) final { add_event(entry); }
    void STDMETHODCALLTYPE GenerateEventList(GUID* set, ULONG id, BOOL by_pin, ULONG pin, BOOL by_node,
                                             ULONG node) final {
        generate_events(set, id, by_pin, pin, by_node, node);
    }

    DWORD STDMETHODCALLTYPE GetVersion() final { return port_version(); }

    NTSTATUS STDMETHODCALLTYPE RegisterAdapterPowerManagement(PUNKNOWN object, PDEVICE_OBJECT device) final {
        return PortPower::register_adapter(object, device);
    }
    NTSTATUS STDMETHODCALLTYPE UnregisterAdapterPowerManagement(PDEVICE_OBJECT device) final {
        return PortPower::unregister_adapter(device);
    }
    NTSTATUS STDMETHODCALLTYPE SetIdlePowerManagement(PDEVICE_OBJECT device, BOOLEAN enabled) final {
        return PortPower::set_idle(device, enabled);
    }

    NTSTATUS STDMETHODCALLTYPE UnregisterSubdevice(PDEVICE_OBJECT device, PUNKNOWN unknown) final {
        return unregister_subdevice(device, unknown);
    }

    NTSTATUS STDMETHODCALLTYPE UnregisterPhysicalConnection(PDEVICE_OBJECT device, PUNKNOWN from,
                                                            ULONG from_pin, PUNKNOWN to, ULONG to_pin) final {
        return PortUnregistration::physical_connection(device, from, from_pin, to, to_pin);
    }
    NTSTATUS STDMETHODCALLTYPE UnregisterPhysicalConnectionToExternal(PDEVICE_OBJECT device, PUNKNOWN from,
                                                                      ULONG from_pin, PUNICODE_STRING to,
                                                                      ULONG to_pin) final {
        return PortUnregistration::to_external(device, from, from_pin, to, to_pin);
    }
    NTSTATUS STDMETHODCALLTYPE UnregisterPhysicalConnectionFromExternal(PDEVICE_OBJECT device,
                                                                        PUNICODE_STRING from, ULONG from_pin,
                                                                        PUNKNOWN to, ULONG to_pin) final {
        return PortUnregistration::from_external(device, from, from_pin, to, to_pin);
    }

    PPCFILTER_DESCRIPTOR NTAPI Descriptor() final { return descriptor(); }
    PortCore& NTAPI Core() final { return *this; }
    void NTAPI Unbind() final {
        if (!begin_unbind()) return;
        unbind_miniport();
        finish_unbind();
    }

  protected:
    PortBase() : PortCore(static_cast<ISubdevice&>(*this), static_cast<ObjectCore&>(*this)) {}

    // The port's part of Init: queries the miniport for its interface and calls its Init. On failure it keeps
    // nothing.
    virtual NTSTATUS bind_miniport(IUnknown* miniport, IUnknown* adapter, IResourceList* resources) = 0;
    // Lets go of all that bind_miniport and later calls took: the miniport, service groups, streams.
    virtual void unbind_miniport() = 0;
    // Tells of what the port's class forbids in a filter's description.
    virtual void check_descriptor(const PCFILTER_DESCRIPTOR&) {}
    virtual void* find_port_interface(const GUID& id) = 0;
    virtual void dispose() = 0;

    void* find_interface(const GUID& id) final {
        if (is_unknown_iid(id) || IsEqualGUID(id, IID_IPort)) return static_cast<Interface*>(this);
        if (IsEqualGUID(id, IID_PorticoSubdevice)) return static_cast<ISubdevice*>(this);
        if (IsEqualGUID(id, IID_IPortEvents)) return static_cast<IPortEvents*>(this);
        if (IsEqualGUID(id, IID_IPortClsVersion)) return static_cast<IPortClsVersion*>(this);
        if (IsEqualGUID(id, IID_IPortClsPower)) return static_cast<IPortClsPower*>(this);
        if (IsEqualGUID(id, IID_IUnregisterSubdevice)) return static_cast<IUnregisterSubdevice*>(this);
        if (IsEqualGUID(id, IID_IUnregisterPhysicalConnection))
            return static_cast<IUnregisterPhysicalConnection*>(this);
        return find_port_interface(id);
    }
    void destroy() final {
        Unbind();
        dispose();
    }
};

}  // namespace portico::portcls
