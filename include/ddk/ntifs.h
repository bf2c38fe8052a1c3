/* For drivers that include it in place of ntddk.h; file system interfaces are not declared. */
#ifndef _NTIFS_
#define _NTIFS_

#include <ntddk.h>

#endif
