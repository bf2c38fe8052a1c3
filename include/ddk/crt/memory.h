/* The memory functions are in string.h. */
#ifndef _INC_MEMORY
#define _INC_MEMORY

#include <string.h>

#endif
