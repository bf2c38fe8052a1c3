#include "portcls/master_clock.h"

#include "nt/ke/ke.h"
#include "nt/probes.h"

namespace portico::portcls {

MasterClock* MasterClock::create() {
    return make_object<MasterClock>(NonPagedPool, "IMasterClock");
}

// No IID of its own is known (GV-003).
void* MasterClock::find_interface(const GUID& id) {
    return is_unknown_iid(id) ? static_cast<IMasterClock*>(this) : nullptr;
}

void MasterClock::destroy() {
    unmake(this);
}

NTSTATUS MasterClock::GetTime(REFERENCE_TIME* time) {
    DDI_METHOD("IMasterClock::GetTime", HIGH_LEVEL);
    if (time == nullptr) {
        PORTICO_PROBE(contract, "CK-001", this, "IMasterClock::GetTime was given no place for the time.");
        return STATUS_INVALID_PARAMETER;
    }
    *time = nt::ke::exact_time_100ns();
    return STATUS_SUCCESS;
}

}  // namespace portico::portcls
