#include "sim/fiber.h"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <vector>

#include "base/check.h"
#include "sim/arena.h"
#include "sim/saved_frame.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace portico::sim {
namespace {

namespace ctx = boost::context::detail;

#ifdef PORTICO_ASAN
constexpr std::size_t stack_slot = 512 * 1024;
#else
constexpr std::size_t stack_slot = 128 * 1024;
#endif

// Slots are handed out from the lowest address and reused in LIFO order: the same run uses the same stacks.
struct StackPool {
    std::vector<std::uint64_t> free;
    std::uint64_t next = stack_range.base;
    std::uint64_t guarded_end = stack_range.base;  // slots below have their guard page

    std::uint64_t take() {
        if (!free.empty()) {
            const auto slot = free.back();
            free.pop_back();
            return slot;
        }
        PORTICO_CHECK(next + stack_slot <= stack_range.end());
        const auto slot = next;
        next += stack_slot;
        if (next > guarded_end) {
            PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(slot), page_size, PROT_NONE) == 0);
            guarded_end = next;
        }
        return slot;
    }
};

StackPool& stacks() {
    static auto* const pool = new StackPool;
    return *pool;
}

}  // namespace

const std::size_t fiber_stack_size = stack_slot - page_size;
void reset_fibers() {
    stacks().free.clear();
    stacks().next = stack_range.base;
}

std::size_t fiber_limit() {
    return stack_range.size / stack_slot;
}

struct FiberMain {
    static void resumed(Fiber& self, ctx::transfer_t transfer) {
        auto& from = *static_cast<Fiber*>(transfer.data);
        from.context_ = transfer.fctx;
#ifdef PORTICO_ASAN
        const void* low = nullptr;
        std::size_t size = 0;
        __sanitizer_finish_switch_fiber(self.fake_stack_, &low, &size);
        if (from.stack_low_ == 0) {
            from.stack_low_ = reinterpret_cast<std::uint64_t>(low);
            from.stack_high_ = from.stack_low_ + size;
        }
#else
        (void)self;
#endif
    }

    static void main(ctx::transfer_t transfer) {
        // The jump carries the fiber that was left; the one entered is found in its hand-over slot.
        auto& self = *entering;
        resumed(self, transfer);
        self.entry_(self.argument_);
        PORTICO_CHECK(!"a fiber's entry returned");
    }

    // What jump_fcontext of x86-64 System V pushes: mxcsr and x87 words, r12 to r15, rbx, rbp, the return
    // address.
    static SavedFrame saved(const Fiber& fiber) {
        if (fiber.context_ == nullptr) return {};
        const auto* const words = static_cast<const std::uint64_t*>(fiber.context_);
        const SavedFrame frame{words[7], words[6]};
        return fiber.owns(frame.rbp) ? frame : SavedFrame{frame.rip, 0};
    }

    static inline Fiber* entering = nullptr;
};

void Fiber::prepare(Entry entry, void* argument) {
    entry_ = entry;
    argument_ = argument;
    fake_stack_ = nullptr;
    exceptions_ = {};
    if (stack_low_ == 0) {
        const auto slot = stacks().take();
        stack_low_ = slot + page_size;
        stack_high_ = slot + stack_slot;
    }
#ifdef PORTICO_ASAN
    ASAN_UNPOISON_MEMORY_REGION(reinterpret_cast<void*>(stack_low_), stack_high_ - stack_low_);
#endif
    context_ =
        ctx::make_fcontext(reinterpret_cast<void*>(stack_high_), stack_high_ - stack_low_, &FiberMain::main);
}

SavedFrame saved_frame(const Fiber& fiber) {
    return FiberMain::saved(fiber);
}

void Fiber::release() {
    if (stack_low_ == 0) return;
    stacks().free.push_back(stack_low_ - page_size);
    stack_low_ = stack_high_ = 0;
    context_ = nullptr;
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
    FiberMain::entering = &to;
#ifdef PORTICO_ASAN
    __sanitizer_start_switch_fiber(&from.fake_stack_, reinterpret_cast<void*>(to.stack_low_),
                                   to.stack_high_ - to.stack_low_);
#endif
    const auto transfer = ctx::jump_fcontext(to.context_, &from);
    FiberMain::resumed(from, transfer);
}

}  // namespace portico::sim
