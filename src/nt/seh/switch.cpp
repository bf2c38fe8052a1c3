#include "nt/seh/switch.h"

#include <cstddef>

#define AT(FIELD, BASE) "%c[" #FIELD "](%%" #BASE ")"
#define OFFSETS                                                                                              \
    [flags] "i"(offsetof(CONTEXT, ContextFlags)), [mxcsr] "i"(offsetof(CONTEXT, MxCsr)),                     \
        [cs] "i"(offsetof(CONTEXT, SegCs)), [ss] "i"(offsetof(CONTEXT, SegSs)),                              \
        [eflags] "i"(offsetof(CONTEXT, EFlags)), [rax] "i"(offsetof(CONTEXT, Rax)),                          \
        [rcx] "i"(offsetof(CONTEXT, Rcx)), [rdx] "i"(offsetof(CONTEXT, Rdx)),                                \
        [rbx] "i"(offsetof(CONTEXT, Rbx)), [rsp] "i"(offsetof(CONTEXT, Rsp)),                                \
        [rbp] "i"(offsetof(CONTEXT, Rbp)), [rsi] "i"(offsetof(CONTEXT, Rsi)),                                \
        [rdi] "i"(offsetof(CONTEXT, Rdi)), [r8] "i"(offsetof(CONTEXT, R8)), [r9] "i"(offsetof(CONTEXT, R9)), \
        [r10] "i"(offsetof(CONTEXT, R10)), [r11] "i"(offsetof(CONTEXT, R11)),                                \
        [r12] "i"(offsetof(CONTEXT, R12)), [r13] "i"(offsetof(CONTEXT, R13)),                                \
        [r14] "i"(offsetof(CONTEXT, R14)), [r15] "i"(offsetof(CONTEXT, R15)),                                \
        [rip] "i"(offsetof(CONTEXT, Rip)), [fpu] "i"(offsetof(CONTEXT, FltSave)), [full] "i"(CONTEXT_FULL)

namespace portico::nt::seh {

static_assert(sizeof(CONTEXT) == 1232 && offsetof(CONTEXT, FltSave) == 0x100);

__attribute__((naked)) void capture(CONTEXT*) {
    asm volatile(
        "fxsave " AT(fpu, rdi) "\n movl $%c[full], " AT(flags, rdi) "\n stmxcsr " AT(mxcsr, rdi) "\n"
        "mov %%rax, " AT(rax, rdi) "\n mov %%rcx, " AT(rcx, rdi) "\n mov %%rdx, " AT(rdx, rdi) "\n"
        "mov %%rbx, " AT(rbx, rdi) "\n mov %%rbp, " AT(rbp, rdi) "\n mov %%rsi, " AT(rsi, rdi) "\n"
        "mov %%rdi, " AT(rdi, rdi) "\n mov %%r8, " AT(r8, rdi) "\n mov %%r9, " AT(r9, rdi) "\n"
        "mov %%r10, " AT(r10, rdi) "\n mov %%r11, " AT(r11, rdi) "\n mov %%r12, " AT(r12, rdi) "\n"
        "mov %%r13, " AT(r13, rdi) "\n mov %%r14, " AT(r14, rdi) "\n mov %%r15, " AT(r15, rdi) "\n"
        "mov %%cs, " AT(cs, rdi) "\n mov %%ss, " AT(ss, rdi) "\n"
        "pushfq\n pop %%rax\n mov %%eax, " AT(eflags, rdi) "\n"
        "mov (%%rsp), %%rax\n mov %%rax, " AT(rip, rdi) "\n"
        "lea 8(%%rsp), %%rax\n mov %%rax, " AT(rsp, rdi) "\n"
        "mov " AT(rax, rdi) ", %%rax\n ret" ::OFFSETS);
}

__attribute__((naked)) void resume(const CONTEXT*) {
    asm volatile(
        "fxrstor " AT(fpu, rdi) "\n ldmxcsr " AT(mxcsr, rdi) "\n"
        "mov %%ss, %%eax\n push %%rax\n pushq " AT(rsp, rdi) "\n"
        "mov " AT(eflags, rdi) ", %%eax\n push %%rax\n"
        "mov %%cs, %%eax\n push %%rax\n pushq " AT(rip, rdi) "\n"
        "mov " AT(rax, rdi) ", %%rax\n mov " AT(rcx, rdi) ", %%rcx\n mov " AT(rdx, rdi) ", %%rdx\n"
        "mov " AT(rbx, rdi) ", %%rbx\n mov " AT(rbp, rdi) ", %%rbp\n mov " AT(rsi, rdi) ", %%rsi\n"
        "mov " AT(r8, rdi) ", %%r8\n mov " AT(r9, rdi) ", %%r9\n mov " AT(r10, rdi) ", %%r10\n"
        "mov " AT(r11, rdi) ", %%r11\n mov " AT(r12, rdi) ", %%r12\n mov " AT(r13, rdi) ", %%r13\n"
        "mov " AT(r14, rdi) ", %%r14\n mov " AT(r15, rdi) ", %%r15\n mov " AT(rdi, rdi) ", %%rdi\n"
        "iretq" ::OFFSETS);
}

__attribute__((naked)) std::uint64_t run_below(std::uint64_t, std::uint64_t, std::uint64_t*, std::uint64_t*) {
    asm volatile(
        "push %%rbp\n push %%rbx\n push %%r12\n push %%r13\n push %%r14\n push %%r15\n"
        "mov %%rsp, (%%rdx)\n"
        "sub %[space], %%rsp\n and $-16, %%rsp\n mov %%rsp, (%%rcx)\n"
        "mov %%rdi, %%rbp\n jmp *%%rsi" ::[space] "i"(argument_space));
}

__attribute__((naked)) void finish(std::uint64_t, std::uint64_t) {
    asm volatile(
        "mov %rdi, %rsp\n mov %rsi, %rax\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret");
}

__attribute__((naked)) void go_on(std::uint64_t, std::uint64_t, std::uint64_t) {
    asm volatile("mov %rdi, %rbp\n mov %rdx, %rsp\n jmp *%rsi");
}

__attribute__((naked)) void run_on(std::uint64_t, void (*)()) {
    asm volatile("mov %rdi, %rsp\n and $-64, %rsp\n xor %ebp, %ebp\n call *%rsi\n ud2");
}

}  // namespace portico::nt::seh
