// Messages to wire bytes, the other way of the stream parser. Any IRQL, one caller at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "midi/message.h"

namespace portico::midi {

enum class RunningStatus : std::uint8_t { expanded, omitted };

class Serializer {
  public:
    explicit Serializer(RunningStatus running = RunningStatus::expanded) : running_(running) {}

    // Puts one message, or one piece of a SysEx, into `out`, which has room for message.size() bytes. Returns
    // the bytes written: one less than the message where its status byte could be left out.
    std::size_t write(std::span<const std::uint8_t> message, std::uint8_t* out) {
        if (message.empty()) return 0;
        const bool omit = running_ == RunningStatus::omitted && message[0] == last_status_;
        remember(message[0]);
        const auto bytes = message.subspan(omit ? 1 : 0);
        std::memcpy(out, bytes.data(), bytes.size());
        return bytes.size();
    }

    // After bytes of somebody else on the same wire: the next message carries its status.
    void reset() { last_status_ = 0; }

  private:
    void remember(std::uint8_t first) {
        if (is_real_time(first)) return;
        last_status_ = is_channel_status(first) ? first : 0;
    }

    RunningStatus running_;
    std::uint8_t last_status_ = 0;
};

}  // namespace portico::midi
