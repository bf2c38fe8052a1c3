#include "portcls/reset.h"

#include "ks/stream_request.h"
#include "nt/io/driver.h"
#include "portcls/adapter.h"
#include "portcls/allocator_mxf.h"
#include "portcls/live_objects.h"
#include "portcls/open_files.h"
#include "portcls/pin_clock.h"
#include "portcls/property_request.h"

namespace portico::portcls {

void reset() {
    nt::io::report_left_above = report_left_objects;
    reset_live_objects();
    reset_allocators();
    reset_adapters();
    reset_open_files();
    reset_exit_latency();
    reset_property_requests();
    reset_clocks();
    ks::reset_stream_requests();
}

}  // namespace portico::portcls
