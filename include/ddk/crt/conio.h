/* Ports, by the names of 16-bit compilers. */
#ifndef _INC_CONIO
#define _INC_CONIO

#include <intrin.h>

#endif
