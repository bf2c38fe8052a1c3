#include <algorithm>

#include <fmt/format.h>

#include "midi/smf.h"

namespace portico::midi::smf {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t chunk_header_bytes = 8;

bool is_track_chunk(Bytes data, std::size_t at) {
    return data.size() - at >= chunk_header_bytes &&
           std::equal(data.begin() + at, data.begin() + at + 4, "MTrk");
}

// A chunk's type is four printable characters.
bool looks_like_chunk(Bytes data, std::size_t at) {
    return data.size() - at >= chunk_header_bytes &&
           std::all_of(data.begin() + at, data.begin() + at + 4,
                       [](auto c) { return c >= 0x20 && c < 0x7F; });
}

std::string printable(Bytes bytes) {
    std::string text;
    for (const auto byte : bytes) text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
    return text;
}

std::uint32_t big_endian(Bytes data, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | data[at + i];
    return value;
}

struct Place {
    std::string_view name;
    std::size_t track = 0;  // from 1; 0 outside of tracks

    std::string line(std::size_t at, std::string_view what) const {
        if (track == 0) return fmt::format("{}: byte {}: {}", name, at, what);
        return fmt::format("{}: track {}, byte {}: {}", name, track, at, what);
    }
    Error error(std::size_t at, std::string_view what) const { return Error{line(at, what)}; }
};

void warn(File& file, const Place& place, std::size_t at, std::string_view what) {
    if (file.warnings.size() < warnings_max) {
        file.warnings.push_back(place.line(at, what));
    } else {
        ++file.warnings_left_out;
    }
}

// The events of one track, up to its end-of-track event or to `limit`.
class TrackReader {
  public:
    TrackReader(Bytes data, std::size_t at, std::size_t limit, File& file, Place place)
        : data_(data), at_(at), limit_(limit), file_(file), place_(place) {}

    // True at an end-of-track event, false at the limit.
    Result<bool> read() {
        while (at_ < limit_) {
            if (PORTICO_TRY(event())) {
                end_sysex();
                track_.end_tick = tick_;
                return true;
            }
        }
        end_sysex();
        track_.end_tick = tick_;
        return false;
    }

    std::size_t at() const { return at_; }
    Track take() { return std::move(track_); }

  private:
    // True at the end of the track.
    Result<bool> event() {
        event_at_ = at_;
        tick_ += PORTICO_TRY(variable());
        const std::uint8_t first = PORTICO_TRY(peek());
        if (first == 0xFF) return meta();
        if (first == sysex_begin || first == sysex_end) {
            PORTICO_TRY_VOID(system_exclusive(first));
        } else if (first > sysex_begin) {
            return place_.error(at_, fmt::format("status {:02X} cannot stand in a MIDI file", first));
        } else {
            PORTICO_TRY_VOID(message(first));
        }
        return false;
    }

    Result<void> message(std::uint8_t first) {
        std::uint8_t status = first;
        if (is_status(first)) {
            ++at_;
        } else if (running_ == 0) {
            return place_.error(at_, fmt::format("data byte {:02X} where a status byte should be", first));
        } else {
            status = running_;
            if (running_cancelled_) warn_once(ran_on_, "running status goes on after a sysex or meta event");
        }
        const unsigned size = channel_message_size(status);
        std::uint8_t bytes[3] = {status};
        for (unsigned i = 1; i < size; ++i) {
            bytes[i] = PORTICO_TRY(byte());
            if (is_status(bytes[i])) {
                return place_.error(
                    at_ - 1, fmt::format("{:02X} where a data byte of the message {:02X} should be", bytes[i],
                                         status));
            }
        }
        end_sysex();
        running_ = status;
        running_cancelled_ = false;
        file_.add(track_, tick_, Bytes(bytes, size));
        return {};
    }

    Result<void> system_exclusive(std::uint8_t status) {
        running_cancelled_ = true;
        ++at_;
        const Bytes data = PORTICO_TRY(counted("a sysex event"));
        if (status == sysex_begin) {
            end_sysex();
            sysex_at_ = event_at_;
            in_sysex_ = true;
        } else if (data.empty()) {
            return {};
        }
        append(status, data);
        if (!data.empty() && data.back() == sysex_end) in_sysex_ = false;
        return {};
    }

    void append(std::uint8_t status, Bytes data) {
        const auto at = static_cast<std::uint32_t>(file_.bytes.size());
        if (status == sysex_begin) file_.bytes.push_back(status);
        file_.bytes.insert(file_.bytes.end(), data.begin(), data.end());
        const auto size = static_cast<std::uint32_t>(file_.bytes.size()) - at;
        track_.events.push_back(
            {tick_, at, size, status == sysex_begin ? EventKind::sysex : EventKind::escape});
    }

    Result<bool> meta() {
        running_cancelled_ = true;
        ++at_;
        const std::uint8_t type = PORTICO_TRY(byte());
        if (is_status(type))
            return place_.error(at_ - 1, fmt::format("meta event of type {:02X}; they end at 7F", type));
        const Bytes data = PORTICO_TRY(counted("a meta event"));
        if (type == meta_end_of_track) return true;
        if (type == meta_tempo && !usable_tempo(data)) {
            warn(file_, place_, event_at_, "tempo that cannot be is left out");
            return false;
        }
        file_.add_meta(track_, tick_, type, data);
        return false;
    }

    static bool usable_tempo(Bytes data) { return data.size() == 3 && (data[0] | data[1] | data[2]) != 0; }

    void end_sysex() {
        if (in_sysex_) warn(file_, place_, sysex_at_, "sysex without its F7");
        in_sysex_ = false;
    }

    void warn_once(bool& warned, std::string_view what) {
        if (!warned) warn(file_, place_, at_, what);
        warned = true;
    }

    Error cut_short() const {
        const char* what =
            limit_ == data_.size() ? "the file ends within an event" : "an event runs past its track";
        return place_.error(event_at_, what);
    }

    Result<std::uint8_t> peek() const {
        if (at_ >= limit_) return cut_short();
        return data_[at_];
    }

    Result<std::uint8_t> byte() {
        const std::uint8_t value = PORTICO_TRY(peek());
        ++at_;
        return value;
    }

    // A variable-length quantity: at most four bytes, 28 bits.
    Result<std::uint32_t> variable() {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) {
            const std::uint8_t part = PORTICO_TRY(byte());
            value = value << 7 | (part & 0x7F);
            if ((part & 0x80) == 0) return value;
        }
        return place_.error(at_ - 4, "a variable-length number of more than four bytes");
    }

    Result<Bytes> counted(std::string_view what) {
        const std::size_t at = at_;
        const std::uint32_t size = PORTICO_TRY(variable());
        if (size > limit_ - at_) {
            return place_.error(at,
                                fmt::format("{} of {} bytes where {} are left", what, size, limit_ - at_));
        }
        const Bytes data = data_.subspan(at_, size);
        at_ += size;
        return data;
    }

    Bytes data_;
    std::size_t at_;
    std::size_t limit_;
    File& file_;
    Place place_;
    Track track_;
    std::uint64_t tick_ = 0;
    std::size_t event_at_ = 0;
    std::size_t sysex_at_ = 0;
    std::uint8_t running_ = 0;
    bool running_cancelled_ = false;
    bool ran_on_ = false;
    bool in_sysex_ = false;
};

class FileReader {
  public:
    FileReader(Bytes data, std::string_view name) : data_(data), place_{name} {}

    Result<File> read() {
        if (data_.empty()) return Error{fmt::format("{}: the file is empty", place_.name)};
        if (data_.size() > file_bytes_max) {
            return Error{
                fmt::format("{}: {} bytes; {} is the limit", place_.name, data_.size(), file_bytes_max)};
        }
        PORTICO_TRY_VOID(unwrap_riff());
        PORTICO_TRY_VOID(header());
        while (at_ < data_.size() && !done_) PORTICO_TRY_VOID(chunk());
        PORTICO_TRY_VOID(count_tracks());
        return std::move(file_);
    }

  private:
    // "RIFF" size "RMID", then chunks, of which "data" holds the MIDI file.
    Result<void> unwrap_riff() {
        if (data_.size() < 12 || !std::equal(data_.begin(), data_.begin() + 4, "RIFF") ||
            !std::equal(data_.begin() + 8, data_.begin() + 12, "RMID")) {
            return {};
        }
        std::size_t at = 12;
        while (data_.size() - at >= chunk_header_bytes) {
            const std::size_t size = little_endian(at + 4);
            const std::size_t body = at + chunk_header_bytes;
            if (std::equal(data_.begin() + at, data_.begin() + at + 4, "data")) {
                at_ = body;
                data_ = data_.first(body + std::min(size, data_.size() - body));
                return {};
            }
            if (size + (size & 1) > data_.size() - body) break;
            at = body + size + (size & 1);
        }
        return place_.error(at, "a RIFF file without a data chunk");
    }

    std::size_t little_endian(std::size_t at) const {
        return data_[at] | data_[at + 1] << 8 | data_[at + 2] << 16 | std::size_t{data_[at + 3]} << 24;
    }

    Result<void> header() {
        const Bytes start = data_.subspan(at_, std::min<std::size_t>(4, data_.size() - at_));
        if (start.size() < 4 || !std::equal(start.begin(), start.end(), "MThd")) {
            return place_.error(
                at_, fmt::format("not a MIDI file: it starts with '{}', not 'MThd'", printable(start)));
        }
        if (data_.size() - at_ < 14) return place_.error(at_, "the file ends within its header");
        const std::uint32_t length = big_endian(data_, at_ + 4, 4);
        if (length < 6 || length > data_.size() - at_ - chunk_header_bytes) {
            return place_.error(
                at_ + 4, fmt::format("the header claims {} bytes, 6 at least are due and {} are left", length,
                                     data_.size() - at_ - chunk_header_bytes));
        }
        file_.format = static_cast<std::uint16_t>(big_endian(data_, at_ + 8, 2));
        tracks_promised_ = big_endian(data_, at_ + 10, 2);
        file_.division = static_cast<std::uint16_t>(big_endian(data_, at_ + 12, 2));
        if (file_.format > 2)
            return place_.error(at_ + 8, fmt::format("type {}; only 0, 1, 2 exist", file_.format));
        PORTICO_TRY_VOID(check_division(at_ + 12));
        at_ += chunk_header_bytes + length;
        return {};
    }

    Result<void> check_division(std::size_t at) const {
        if ((file_.division & 0x8000) == 0) {
            if (file_.division == 0) return place_.error(at, "0 ticks in a quarter note");
            return {};
        }
        const unsigned frames = 256u - (file_.division >> 8);
        if ((file_.division & 0xFF) == 0) return place_.error(at, "0 ticks in a frame");
        if (frames != 24 && frames != 25 && frames != 29 && frames != 30) {
            return place_.error(at,
                                fmt::format("{} SMPTE frames a second; only 24, 25, 29, 30 exist", frames));
        }
        return {};
    }

    Result<void> chunk() {
        if (is_track_chunk(data_, at_)) return track();
        if (!looks_like_chunk(data_, at_)) {
            warn(file_, place_, at_,
                 fmt::format("{} bytes that are no chunk are skipped", data_.size() - at_));
            done_ = true;
            return {};
        }
        ++file_.unknown_chunks;
        const std::size_t length = big_endian(data_, at_ + 4, 4);
        const std::size_t body = at_ + chunk_header_bytes;
        if (length > data_.size() - body) {
            warn(file_, place_, at_,
                 fmt::format("chunk '{}' of {} bytes where {} are left", printable(data_.subspan(at_, 4)),
                             length, data_.size() - body));
            done_ = true;
            return {};
        }
        at_ = body + length;
        return {};
    }

    // A chunk length is believed where it fits the events and what follows; else the end-of-track event
    // decides.
    Result<void> track() {
        if (file_.tracks.size() == UINT16_MAX) return place_.error(at_, "more than 65535 tracks");
        const Place place{place_.name, file_.tracks.size() + 1};
        const std::size_t length = big_endian(data_, at_ + 4, 4);
        const std::size_t body = at_ + chunk_header_bytes;
        const bool fits = length <= data_.size() - body;
        const std::size_t claimed_end = fits ? body + length : data_.size();
        const auto restart = mark();

        TrackReader believing(data_, body, claimed_end, file_, place);
        const auto ended = believing.read();
        if (ended.ok() && ended.value())
            return after_end_of_track(believing, fits, claimed_end, length, place);
        if (ended.ok() && fits && (claimed_end == data_.size() || looks_like_chunk(data_, claimed_end))) {
            warn(file_, place, claimed_end, "the track has no end-of-track event");
            return accept(believing, claimed_end);
        }
        if (fits && claimed_end < data_.size() && !looks_like_chunk(data_, claimed_end)) {
            rewind(restart);
            TrackReader doubting(data_, body, data_.size(), file_, place);
            const auto found = doubting.read();
            if (found.ok() && found.value()) {
                warn_length(place, length, doubting.at() - body);
                return accept(doubting, doubting.at());
            }
        }
        if (!ended.ok()) return ended.error();
        if (fits) return place.error(claimed_end, "neither an end of track nor a next chunk");
        return place.error(data_.size(),
                           fmt::format("the file ends within the track: {} bytes of {} are there",
                                       data_.size() - body, length));
    }

    Result<void> after_end_of_track(TrackReader& reader, bool fits, std::size_t claimed_end,
                                    std::size_t length, const Place& place) {
        const std::size_t body = at_ + chunk_header_bytes;
        if (reader.at() == claimed_end && fits) return accept(reader, claimed_end);
        if (!fits || is_track_chunk(data_, reader.at())) {
            warn_length(place, length, reader.at() - body);
            return accept(reader, reader.at());
        }
        warn(file_, place, reader.at(),
             fmt::format("{} bytes after the end of the track are skipped", claimed_end - reader.at()));
        return accept(reader, claimed_end);
    }

    void warn_length(const Place& place, std::size_t claimed, std::size_t real) {
        warn(file_, place, at_ + 4,
             fmt::format("the chunk claims {} bytes, its events take {}", claimed, real));
    }

    Result<void> accept(TrackReader& reader, std::size_t next) {
        file_.tracks.push_back(reader.take());
        at_ = next;
        return {};
    }

    struct Mark {
        std::size_t bytes, warnings, left_out;
    };
    Mark mark() const { return {file_.bytes.size(), file_.warnings.size(), file_.warnings_left_out}; }
    void rewind(const Mark& mark) {
        file_.bytes.resize(mark.bytes);
        file_.warnings.resize(mark.warnings);
        file_.warnings_left_out = mark.left_out;
    }

    Result<void> count_tracks() {
        if (file_.tracks.empty()) return place_.error(at_, "a MIDI file without a track");
        if (file_.tracks.size() != tracks_promised_) {
            warn(file_, place_, 10,
                 fmt::format("the header promises {} tracks, the file has {}", tracks_promised_,
                             file_.tracks.size()));
        }
        if (file_.format == 0 && file_.tracks.size() > 1) {
            warn(file_, place_, 8, "a file of type 0 with several tracks is read as type 1");
            file_.format = 1;
        }
        return {};
    }

    Bytes data_;
    Place place_;
    std::size_t at_ = 0;
    std::uint32_t tracks_promised_ = 0;
    bool done_ = false;
    File file_;
};

}  // namespace

Result<File> read(Bytes data, std::string_view name) {
    return FileReader(data, name).read();
}

}  // namespace portico::midi::smf
