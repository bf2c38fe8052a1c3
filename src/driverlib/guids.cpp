// Every IID, CLSID and other DEFINE_GUID of the audio headers, once per image. They are weak, so that a
// driver may define them as well, in as many files as it likes (PUT_GUIDS_HERE, INITGUID; FLD-050).
#include <initguid.h>
#include <portcls.h>
#include <dmusicks.h>
