/* RtlStringCch... and RtlStringCb... for one kind of character: ntstrsafe.h includes this file once for each,
   with PORTICO_CHAR, PORTICO_STR(Name) and PORTICO_VPRINT defined. Sizes are in characters unless a name says
   Cb. */

/* The length of a string that ends before `Max` characters. */
static __inline NTSTATUS PORTICO_STR(PorticoMeasure)(const PORTICO_CHAR* Text, size_t Max, size_t* Length) {
    size_t n = 0;
    while (n < Max && Text[n] != 0) ++n;
    *Length = n < Max ? n : 0;
    return n < Max ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* At most `Count` characters of `Source`, ended; `Size` is not 0. */
static __inline NTSTATUS PORTICO_STR(PorticoPut)(PORTICO_CHAR* Dest, size_t Size, const PORTICO_CHAR* Source,
                                                 size_t Count, size_t* Written) {
    size_t n = 0;
    while (n < Size - 1 && n < Count && Source[n] != 0) {
        Dest[n] = Source[n];
        ++n;
    }
    Dest[n] = 0;
    *Written = n;
    return n < Count && Source[n] != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static __inline NTSTATUS PORTICO_STR(PorticoPrint)(PORTICO_CHAR* Dest, size_t Size, size_t* Written,
                                                   const PORTICO_CHAR* Format, va_list Arguments) {
    int n = PORTICO_VPRINT(Dest, Size - 1, Format, Arguments);
    NTSTATUS Status = n < 0 || (size_t)n > Size - 1 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    *Written = NT_SUCCESS(Status) ? (size_t)n : Size - 1;
    Dest[*Written] = 0;
    return Status;
}

static __inline NTSTATUS PORTICO_STR(PorticoCheck)(PORTICO_CHAR* Dest, size_t Size) {
    if (Size == 0) return STATUS_INVALID_PARAMETER;
    if (Size <= NTSTRSAFE_MAX_CCH) return STATUS_SUCCESS;
    Dest[0] = 0;
    return STATUS_INVALID_PARAMETER;
}

/* What the Ex functions' flags ask for at the end; `Kept` characters of `Dest` were there before. */
static __inline NTSTATUS PORTICO_STR(PorticoFinish)(NTSTATUS Status, PORTICO_CHAR* Dest, size_t Size,
                                                    size_t Kept, size_t Written, PORTICO_CHAR** End,
                                                    size_t* Remaining, ULONG Flags) {
    size_t n = Kept + Written;
    unsigned char* Bytes = (unsigned char*)Dest;
    size_t i;
    if (NT_SUCCESS(Status)) {
        if (Flags & STRSAFE_FILL_BEHIND_NULL) {
            for (i = (n + 1) * sizeof(PORTICO_CHAR); i < Size * sizeof(PORTICO_CHAR); ++i)
                Bytes[i] = (unsigned char)Flags;
        }
    } else if (Size != 0) {
        if (Flags & STRSAFE_NO_TRUNCATION) {
            n = Kept;
            Dest[n] = 0;
        }
        if (Flags & STRSAFE_FILL_ON_FAILURE) {
            for (i = 0; i < Size * sizeof(PORTICO_CHAR); ++i) Bytes[i] = (unsigned char)Flags;
            n = (Flags & 0xff) == 0 ? 0 : Size - 1;
            Dest[n] = 0;
        }
        if (Flags & STRSAFE_NULL_ON_FAILURE) {
            n = 0;
            Dest[0] = 0;
        }
    }
    if (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW) {
        if (End != NULL) *End = Dest + n;
        if (Remaining != NULL) *Remaining = Size - n;
    }
    return Status;
}

/* STATUS_SUCCESS: go on. `*Source` becomes an empty string for a null pointer where the flags allow that. */
static __inline NTSTATUS PORTICO_STR(PorticoCheckEx)(PORTICO_CHAR* Dest, size_t Size,
                                                     const PORTICO_CHAR** Source, ULONG Flags) {
    static const PORTICO_CHAR Empty[1] = {0};
    if ((Flags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 || Size > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    if (*Source == NULL && (Flags & STRSAFE_IGNORE_NULLS)) *Source = Empty;
    if (Dest == NULL && (Size != 0 || !(Flags & STRSAFE_IGNORE_NULLS))) return STATUS_INVALID_PARAMETER;
    if (Size != 0 || **Source == 0) return STATUS_SUCCESS;
    return Dest == NULL ? STATUS_INVALID_PARAMETER : STATUS_BUFFER_OVERFLOW;
}

/* Length */
static __inline NTSTATUS PORTICO_STR(RtlStringCchLength)(const PORTICO_CHAR* psz, size_t cchMax,
                                                         size_t* pcchLength) {
    size_t Length = 0;
    NTSTATUS Status = psz == NULL || cchMax > NTSTRSAFE_MAX_CCH
                          ? STATUS_INVALID_PARAMETER
                          : PORTICO_STR(PorticoMeasure)(psz, cchMax, &Length);
    if (pcchLength != NULL) *pcchLength = Length;
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbLength)(const PORTICO_CHAR* psz, size_t cbMax,
                                                        size_t* pcbLength) {
    size_t Length = 0;
    NTSTATUS Status = PORTICO_STR(RtlStringCchLength)(psz, cbMax / sizeof(PORTICO_CHAR), &Length);
    if (pcbLength != NULL) *pcbLength = Length * sizeof(PORTICO_CHAR);
    return Status;
}

/* Copy */
static __inline NTSTATUS PORTICO_STR(RtlStringCchCopyN)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                        const PORTICO_CHAR* pszSrc, size_t cchToCopy) {
    size_t Written;
    NTSTATUS Status = PORTICO_STR(PorticoCheck)(pszDest, cchDest);
    if (!NT_SUCCESS(Status)) return Status;
    if (cchToCopy > NTSTRSAFE_MAX_LENGTH) {
        pszDest[0] = 0;
        return STATUS_INVALID_PARAMETER;
    }
    return PORTICO_STR(PorticoPut)(pszDest, cchDest, pszSrc, cchToCopy, &Written);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCopy)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                       const PORTICO_CHAR* pszSrc) {
    return PORTICO_STR(RtlStringCchCopyN)(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCopy)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                      const PORTICO_CHAR* pszSrc) {
    return PORTICO_STR(RtlStringCchCopy)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCopyN)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                       const PORTICO_CHAR* pszSrc, size_t cbToCopy) {
    return PORTICO_STR(RtlStringCchCopyN)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc,
                                          cbToCopy / sizeof(PORTICO_CHAR));
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCopyNEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                          const PORTICO_CHAR* pszSrc, size_t cchToCopy,
                                                          PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                          ULONG dwFlags) {
    size_t Written = 0;
    NTSTATUS Status = PORTICO_STR(PorticoCheckEx)(pszDest, cchDest, &pszSrc, dwFlags);
    if (Status == STATUS_INVALID_PARAMETER || cchToCopy > NTSTRSAFE_MAX_LENGTH)
        return STATUS_INVALID_PARAMETER;
    if (cchDest != 0) Status = PORTICO_STR(PorticoPut)(pszDest, cchDest, pszSrc, cchToCopy, &Written);
    return PORTICO_STR(PorticoFinish)(Status, pszDest, cchDest, 0, Written, ppszDestEnd, pcchRemaining,
                                      dwFlags);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCopyEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                         const PORTICO_CHAR* pszSrc,
                                                         PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                         ULONG dwFlags) {
    return PORTICO_STR(RtlStringCchCopyNEx)(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd,
                                            pcchRemaining, dwFlags);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCopyNEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                         const PORTICO_CHAR* pszSrc, size_t cbToCopy,
                                                         PORTICO_CHAR** ppszDestEnd, size_t* pcbRemaining,
                                                         ULONG dwFlags) {
    size_t Remaining = 0;
    NTSTATUS Status =
        PORTICO_STR(RtlStringCchCopyNEx)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc,
                                         cbToCopy / sizeof(PORTICO_CHAR), ppszDestEnd, &Remaining, dwFlags);
    if (pcbRemaining != NULL && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = Remaining * sizeof(PORTICO_CHAR) + cbDest % sizeof(PORTICO_CHAR);
    }
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCopyEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                        const PORTICO_CHAR* pszSrc,
                                                        PORTICO_CHAR** ppszDestEnd, size_t* pcbRemaining,
                                                        ULONG dwFlags) {
    return PORTICO_STR(RtlStringCbCopyNEx)(pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd,
                                           pcbRemaining, dwFlags);
}

/* Append */
static __inline NTSTATUS PORTICO_STR(RtlStringCchCatN)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                       const PORTICO_CHAR* pszSrc, size_t cchToAppend) {
    size_t Length;
    size_t Written;
    NTSTATUS Status = PORTICO_STR(RtlStringCchLength)(pszDest, cchDest, &Length);
    if (!NT_SUCCESS(Status) || cchToAppend > NTSTRSAFE_MAX_LENGTH) return STATUS_INVALID_PARAMETER;
    return PORTICO_STR(PorticoPut)(pszDest + Length, cchDest - Length, pszSrc, cchToAppend, &Written);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCat)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                      const PORTICO_CHAR* pszSrc) {
    return PORTICO_STR(RtlStringCchCatN)(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCat)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                     const PORTICO_CHAR* pszSrc) {
    return PORTICO_STR(RtlStringCchCat)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCatN)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                      const PORTICO_CHAR* pszSrc, size_t cbToAppend) {
    return PORTICO_STR(RtlStringCchCatN)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc,
                                         cbToAppend / sizeof(PORTICO_CHAR));
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCatNEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                         const PORTICO_CHAR* pszSrc, size_t cchToAppend,
                                                         PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                         ULONG dwFlags) {
    size_t Length = 0;
    size_t Written = 0;
    NTSTATUS Status = PORTICO_STR(PorticoCheckEx)(pszDest, cchDest, &pszSrc, dwFlags);
    if (Status == STATUS_INVALID_PARAMETER || cchToAppend > NTSTRSAFE_MAX_LENGTH)
        return STATUS_INVALID_PARAMETER;
    if (cchDest != 0) {
        Status = PORTICO_STR(PorticoMeasure)(pszDest, cchDest, &Length);
        if (!NT_SUCCESS(Status)) return Status;
        Status = PORTICO_STR(PorticoPut)(pszDest + Length, cchDest - Length, pszSrc, cchToAppend, &Written);
    }
    return PORTICO_STR(PorticoFinish)(Status, pszDest, cchDest, Length, Written, ppszDestEnd, pcchRemaining,
                                      dwFlags);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchCatEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                        const PORTICO_CHAR* pszSrc,
                                                        PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                        ULONG dwFlags) {
    return PORTICO_STR(RtlStringCchCatNEx)(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd,
                                           pcchRemaining, dwFlags);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCatNEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                        const PORTICO_CHAR* pszSrc, size_t cbToAppend,
                                                        PORTICO_CHAR** ppszDestEnd, size_t* pcbRemaining,
                                                        ULONG dwFlags) {
    size_t Remaining = 0;
    NTSTATUS Status =
        PORTICO_STR(RtlStringCchCatNEx)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszSrc,
                                        cbToAppend / sizeof(PORTICO_CHAR), ppszDestEnd, &Remaining, dwFlags);
    if (pcbRemaining != NULL && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = Remaining * sizeof(PORTICO_CHAR) + cbDest % sizeof(PORTICO_CHAR);
    }
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbCatEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                       const PORTICO_CHAR* pszSrc, PORTICO_CHAR** ppszDestEnd,
                                                       size_t* pcbRemaining, ULONG dwFlags) {
    return PORTICO_STR(RtlStringCbCatNEx)(pszDest, cbDest, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd,
                                          pcbRemaining, dwFlags);
}

/* Print */
static __inline NTSTATUS PORTICO_STR(RtlStringCchVPrintf)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                          const PORTICO_CHAR* pszFormat, va_list argList) {
    size_t Written;
    NTSTATUS Status = PORTICO_STR(PorticoCheck)(pszDest, cchDest);
    return NT_SUCCESS(Status) ? PORTICO_STR(PorticoPrint)(pszDest, cchDest, &Written, pszFormat, argList)
                              : Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbVPrintf)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                         const PORTICO_CHAR* pszFormat, va_list argList) {
    return PORTICO_STR(RtlStringCchVPrintf)(pszDest, cbDest / sizeof(PORTICO_CHAR), pszFormat, argList);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchPrintf)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                         const PORTICO_CHAR* pszFormat, ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = PORTICO_STR(RtlStringCchVPrintf)(pszDest, cchDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbPrintf)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                        const PORTICO_CHAR* pszFormat, ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = PORTICO_STR(RtlStringCbVPrintf)(pszDest, cbDest, pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchVPrintfEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                            PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                            ULONG dwFlags, const PORTICO_CHAR* pszFormat,
                                                            va_list argList) {
    size_t Written = 0;
    NTSTATUS Status = PORTICO_STR(PorticoCheckEx)(pszDest, cchDest, &pszFormat, dwFlags);
    if (Status == STATUS_INVALID_PARAMETER) return Status;
    if (cchDest != 0) Status = PORTICO_STR(PorticoPrint)(pszDest, cchDest, &Written, pszFormat, argList);
    return PORTICO_STR(PorticoFinish)(Status, pszDest, cchDest, 0, Written, ppszDestEnd, pcchRemaining,
                                      dwFlags);
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbVPrintfEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                           PORTICO_CHAR** ppszDestEnd, size_t* pcbRemaining,
                                                           ULONG dwFlags, const PORTICO_CHAR* pszFormat,
                                                           va_list argList) {
    size_t Remaining = 0;
    NTSTATUS Status = PORTICO_STR(RtlStringCchVPrintfEx)(pszDest, cbDest / sizeof(PORTICO_CHAR), ppszDestEnd,
                                                         &Remaining, dwFlags, pszFormat, argList);
    if (pcbRemaining != NULL && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_OVERFLOW)) {
        *pcbRemaining = Remaining * sizeof(PORTICO_CHAR) + cbDest % sizeof(PORTICO_CHAR);
    }
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCchPrintfEx)(PORTICO_CHAR* pszDest, size_t cchDest,
                                                           PORTICO_CHAR** ppszDestEnd, size_t* pcchRemaining,
                                                           ULONG dwFlags, const PORTICO_CHAR* pszFormat,
                                                           ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = PORTICO_STR(RtlStringCchVPrintfEx)(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags,
                                                pszFormat, Arguments);
    va_end(Arguments);
    return Status;
}
static __inline NTSTATUS PORTICO_STR(RtlStringCbPrintfEx)(PORTICO_CHAR* pszDest, size_t cbDest,
                                                          PORTICO_CHAR** ppszDestEnd, size_t* pcbRemaining,
                                                          ULONG dwFlags, const PORTICO_CHAR* pszFormat, ...) {
    NTSTATUS Status;
    va_list Arguments;
    va_start(Arguments, pszFormat);
    Status = PORTICO_STR(RtlStringCbVPrintfEx)(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags, pszFormat,
                                               Arguments);
    va_end(Arguments);
    return Status;
}
