// RtlUnwindEx and its kin, as .sys drivers and their compilers' run time call them.
#include "nt/ddi.h"
#include "nt/seh/dispatch.h"
#include "nt/seh/switch.h"

using namespace portico::nt;

namespace portico::nt::seh {
namespace {

// Over host code and .so drivers there are no tables.
const RUNTIME_FUNCTION* lookup(std::uint64_t control, std::uint64_t& base) {
    UnwindImage image;
    if (image_at == nullptr || !image_at(control, image) || !image.tables) return nullptr;
    const RUNTIME_FUNCTION* const found = find_function(image, control);
    if (found != nullptr) base = image.range.base;
    return found;
}

[[noreturn]] void unwind_from_here(void* frame, void* address, EXCEPTION_RECORD* record, void* value) {
    CONTEXT context;
    capture(&context);
    unwind_to(frame, address, record, value, context);
}

// A leaf's own context when there is no function: what NT's callers do themselves.
PEXCEPTION_ROUTINE unwind_one(ULONG wanted, std::uint64_t base, std::uint64_t control,
                              const RUNTIME_FUNCTION& function, CONTEXT& context, void** handler_data,
                              std::uint64_t* establisher, KNONVOLATILE_CONTEXT_POINTERS* pointers) {
    UnwindImage image;
    VirtualUnwind result;
    if (image_at == nullptr || !image_at(control, image) || image.range.base != base ||
        !virtual_unwind(image, StackView::current(), wanted, control, function, context, result, pointers)) {
        EXCEPTION_RECORD record{};
        record.ExceptionCode = STATUS_BAD_FUNCTION_TABLE;
        stop_unwinding(record, WalkEnd::damaged, control);
    }
    *handler_data = const_cast<void*>(result.handler_data);
    *establisher = result.establisher;
    return result.handler;
}

}  // namespace
}  // namespace portico::nt::seh

extern "C" {

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, PULONG64 ImageBase, PUNWIND_HISTORY_TABLE) {
    DDI(RtlLookupFunctionEntry, HIGH_LEVEL);
    std::uint64_t base = 0;
    const RUNTIME_FUNCTION* const found = seh::lookup(ControlPc, base);
    *ImageBase = base;
    return const_cast<PRUNTIME_FUNCTION>(found);
}

PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                          PVOID* HandlerData, PULONG64 EstablisherFrame,
                                          PKNONVOLATILE_CONTEXT_POINTERS ContextPointers) {
    DDI(RtlVirtualUnwind, HIGH_LEVEL);
    return seh::unwind_one(HandlerType, ImageBase, ControlPc, *FunctionEntry, *ContextRecord, HandlerData,
                           reinterpret_cast<std::uint64_t*>(EstablisherFrame), ContextPointers);
}

VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT, PUNWIND_HISTORY_TABLE) {
    DDI(RtlUnwindEx, HIGH_LEVEL);
    seh::unwind_from_here(TargetFrame, TargetIp, ExceptionRecord, ReturnValue);
}

VOID NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                     PVOID ReturnValue) {
    DDI(RtlUnwind, HIGH_LEVEL);
    seh::unwind_from_here(TargetFrame, TargetIp, ExceptionRecord, ReturnValue);
}

// Compilers call these where a body is left by return or goto.
VOID NTAPI _local_unwind(PVOID TargetFrame, PVOID TargetIp) {
    DDI(_local_unwind, HIGH_LEVEL);
    seh::unwind_from_here(TargetFrame, TargetIp, nullptr, nullptr);
}

VOID NTAPI __jump_unwind(PVOID TargetFrame, PVOID TargetIp) {
    DDI(__jump_unwind, HIGH_LEVEL);
    seh::unwind_from_here(TargetFrame, TargetIp, nullptr, nullptr);
}

VOID NTAPI RtlRestoreContext(PCONTEXT ContextRecord, struct _EXCEPTION_RECORD* ExceptionRecord) {
    DDI(RtlRestoreContext, HIGH_LEVEL);
    CONTEXT context = *ContextRecord;
    EXCEPTION_RECORD record{};
    seh::go_on_with(context, ExceptionRecord != nullptr ? *ExceptionRecord : record);
}

PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID* BaseOfImage) {
    DDI(RtlPcToFileHeader, HIGH_LEVEL);
    seh::UnwindImage image;
    const bool known = seh::image_at != nullptr && seh::image_at(reinterpret_cast<ULONG64>(PcValue), image);
    *BaseOfImage = known ? reinterpret_cast<void*>(image.range.base) : nullptr;
    return *BaseOfImage;
}

// Everything as it is when this returns, volatile registers too: no point, no check.
__attribute__((naked)) VOID NTAPI RtlCaptureContext(PCONTEXT) {
    asm volatile(
        "push %%rdi\n mov %%rcx, %%rdi\n call portico_seh_capture\n pop %%rdi\n"
        // The context is this function's: it becomes the caller's.
        "mov %%rdi, %c0(%%rcx)\n addq $16, %c1(%%rcx)\n"
        "push %%rax\n mov 8(%%rsp), %%rax\n mov %%rax, %c2(%%rcx)\n pop %%rax\n ret" ::"i"(
            offsetof(CONTEXT, Rdi)),
        "i"(offsetof(CONTEXT, Rsp)), "i"(offsetof(CONTEXT, Rip)));
}

}  // extern "C"

EXPORT(RtlCaptureContext, RtlCaptureContext);
