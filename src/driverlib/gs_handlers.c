/* The language handlers of functions that Microsoft's compiler gives a stack cookie (/GS): when an exception
   passes, the cookie is checked before anything that lies in the frame is believed. __GSHandlerCheck_SEH is
   for functions that have __try, too. Windows has both in BufferOverflowK.lib, not in its kernel. A .sys
   only: an ELF image has no tables of handlers. */
#ifdef PORTICO_SYS
#include <wdm.h>

void __cdecl __security_check_cookie(ULONG_PTR Cookie);

/* Lies where the handler's data begins, with __try behind its scopes. */
typedef struct GS_DATA {
    ULONG Cookie; /* where it lies from the base, a multiple of 8; the lower bits: */
    LONG BaseOffset;
    LONG Alignment;
} GS_DATA;
#define GS_ASKED_IN_SEARCH 1
#define GS_ASKED_IN_UNWIND 2
#define GS_ALIGNED 4 /* BaseOffset and Alignment are there, and say where the base is */

/* UNWIND_INFO as far as its last byte of the header: the frame register, and its distance from the frame in
 * 16 bytes. */
typedef struct UNWIND_HEADER {
    UCHAR VersionAndFlags;
    UCHAR SizeOfProlog;
    UCHAR CountOfCodes;
    UCHAR FrameRegister : 4;
    UCHAR FrameOffset : 4;
} UNWIND_HEADER;

static void CheckCookie(ULONG_PTR Frame, const DISPATCHER_CONTEXT* Dispatcher, const GS_DATA* Data) {
    const UNWIND_HEADER* unwind =
        (const UNWIND_HEADER*)(Dispatcher->ImageBase + (Dispatcher->FunctionEntry->UnwindData & ~3u));
    ULONG_PTR base = Frame;
    ULONG_PTR mixed_with = Frame;
    if (Data->Cookie & GS_ALIGNED)
        base = (Frame + (LONG_PTR)Data->BaseOffset) & (ULONG_PTR) - (LONG_PTR)Data->Alignment;
    if (unwind->FrameRegister != 0) mixed_with += (ULONG_PTR)unwind->FrameOffset * 16;
    __security_check_cookie(*(ULONG_PTR*)(base + (LONG_PTR)(LONG)(Data->Cookie & ~7u)) ^ mixed_with);
}

__attribute__((weak)) EXCEPTION_DISPOSITION NTAPI __GSHandlerCheck(PEXCEPTION_RECORD Record, PVOID Frame,
                                                                   PCONTEXT Context,
                                                                   PDISPATCHER_CONTEXT Dispatcher) {
    (void)Record;
    (void)Context;
    CheckCookie((ULONG_PTR)Frame, Dispatcher, (const GS_DATA*)Dispatcher->HandlerData);
    return ExceptionContinueSearch;
}

__attribute__((weak)) EXCEPTION_DISPOSITION NTAPI __GSHandlerCheck_SEH(PEXCEPTION_RECORD Record, PVOID Frame,
                                                                       PCONTEXT Context,
                                                                       PDISPATCHER_CONTEXT Dispatcher) {
    const SCOPE_TABLE* scopes = (const SCOPE_TABLE*)Dispatcher->HandlerData;
    const GS_DATA* data = (const GS_DATA*)&scopes->ScopeRecord[scopes->Count];
    const ULONG asked =
        (Record->ExceptionFlags & EXCEPTION_UNWIND) != 0 ? GS_ASKED_IN_UNWIND : GS_ASKED_IN_SEARCH;
    CheckCookie((ULONG_PTR)Frame, Dispatcher, data);
    if ((data->Cookie & asked) == 0) return ExceptionContinueSearch;
    return __C_specific_handler(Record, Frame, Context, Dispatcher);
}
#else
typedef int nothing;
#endif
