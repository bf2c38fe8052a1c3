#include "nt/seh/walk.h"

#include "nt/seh/state.h"

extern "C" {
extern const char __start_portico_unwindable[];
extern const char __stop_portico_unwindable[];
extern const char __start_portico_dispatch[];
extern const char __stop_portico_dispatch[];
}

namespace portico::nt::seh {
namespace {

bool within(std::uint64_t address, const char* begin, const char* end) {
    return address - reinterpret_cast<std::uint64_t>(begin) < static_cast<std::uint64_t>(end - begin);
}

bool is_unwindable(std::uint64_t address) {
    return within(address, __start_portico_unwindable, __stop_portico_unwindable);
}

bool is_dispatcher(std::uint64_t address) {
    return within(address, __start_portico_dispatch, __stop_portico_dispatch);
}

}  // namespace

bool (*image_at)(std::uint64_t address, UnwindImage& image) = nullptr;

Walk::Walk(const CONTEXT& start, Lead lead)
    : stack_(StackView::current()),
      context_(start),
      dispatch_(static_cast<Dispatch*>(state().dispatches)),
      lead_(lead) {}

bool Walk::next(DriverFrame& frame, ULONG handler_wanted) {
    for (;;) {
        if (!stack_.contains(context_.Rsp)) return stop(WalkEnd::outermost);
        // Those called from further in than where the walk is.
        while (dispatch_ != nullptr && reinterpret_cast<std::uint64_t>(dispatch_) < context_.Rsp)
            dispatch_ = dispatch_->outer;
        if (image_at != nullptr && image_at(context_.Rip, frame.image))
            return driver_step(frame, handler_wanted);
        if (!host_step()) return false;
    }
}

bool Walk::host_step() {
    const std::uint64_t address = context_.Rip - (returned_ ? 1 : 0);
    if (driver_seen_ && is_dispatcher(address)) {
        if (dispatch_ == nullptr || dispatch_->resume == nullptr) return stop(WalkEnd::boundary);
        jump();
        return true;
    }
    const CfiModule module = host_module_at(address);
    if (module.end == 0) {
        // A jump to where no code is: the caller is on top of the stack.
        if (driver_seen_ || in_portico_ || returned_) return stop(WalkEnd::damaged);
        returned_ = true;
        return leave_leaf(stack_, context_) || stop(WalkEnd::damaged);
    }
    const bool own = is_portico(module);
    const bool library = !own && !in_portico_ && !driver_seen_;  // of C, called by Portico
    if (lead_ == Lead::none && !library && !is_unwindable(address)) return stop(WalkEnd::boundary);
    in_portico_ |= own;
    if (!step_cfi(module, stack_, returned_, context_)) return stop(WalkEnd::damaged);
    returned_ = true;
    return true;
}

bool Walk::driver_step(DriverFrame& frame, ULONG handler_wanted) {
    frame.context = context_;
    frame.caller = context_;
    frame.nested = nested_;
    frame.function = nullptr;
    frame.unwind = {};
    frame.scope_index = next_scope_index_;
    driver_seen_ = true;
    lead_ = Lead::none;
    next_scope_index_ = 0;
    if (frame.image.tables) {
        if (!table_step(frame, handler_wanted)) return stop(WalkEnd::damaged);
    } else if (dispatch_ != nullptr && dispatch_->funclet_frame != 0 &&
               dispatch_->funclet_frame == context_.Rbp) {
        // A filter or a __finally block: its function's frame comes in its turn.
        frame.bound = reinterpret_cast<std::uint64_t>(dispatch_);
        jump();
        frame.caller = context_;
        return true;
    } else if (!step_cfi(frame.image.cfi, stack_, returned_, frame.caller)) {
        // Every function of a .so has a frame pointer.
        const std::uint64_t base = context_.Rbp;
        if (base < context_.Rsp || !stack_.read(base, frame.caller.Rbp) ||
            !stack_.read(base + 8, frame.caller.Rip))
            return stop(WalkEnd::damaged);
        frame.caller.Rsp = base + 16;
    }
    if (frame.caller.Rsp <= context_.Rsp) return stop(WalkEnd::damaged);
    frame.bound = frame.caller.Rsp;
    context_ = frame.caller;
    returned_ = true;
    return true;
}

// What a dispatcher called ends here; the frames of its exception come next.
void Walk::jump() {
    context_ = *dispatch_->resume;
    returned_ = dispatch_->unwinding != nullptr;
    nested_ = dispatch_->unwinding == nullptr;
    next_scope_index_ = nested_ ? 0 : dispatch_->unwinding->ScopeIndex;
    dispatch_ = dispatch_->outer;
}

bool Walk::table_step(DriverFrame& frame, ULONG handler_wanted) {
    frame.function = find_function(frame.image, context_.Rip);
    if (frame.function == nullptr) return leave_leaf(stack_, frame.caller);
    return virtual_unwind(frame.image, stack_, handler_wanted, context_.Rip, *frame.function, frame.caller,
                          frame.unwind);
}

}  // namespace portico::nt::seh
