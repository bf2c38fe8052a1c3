#include "nt/io/io.h"

#include "nt/io/interfaces.h"
#include "nt/io/irp_cancel.h"
#include "nt/io/misc.h"
#include "nt/io/notification.h"
#include "nt/io/properties.h"
#include "nt/io/timer.h"
#include "nt/io/volume.h"
#include "nt/io/work_item.h"

namespace portico::nt::io {

void reset() {
    for (POBJECT_TYPE type : {&file_type, &device_type, &driver_type}) type->objects = type->handles = 0;
    reset_irps();
    reset_cancel();
    reset_timers();
    reset_error_log();
    reset_work_items();
    reset_misc();
    reset_drivers();
    reset_interfaces();
    reset_notifications();
    reset_properties();
    reset_volume();
    reset_pnp();
}

}  // namespace portico::nt::io
