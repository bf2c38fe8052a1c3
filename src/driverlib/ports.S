// Ports, the processor's registers and those of devices in memory as instructions, which is what Microsoft's compiler and
// wdm.h make of these names: a .sys holds them, and the machine takes the trap. In an ELF image the same names are calls.
#ifdef PORTICO_SYS
        .macro  function name:vararg
        .text
        .globl  \name
        .p2align 4
        .seh_proc \name
\name:
        .seh_endprologue
        .endm

        .macro  in_port name, instruction, register
        function \name
        movl    %ecx, %edx
        \instruction %dx, \register
        ret
        .seh_endproc
        .endm

        .macro  out_port name, instruction, value, register
        function \name
        movl    \value, %eax
        movl    %ecx, %edx
        \instruction \register, %dx
        ret
        .seh_endproc
        .endm

        .macro  in_ports name, instruction
        .globl  \name
        .p2align 4
        .seh_proc \name
\name:  pushq   %rdi
        .seh_pushreg %rdi
        .seh_endprologue
        movq    %rdx, %rdi
        movl    %ecx, %edx
        movl    %r8d, %ecx
        rep     \instruction
        popq    %rdi
        ret
        .seh_endproc
        .endm

        .macro  out_ports name, instruction
        .globl  \name
        .p2align 4
        .seh_proc \name
\name:  pushq   %rsi
        .seh_pushreg %rsi
        .seh_endprologue
        movq    %rdx, %rsi
        movl    %ecx, %edx
        movl    %r8d, %ecx
        rep     \instruction
        popq    %rsi
        ret
        .seh_endproc
        .endm

        .macro  read_register name, instruction, register
        function \name
        \instruction (%rcx), \register
        ret
        .seh_endproc
        .endm

        .macro  write_register name, instruction, value
        function \name
        \instruction \value, (%rcx)
        lock orl $0, (%rsp)
        ret
        .seh_endproc
        .endm

        .text
        in_port __inbyte, inb, %al
        in_port __inword, inw, %ax
        in_port __indword, inl, %eax
        in_port READ_PORT_UCHAR, inb, %al
        in_port READ_PORT_USHORT, inw, %ax
        in_port READ_PORT_ULONG, inl, %eax
        out_port __outbyte, outb, %edx, %al
        out_port __outword, outw, %edx, %ax
        out_port __outdword, outl, %edx, %eax
        out_port WRITE_PORT_UCHAR, outb, %edx, %al
        out_port WRITE_PORT_USHORT, outw, %edx, %ax
        out_port WRITE_PORT_ULONG, outl, %edx, %eax
        in_ports __inbytestring, insb
        in_ports __inwordstring, insw
        in_ports __indwordstring, insl
        in_ports READ_PORT_BUFFER_UCHAR, insb
        in_ports READ_PORT_BUFFER_USHORT, insw
        in_ports READ_PORT_BUFFER_ULONG, insl
        out_ports __outbytestring, outsb
        out_ports __outwordstring, outsw
        out_ports __outdwordstring, outsl
        out_ports WRITE_PORT_BUFFER_UCHAR, outsb
        out_ports WRITE_PORT_BUFFER_USHORT, outsw
        out_ports WRITE_PORT_BUFFER_ULONG, outsl
        read_register READ_REGISTER_UCHAR, movzbl, %eax
        read_register READ_REGISTER_USHORT, movzwl, %eax
        read_register READ_REGISTER_ULONG, movl, %eax
        read_register READ_REGISTER_ULONG64, movq, %rax
        write_register WRITE_REGISTER_UCHAR, movb, %dl
        write_register WRITE_REGISTER_USHORT, movw, %dx
        write_register WRITE_REGISTER_ULONG, movl, %edx
        write_register WRITE_REGISTER_ULONG64, movq, %rdx
#else
        .section .note.GNU-stack, "", @progbits
#endif
