// KSPROPSETID_SynthClock: the master clock that a filter of an IMiniportDMus shows its clients (DM-005,
// CX-024).
#pragma once

#include "ks/property.h"

namespace portico::portcls {

// Its handlers use no target.
extern const ks::PropertySet synth_clock_properties;

}  // namespace portico::portcls
