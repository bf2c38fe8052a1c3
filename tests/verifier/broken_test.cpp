// The example drivers with one deliberate bug (drivers/broken): each is noticed as its patch says.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "portico/gtest.h"
#include "support/requires.h"

namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// What makes a bug show.
void start(Machine& m) {
    (void)m.start();
}

void unload(Machine& m) {
    ASSERT_OK(m.start());
    (void)m.unload();
}

// Plays a note through a cable into a capture pin.
void loop(Machine& m) {
    ASSERT_OK(m.start());
    Pin in = m.filter("Cable").open(Pin::Capture).value();
    Pin out = m.filter("Cable").open(Pin::Render).value();
    (void)in.run();
    (void)out.run();
    (void)out.write({0x90, 60, 100});
    m.run_for(20ms);
}

void write(Machine& m) {
    ASSERT_OK(m.start());
    Pin out = m.filter("Cable").open(Pin::Render).value();
    (void)out.run();
    (void)out.write({0x90, 60, 100});
    m.run_for(20ms);
}

void open(Machine& m) {
    ASSERT_OK(m.start());
    auto pin = m.filter("Uart").open(Pin::Render);
    if (pin.ok()) (void)pin.value().run();
}

struct Broken {
    const char* name;
    bool hardware;
    void (*show)(Machine&);
    const char* rule;
    const char* source;  // the line at fault
};

void PrintTo(const Broken& one, std::ostream* out) {
    *out << one.name;
}

const Broken all[] = {
    {"wait-in-isr", true, start, "wait-raised",
     "KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &oneMillisecond);"},
    {"wait-at-dispatch", false, loop, "wait-raised",
     "KeDelayExecutionThread(KernelMode, FALSE, &oneMillisecond);"},
    {"spin-lock-twice", false, write, "spin-lock", "KeAcquireSpinLockAtDpcLevel(&m_Lock);"},
    {"irp-completed-twice", true, open, "irp", "IoCompleteRequest(Irp, IO_NO_INCREMENT);"},
    {"pool-leak", false, unload, "left-behind",
     "PVOID history = ExAllocatePoolWithTag(NonPagedPool, 4096, CABLE_POOL_TAG);"},
    {"reference-leak", true, unload, "left-behind", "PcNewServiceGroup(&m_pServiceGroup"},
    {"timer-armed", true, unload, "left-behind", "KeSetTimerEx(&WatchdogTimer, dueTime, 100, &WatchdogDpc);"},
    {"null-read", false, write, "fault", "if (capture->m_State != KSSTATE_RUN) continue;"},
    {"paged-read", false, loop, "fault", "::Read("},
};

std::string line_of(const std::string& path, unsigned wanted) {
    std::ifstream file(path);
    std::string text;
    for (unsigned line = 0; line < wanted; ++line) {
        if (!std::getline(file, text)) return {};
    }
    return text;
}

// "Expect 0xD1 ..." in the patch's second line.
std::uint32_t expected_code(const std::string& name) {
    const std::string text = line_of(std::string(BROKEN_PATCHES) + name + ".patch", 2);
    const auto at = text.find("Expect 0x");
    return at == std::string::npos ? 0
                                   : static_cast<std::uint32_t>(std::stoul(text.substr(at + 7), nullptr, 16));
}

struct BrokenDrivers : ::testing::TestWithParam<Broken> {};

TEST_P(BrokenDrivers, AreNoticedAsTheirPatchSays) {
    const Broken& broken = GetParam();
    MachineConfig config;
    if (broken.hardware) config.devices = {mpu401()};
    config.driver = std::string(BROKEN_IMAGES) + broken.name + ".so";
    config.print_findings = false;
    Machine m = Machine::create(config).value();
    broken.show(m);
    const auto findings = m.findings();
    ASSERT_THAT(findings, SizeIs(1)) << ::testing::PrintToString(findings);
    EXPECT_EQ(findings[0].rule, broken.rule);
    EXPECT_NE(findings[0].code, 0u);
    EXPECT_EQ(findings[0].code, expected_code(broken.name));
    EXPECT_THAT(line_of(findings[0].file, findings[0].line), HasSubstr(broken.source))
        << findings[0].file << ":" << findings[0].line;
}

INSTANTIATE_TEST_SUITE_P(All, BrokenDrivers, ::testing::ValuesIn(all), [](const auto& info) {
    std::string name = info.param.name;
    for (char& c : name) {
        if (c == '-') c = '_';
    }
    return name;
});

TEST(BrokenPatches, AreAllTested) {
    unsigned patches = 0;
    for (const auto& entry : std::filesystem::directory_iterator(BROKEN_PATCHES)) {
        if (entry.path().extension() != ".patch") continue;
        ++patches;
        const auto is_it = [&](const Broken& one) { return entry.path().stem() == one.name; };
        EXPECT_TRUE(std::any_of(std::begin(all), std::end(all), is_it)) << entry.path();
    }
    EXPECT_EQ(patches, std::size(all));
}

}  // namespace
