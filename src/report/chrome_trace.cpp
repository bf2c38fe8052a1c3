#include "report/chrome_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "report/page.h"

namespace portico::report {
namespace {

using sim::TraceKind;
using sim::TraceRecord;

constexpr std::size_t buffer_size = 64 * 1024;

bool same(const char* a, const char* b) {
    if (a == nullptr || b == nullptr) return a == b;
    return std::strcmp(a, b) == 0;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

// The format counts in microseconds.
std::string microseconds(Nanoseconds ns) {
    return fmt::format("{}.{:03}", ns / microsecond_ns, ns % microsecond_ns);
}

std::string text_or(const char* text, const char* otherwise) {
    return text == nullptr ? otherwise : text;
}

}  // namespace

ChromeTrace::ChromeTrace(Sink sink, void* context) : sink_(sink), context_(context) {
    buffer_.reserve(buffer_size + 4096);
    put("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
}

void ChromeTrace::add(const TraceRecord* records, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) add(records[i]);
}

void ChromeTrace::add(const TraceRecord& record) {
    last_ns_ = std::max(last_ns_, record.at_ns);
    switch (record.kind) {
        case TraceKind::thread_switch:
            return thread_switch(record);
        case TraceKind::thread_ready: {
            const unsigned index = lane(Group::threads, record.a, record.name);
            if (lanes_[index].open == 0) begin(index, record.at_ns, "ready");
            return;
        }
        case TraceKind::line_assert:
        case TraceKind::line_deassert:
            return line(record);
        case TraceKind::wire_out:
        case TraceKind::wire_in:
            return wire(record);
        case TraceKind::interrupt_enter:
            return push(record, {Work::interrupt, record.name, record.a});
        case TraceKind::interrupt_leave:
            return pop(record, Work::interrupt, record.b != 0 ? "" : "\"claimed\":false");
        case TraceKind::dpc_enter:
            return push(record, {Work::dpc, nullptr, 0});
        case TraceKind::dpc_leave:
            return pop(record, Work::dpc, "");
        case TraceKind::callback_enter:
            return push(record, {Work::callback, record.name, 0});
        case TraceKind::callback_leave:
            return pop(record, Work::callback,
                       fmt::format("\"result\":\"{:#x}\"", static_cast<std::uint32_t>(record.a)));
        default:
            return instant(record, event_text(record));
    }
}

void ChromeTrace::finish() {
    for (unsigned i = 0; i < lane_count_; ++i) {
        while (lanes_[i].open != 0) end(i, last_ns_, "");
    }
    put("\n]}\n");
    flush();
}

// ---- processors ----

void ChromeTrace::thread_switch(const TraceRecord& record) {
    const unsigned p = record.processor % processor_limit;
    const unsigned index = processor_lane(record);
    while (lanes_[index].open != 0) end(index, record.at_ns, "");
    if (running_[p] != 0) {
        park(running_[p], stacks_[p]);
        const unsigned left = lane(Group::threads, running_[p], running_name_[p]);
        if (lanes_[left].open != 0) end(left, record.at_ns, "");
    }
    stacks_[p].depth = stacks_[p].too_deep = 0;
    running_[p] = record.a;
    running_name_[p] = record.name;
    if (record.a == 0) return;
    const unsigned entered = lane(Group::threads, record.a, record.name);
    while (lanes_[entered].open != 0) end(entered, record.at_ns, "");
    begin(entered, record.at_ns, fmt::format("runs on processor {}", p));
    push(record, {Work::thread, record.name, record.a});
    resume(record);
}

void ChromeTrace::push(const TraceRecord& record, const Slice& slice) {
    Stack& stack = stacks_[record.processor % processor_limit];
    if (stack.depth == depth_limit) {
        ++stack.too_deep;
        return;
    }
    stack.slices[stack.depth++] = slice;
    std::string name;
    switch (slice.work) {
        case Work::thread:
            name = text_or(slice.name, "thread");
            break;
        case Work::callback:
            name = text_or(slice.name, "driver");
            break;
        case Work::interrupt:
            name = slice.name != nullptr ? fmt::format("{} interrupt", slice.name)
                                         : fmt::format("ISR, IRQ {}", slice.number);
            break;
        case Work::dpc:
            name = "DPC";
            break;
    }
    begin(processor_lane(record), record.at_ns, name);
}

// Ends the innermost slice of this kind and what is inside it.
void ChromeTrace::pop(const TraceRecord& record, Work work, const std::string& args) {
    Stack& stack = stacks_[record.processor % processor_limit];
    if (stack.too_deep != 0) {
        --stack.too_deep;
        return;
    }
    unsigned at = stack.depth;
    while (at != 0 && !(stack.slices[at - 1].work == work &&
                        (work != Work::callback || same(stack.slices[at - 1].name, record.name))))
        --at;
    if (at == 0) return;
    const unsigned index = processor_lane(record);
    for (; stack.depth >= at; --stack.depth) end(index, record.at_ns, stack.depth == at ? args : "");
}

// A thread that waits inside a callback is still inside it when it runs again, perhaps on another processor.
void ChromeTrace::park(std::uint64_t thread, const Stack& stack) {
    Stack inside;
    for (unsigned i = 0; i < stack.depth && stack.slices[i].work <= Work::callback; ++i) {
        if (stack.slices[i].work == Work::callback) inside.slices[inside.depth++] = stack.slices[i];
    }
    if (inside.depth == 0) return;
    for (Parked& slot : parked_) {
        if (slot.thread != 0) continue;
        slot.thread = thread;
        slot.stack = inside;
        return;
    }
}

void ChromeTrace::resume(const TraceRecord& record) {
    for (Parked& slot : parked_) {
        if (slot.thread != record.a) continue;
        slot.thread = 0;
        for (unsigned i = 0; i < slot.stack.depth; ++i) push(record, slot.stack.slices[i]);
        return;
    }
}

void ChromeTrace::instant(const TraceRecord& record, const std::string& name) {
    const bool global = record.kind == TraceKind::finding;
    event(processor_lane(record), 'i', record.at_ns,
          fmt::format(",\"s\":\"{}\",\"name\":{},\"cat\":\"{}\"", global ? 'g' : 't', json_string(name),
                      sim::name_of(record.kind)));
}

// ---- lines and wires ----

void ChromeTrace::line(const TraceRecord& record) {
    const unsigned index = lane(Group::lines, record.a, record.name);
    const bool asserted = lanes_[index].open != 0;
    if (record.kind == TraceKind::line_assert) {
        if (!asserted) begin(index, record.at_ns, "asserted");
    } else if (asserted) {
        end(index, record.at_ns, "");
    }
}

void ChromeTrace::wire(const TraceRecord& record) {
    const unsigned index = lane(Group::wires, record.kind == TraceKind::wire_in ? 1 : 0, record.name);
    const auto first_bit_ns = std::min(static_cast<Nanoseconds>(record.b), record.at_ns);
    const Nanoseconds from_ns = forward(index, first_bit_ns);
    lanes_[index].last_ns = std::max(from_ns, record.at_ns);
    event(index, 'X', from_ns,
          fmt::format(",\"dur\":{},\"name\":\"{:02X}\"", microseconds(lanes_[index].last_ns - from_ns),
                      record.a));
}

// ---- lanes ----

unsigned ChromeTrace::lane(Group group, std::uint64_t key, const char* name) {
    const char* const told = group == Group::processors || group == Group::threads ? nullptr : name;
    for (unsigned i = 0; i < lane_count_; ++i) {
        if (lanes_[i].group == group && lanes_[i].key == key && same(lanes_[i].name, told)) return i;
    }
    if (lane_count_ == lane_limit) return lane_limit - 1;
    lanes_[lane_count_] = {group, key, told, 0, 0};
    lanes_[lane_count_].name = name;
    name_lane(lane_count_);
    lanes_[lane_count_].name = told;
    return lane_count_++;
}

unsigned ChromeTrace::processor_lane(const TraceRecord& record) {
    return lane(Group::processors, record.processor, nullptr);
}

void ChromeTrace::name_lane(unsigned index) {
    static constexpr const char* group_names[] = {"", "Processors", "Threads", "Device lines", "Wires"};
    const Lane& named = lanes_[index];
    const auto group = static_cast<unsigned>(named.group);
    if (!group_named_[group]) {
        group_named_[group] = true;
        put(
            fmt::format("{}{{\"ph\":\"M\",\"pid\":{},\"tid\":0,\"name\":\"process_name\",\"args\":{{\"name\":"
                        "\"{}\"}}}},\n"
                        "{{\"ph\":\"M\",\"pid\":{},\"tid\":0,\"name\":\"process_sort_index\",\"args\":{{"
                        "\"sort_index\":{}}}}}",
                        first_ ? "" : ",\n", group, group_names[group], group, group));
        first_ = false;
    }
    std::string name;
    switch (named.group) {
        case Group::processors:
            name = fmt::format("Processor {}", named.key);
            break;
        case Group::threads:
            name = fmt::format("{} {}", text_or(named.name, "thread"), named.key);
            break;
        case Group::lines:
            name = fmt::format("IRQ {}, {}", named.key, text_or(named.name, "device"));
            break;
        case Group::wires:
            name = fmt::format("{} MIDI {}", text_or(named.name, "device"), named.key == 1 ? "IN" : "OUT");
            break;
    }
    event(index, 'M', 0,
          fmt::format(",\"name\":\"thread_name\",\"args\":{{\"name\":{}}}", json_string(name)));
}

Nanoseconds ChromeTrace::forward(unsigned index, Nanoseconds at_ns) {
    lanes_[index].last_ns = std::max(lanes_[index].last_ns, at_ns);
    return lanes_[index].last_ns;
}

void ChromeTrace::begin(unsigned index, Nanoseconds at_ns, const std::string& name) {
    ++lanes_[index].open;
    event(index, 'B', at_ns, fmt::format(",\"name\":{}", json_string(name)));
}

void ChromeTrace::end(unsigned index, Nanoseconds at_ns, const std::string& args) {
    --lanes_[index].open;
    event(index, 'E', at_ns, args.empty() ? "" : fmt::format(",\"args\":{{{}}}", args));
}

void ChromeTrace::event(unsigned index, char phase, Nanoseconds at_ns, const std::string& rest) {
    const bool names = phase == 'M';
    const std::string time =
        names ? "" : fmt::format(",\"ts\":{}", microseconds(phase == 'X' ? at_ns : forward(index, at_ns)));
    put(fmt::format("{}{{\"ph\":\"{}\",\"pid\":{},\"tid\":{}{}{}}}", first_ ? "" : ",\n", phase,
                    static_cast<unsigned>(lanes_[index].group), index + 1, time, rest));
    first_ = false;
}

void ChromeTrace::put(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_size) flush();
}

void ChromeTrace::flush() {
    sink_(context_, buffer_);
    buffer_.clear();
}

}  // namespace portico::report
