// Every example driver as its author builds and installs it: by its project file and `portico build`, as .so
// and as .sys, with its INF. Each is played, recorded, stopped and pulled out in the middle of a stream, and
// unloaded.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "machine/machine_file.h"
#include "machine/state.h"
#include "portico/gtest.h"

namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

#define DRIVERS PORTICO_SOURCE_DIR "/drivers/"
#define MACHINES PORTICO_SOURCE_DIR "/examples/machines/"

// A MIDI filter of a driver, and where one hears it.
struct Part {
    const char* filter;
    const char* wire = nullptr;  // the device with the plug; null: the filter's own capture pin
    std::uint64_t (*keys)(Machine&) =
        nullptr;  // of a synthesizer, how many it has played: it cannot be captured
};

std::uint64_t opl3_keys(Machine& m) {
    return m.device("opl3").counters()["keys on"];
}
std::uint64_t sb16_keys(Machine& m) {
    return m.device("sb16").counters()["keys on"];
}
// Voices that were told to sound.
std::uint64_t wavetable_keys(Machine& m) {
    const auto accesses = m.device("wavetable").accesses();
    return static_cast<std::uint64_t>(
        std::count_if(accesses.begin(), accesses.end(), [](const RegisterAccess& access) {
            return access.is_write && access.offset == 0xE && access.value == 1;
        }));
}

struct Example {
    const char* name;
    std::vector<const char*> paths;  // below drivers/
    const char* machine_file;        // null: an MPU-401 where the first part has its wire, else no hardware
    std::vector<Part> parts;
};

const Example examples[] = {
    {"mpu401", {"mpu401"}, nullptr, {{"Uart", "mpu401"}}},
    {"cable", {"cable"}, nullptr, {{"Cable"}}},
    {"dmus_cable", {"dmus_cable"}, nullptr, {{"DMusCable"}}},
    {"soundcard", {"soundcard"}, nullptr, {{"Uart", "mpu401"}}},
    {"fmcard", {"fmcard"}, MACHINES "fmcard.toml", {{"FMSynth", nullptr, opl3_keys}}},
    {"sb16",
     {"sb16", "fmcard/fmsynth"},
     MACHINES "sb16.toml",
     {{"UART", "sb16"}, {"FMSynth", nullptr, sb16_keys}}},
    {"pcimidi", {"pcimidi"}, DRIVERS "pcimidi/pcimidi.toml", {{"MIDI1", "card"}}},
    {"portcable", {"portcable"}, nullptr, {{"Port 1"}}},
    {"wavetable",
     {"wavetable"},
     DRIVERS "wavetable/wavetable.toml",
     {{"Wavetable", nullptr, wavetable_keys}}},
};

// What a run of `portico build` makes: what is there from an earlier one is made anew where it has to be.
struct Build {
    const Example* example;
    const char* suffix;
    const char* config;

    std::string name() const { return std::string(example->name) + '_' + config + '_' + (suffix + 1); }
};

std::ostream& operator<<(std::ostream& out, const Build& build) {
    return out << build.name();
}

class Project : public ::testing::TestWithParam<Build> {
  protected:
    void SetUp() override {
        const Build& build = GetParam();
        const std::string folder =
            std::string(PROJECT_IMAGES) + build.config + build.suffix + "/" + example.name;
        std::filesystem::create_directories(folder);
        image = folder + "/" + example.name + build.suffix;
        std::string line = PORTICO " build";
        for (const char* const path : example.paths) line += std::string(" " DRIVERS) + path;
        line += " -o " + image + " --config " + build.config;
        if (std::string_view(build.suffix) == ".so") line += " " ASAN;
        ASSERT_EQ(std::system((line + " >" + folder + "/said 2>&1").c_str()), 0)
            << "see " << folder << "/said";
    }

    Machine started() {
        MachineConfig config;
        machine::Ends ends;
        if (example.machine_file != nullptr) {
            const auto read = machine::read_machine_file(example.machine_file, config, ends);
            EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
        } else {
            config.devices = {example.parts[0].wire != nullptr ? mpu401() : virtual_device()};
        }
        config.driver = image;
        config.inf = std::string(DRIVERS) + example.name + "/" + example.name + ".inf";
        config.print_findings = false;
        auto created = Machine::create(std::move(config));
        EXPECT_TRUE(created.ok()) << (created.ok() ? "" : created.error().message);
        Machine m = std::move(created).value();
        EXPECT_EQ(m.state().infs.warnings(), "");
        const Status status = m.start();
        EXPECT_TRUE(status.ok()) << status.message;
        return m;
    }

    const Example& example = *GetParam().example;
    std::string image;
};

// A filter's pins, open and running.
struct Streams {
    Streams(Machine& machine, const Part& part_) : m(machine), part(part_) {
        if (part.keys == nullptr) in = opened(Pin::Capture);
        out = opened(Pin::Render);
    }
    std::optional<Pin> opened(Pin::Direction direction) {
        auto pin = m.filter(part.filter).open(direction);
        EXPECT_TRUE(pin.ok()) << (pin.ok() ? "" : pin.error().message);
        if (!pin.ok()) return std::nullopt;
        EXPECT_OK(pin->run());
        return std::move(pin).value();
    }
    Bytes captured() {
        Bytes all;
        for (const CapturedMessage& message : in->take_captured())
            all.insert(all.end(), message.bytes.begin(), message.bytes.end());
        return all;
    }

    Machine& m;
    const Part& part;
    std::optional<Pin> in, out;
};

Bytes long_sysex() {
    Bytes bytes(600, 0x2A);
    bytes.front() = 0xF0;
    bytes.back() = 0xF7;
    return bytes;
}

// What goes into the filter comes out of it, whole and in order.
void expect_to_play(Machine& m, const Part& part) {
    Streams streams(m, part);
    ASSERT_TRUE(streams.out.has_value());
    const std::uint64_t keys = part.keys != nullptr ? part.keys(m) : 0;
    const std::size_t before = part.wire != nullptr ? m.device(part.wire).wire().size() : 0;
    Bytes song{0x90, 60, 100, 0x91, 64, 90};
    const Bytes sysex = long_sysex();
    song.insert(song.end(), sysex.begin(), sysex.begin() + 40);
    song.insert(song.end(), {0xF7, 0x80, 60, 0, 0x81, 64, 0});
    ASSERT_OK(streams.out->write(song));
    ASSERT_OK(streams.out->drain());
    m.run_for(100ms);
    if (part.keys != nullptr) {
        EXPECT_EQ(part.keys(m), keys + 2);
    } else if (part.wire != nullptr) {
        const Bytes wire = m.device(part.wire).wire();
        EXPECT_THAT(Bytes(wire.begin() + static_cast<std::ptrdiff_t>(before), wire.end()),
                    ElementsAreArray(song));
    } else {
        EXPECT_THAT(streams.captured(), ElementsAreArray(song));
    }
}

// What comes in from outside is captured.
void expect_to_record(Machine& m, const Part& part) {
    if (part.wire == nullptr) return;  // a cable's capture pin is where it is heard; a chip has none
    Streams streams(m, part);
    ASSERT_TRUE(streams.in.has_value());
    const Bytes song{0x90, 61, 101, 0xE0, 1, 2, 0xC3, 9, 0xF0, 1, 2, 3, 0xF7, 0x80, 61, 0};
    m.device(part.wire).receive(song);
    m.run_for(50ms);
    EXPECT_THAT(streams.captured(), ElementsAreArray(song));
}

// More than is sent while the test looks.
void begin_long_music(Machine& m, Streams& streams) {
    ASSERT_TRUE(streams.out.has_value());
    ASSERT_OK(streams.out->write({0x90, 62, 100}));
    ASSERT_OK(streams.out->write(long_sysex()));
    ASSERT_OK(streams.out->write_at(500ms, Bytes{0x80, 62, 0}));
    if (streams.part.wire != nullptr) m.device(streams.part.wire).receive(long_sysex());
    m.run_for(5ms);
}

void stop_in_the_middle(Machine& m, const Part& part) {
    Streams streams(m, part);
    begin_long_music(m, streams);
    EXPECT_EQ(m.stop().code, STATUS_DEVICE_BUSY) << "pins are open";
    EXPECT_OK(streams.out->pause());
    m.run_for(5ms);
    EXPECT_OK(streams.out->stop());
    if (streams.in) {
        EXPECT_OK(streams.in->stop());
    }
    m.run_for(5ms);
    EXPECT_OK(streams.out->run());
    if (streams.in) {
        EXPECT_OK(streams.in->run());
    }
    begin_long_music(m, streams);
    streams.out.reset();
    streams.in.reset();
    EXPECT_OK(m.stop());
    m.run_for(20ms);
    EXPECT_OK(m.restart());
}

void pull_out_in_the_middle(Machine& m, const Part& part) {
    {
        Streams streams(m, part);
        begin_long_music(m, streams);
        EXPECT_OK(m.surprise_remove());
        m.run_for(20ms);
        (void)streams.out->write({0x90, 63, 100});
        m.run_for(20ms);
    }
    EXPECT_OK(m.replug());
}

void expect_no_findings(Machine& m, const char* moment) {
    EXPECT_OK(m.unload()) << moment;
    EXPECT_THAT(m.findings(), IsEmpty()) << moment;
}

TEST_P(Project, PlaysRecordsStopsAndIsPulledOut) {
    for (const Part& part : example.parts) {
        SCOPED_TRACE(part.filter);
        {
            Machine m = started();
            expect_to_play(m, part);
            expect_to_record(m, part);
            expect_no_findings(m, "played and recorded");
        }
        {
            Machine m = started();
            stop_in_the_middle(m, part);
            expect_to_play(m, part);
            expect_no_findings(m, "stopped");
        }
        {
            Machine m = started();
            pull_out_in_the_middle(m, part);
            expect_to_play(m, part);
            expect_no_findings(m, "pulled out");
        }
    }
}

// All of them as the debugger likes them, and for the optimiser one with a `sources` file and one with a
// .vcxproj. With sanitizers, where the compilers take as long again: in turn as .so and as .sys.
std::vector<Build> builds() {
    std::vector<Build> all;
#ifdef PORTICO_ASAN
    for (const Example& example : examples)
        all.push_back({&example, all.size() % 2 == 0 ? ".so" : ".sys", "checked"});
#else
    for (const char* const suffix : {".so", ".sys"}) {
        for (const Example& example : examples) all.push_back({&example, suffix, "checked"});
        all.push_back({&examples[0], suffix, "free"});
        all.push_back({&examples[1], suffix, "free"});
    }
#endif
    return all;
}

INSTANTIATE_TEST_SUITE_P(Drivers, Project, ::testing::ValuesIn(builds()),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
