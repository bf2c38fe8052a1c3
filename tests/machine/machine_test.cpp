// The whole system through its public face: a driver's image, its device, KS, the port driver, a client.
#include <cstring>

#include "ks.h"
#include "ksmedia.h"
#include "portico/gtest.h"
#include "sim/trace.h"
#include "started.h"
#include "support/requires.h"

namespace machine_test {
namespace {

using portico::test::started;
using namespace portico;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Bytes = std::vector<std::uint8_t>;

MachineConfig mpu(std::uint64_t seed = 1) {
    MachineConfig config;
    config.devices = {portico::mpu401()};
    config.driver = MPU401_IMAGE;
    config.seed = seed;
    config.print_findings = false;
    return config;
}

MachineConfig cable() {
    MachineConfig config;
    config.driver = CABLE_IMAGE;
    config.print_findings = false;
    return config;
}

Pin render(Machine& m, const char* filter = "Uart") {
    return m.filter(filter).open(Pin::Render).value();
}
Pin capture(Machine& m, const char* filter = "Uart") {
    return m.filter(filter).open(Pin::Capture).value();
}

Bytes record(std::uint32_t delta_ms, const Bytes& midi, std::uint32_t count_said = ~0u) {
    Bytes out(8 + ((midi.size() + 3) & ~std::size_t{3}));
    const std::uint32_t count = count_said == ~0u ? static_cast<std::uint32_t>(midi.size()) : count_said;
    std::memcpy(out.data(), &delta_ms, 4);
    std::memcpy(out.data() + 4, &count, 4);
    std::copy(midi.begin(), midi.end(), out.begin() + 8);
    return out;
}

Bytes header(std::size_t size, std::int64_t time_ms = -1, std::uint32_t numerator = 1,
             std::uint32_t denominator = 1) {
    KSSTREAM_HEADER h{};
    h.Size = sizeof h;
    h.PresentationTime = {time_ms < 0 ? 0 : time_ms * 10'000, numerator, denominator};
    h.FrameExtent = h.DataUsed = static_cast<ULONG>(size);
    h.OptionsFlags = time_ms < 0 ? 0 : KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    Bytes out(sizeof h);
    std::memcpy(out.data(), &h, sizeof h);
    return out;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// ---- rendering ----

TEST(Render, ExpandsRunningStatusAndPullsOutRealTime) {
    Machine m = started(mpu());
    Pin pin = render(m);
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 0xF8, 100, 62, 101}));
    ASSERT_OK(pin.write({64, 102}));  // running status lasts across IRPs
    ASSERT_OK(pin.drain());
    m.run_for(10ms);
    REQUIRES("SP-017");
    REQUIRES("MS-048");
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0xF8, 0x90, 60, 100, 0x90, 62, 101, 0x90, 64, 102));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Render, SysExOfAnyLengthComesOutWholeAndInOrder) {
    Machine m = started(mpu());
    Pin pin = render(m);
    Bytes sysex{0xF0};
    for (int i = 0; i < 3000; ++i) sysex.push_back(static_cast<std::uint8_t>(i % 128));
    sysex.push_back(0xF7);
    Bytes out;
    m.device("mpu401").on_wire([&](const WireByte& byte) { out.push_back(byte.byte); });
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(std::span(sysex).first(1000)));
    ASSERT_OK(pin.write(std::span(sysex).subspan(1000)));
    ASSERT_OK(pin.drain(60s));
    m.run_for(10ms);
    REQUIRES("MS-042");
    REQUIRES("MS-043");
    EXPECT_EQ(out, sysex);
}

TEST(Render, LaterRecordsCountFromTheNominalTimeOfTheOneBefore) {
    MachineConfig config = mpu();
    config.exact_sequencer = true;
    Machine m = started(config);
    Pin pin = render(m);
    ASSERT_OK(pin.pause());
    const Bytes first = record(0, {0xF8}) + record(1, {0xFA}) + record(7, {0xFB});
    const Bytes second = record(5, {0xFC}) + record(15, {0xFE});
    ASSERT_OK(pin.run());
    const auto start = m.now();
    // Both IRPs are under way together: the second waits for the first.
    KSSTREAM_HEADER unused;
    (void)unused;
    ASSERT_OK(pin.write_packet(
        header(first.size(), 123) +
            [&] {
                Bytes h = header(second.size(), 120);
                const std::uint64_t offset = first.size();
                std::memcpy(h.data() + offsetof(KSSTREAM_HEADER, Data), &offset, sizeof offset);
                return h;
            }(),
        first + second));
    m.run_for(5ms);
    std::vector<long> at_ms;
    for (const WireByte& byte : m.device("mpu401").wire_log())
        at_ms.push_back((byte.at - start).count() / 1'000'000);
    REQUIRES("SP-011");
    REQUIRES("SP-012");
    REQUIRES("SP-013");
    EXPECT_THAT(at_ms, ElementsAre(123, 124, 131, 131, 140));
}

TEST(Render, RequestsFollowTheState) {
    Machine m = started(mpu());
    Pin pin = render(m);
    REQUIRES("SP-021");
    EXPECT_EQ(pin.write({0x90, 60, 100}).code, STATUS_INVALID_DEVICE_STATE);
    ASSERT_OK(pin.pause());
    EXPECT_EQ(pin.write({0x90, 60, 100}).code, STATUS_PENDING);
    m.run_for(20ms);
    REQUIRES("ST-004");
    EXPECT_THAT(m.device("mpu401").wire(), IsEmpty());
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.drain());
    m.run_for(5ms);
    REQUIRES("SP-018");
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    ASSERT_OK(pin.write_at(60'000ms, Bytes{0x80, 60, 0}));
    ASSERT_OK(pin.stop());
    EXPECT_EQ(pin.drain().code, STATUS_CANCELLED);
}

TEST(Render, StateCanBeReadAndSetAgain) {
    Machine m = started(mpu());
    Pin pin = render(m);
    REQUIRES("ST-002");
    EXPECT_EQ(pin.state().value(), Pin::State::Stop);
    ASSERT_OK(pin.run());
    REQUIRES("ST-001");
    EXPECT_EQ(pin.state().value(), Pin::State::Run);
    EXPECT_OK(pin.run());
    REQUIRES("ST-003");
    EXPECT_EQ(pin.set_state(static_cast<Pin::State>(4)).code, STATUS_INVALID_PARAMETER);
}

TEST(Render, CancelEndsWhatWaits) {
    Machine m = started(mpu());
    Pin pin = render(m);
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write_at(60'000ms, Bytes{0x90, 60, 100}));
    ASSERT_OK(pin.cancel());
    EXPECT_EQ(pin.drain().code, STATUS_CANCELLED);
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- packets that are wrong ----

struct Packets : ::testing::Test {
    Machine m = started(mpu());
    Pin pin = render(m);
    Packets() { EXPECT_TRUE(pin.run().ok()); }
};

TEST_F(Packets, WrongSizesAreRefused) {
    const Bytes data = record(0, {0x90, 60, 100});
    Bytes h = header(data.size());
    EXPECT_OK(pin.write_packet(h, data));
    std::uint32_t small = sizeof(KSSTREAM_HEADER) - 1;
    std::memcpy(h.data(), &small, 4);
    REQUIRES("SP-004");
    EXPECT_EQ(pin.write_packet(h, data).code, STATUS_INVALID_BUFFER_SIZE);
    h = header(data.size());
    const std::uint32_t more = static_cast<std::uint32_t>(data.size()) + 4;
    std::memcpy(h.data() + offsetof(KSSTREAM_HEADER, DataUsed), &more, 4);
    EXPECT_EQ(pin.write_packet(h, data).code, STATUS_INVALID_BUFFER_SIZE);
    EXPECT_FALSE(pin.write_packet(Bytes(8), data).ok());
    EXPECT_FALSE(pin.write_packet({}, data).ok());
}

TEST_F(Packets, ZeroInAFractionIsRefused) {
    const Bytes data = record(0, {0x90, 60, 100});
    REQUIRES("SP-006");
    EXPECT_EQ(pin.write_packet(header(data.size(), 0, 0, 1), data).code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(pin.write_packet(header(data.size(), 0, 1, 0), data).code, STATUS_INVALID_PARAMETER);
}

TEST_F(Packets, ByteCountBeyondTheBufferIsRefused) {
    REQUIRES("SP-014");
    const Bytes data = record(0, {0x90, 60, 100}, 400);
    EXPECT_EQ(pin.write_packet(header(data.size()), data).code, STATUS_INVALID_PARAMETER);
    const Bytes huge = record(0, {0x90, 60, 100}, 0xFFFFFFFE);
    EXPECT_EQ(pin.write_packet(header(huge.size()), huge).code, STATUS_INVALID_PARAMETER);
    // Less than a record's header at the end is padding.
    EXPECT_OK(pin.write_packet(header(16), record(0, {0x90, 61, 100}) + Bytes(4)));
}

TEST_F(Packets, ManyHeadersAreTakenUpToTheBound) {
    const Bytes data = record(0, {0xF8});
    Bytes many;
    for (int i = 0; i < 100; ++i) many = many + header(data.size());
    std::size_t information = 0;
    ASSERT_OK(pin.write_packet(many, data, &information));
    REQUIRES("SP-005");
    EXPECT_EQ(information, 100 * data.size());
    for (int i = 0; i < 1000; ++i) many = many + header(data.size());
    EXPECT_EQ(pin.write_packet(many, data).code, STATUS_INVALID_BUFFER_SIZE);
}

// ---- pins ----

TEST(Pins, AreLimitedByTheirDescriptor) {
    Machine m = started(mpu());
    Pin first = render(m);
    REQUIRES("FD-011");
    REQUIRES("PI-007");
    const auto second = m.filter("Uart").open(Pin::Render);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find("STATUS_INSUFFICIENT_RESOURCES"), std::string::npos)
        << second.error().message;
    first.close();
    EXPECT_TRUE(m.filter("Uart").open(Pin::Render).ok());
}

TEST(Pins, BridgeAndUnknownPinsCannotBeOpened) {
    Machine m = started(mpu());
    REQUIRES("PI-006");
    EXPECT_FALSE(m.filter("Uart").open_pin(1).ok());
    REQUIRES("MM-040");
    EXPECT_FALSE(m.filter("Uart").open_pin(99).ok());
    EXPECT_FALSE(m.filter("Nothing").open(Pin::Render).ok());
}

TEST(Pins, CanBeClosedInAnyState) {
    Machine m = started(mpu());
    for (int state = 0; state <= 3; ++state) {
        Pin pin = render(m);
        ASSERT_OK(pin.set_state(static_cast<Pin::State>(state)));
        if (state > 0) ASSERT_OK(pin.write_at(60'000ms, Bytes{0x90, 60, 100}));
        REQUIRES("PI-010");
        REQUIRES("LC-061");
        pin.close();
    }
    ASSERT_OK(m.unload());
    REQUIRES("LC-058");
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- capturing ----

TEST(Capture, WholeMessagesWithRunningStatusExpanded) {
    Machine m = started(mpu());
    Pin pin = capture(m);
    ASSERT_OK(pin.run());
    m.device("mpu401").receive({0x90, 60, 0xF8, 100, 62, 101, 0xF0, 1, 0xFE, 2, 0xF7});
    m.run_for(10ms);
    std::vector<Bytes> messages;
    for (const auto& message : pin.take_captured()) messages.push_back(message.bytes);
    REQUIRES("CA-001");
    REQUIRES("CA-006");
    REQUIRES("CA-007");
    EXPECT_THAT(messages, ElementsAre(Bytes{0xF8}, Bytes{0x90, 60, 100}, Bytes{0x90, 62, 101}, Bytes{0xFE},
                                      Bytes{0xF0, 1, 2, 0xF7}));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Capture, StampsMillisecondsOfStreamTimeRoundedUp) {
    Machine m = started(mpu());
    Pin pin = capture(m);
    ASSERT_OK(pin.run());
    m.run_for(100ms);
    m.device("mpu401").receive({0xFA});
    m.run_for(10ms);
    const auto messages = pin.take_captured();
    ASSERT_THAT(messages, SizeIs(1));
    REQUIRES("CA-002");
    EXPECT_EQ(messages[0].at, 101ms);  // 100 ms, and the byte's own 320 us
}

TEST(Capture, ThrowsAwayOutsidePauseAndRun) {
    Machine m = started(mpu());
    Pin pin = capture(m);
    ASSERT_OK(pin.set_state(Pin::State::Acquire));
    m.device("mpu401").receive({0xFA});
    m.run_for(5ms);
    ASSERT_OK(pin.run());
    m.run_for(5ms);
    REQUIRES("CA-009");
    EXPECT_THAT(pin.take_captured(), IsEmpty());
}

TEST(Capture, LongSysExComesInPiecesWithNothingLost) {
    Machine m = started(cable());
    Pin in = capture(m, "Cable");
    Pin out = render(m, "Cable");
    ASSERT_OK(in.run());
    ASSERT_OK(out.run());
    Bytes sysex{0xF0};
    for (int i = 0; i < 5000; ++i) sysex.push_back(static_cast<std::uint8_t>(i % 127));
    sysex.push_back(0xF7);
    ASSERT_OK(out.write(sysex));
    Bytes back;
    for (int i = 0; i < 200; ++i) {
        m.run_for(10ms);
        for (const auto& message : in.take_captured())
            back.insert(back.end(), message.bytes.begin(), message.bytes.end());
    }
    REQUIRES("CA-008");
    EXPECT_EQ(back, sysex);
}

// ---- the device's life ----

TEST(Life, SurpriseRemovalWhilePlaying) {
    Machine m = started(mpu());
    Pin pin = render(m);
    ASSERT_OK(pin.run());
    for (int i = 0; i < 20; ++i) ASSERT_OK(pin.write({0x90, 60, 100}));
    m.run_for(1ms);
    ASSERT_OK(m.surprise_remove());
    REQUIRES("LC-054");
    EXPECT_FALSE(pin.write({0x90, 60, 100}).ok());
    EXPECT_FALSE(m.filter("Uart").exists());
    pin.close();
    ASSERT_OK(m.unload());
    REQUIRES("LC-055");
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Life, StreamsPauseForPowerAndGoOn) {
    Machine m = started(mpu());
    Pin pin = render(m);
    ASSERT_OK(pin.run());
    ASSERT_OK(m.set_power(3));
    REQUIRES("LC-031");
    EXPECT_EQ(pin.state().value(), Pin::State::Pause);
    ASSERT_OK(m.set_power(0));
    REQUIRES("LC-032");
    EXPECT_EQ(pin.state().value(), Pin::State::Run);
    ASSERT_OK(pin.write({0x90, 60, 100}));
    ASSERT_OK(pin.drain());
    m.run_for(5ms);
    REQUIRES("UA-016");
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
}

TEST(Life, StartsAgainAfterStop) {
    Machine m = started(mpu());
    ASSERT_OK(m.stop());
    EXPECT_FALSE(m.filter("Uart").exists());
    ASSERT_OK(m.restart());
    REQUIRES("LC-076");
    EXPECT_TRUE(m.filter("Uart").exists());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Life, ManyMachinesInOneProcess) {
    for (int i = 0; i < 300; ++i) {
        Machine m = started(mpu());
        Pin pin = render(m);
        ASSERT_OK(pin.run());
        ASSERT_OK(pin.write({0x90, 60, 100}));
        ASSERT_OK(pin.drain());
    }
}

TEST(Life, MissingAcknowledgeFailsTheStartCleanly) {
    MachineConfig config = mpu();
    config.devices = {portico::mpu401({.parameters = {{"fault_lost_acks", "100"}}})};
    Machine m = Machine::create(config).value();
    const Status status = m.start();
    REQUIRES("MP-012");
    EXPECT_FALSE(status.ok() && m.filter("Uart").exists());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- drivers that misbehave ----

Machine broken(const char* name, bool hardware) {
    MachineConfig config = hardware ? mpu() : cable();
    config.driver = std::string(BROKEN_IMAGES) + name + ".so";
    return Machine::create(config).value();
}

TEST(Broken, NullPointerInWriteIsABugCheckAtItsLine) {
    Machine m = broken("null-read", false);
    ASSERT_OK(m.start());
    Pin pin = render(m, "Cable");
    EXPECT_OK(pin.run());
    EXPECT_FALSE(pin.write({0x90, 60, 100}).ok());
    ASSERT_TRUE(m.bug_checked());
    ASSERT_THAT(m.findings(), Contains(BugCheck(0xD1)));
    EXPECT_GT(m.findings().back().line, 0u);
    EXPECT_NE(m.bug_check_page().find("DRIVER_IRQL_NOT_LESS_OR_EQUAL"), std::string::npos);
    EXPECT_FALSE(pin.run().ok());  // the machine is frozen, the process goes on
}

TEST(Broken, SpinLockAcquiredTwice) {
    Machine m = broken("spin-lock-twice", false);
    ASSERT_OK(m.start());
    Pin pin = render(m, "Cable");
    EXPECT_OK(pin.run());
    const Status ignored = pin.write({0x90, 60, 100});
    (void)ignored;
    EXPECT_THAT(m.findings(), Contains(BugCheck(0x0F)));
}

TEST(Broken, WaitInTheInterruptRoutine) {
    Machine m = broken("wait-in-isr", true);
    const Status ignored = m.start();
    (void)ignored;
    m.run_for(10ms);
    EXPECT_THAT(m.findings(), Contains(FindingOf("wait-raised")));
}

TEST(Broken, WhatIsLeftAtUnloadIsNamedWithItsOrigin) {
    Machine m = broken("pool-leak", false);
    ASSERT_OK(m.start());
    const Status ignored = m.unload();
    (void)ignored;
    ASSERT_THAT(m.findings(), Contains(FindingOf("left-behind")));
    EXPECT_GT(m.findings().back().line, 0u);
}

TEST(Broken, TimerLeftArmed) {
    Machine m = broken("timer-armed", true);
    ASSERT_OK(m.start());
    const Status ignored = m.unload();
    (void)ignored;
    EXPECT_THAT(m.findings(), Contains(FindingOf("left-behind")));
}

// ---- the same again ----

std::vector<std::string> traced(std::uint64_t seed) {
    std::vector<std::string> lines;
    Machine m = started(mpu(seed));
    sim::trace.set_drain(
        [](void* context, const sim::TraceRecord* records, std::uint64_t count) {
            auto& out = *static_cast<std::vector<std::string>*>(context);
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto& r = records[i];
                out.push_back(std::to_string(r.at_ns) + " " + sim::name_of(r.kind) + " " +
                              (r.name ? r.name : "") + " " + std::to_string(r.a) + " " + std::to_string(r.b));
            }
        },
        &lines);
    {
        Pin out = render(m);
        Pin in = capture(m);
        EXPECT_TRUE(out.run().ok());
        EXPECT_TRUE(in.run().ok());
        m.device("mpu401").receive({0x90, 1, 2, 3, 4});
        EXPECT_TRUE(out.write({0x90, 60, 100, 0xF0, 1, 2, 3, 0xF7}).ok());
        m.run_for(50ms);
        in.take_captured();
    }
    EXPECT_TRUE(m.unload().ok());
    sim::trace.set_drain(nullptr, nullptr);
    return lines;
}

TEST(Determinism, SameSeedSameInputSameTrace) {
    const auto first = traced(7);
    const auto second = traced(7);
    ASSERT_GT(first.size(), 500u);
    EXPECT_EQ(first, second);
}

// ---- what is no machine ----

TEST(Refused, DriversThatAreNone) {
    MachineConfig config = mpu();
    config.driver = "/nowhere/driver.so";
    EXPECT_FALSE(Machine::create(config).ok());
    config.driver = "/dev/null";
    EXPECT_FALSE(Machine::create(config).ok());
    config.driver = "/bin/sh";
    const auto foreign = Machine::create(config);
    ASSERT_FALSE(foreign.ok());
    EXPECT_NE(foreign.error().message.find("/bin/sh"), std::string::npos);
    EXPECT_TRUE(Machine::create(mpu()).ok());
}

TEST(Refused, SecondMachineAndWrongParameters) {
    Machine m = Machine::create(mpu()).value();
    EXPECT_FALSE(Machine::create(mpu()).ok());
}

TEST(Refused, ParametersThatAModelDoesNotHave) {
    MachineConfig config = mpu();
    config.devices = {portico::mpu401({.parameters = {{"colour", "red"}}})};
    const auto refused = Machine::create(config);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("colour"), std::string::npos);
}

TEST(Errors, OfAValueTakenUnseenSayWhatIsWrong) {
    MachineConfig config;
    config.driver = "nowhere.so";
    EXPECT_THAT([&] { Machine::create(config).value(); },
                ::testing::ThrowsMessage<std::runtime_error>(::testing::HasSubstr("nowhere.so")));
}

}  // namespace
}  // namespace machine_test
