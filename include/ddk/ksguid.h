// In C, makes the KS GUIDs declared afterwards definitions. In C++ they need none (see DEFINE_GUIDSTRUCT in
// ks.h).
#include <initguid.h>

#ifndef __cplusplus
#undef DEFINE_GUIDEX
#define DEFINE_GUIDEX(name) EXTERN_C const GUID DECLSPEC_SELECTANY name = {STATICGUIDOF(name)}
#endif
#ifndef STATICGUIDOF
#define STATICGUIDOF(guid) STATIC_##guid
#endif
