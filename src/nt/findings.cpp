#include "nt/findings.h"

#include "nt/driver_frames.h"
#include "sim/address_map.h"
#include "sim/saved_frame.h"
#include "sim/scheduler.h"

namespace portico::nt {
namespace {

struct Kept {
    std::array<Finding, finding_limit> list;
    unsigned count = 0;
    std::uint64_t dropped = 0;
    const Finding* bug_check = nullptr;
};

constinit Kept kept{};

bool in_driver(std::uint64_t address) {
    return sim::image_range.contains(address);
}

std::uint64_t innermost_driver_frame(const Stack& stack) {
    for (unsigned i = 0; i < stack.count; ++i) {
        if (in_driver(stack.frames[i])) return stack.frames[i];
    }
    return 0;
}

bool known(const Finding& finding, const Stack& stack) {
    const auto place = innermost_driver_frame(stack);
    for (unsigned i = 0; i < kept.count; ++i) {
        const Finding& other = kept.list[i];
        if (other.rule == finding.rule && other.code == finding.code &&
            other.parameters == finding.parameters && innermost_driver_frame(other.stack) == place) {
            return true;
        }
    }
    return false;
}

// Frames lie on one stack, ascending; the bound is the fiber's own when inside the simulation.
bool plausible(std::uint64_t rbp, std::uint64_t below) {
    return rbp > below && rbp - below < (1u << 20) && (rbp & 7) == 0;
}

bool on_fiber(std::uint64_t address) {
    return sim::stack_range.contains(address);
}

// Neither a driver that lost rbp nor one that overran its stack leads beyond the stack's end.
std::uint64_t stack_limit(std::uint64_t address) {
    if (!on_fiber(address)) return address + (1u << 20);
    return sim::stack_at(address).end();
}

// The caller of a function that keeps a frame pointer.
bool follow_frame_pointer(CodeFrame& frame, std::uint64_t limit) {
    if (!plausible(frame.rbp, frame.rsp - 1) || frame.rbp > limit - 16) return false;
    const auto* const saved = reinterpret_cast<const std::uint64_t*>(frame.rbp);
    frame = {saved[1], frame.rbp + 16, saved[0], true};
    return true;
}

// Calls sink(address) for each return address above the frame.
template <class Sink>
void walk(CodeFrame frame, Sink&& sink) {
    const std::uint64_t start = frame.rsp != 0 ? frame.rsp : frame.rbp;
    const std::uint64_t limit = stack_limit(start);
    if (frame.rsp == 0) frame.rsp = frame.rbp;
    while (frame.rsp != 0) {
        const bool unwound = in_driver(frame.rip) && unwind_driver_frame(frame, limit);
        if (!unwound && !follow_frame_pointer(frame, limit)) return;
        if (frame.rip < 0x10000 || !sink(frame.rip)) return;
    }
}

// Of a function of Portico's own, which keeps one.
CodeFrame frame_of(const void* frame_pointer) {
    return {.rbp = reinterpret_cast<std::uint64_t>(frame_pointer)};
}

// What the other processors were at: a dead lock or a race shows only there.
void capture_others(std::array<Stack, sim::max_processors>& others) {
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        const sim::Processor& p = sim::scheduler.processors[i];
        const bool at_work = p.current != nullptr || p.irql >= sim::dispatch_level;
        if (&p == sim::this_processor || p.fiber == nullptr || !at_work) continue;
        const sim::SavedFrame frame = sim::saved_frame(*p.fiber);
        others[i] = {};
        walk_stack(others[i], frame.rip, frame.rbp);
    }
}

}  // namespace

unsigned finding_count() {
    return kept.count;
}
const Finding& finding_at(unsigned index) {
    return kept.list[index];
}
std::uint64_t findings_dropped() {
    return kept.dropped;
}
const Finding* bug_check() {
    return kept.bug_check;
}

void reset_findings() {
    kept.count = 0;
    kept.dropped = 0;
    kept.bug_check = nullptr;
}

void walk_stack(Stack& stack, std::uint64_t rip, std::uint64_t rbp) {
    walk_stack(stack, CodeFrame{.rip = rip, .rbp = rbp});
}

void walk_stack(Stack& stack, const CodeFrame& frame) {
    if (frame.rip != 0 && stack.count < Stack::depth) stack.frames[stack.count++] = frame.rip;
    walk(frame, [&](std::uint64_t address) {
        if (stack.count == Stack::depth) return false;
        stack.frames[stack.count++] = address;
        return true;
    });
}

void capture_stack(Stack& stack) {
    walk_stack(stack, frame_of(__builtin_frame_address(0)));
}

void capture_origin(Origin& origin) {
    capture_origin(origin, __builtin_frame_address(0));
}

void capture_origin(Origin& origin, const void* frame) {
    unsigned count = 0;
    origin = {};
    walk(frame_of(frame), [&](std::uint64_t address) {
        origin.frames[count++] = address;
        return count < Origin::depth;
    });
}

void report(const Finding& finding) {
    Stack stack = finding.stack;
    if (stack.count == 0) capture_stack(stack);
    const bool stops = finding.severity == Severity::bug_check;
    if (!stops && known(finding, stack)) return;
    if (kept.count == finding_limit && !stops) {
        ++kept.dropped;
        return;
    }
    // A bug check always has a place: the last one's, when the list is full.
    Finding& slot = kept.list[kept.count < finding_limit ? kept.count++ : finding_limit - 1];
    slot = finding;
    slot.stack = stack;
    const sim::Processor& p = *sim::this_processor;
    slot.at_ns = p.at_ns;
    slot.processor = p.index;
    slot.irql = p.irql;
    slot.thread = p.current == nullptr ? 0 : p.current->id;
    slot.thread_name = p.current == nullptr ? "idle" : p.current->name;
    sim::record(sim::TraceKind::finding, finding.rule, finding.code);
    slot.trace_end = sim::trace.count();
    if (!stops) return;
    capture_others(slot.others);
    kept.bug_check = &slot;
    sim::scheduler.freeze();
}

}  // namespace portico::nt
