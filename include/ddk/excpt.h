/* Structured exceptions: what a filter returns, and what code in and behind a filter asks. In a .sys the compiler
 * makes tables of __try, __except, __finally and __leave. In a .so the driver build writes them as frames on the
 * stack (src/nt/seh/README.md), and the questions are put to the frame at hand. */
#ifndef _INC_EXCPT
#define _INC_EXCPT

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#ifndef PORTICO_SYS

#define PORTICO_SEH_EXCEPT 1  /* a frame's Kind: __except */
#define PORTICO_SEH_FINALLY 2 /* __finally */
#define PORTICO_SEH_FILTER 1  /* a frame's Phase when it goes on at Resume: the filter is asked */

/* One __try that is being executed, in the stack frame of its function. */
struct PORTICO_SEH_FRAME {
    struct PORTICO_SEH_FRAME* Outer;
    void* Resume[5]; /* of __builtin_setjmp: frame pointer, address, stack pointer */
    struct _EXCEPTION_POINTERS* Information;
    unsigned int Code;
    int Kind;
    int Phase;
    int Abnormal; /* the body has not been left through its end or by __leave */
};

#endif

#if !defined(PORTICO_HOST) && !defined(PORTICO_SYS)

#ifdef __cplusplus
extern "C" {
#endif
/* Any IRQL. Enter and Leave stand around a body; Filtered and Unwound end a filter and a __finally block, and do
 * not return. Leave is called whichever way the body's scope is left. */
void __cdecl PorticoSehEnter(struct PORTICO_SEH_FRAME* Frame);
void __cdecl PorticoSehLeave(struct PORTICO_SEH_FRAME* Frame);
void __cdecl PorticoSehFiltered(struct PORTICO_SEH_FRAME* Frame, long Value);
void __cdecl PorticoSehUnwound(struct PORTICO_SEH_FRAME* Frame);
#ifdef __cplusplus
}
#endif

/* PorticoSehException and PorticoSehTermination name the frame of the filter, handler or __finally block around. */
#define _exception_code() ((unsigned long)PorticoSehException->Code)
#define _exception_info() ((void*)PorticoSehException->Information)
#define _abnormal_termination() (PorticoSehTermination->Abnormal)
#define __leave goto PorticoSehEnd
#define _leave __leave
/* What the driver build did not see: it is in the expansion of a macro. clang would drop the handler. */
#ifndef __try
#define __try _Static_assert(0, "__try in a macro of another file: write it out where the macro is used");
#define _try __try
#endif

#endif

#ifndef PORTICO_HOST
#define GetExceptionCode _exception_code
#define exception_code _exception_code
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS*)_exception_info())
#define exception_info() ((struct _EXCEPTION_POINTERS*)_exception_info())
#define AbnormalTermination _abnormal_termination
#define abnormal_termination _abnormal_termination
#endif

#endif
