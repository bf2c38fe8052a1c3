// An instance of a MIDI filter's pin: its stream object, its state, its requests.
#pragma once

#include "ks/object.h"
#include "ks/property.h"
#include "portcls/capture.h"
#include "portcls/com.h"
#include "portcls/miniport_stream.h"
#include "portcls/sequencer.h"
#include "portcls/walked_list.h"

namespace portico::portcls {

class MidiPin;
class PortMidi;

// What a stream's service group calls; forwards to the pin (SS-002).
class StreamSink final : public IServiceSink {
  public:
    explicit StreamSink(MidiPin& pin) : pin_(pin) {}
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override;
    ULONG STDMETHODCALLTYPE AddRef() override { return 2; }  // lives as long as its pin
    ULONG STDMETHODCALLTYPE Release() override { return 1; }
    void STDMETHODCALLTYPE RequestService() override;

  private:
    MidiPin& pin_;
};

class MidiPin final : public ks::Object {
  public:
    // `filter_file` is the filter's, referenced by whoever makes the pin until it is closed (PI-010).
    MidiPin(PortMidi& port, ULONG pin_id, bool capture, PFILE_OBJECT filter_file);
    ~MidiPin();

    // NewStream and what follows it (PI-007). Takes over the format. Errors are the miniport's.
    NTSTATUS open(PKSDATAFORMAT format, PacketFormat packets);
    NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp) override;

    ULONG pin_id() const { return pin_id_; }
    bool is_capture() const { return is_capture_; }
    KSSTATE state() const { return state_; }
    PFILE_OBJECT filter_file() const { return filter_file_; }
    PortMidi& port() const { return port_; }
    // Stream time, in 100 ns units. IRQL: any.
    LONGLONG time_100ns() const { return is_capture_ ? capture_.time_100ns() : sequencer_.time_100ns(); }
    const Sequencer& sequencer() const { return sequencer_; }
    const Capture& capture() const { return capture_; }

    // The caller holds the port's control lock.
    NTSTATUS set_state(KSSTATE wanted);

    void service();            // its own group's DPC
    void device_progressed();  // any group's DPC

    // Power down and up again (LC-031, LC-032).
    void pause_for_power();
    void resume_after_power();
    void notify_power(POWER_STATE state);
    // Down to STOP; queued requests end with the status.
    void shut_down(NTSTATUS status);

    IServiceGroup* group() const { return group_.get(); }

    // In the port's list.
    MidiPin* next_node = nullptr;
    Listed listed = Listed::yes;
    MidiPin* next_closed = nullptr;

  private:
    NTSTATUS step(KSSTATE next);
    // False also for a wave sink's pin, whose data are no messages.
    bool captures() const { return is_capture_ && packets_ != PacketFormat::wave; }
    NTSTATUS new_stream();
    void clean_up(const FILE_OBJECT* file);
    NTSTATUS requests_refused() const;
    NTSTATUS write(PIRP irp);
    NTSTATUS read(PIRP irp);
    NTSTATUS stream_request(PIRP irp, bool is_write);
    NTSTATUS property_request(PIRP irp);
    NTSTATUS reset_state(PIRP irp);
    NTSTATUS device_control(PIRP irp);

    static NTSTATUS get_state(void* target, ks::PropertyRequest& request);
    static NTSTATUS put_state(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_format(void* target, ks::PropertyRequest& request);
    static NTSTATUS put_format(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_framing(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_no_handle(void* target, ks::PropertyRequest& request);
    static NTSTATUS put_allocator(void* target, ks::PropertyRequest& request);
    static NTSTATUS put_master_clock(void* target, ks::PropertyRequest& request);
    static const ks::PropertyItem connection_items[3];
    static const ks::PropertyItem stream_items[2];
    static const ks::PropertySet properties[4];

    PortMidi& port_;
    ULONG pin_id_;
    bool is_capture_;
    PFILE_OBJECT filter_file_;
    StreamSink sink_;
    MiniportStream* stream_ = nullptr;
    PacketFormat packets_ = PacketFormat::midi;
    Held<IServiceGroup> group_;
    Held<IPowerNotify> power_notify_;
    PKSDATAFORMAT format_ = nullptr;
    KSSTATE state_ = KSSTATE_STOP;
    PFILE_OBJECT master_clock_ = nullptr;  // referenced; null: none
    bool cleaned_up_ = false;              // no handle is open any more
    bool paused_for_power_ = false;
    bool resetting_ = false;  // between KSRESET_BEGIN and KSRESET_END
    bool in_group_ = false;
    Sequencer sequencer_;
    Capture capture_;
};

}  // namespace portico::portcls
