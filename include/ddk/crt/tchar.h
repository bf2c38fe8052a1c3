/* Text that is wide under _UNICODE. */
#ifndef _INC_TCHAR
#define _INC_TCHAR

#include <stdlib.h>
#include <wchar.h>

#ifdef _UNICODE
typedef wchar_t _TCHAR;
#define __T(x) L##x
#define _tcslen wcslen
#define _tcscpy wcscpy
#define _tcsncpy wcsncpy
#define _tcscat wcscat
#define _tcscmp wcscmp
#define _tcsicmp _wcsicmp
#define _tcschr wcschr
#define _tcsstr wcsstr
#define _stprintf swprintf
#define _sntprintf _snwprintf
#else
typedef char _TCHAR;
#define __T(x) x
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcscmp strcmp
#define _tcsicmp _stricmp
#define _tcschr strchr
#define _tcsstr strstr
#define _stprintf sprintf
#define _sntprintf _snprintf
#endif
#define _T(x) __T(x)
#define _TEXT(x) __T(x)

#endif
