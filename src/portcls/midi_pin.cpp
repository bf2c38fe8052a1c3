#include "portcls/midi_pin.h"

#include <cstring>

#include "ks/method.h"
#include "ks/pin_connect.h"
#include "ks/user_memory.h"
#include "nt/io/irp.h"
#include "nt/ob/ob.h"
#include "portcls/event_request.h"
#include "portcls/filter.h"
#include "portcls/port_midi.h"

namespace portico::portcls {

// ---- the sink ----

NTSTATUS STDMETHODCALLTYPE StreamSink::QueryInterface(REFIID id, PVOID* out) {
    const bool known = is_unknown_iid(id) || std::memcmp(&id, &IID_IServiceSink, sizeof id) == 0;
    *out = known ? this : nullptr;
    return known ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

void STDMETHODCALLTYPE StreamSink::RequestService() {
    pin_.service();
}

// ---- opening and closing ----

MidiPin::MidiPin(PortMidi& port, ULONG pin_id, bool capture, PFILE_OBJECT filter_file)
    : port_(port), pin_id_(pin_id), is_capture_(capture), filter_file_(filter_file), sink_(*this) {}

MidiPin::~MidiPin() {
    if (in_group_) group_->RemoveMember(&sink_);
    // No DPC of the group is in the sink any more (SG-008): now the stream may go.
    group_.reset();
    power_notify_.reset();
    stream_.reset();
    ks::free_pin_format(format_);
}

NTSTATUS MidiPin::open(PKSDATAFORMAT format) {
    format_ = format;
    PMINIPORTMIDISTREAM stream = nullptr;
    PSERVICEGROUP group = nullptr;
    NTSTATUS status;
    {
        nt::DriverCall call("IMiniportMidi::NewStream", method_of(port_.miniport(), 7));
        status = call.returned(port_.miniport()->NewStream(&stream, nullptr, NonPagedPool, pin_id_,
                                                           is_capture_ ? TRUE : FALSE, format, &group));
    }
    if (!NT_SUCCESS(status)) return status;
    if (stream == nullptr) {
        PORTICO_PROBE(contract, "MM-034", port_.miniport(),
                      "IMiniportMidi::NewStream succeeded without giving a stream.");
        if (group != nullptr) drop_reference(group);
        return STATUS_UNSUCCESSFUL;
    }
    stream_.adopt(stream);
    group_.adopt(group);
    sequencer_.attach(stream);
    sequencer_.tell_ends_to(port_);
    capture_.attach(stream);
    power_notify_.query(stream, IID_IPowerNotify);
    if (group_) {
        status = ServiceGroup::join(group_.get(), &sink_);
        in_group_ = NT_SUCCESS(status);
    }
    return status;
}

void MidiPin::shut_down(NTSTATUS status) {
    sequencer_.cancel_all(status);
    capture_.cancel_all(status);
    set_state(KSSTATE_STOP);
}

// ---- requests ----

NTSTATUS MidiPin::Dispatch(PDEVICE_OBJECT, PIRP irp) {
    switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
        case IRP_MJ_DEVICE_CONTROL:
            return device_control(irp);
        case IRP_MJ_CLEANUP: {
            PortMidi::Control control(port_);
            disable_events_of(port_, IoGetCurrentIrpStackLocation(irp)->FileObject);
            shut_down(STATUS_CANCELLED);
            break;
        }
        case IRP_MJ_CLOSE:
            port_.close_pin(this);
            break;
        case IRP_MJ_FLUSH_BUFFERS:
            break;
        default:
            return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return complete_request(irp, STATUS_SUCCESS);
}

NTSTATUS MidiPin::device_control(PIRP irp) {
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_KS_WRITE_STREAM:
            return stream_request(irp, true);
        case IOCTL_KS_READ_STREAM:
            return stream_request(irp, false);
        case IOCTL_KS_RESET_STATE:
            return complete_request(irp, reset_state(irp));
        case IOCTL_KS_PROPERTY:
            return property_request(irp);
        case IOCTL_KS_ENABLE_EVENT:
            return enable_event({port_, true, pin_id_, stream_.get(), !is_capture_}, irp);
        case IOCTL_KS_DISABLE_EVENT:
            return disable_event(port_, irp);
        case IOCTL_KS_METHOD:
            return complete_request(irp, ks::refuse_method(irp));
        default:
            return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

// A request that ends at once lets go of its file, and another thread may have closed the last handle: the
// file, and with it the pin, stays until nothing here touches it any more.
NTSTATUS MidiPin::stream_request(PIRP irp, bool is_write) {
    PFILE_OBJECT const file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    nt::ob::reference(file);
    const NTSTATUS status = is_write ? write(irp) : read(irp);
    nt::ob::dereference(file);
    return status == STATUS_PENDING ? status : complete_request(irp, status);
}

NTSTATUS MidiPin::write(PIRP irp) {
    if (is_capture_) return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = port_.requests_refused();
    if (!NT_SUCCESS(status)) return status;
    if (resetting_) return STATUS_DEVICE_NOT_READY;
    if (state_ == KSSTATE_STOP) return STATUS_INVALID_DEVICE_STATE;  // SP-021
    ks::StreamRequest* request = nullptr;
    status = ks::StreamRequest::begin_write(irp, &request);
    if (!NT_SUCCESS(status)) return status;
    status = check_records(*request);
    if (!NT_SUCCESS(status)) {
        ks::StreamRequest::release(request);
        return status;
    }
    IoMarkIrpPending(irp);
    sequencer_.submit(request);
    return STATUS_PENDING;
}

// SP-014: every record's bytes lie inside its packet; what is too short for a header at the end is padding.
NTSTATUS MidiPin::check_records(const ks::StreamRequest& request) {
    for (ULONG i = 0; i < request.packet_count; ++i) {
        const ULONG used = request.packets[i].header.DataUsed;
        for (ULONG offset = 0; used - offset >= sizeof(KSMUSICFORMAT);) {
            KSMUSICFORMAT record;
            std::memcpy(&record, request.packets[i].bytes + offset, sizeof record);
            offset += sizeof record;
            if (record.ByteCount > used - offset) return STATUS_INVALID_PARAMETER;
            const ULONG padded = (record.ByteCount + 3) & ~3u;
            offset = padded > used - offset ? used : offset + padded;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS MidiPin::read(PIRP irp) {
    if (!is_capture_) return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = port_.requests_refused();
    if (!NT_SUCCESS(status)) return status;
    if (resetting_) return STATUS_DEVICE_NOT_READY;
    if (state_ == KSSTATE_STOP) return STATUS_INVALID_DEVICE_STATE;
    ks::StreamRequest* request = nullptr;
    status = ks::StreamRequest::begin_read(irp, Capture::frame_min, &request);
    if (!NT_SUCCESS(status)) return status;
    IoMarkIrpPending(irp);
    capture_.submit(request);
    return STATUS_PENDING;
}

// ST-007: BEGIN ends what is queued and refuses more until END.
NTSTATUS MidiPin::reset_state(PIRP irp) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    KSRESET value;
    if (ioctl.InputBufferLength < sizeof value) return STATUS_INVALID_BUFFER_SIZE;
    const NTSTATUS status = ks::copy_in(irp->RequestorMode, &value, ioctl.Type3InputBuffer, sizeof value);
    if (!NT_SUCCESS(status)) return status;
    if (value != KSRESET_BEGIN && value != KSRESET_END) return STATUS_INVALID_PARAMETER;
    PortMidi::Control control(port_);
    resetting_ = value == KSRESET_BEGIN;
    if (!resetting_) return STATUS_SUCCESS;
    sequencer_.cancel_all(STATUS_CANCELLED);
    capture_.cancel_all(STATUS_CANCELLED);
    return STATUS_SUCCESS;
}

// ---- state ----

NTSTATUS MidiPin::call_set_state(KSSTATE next) {
    nt::DriverCall call("IMiniportMidiStream::SetState", method_of(stream_.get(), 4));
    return call.returned(stream_->SetState(next));
}

// One step (MS-021). Going up the miniport is told first; going down delivery ends first (ST-005).
NTSTATUS MidiPin::step(KSSTATE next) {
    const bool up = next > state_;
    if (up && next == KSSTATE_PAUSE)
        capture_.accept(true);  // FLD-022: what comes during SetState(RUN) is kept
    if (!up && next == KSSTATE_PAUSE) {
        sequencer_.pause();
        capture_.pause();
    }
    if (!up && next == KSSTATE_ACQUIRE) capture_.accept(false);
    const NTSTATUS status = call_set_state(next);
    if (up && !NT_SUCCESS(status)) {
        if (next == KSSTATE_PAUSE) capture_.accept(false);
        return status;  // MS-023: the last state that succeeded stays
    }
    state_ = next;
    if (up && next == KSSTATE_RUN) {
        port_.stream_runs(true);
        is_capture_ ? capture_.run() : sequencer_.run();
    } else if (!up && next == KSSTATE_PAUSE) {
        port_.stream_runs(false);
    } else if (next == KSSTATE_STOP) {
        sequencer_.stop();
        capture_.stop();
    }
    return status;
}

NTSTATUS MidiPin::set_state(KSSTATE wanted) {
    NTSTATUS result = STATUS_SUCCESS;
    while (state_ != wanted) {
        const bool up = wanted > state_;
        const NTSTATUS status = step(static_cast<KSSTATE>(up ? state_ + 1 : state_ - 1));
        if (NT_SUCCESS(status)) continue;
        if (up) return status;
        if (NT_SUCCESS(result)) result = status;  // reported, but the descent goes on
    }
    return result;
}

void MidiPin::pause_for_power() {
    paused_for_power_ = state_ == KSSTATE_RUN;
    if (paused_for_power_) set_state(KSSTATE_PAUSE);
}

void MidiPin::resume_after_power() {
    if (!paused_for_power_) return;
    paused_for_power_ = false;
    if (state_ == KSSTATE_PAUSE) set_state(KSSTATE_RUN);
}

void MidiPin::notify_power(POWER_STATE state) {
    if (!power_notify_) return;
    nt::DriverCall call("IPowerNotify::PowerChangeNotify", method_of(power_notify_.get(), 3));
    power_notify_->PowerChangeNotify(state);
}

// ---- service ----

void MidiPin::service() {
    if (is_capture_) capture_.service();
    sequencer_.progress();
}

void MidiPin::device_progressed() {
    if (!is_capture_) sequencer_.progress();
}

}  // namespace portico::portcls
