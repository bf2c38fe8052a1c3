#include "nt/seh/dispatch.h"

#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "nt/findings.h"
#include "nt/seh/scopes.h"
#include "nt/seh/state.h"
#include "nt/seh/switch.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#endif

// What calls filters, handlers and __finally blocks: a walk that comes to one of these functions goes on
// beyond its Dispatch.
#pragma clang section text = "portico_dispatch"

namespace portico::nt::seh {
namespace {

class ActiveDispatch : public Dispatch {
  public:
    ActiveDispatch() {
        outer = static_cast<Dispatch*>(state().dispatches);
        state().dispatches = static_cast<Dispatch*>(this);
    }
    ~ActiveDispatch() { state().dispatches = outer; }
    ActiveDispatch(const ActiveDispatch&) = delete;
    ActiveDispatch& operator=(const ActiveDispatch&) = delete;
};

[[noreturn]] void enter_handler(PORTICO_SEH_FRAME& frame, const EXCEPTION_RECORD& record) {
    state().frames = frame.Outer;
    begin_handler(frame, record);
    const auto stack = reinterpret_cast<std::uint64_t>(frame.Resume[2]);
    forget_below(stack);
    go_on(reinterpret_cast<std::uint64_t>(frame.Resume[0]), reinterpret_cast<std::uint64_t>(frame.Resume[1]),
          stack);
}

// What a language's handler is told of the frame that it is asked about.
void describe(DISPATCHER_CONTEXT& dispatcher, const DriverFrame& frame, CONTEXT& context) {
    dispatcher.ControlPc = frame.context.Rip;
    dispatcher.ImageBase = frame.image.range.base;
    dispatcher.FunctionEntry = const_cast<PRUNTIME_FUNCTION>(frame.function);
    dispatcher.EstablisherFrame = frame.unwind.establisher;
    dispatcher.ContextRecord = &context;
    dispatcher.LanguageHandler = frame.unwind.handler;
    dispatcher.HandlerData = const_cast<void*>(frame.unwind.handler_data);
}

// The target of an unwinding: a scope of a .so, or a frame of a .sys.
struct Target {
    PORTICO_SEH_FRAME* scope = nullptr;
    std::uint64_t frame = 0;
    std::uint64_t address = 0;
    std::uint64_t value = 0;
};

class Unwinding {
  public:
    Unwinding(const Target& target, EXCEPTION_RECORD& record) : target_(target), record_(record) {
        record.ExceptionFlags |= EXCEPTION_UNWINDING;
        if (target.scope == nullptr && target.frame == 0) record.ExceptionFlags |= EXCEPTION_EXIT_UNWIND;
    }

    [[noreturn]] void run(const CONTEXT& start, Lead lead) {
        Walk walk(start, lead);
        DriverFrame frame;
        DISPATCHER_CONTEXT dispatcher{};
        active_.unwinding = &dispatcher;
        while (walk.next(frame, UNW_FLAG_UHANDLER)) {
            active_.resume = &frame.context;
            dispatcher.ScopeIndex = frame.scope_index;
            leave_scopes(frame.bound);
            if (frame.function == nullptr) continue;
            const bool there = target_.frame != 0 && frame.unwind.establisher == target_.frame;
            if (frame.unwind.handler != nullptr) call_handler(frame, dispatcher, there);
            if (there) arrive(frame);
        }
        stop_unwinding(record_, walk.end(), walk.place());
    }

  private:
    void leave_scopes(std::uint64_t bound) {
        for (;;) {
            auto* const scope = static_cast<PORTICO_SEH_FRAME*>(state().frames);
            if (!is_scope(scope) || place_of(*scope) >= bound || ++scopes_ > scope_limit) return;
            if (scope == target_.scope) enter_handler(*scope, record_);
            state().frames = scope->Outer;
            active_.funclet_frame = reinterpret_cast<std::uint64_t>(scope->Resume[0]);
            leave_scope(*scope, record_);
            active_.funclet_frame = 0;
        }
    }

    void call_handler(DriverFrame& frame, DISPATCHER_CONTEXT& dispatcher, bool there) {
        describe(dispatcher, frame, frame.context);
        dispatcher.TargetIp = target_.address;
        if (there) record_.ExceptionFlags |= EXCEPTION_TARGET_UNWIND;
        frame.unwind.handler(&record_, reinterpret_cast<void*>(frame.unwind.establisher), &frame.context,
                             &dispatcher);
        record_.ExceptionFlags &= ~ULONG{EXCEPTION_TARGET_UNWIND | EXCEPTION_COLLIDED_UNWIND};
    }

    [[noreturn]] void arrive(DriverFrame& frame) {
        frame.context.Rip = target_.address;
        frame.context.Rax = target_.value;
        go_on_with(frame.context, record_);
    }

    Target target_;
    EXCEPTION_RECORD& record_;
    unsigned scopes_ = 0;
    ActiveDispatch active_;
};

class Search {
  public:
    Search(EXCEPTION_RECORD& record, CONTEXT& context, Lead lead)
        : record_(record), context_(context), lead_(lead), flags_(record.ExceptionFlags) {}

    Dispatched run() {
        Walk walk(context_, lead_);
        const std::uint64_t start = context_.Rip;
        DriverFrame frame;
        bool first = true;
        auto* scope = static_cast<PORTICO_SEH_FRAME*>(state().frames);
        while (walk.next(frame, UNW_FLAG_EHANDLER)) {
            if (first) begin(frame, start);
            first = false;
            record_.ExceptionFlags = flags_ | (frame.nested ? EXCEPTION_NESTED_CALL : 0);
            for (; more(scope) && place_of(*scope) < frame.bound; scope = scope->Outer) {
                if (ask(*scope)) return result_;
            }
            if (frame.unwind.handler != nullptr && ask(frame)) return result_;
        }
        result_.end = walk.end();
        result_.place = walk.place();
        for (; more(scope) && !result_.handlers_beyond; scope = scope->Outer)
            result_.handlers_beyond = scope->Kind == PORTICO_SEH_KIND_EXCEPT;
        return result_;
    }

  private:
    bool more(const PORTICO_SEH_FRAME* scope) { return is_scope(scope) && ++scopes_ <= scope_limit; }

    // Filters see the context of the driver's own code, even when Portico's stumbled on its behalf.
    void begin(const DriverFrame& frame, std::uint64_t start) {
        result_.in_driver = frame.context.Rip == start;
        seen_ = frame.context;
        active_.resume = &seen_origin_;
        seen_origin_ = frame.context;
        if (!result_.in_driver && !sim::image_range.contains(record_.ExceptionAddress))
            record_.ExceptionAddress = reinterpret_cast<void*>(frame.context.Rip);
    }

    // True: the interrupted code goes on. Does not return when the handler takes the exception.
    bool ask(PORTICO_SEH_FRAME& scope) {
        if (scope.Kind != PORTICO_SEH_KIND_EXCEPT) return false;
        active_.funclet_frame = reinterpret_cast<std::uint64_t>(scope.Resume[0]);
        const long answer = ask_filter(scope, pointers_);
        active_.funclet_frame = 0;
        if (answer == EXCEPTION_CONTINUE_SEARCH) return false;
        if (answer < 0) return go_on_if_allowed();
        Target target;
        target.scope = &scope;
        unwind(target);
    }

    bool ask(DriverFrame& frame) {
        DISPATCHER_CONTEXT dispatcher{};
        describe(dispatcher, frame, frame.caller);
        dispatcher.ScopeIndex = frame.scope_index;
        const auto disposition = frame.unwind.handler(
            &record_, reinterpret_cast<void*>(frame.unwind.establisher), &seen_, &dispatcher);
        return disposition == ExceptionContinueExecution && go_on_if_allowed();
    }

    bool go_on_if_allowed() {
        if ((record_.ExceptionFlags & EXCEPTION_NONCONTINUABLE) != 0) {
            EXCEPTION_RECORD refused{};
            refused.ExceptionCode = STATUS_NONCONTINUABLE_EXCEPTION;
            refused.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
            refused.ExceptionRecord = &record_;
            refused.ExceptionAddress = record_.ExceptionAddress;
            CONTEXT here = seen_origin_;
            const Dispatched dispatched = dispatch(refused, here, Lead::none);
            stop_unwinding(refused, dispatched.end, dispatched.place);
        }
        if (result_.in_driver || lead_ == Lead::raise) context_ = seen_;
        result_.outcome = Outcome::continued;
        return true;
    }

    [[noreturn]] void unwind(const Target& target) {
        record_.ExceptionFlags = flags_;
        Unwinding(target, record_).run(seen_origin_, Lead::none);
    }

    EXCEPTION_RECORD& record_;
    CONTEXT& context_;
    Lead lead_;
    ULONG flags_;
    CONTEXT seen_;         // filters may change it
    CONTEXT seen_origin_;  // they may not
    EXCEPTION_POINTERS pointers_{&record_, &seen_};
    unsigned scopes_ = 0;
    Dispatched result_;
    ActiveDispatch active_;
};

}  // namespace

void forget_below(std::uint64_t top) {
    auto& known = state();
    while (known.dispatches != nullptr && reinterpret_cast<std::uint64_t>(known.dispatches) < top)
        known.dispatches = static_cast<Dispatch*>(known.dispatches)->outer;
    while (known.running != nullptr && reinterpret_cast<std::uint64_t>(known.running) < top)
        known.running = outer_running(known.running);
#ifdef PORTICO_ASAN
    const auto low = StackView::current().low;
    ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(low), top - low);
#endif
}

void go_on_with(CONTEXT& context, const EXCEPTION_RECORD& record) {
    constexpr ULONG condition_flags = 0xCD5;  // CF PF AF ZF SF DF OF
    constexpr ULONG always = 0x202;
    constexpr std::uint64_t canonical_end = 1ull << 47;
    if (!StackView::current().contains(context.Rsp) || context.Rip >= canonical_end)
        stop_unwinding(record, WalkEnd::damaged, context.Rip);
    context.EFlags = (context.EFlags & condition_flags) | always;
    context.MxCsr &= 0xFFFF;
    context.FltSave.MxCsr &= 0xFFFF;
    auto* frame = static_cast<PORTICO_SEH_FRAME*>(state().frames);
    for (unsigned i = 0; i < scope_limit && is_scope(frame) && place_of(*frame) < context.Rsp; ++i)
        frame = frame->Outer;
    state().frames = frame;
    forget_below(context.Rsp);
    resume(&context);
}

__attribute__((noinline)) Dispatched dispatch(EXCEPTION_RECORD& record, CONTEXT& context, Lead lead) {
    return Search(record, context, lead).run();
}

__attribute__((noinline)) void unwind_to(void* frame, void* address, EXCEPTION_RECORD* record, void* value,
                                         const CONTEXT& context) {
    EXCEPTION_RECORD local{};
    local.ExceptionCode = STATUS_UNWIND;
    local.ExceptionAddress = reinterpret_cast<void*>(context.Rip);
    Target target;
    target.frame = reinterpret_cast<std::uint64_t>(frame);
    target.address = reinterpret_cast<std::uint64_t>(address);
    target.value = reinterpret_cast<std::uint64_t>(value);
    Unwinding(target, record != nullptr ? *record : local).run(context, Lead::raise);
}

void stop_unwinding(const EXCEPTION_RECORD& record, WalkEnd end, std::uint64_t place) {
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "exception";
    finding.code = KMODE_EXCEPTION_NOT_HANDLED;
    finding.parameters = {static_cast<std::uint32_t>(record.ExceptionCode),
                          reinterpret_cast<std::uint64_t>(record.ExceptionAddress), place, 0};
    finding.parameter_names = {"exception code", "address of the exception", "where unwinding ended",
                               nullptr};
    std::snprintf(finding.text, sizeof finding.text, "Exception 0x%08X cannot be unwound: %s",
                  static_cast<unsigned>(record.ExceptionCode),
                  end == WalkEnd::damaged ? "the driver's unwind data, or its stack, make no sense there."
                                          : "the stack ends before the handler's frame.");
    report(finding);
    PORTICO_CHECK(!"an exception was unwound outside the simulation");
    __builtin_unreachable();
}

}  // namespace portico::nt::seh
