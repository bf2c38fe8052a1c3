/* Classes of wide characters, those below 128; case by the kernel's table. */
#ifndef _INC_WCTYPE
#define _INC_WCTYPE

#include <crtdefs.h>

PORTICO_CRT_START

int __cdecl iswalnum(wint_t _C);
int __cdecl iswalpha(wint_t _C);
int __cdecl iswcntrl(wint_t _C);
int __cdecl iswdigit(wint_t _C);
int __cdecl iswgraph(wint_t _C);
int __cdecl iswlower(wint_t _C);
int __cdecl iswprint(wint_t _C);
int __cdecl iswpunct(wint_t _C);
int __cdecl iswspace(wint_t _C);
int __cdecl iswupper(wint_t _C);
int __cdecl iswxdigit(wint_t _C);
wint_t __cdecl towlower(wint_t _C);
wint_t __cdecl towupper(wint_t _C);

PORTICO_CRT_END

#endif
