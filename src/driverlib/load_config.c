/* What the compiler's run time leaves in a .sys for the kernel to find: where its stack cookie lies, and the
   two pointers that calls guarded by CFG go through. Nothing in an ELF image. */
#ifdef PORTICO_SYS
#include <wdm.h>

extern ULONG_PTR __security_cookie;
extern char __guard_fids_table[], __guard_fids_count[], __guard_flags[];

static void __cdecl unchecked(void) {}

/* The target of a guarded call is in rax. */
static __attribute__((naked)) void __cdecl jump_to_target(void) {
    __asm__("jmp *%rax");
}

/* The kernel puts its own functions there. */
__declspec(allocate(".00cfg")) __attribute__((weak)) PVOID __guard_check_icall_fptr = (PVOID)unchecked;
__declspec(allocate(".00cfg"))
    __attribute__((weak)) PVOID __guard_dispatch_icall_fptr = (PVOID)jump_to_target;

/* IMAGE_LOAD_CONFIG_DIRECTORY64 as far as GuardFlags. */
struct load_config {
    ULONG Size;
    ULONG Unused[21];
    ULONG_PTR SecurityCookie;
    ULONG_PTR Handlers[2];
    PVOID GuardCFCheckFunctionPointer;
    PVOID GuardCFDispatchFunctionPointer;
    PVOID GuardCFFunctionTable;
    PVOID GuardCFFunctionCount;
    PVOID GuardFlags;
};

const struct load_config _load_config_used = {
    .Size = sizeof(struct load_config),
    .SecurityCookie = (ULONG_PTR)&__security_cookie,
    .GuardCFCheckFunctionPointer = &__guard_check_icall_fptr,
    .GuardCFDispatchFunctionPointer = &__guard_dispatch_icall_fptr,
    .GuardCFFunctionTable = __guard_fids_table,
    .GuardCFFunctionCount = __guard_fids_count,
    .GuardFlags = __guard_flags,
};
#else
typedef int nothing;
#endif
