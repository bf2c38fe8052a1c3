#include "portcls/midi_pin.h"

#include <cstring>
#include <utility>

#include "ks/method.h"
#include "ks/pin_connect.h"
#include "ks/user_memory.h"
#include "nt/io/irp.h"
#include "nt/ob/ob.h"
#include "portcls/event_request.h"
#include "portcls/filter.h"
#include "portcls/pin_clock.h"
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
    if (stream_ != nullptr) stream_->destroy();
    ks::free_pin_format(format_);
}

NTSTATUS MidiPin::new_stream() {
    PSERVICEGROUP group = nullptr;
    BoundMiniport& miniport = port_.miniport();
    const NTSTATUS status = miniport.new_stream({pin_id_, is_capture_, format_}, &stream_, &group);
    if (group != nullptr && !is_given(group, "MM-035", miniport.object(),
                                      "NewStream gave a service group that is no COM object.")) {
        return NT_SUCCESS(status) ? STATUS_UNSUCCESSFUL : status;
    }
    group_.adopt(group);
    if (NT_SUCCESS(status) && captures() && !group_ && !miniport.is_dmus()) {
        PORTICO_PROBE(contract, "CA-001", miniport.object(),
                      "IMiniportMidi::NewStream gave a capture stream and no service group: nobody will ask "
                      "the stream for what it receives.");
    }
    return status;
}

NTSTATUS MidiPin::open(PKSDATAFORMAT format, PacketFormat packets) {
    format_ = format;
    packets_ = packets;
    NTSTATUS status = new_stream();
    if (!NT_SUCCESS(status)) return status;
    sequencer_.attach(stream_, packets);
    sequencer_.tell_ends_to(port_);
    capture_.attach(stream_, packets);
    power_notify_.query(stream_->object(), IID_IPowerNotify);
    if (captures()) status = stream_->connect(capture_);
    if (NT_SUCCESS(status) && group_) {
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
        case IRP_MJ_CREATE:
            return complete_request(irp, create_clock(irp, *this));
        case IRP_MJ_CLEANUP:
            clean_up(IoGetCurrentIrpStackLocation(irp)->FileObject);
            break;
        case IRP_MJ_CLOSE:
            port_.close_pin(this);
            break;
        case IRP_MJ_FLUSH_BUFFERS:
            break;
        default:
            return refuse_request(irp);
    }
    return complete_request(irp, STATUS_SUCCESS);
}

// The master clock may be this pin's own, whose file keeps the pin's: with the last handle the circle is cut.
// Without the lock, since the clock's end may close a pin and its filter.
void MidiPin::clean_up(const FILE_OBJECT* file) {
    PFILE_OBJECT clock = nullptr;
    {
        PortMidi::Control control(port_);
        disable_events_of(port_, file);
        shut_down(STATUS_CANCELLED);
        cleaned_up_ = true;
        clock = std::exchange(master_clock_, nullptr);
    }
    if (clock != nullptr) nt::ob::dereference(clock);
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
            return enable_event({port_, true, pin_id_, stream_->object(), !is_capture_}, irp);
        case IOCTL_KS_DISABLE_EVENT:
            return disable_event(port_, irp);
        case IOCTL_KS_METHOD:
            return complete_request(irp, ks::refuse_method(irp));
        default:
            return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

NTSTATUS MidiPin::stream_request(PIRP irp, bool is_write) {
    const NTSTATUS status = is_write ? write(irp) : read(irp);
    return status == STATUS_PENDING ? status : complete_request(irp, status);
}

// STATUS_SUCCESS while stream requests are taken.
NTSTATUS MidiPin::requests_refused() const {
    if (const NTSTATUS refused = port_.requests_refused(); !NT_SUCCESS(refused)) return refused;
    if (packets_ == PacketFormat::wave) return STATUS_NOT_SUPPORTED;
    if (resetting_) return STATUS_DEVICE_NOT_READY;
    return state_ == KSSTATE_STOP ? STATUS_INVALID_DEVICE_STATE : STATUS_SUCCESS;  // SP-021
}

NTSTATUS MidiPin::write(PIRP irp) {
    if (is_capture_) return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = requests_refused();
    if (!NT_SUCCESS(status)) return status;
    ks::StreamRequest* request = nullptr;
    status = ks::StreamRequest::begin_write(irp, &request);
    if (!NT_SUCCESS(status)) return status;
    status = check_records(packets_, *request);
    if (!NT_SUCCESS(status)) {
        ks::StreamRequest::release(request);
        return status;
    }
    IoMarkIrpPending(irp);
    sequencer_.submit(request);
    return STATUS_PENDING;
}

NTSTATUS MidiPin::read(PIRP irp) {
    if (!is_capture_) return STATUS_INVALID_DEVICE_REQUEST;
    NTSTATUS status = requests_refused();
    if (!NT_SUCCESS(status)) return status;
    ks::StreamRequest* request = nullptr;
    status = ks::StreamRequest::begin_read(irp, frame_min(packets_), &request);
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
    const KSSTATE before = state_;
    const NTSTATUS status = stream_->set_state(next);
    // The driver closed this very pin in there, and the pin went down meanwhile.
    if (state_ != before) return STATUS_DEVICE_NOT_READY;
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
        if (up && cleaned_up_) return STATUS_DEVICE_NOT_READY;
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
    if (captures()) capture_.service();
    sequencer_.progress();
}

// A DMus capture stream without a group of its own is served with the miniport's (DM-003).
void MidiPin::device_progressed() {
    if (!is_capture_) return sequencer_.progress();
    if (captures() && !group_ && port_.miniport().is_dmus()) capture_.service();
}

}  // namespace portico::portcls
