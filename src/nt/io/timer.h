// The once-a-second timers of devices.
#pragma once

#include "wdm.h"

namespace portico::nt::io {

void reset_timers();
// The device goes: so does its timer.
void forget_timer(PDEVICE_OBJECT device);

}  // namespace portico::nt::io
