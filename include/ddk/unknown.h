// Drivers that say unknown.h mean the kernel's IUnknown (IU-001).
#ifndef _UNKNOWN_H_
#define _UNKNOWN_H_
#include <punknown.h>
#endif
