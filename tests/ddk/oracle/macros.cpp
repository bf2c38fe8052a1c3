// Preprocessed twice, with our headers and with mingw-w64's: what macros each defines.
#ifdef __MINGW32__
#define DECLSPEC_NOVTABLE
#define DECLSPEC_NOTHROW
#define NOBITMAP
#endif
#include <stddef.h>
#include <ntddk.h>
#include <ntstatus.h>
#include <bugcodes.h>
#include <ntstrsafe.h>
#include <windef.h>
#include <winerror.h>
#include <mmreg.h>
#include <ks.h>
#include <ksmedia.h>
#include <portcls.h>
#include <dmusicks.h>
