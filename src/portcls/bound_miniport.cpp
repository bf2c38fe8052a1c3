#include "portcls/bound_miniport.h"

#include "portcls/midi_stream.h"
#include "portcls/mxf_stream.h"

namespace portico::portcls {

NTSTATUS BoundMiniport::bind(IUnknown* miniport) {
    const NTSTATUS status = midi_.query(miniport, IID_IMiniportMidi);
    if (NT_SUCCESS(status) || !NT_SUCCESS(dmus_.query(miniport, IID_IMiniportDMus))) return status;
    clock_.adopt(MasterClock::create());
    if (clock_) return STATUS_SUCCESS;
    reset();
    return STATUS_INSUFFICIENT_RESOURCES;
}

void BoundMiniport::reset() {
    midi_.reset();
    dmus_.reset();
    clock_.reset();
}

bool BoundMiniport::packets(const KSDATAFORMAT& format, PacketFormat& out) const {
    const bool direct_music = IsEqualGUID(format.SubFormat, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC);
    const bool wave = is_dmus() && IsEqualGUID(format.MajorFormat, KSDATAFORMAT_TYPE_AUDIO);
    out = wave ? PacketFormat::wave : direct_music ? PacketFormat::direct_music : PacketFormat::midi;
    return is_dmus() || !direct_music;
}

// The port's methods are in the same slots whichever interface a miniport knows it by (DM-001).
NTSTATUS BoundMiniport::init(IUnknown* adapter, IResourceList* resources, PPORTMIDI port,
                             PSERVICEGROUP* group) {
    if (midi_) {
        nt::DriverCall call("IMiniportMidi::Init", method_of(midi_.get(), 5));
        return call.returned(midi_->Init(adapter, resources, port, group));
    }
    nt::DriverCall call("IMiniportDMus::Init", method_of(dmus_.get(), 5));
    return call.returned(dmus_->Init(adapter, resources, reinterpret_cast<PPORTDMUS>(port), group));
}

// IMiniportDMus::Service is not used (MD-003).
void BoundMiniport::service() {
    if (!midi_) return;
    nt::DriverCall call("IMiniportMidi::Service", method_of(midi_.get(), 6));
    midi_->Service();
}

NTSTATUS BoundMiniport::new_stream(const NewStream& request, MiniportStream** out, PSERVICEGROUP* group) {
    *out = nullptr;
    *group = nullptr;
    return midi_ ? new_midi_stream(request, out, group) : new_mxf_stream(request, out, group);
}

NTSTATUS BoundMiniport::new_midi_stream(const NewStream& request, MiniportStream** out,
                                        PSERVICEGROUP* group) {
    PMINIPORTMIDISTREAM stream = nullptr;
    NTSTATUS status;
    {
        nt::DriverCall call("IMiniportMidi::NewStream", method_of(midi_.get(), 7));
        status = call.returned(midi_->NewStream(&stream, nullptr, NonPagedPool, request.pin_id,
                                                request.capture ? TRUE : FALSE, request.format, group));
    }
    if (!NT_SUCCESS(status)) {
        *group = nullptr;  // IU-008
        return status;
    }
    if (stream == nullptr) {
        PORTICO_PROBE(contract, "MM-034", midi_.get(),
                      "IMiniportMidi::NewStream succeeded without giving a stream.");
        return STATUS_UNSUCCESSFUL;
    }
    if (!is_given(stream, "MM-034", midi_.get(),
                  "IMiniportMidi::NewStream succeeded and gave a stream that is no COM object.")) {
        return STATUS_UNSUCCESSFUL;
    }
    *out = MidiStream::create(stream);
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

NTSTATUS BoundMiniport::new_mxf_stream(const NewStream& request, MiniportStream** out, PSERVICEGROUP* group) {
    MxfStream* const stream = MxfStream::create();
    if (stream == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    DMUS_STREAM_TYPE type = request.capture ? DMUS_STREAM_MIDI_CAPTURE : DMUS_STREAM_MIDI_RENDER;
    if (IsEqualGUID(request.format->MajorFormat, KSDATAFORMAT_TYPE_AUDIO)) type = DMUS_STREAM_WAVE_SINK;
    const NTSTATUS status =
        stream->open(dmus_.get(), request.pin_id, type, request.format, clock_.get(), group);
    NT_SUCCESS(status) ? void(*out = stream) : stream->destroy();
    return status;
}

}  // namespace portico::portcls
