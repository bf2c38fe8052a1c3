/* Functions as Microsoft's compiler makes them with /GS: a stack cookie, and a handler that checks it when an
 * exception passes. clang gives its functions no such handlers, so these are written by hand. */
#include "gs_checks.h"

#ifdef PORTICO_SYS

/* int (void (*Body)(void), int Overrun): calls the body; 1: an exception was handled here. */
int WithTry(void (*Body)(void), int Overrun);
int WithTryAndFrame(void (*Body)(void), int Overrun);
int Passed(void (*Body)(void), int Overrun);

__asm__(
    "        .text\n"
    "        .seh_proc WithTry\n"
    "WithTry:\n"
    "        subq    $88, %rsp\n"
    "        .seh_stackalloc 88\n"
    "        .seh_endprologue\n"
    "        movq    __security_cookie(%rip), %rax\n"
    "        xorq    %rsp, %rax\n"
    "        movq    %rax, 64(%rsp)\n"
    "        testl   %edx, %edx\n"
    "        jz      1f\n"
    "        movb    $0x41, 65(%rsp)\n"
    "1:\n"
    "try_begin:\n"
    "        callq   *%rcx\n"
    "        nop\n"
    "try_end:\n"
    "        xorl    %eax, %eax\n"
    "2:      addq    $88, %rsp\n"
    "        ret\n"
    "try_handler:\n"
    "        movl    $1, %eax\n"
    "        jmp     2b\n"
    "        .seh_handler __GSHandlerCheck_SEH, @unwind, @except\n"
    "        .seh_handlerdata\n"
    "        .long   1\n"
    "        .long   try_begin@IMGREL, try_end@IMGREL, 1, try_handler@IMGREL\n"
    "        .long   64 + 3\n"
    "        .text\n"
    "        .seh_endproc\n"
    /* With a frame register, and the cookie in a part of the frame that is aligned to 32. */
    "        .seh_proc WithTryAndFrame\n"
    "WithTryAndFrame:\n"
    "        pushq   %rbp\n"
    "        .seh_pushreg %rbp\n"
    "        subq    $160, %rsp\n"
    "        .seh_stackalloc 160\n"
    "        leaq    48(%rsp), %rbp\n"
    "        .seh_setframe %rbp, 48\n"
    "        .seh_endprologue\n"
    "        leaq    127(%rsp), %r8\n"
    "        andq    $-32, %r8\n"
    "        movq    __security_cookie(%rip), %rax\n"
    "        xorq    %rbp, %rax\n"
    "        movq    %rax, -8(%r8)\n"
    "        testl   %edx, %edx\n"
    "        jz      3f\n"
    "        movb    $0x41, -7(%r8)\n"
    "3:\n"
    "frame_begin:\n"
    "        callq   *%rcx\n"
    "        nop\n"
    "frame_end:\n"
    "        xorl    %eax, %eax\n"
    "4:      leaq    112(%rbp), %rsp\n"
    "        popq    %rbp\n"
    "        ret\n"
    "frame_handler:\n"
    "        movl    $1, %eax\n"
    "        jmp     4b\n"
    "        .seh_handler __GSHandlerCheck_SEH, @unwind, @except\n"
    "        .seh_handlerdata\n"
    "        .long   1\n"
    "        .long   frame_begin@IMGREL, frame_end@IMGREL, 1, frame_handler@IMGREL\n"
    "        .long   -8 + 7, 127, 32\n"
    "        .text\n"
    "        .seh_endproc\n"
    "        .seh_proc Passed\n"
    "Passed:\n"
    "        subq    $72, %rsp\n"
    "        .seh_stackalloc 72\n"
    "        .seh_endprologue\n"
    "        movq    __security_cookie(%rip), %rax\n"
    "        xorq    %rsp, %rax\n"
    "        movq    %rax, 48(%rsp)\n"
    "        testl   %edx, %edx\n"
    "        jz      5f\n"
    "        movb    $0x41, 49(%rsp)\n"
    "5:      callq   *%rcx\n"
    "        nop\n"
    "        movl    $2, %eax\n"
    "        addq    $72, %rsp\n"
    "        ret\n"
    "        .seh_handler __GSHandlerCheck, @unwind, @except\n"
    "        .seh_handlerdata\n"
    "        .long   48 + 3\n"
    "        .text\n"
    "        .seh_endproc\n");

static void Raise(void) {
    ExRaiseStatus(STATUS_UNSUCCESSFUL);
}

static void Nothing(void) {}

static int through;
static int overrun;

static void PassOn(void) {
    through = Passed(Raise, overrun);
}

static void Run(const GsTest* test) {
    const RtlChecks* checks = &test->checks;
    overrun = test->overrun;
    switch (test->part) {
        case 0:
            CHECK(WithTry(Nothing, overrun) == 0);
            CHECK(WithTry(Raise, overrun) == 1);
            break;
        case 1:
            CHECK(WithTryAndFrame(Nothing, overrun) == 0);
            CHECK(WithTryAndFrame(Raise, overrun) == 1);
            break;
        default:
            CHECK(WithTry(PassOn, 0) == 1 && through == 0);
            break;
    }
}

#else

static void Run(const GsTest* test) {
    (void)test;
}

#endif

NTSTATUS NTAPI DriverEntry(GsTest* Test, PVOID Unused) {
    (void)Unused;
    Run(Test);
    return STATUS_SUCCESS;
}
