// PcGetTimeInterval (FN-120..FN-123): the calling processor's own time, so that a loop that waits for it goes
// on.
#include "nt/ke/ke.h"
#include "portcls.h"

ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since) {
    DDI(PcGetTimeInterval, HIGH_LEVEL);
    return static_cast<ULONGLONG>(portico::nt::ke::exact_system_time_100ns()) - Since;
}
