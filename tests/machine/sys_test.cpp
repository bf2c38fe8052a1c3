// Drivers as .sys: what they do by instructions, and that they do the same as the same sources built for
// Portico: order of calls and port accesses, MIDI, findings.
#include <algorithm>
#include <sstream>

#include "machine/machine_file.h"
#include "machine/state.h"
#include "portico/gtest.h"
#include "sim/trace.h"

namespace sys_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string driver(const std::string& name, const char* suffix = ".sys") {
    return std::string(DRIVERS "/") + name + suffix;
}

Machine machine_with(const std::string& path) {
    auto made = Machine::create({.driver = path, .seed = 7});
    EXPECT_TRUE(made.ok()) << made.error().message;
    return std::move(made).value();
}

TEST(Sys, InstructionsOfTheKernelDoWhatTheMachineDoes) {
    Machine m = machine_with(driver("traps"));
    // AddDevice fails on purpose, DriverEntry does not.
    const auto status = m.start();
    EXPECT_EQ(status.code, static_cast<std::int32_t>(0xC000000E))
        << std::hex << status.code << " " << status.message;
    EXPECT_FALSE(m.bug_checked());
}

struct Misdeed {
    const char* driver;
    std::uint32_t code;
    std::uint64_t parameter;
};

class SysMisdeed : public ::testing::TestWithParam<Misdeed> {};

TEST_P(SysMisdeed, IsTheBugCheckOfWindows) {
    Machine m = machine_with(driver(GetParam().driver));
    (void)m.start();
    ASSERT_TRUE(m.bug_checked());
    const auto finding = m.findings().back();
    EXPECT_EQ(finding.code, GetParam().code);
    EXPECT_EQ(finding.parameters[0], GetParam().parameter);
    EXPECT_THAT(finding.file, HasSubstr("traps.cpp"));
    EXPECT_NE(finding.line, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, SysMisdeed,
                         ::testing::Values(Misdeed{"traps_fast_fail", 0x139, 3},
                                           Misdeed{"traps_illegal", 0x1E, 0xC000001D},
                                           Misdeed{"traps_privileged", 0x1E, 0xC0000096},
                                           Misdeed{"traps_assertion", 0x1E, 0xC0000420}),
                         [](const auto& info) { return std::string(info.param.driver).substr(6); });

TEST(Sys, AVariableThatNobodyHasIsNamed) {
    Machine m = machine_with(driver("traps_missing_variable"));
    (void)m.start();
    ASSERT_TRUE(m.bug_checked());
    EXPECT_THAT(m.advice()[0].text, HasSubstr("imports ntoskrnl.exe!KeNoSuchVariable"));
    const auto finding = m.findings().back();
    EXPECT_EQ(finding.code, 0xC4u);
    EXPECT_THAT(finding.text, HasSubstr("reads the variable ntoskrnl.exe!KeNoSuchVariable"));
    EXPECT_THAT(finding.file, HasSubstr("traps.cpp"));
    EXPECT_NE(finding.line, 0u);
}

// INIT code is gone when DriverEntry has returned, whatever the image, and back in the next machine.
class InitCode : public ::testing::TestWithParam<const char*> {};

TEST_P(InitCode, IsGoneAfterDriverEntry) {
    for (int run = 0; run < 3; ++run) {
        Machine m = machine_with(driver("traps_late_init", GetParam()));
        (void)m.start();
        ASSERT_TRUE(m.bug_checked()) << run;
        const auto finding = m.findings().back();
        EXPECT_EQ(finding.code, 0x50u) << run;
        EXPECT_THAT(finding.text, HasSubstr("no code")) << run;
        EXPECT_THAT(finding.file, HasSubstr("traps.cpp")) << run;
    }
}

INSTANTIATE_TEST_SUITE_P(All, InitCode, ::testing::Values(".so", ".sys"),
                         [](const auto& info) { return std::string(info.param).substr(1); });

// ---- both ways ----

// A driver, with the machine that it is played on.
struct Rig {
    const char* driver;
    const char* filter;
    const char* machine_file = nullptr;  // else an MPU-401, or nothing for a cable
    const char* inf = nullptr;
};

std::ostream& operator<<(std::ostream& out, const Rig& rig) {
    return out << rig.driver;
}

struct Call {
    sim::TraceKind kind{};
    std::string name;  // of a DDI function; else what was accessed, and the value
    std::uint64_t at = 0;
    std::uint64_t value = 0;

    bool operator==(const Call&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Call& call) {
    out << sim::name_of(call.kind) << ' ' << call.name;
    if (call.kind != sim::TraceKind::call) out << std::hex << call.at << " = " << call.value << std::dec;
    return out;
}

struct Ran {
    bool records = false;  // it has a capture pin
    std::vector<Call> calls;
    std::vector<std::uint8_t> midi;
    std::vector<std::string> findings;
};

// Instructions in what other compilers make.
bool is_inlined(std::string_view name) {
    for (const std::string_view start :
         {"Interlocked", "ExInterlocked", "ExpInterlocked", "memcpy", "memmove", "memset", "memcmp",
          "RtlCopyMemory", "RtlMoveMemory", "RtlFillMemory", "RtlZeroMemory"}) {
        if (name.starts_with(start)) return true;
    }
    return false;
}

// Times aside.
std::vector<Call> calls_in(const std::vector<sim::TraceRecord>& records) {
    std::vector<Call> calls;
    for (const sim::TraceRecord& record : records) {
        switch (record.kind) {
            case sim::TraceKind::call:
                if (!is_inlined(record.name)) calls.push_back({record.kind, record.name});
                break;
            case sim::TraceKind::port_read:
            case sim::TraceKind::port_write:
            case sim::TraceKind::register_read:
            case sim::TraceKind::register_write:
                calls.push_back({record.kind, "", record.a, record.b});
                break;
            default:
                break;
        }
    }
    return calls;
}

// Numbers that may be addresses aside.
std::string without_addresses(const std::string& text) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end =
            text.compare(at, 2, "0x") == 0 ? text.find_first_not_of("0123456789abcdefABCDEF", at + 2) : at;
        if (end != at && std::min(end, text.size()) - at > 7) {
            result += "ADDRESS";
            at = std::min(end, text.size());
        } else {
            result += text[at++];
        }
    }
    return result;
}

// What a finding says, and where in the driver it was.
std::string saying(const Finding& finding) {
    std::ostringstream said;
    said << finding.rule << ' ' << std::hex << finding.code << ' ' << without_addresses(finding.text);
    for (const Frame& frame : finding.stack) {
        if (frame.in_driver)
            said << "; " << frame.function << ' ' << frame.file << ':' << std::dec << frame.line;
    }
    return said.str();
}

MachineConfig config_of(const Rig& rig, const char* suffix) {
    MachineConfig config;
    if (rig.machine_file != nullptr) {
        machine::Ends ends;
        const auto read = machine::read_machine_file(rig.machine_file, config, ends);
        EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    } else {
        const bool virtually = std::string_view(rig.filter) != "Uart";
        config.devices = {virtually ? virtual_device() : mpu401()};
    }
    config.driver = driver(rig.driver, suffix);
    if (rig.inf != nullptr) config.inf = rig.inf;
    config.seed = 7;
    config.print_findings = false;
    return config;
}

// Notes and a SysEx that does not fit into any FIFO, out and in at the same time.
void play_and_record(Machine& m, const Rig& rig, Ran& ran) {
    auto in = m.filter(rig.filter).open(Pin::Capture);
    ran.records = in.ok();
    if (in.ok()) (void)in->run();
    auto out = m.filter(rig.filter).open(Pin::Render);
    if (m.bug_checked()) return;
    ASSERT_TRUE(out.ok()) << out.error().message;
    (void)out->run();
    std::vector<std::uint8_t> sysex(150, 0x55);
    sysex.front() = 0xF0;
    sysex.back() = 0xF7;
    const std::vector<std::uint8_t> notes{0x90, 60, 100, 0x91, 64, 90, 0x80, 60, 0, 0xC0, 7};
    Device device = m.device(m.state().devices.front().config.name);
    if (device.exists()) device.receive(notes);
    (void)out->write(notes);
    (void)out->write_at(5ms, sysex);
    (void)out->write_at(30ms, std::vector<std::uint8_t>{0x81, 64, 0, 0xF8});
    m.run_for(20ms);
    if (device.exists()) device.receive(sysex);
    (void)out->drain();
    m.run_for(60ms);
    ran.midi = device.wire();
    if (!in.ok()) return;
    for (const CapturedMessage& message : in->take_captured())
        ran.midi.insert(ran.midi.end(), message.bytes.begin(), message.bytes.end());
}

Ran run(const Rig& rig, const char* suffix) {
    constexpr std::size_t records_max = 1 << 18;
    Ran ran;
    Machine m = Machine::create(config_of(rig, suffix)).value();
    m.state().trace_taps.keep(records_max);
    (void)m.start();
    if (!m.bug_checked()) play_and_record(m, rig, ran);
    (void)m.unload();
    const auto& records = m.state().trace_taps.kept();
    EXPECT_LT(records.size(), records_max) << "not all of it is compared";
    ran.calls = calls_in(records);
    for (const Finding& finding : m.findings()) ran.findings.push_back(saying(finding));
    return ran;
}

class BothWays : public ::testing::TestWithParam<Rig> {};

TEST_P(BothWays, SameOrderOfCallsSameMidiSameFindings) {
    const Ran so = run(GetParam(), ".so"), sys = run(GetParam(), ".sys");
    ASSERT_FALSE(so.calls.empty());
    const auto [ours, theirs] =
        std::mismatch(so.calls.begin(), so.calls.end(), sys.calls.begin(), sys.calls.end());
    EXPECT_TRUE(ours == so.calls.end() && theirs == sys.calls.end())
        << "call " << ours - so.calls.begin() << " of " << so.calls.size() << ": "
        << (ours == so.calls.end() ? Call{} : *ours) << " as .so, "
        << (theirs == sys.calls.end() ? Call{} : *theirs) << " as .sys";
    EXPECT_EQ(sys.midi, so.midi);
    EXPECT_EQ(sys.findings, so.findings);
    const bool broken = std::string_view(GetParam().driver).starts_with("broken_");
    EXPECT_TRUE(!so.midi.empty() || broken || !so.records);
    EXPECT_EQ(!so.findings.empty(), broken) << ::testing::PrintToString(so.findings);
}

#define EXAMPLES PORTICO_SOURCE_DIR "/examples/machines/"
#define EXAMPLE_DRIVERS PORTICO_SOURCE_DIR "/drivers/"
INSTANTIATE_TEST_SUITE_P(
    Drivers, BothWays,
    ::testing::Values(Rig{"mpu401", "Uart"}, Rig{"mpu401_own_uart", "Uart"}, Rig{"mpu401_dmus", "Uart"},
                      Rig{"soundcard", "Uart"}, Rig{"cable", "Cable"}, Rig{"dmus_cable", "DMusCable"},
                      Rig{"fmcard", "FMSynth", EXAMPLES "fmcard.toml"},
                      Rig{"sb16", "UART", EXAMPLES "sb16.toml"},
                      Rig{"pcimidi", "MIDI1", EXAMPLE_DRIVERS "pcimidi/pcimidi.toml"},
                      Rig{"portcable", "Port 1", nullptr, EXAMPLE_DRIVERS "portcable/portcable.inf"},
                      Rig{"wavetable", "Wavetable", EXAMPLE_DRIVERS "wavetable/wavetable.toml"},
                      Rig{"broken_null-read", "Cable"}, Rig{"broken_spin-lock-twice", "Cable"},
                      Rig{"broken_pool-leak", "Cable"}, Rig{"broken_timer-armed", "Uart"},
                      Rig{"broken_wait-in-isr", "Uart"}, Rig{"broken_irp-completed-twice", "Uart"},
                      Rig{"broken_reference-leak", "Uart"}, Rig{"broken_wait-at-dispatch", "Cable"},
                      Rig{"broken_paged-read", "Cable"}),
    [](const auto& info) {
        std::string name = info.param.driver;
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    });

}  // namespace
}  // namespace sys_test
