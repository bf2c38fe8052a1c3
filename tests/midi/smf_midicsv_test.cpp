// midicsv, an independent reader and writer of MIDI files, must see what we see.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "midi/smf.h"
#include "smf_random.h"

namespace portico::midi::smf {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Folder {
  public:
    Folder() {
        char name[] = "/tmp/portico-midicsv-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const char* name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

void run(const std::string& command) {
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

Bytes load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

void save(const std::string& path, const Bytes& bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::string numbers(std::span<const std::uint8_t> bytes) {
    std::string text = fmt::format("{}", bytes.size());
    for (const auto byte : bytes) text += fmt::format(", {}", byte);
    return text;
}

std::string quoted(std::span<const std::uint8_t> bytes) {
    std::string text = "\"";
    for (const auto c : bytes) {
        const bool plain = (c >= 0x20 && c < 0x7F) || c >= 0xA1;
        if (c == '"' || c == '\\') {
            text += fmt::format("{0}{0}", static_cast<char>(c));
        } else if (plain) {
            text += static_cast<char>(c);
        } else {
            text += fmt::format("\\{:03o}", c);
        }
    }
    return text + "\"";
}

std::string meta_line(std::uint8_t type, std::span<const std::uint8_t> data) {
    static constexpr std::array<const char*, 8> texts = {
        "", "Text_t", "Copyright_t", "Title_t", "Instrument_name_t", "Lyric_t", "Marker_t", "Cue_point_t"};
    if (type == meta_tempo) return fmt::format("Tempo, {}", data[0] << 16 | data[1] << 8 | data[2]);
    return fmt::format("{}, {}", texts.at(type), quoted(data));
}

std::string message_line(std::span<const std::uint8_t> m) {
    const int channel = m[0] & 0x0F;
    switch (m[0] & 0xF0) {
        case 0x80:
            return fmt::format("Note_off_c, {}, {}, {}", channel, m[1], m[2]);
        case 0x90:
            return fmt::format("Note_on_c, {}, {}, {}", channel, m[1], m[2]);
        case 0xA0:
            return fmt::format("Poly_aftertouch_c, {}, {}, {}", channel, m[1], m[2]);
        case 0xB0:
            return fmt::format("Control_c, {}, {}, {}", channel, m[1], m[2]);
        case 0xC0:
            return fmt::format("Program_c, {}, {}", channel, m[1]);
        case 0xD0:
            return fmt::format("Channel_aftertouch_c, {}, {}", channel, m[1]);
        default:
            return fmt::format("Pitch_bend_c, {}, {}", channel, m[2] << 7 | m[1]);
    }
}

std::string event_line(const File& file, const Event& event) {
    const auto bytes = file.bytes_of(event);
    switch (event.kind) {
        case EventKind::message:
            return message_line(bytes);
        case EventKind::sysex:
            return "System_exclusive, " + numbers(bytes.subspan(1));
        case EventKind::escape:
            return "System_exclusive_packet, " + numbers(bytes);
        case EventKind::meta:
            return meta_line(event.meta_type, bytes);
    }
    return {};
}

// The file as midicsv prints it.
std::string csv(const File& file) {
    auto text = fmt::format("0, 0, Header, {}, {}, {}\n", file.format, file.tracks.size(),
                            static_cast<std::int16_t>(file.division));
    for (std::size_t i = 0; i < file.tracks.size(); ++i) {
        const auto& track = file.tracks[i];
        text += fmt::format("{}, 0, Start_track\n", i + 1);
        for (const auto& event : track.events) {
            text += fmt::format("{}, {}, {}\n", i + 1, event.tick, event_line(file, event));
        }
        text += fmt::format("{}, {}, End_track\n", i + 1, track.end_tick);
    }
    return text + "0, 0, End_of_file\n";
}

std::string midicsv(const Folder& folder, const Bytes& file) {
    save(folder.file("a.mid"), file);
    run(fmt::format("midicsv {} {}", folder.file("a.mid"), folder.file("a.csv")));
    const auto text = load(folder.file("a.csv"));
    return std::string(text.begin(), text.end());
}

File random_file(std::uint64_t seed) {
    return RandomFile(seed).make(seed % 3, seed % 2 == 0 ? 480 : 25);
}

TEST(Midicsv, ReadsWhatWeWrite) {
    const Folder folder;
    for (std::uint64_t seed = 1000; seed < 1030; ++seed) {
        const File file = random_file(seed);
        for (const auto running : {RunningStatus::expanded, RunningStatus::omitted}) {
            ASSERT_EQ(midicsv(folder, write(file, {running})), csv(file)) << seed;
        }
    }
}

TEST(Midicsv, WritesWhatWeRead) {
    const Folder folder;
    for (std::uint64_t seed = 2000; seed < 2030; ++seed) {
        const auto text = csv(random_file(seed));
        save(folder.file("b.csv"), Bytes(text.begin(), text.end()));
        run(fmt::format("csvmidi {} {}", folder.file("b.csv"), folder.file("b.mid")));
        const auto file = read(load(folder.file("b.mid")), "b.mid");
        ASSERT_TRUE(file.ok()) << file.error().message;
        EXPECT_TRUE(file->warnings.empty());
        ASSERT_EQ(csv(*file), text) << seed;
    }
}

TEST(Midicsv, ReadsTheGoodFilesOfTheCorpusAsWeDo) {
    const Folder folder;
    int compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(PORTICO_SOURCE_DIR "/fuzz/corpus/smf")) {
        const auto name = entry.path().stem().string();
        // midicsv does not know RIFF, does not skip a longer header, and names metas that csv() above does
        // not.
        if (name.rfind("ok-", 0) != 0 || name == "ok-riff-wrapped" || name == "ok-long-header") continue;
        if (name == "ok-all-metas" || name == "ok-unknown-chunks") continue;
        const auto bytes = load(entry.path());
        const auto file = read(bytes, name);
        ASSERT_TRUE(file.ok());
        EXPECT_EQ(midicsv(folder, bytes), csv(*file)) << name;
        ++compared;
    }
    EXPECT_GE(compared, 8);
}

// Seconds from midicsv's ticks and tempos alone, in long double.
std::vector<long double> seconds_of(const std::string& csv_text, int division) {
    std::multimap<std::uint64_t, long double> tempos;
    std::vector<std::pair<std::uint64_t, int>> ticks;
    std::istringstream lines(csv_text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        int track = 0;
        std::uint64_t tick = 0;
        char comma = 0;
        std::string kind;
        fields >> track >> comma >> tick >> comma >> kind;
        if (kind == "Tempo,") {
            long double quarter_us = 0;
            fields >> quarter_us;
            tempos.emplace(tick, quarter_us);
        } else if (kind.find("_c,") != std::string::npos) {
            ticks.emplace_back(tick, track);
        }
    }
    std::stable_sort(ticks.begin(), ticks.end());
    std::vector<long double> seconds;
    for (const auto& [tick, track] : ticks) {
        long double at = 0, quarter_us = 500'000;
        std::uint64_t last = 0;
        for (const auto& [from, tempo] : tempos) {
            if (from > tick) break;
            at += static_cast<long double>(from - last) * quarter_us / division;
            last = from;
            quarter_us = tempo;
        }
        seconds.push_back((at + static_cast<long double>(tick - last) * quarter_us / division) / 1e6L);
    }
    return seconds;
}

TEST(Midicsv, AgreesAboutTimes) {
    const Folder folder;
    for (std::uint64_t seed = 3000; seed < 3030; ++seed) {
        const File file = RandomFile(seed).make(seed % 2, 384);
        const auto expected = seconds_of(midicsv(folder, write(file)), 384);
        const auto song = timeline(file, "test");
        ASSERT_TRUE(song.ok());
        std::size_t i = 0;
        for (const auto& event : song->events) {
            if (event.kind != EventKind::message) continue;
            ASSERT_LT(i, expected.size());
            EXPECT_NEAR(static_cast<double>(event.at_ns), static_cast<double>(expected[i++] * 1e9L), 1.0);
        }
        EXPECT_EQ(i, expected.size());
    }
}

}  // namespace
}  // namespace portico::midi::smf
