// IPortMidi and IPortDMus: the MIDI port driver. Binds an IMiniportMidi or an IMiniportDMus, owns the
// filter's pins, and carries the device's notifications to them (PM-001..PM-052, DM-001..DM-006).
#pragma once

#include "portcls/bound_miniport.h"
#include "portcls/filter_port.h"
#include "portcls/midi_pin.h"
#include "portcls/port_base.h"
#include "portcls/service_group.h"

namespace portico::portcls {

class PortMidi final : public PortBase<IPortMidi>, public FilterPort {
  public:
    PortMidi();

    // IPortMidi
    void STDMETHODCALLTYPE Notify(PSERVICEGROUP group) override;
    void STDMETHODCALLTYPE RegisterServiceGroup(PSERVICEGROUP group) override;

    // ISubdevice
    NTSTATUS NTAPI CreateFilter(PDEVICE_OBJECT device, PIRP irp, ks::Object** out) override;
    void NTAPI PauseStreams() override;
    void NTAPI PowerNotify(POWER_STATE state) override;
    void NTAPI ResumeStreams() override;
    void NTAPI StopStreams(NTSTATUS later_requests) override;
    ULONG NTAPI OpenPins() override;

    // FilterPort
    NTSTATUS create_pin(PIRP irp, PFILE_OBJECT filter_file, ks::Object** out) override;
    std::span<const ks::PropertySet> filter_properties() const override;

    // For the pins.
    BoundMiniport& miniport() { return miniport_; }
    void close_pin(MidiPin* pin);
    bool powered_down() const { return powered_down_; }
    // A stream entered RUN or left it: while one is there, the clock ticks every millisecond.
    void stream_runs(bool runs);

  private:
    // The sink that the miniport's group calls (MM-021).
    class PortSink final : public IServiceSink {
      public:
        explicit PortSink(PortMidi& port) : port_(port) {}
        NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override;
        ULONG STDMETHODCALLTYPE AddRef() override { return 2; }  // lives as long as its port
        ULONG STDMETHODCALLTYPE Release() override { return 1; }
        void STDMETHODCALLTYPE RequestService() override { port_.service(); }

      private:
        PortMidi& port_;
    };

    NTSTATUS bind_miniport(IUnknown* miniport, IUnknown* adapter, IResourceList* resources) override;
    void unbind_miniport() override;
    void check_descriptor(const PCFILTER_DESCRIPTOR& filter) override;
    void* find_port_interface(const GUID& id) override;
    void dispose() override;

    NTSTATUS take_group(IServiceGroup* group);
    NTSTATUS join_group(IServiceGroup* group);
    void leave_groups();
    void service();
    ULONG count_pins(ULONG pin_id, const FILE_OBJECT* filter_file) override;
    // Under the control lock; or where `visit` reaches no point of the simulation, or notifying_ keeps the
    // pins.
    template <class Visit>
    void for_each_pin(Visit&& visit);
    // Under the control lock. `visit` calls the driver, in which the last handle of any pin may be closed:
    // such a pin is not visited any more, and ends when the visit is over.
    template <class Visit>
    void visit_pins(Visit&& visit);

    PortSink sink_;
    BoundMiniport miniport_;
    Held<IPowerNotify> power_notify_;
    Held<IServiceGroup> group_;        // RegisterServiceGroup's, else Init's
    Held<IServiceGroup> other_group_;  // Init's, when it is another one (PM-033)
    WalkedList<MidiPin> pins_;         // walked by the port's sink, changed under the control lock
    unsigned notifying_ = 0;           // Notify is looking at pins
    unsigned visiting_ = 0;            // visit_pins() is
    MidiPin* closed_ = nullptr;        // during a visit, linked by next_closed
    bool powered_down_ = false;
};

}  // namespace portico::portcls
