// __chkstk: the prologue of a function whose frame exceeds a page calls it with the frame's size in rax. It touches each
// page of the frame from the top down, so that an overflow hits the guard page and not what lies behind it. All registers
// but r10, r11 and the flags are kept; the caller moves rsp itself.
#ifndef PORTICO_SYS
        .section .note.GNU-stack, "", @progbits
#endif
        .text
        .weak   __chkstk
__chkstk:
        .cfi_startproc
        leaq    8(%rsp), %r10
        movq    %rax, %r11
1:      cmpq    $0x1000, %r11
        jb      2f
        subq    $0x1000, %r10
        testb   $0, (%r10)
        subq    $0x1000, %r11
        jmp     1b
2:      subq    %r11, %r10
        testb   $0, (%r10)
        ret
        .cfi_endproc
