// __C_specific_handler: the language handler of __try in .sys drivers. Its data are scopes: where a body lies
// (offsets of code), and its filter with a place to go on at, or its __finally block with none.
#include "nt/ddi.h"
#include "nt/seh/dispatch.h"
#include "nt/seh/state.h"

#pragma clang section text = "portico_dispatch"

namespace portico::nt::seh {
namespace {

struct Scope {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t handler;
    std::uint32_t target;

    bool holds(std::uint64_t offset) const { return offset >= begin && offset < end; }
};
static_assert(sizeof(Scope) == sizeof(SCOPE_TABLE_AMD64::ScopeRecord));

using Filter = LONG(NTAPI*)(EXCEPTION_POINTERS*, void* frame);
using Termination = void(NTAPI*)(BOOLEAN abnormal, void* frame);

constexpr std::uint32_t always_execute = 1;  // in a filter's place: __except (EXCEPTION_EXECUTE_HANDLER)

class Scopes {
  public:
    Scopes(const EXCEPTION_RECORD& record, const DISPATCHER_CONTEXT& dispatcher) : record_(record) {
        UnwindImage image;
        if (image_at == nullptr || !image_at(dispatcher.ControlPc, image)) damaged(dispatcher.ControlPc);
        image_ = image;
        table_ = reinterpret_cast<std::uint64_t>(dispatcher.HandlerData);
        offset_ = dispatcher.ControlPc - image.range.base;
        if (!readable(table_, sizeof count_)) damaged(table_);
        __builtin_memcpy(&count_, reinterpret_cast<const void*>(table_), sizeof count_);
        if (!readable(table_, sizeof count_ + std::uint64_t{count_} * sizeof(Scope))) damaged(table_);
    }

    std::uint32_t count() const { return count_; }
    std::uint64_t offset() const { return offset_; }

    Scope at(std::uint32_t index) const {
        Scope scope;
        const std::uint64_t place = table_ + sizeof count_ + std::uint64_t{index} * sizeof scope;
        __builtin_memcpy(&scope, reinterpret_cast<const void*>(place), sizeof scope);
        return scope;
    }

    template <class Function>
    Function code(std::uint32_t offset) const {
        const std::uint64_t address = image_.range.base + offset;
        if (!readable(address, 1)) damaged(address);
        return reinterpret_cast<Function>(address);
    }

  private:
    bool readable(std::uint64_t address, std::uint64_t size) const {
        return image_.range.contains(address) && image_.readable(address, size);
    }
    [[noreturn]] void damaged(std::uint64_t place) const { stop_unwinding(record_, WalkEnd::damaged, place); }

    const EXCEPTION_RECORD& record_;
    UnwindImage image_;
    std::uint64_t table_ = 0;
    std::uint64_t offset_ = 0;
    std::uint32_t count_ = 0;
};

EXCEPTION_DISPOSITION search(EXCEPTION_RECORD& record, void* frame, CONTEXT& context,
                             DISPATCHER_CONTEXT& dispatcher) {
    const Scopes scopes(record, dispatcher);
    EXCEPTION_POINTERS pointers{&record, &context};
    for (std::uint32_t i = dispatcher.ScopeIndex; i < scopes.count(); ++i) {
        const Scope scope = scopes.at(i);
        if (scope.target == 0 || !scope.holds(scopes.offset())) continue;
        LONG answer = EXCEPTION_EXECUTE_HANDLER;
        if (scope.handler != always_execute) answer = scopes.code<Filter>(scope.handler)(&pointers, frame);
        if (answer == EXCEPTION_CONTINUE_SEARCH) continue;
        if (answer < 0) return ExceptionContinueExecution;
        const auto* const searching = static_cast<const Dispatch*>(state().dispatches);
        const auto code = static_cast<std::uint32_t>(record.ExceptionCode);
        unwind_to(frame, scopes.code<void*>(scope.target), &record,
                  reinterpret_cast<void*>(std::uint64_t{code}), *searching->resume);
    }
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION leave(EXCEPTION_RECORD& record, void* frame, DISPATCHER_CONTEXT& dispatcher) {
    const Scopes scopes(record, dispatcher);
    const std::uint64_t target = dispatcher.TargetIp - dispatcher.ImageBase;
    const bool there = (record.ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0;
    for (std::uint32_t i = dispatcher.ScopeIndex; i < scopes.count(); ++i) {
        const Scope scope = scopes.at(i);
        if (!scope.holds(scopes.offset())) continue;
        // The target is inside this body, or is its handler: what is around it stays.
        if (there && (scope.target != 0 ? scope.target == target : scope.holds(target))) break;
        if (scope.target != 0) continue;
        dispatcher.ScopeIndex = i + 1;  // should the block raise, it is done
        scopes.code<Termination>(scope.handler)(TRUE, frame);
    }
    return ExceptionContinueSearch;
}

}  // namespace
}  // namespace portico::nt::seh

using namespace portico::nt;

extern "C" {

EXCEPTION_DISPOSITION NTAPI __C_specific_handler(struct _EXCEPTION_RECORD* ExceptionRecord,
                                                 PVOID EstablisherFrame, struct _CONTEXT* ContextRecord,
                                                 struct _DISPATCHER_CONTEXT* DispatcherContext) {
    if ((ExceptionRecord->ExceptionFlags & EXCEPTION_UNWIND) == 0)
        return seh::search(*ExceptionRecord, EstablisherFrame, *ContextRecord, *DispatcherContext);
    return seh::leave(*ExceptionRecord, EstablisherFrame, *DispatcherContext);
}

}  // extern "C"

#pragma clang section text = ""

EXPORT(__C_specific_handler, __C_specific_handler);
