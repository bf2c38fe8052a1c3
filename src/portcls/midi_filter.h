// One opening of a MIDI subdevice: the parent of its pins.
#pragma once

#include "ks/object.h"

namespace portico::portcls {

class PortMidi;

class MidiFilter final : public ks::Object {
  public:
    MidiFilter(PortMidi& port, PFILE_OBJECT file) : port_(port), file_(file) {}
    NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp) override;

  private:
    NTSTATUS device_control(PIRP irp);

    PortMidi& port_;
    PFILE_OBJECT file_;
};

// Completes the IRP with the status and no information.
NTSTATUS complete_request(PIRP irp, NTSTATUS status);

}  // namespace portico::portcls
