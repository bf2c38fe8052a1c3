// What Portico has to say about the driver: findings, of which one that stops the machine is a bug check
// (design, section 5). Kept here, bounded, with the state of the machine at that moment; src/verifier
// decides, src/report draws.
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "sim/processor.h"

namespace portico::nt {

// Return addresses, innermost first. Host and driver frames alike: everything is compiled with frame
// pointers.
struct Stack {
    static constexpr unsigned depth = 24;
    std::array<std::uint64_t, depth> frames{};
    unsigned count = 0;
};

// A shorter one, kept with each pool block and object: where it was made.
struct Origin {
    static constexpr unsigned depth = 6;
    std::array<std::uint64_t, depth> frames{};
};

enum class Severity : std::uint8_t {
    advice,     // worth knowing; never fails a run
    finding,    // a driver's fault; the machine goes on
    bug_check,  // a driver's fault; the machine is frozen
};

// What a finding is about: a pool block, an object, a lock, an IRP.
struct Subject {
    const char* kind = nullptr;  // "pool block", "spin lock", "IRP" ...; a literal; null: nothing
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint32_t tag = 0;
    Origin made{};  // where it was made, as far as known
    Origin last{};  // where it was last changed: freed, acquired, completed
};

struct Finding {
    Severity severity = Severity::finding;
    const char* rule = "";   // the verifier rule's ID; a literal
    std::uint32_t code = 0;  // Windows' bug-check code for it; 0 for advice without one
    std::array<std::uint64_t, 4> parameters{};
    std::array<const char*, 4> parameter_names{};  // literals; null: reserved
    char text[240] = {};                           // one sentence: what the driver did and why it is wrong
    Subject subject;
    Nanoseconds at_ns = 0;
    std::uint8_t processor = 0;
    sim::Irql irql = 0;
    std::uint32_t thread = 0;
    const char* thread_name = "";
    Stack stack;                                      // of the processor that did it
    std::array<Stack, sim::max_processors> others{};  // of the other processors (bug checks only)
    std::uint64_t trace_end = 0;                      // index into sim::trace of the next record
};

constexpr unsigned finding_limit = 128;

// The findings since the machine's reset, in order. Beyond the limit they are counted, not kept.
unsigned finding_count();
const Finding& finding_at(unsigned index);
std::uint64_t findings_dropped();
void reset_findings();

// Walks frame pointers from the caller (or from a given frame) while they stay on one stack.
void walk_stack(Stack& stack, std::uint64_t rip, std::uint64_t rbp);
void capture_stack(Stack& stack);
void capture_origin(Origin& origin);
// The same from a given frame (__builtin_frame_address(0) of an exported function: the first address is its
// caller's).
void capture_origin(Origin& origin, const void* frame);

// Keeps the finding, filling in time, processor, IRQL, thread and (when its stack is empty) the stack. The
// same rule at the same innermost driver address is kept once. A bug check does not return when called inside
// the simulation.
void report(const Finding& finding);

// The bug check that froze the machine; null while it runs.
const Finding* bug_check();

}  // namespace portico::nt
