#include <algorithm>

#include "base/check.h"
#include "midi/smf.h"

namespace portico::midi::smf {
namespace {

constexpr std::uint64_t delta_max = 0x0FFF'FFFF;

class Output {
  public:
    explicit Output(RunningStatus running) : serializer_(running) {}

    void byte(std::uint8_t value) { bytes_.push_back(value); }
    void text(std::string_view value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
    void big_endian(std::uint32_t value, int size) {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
            byte(static_cast<std::uint8_t>(value >> shift));
    }
    void variable(std::uint32_t value) {
        for (int shift = 21; shift > 0; shift -= 7) {
            if (value >> shift != 0) byte(static_cast<std::uint8_t>(0x80 | (value >> shift & 0x7F)));
        }
        byte(value & 0x7F);
    }

    void track(const File& file, const Track& track) {
        text("MTrk");
        const std::size_t length_at = bytes_.size();
        big_endian(0, 4);
        serializer_.reset();
        tick_ = 0;
        for (const auto& event : track.events) {
            delta(event.tick);
            put(event, file.bytes_of(event));
        }
        delta(std::max(track.end_tick, tick_));
        meta(meta_end_of_track, {});
        const std::size_t length = bytes_.size() - length_at - 4;
        PORTICO_CHECK(length <= UINT32_MAX);
        for (int i = 0; i < 4; ++i) bytes_[length_at + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
    }

    std::vector<std::uint8_t> take() { return std::move(bytes_); }

  private:
    void delta(std::uint64_t tick) {
        PORTICO_CHECK(tick >= tick_);
        for (; tick - tick_ > delta_max; tick_ += delta_max) {
            variable(delta_max);
            meta(meta_text, {});
        }
        variable(static_cast<std::uint32_t>(tick - tick_));
        tick_ = tick;
    }

    void put(const Event& event, std::span<const std::uint8_t> data) {
        switch (event.kind) {
            case EventKind::message:
                return message(data);
            case EventKind::sysex:
                return counted(sysex_begin, data.subspan(1));
            case EventKind::escape:
                return counted(sysex_end, data);
            case EventKind::meta:
                return meta(event.meta_type, data);
        }
    }

    void message(std::span<const std::uint8_t> data) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + data.size());
        bytes_.resize(at + serializer_.write(data, bytes_.data() + at));
    }

    void counted(std::uint8_t status, std::span<const std::uint8_t> data) {
        PORTICO_CHECK(data.size() <= delta_max);
        byte(status);
        variable(static_cast<std::uint32_t>(data.size()));
        bytes_.insert(bytes_.end(), data.begin(), data.end());
        serializer_.reset();
    }

    void meta(std::uint8_t type, std::span<const std::uint8_t> data) {
        byte(0xFF);
        counted(type, data);
    }

    std::vector<std::uint8_t> bytes_;
    Serializer serializer_;
    std::uint64_t tick_ = 0;
};

}  // namespace

void File::add(Track& track, std::uint64_t tick, std::span<const std::uint8_t> message) {
    PORTICO_CHECK(!message.empty() && (track.events.empty() || track.events.back().tick <= tick));
    auto kind = EventKind::escape;
    if (is_channel_status(message[0])) kind = EventKind::message;
    if (message[0] == sysex_begin) kind = EventKind::sysex;
    track.events.push_back(
        {tick, static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(message.size()), kind});
    track.end_tick = std::max(track.end_tick, tick);
    bytes.insert(bytes.end(), message.begin(), message.end());
}

void File::add_meta(Track& track, std::uint64_t tick, std::uint8_t type, std::span<const std::uint8_t> data) {
    PORTICO_CHECK(type < 0x80 && (track.events.empty() || track.events.back().tick <= tick));
    track.events.push_back({tick, static_cast<std::uint32_t>(bytes.size()),
                            static_cast<std::uint32_t>(data.size()), EventKind::meta, type});
    track.end_tick = std::max(track.end_tick, tick);
    bytes.insert(bytes.end(), data.begin(), data.end());
}

void File::add_text(Track& track, std::uint64_t tick, std::uint8_t type, std::string_view text) {
    add_meta(track, tick, type, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void File::add_tempo(Track& track, std::uint64_t tick, std::uint32_t quarter_us) {
    PORTICO_CHECK(quarter_us > 0 && quarter_us < 1u << 24);
    const std::uint8_t data[] = {static_cast<std::uint8_t>(quarter_us >> 16),
                                 static_cast<std::uint8_t>(quarter_us >> 8),
                                 static_cast<std::uint8_t>(quarter_us)};
    add_meta(track, tick, meta_tempo, data);
}

std::vector<std::uint8_t> write(const File& file, WriteOptions options) {
    PORTICO_CHECK(file.format <= 2 && (file.format != 0 || file.tracks.size() == 1));
    PORTICO_CHECK(file.tracks.size() <= UINT16_MAX);
    Output out(options.running);
    out.text("MThd");
    out.big_endian(6, 4);
    out.big_endian(file.format, 2);
    out.big_endian(static_cast<std::uint32_t>(file.tracks.size()), 2);
    out.big_endian(file.division, 2);
    for (const auto& track : file.tracks) out.track(file, track);
    return out.take();
}

Recorder::Recorder() {
    file_.format = 0;
    file_.division = division;
    file_.tracks.resize(1);
    file_.add_tempo(file_.tracks[0], 0, quarter_us);
}

bool Recorder::add(Nanoseconds at_ns, std::span<const std::uint8_t> message) {
    // An event costs at most 12 bytes besides its own: delta, status, length.
    auto& track = file_.tracks[0];
    if (file_.bytes.size() + message.size() + 12 * (track.events.size() + 2) > file_bytes_max) return false;
    const auto tick = static_cast<std::uint64_t>(std::max<Nanoseconds>(at_ns, 0) + tick_ns / 2) / tick_ns;
    Track one;
    file_.add(one, tick, message);
    track.events.push_back(one.events[0]);
    return true;
}

std::vector<std::uint8_t> Recorder::finish(Nanoseconds end_ns) {
    auto& track = file_.tracks[0];
    std::stable_sort(track.events.begin(), track.events.end(),
                     [](const Event& a, const Event& b) { return a.tick < b.tick; });
    const auto end_tick =
        static_cast<std::uint64_t>(std::max<Nanoseconds>(end_ns, 0) + tick_ns / 2) / tick_ns;
    track.end_tick = std::max(end_tick, track.events.back().tick);
    return write(file_);
}

}  // namespace portico::midi::smf
