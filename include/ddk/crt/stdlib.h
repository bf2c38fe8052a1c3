/* Conversions, sorting, arithmetic, random numbers. The kernel has neither malloc nor exit. */
#ifndef _INC_STDLIB
#define _INC_STDLIB

#include <crtdefs.h>

#define RAND_MAX 0x7fff

#ifndef max
#define __max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define __min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#if !defined(__cplusplus) && !defined(NOMINMAX)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

PORTICO_CRT_START

int __cdecl atoi(const char* _Str);
long __cdecl atol(const char* _Str);
__int64 __cdecl _atoi64(const char* _Str);
int __cdecl _wtoi(const wchar_t* _Str);
long __cdecl _wtol(const wchar_t* _Str);
__int64 __cdecl _wtoi64(const wchar_t* _Str);
long __cdecl strtol(const char* _Str, char** _EndPtr, int _Radix);
unsigned long __cdecl strtoul(const char* _Str, char** _EndPtr, int _Radix);
__int64 __cdecl _strtoi64(const char* _Str, char** _EndPtr, int _Radix);
unsigned __int64 __cdecl _strtoui64(const char* _Str, char** _EndPtr, int _Radix);
long __cdecl wcstol(const wchar_t* _Str, wchar_t** _EndPtr, int _Radix);
unsigned long __cdecl wcstoul(const wchar_t* _Str, wchar_t** _EndPtr, int _Radix);
__int64 __cdecl _wcstoi64(const wchar_t* _Str, wchar_t** _EndPtr, int _Radix);
unsigned __int64 __cdecl _wcstoui64(const wchar_t* _Str, wchar_t** _EndPtr, int _Radix);

char* __cdecl _itoa(int _Value, char* _Dest, int _Radix);
char* __cdecl _ltoa(long _Value, char* _Dest, int _Radix);
char* __cdecl _ultoa(unsigned long _Value, char* _Dest, int _Radix);
char* __cdecl _i64toa(__int64 _Value, char* _Dest, int _Radix);
char* __cdecl _ui64toa(unsigned __int64 _Value, char* _Dest, int _Radix);
wchar_t* __cdecl _itow(int _Value, wchar_t* _Dest, int _Radix);
wchar_t* __cdecl _ltow(long _Value, wchar_t* _Dest, int _Radix);
wchar_t* __cdecl _ultow(unsigned long _Value, wchar_t* _Dest, int _Radix);
wchar_t* __cdecl _i64tow(__int64 _Value, wchar_t* _Dest, int _Radix);
wchar_t* __cdecl _ui64tow(unsigned __int64 _Value, wchar_t* _Dest, int _Radix);
errno_t __cdecl _itoa_s(int _Value, char* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ltoa_s(long _Value, char* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ultoa_s(unsigned long _Value, char* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _i64toa_s(__int64 _Value, char* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ui64toa_s(unsigned __int64 _Value, char* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _itow_s(int _Value, wchar_t* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ltow_s(long _Value, wchar_t* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ultow_s(unsigned long _Value, wchar_t* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _i64tow_s(__int64 _Value, wchar_t* _Dest, size_t _Size, int _Radix);
errno_t __cdecl _ui64tow_s(unsigned __int64 _Value, wchar_t* _Dest, size_t _Size, int _Radix);
#define itoa _itoa
#define ltoa _ltoa
#define ultoa _ultoa

int __cdecl abs(int _X);
long __cdecl labs(long _X);
__int64 __cdecl llabs(__int64 _X);
__int64 __cdecl _abs64(__int64 _X);
int __cdecl rand(void);
void __cdecl srand(unsigned int _Seed);
void __cdecl qsort(void* _Base, size_t _Count, size_t _Size,
                   int(__cdecl* _Compare)(const void*, const void*));
void* __cdecl bsearch(const void* _Key, const void* _Base, size_t _Count, size_t _Size,
                      int(__cdecl* _Compare)(const void*, const void*));

int __cdecl mbtowc(wchar_t* _Dest, const char* _Src, size_t _Count);
int __cdecl wctomb(char* _Dest, wchar_t _Wchar);
size_t __cdecl mbstowcs(wchar_t* _Dest, const char* _Src, size_t _Count);
size_t __cdecl wcstombs(char* _Dest, const wchar_t* _Src, size_t _Count);

#ifndef PORTICO_BYTE_ORDER
#define PORTICO_BYTE_ORDER
static __inline unsigned short __cdecl _byteswap_ushort(unsigned short _X) {
    return __builtin_bswap16(_X);
}
static __inline unsigned long __cdecl _byteswap_ulong(unsigned long _X) {
    return __builtin_bswap32(_X);
}
static __inline unsigned __int64 __cdecl _byteswap_uint64(unsigned __int64 _X) {
    return __builtin_bswap64(_X);
}
#endif

PORTICO_CRT_END

#endif
