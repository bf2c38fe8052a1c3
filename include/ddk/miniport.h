/* The basic types under the name by which miniports include them. */
#ifndef _MINIPORT_
#define _MINIPORT_

#include <ntdef.h>

#endif
