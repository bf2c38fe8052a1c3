/* Structured exceptions: what a filter returns, and what code in and behind a filter asks. The driver build
 * writes the words PORTICO_SEH_... in place of __try, __except and __finally (src/build/seh_rewrite). In a
 * .sys they are the compiler's keywords, and it makes tables of them; in a .so they are frames on the stack
 * (src/nt/seh/README.md), and the questions are put to the frame at hand. */
#ifndef _INC_EXCPT
#define _INC_EXCPT

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#ifndef PORTICO_SYS

#define PORTICO_SEH_KIND_EXCEPT 1
#define PORTICO_SEH_KIND_FINALLY 2
#define PORTICO_SEH_PHASE_FILTER 1 /* a frame goes on at Resume: its filter is asked */

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
/* Any IRQL. Enter and Leave stand around a body; Filtered and Unwound end a filter and a __finally block, and
 * do not return. Leave is called whichever way the body's scope is left. */
void __cdecl PorticoSehEnter(struct PORTICO_SEH_FRAME* Frame);
void __cdecl PorticoSehLeave(struct PORTICO_SEH_FRAME* Frame);
void __cdecl PorticoSehFiltered(struct PORTICO_SEH_FRAME* Frame, long Value);
void __cdecl PorticoSehUnwound(struct PORTICO_SEH_FRAME* Frame);
#ifdef __cplusplus
}
#endif

/* __try {B} __except (F) {H}   is  TRY_EXCEPT {B} EXCEPT (F) HANDLER { HANDLER_BEGIN H } END
 * __try {B} __finally {T}      is  TRY_FINALLY {B} FINALLY { FINALLY_BEGIN T FINALLY_END } END
 * Leaving the frame's scope, whichever way, calls PorticoSehLeave: return, goto, break and continue stay as
 * they are. setjmp comes back a second time with the function's frame pointer and a stack pointer far below.
 * A function can bear that whose variables are all in memory and whose stack moves: it is not optimised
 * (FUNCTION, FUNCTION_END), and has an alloca that is never reached. */
#define PORTICO_SEH_FUNCTION _Pragma("clang optimize off")
#define PORTICO_SEH_FUNCTION_END _Pragma("clang optimize on")
#define PORTICO_SEH_TRY_(What)                                                         \
    {                                                                                  \
        struct PORTICO_SEH_FRAME PorticoSeh __attribute__((cleanup(PorticoSehLeave))); \
        PorticoSeh.Kind = What;                                                        \
        PorticoSehEnter(&PorticoSeh);                                                  \
        if (PorticoSeh.Phase == 77) (void)__builtin_alloca(PorticoSeh.Phase);          \
        if (!__builtin_setjmp(PorticoSeh.Resume)) {                                    \
            __label__ PorticoSehEnd;
#define PORTICO_SEH_TRY_EXCEPT PORTICO_SEH_TRY_(PORTICO_SEH_KIND_EXCEPT)
#define PORTICO_SEH_TRY_FINALLY PORTICO_SEH_TRY_(PORTICO_SEH_KIND_FINALLY)
#define PORTICO_SEH_BODY_END_ \
    PorticoSehEnd:            \
    __attribute__((unused));  \
    PorticoSeh.Abnormal = 0;  \
    }                         \
    else
#define PORTICO_SEH_EXCEPT                                                                         \
    PORTICO_SEH_BODY_END_ if (PorticoSeh.Phase == PORTICO_SEH_PHASE_FILTER) {                      \
        struct PORTICO_SEH_FRAME* const PorticoSehException __attribute__((unused)) = &PorticoSeh; \
        PorticoSehFiltered(&PorticoSeh,
#define PORTICO_SEH_HANDLER \
    );                      \
    }                       \
    else
#define PORTICO_SEH_HANDLER_BEGIN \
    struct PORTICO_SEH_FRAME* const PorticoSehException __attribute__((unused)) = &PorticoSeh;
#define PORTICO_SEH_FINALLY PORTICO_SEH_BODY_END_
#define PORTICO_SEH_FINALLY_BEGIN \
    struct PORTICO_SEH_FRAME* const PorticoSehTermination __attribute__((unused)) = &PorticoSeh;
#define PORTICO_SEH_FINALLY_END PorticoSehUnwound(&PorticoSeh);
#define PORTICO_SEH_END }

/* PorticoSehException and PorticoSehTermination name the frame of the filter, handler or __finally block
 * around. */
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

#ifdef PORTICO_SYS
/* clang's optimiser does not know that a __finally block runs before the handler, and keeps a variable's
 * value from before it. */
#define PORTICO_SEH_FUNCTION _Pragma("clang optimize off")
#define PORTICO_SEH_FUNCTION_END _Pragma("clang optimize on")
#define PORTICO_SEH_TRY_EXCEPT __try
#define PORTICO_SEH_TRY_FINALLY __try
#define PORTICO_SEH_EXCEPT __except
#define PORTICO_SEH_HANDLER
#define PORTICO_SEH_HANDLER_BEGIN
#define PORTICO_SEH_FINALLY __finally
#define PORTICO_SEH_FINALLY_BEGIN
#define PORTICO_SEH_FINALLY_END
#define PORTICO_SEH_END
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
