#include "nt/driver_frames.h"

#include "nt/seh/pe_unwind.h"

namespace portico::nt {

bool unwind_driver_frame(CodeFrame& frame, std::uint64_t limit) {
    seh::UnwindImage image;
    const std::uint64_t control = frame.called ? frame.rip - 1 : frame.rip;
    if (seh::image_at == nullptr || !seh::image_at(control, image) || !image.tables) return false;
    const seh::StackView stack{frame.rsp, limit};
    CONTEXT context{};
    context.Rip = frame.rip;
    context.Rsp = frame.rsp;
    context.Rbp = frame.rbp;
    const RUNTIME_FUNCTION* const function = seh::find_function(image, control);
    seh::VirtualUnwind ignored;
    const bool left = function == nullptr
                          ? seh::leave_leaf(stack, context)
                          : seh::virtual_unwind(image, stack, 0, control, *function, context, ignored);
    if (!left || context.Rsp <= frame.rsp) return false;
    frame = {context.Rip, context.Rsp, context.Rbp, true};
    return true;
}

}  // namespace portico::nt
