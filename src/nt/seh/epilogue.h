// Epilogues have no unwind codes of their own: they are recognised by their instructions, which Microsoft's
// x64 convention fixes: an addition to rsp or a lea from the frame register, pops, and a return or a jump out
// of the function.
#pragma once

#include "nt/seh/images.h"
#include "nt/seh/stack_view.h"

namespace portico::nt::seh {

// When `control` stands in an epilogue, does what is left of it and returns true. Otherwise the context is
// unchanged.
bool finish_epilogue(const UnwindImage& image, const StackView& stack, const RUNTIME_FUNCTION& function,
                     std::uint64_t control, unsigned frame_register, CONTEXT& context,
                     KNONVOLATILE_CONTEXT_POINTERS* pointers);

}  // namespace portico::nt::seh
