// Unwind tables of .sys images: .pdata finds a function, .xdata says how its prologue is undone. Everything
// is the driver's and may be damaged: it is read only inside the image and the stack.
#pragma once

#include "nt/seh/images.h"
#include "nt/seh/stack_view.h"

namespace portico::nt::seh {

// The table's row for the address; null when there is none: a function without a prologue.
const RUNTIME_FUNCTION* find_function(const UnwindImage& image, std::uint64_t address);

struct VirtualUnwind {
    std::uint64_t establisher = 0;
    PEXCEPTION_ROUTINE handler = nullptr;  // null in a prologue or an epilogue, and where none is wanted
    const void* handler_data = nullptr;
};

// Undoes the function at `control` (context.Rip, or what RtlVirtualUnwind was given): the context becomes the
// caller's. `wanted` is UNW_FLAG_EHANDLER or UNW_FLAG_UHANDLER, or none. `pointers` may be null. False when
// the tables or the stack make no sense; then the context is of no use.
bool virtual_unwind(const UnwindImage& image, const StackView& stack, ULONG wanted, std::uint64_t control,
                    const RUNTIME_FUNCTION& function, CONTEXT& context, VirtualUnwind& result,
                    KNONVOLATILE_CONTEXT_POINTERS* pointers = nullptr);

// A function that changes nothing but rip: the return address is on top of the stack.
bool leave_leaf(const StackView& stack, CONTEXT& context);

}  // namespace portico::nt::seh
