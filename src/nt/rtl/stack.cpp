// Return addresses on the current stack.
#include <algorithm>

#include "nt/ddi.h"
#include "nt/findings.h"
#include "nt/rtl/strings.h"

namespace portico::nt::rtl {
namespace {

// Frame 0 is the caller of the exported function whose frame this is.
Stack frames_above(const void* frame) {
    Stack stack;
    walk_stack(stack, 0, reinterpret_cast<std::uint64_t>(frame));
    return stack;
}

void* frame_at(const Stack& stack, unsigned index) {
    return index < stack.count ? reinterpret_cast<void*>(stack.frames[index]) : nullptr;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

// Who called the function that asks, and its caller.
VOID NTAPI RtlGetCallersAddress(PVOID* CallersAddress, PVOID* CallersCaller) {
    DDI(RtlGetCallersAddress, HIGH_LEVEL);
    const Stack stack = rtl::frames_above(PORTICO_FRAME);
    if (CallersAddress != nullptr) *CallersAddress = rtl::frame_at(stack, 1);
    if (CallersCaller != nullptr) *CallersCaller = rtl::frame_at(stack, 2);
}

// At most Stack::depth frames; the hash is the sum of the addresses given.
USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID* BackTrace,
                                      PULONG BackTraceHash) {
    DDI(RtlCaptureStackBackTrace, HIGH_LEVEL);
    const Stack stack = rtl::frames_above(PORTICO_FRAME);
    ULONG hash = 0;
    USHORT count = 0;
    for (ULONG i = FramesToSkip; i < stack.count && count < FramesToCapture; ++i, ++count) {
        BackTrace[count] = rtl::frame_at(stack, i);
        hash += static_cast<ULONG>(stack.frames[i]);
    }
    if (BackTraceHash != nullptr) *BackTraceHash = hash;
    return count;
}

}  // extern "C"
