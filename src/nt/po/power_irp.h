// For nt/po.
#pragma once

#include "nt/po/po.h"

namespace portico::nt::po {

// Sends a system power IRP and waits.
NTSTATUS send_system_irp(io::DeviceNode& node, UCHAR minor, SYSTEM_POWER_STATE state);
void reset_power_irps();
void reset_idle();
void reset_settings();

}  // namespace portico::nt::po
