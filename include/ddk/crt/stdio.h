/* Formatted text in memory; the kernel has no files here. swprintf is the old one without a count, beside the
   newer one in C++ (FLD-054). */
#ifndef _INC_STDIO
#define _INC_STDIO

#include <crtdefs.h>

#define EOF (-1)
#define WEOF ((wint_t)(0xFFFF))
#define BUFSIZ 512

PORTICO_CRT_START

int __cdecl sprintf(char* _Dest, const char* _Format, ...);
int __cdecl vsprintf(char* _Dest, const char* _Format, va_list _Args);
/* At most _Count characters, with no end when the text fills them; -1 when it does not fit. */
int __cdecl _snprintf(char* _Dest, size_t _Count, const char* _Format, ...);
int __cdecl _vsnprintf(char* _Dest, size_t _Count, const char* _Format, va_list _Args);
int __cdecl swprintf(wchar_t* _Dest, const wchar_t* _Format, ...);
int __cdecl vswprintf(wchar_t* _Dest, const wchar_t* _Format, va_list _Args);
int __cdecl _swprintf(wchar_t* _Dest, const wchar_t* _Format, ...);
int __cdecl _snwprintf(wchar_t* _Dest, size_t _Count, const wchar_t* _Format, ...);
int __cdecl _vsnwprintf(wchar_t* _Dest, size_t _Count, const wchar_t* _Format, va_list _Args);

int __cdecl sprintf_s(char* _Dst, size_t _Size, const char* _Format, ...);
int __cdecl vsprintf_s(char* _Dst, size_t _Size, const char* _Format, va_list _Args);
int __cdecl swprintf_s(wchar_t* _Dst, size_t _Size, const wchar_t* _Format, ...);
int __cdecl vswprintf_s(wchar_t* _Dst, size_t _Size, const wchar_t* _Format, va_list _Args);
int __cdecl _snprintf_s(char* _Dst, size_t _Size, size_t _MaxCount, const char* _Format, ...);
int __cdecl _vsnprintf_s(char* _Dst, size_t _Size, size_t _MaxCount, const char* _Format, va_list _Args);
int __cdecl _snwprintf_s(wchar_t* _Dst, size_t _Size, size_t _MaxCount, const wchar_t* _Format, ...);
int __cdecl _vsnwprintf_s(wchar_t* _Dst, size_t _Size, size_t _MaxCount, const wchar_t* _Format,
                          va_list _Args);
int __cdecl _scprintf(const char* _Format, ...);
int __cdecl _vscprintf(const char* _Format, va_list _Args);
int __cdecl _scwprintf(const wchar_t* _Format, ...);
int __cdecl _vscwprintf(const wchar_t* _Format, va_list _Args);

PORTICO_CRT_END

#ifdef __cplusplus
PORTICO_CRT_CXX_START

inline int swprintf(wchar_t* _Dest, size_t _Count, const wchar_t* _Format, ...) {
    va_list _Args;
    va_start(_Args, _Format);
    const int _Result = vswprintf_s(_Dest, _Count, _Format, _Args);
    va_end(_Args);
    return _Result;
}
inline int vswprintf(wchar_t* _Dest, size_t _Count, const wchar_t* _Format, va_list _Args) {
    return vswprintf_s(_Dest, _Count, _Format, _Args);
}
template <size_t _Size>
inline int sprintf_s(char (&_Dst)[_Size], const char* _Format, ...) {
    va_list _Args;
    va_start(_Args, _Format);
    const int _Result = vsprintf_s(_Dst, _Size, _Format, _Args);
    va_end(_Args);
    return _Result;
}
template <size_t _Size>
inline int swprintf_s(wchar_t (&_Dst)[_Size], const wchar_t* _Format, ...) {
    va_list _Args;
    va_start(_Args, _Format);
    const int _Result = vswprintf_s(_Dst, _Size, _Format, _Args);
    va_end(_Args);
    return _Result;
}

PORTICO_CRT_CXX_END
#endif

#endif
