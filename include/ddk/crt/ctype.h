/* Classes of characters, in the "C" locale. */
#ifndef _INC_CTYPE
#define _INC_CTYPE

#include <wctype.h>

PORTICO_CRT_START

int __cdecl isalnum(int _C);
int __cdecl isalpha(int _C);
int __cdecl iscntrl(int _C);
int __cdecl isdigit(int _C);
int __cdecl isgraph(int _C);
int __cdecl islower(int _C);
int __cdecl isprint(int _C);
int __cdecl ispunct(int _C);
int __cdecl isspace(int _C);
int __cdecl isupper(int _C);
int __cdecl isxdigit(int _C);
int __cdecl tolower(int _C);
int __cdecl toupper(int _C);

#define _tolower(_c) ((_c) - 'A' + 'a')
#define _toupper(_c) ((_c) - 'a' + 'A')
#define __isascii(_c) ((unsigned)(_c) < 0x80)
#define __toascii(_c) ((_c)&0x7f)
#define isascii __isascii
#define toascii __toascii

PORTICO_CRT_END

#endif
