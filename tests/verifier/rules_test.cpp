// Each rule of the verifier against a driver that breaks it, through the public face: the code, the four
// parameters, the rule, the line at fault; and a driver that breaks none.
#include "verifier/verifier.h"

#include <cstring>
#include <fstream>
#include <optional>

#include "portico/gtest.h"
#include "sim/address_map.h"
#include "support/requires.h"

namespace {

using namespace portico;
using Severity = Finding::Severity;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

MachineConfig rules(const std::string& misdeed) {
    MachineConfig config;
    config.devices = {virtual_device("card")};
    config.devices[0].hardware_id = misdeed;
    config.driver = RULES_IMAGE;
    config.print_findings = false;
    return config;
}

// The advice but for those at loading: the driver imports what nobody has, for two of its misdeeds.
std::vector<Finding> told_while_running(Machine& m) {
    std::vector<Finding> told = m.advice();
    EXPECT_EQ(std::erase_if(told, [](const Finding& one) { return one.rule == "missing-import"; }), 2u);
    return told;
}

// The line that says BUG and the misdeed; 0: none does.
unsigned bug_line(const std::string& misdeed) {
    std::ifstream source(RULES_SOURCE);
    std::string text;
    for (unsigned line = 1; std::getline(source, text); ++line) {
        if (text.ends_with("// BUG " + misdeed)) return line;
    }
    return 0;
}

struct Case {
    const char* misdeed;
    Severity severity;
    const char* rule;
    std::uint32_t code;
    const char* text;
    // What is known of the parameters beforehand.
    std::optional<std::uint64_t> parameters[4] = {};
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.misdeed;
}

constexpr auto stop = Severity::bug_check;
constexpr auto left = Severity::finding;
constexpr std::optional<std::uint64_t> any = {};

const Case cases[] = {
    {"ddi-too-high",
     stop,
     "irql-ddi",
     0xC4,
     "ZwClose was called at DISPATCH_LEVEL; it may be called at PASSIVE_LEVEL or below",
     {any, 2, 0, 0}},
    {"ddi-too-low",
     stop,
     "irql-ddi",
     0xC4,
     "IoStartNextPacket was called at PASSIVE_LEVEL; it may be called at DISPATCH_LEVEL or above",
     {any, 0, 2, 2}},
    {"method-too-high",
     stop,
     "irql-ddi",
     0xC4,
     "IServiceGroup::AddMember was called at DISPATCH_LEVEL",
     {any, 2, 0, 0}},
    {"callback-irql",
     stop,
     "irql-callback",
     0xC8,
     "was called at DISPATCH_LEVEL and returned at device level 5",
     {5u << 16 | 2u}},
    {"raised-downwards", stop, "irql-change", 0xC4, "raised from DISPATCH_LEVEL to APC_LEVEL", {0x30, 2, 1}},
    {"lowered-upwards",
     stop,
     "irql-change",
     0xC4,
     "lowered from PASSIVE_LEVEL to DISPATCH_LEVEL",
     {0x31, 0, 2}},
    {"lowered-in-dpc",
     stop,
     "irql-change",
     0xC8,
     "lowered to PASSIVE_LEVEL in a DPC or an interrupt routine, which runs at DISPATCH_LEVEL or above",
     {2}},
    {"paged-code", stop, "paged-code", 0xD3, "PAGED_CODE() runs at DISPATCH_LEVEL", {any, 2, 8}},
    {"paged-pool-read", stop, "fault", 0xD1, "reads pageable memory at DISPATCH_LEVEL", {any, 2, 0}},
    {"paged-pool-write", stop, "fault", 0xD1, "writes to pageable memory at DISPATCH_LEVEL", {any, 2, 1}},
    {"paged-event", stop, "fault", 0xD1, "pageable memory at DISPATCH_LEVEL", {any, 2}},
    {"paged-timer-routine", stop, "fault", 0xD3, "runs code of a PAGE section", {any, 2, 8}},
    {"wait-at-dispatch", stop, "wait-raised", 0xC4, "waits at DISPATCH_LEVEL", {0x3B, 2, any, 0}},
    {"delay-in-dpc", stop, "wait-raised", 0xC4, "waits at DISPATCH_LEVEL", {0x3B, 2}},
    {"look-above-dispatch", stop, "wait-raised", 0xC4, "allowed up to DISPATCH_LEVEL", {0x3B, 7, any, 1}},
    {"wait-interrupts-off", stop, "wait-raised", 0xC4, "interrupts are off", {0x3B, 0}},
    {"wait-announced-in-dpc",
     stop,
     "irql-ddi",
     0xC4,
     "KeSetEvent was called with Wait = TRUE at DISPATCH_LEVEL",
     {0x20016, 2}},
    {"lock-exclusive-twice", stop, "spin-lock", 0x0F, "holds already", {any, 2}},
    {"lock-twice", stop, "spin-lock", 0x0F, "holds already", {any, 2}},
    {"lock-not-owned", stop, "spin-lock", 0x10, "does not hold", {any, 2}},
    {"lock-too-low", stop, "spin-lock", 0xC4, "at PASSIVE_LEVEL", {0x40, 0}},
    {"lock-too-high", stop, "spin-lock", 0xC4, "at device level 7", {0x40, 7}},
    {"lock-released-upwards", stop, "spin-lock", 0xC4, "device level 9", {0x32, 9}},
    {"dead-lock", stop, "spin-lock", 0xC4, "each other's spin locks", {0x1001, 2}},
    {"irp-completed-twice", stop, "irp", 0x44, "completed before"},
    {"irp-completed-pending", stop, "irp", 0xC9, "STATUS_PENDING", {6}},
    {"irp-cancel-routine", stop, "irp", 0xC9, "cancel routine", {7}},
    {"irp-says-pending", stop, "irp", 0xC9, "disagree", {0x224}},
    {"irp-freed", stop, "irp", 0xC9, "freed an IRP that was sent to it", {2}},
    {"irp-forgotten", stop, "irp", 0xC9, "without completing", {0x226}},
    {"free-twice", stop, "pool", 0xC2, "", {7, 0, 0}},
    {"free-wrong-tag", stop, "pool", 0xC2, "", {0x0A, any, any, 'gnoW'}},
    {"free-no-block", stop, "pool", 0xC2, ""},
    {"free-system-block", stop, "pool", 0xC2, "memory of the system", {0x99}},
    {"free-awaited-event", stop, "object", 0xC4, "for which a thread waits"},
    {"overrun", stop, "pool", 0xC1, "", {any, any, 0, 0x24}},
    {"spin", stop, "spin", 0xEA, "does not come back"},
    {"spin-raised", stop, "spin", 0x133, "does not come back", {0, 1280, 1280}},
    {"spin-for-dpc", Severity::advice, "spin", 0, "may not replay exactly"},
    {"spin-for-thread", Severity::advice, "spin", 0, "may not replay exactly"},
    {"write-freed", stop, "pool", 0xD5, "after it had been freed"},
    {"dereference-too-often", stop, "object", 0x18, ""},
    {"release-too-often", stop, "fault", 0x1E, "as freed or overwritten memory does"},
    {"overwritten-sink", stop, "object", 0x18, "freed or overwritten"},
    {"close-twice", stop, "object", 0x93, "handle that is not open"},
    {"left-pool", left, "left-behind", 0xC4, "left a pool block", {0x62, any, 777}},
    {"left-handle", left, "left-behind", 0xC4, "left a handle", {0xF6}},
    {"left-com-object", left, "left-behind", 0x18, "IServiceGroup", {any, any, any, 1}},
    {"left-timer", left, "left-behind", 0xC7, "armed timer KTIMER", {0}},
    {"left-dpc", left, "left-behind", 0xC7, "queued DPC", {1}},
    {"left-lookaside", left, "left-behind", 0xC4, "lookaside list", {0xCC}},
    {"irp-left", left, "irp", 0x9F, "still pending although its device is gone", {3}},
    {"read-null", stop, "fault", 0x1E, "reads through a null pointer", {0xC0000005, any, 0, 16}},
    {"write-null-in-dpc", stop, "fault", 0xD1, "writes through a null pointer", {24, 2, 1}},
    {"read-wild", stop, "fault", 0x50, "reads an address that is not there", {0xFFFFF80012345678, 0}},
    {"read-non-canonical", stop, "fault", 0x1E, "holds no address", {0xC0000005, any, 0, ~0ull}},
    {"divide", stop, "fault", 0x1E, "divides by zero", {0xC0000094}},
    {"illegal", stop, "fault", 0x1E, "illegal instruction", {0xC000001D}},
    {"breakpoint", stop, "fault", 0x1E, "breakpoint", {0x80000003}},
    {"call-null", stop, "fault", 0x1E, "calls through a null pointer", {0xC0000005, 0, 8, 0}},
    {"call-data", stop, "fault", 0xFC, "jumps into data"},
    {"call-pool", stop, "fault", 0xFC, "jumps into data"},
    {"write-constant", stop, "fault", 0xBE, "read-only"},
    {"stack-overflow", stop, "fault", 0x7F, "stack is used up", {8}},
    {"lost-stack", stop, "fault", 0x1E, "writes through a null pointer", {0xC0000005, any, 1, 0x1228}},
    {"overwritten-device", stop, "stumble", 0x50, "memory that a driver gave or overwrote", {any, 0}},
    {"overrun-extension", stop, "pool", 0xC1, "past the end of a device extension", {any, any, 0, 0x24}},
    {"missing-import", stop, "missing-import", 0xC4, "calls KeNoSuchFunction"},
    {"missing-variable", stop, "missing-import", 0xC4, "reads the variable KeNoSuchVariable"},
    {"unclaimed-port", Severity::advice, "unclaimed-access", 0, "0x9999 is read", {0x9999}},
    {"give-up", stop, "KeBugCheckEx", 0xE2, "", {1, 2, 3, 4}},
};

struct Rules : ::testing::TestWithParam<Case> {};

TEST_P(Rules, AreBrokenByTheirMisdeeds) {
    const Case& wanted = GetParam();
    Machine m = Machine::create(rules(wanted.misdeed)).value();
    const Status started = m.start();
    const bool stopped = m.bug_checked();
    if (wanted.severity != stop) {
        ASSERT_OK(started);
        ASSERT_OK(m.unload());
    } else if (!stopped) {
        const Status ended = m.unload();  // what is only seen then
        EXPECT_FALSE(ended.ok());
    }
    const auto found = wanted.severity == Severity::advice ? told_while_running(m) : m.findings();
    ASSERT_THAT(found, SizeIs(1)) << ::testing::PrintToString(found);
    EXPECT_EQ(found[0].severity, wanted.severity);
    EXPECT_EQ(found[0].rule, wanted.rule);
    EXPECT_EQ(found[0].code, wanted.code);
    EXPECT_THAT(found[0].text, HasSubstr(wanted.text));
    for (int i = 0; i < 4; ++i) {
        if (wanted.parameters[i])
            EXPECT_EQ(found[0].parameters[i], *wanted.parameters[i]) << "parameter " << i + 1;
    }
    if (const unsigned line = bug_line(wanted.misdeed); line != 0) {
        EXPECT_THAT(found[0], FoundAt("rules.cpp", line));
    }
    EXPECT_EQ(m.bug_checked(), wanted.severity == stop);
    EXPECT_EQ(started.ok(), !stopped);
    EXPECT_NE(verifier::find_rule(wanted.rule), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, Rules, ::testing::ValuesIn(cases), [](const auto& info) {
    std::string name = info.param.misdeed;
    for (char& c : name) {
        if (c == '-') c = '_';
    }
    return name;
});

TEST(CorrectDriver, BreaksNone) {
    Machine m = Machine::create(rules("correct")).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
    EXPECT_THAT(told_while_running(m), IsEmpty());
}

// LC-039: the rule of a device's power, which takes a device that has registers.
struct PoweredDown : ::testing::TestWithParam<const char*> {};

TEST_P(PoweredDown, RegistersAreLeftAlone) {
    const std::string misdeed = GetParam();
    const bool is_write = misdeed == "powered-down-write";
    MachineConfig config = rules(misdeed);
    config.devices = {portico::mpu401()};
    config.devices[0].hardware_id = misdeed;
    Machine m = Machine::create(std::move(config)).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.unload());
    REQUIRES("LC-039"), REQUIRES("AP-011"), REQUIRES("AP-012");
    ASSERT_THAT(m.findings(), SizeIs(1)) << ::testing::PrintToString(m.findings());
    const Finding found = m.findings()[0];
    EXPECT_EQ(found.rule, "powered-down");
    EXPECT_EQ(found.severity, left);
    EXPECT_EQ(found.code, 0x1C4u);
    EXPECT_THAT(found.text, HasSubstr(is_write ? "writes register 1 of mpu401, which is in D1"
                                               : "reads register 1 of mpu401, which is in D3"));
    EXPECT_EQ(found.parameters[0], 1u);
    EXPECT_EQ(found.parameters[1], is_write ? 1u : 3u);
    EXPECT_EQ(found.parameters[2], is_write ? 1u : 0u);
    EXPECT_THAT(found, FoundAt("rules.cpp", bug_line(misdeed)));
    EXPECT_NE(verifier::find_rule("powered-down"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, PoweredDown, ::testing::Values("powered-down-read", "powered-down-write"),
                         [](const auto& info) {
                             return std::string(info.param).ends_with("read") ? "Read" : "Write";
                         });

// A misdeed whose name is wrong would break no rule, and its test prove nothing.
TEST(CorrectDriver, KnowsItsMisdeeds) {
    Machine m = Machine::create(rules("no-such-misdeed")).value();
    EXPECT_FALSE(m.start().ok());
}

// Every misdeed that has a line of its own is found there: only these have none.
TEST(CorrectDriver, MarksItsBugs) {
    for (const Case& one : cases) {
        const std::string misdeed = one.misdeed;
        const bool elsewhere =
            misdeed == "callback-irql" || misdeed == "dead-lock" || misdeed == "irp-says-pending" ||
            misdeed == "irp-forgotten" || misdeed == "irp-left" || misdeed.starts_with("spin") ||
            misdeed == "write-freed" || misdeed == "left-dpc" || misdeed == "stack-overflow" ||
            misdeed == "overwritten-device" || misdeed == "overrun-extension";
        EXPECT_EQ(bug_line(misdeed) == 0, elsewhere) << misdeed;
    }
}

TEST(FaultParameters, NameTheInstruction) {
    Machine m = Machine::create(rules("write-null-in-dpc")).value();
    EXPECT_FALSE(m.start().ok());
    ASSERT_TRUE(m.bug_checked());
    REQUIRES("VF-001");
    EXPECT_TRUE(sim::image_range.contains(m.findings()[0].parameters[3]));
    EXPECT_EQ(m.findings()[0].stack[0].function, "WriteNull");
}

TEST(ForceIrqlChecking, FindsWhatIsPageable) {
    for (const char* misdeed : {"paged-pool-read", "paged-timer-routine"}) {
        Machine m = Machine::create(rules(misdeed)).value();
        EXPECT_FALSE(m.start().ok());
        ASSERT_TRUE(m.bug_checked());
        const Finding found = m.findings()[0];
        if (misdeed == std::string("paged-pool-read")) {
            REQUIRES("IU-016");
            EXPECT_TRUE(sim::paged_range.contains(found.parameters[0]));
        } else {
            REQUIRES("FN-132");
            EXPECT_EQ(found.parameters[0], found.parameters[3]);
        }
    }
}

TEST(ForceIrqlChecking, LooksAtTheProcessorThatRuns) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        MachineConfig config = rules("paged-beside-raised");
        config.seed = seed;
        config.schedule = seed == 1 ? Schedule::ordered : Schedule::random;
        Machine m = Machine::create(std::move(config)).value();
        ASSERT_OK(m.start());
        ASSERT_OK(m.unload());
        REQUIRES("FLD-024");
        EXPECT_THAT(m.findings(), IsEmpty());
    }
}

TEST(ForceIrqlChecking, CanBeLeftOut) {
    MachineConfig config = rules("paged-timer-routine");
    config.force_irql_checking = false;
    Machine m = Machine::create(std::move(config)).value();
    EXPECT_OK(m.start());
    EXPECT_FALSE(m.bug_checked());
}

// FLD-023: what a spin waits for happens, and it goes on where it was.
TEST(CallFreeSpin, IsSwitchedAwayFromAndGoesOn) {
    for (const char* misdeed : {"spin-for-dpc", "spin-for-thread"}) {
        Machine m = Machine::create(rules(misdeed)).value();
        ASSERT_OK(m.start());
        REQUIRES("FLD-023");
        EXPECT_THAT(m.findings(), IsEmpty());
        const auto told = told_while_running(m);
        ASSERT_THAT(told, SizeIs(1));
        EXPECT_EQ(told[0].stack[0].function,
                  misdeed == std::string("spin-for-dpc") ? "SpinForDpc" : "SpinForThread");
        ASSERT_OK(m.unload());
    }
}

// The process goes on after a fault, and the next machine works.
TEST(AfterAFault, TheNextMachineIsWhole) {
    for (const char* misdeed :
         {"read-null", "stack-overflow", "call-null", "lost-stack", "overwritten-device", "correct"}) {
        Machine m = Machine::create(rules(misdeed)).value();
        EXPECT_EQ(m.start().ok(), std::string(misdeed) == "correct");
    }
}

}  // namespace
