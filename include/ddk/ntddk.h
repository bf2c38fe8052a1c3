/* What wdm.h declares, and what only drivers of the NT family may use. */
#ifndef _NTDDK_H_
#define _NTDDK_H_

#include <wdm.h>

#include <ddi/generic_table.h>

#endif
