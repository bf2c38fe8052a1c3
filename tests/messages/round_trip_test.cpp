// What comes out is, message for message, what went in: through the hardware's wire and through the cable,
// both ways.
#include <algorithm>

#include "midi_source.h"
#include "portico/gtest.h"
#include "support/requires.h"

namespace portico {
namespace {

using namespace std::chrono_literals;
using test::Bytes;
using test::MidiReceiver;
using test::MidiSource;
using test::MidiStream;
using ::testing::IsEmpty;

struct Shape {
    std::uint64_t seed;
    std::size_t messages;
    std::size_t sysex_limit;
};
void PrintTo(const Shape& shape, std::ostream* out) {
    *out << "seed " << shape.seed;
}

struct RoundTrip : ::testing::TestWithParam<Shape> {
    MidiStream in = MidiSource(GetParam().seed, GetParam().sysex_limit).make(GetParam().messages);
    std::mt19937_64 random{GetParam().seed};

    // Any size, so that records end in the middle of messages.
    std::span<const std::uint8_t> next_piece(std::size_t& at, std::size_t most) {
        const std::size_t size = std::min(in.bytes.size() - at, 1 + random() % most);
        const auto piece = std::span<const std::uint8_t>(in.bytes).subspan(at, size);
        at += size;
        return piece;
    }
    void expect_equal(const MidiReceiver& out) const {
        EXPECT_THAT(out.broken, IsEmpty());
        ASSERT_GE(in.messages.size(), GetParam().messages);
        ASSERT_EQ(out.messages.size(), in.messages.size());
        const auto wrong = std::mismatch(out.messages.begin(), out.messages.end(), in.messages.begin());
        EXPECT_TRUE(wrong.first == out.messages.end()) << "message " << wrong.first - out.messages.begin();
    }
    static Machine started(const char* driver, std::uint64_t seed, bool hardware) {
        MachineConfig config;
        if (hardware) config.devices = {portico::mpu401()};
        config.driver = driver;
        config.seed = seed;
        Machine machine = Machine::create(std::move(config)).value();
        EXPECT_TRUE(machine.start().ok());
        return machine;
    }
    // Everything that has been captured, however many reads it takes.
    static void take(Pin& pin, MidiReceiver& out) {
        for (;;) {
            const auto captured = pin.take_captured();
            if (captured.empty()) return;
            for (const CapturedMessage& message : captured) out.add(message.bytes);
        }
    }
};

TEST_P(RoundTrip, RenderToTheWire) {
    Machine machine = started(MPU401_IMAGE, GetParam().seed, true);
    MidiReceiver out;
    machine.device("mpu401").on_wire([&](const WireByte& byte) { out.add(byte.byte); });
    Pin pin = machine.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    for (std::size_t at = 0; at != in.bytes.size();) ASSERT_OK(pin.write(next_piece(at, 3'000)));
    ASSERT_OK(pin.drain(600s));
    machine.run_for(10ms);
    REQUIRES("SP-017"), REQUIRES("MS-048"), REQUIRES("MS-042"), REQUIRES("MS-043");
    expect_equal(out);
    EXPECT_THAT(machine.findings(), IsEmpty());
}

TEST_P(RoundTrip, TheWireToCapture) {
    Machine machine = started(MPU401_IMAGE, GetParam().seed, true);
    Pin pin = machine.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    std::size_t at = 0;
    machine.device("mpu401").receive_from([&](WireByte& byte) {
        if (at == in.bytes.size()) return false;
        byte.byte = in.bytes[at++];
        return true;
    });
    MidiReceiver out;
    for (int quiet = 0; quiet < 3; quiet = at == in.bytes.size() ? quiet + 1 : 0) {
        machine.run_for(20ms);
        take(pin, out);
    }
    REQUIRES("CA-001"), REQUIRES("CA-006"), REQUIRES("CA-007"), REQUIRES("CA-008");
    expect_equal(out);
    EXPECT_THAT(machine.findings(), IsEmpty());
}

TEST_P(RoundTrip, RenderThroughTheCableToCapture) {
    Machine machine = started(CABLE_IMAGE, GetParam().seed, false);
    Pin input = machine.filter("Cable").open(Pin::Capture).value();
    Pin output = machine.filter("Cable").open(Pin::Render).value();
    ASSERT_OK(input.run());
    ASSERT_OK(output.run());
    MidiReceiver out;
    for (std::size_t at = 0; at != in.bytes.size();) {
        ASSERT_OK(output.write(next_piece(at, 1'000)));
        machine.run_for(2ms);
        take(input, out);
    }
    ASSERT_OK(output.drain());
    take(input, out);
    REQUIRES("CA-008"), REQUIRES("SP-017");
    expect_equal(out);
    EXPECT_THAT(machine.findings(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoundTrip,
                         ::testing::Values(Shape{1, 400, 300}, Shape{2, 400, 300}, Shape{3, 1'000, 20},
                                           Shape{4, 300, 5'000}, Shape{5, 40, 65'536}, Shape{6, 60, 65'536}));

}  // namespace
}  // namespace portico
