/* The unified property model: its types are wdm.h's; keys are declared here, or with INITGUID defined. */
#include <wdm.h>

#ifndef LOCALE_NEUTRAL
#define LOCALE_NEUTRAL 0
#endif
#ifndef IsEqualDevPropKey
#ifdef __cplusplus
#define IsEqualDevPropKey(a, b) ((a).pid == (b).pid && IsEqualGUID((a).fmtid, (b).fmtid))
#else
#define IsEqualDevPropKey(a, b) ((a).pid == (b).pid && IsEqualGUID(&(a).fmtid, &(b).fmtid))
#endif
#endif

#undef DEFINE_DEVPROPKEY
#ifdef INITGUID
#define DEFINE_DEVPROPKEY(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8, id) \
    PORTICO_GUID_EXTERN const DEVPROPKEY name;                                 \
    PORTICO_GUID_EXTERN const DEVPROPKEY __declspec(selectany)                 \
        name = {{l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}, id}
#else
#define DEFINE_DEVPROPKEY(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8, id) \
    PORTICO_GUID_EXTERN const DEVPROPKEY name
#endif
