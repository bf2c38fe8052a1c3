// A port whose filter has no streams: topology ports, whose pins are wires (TP-003), and wave ports, whose
// streams are not simulated. Its subdevice is registered, its properties are answered, its pins are refused.
#pragma once

#include "portcls/filter.h"
#include "portcls/filter_port.h"
#include "portcls/port_base.h"

namespace portico::portcls {

// The part that does not depend on the port's class.
class StreamlessFilterPort : public FilterPort {
  public:
    NTSTATUS create_pin(PIRP irp, PFILE_OBJECT filter_file, ks::Object** out) final;

  protected:
    using FilterPort::FilterPort;
    ~StreamlessFilterPort() = default;

    // What a request for a pin ends with that is well-formed but for its format.
    virtual NTSTATUS refuse_pin() = 0;

    // IPinCount and IPowerNotify, of a miniport that has them (PC-002, PN-002).
    void offer_miniport(IUnknown* miniport);
    void drop_miniport();
    void notify_power(POWER_STATE state);
    void stop_requests(NTSTATUS later_requests);

  private:
    ULONG count_pins(ULONG, const FILE_OBJECT*) final { return 0; }

    Held<IPowerNotify> power_notify_;
};

template <class Interface, class Miniport>
class StreamlessPort : public PortBase<Interface>, public StreamlessFilterPort {
  public:
    // ISubdevice
    NTSTATUS NTAPI CreateFilter(PDEVICE_OBJECT, PIRP irp, ks::Object** out) final {
        return create_filter(*this, irp, out);
    }
    void NTAPI PauseStreams() final {}
    void NTAPI PowerNotify(POWER_STATE state) final { notify_power(state); }
    void NTAPI ResumeStreams() final {}
    void NTAPI StopStreams(NTSTATUS later_requests) final { stop_requests(later_requests); }
    ULONG NTAPI OpenPins() final { return 0; }

  protected:
    StreamlessPort(const GUID& port_id, const GUID& miniport_id)
        : StreamlessFilterPort(static_cast<PortCore&>(*this)), port_id_(port_id), miniport_id_(miniport_id) {}

    Miniport* miniport() const { return miniport_.get(); }

    // The miniport's Init. On failure the port keeps nothing of it.
    virtual NTSTATUS call_init(IUnknown* adapter, IResourceList* resources) = 0;
    // Lets go of what call_init took beside the miniport.
    virtual void leave_miniport() {}

    NTSTATUS bind_miniport(IUnknown* miniport, IUnknown* adapter, IResourceList* resources) final {
        NTSTATUS status = miniport_.query(miniport, miniport_id_);  // IP-013
        if (!NT_SUCCESS(status)) return status;
        status = call_init(adapter, resources);
        if (NT_SUCCESS(status)) {
            offer_miniport(miniport);
        } else {
            unbind_miniport();
        }
        return status;
    }
    void unbind_miniport() final {
        leave_miniport();
        drop_miniport();
        miniport_.reset();
    }
    void* find_port_interface(const GUID& id) final {
        return IsEqualGUID(id, port_id_) ? static_cast<Interface*>(this) : nullptr;
    }

  private:
    const GUID& port_id_;
    const GUID& miniport_id_;
    Held<Miniport> miniport_;
};

// A wave port's answer to who wants to open a pin: STATUS_NOT_SUPPORTED. `told`: the caller's, false at
// first; what is missing is said once.
NTSTATUS refuse_wave_pin(const PortCore& port, bool& told);

}  // namespace portico::portcls
