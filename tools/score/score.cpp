#include "score.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace portico::score {
namespace {

using midi::smf::File;
using midi::smf::Track;

constexpr std::uint64_t whole_ticks = 4 * quarter_ticks;
constexpr std::uint8_t sustain = 64;

struct Loudness {
    std::string_view mark;
    std::uint8_t velocity;
};
// As abc2midi has them.
constexpr std::array<Loudness, 8> loudnesses = {
    {{"ppp", 30}, {"pp", 45}, {"p", 60}, {"mp", 75}, {"mf", 90}, {"f", 105}, {"ff", 120}, {"fff", 127}}};

// At the same tick notes end first and begin last.
enum class Order { off, change, on };

struct Entry {
    std::uint64_t tick;
    Order order;
    std::vector<std::uint8_t> bytes;
};

struct Voice {
    std::string id;
    std::string name;
    unsigned channel = 0;
    std::uint8_t velocity = 90;
    std::uint64_t tick = 0;
    std::uint64_t bar_tick = 0;
    unsigned bar = 1;
    std::map<int, int> accidentals;     // by pitch without them, to the end of the bar
    std::map<int, std::uint64_t> tied;  // keys whose note goes on, by the tick where it must
    std::vector<Entry> entries;
};

struct Tempo {
    std::uint64_t tick;
    std::uint32_t quarter_us;
};

// A line of the score, read from left to right.
class Line {
  public:
    explicit Line(std::string_view text) : text_(text) {}

    bool empty() const { return text_.empty(); }
    char peek() const { return text_.empty() ? '\0' : text_.front(); }
    char take() {
        const char c = peek();
        if (!text_.empty()) text_.remove_prefix(1);
        return c;
    }
    bool take(std::string_view prefix) {
        if (text_.substr(0, prefix.size()) != prefix) return false;
        text_.remove_prefix(prefix.size());
        return true;
    }
    // Up to `end`, which is taken too.
    std::string_view until(char end) {
        const auto at = std::min(text_.find(end), text_.size());
        const auto found = text_.substr(0, at);
        text_.remove_prefix(std::min(at + 1, text_.size()));
        return found;
    }
    std::string_view word() {
        spaces();
        return until(' ');
    }
    void spaces() {
        while (peek() == ' ' || peek() == '\t') take();
    }
    std::string_view rest() const { return text_; }
    // `otherwise` if there is none.
    unsigned number(unsigned otherwise) {
        unsigned value = otherwise;
        const auto end = std::from_chars(text_.data(), text_.data() + text_.size(), value).ptr;
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }

  private:
    std::string_view text_;
};

class Compiler {
  public:
    Compiler(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    Result<File> compile() {
        while (!text_.empty()) {
            ++line_number_;
            Line line(Line(text_).until('\n'));
            text_.remove_prefix(std::min(text_.find('\n'), text_.size() - 1) + 1);
            PORTICO_TRY_VOID(take(line));
        }
        for (const auto& voice : voices_) {
            if (!voice.tied.empty()) return error(fmt::format("voice {}: a tie to nothing", voice.id));
            if (voice.tick != voice.bar_tick) return error(fmt::format("voice {}: an open bar", voice.id));
            if (voice.tick != voices_[0].tick)
                return error(fmt::format("voice {}: {} bars", voice.id, voice.bar - 1));
        }
        if (voices_.empty()) return error("no voice");
        return file();
    }

  private:
    Error error(std::string_view what) const {
        return Error{fmt::format("{}:{}: {}", name_, line_number_, what)};
    }

    Result<void> take(Line line) {
        if (line.take("%%")) return directive(line);
        line.spaces();
        if (line.empty() || line.peek() == '%') return {};
        if (line.rest().size() > 1 && line.rest()[1] == ':' && std::isalpha(line.peek()) != 0)
            return field(line);
        return music(line);
    }

    Result<void> directive(Line line) {
        if (line.take("MIDI ")) {
            if (voice_ == nullptr) return error("a MIDI directive before any voice");
            return midi_directive(line);
        }
        if (!line.take("portico sysex ")) return {};
        for (auto byte = line.word(); !byte.empty(); byte = line.word()) {
            unsigned value = 0;
            std::from_chars(byte.data(), byte.data() + byte.size(), value, 16);
            sysex_.push_back(static_cast<std::uint8_t>(value));
        }
        if (sysex_.size() < 2 || sysex_.front() != 0xF0 || sysex_.back() != 0xF7)
            return error("a sysex is F0 ... F7");
        return {};
    }

    Result<void> midi_directive(Line line) {
        const auto what = line.word();
        line.spaces();
        const unsigned first = line.number(128);
        line.spaces();
        const unsigned second = line.number(128);
        const auto status = [&](unsigned base) { return static_cast<std::uint8_t>(base | voice_->channel); };
        if (what == "channel" && first >= 1 && first <= 16) {
            voice_->channel = first - 1;
        } else if (what == "program" && first < 128) {
            enter(Order::change, {status(0xC0), static_cast<std::uint8_t>(first)});
        } else if (what == "control" && first < 128 && second < 128) {
            enter(Order::change,
                  {status(0xB0), static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second)});
        } else {
            return error(fmt::format("MIDI directive '{}'", what));
        }
        return {};
    }

    void enter(Order order, std::vector<std::uint8_t> bytes) {
        voice_->entries.push_back({voice_->tick, order, std::move(bytes)});
    }

    Result<void> field(Line line) {
        const char kind = line.take();
        line.take();
        line.spaces();
        switch (kind) {
            case 'X':
                return {};
            case 'T':
                title_ = line.rest();
                return {};
            case 'C':
                composer_ = line.rest();
                return {};
            case 'M':
                return meter(line);
            case 'L':
                unit_ticks_ = PORTICO_TRY(fraction(line));
                return {};
            case 'Q':
                return tempo(line);
            case 'K':
                if (line.rest() != "C" && line.rest() != "Am" && line.rest() != "none")
                    return error("key not known");
                return {};
            case 'V':
                return choose_voice(line);
            default:
                return error(fmt::format("field {}: not known", kind));
        }
    }

    Result<std::uint64_t> fraction(Line& line) {
        const unsigned over = line.number(0);
        if (over == 0 || !line.take("/")) return error("a fraction is due");
        const unsigned under = line.number(0);
        if (under == 0 || whole_ticks * over % under != 0) return error("a fraction of whole notes is due");
        return whole_ticks * over / under;
    }

    Result<void> meter(Line line) {
        Line copy = line;
        beats_ = copy.number(0);
        bar_ticks_ = PORTICO_TRY(fraction(line));
        if (beats_ == 0 || bar_ticks_ / beats_ != quarter_ticks) return error("a meter in quarters is due");
        return {};
    }

    Result<void> tempo(Line line) {
        if (!line.take("1/4=")) return error("a tempo as 1/4=66 is due");
        const unsigned beats = line.number(0);
        if (beats < 4 || beats > 1000) return error("a tempo of 4 to 1000 quarters a minute is due");
        tempos_.push_back({voice_ == nullptr ? 0 : voice_->tick, 60'000'000 / beats});
        return {};
    }

    Result<void> choose_voice(Line line) {
        const auto id = line.word();
        const auto found =
            std::find_if(voices_.begin(), voices_.end(), [&](const Voice& v) { return v.id == id; });
        if (found != voices_.end()) {
            voice_ = &*found;
            return {};
        }
        if (voices_.size() == voices_.capacity()) return error("more than 16 voices");
        voices_.push_back({});
        voice_ = &voices_.back();
        voice_->id = id;
        voice_->channel = static_cast<unsigned>(voices_.size() - 1);
        line.spaces();
        if (line.take("name=\"")) voice_->name = line.until('"');
        return {};
    }

    Result<void> music(Line line) {
        while (!line.empty()) {
            line.spaces();
            if (line.empty() || line.peek() == '%') return {};
            PORTICO_TRY_VOID(element(line));
        }
        return {};
    }

    Result<void> element(Line& line) {
        if (line.peek() == '[' && line.rest().size() > 2 && line.rest()[2] == ':') {
            line.take();
            return inline_field(Line(line.until(']')));
        }
        if (voice_ == nullptr) return error("music before any voice");
        if (line.take("!")) return mark(line.until('!'));
        if (line.peek() == '|') return bar_line(line);
        if (line.take("z")) return rest(PORTICO_TRY(length(line)));
        if (line.take("Z")) return bars_of_rest(line.number(1));
        if (line.take("[")) return chord(line);
        const int key = PORTICO_TRY(pitch(line));
        return notes({&key, 1}, line);
    }

    Result<void> inline_field(Line line) {
        if (line.take("I:MIDI ")) {
            if (voice_ == nullptr) return error("a MIDI directive before any voice");
            return midi_directive(line);
        }
        return field(line);
    }

    Result<void> mark(std::string_view mark) {
        if (mark == "ped" || mark == "ped-up") {
            const auto status = static_cast<std::uint8_t>(0xB0 | voice_->channel);
            enter(Order::change, {status, sustain, 0});
            if (mark == "ped") enter(Order::change, {status, sustain, 127});
            return {};
        }
        const auto found = std::find_if(loudnesses.begin(), loudnesses.end(),
                                        [&](auto& loudness) { return loudness.mark == mark; });
        if (found == loudnesses.end()) return error(fmt::format("mark !{}! not known", mark));
        voice_->velocity = found->velocity;
        return {};
    }

    Result<void> bar_line(Line& line) {
        while (line.take("|") || line.take("]")) {
        }
        const std::uint64_t ticks = voice_->tick - voice_->bar_tick;
        if (ticks != bar_ticks_) {
            return error(fmt::format("voice {}, bar {}: {} ticks long, not {}", voice_->id, voice_->bar,
                                     ticks, bar_ticks_));
        }
        next_bar();
        return {};
    }

    void next_bar() {
        voice_->bar_tick = voice_->tick;
        ++voice_->bar;
        voice_->accidentals.clear();
    }

    Result<void> rest(std::uint64_t ticks) {
        if (!voice_->tied.empty()) return error("a tie to a rest");
        voice_->tick += ticks;
        return {};
    }

    Result<void> bars_of_rest(unsigned bars) {
        PORTICO_TRY_VOID(rest(0));
        for (; bars > 1; --bars) {
            voice_->tick += bar_ticks_;
            next_bar();
        }
        voice_->tick += bar_ticks_;
        return {};
    }

    Result<std::uint64_t> length(Line& line) {
        const unsigned over = line.number(1);
        const bool divided = line.take("/");
        const unsigned under = divided ? line.number(2) : 1;
        if (over == 0 || under == 0 || unit_ticks_ * over % under != 0)
            return error("a length that cannot be");
        return unit_ticks_ * over / under;
    }

    Result<int> pitch(Line& line) {
        constexpr std::string_view letters = "C.D.EF.G.A.B";
        bool marked = true;
        int accidental = 0;
        if (line.take("^")) {
            accidental = 1;
        } else if (line.take("_")) {
            accidental = -1;
        } else {
            marked = line.take("=");
        }
        const char letter = line.take();
        const auto step = letters.find(static_cast<char>(std::toupper(letter)));
        if (std::isalpha(letter) == 0 || step == std::string_view::npos) {
            return error(fmt::format("'{}' is no note", letter));
        }
        int key = 60 + static_cast<int>(step) + (std::islower(letter) != 0 ? 12 : 0);
        for (;; key += 12) {
            while (line.take(",")) key -= 12;
            if (!line.take("'")) break;
        }
        if (marked) voice_->accidentals[key] = accidental;
        const auto holds = voice_->accidentals.find(key);
        key += holds == voice_->accidentals.end() ? 0 : holds->second;
        if (key < 0 || key > 127) return error("a note beyond MIDI's");
        return key;
    }

    Result<void> chord(Line& line) {
        std::vector<int> keys;
        while (!line.take("]")) {
            if (line.empty()) return error("a chord without its ]");
            keys.push_back(PORTICO_TRY(pitch(line)));
        }
        return notes(keys, line);
    }

    Result<void> notes(std::span<const int> keys, Line& line) {
        const std::uint64_t ticks = PORTICO_TRY(length(line));
        const std::uint64_t end = voice_->tick + ticks;
        const bool tie = line.take("-");
        auto before = std::exchange(voice_->tied, {});
        for (const int key : keys) {
            const auto byte = static_cast<std::uint8_t>(key);
            const auto on = static_cast<std::uint8_t>(0x90 | voice_->channel);
            if (before.erase(key) == 0) enter(Order::on, {on, byte, voice_->velocity});
            if (tie) {
                voice_->tied[key] = end;
            } else {
                voice_->entries.push_back({end, Order::off, {static_cast<std::uint8_t>(on - 0x10), byte, 0}});
            }
        }
        if (!before.empty()) return error("a tie to another note");
        voice_->tick = end;
        return {};
    }

    File file() {
        File file;
        file.format = 1;
        file.division = quarter_ticks;
        file.tracks.resize(1 + voices_.size());
        const std::uint64_t lead = sysex_.empty() ? 0 : quarter_ticks;
        conductor(file, lead);
        for (std::size_t i = 0; i < voices_.size(); ++i) part(file, file.tracks[i + 1], voices_[i], lead);
        return file;
    }

    void conductor(File& file, std::uint64_t lead) {
        auto& track = file.tracks[0];
        file.add_text(track, 0, midi::smf::meta_track_name, title_);
        file.add_text(track, 0, midi::smf::meta_text, composer_);
        const std::uint8_t time_signature[] = {static_cast<std::uint8_t>(beats_), 2, 24, 8};
        file.add_meta(track, 0, 0x58, time_signature);
        std::stable_sort(tempos_.begin(), tempos_.end(), [](auto& a, auto& b) { return a.tick < b.tick; });
        if (!sysex_.empty()) file.add(track, 0, sysex_);
        for (const auto& tempo : tempos_) {
            file.add_tempo(track, tempo.tick == 0 ? 0 : tempo.tick + lead, tempo.quarter_us);
        }
    }

    static void part(File& file, Track& track, Voice& voice, std::uint64_t lead) {
        file.add_text(track, 0, midi::smf::meta_track_name, voice.name);
        for (auto& entry : voice.entries) {
            entry.tick += entry.tick == 0 && entry.order == Order::change ? lead / 2 : lead;
        }
        std::stable_sort(voice.entries.begin(), voice.entries.end(), [](const Entry& a, const Entry& b) {
            return a.tick != b.tick ? a.tick < b.tick : a.order < b.order;
        });
        for (const auto& entry : voice.entries) file.add(track, entry.tick, entry.bytes);
        track.end_tick = voice.tick + lead;
    }

    std::string_view text_;
    std::string_view name_;
    unsigned line_number_ = 0;
    std::string title_, composer_;
    unsigned beats_ = 4;
    std::uint64_t bar_ticks_ = whole_ticks;
    std::uint64_t unit_ticks_ = whole_ticks / 8;
    std::vector<std::uint8_t> sysex_;
    std::vector<Tempo> tempos_;
    std::vector<Voice> voices_ = [] {
        std::vector<Voice> voices;
        voices.reserve(16);
        return voices;
    }();
    Voice* voice_ = nullptr;
};

}  // namespace

Result<File> compile(std::string_view text, std::string_view name) {
    return Compiler(text, name).compile();
}

}  // namespace portico::score
