#include "ends/text/text_sink.h"

#include <fmt/format.h>

#include "midi/message.h"

namespace portico::ends {
namespace {

constexpr std::size_t flush_bytes = 64 * 1024;

std::string seconds(Nanoseconds at_ns) {
    return fmt::format("{}{}.{:09}", at_ns < 0 ? "-" : "", std::abs(at_ns / second_ns),
                       std::abs(at_ns % second_ns));
}

std::string name_of(const WireMessage& message) {
    if (message.bytes[0] != midi::sysex_begin && message.begins) return midi::describe(message.bytes);
    const char* more = message.end == midi::SysExEnd::cut ? ", cut" : message.begins ? "" : ", the rest";
    if (message.end == midi::SysExEnd::open) more = ", more follows";
    return fmt::format("sysex, {} bytes{}", message.bytes.size(), more);
}

}  // namespace

Result<void> TextSink::message(const WireMessage& message) {
    if (message.bytes.empty()) return {};
    fmt::format_to(std::back_inserter(lines_), "{:>16}  {:<8}  {}\n", seconds(message.begin_ns - origin_ns_),
                   midi::hex(message.bytes), name_of(message));
    if (lines_.size() < flush_bytes) return {};
    return flush();
}

Result<void> TextSink::flush() {
    PORTICO_TRY_VOID(file_.write({reinterpret_cast<const std::uint8_t*>(lines_.data()), lines_.size()}));
    lines_.clear();
    return {};
}

Result<void> TextSink::end(Nanoseconds) {
    PORTICO_TRY_VOID(flush());
    return file_.commit();
}

}  // namespace portico::ends
