// The miniport of a MIDI port: an IMiniportMidi or an IMiniportDMus, whichever it offers (PM-005).
#pragma once

#include "dmusicks.h"
#include "portcls/com.h"
#include "portcls/master_clock.h"
#include "portcls/miniport_stream.h"
#include "portcls/packet_format.h"

namespace portico::portcls {

struct NewStream {
    ULONG pin_id;
    bool capture;
    PKSDATAFORMAT format;
};

class BoundMiniport {
  public:
    // IMiniportMidi is asked for first. Errors: that it offers neither, STATUS_INSUFFICIENT_RESOURCES.
    NTSTATUS bind(IUnknown* miniport);
    void reset();

    explicit operator bool() const { return midi_ || dmus_; }
    bool is_dmus() const { return static_cast<bool>(dmus_); }
    IMiniport* object() const { return midi_ ? static_cast<IMiniport*>(midi_.get()) : dmus_.get(); }

    // What the format's packets are; false: a pin cannot have it (MM-050).
    bool packets(const KSDATAFORMAT& format, PacketFormat& out) const;

    // The calls into the miniport. Errors are its own.
    NTSTATUS init(IUnknown* adapter, IResourceList* resources, PPORTMIDI port, PSERVICEGROUP* group);
    void service();
    // `*group` gets the stream's group, with a reference, or null, whatever is returned; `*out` null on
    // failure.
    NTSTATUS new_stream(const NewStream& request, MiniportStream** out, PSERVICEGROUP* group);

  private:
    NTSTATUS new_midi_stream(const NewStream& request, MiniportStream** out, PSERVICEGROUP* group);
    NTSTATUS new_mxf_stream(const NewStream& request, MiniportStream** out, PSERVICEGROUP* group);

    Held<IMiniportMidi> midi_;
    Held<IMiniportDMus> dmus_;
    Held<MasterClock> clock_;  // a DMus miniport's streams'
};

}  // namespace portico::portcls
