// The trace as Chrome trace JSON, for ui.perfetto.dev and chrome://tracing: lanes for processors, threads,
// device lines and wires. Written as it happens, in bounded memory; equal byte for byte for equal records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/trace.h"

namespace portico::report {

class ChromeTrace {
  public:
    // Is given the file's text in pieces, in order.
    using Sink = void (*)(void* context, std::string_view text);

    ChromeTrace(Sink sink, void* context);

    void add(const sim::TraceRecord* records, std::uint64_t count);
    // Ends what is still open at the time of the last record, and the file. Called once; nothing is added
    // after it.
    void finish();

  private:
    static constexpr unsigned lane_limit = 256;  // further ones share the last
    static constexpr unsigned processor_limit = 8;
    static constexpr unsigned depth_limit = 32;  // of nested slices; deeper ones are not drawn

    enum class Group : std::uint8_t { processors = 1, threads, lines, wires };
    struct Lane {
        Group group;
        std::uint64_t key;    // processor, thread id, IRQ, direction
        const char* name;     // tells lanes of the same key apart; may be null
        Nanoseconds last_ns;  // times of a lane do not go back
        unsigned open;        // slices
    };
    enum class Work : std::uint8_t { thread, callback, interrupt, dpc };
    struct Slice {
        Work work;
        const char* name;
        std::uint64_t number;
    };
    struct Stack {
        Slice slices[depth_limit];
        unsigned depth = 0;
        unsigned too_deep = 0;
    };
    // Callbacks that a thread is inside of while it does not run.
    struct Parked {
        std::uint64_t thread = 0;
        Stack stack;
    };
    static constexpr unsigned parked_limit = 64;

    void add(const sim::TraceRecord& record);
    void thread_switch(const sim::TraceRecord& record);
    void line(const sim::TraceRecord& record);
    void wire(const sim::TraceRecord& record);
    void push(const sim::TraceRecord& record, const Slice& slice);
    void pop(const sim::TraceRecord& record, Work work, const std::string& args);
    void park(std::uint64_t thread, const Stack& stack);
    void resume(const sim::TraceRecord& record);
    void instant(const sim::TraceRecord& record, const std::string& name);

    unsigned lane(Group group, std::uint64_t key, const char* name);
    unsigned processor_lane(const sim::TraceRecord& record);
    void name_lane(unsigned index);
    Nanoseconds forward(unsigned lane, Nanoseconds at_ns);
    void begin(unsigned lane, Nanoseconds at_ns, const std::string& name);
    void end(unsigned lane, Nanoseconds at_ns, const std::string& args);
    void event(unsigned lane, char phase, Nanoseconds at_ns, const std::string& rest);
    void put(std::string_view text);
    void flush();

    Sink sink_;
    void* context_;
    std::string buffer_;
    bool first_ = true;
    Nanoseconds last_ns_ = 0;
    Lane lanes_[lane_limit];
    unsigned lane_count_ = 0;
    bool group_named_[8] = {};
    Stack stacks_[processor_limit];
    std::uint64_t running_[processor_limit] = {};
    const char* running_name_[processor_limit] = {};
    Parked parked_[parked_limit];
};

}  // namespace portico::report
