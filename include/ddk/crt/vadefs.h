/* va_list is the compiler's. */
#ifndef _INC_VADEFS
#define _INC_VADEFS

#include <stdarg.h>

#endif
