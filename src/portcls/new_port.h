// Which port PcNewPort makes for which class id (FN-030..FN-036, CX-001).
#pragma once

#include "portcls.h"

namespace portico::portcls {

// The port with one reference, the caller's.
NTSTATUS create_port_midi(PPORT* out);
NTSTATUS create_port_topology(PPORT* out);
NTSTATUS create_port_wave_cyclic(PPORT* out);
NTSTATUS create_port_wave_pci(PPORT* out);
NTSTATUS create_port_wave_rt(PPORT* out);

// The system-supplied miniports of PcNewMiniport (FN-040..FN-047), which are images of their own: set by
// whoever loads them. STATUS_NOT_SUPPORTED for a class id that it does not know. Null: there are none.
extern NTSTATUS (*create_system_miniport)(PMINIPORT* out, const GUID& class_id);

}  // namespace portico::portcls
