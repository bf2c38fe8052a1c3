/* Wide characters: what string.h, stdio.h and wctype.h declare. */
#ifndef _INC_WCHAR
#define _INC_WCHAR

#include <stdio.h>
#include <string.h>
#include <wctype.h>

#define WCHAR_MIN 0x0000
#define WCHAR_MAX 0xffff

#endif
