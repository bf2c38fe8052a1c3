// Random valid MIDI, and what a receiver must make of it: written without the parser that it tests.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace portico::test {

using Bytes = std::vector<std::uint8_t>;

struct MidiStream {
    Bytes bytes;                  // as on a wire: running status, real-time bytes anywhere
    std::vector<Bytes> messages;  // in the order in which they are complete
};

class MidiSource {
  public:
    MidiSource(std::uint64_t seed, std::size_t sysex_limit) : random_(seed), sysex_limit_(sysex_limit) {}

    MidiStream make(std::size_t message_count) {
        MidiStream out;
        for (std::size_t i = 0; i < message_count; ++i) add(out);
        return out;
    }

  private:
    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
    std::uint8_t data() { return static_cast<std::uint8_t>(below(128)); }

    void add(MidiStream& out) {
        switch (below(12)) {
            case 0:
                return real_time(out);
            case 1:
                return send(out, system_common());
            case 2:
                return send(out, sysex());
            default:
                return send(out, channel_message());
        }
    }
    Bytes channel_message() {
        // The same status several times in a row, so that running status has something to do.
        if (below(3) == 0) status_ = static_cast<std::uint8_t>(0x80 + below(0x70));
        const bool one = (status_ & 0xE0) == 0xC0;
        return one ? Bytes{status_, data()} : Bytes{status_, data(), data()};
    }
    Bytes system_common() {
        switch (below(4)) {
            case 0:
                return {0xF1, data()};
            case 1:
                return {0xF2, data(), data()};
            case 2:
                return {0xF3, data()};
            default:
                return {0xF6};
        }
    }
    Bytes sysex() {
        const std::size_t most = below(8) == 0 ? sysex_limit_ : 24;
        Bytes out{0xF0};
        for (std::size_t left = below(static_cast<std::uint32_t>(most)); left != 0; --left)
            out.push_back(data());
        out.push_back(0xF7);
        return out;
    }
    void real_time(MidiStream& out) {
        static constexpr std::uint8_t kinds[] = {0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF};
        const std::uint8_t byte = kinds[below(6)];
        out.bytes.push_back(byte);
        out.messages.push_back({byte});
    }
    void send(MidiStream& out, const Bytes& message) {
        const std::uint8_t first = message[0];
        const bool omit = first < 0xF0 && first == running_ && below(4) != 0;
        for (std::size_t i = omit ? 1 : 0; i < message.size(); ++i) {
            // Between any two bytes, also before the first and before F7.
            while (below(message.size() > 100 ? 2'000 : 24) == 0) real_time(out);
            out.bytes.push_back(message[i]);
        }
        running_ = first < 0xF0 ? first : 0;
        out.messages.push_back(message);
    }

    std::mt19937_64 random_;
    std::size_t sysex_limit_;
    std::uint8_t status_ = 0x90;
    std::uint8_t running_ = 0;
};

// Messages with their status out of expanded bytes, as far as they are whole. A piece of a SysEx is continued
// by the next one.
class MidiReceiver {
  public:
    void add(std::uint8_t byte) {
        if (byte >= 0xF8) {
            messages.push_back({byte});
            return;
        }
        if (byte >= 0x80 && byte != 0xF7) {
            if (!message_.empty()) broken.push_back(message_);
            message_.clear();
        }
        message_.push_back(byte);
        const std::uint8_t status = message_[0];
        const bool whole = status == 0xF0 ? byte == 0xF7 : message_.size() == size_of(status);
        if (!whole) return;
        messages.push_back(message_);
        message_.clear();
    }
    void add(const Bytes& bytes) {
        for (const std::uint8_t byte : bytes) add(byte);
    }

    std::vector<Bytes> messages;
    std::vector<Bytes> broken;

  private:
    static std::size_t size_of(std::uint8_t status) {
        static constexpr std::uint8_t channel[] = {3, 3, 3, 3, 2, 2, 3};
        static constexpr std::uint8_t system[] = {0, 2, 3, 2, 1, 1, 1, 1};
        if (status < 0x80) return 1;
        return status < 0xF0 ? channel[(status - 0x80) >> 4] : system[status & 7];
    }
    Bytes message_;
};

}  // namespace portico::test
