/* Common to the headers of the C run time. Only drivers have this folder on their include path; the functions
   are those that the kernel exports, with Windows x64's sizes: long 32 bits, wchar_t 16. */
#ifndef _INC_CRTDEFS
#define _INC_CRTDEFS

#include <stdarg.h>
#include <stddef.h>

#include <sal.h>

/* Headers are legal inside a source's own extern "C" { #include ... } (FLD-050). */
#ifdef __cplusplus
#define PORTICO_CRT_START extern "C" {
#define PORTICO_CRT_END }
#define PORTICO_CRT_CXX_START extern "C++" {
#define PORTICO_CRT_CXX_END }
#define _CONST_RETURN const
#else
#define PORTICO_CRT_START
#define PORTICO_CRT_END
#define _CONST_RETURN
#endif
#define _WConst_return _CONST_RETURN

#ifndef _CRTIMP
#define _CRTIMP
#endif
#define _CRTIMP_ALT
#define _CRTIMP2
#define _CRTIMP_PURE
#define __CRTDECL __cdecl
#define __CLRCALL_PURE_OR_CDECL __cdecl
#define _CRT_BEGIN_C_HEADER PORTICO_CRT_START
#define _CRT_END_C_HEADER PORTICO_CRT_END
#define _CRT_INSECURE_DEPRECATE(replacement)
#define _CRT_NONSTDC_DEPRECATE(replacement)
#define _CRT_STRINGIZE_(value) #value
#define _CRT_STRINGIZE(value) _CRT_STRINGIZE_(value)
#define _CRT_WIDE_(text) L##text
#define _CRT_WIDE(text) _CRT_WIDE_(text)
#ifndef _W64
#define _W64
#endif

#ifndef NULL
#ifdef __cplusplus
#define NULL 0
#else
#define NULL ((void*)0)
#endif
#endif

#define _SIZE_T_DEFINED
#define _PTRDIFF_T_DEFINED
#define _WCHAR_T_DEFINED
#ifndef _INTPTR_T_DEFINED
#define _INTPTR_T_DEFINED
typedef __int64 intptr_t;
#endif
#ifndef _UINTPTR_T_DEFINED
#define _UINTPTR_T_DEFINED
typedef unsigned __int64 uintptr_t;
#endif
#ifndef _RSIZE_T_DEFINED
#define _RSIZE_T_DEFINED
typedef size_t rsize_t;
#endif
#ifndef _ERRCODE_DEFINED
#define _ERRCODE_DEFINED
typedef int errno_t;
#endif
#ifndef _WCTYPE_T_DEFINED
#define _WCTYPE_T_DEFINED
typedef unsigned short wint_t;
typedef unsigned short wctype_t;
#endif
#ifndef _TIME64_T_DEFINED
#define _TIME64_T_DEFINED
typedef __int64 __time64_t;
typedef __time64_t time_t;
#endif

#define _TRUNCATE ((size_t)-1)
#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif

#endif
