// The properties of an open MIDI pin: KSPROPSETID_Connection and KSPROPSETID_Stream (PR-011..PR-013, CX-018).
#include <cstring>
#include <iterator>
#include <utility>

#include "ks/pin_connect.h"
#include "nt/ob/ob.h"
#include "portcls/automation.h"
#include "portcls/midi_pin.h"
#include "portcls/pin_clock.h"
#include "portcls/port_midi.h"

namespace portico::portcls {

NTSTATUS MidiPin::property_request(PIRP irp) {
    return dispatch_property({port_, filter_file_, this, pin_id_, stream_->object(), properties}, irp);
}

// ---- connection ----

NTSTATUS MidiPin::get_state(void* target, ks::PropertyRequest& request) {
    return ks::answer(request, static_cast<MidiPin*>(target)->state_);
}

NTSTATUS MidiPin::put_state(void* target, ks::PropertyRequest& request) {
    auto* const pin = static_cast<MidiPin*>(target);
    ULONG state;
    std::memcpy(&state, request.value, sizeof state);
    if (state > KSSTATE_RUN) return STATUS_INVALID_PARAMETER;  // ST-003
    if (pin->port_.powered_down()) {                           // LC-034
        pin->paused_for_power_ = state == KSSTATE_RUN;
        if (state == KSSTATE_RUN) state = KSSTATE_PAUSE;
    }
    return pin->set_state(static_cast<KSSTATE>(state));
}

NTSTATUS MidiPin::get_format(void* target, ks::PropertyRequest& request) {
    const PKSDATAFORMAT format = static_cast<MidiPin*>(target)->format_;
    return ks::answer(request, format, format->FormatSize);
}

NTSTATUS MidiPin::put_format(void* target, ks::PropertyRequest& request) {
    auto* const pin = static_cast<MidiPin*>(target);
    KSDATAFORMAT format;
    if (request.value_size < sizeof format) return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(&format, request.value, sizeof format);
    if (format.FormatSize < sizeof format || format.FormatSize > request.value_size ||
        format.FormatSize > ks::data_format_limit) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (!ks::format_matches(ks::pin_at(*pin->port_.descriptor(), pin->pin_id_), format))
        return STATUS_NO_MATCH;
    PacketFormat packets;
    if (!pin->port_.miniport().packets(format, packets) || packets != pin->packets_) return STATUS_NO_MATCH;
    const PKSDATAFORMAT kept = ks::copy_pin_format(request.value, format.FormatSize);
    if (kept == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    const NTSTATUS status = pin->stream_->set_format(static_cast<PKSDATAFORMAT>(request.value));
    ks::free_pin_format(NT_SUCCESS(status) ? std::exchange(pin->format_, kept) : kept);
    return status;
}

// What a client may allocate for: any memory of the system's, a page being more than a usual packet.
NTSTATUS MidiPin::get_framing(void*, ks::PropertyRequest& request) {
    KSALLOCATOR_FRAMING framing{};
    framing.RequirementsFlags =
        KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY | KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY;
    framing.PoolType = NonPagedPool;
    framing.Frames = 8;
    framing.FrameSize = PAGE_SIZE;
    framing.FileAlignment = FILE_LONG_ALIGNMENT;
    return ks::answer(request, framing);
}

// ---- stream ----

// PR-013: the property is there, and nothing is assigned.
NTSTATUS MidiPin::get_no_handle(void*, ks::PropertyRequest& request) {
    return ks::answer(request, HANDLE{});
}

// No allocator is taken: the port copies what streams bring.
NTSTATUS MidiPin::put_allocator(void* target, ks::PropertyRequest& request) {
    HANDLE allocator;
    std::memcpy(&allocator, request.value, sizeof allocator);
    if (static_cast<MidiPin*>(target)->state_ != KSSTATE_STOP) return STATUS_INVALID_DEVICE_STATE;
    return allocator == nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// PR-013. A clock that goes may take its pin and that one's filter along, which needs locks that come before
// this port's: not in a guarded region, but later on a worker thread.
NTSTATUS MidiPin::put_master_clock(void* target, ks::PropertyRequest& request) {
    auto* const pin = static_cast<MidiPin*>(target);
    HANDLE handle;
    std::memcpy(&handle, request.value, sizeof handle);
    if (pin->state_ != KSSTATE_STOP || pin->cleaned_up_) return STATUS_INVALID_DEVICE_STATE;
    PFILE_OBJECT clock = nullptr;
    if (handle != nullptr) {
        const NTSTATUS status = reference_clock(handle, request.irp->RequestorMode, &clock);
        if (!NT_SUCCESS(status)) return status;
    }
    PFILE_OBJECT const before = std::exchange(pin->master_clock_, clock);
    if (before == nullptr) return STATUS_SUCCESS;
    nt::ke::enter_guarded_region();
    nt::ob::dereference(before);
    nt::ke::leave_guarded_region();
    return STATUS_SUCCESS;
}

namespace {

const GUID connection_set = KSPROPSETID_Connection;
const GUID stream_set = KSPROPSETID_Stream;
const GUID audio_set = KSPROPSETID_Audio;
const GUID drm_set = KSPROPSETID_DrmAudioStream;
constexpr ULONG get_and_set = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
constexpr ks::PropertyRange states{KSSTATE_STOP, KSSTATE_RUN, 1};

}  // namespace

const ks::PropertyItem MidiPin::connection_items[3] = {
    {KSPROPERTY_CONNECTION_STATE, get_and_set, sizeof(KSSTATE), &MidiPin::get_state, &MidiPin::put_state, 0,
     VT_UI4, &states},
    {KSPROPERTY_CONNECTION_DATAFORMAT, get_and_set, 0, &MidiPin::get_format, &MidiPin::put_format},
    {KSPROPERTY_CONNECTION_ALLOCATORFRAMING, KSPROPERTY_TYPE_GET, sizeof(KSALLOCATOR_FRAMING),
     &MidiPin::get_framing, nullptr},
};

const ks::PropertyItem MidiPin::stream_items[2] = {
    {KSPROPERTY_STREAM_ALLOCATOR, get_and_set, sizeof(HANDLE), &MidiPin::get_no_handle,
     &MidiPin::put_allocator},
    {KSPROPERTY_STREAM_MASTERCLOCK, get_and_set, sizeof(HANDLE), &MidiPin::get_no_handle,
     &MidiPin::put_master_clock},
};

// PR-011: a stream of MIDI has no position to tell and no content to protect.
const ks::PropertySet MidiPin::properties[4] = {
    {&connection_set, connection_items, std::size(connection_items)},
    {&stream_set, stream_items, std::size(stream_items)},
    {&audio_set, nullptr, 0},
    {&drm_set, nullptr, 0},
};

}  // namespace portico::portcls
