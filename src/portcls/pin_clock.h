// A clock: what {KSNAME_Clock} below a pin's file opens. It shows the pin's stream time and keeps the pin's
// file, so that the pin lives as long as any of its clocks.
#pragma once

#include "ks/object.h"
#include "ks/property.h"

namespace portico::portcls {

class MidiPin;

class PinClock final : public ks::Object {
  public:
    // `pin_file` is referenced by whoever makes the clock until it is closed.
    PinClock(MidiPin& pin, PFILE_OBJECT pin_file, PFILE_OBJECT file)
        : pin_(pin), pin_file_(pin_file), file_(file) {}

    NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp) override;

    // In 100 ns units, any IRQL. The presentation time is the stream's; the physical time goes on whatever
    // the stream does (CX-026), and is the system time that both are correlated with.
    LONGLONG time_100ns() const;
    static LONGLONG physical_time_100ns();
    const FILE_OBJECT* file() const { return file_; }

    PinClock* next = nullptr;  // in the list of all clocks

  private:
    NTSTATUS property_request(PIRP irp);

    static NTSTATUS get_time(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_physical_time(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_correlated_time(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_correlated_physical_time(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_resolution(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_state(void* target, ks::PropertyRequest& request);
    static NTSTATUS get_functions(void* target, ks::PropertyRequest& request);
    static const ks::PropertyItem items[7];
    static const ks::PropertySet properties[1];

    MidiPin& pin_;
    PFILE_OBJECT pin_file_;
    PFILE_OBJECT file_;
};

// IRP_MJ_CREATE below a pin: gives the new file its clock, and does not complete the IRP. Errors:
// STATUS_OBJECT_NAME_NOT_FOUND for another name than a clock's (a pin has neither allocators nor nodes below
// it), STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_PARAMETER for flags, STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS create_clock(PIRP irp, MidiPin& pin);

// The file of a clock's handle, referenced. Errors: STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
// STATUS_INVALID_PARAMETER for a file that is no clock of this system's.
NTSTATUS reference_clock(HANDLE handle, KPROCESSOR_MODE mode, PFILE_OBJECT* file);

void reset_clocks();

}  // namespace portico::portcls
