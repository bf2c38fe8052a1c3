#include "portcls/synth_clock_properties.h"

#include "dmusprop.h"
#include "nt/ke/ke.h"

namespace portico::portcls {
namespace {

// What IMasterClock::GetTime tells the miniport.
NTSTATUS get_master_clock(void*, ks::PropertyRequest& request) {
    const auto now_100ns = static_cast<ULONGLONG>(nt::ke::exact_time_100ns());
    return ks::answer(request, now_100ns);
}

const GUID synth_clock_set = KSPROPSETID_SynthClock;
const ks::PropertyItem items[] = {
    {KSPROPERTY_SYNTH_MASTERCLOCK, KSPROPERTY_TYPE_GET, sizeof(ULONGLONG), get_master_clock, nullptr},
};

}  // namespace

const ks::PropertySet synth_clock_properties{&synth_clock_set, items, 1};

}  // namespace portico::portcls
