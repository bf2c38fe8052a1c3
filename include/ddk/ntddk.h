/* What wdm.h declares, and what only drivers of the NT family may use. */
#ifndef _NTDDK_H_
#define _NTDDK_H_

#include <wdm.h>

EXTERN_C_START

EXTERN_C_END

#endif
