/* crtdefs.h by its newer name. */
#ifndef _INC_CORECRT
#define _INC_CORECRT

#include <crtdefs.h>

#endif
