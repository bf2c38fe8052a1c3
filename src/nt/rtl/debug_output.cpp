#include "nt/rtl/debug_output.h"

#include <algorithm>
#include <cstring>

namespace portico::nt::rtl {

void DebugOutput::add(std::uint32_t component, std::uint32_t level, std::string_view text) {
    const auto length = std::min<std::size_t>(text.size(), text_max);
    const sim::Processor& p = *sim::this_processor;
    DebugText& entry = texts_[count_ % capacity];
    entry = {p.at_ns,
             component,
             level,
             p.current == nullptr ? 0 : p.current->id,
             p.index,
             p.irql,
             static_cast<std::uint16_t>(length),
             end_};
    std::memcpy(bytes_.data() + end_ % byte_capacity, text.data(), length);
    end_ += length;
    // What ran past the ring's end lies in its tail; the next text begins at the ring's beginning.
    if (end_ / byte_capacity != entry.begin / byte_capacity) end_ = (end_ / byte_capacity) * byte_capacity;
    ++count_;
    if (count_ - first_ > capacity) first_ = count_ - capacity;
    while (first_ < count_ && at(first_).begin + byte_capacity < end_) ++first_;
    sim::record(sim::TraceKind::debug_print, nullptr, count_ - 1);
}

DebugOutput& debug_output() {
    static DebugOutput output;
    return output;
}

}  // namespace portico::nt::rtl
