/* Memory on the stack. */
#ifndef _INC_MALLOC
#define _INC_MALLOC

#include <crtdefs.h>

#define _alloca(_Size) __builtin_alloca(_Size)
#define alloca _alloca

#endif
