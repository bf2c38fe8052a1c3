/* Memory blocks and strings. */
#ifndef _INC_STRING
#define _INC_STRING

#include <crtdefs.h>

PORTICO_CRT_START

void* __cdecl memcpy(void* _Dst, const void* _Src, size_t _Size);
void* __cdecl memmove(void* _Dst, const void* _Src, size_t _Size);
void* __cdecl memset(void* _Dst, int _Val, size_t _Size);
int __cdecl memcmp(const void* _Buf1, const void* _Buf2, size_t _Size);
_CONST_RETURN void* __cdecl memchr(const void* _Buf, int _Val, size_t _MaxCount);
void* __cdecl _memccpy(void* _Dst, const void* _Src, int _Val, size_t _MaxCount);
int __cdecl _memicmp(const void* _Buf1, const void* _Buf2, size_t _Size);
errno_t __cdecl memcpy_s(void* _Dst, rsize_t _DstSize, const void* _Src, rsize_t _MaxCount);
errno_t __cdecl memmove_s(void* _Dst, rsize_t _DstSize, const void* _Src, rsize_t _MaxCount);

size_t __cdecl strlen(const char* _Str);
size_t __cdecl strnlen(const char* _Str, size_t _MaxCount);
char* __cdecl strcpy(char* _Dst, const char* _Src);
char* __cdecl strncpy(char* _Dst, const char* _Src, size_t _Count);
char* __cdecl strcat(char* _Dst, const char* _Src);
char* __cdecl strncat(char* _Dst, const char* _Src, size_t _Count);
int __cdecl strcmp(const char* _Str1, const char* _Str2);
int __cdecl strncmp(const char* _Str1, const char* _Str2, size_t _MaxCount);
int __cdecl _stricmp(const char* _Str1, const char* _Str2);
int __cdecl _strnicmp(const char* _Str1, const char* _Str2, size_t _MaxCount);
int __cdecl stricmp(const char* _Str1, const char* _Str2);
int __cdecl strnicmp(const char* _Str1, const char* _Str2, size_t _MaxCount);
_CONST_RETURN char* __cdecl strchr(const char* _Str, int _Val);
_CONST_RETURN char* __cdecl strrchr(const char* _Str, int _Ch);
_CONST_RETURN char* __cdecl strstr(const char* _Str, const char* _SubStr);
_CONST_RETURN char* __cdecl strpbrk(const char* _Str, const char* _Control);
size_t __cdecl strspn(const char* _Str, const char* _Control);
size_t __cdecl strcspn(const char* _Str, const char* _Control);
char* __cdecl strtok_s(char* _Str, const char* _Delim, char** _Context);
char* __cdecl _strlwr(char* _Str);
char* __cdecl _strupr(char* _Str);
char* __cdecl _strset(char* _Str, int _Val);
char* __cdecl _strnset(char* _Str, int _Val, size_t _MaxCount);
char* __cdecl _strrev(char* _Str);
errno_t __cdecl strcpy_s(char* _Dst, rsize_t _Size, const char* _Src);
errno_t __cdecl strncpy_s(char* _Dst, rsize_t _Size, const char* _Src, rsize_t _MaxCount);
errno_t __cdecl strcat_s(char* _Dst, rsize_t _Size, const char* _Src);
errno_t __cdecl strncat_s(char* _Dst, rsize_t _Size, const char* _Src, rsize_t _MaxCount);

size_t __cdecl wcslen(const wchar_t* _Str);
size_t __cdecl wcsnlen(const wchar_t* _Str, size_t _MaxCount);
wchar_t* __cdecl wcscpy(wchar_t* _Dst, const wchar_t* _Src);
wchar_t* __cdecl wcsncpy(wchar_t* _Dst, const wchar_t* _Src, size_t _Count);
wchar_t* __cdecl wcscat(wchar_t* _Dst, const wchar_t* _Src);
wchar_t* __cdecl wcsncat(wchar_t* _Dst, const wchar_t* _Src, size_t _Count);
int __cdecl wcscmp(const wchar_t* _Str1, const wchar_t* _Str2);
int __cdecl wcsncmp(const wchar_t* _Str1, const wchar_t* _Str2, size_t _MaxCount);
int __cdecl _wcsicmp(const wchar_t* _Str1, const wchar_t* _Str2);
int __cdecl _wcsnicmp(const wchar_t* _Str1, const wchar_t* _Str2, size_t _MaxCount);
int __cdecl wcsicmp(const wchar_t* _Str1, const wchar_t* _Str2);
int __cdecl wcsnicmp(const wchar_t* _Str1, const wchar_t* _Str2, size_t _MaxCount);
_CONST_RETURN wchar_t* __cdecl wcschr(const wchar_t* _Str, wchar_t _Ch);
_CONST_RETURN wchar_t* __cdecl wcsrchr(const wchar_t* _Str, wchar_t _Ch);
_CONST_RETURN wchar_t* __cdecl wcsstr(const wchar_t* _Str, const wchar_t* _SubStr);
_CONST_RETURN wchar_t* __cdecl wcspbrk(const wchar_t* _Str, const wchar_t* _Control);
size_t __cdecl wcsspn(const wchar_t* _Str, const wchar_t* _Control);
size_t __cdecl wcscspn(const wchar_t* _Str, const wchar_t* _Control);
wchar_t* __cdecl wcstok_s(wchar_t* _Str, const wchar_t* _Delim, wchar_t** _Context);
wchar_t* __cdecl _wcslwr(wchar_t* _Str);
wchar_t* __cdecl _wcsupr(wchar_t* _Str);
wchar_t* __cdecl _wcsset(wchar_t* _Str, wchar_t _Val);
wchar_t* __cdecl _wcsnset(wchar_t* _Str, wchar_t _Val, size_t _MaxCount);
wchar_t* __cdecl _wcsrev(wchar_t* _Str);
errno_t __cdecl wcscpy_s(wchar_t* _Dst, rsize_t _Size, const wchar_t* _Src);
errno_t __cdecl wcsncpy_s(wchar_t* _Dst, rsize_t _Size, const wchar_t* _Src, rsize_t _MaxCount);
errno_t __cdecl wcscat_s(wchar_t* _Dst, rsize_t _Size, const wchar_t* _Src);
errno_t __cdecl wcsncat_s(wchar_t* _Dst, rsize_t _Size, const wchar_t* _Src, rsize_t _MaxCount);

#define strcmpi _stricmp
#define _strcmpi _stricmp
#define strlwr _strlwr
#define strupr _strupr
#define strset _strset
#define strnset _strnset
#define strrev _strrev
#define wcslwr _wcslwr
#define wcsupr _wcsupr
#define memicmp _memicmp
#define memccpy _memccpy

PORTICO_CRT_END

#ifdef __cplusplus
PORTICO_CRT_CXX_START

/* What is found in writable text is writable. */
inline void* memchr(void* _Buf, int _Val, size_t _MaxCount) {
    return const_cast<void*>(memchr(static_cast<const void*>(_Buf), _Val, _MaxCount));
}
inline char* strchr(char* _Str, int _Ch) {
    return const_cast<char*>(strchr(static_cast<const char*>(_Str), _Ch));
}
inline char* strrchr(char* _Str, int _Ch) {
    return const_cast<char*>(strrchr(static_cast<const char*>(_Str), _Ch));
}
inline char* strstr(char* _Str, const char* _SubStr) {
    return const_cast<char*>(strstr(static_cast<const char*>(_Str), _SubStr));
}
inline char* strpbrk(char* _Str, const char* _Control) {
    return const_cast<char*>(strpbrk(static_cast<const char*>(_Str), _Control));
}
inline wchar_t* wcschr(wchar_t* _Str, wchar_t _Ch) {
    return const_cast<wchar_t*>(wcschr(static_cast<const wchar_t*>(_Str), _Ch));
}
inline wchar_t* wcsrchr(wchar_t* _Str, wchar_t _Ch) {
    return const_cast<wchar_t*>(wcsrchr(static_cast<const wchar_t*>(_Str), _Ch));
}
inline wchar_t* wcsstr(wchar_t* _Str, const wchar_t* _SubStr) {
    return const_cast<wchar_t*>(wcsstr(static_cast<const wchar_t*>(_Str), _SubStr));
}
inline wchar_t* wcspbrk(wchar_t* _Str, const wchar_t* _Control) {
    return const_cast<wchar_t*>(wcspbrk(static_cast<const wchar_t*>(_Str), _Control));
}

/* The secure functions know an array's size. */
template <size_t _Size>
inline errno_t strcpy_s(char (&_Dst)[_Size], const char* _Src) {
    return strcpy_s(_Dst, _Size, _Src);
}
template <size_t _Size>
inline errno_t strncpy_s(char (&_Dst)[_Size], const char* _Src, size_t _Count) {
    return strncpy_s(_Dst, _Size, _Src, _Count);
}
template <size_t _Size>
inline errno_t strcat_s(char (&_Dst)[_Size], const char* _Src) {
    return strcat_s(_Dst, _Size, _Src);
}
template <size_t _Size>
inline errno_t strncat_s(char (&_Dst)[_Size], const char* _Src, size_t _Count) {
    return strncat_s(_Dst, _Size, _Src, _Count);
}
template <size_t _Size>
inline errno_t wcscpy_s(wchar_t (&_Dst)[_Size], const wchar_t* _Src) {
    return wcscpy_s(_Dst, _Size, _Src);
}
template <size_t _Size>
inline errno_t wcsncpy_s(wchar_t (&_Dst)[_Size], const wchar_t* _Src, size_t _Count) {
    return wcsncpy_s(_Dst, _Size, _Src, _Count);
}
template <size_t _Size>
inline errno_t wcscat_s(wchar_t (&_Dst)[_Size], const wchar_t* _Src) {
    return wcscat_s(_Dst, _Size, _Src);
}
template <size_t _Size>
inline errno_t wcsncat_s(wchar_t (&_Dst)[_Size], const wchar_t* _Src, size_t _Count) {
    return wcsncat_s(_Dst, _Size, _Src, _Count);
}

PORTICO_CRT_CXX_END
#endif

#endif
