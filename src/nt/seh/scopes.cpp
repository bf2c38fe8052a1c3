#include "nt/seh/scopes.h"

#include "nt/ddi.h"
#include "nt/seh/dispatch.h"
#include "nt/seh/stack_view.h"
#include "nt/seh/state.h"
#include "nt/seh/switch.h"
#include "nt/seh/unwindable.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#endif

// A walk that comes to what runs a __finally block or a filter goes on beyond the Dispatch (dispatch.cpp).
#pragma clang section text = "portico_dispatch"

namespace portico::nt::seh {
namespace {

// Values of Phase. The driver's code tells filters from everything else; the rest is between the functions of
// this file.
enum Phase : int {
    body = 0,
    filter = PORTICO_SEH_PHASE_FILTER,
    handler = 2,
    termination = 3,
    done = 4,
};

// A filter or a __finally block that runs below everything on its stack: where it comes back to.
struct Running {
    Running* outer;
    PORTICO_SEH_FRAME* frame;
    std::uint64_t place;
    std::uint64_t stack;  // with which it began
};

// The kernel's stack is used up when so little of it is left.
constexpr std::uint64_t least_stack = 8 * 1024;

std::uint64_t address_of(const void* pointer) {
    return reinterpret_cast<std::uint64_t>(pointer);
}

[[gnu::noinline]] std::uint64_t run(PORTICO_SEH_FRAME& frame, Phase phase) {
    auto& running = state().running;
    Running self{static_cast<Running*>(running), &frame, 0, 0};
    const StackView stack = StackView::current();
    if (address_of(&self) - stack.low < least_stack) {
        EXCEPTION_RECORD record{};
        record.ExceptionCode = STATUS_STACK_OVERFLOW;
        stop_unwinding(record, WalkEnd::outermost, address_of(frame.Resume[1]));
    }
    running = &self;
    frame.Phase = phase;
    const std::uint64_t value =
        run_below(address_of(frame.Resume[0]), address_of(frame.Resume[1]), &self.place, &self.stack);
    state().running = self.outer;
    return value;
}

// The innermost part that runs for the frame; those within it were left.
Running* running_of(const PORTICO_SEH_FRAME* frame) {
    auto* running = static_cast<Running*>(state().running);
    while (running != nullptr && running->frame != frame) running = running->outer;
    return running;
}

[[noreturn]] void end(const PORTICO_SEH_FRAME* frame, std::uint64_t value) {
    Running* const running = running_of(frame);
    if (running == nullptr) {
        EXCEPTION_RECORD record{};
        record.ExceptionCode = STATUS_INVALID_DISPOSITION;
        stop_unwinding(record, WalkEnd::damaged, address_of(__builtin_return_address(0)));
    }
    const std::uint64_t place = running->place;
#ifdef PORTICO_ASAN
    const auto here = address_of(__builtin_frame_address(0)) - 4096;
    ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(here), place - here);
#endif
    finish(place, value);
}

// Returns what the caller's stack pointer has to be moved by: a __finally block that is left by return or
// goto ends the unwinding, and its function goes on with its own stack.
std::uint64_t leave(PORTICO_SEH_FRAME* frame) {
    if (frame->Phase == body) {
        state().frames = frame->Outer;
        if (frame->Kind == PORTICO_SEH_KIND_FINALLY) run(*frame, termination);
        frame->Phase = done;
        return 0;
    }
    if (frame->Phase != termination) return 0;
    const Running* const running = running_of(frame);
    if (running == nullptr) return 0;
    const std::uint64_t own = address_of(frame->Resume[2]);
    const std::uint64_t distance = own - running->stack;
    state().frames = frame->Outer;
    forget_below(own);
    frame->Phase = done;
    return distance;
}

}  // namespace

bool is_scope(const PORTICO_SEH_FRAME* frame) {
    if (frame == nullptr) return false;
    const StackView stack = StackView::current();
    const std::uint64_t address = address_of(frame);
    if (!stack.contains(address, sizeof *frame) || address % 8 != 0) return false;
    if (address < address_of(__builtin_frame_address(0))) return false;
    const PORTICO_SEH_FRAME* const outer = frame->Outer;
    if (outer != nullptr && (!stack.contains(address_of(outer), sizeof *outer) || outer == frame ||
                             place_of(*outer) < place_of(*frame)))
        return false;
    if (frame->Kind == HostScope::kind) return true;
    return stack.contains(address_of(frame->Resume[0])) && stack.contains(address_of(frame->Resume[2])) &&
           frame->Resume[0] >= frame->Resume[2] && address_of(frame->Resume[2]) % 16 == 0 &&
           sim::image_range.contains(frame->Resume[1]);
}

std::uint64_t place_of(const PORTICO_SEH_FRAME& frame) {
    return frame.Kind == HostScope::kind ? address_of(&frame) : address_of(frame.Resume[0]);
}

long ask_filter(PORTICO_SEH_FRAME& frame, EXCEPTION_POINTERS& pointers) {
    const PORTICO_SEH_FRAME before = frame;
    frame.Code = static_cast<std::uint32_t>(pointers.ExceptionRecord->ExceptionCode);
    frame.Information = &pointers;
    const auto answer = static_cast<std::int32_t>(run(frame, filter));
    frame.Phase = before.Phase;
    frame.Code = before.Code;
    frame.Information = before.Information;
    return answer;
}

void leave_scope(PORTICO_SEH_FRAME& frame, const EXCEPTION_RECORD&) {
    if (frame.Kind == PORTICO_SEH_KIND_FINALLY) run(frame, termination);
    if (frame.Kind == HostScope::kind) HostScope::leave(frame);
    frame.Phase = done;
}

void begin_handler(PORTICO_SEH_FRAME& frame, const EXCEPTION_RECORD& record) {
    frame.Phase = handler;
    frame.Code = static_cast<std::uint32_t>(record.ExceptionCode);
    frame.Information = nullptr;
}

void* outer_running(void* running) {
    return static_cast<Running*>(running)->outer;
}

namespace {

void NTAPI enter_scope(PORTICO_SEH_FRAME* frame) {
    auto& exceptions = state();
    frame->Outer = static_cast<PORTICO_SEH_FRAME*>(exceptions.frames);
    frame->Phase = body;
    frame->Abnormal = 1;
    exceptions.frames = frame;
}

std::uint64_t NTAPI leave_body(PORTICO_SEH_FRAME* frame) asm("portico_seh_leave");
__attribute__((used)) std::uint64_t NTAPI leave_body(PORTICO_SEH_FRAME* frame) {
    return leave(frame);
}

__attribute__((naked)) void NTAPI leave_entry(PORTICO_SEH_FRAME*) {
    asm volatile(
        "sub $40, %rsp\n call portico_seh_leave\n add $40, %rsp\n"
        "test %rax, %rax\n jne 1f\n ret\n"
        "1: pop %rdx\n add %rax, %rsp\n jmp *%rdx");
}

void NTAPI filtered(PORTICO_SEH_FRAME* frame, LONG value) {
    end(frame, static_cast<std::uint32_t>(value));
}

void NTAPI unwound(PORTICO_SEH_FRAME* frame) {
    end(frame, 0);
}

EXPORT(PorticoSehEnter, enter_scope);
EXPORT(PorticoSehLeave, leave_entry);
EXPORT(PorticoSehFiltered, filtered);
EXPORT(PorticoSehUnwound, unwound);

}  // namespace
}  // namespace portico::nt::seh
