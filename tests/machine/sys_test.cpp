// Drivers as .sys: what they do by instructions, and that they do the same as the same sources built for
// Portico: order of calls and port accesses, MIDI, findings.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "portico/gtest.h"
#include "support/requires.h"

namespace {

using namespace portico;
namespace fs = std::filesystem;
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
    for (int run = 0; run < 2; ++run) {
        Machine m = machine_with(driver("traps_late_init", GetParam()));
        (void)m.start();
        ASSERT_TRUE(m.bug_checked()) << run;
        EXPECT_THAT(m.findings().back().text, HasSubstr("no code")) << run;
    }
}

INSTANTIATE_TEST_SUITE_P(All, InitCode, ::testing::Values(".so", ".sys"),
                         [](const auto& info) { return std::string(info.param).substr(1); });

// ---- both ways ----

struct Ran {
    int code = -1;
    std::string errors;
    std::string midi;
    std::vector<std::string> calls;  // of DDI functions, and port accesses with their values
    nlohmann::json findings;
};

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Times aside. Interlocked operations and copies are instructions in what other compilers make.
std::vector<std::string> calls_in(const std::string& trace) {
    static const std::regex event("\"name\":\"([^\"]*)\",\"cat\":\"(call|port_read|port_write)\"");
    static const std::regex inlined(
        "Interlocked.*|Ex(?:p)?Interlocked.*|mem(?:cpy|move|set|cmp)|Rtl(?:Copy|Move|Fill|Zero)Memory.*");
    std::vector<std::string> calls;
    for (std::sregex_iterator i(trace.begin(), trace.end(), event), end; i != end; ++i) {
        if (!std::regex_match((*i)[1].str(), inlined)) calls.push_back((*i)[1]);
    }
    return calls;
}

// What a finding says, without addresses.
nlohmann::json sayings(const nlohmann::json& findings) {
    static const std::regex address("0x[0-9a-f]{6,}");
    auto said = nlohmann::json::array();
    for (const auto& finding : findings) {
        auto one = finding;
        for (auto& [key, value] : one.items()) {
            if (value.is_string()) value = std::regex_replace(value.get<std::string>(), address, "ADDRESS");
        }
        said.push_back(one);
    }
    return said;
}

class BothWays : public ::testing::TestWithParam<const char*> {
  protected:
    Ran run(const std::string& verb, const char* suffix) {
        const fs::path folder =
            fs::path(PORTICO_BINARY_DIR) / "both-ways" / (std::string(GetParam()) + "-" + verb + suffix);
        fs::remove_all(folder);
        fs::create_directories(folder);
        const std::string line = "cd " + folder.string() + " && " PORTICO " " + verb + " " SONG " --driver " +
                                 driver(GetParam(), suffix) +
                                 " --trace trace.json --json -o out.mid >out 2>errors";
        const int status = std::system(line.c_str());
        Ran ran{WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                content(folder / "errors"),
                content(folder / "out.mid"),
                calls_in(content(folder / "trace.json")),
                {}};
        const auto json = nlohmann::json::parse(content(folder / "out"), nullptr, false);
        if (json.is_object() && json.contains("findings")) ran.findings = sayings(json["findings"]);
        fs::remove_all(folder);
        return ran;
    }
};

TEST_P(BothWays, SameOrderOfCallsSameMidiSameFindings) {
    for (const char* verb : {"play", "record"}) {
        const Ran so = run(verb, ".so"), sys = run(verb, ".sys");
        EXPECT_EQ(sys.code, so.code) << verb << ": " << sys.errors;
        // A cable has no MIDI IN that the outside world could play into.
        if (std::string(verb) == "play") EXPECT_LE(so.code, 1) << so.errors;
        ASSERT_FALSE(so.calls.empty());
        const auto differs =
            std::mismatch(so.calls.begin(), so.calls.end(), sys.calls.begin(), sys.calls.end());
        EXPECT_TRUE(differs.first == so.calls.end() && differs.second == sys.calls.end())
            << verb << ", call " << differs.first - so.calls.begin() << " of " << so.calls.size() << ": "
            << (differs.first == so.calls.end() ? "(none)" : *differs.first) << " as .so, "
            << (differs.second == sys.calls.end() ? "(none)" : *differs.second) << " as .sys";
        EXPECT_EQ(sys.midi, so.midi) << verb;
        EXPECT_EQ(sys.findings, so.findings) << verb;
    }
}

INSTANTIATE_TEST_SUITE_P(Drivers, BothWays,
                         ::testing::Values("mpu401", "mpu401_own_uart", "mpu401_dmus", "soundcard", "cable",
                                           "dmus_cable", "broken_null-write", "broken_spin-lock-twice",
                                           "broken_pool-leak", "broken_timer-armed", "broken_wait-in-isr",
                                           "broken_irp-completed-twice", "broken_reference-leak",
                                           "broken_wait-at-dispatch", "broken_paged-read"),
                         [](const auto& info) {
                             std::string name = info.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace
