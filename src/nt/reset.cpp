#include "nt/reset.h"

#include "nt/cm/cm.h"
#include "nt/ex/ex.h"
#include "nt/findings.h"
#include "nt/hal/hal.h"
#include "nt/io/io.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "nt/ob/ob.h"
#include "nt/po/po.h"
#include "nt/ps/ps.h"
#include "nt/rtl/rtl.h"

namespace portico::nt {

// Each room after those whose memory and objects it uses.
void reset() {
    reset_findings();
    ke::reset();
    ex::reset();
    ob::reset();
    mm::reset();
    ps::reset();
    cm::reset();
    rtl::reset();
    io::reset();
    po::reset();
    hal::reset();
}

}  // namespace portico::nt
