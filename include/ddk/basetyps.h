/* The COM declaration macros under the name by which drivers include them. */
#ifndef _BASETYPS_H_
#define _BASETYPS_H_
#include <ntdef.h>
#include <portico_com.h>
#endif
