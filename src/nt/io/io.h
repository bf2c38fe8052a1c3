// The I/O manager and the Plug and Play manager. Its families have headers of their own:
//   driver.h device.h   driver and device objects        file.h   file objects, NtXxxFile
//   irp.h               requests                          pnp.h    device nodes and their lives
//   interfaces.h notification.h properties.h              what devices offer and who hears of it
//   volume.h            files for drivers that read them  error_log.h
#pragma once

#include "nt/io/device.h"
#include "nt/io/driver.h"
#include "nt/io/error_log.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"
#include "nt/io/pnp.h"

namespace portico::nt::io {

// As after power-on: no driver, device, node, IRP, interface. After ex, ob, ps and cm.
void reset();

}  // namespace portico::nt::io
