/* Safe strings: functions that know their buffer's size and end every string. STATUS_BUFFER_OVERFLOW says
   that something was cut off, STATUS_INVALID_PARAMETER that nothing was done. Drivers only. */
#ifndef _NTSTRSAFE_H_INCLUDED_
#define _NTSTRSAFE_H_INCLUDED_

#include <stdio.h>
#include <string.h>

#include <ntdef.h>
#include <ntstatus.h>

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(wchar_t))

/* The fill byte is the low byte of the flags. */
#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_FILL_BEHIND 0x00000200
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00000800
#define STRSAFE_VALID_FLAGS 0x00001FFF
#define STRSAFE_FILL_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_ON_FAILURE))

typedef char* NTSTRSAFE_PSTR;
typedef const char* NTSTRSAFE_PCSTR;
typedef wchar_t* NTSTRSAFE_PWSTR;
typedef const wchar_t* NTSTRSAFE_PCWSTR;

EXTERN_C_START

#define PORTICO_CHAR char
#define PORTICO_STR(Name) Name##A
#define PORTICO_VPRINT _vsnprintf
#include <ddi/strsafe_functions.h>
#undef PORTICO_CHAR
#undef PORTICO_STR
#undef PORTICO_VPRINT

#define PORTICO_CHAR wchar_t
#define PORTICO_STR(Name) Name##W
#define PORTICO_VPRINT _vsnwprintf
#include <ddi/strsafe_functions.h>
#undef PORTICO_CHAR
#undef PORTICO_STR
#undef PORTICO_VPRINT

/* Counted strings. They have no end of their own: Length counts what is there. */

static __inline NTSTATUS RtlUnicodeStringValidate(const UNICODE_STRING* SourceString) {
    if (SourceString == NULL || SourceString->Length % sizeof(wchar_t) != 0 ||
        SourceString->MaximumLength % sizeof(wchar_t) != 0 ||
        SourceString->Length > SourceString->MaximumLength) {
        return STATUS_INVALID_PARAMETER;
    }
    return SourceString->Buffer == NULL && SourceString->MaximumLength != 0 ? STATUS_INVALID_PARAMETER
                                                                            : STATUS_SUCCESS;
}
static __inline NTSTATUS RtlUnicodeStringValidateEx(const UNICODE_STRING* SourceString, ULONG dwFlags) {
    if (SourceString == NULL && (dwFlags & STRSAFE_IGNORE_NULLS)) return STATUS_SUCCESS;
    return RtlUnicodeStringValidate(SourceString);
}
static __inline NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc) {
    size_t Length = 0;
    NTSTATUS Status = STATUS_SUCCESS;
    if (DestinationString == NULL) return STATUS_INVALID_PARAMETER;
    if (pszSrc != NULL) Status = PorticoMeasureW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &Length);
    if (!NT_SUCCESS(Status)) pszSrc = NULL;
    DestinationString->Length = (USHORT)(Length * sizeof(wchar_t));
    DestinationString->MaximumLength =
        (USHORT)(pszSrc == NULL ? 0 : DestinationString->Length + sizeof(wchar_t));
    DestinationString->Buffer = (PWCH)pszSrc;
    return Status;
}
static __inline NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc,
                                                ULONG dwFlags) {
    if ((dwFlags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0) return STATUS_INVALID_PARAMETER;
    if (DestinationString == NULL && (dwFlags & STRSAFE_IGNORE_NULLS)) return STATUS_SUCCESS;
    return RtlUnicodeStringInit(DestinationString, pszSrc);
}

/* Puts `Count` characters at `Kept` characters into the string: what fits, or with STRSAFE_NO_TRUNCATION all
 * or nothing. */
static __inline NTSTATUS PorticoPutCounted(PUNICODE_STRING Dest, size_t Kept, const wchar_t* Source,
                                           size_t Count, PUNICODE_STRING Remaining, ULONG Flags) {
    size_t Size = Dest->MaximumLength / sizeof(wchar_t);
    size_t Fits = Count <= Size - Kept ? Count : Size - Kept;
    NTSTATUS Status = Fits < Count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    unsigned char* Bytes = (unsigned char*)Dest->Buffer;
    size_t Fill = Dest->MaximumLength;
    size_t i;
    if (Status == STATUS_BUFFER_OVERFLOW && (Flags & STRSAFE_NO_TRUNCATION)) Fits = 0;
    if (Fits != 0) memmove(Dest->Buffer + Kept, Source, Fits * sizeof(wchar_t));
    Dest->Length = (USHORT)((Kept + Fits) * sizeof(wchar_t));
    if (Status == STATUS_BUFFER_OVERFLOW && (Flags & STRSAFE_ZERO_LENGTH_ON_FAILURE)) Dest->Length = 0;
    if (NT_SUCCESS(Status) && (Flags & STRSAFE_FILL_BEHIND)) Fill = Dest->Length;
    if (Status == STATUS_BUFFER_OVERFLOW && (Flags & STRSAFE_FILL_ON_FAILURE)) {
        Fill = 0;
        Dest->Length = 0;
    }
    for (i = Fill; i < Dest->MaximumLength; ++i) Bytes[i] = (unsigned char)Flags;
    if (Remaining != NULL) {
        Remaining->Length = 0;
        Remaining->MaximumLength = (USHORT)(Dest->MaximumLength - Dest->Length);
        Remaining->Buffer = Dest->Buffer + Dest->Length / sizeof(wchar_t);
    }
    return Status;
}

/* `Append`: behind what is there. `Source` is a counted string; `Text`, when there is none, a string with an
 * end. */
static __inline NTSTATUS PorticoMoveCounted(PUNICODE_STRING Dest, int Append, const UNICODE_STRING* Source,
                                            const wchar_t* Text, size_t Most, PUNICODE_STRING Remaining,
                                            ULONG Flags) {
    NTSTATUS Status = RtlUnicodeStringValidate(Dest);
    size_t Count = 0;
    const wchar_t* From = Text;
    if (!NT_SUCCESS(Status) || (Flags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 ||
        Most > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Source != NULL) {
        Status = RtlUnicodeStringValidate(Source);
        if (!NT_SUCCESS(Status)) return Status;
        From = Source->Buffer;
        Count = Source->Length / sizeof(wchar_t);
        if (Count > Most) Count = Most;
    } else if (Text != NULL) {
        while (Count < Most && Text[Count] != 0) ++Count;
    } else if (!(Flags & STRSAFE_IGNORE_NULLS)) {
        return STATUS_INVALID_PARAMETER;
    }
    return PorticoPutCounted(Dest, Append ? Dest->Length / sizeof(wchar_t) : 0, From, Count, Remaining,
                             Flags);
}

/* The Ex functions tell "no buffer at all" from "too small". */
static __inline NTSTATUS PorticoOfEx(const UNICODE_STRING* Dest, NTSTATUS Status) {
    return Status == STATUS_BUFFER_OVERFLOW && Dest->Buffer == NULL ? STATUS_INVALID_PARAMETER : Status;
}

#define PORTICO_COUNTED_PAIR(_Copy, _Cch, _Cb, _Append)                                                     \
    static __inline NTSTATUS RtlUnicodeString##_Copy(PUNICODE_STRING DestinationString,                     \
                                                     const UNICODE_STRING* SourceString) {                  \
        return PorticoMoveCounted(DestinationString, _Append, SourceString, NULL,                           \
                                  NTSTRSAFE_UNICODE_STRING_MAX_CCH, NULL, 0);                               \
    }                                                                                                       \
    static __inline NTSTATUS RtlUnicodeString##_Copy##String(PUNICODE_STRING DestinationString,             \
                                                             NTSTRSAFE_PCWSTR pszSrc) {                     \
        return PorticoMoveCounted(DestinationString, _Append, NULL, pszSrc,                                 \
                                  NTSTRSAFE_UNICODE_STRING_MAX_CCH, NULL, 0);                               \
    }                                                                                                       \
    static __inline NTSTATUS RtlUnicodeString##_Copy##Ex(PUNICODE_STRING DestinationString,                 \
                                                         const UNICODE_STRING* SourceString,                \
                                                         PUNICODE_STRING RemainingString, ULONG dwFlags) {  \
        return PorticoOfEx(DestinationString,                                                               \
                           PorticoMoveCounted(DestinationString, _Append, SourceString, NULL,               \
                                              NTSTRSAFE_UNICODE_STRING_MAX_CCH, RemainingString, dwFlags)); \
    }                                                                                                       \
    static __inline NTSTATUS RtlUnicodeString##_Copy##StringEx(                                             \
        PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc, PUNICODE_STRING RemainingString,        \
        ULONG dwFlags) {                                                                                    \
        return PorticoOfEx(DestinationString,                                                               \
                           PorticoMoveCounted(DestinationString, _Append, NULL, pszSrc,                     \
                                              NTSTRSAFE_UNICODE_STRING_MAX_CCH, RemainingString, dwFlags)); \
    }                                                                                                       \
    static __inline NTSTATUS RtlUnicodeString##_Cch(PUNICODE_STRING DestinationString,                      \
                                                    const UNICODE_STRING* SourceString, size_t cchMost) {   \
        return PorticoMoveCounted(DestinationString, _Append, SourceString, NULL, cchMost, NULL, 0);        \
    }                                                                                                       \
    static __inline NTSTATUS RtlUnicodeString##_Cb(PUNICODE_STRING DestinationString,                       \
                                                   const UNICODE_STRING* SourceString, size_t cbMost) {     \
        return PorticoMoveCounted(DestinationString, _Append, SourceString, NULL, cbMost / sizeof(wchar_t), \
                                  NULL, 0);                                                                 \
    }
PORTICO_COUNTED_PAIR(Copy, CchCopyN, CbCopyN, 0)
PORTICO_COUNTED_PAIR(Cat, CchCatN, CbCatN, 1)

static __inline NTSTATUS RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString,
                                                        NTSTRSAFE_PCWSTR pszSrc, size_t cchToCopy) {
    return PorticoMoveCounted(DestinationString, 0, NULL, pszSrc, cchToCopy, NULL, 0);
}
static __inline NTSTATUS RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString,
                                                       NTSTRSAFE_PCWSTR pszSrc, size_t cbToCopy) {
    return PorticoMoveCounted(DestinationString, 0, NULL, pszSrc, cbToCopy / sizeof(wchar_t), NULL, 0);
}
static __inline NTSTATUS RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString,
                                                       NTSTRSAFE_PCWSTR pszSrc, size_t cchToAppend) {
    return PorticoMoveCounted(DestinationString, 1, NULL, pszSrc, cchToAppend, NULL, 0);
}
static __inline NTSTATUS RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString,
                                                      NTSTRSAFE_PCWSTR pszSrc, size_t cbToAppend) {
    return PorticoMoveCounted(DestinationString, 1, NULL, pszSrc, cbToAppend / sizeof(wchar_t), NULL, 0);
}

static __inline NTSTATUS PorticoPrintCounted(PUNICODE_STRING DestinationString,
                                             PUNICODE_STRING RemainingString, ULONG dwFlags,
                                             NTSTRSAFE_PCWSTR pszFormat, va_list argList) {
    NTSTATUS Status = RtlUnicodeStringValidate(DestinationString);
    size_t Size;
    int n;
    if (!NT_SUCCESS(Status) || (dwFlags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0) return STATUS_INVALID_PARAMETER;
    if (pszFormat == NULL) {
        if (!(dwFlags & STRSAFE_IGNORE_NULLS)) return STATUS_INVALID_PARAMETER;
        pszFormat = L"";
    }
    Size = DestinationString->MaximumLength / sizeof(wchar_t);
    n = Size == 0 ? _vscwprintf(pszFormat, argList)
                  : _vsnwprintf(DestinationString->Buffer, Size, pszFormat, argList);
    return PorticoPutCounted(DestinationString, 0, DestinationString->Buffer, n < 0 ? Size + 1 : (size_t)n,
                             RemainingString, dwFlags);
}
static __inline NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString,
                                                   PUNICODE_STRING RemainingString, ULONG dwFlags,
                                                   NTSTRSAFE_PCWSTR pszFormat, va_list argList) {
    return PorticoOfEx(DestinationString,
                       PorticoPrintCounted(DestinationString, RemainingString, dwFlags, pszFormat, argList));
}
static __inline NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString,
                                                 NTSTRSAFE_PCWSTR pszFormat, va_list argList) {
    return PorticoPrintCounted(DestinationString, NULL, 0, pszFormat, argList);
}
static __inline NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszFormat,
                                                ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
static __inline NTSTATUS RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString,
                                                  PUNICODE_STRING RemainingString, ULONG dwFlags,
                                                  NTSTRSAFE_PCWSTR pszFormat, ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = RtlUnicodeStringVPrintfEx(DestinationString, RemainingString, dwFlags, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}

/* A counted string as one with an end. */
static __inline NTSTATUS RtlStringCchCopyUnicodeString(NTSTRSAFE_PWSTR pszDest, size_t cchDest,
                                                       const UNICODE_STRING* SourceString) {
    size_t Count;
    size_t Fits;
    NTSTATUS Status = PorticoCheckW(pszDest, cchDest);
    if (!NT_SUCCESS(Status)) return Status;
    pszDest[0] = 0;
    Status = RtlUnicodeStringValidate(SourceString);
    if (!NT_SUCCESS(Status)) return Status;
    Count = SourceString->Length / sizeof(wchar_t);
    Fits = Count < cchDest ? Count : cchDest - 1;
    if (Fits != 0) memmove(pszDest, SourceString->Buffer, Fits * sizeof(wchar_t));
    pszDest[Fits] = 0;
    return Fits < Count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}
static __inline NTSTATUS RtlStringCbCopyUnicodeString(NTSTRSAFE_PWSTR pszDest, size_t cbDest,
                                                      const UNICODE_STRING* SourceString) {
    return RtlStringCchCopyUnicodeString(pszDest, cbDest / sizeof(wchar_t), SourceString);
}

EXTERN_C_END

#ifdef UNICODE
#define PORTICO_GENERIC(Name) Name##W
#else
#define PORTICO_GENERIC(Name) Name##A
#endif
#define RtlStringCchCopy PORTICO_GENERIC(RtlStringCchCopy)
#define RtlStringCbCopy PORTICO_GENERIC(RtlStringCbCopy)
#define RtlStringCchCopyN PORTICO_GENERIC(RtlStringCchCopyN)
#define RtlStringCbCopyN PORTICO_GENERIC(RtlStringCbCopyN)
#define RtlStringCchCat PORTICO_GENERIC(RtlStringCchCat)
#define RtlStringCbCat PORTICO_GENERIC(RtlStringCbCat)
#define RtlStringCchCatN PORTICO_GENERIC(RtlStringCchCatN)
#define RtlStringCbCatN PORTICO_GENERIC(RtlStringCbCatN)
#define RtlStringCchPrintf PORTICO_GENERIC(RtlStringCchPrintf)
#define RtlStringCbPrintf PORTICO_GENERIC(RtlStringCbPrintf)
#define RtlStringCchLength PORTICO_GENERIC(RtlStringCchLength)
#define RtlStringCbLength PORTICO_GENERIC(RtlStringCbLength)

#endif
