// Headers in another order, with GUIDs defined a second time (FLD-050).
#include <dmusprop.h>
#include <ksmedia.h>
#define PUT_GUIDS_HERE
#include <stdunk.h>
#include <initguid.h>
#include <portcls.h>
#include <drmk.h>

const GUID* SecondGuid() {
    return &IID_IPortMidi;
}
