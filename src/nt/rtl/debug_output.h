// What drivers print for debuggers: the newest texts, bounded; older ones give way (docs/limits.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/nanoseconds.h"
#include "sim/processor.h"

namespace portico::nt::rtl {

struct DebugText {
    Nanoseconds at_ns = 0;
    std::uint32_t component = 0;  // DPFLTR_TYPE
    std::uint32_t level = 0;      // DPFLTR_ERROR_LEVEL ...
    std::uint32_t thread = 0;
    std::uint8_t processor = 0;
    sim::Irql irql = 0;
    std::uint16_t length = 0;
    std::uint64_t begin = 0;  // counted from the first byte ever printed
};

class DebugOutput {
  public:
    // DbgPrint transmits no more at once (its documentation).
    static constexpr unsigned text_max = 512;
    static constexpr std::uint64_t capacity = 2048;  // texts
    static constexpr std::uint64_t byte_capacity = 256 * 1024;

    // Texts are numbered from the machine's reset; those before first() are gone.
    std::uint64_t count() const { return count_; }
    std::uint64_t first() const { return first_; }
    const DebugText& at(std::uint64_t index) const { return texts_[index % capacity]; }
    // UTF-8 where the driver printed wide characters, else the driver's bytes; at most text_max of them.
    std::string_view text(std::uint64_t index) const {
        const DebugText& entry = at(index);
        return {bytes_.data() + entry.begin % byte_capacity, entry.length};
    }

    void add(std::uint32_t component, std::uint32_t level, std::string_view text);
    void reset() { count_ = first_ = end_ = 0; }

  private:
    std::array<DebugText, capacity> texts_{};
    // A text that begins at the end runs on past it instead of being broken.
    std::array<char, byte_capacity + text_max> bytes_{};
    std::uint64_t count_ = 0;
    std::uint64_t first_ = 0;
    std::uint64_t end_ = 0;  // bytes ever printed, with those skipped at the ring's end
};

DebugOutput& debug_output();

}  // namespace portico::nt::rtl
