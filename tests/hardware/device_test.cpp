// What every model has: names, parameters, resources, creation by name; and the wire by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "test_bench.h"
#include "hardware/models.h"
#include "hardware/mpu401/mpu401.h"

namespace portico::test::device_test {
namespace {

using hardware::Device;
using hardware::midi_byte_ns;
using hardware::Mpu401;
using hardware::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Devices : public ::testing::Test {
  protected:
    std::unique_ptr<Device> create(const std::string& model, std::string_view name = "") {
        auto result = hardware::create_device(model, name);
        EXPECT_TRUE(result.ok());
        return std::move(result).value();
    }
    static std::string error_of(Device& device, std::string_view key, const Value& value) {
        const auto result = device.set(key, value);
        return result.ok() ? "" : result.error().message;
    }
    Machine machine;
};

TEST_F(Devices, AreCreatedByModelName) {
    const auto device = create("mpu401", "left");
    EXPECT_STREQ(device->name(), "left");
    EXPECT_STREQ(device->model().name, "mpu401");
    EXPECT_STREQ(create("mc6850")->name(), "mc6850");
    std::vector<std::string> names;
    for (const hardware::Model* model : hardware::models()) names.push_back(model->name);
    EXPECT_THAT(names, ElementsAre("mc6850", "mpu401", "opl3", "pci", "recorder", "sb16"));
}

TEST_F(Devices, AnUnknownModelIsNamedWithWhatThereIs) {
    EXPECT_EQ(hardware::create_device("mpu402", "").error().message,
              "no device model \"mpu402\"; did you mean mpu401?");
    EXPECT_EQ(hardware::create_device("piano", "").error().message,
              "no device model \"piano\"; there are mc6850, mpu401, opl3, pci, recorder, sb16");
}

TEST_F(Devices, NamesLastAndAreShared) {
    const char* const name = create("mpu401", "a name")->name();
    EXPECT_STREQ(name, "a name");
    EXPECT_EQ(create("mpu401", std::string("a ") + "name")->name(), name);
}

TEST_F(Devices, ParametersTakeWhatFilesAndPeopleWrite) {
    const auto device = create("mpu401");
    EXPECT_EQ(device->text("port"), "0x330");
    EXPECT_EQ(device->text("ack_delay"), "200us");
    EXPECT_EQ(device->text("fault_remove_after"), "never");
    EXPECT_EQ(device->text("empty_read"), "last");
    EXPECT_EQ(device->text("ack_uart_reset"), "false");
    EXPECT_EQ(device->text("nonsense"), "");
    const auto expect_text = [&](const char* key, const Value& value, const char* text) {
        EXPECT_EQ(error_of(*device, key, value), "");
        EXPECT_EQ(device->text(key), text);
    };
    expect_text("port", std::int64_t{0x300}, "0x300");
    expect_text("port", std::string("0x320"), "0x320");
    expect_text("rx_depth", std::string("128"), "128");
    expect_text("ack_delay", std::string("3ms"), "3ms");
    expect_text("ack_delay", std::string("1500us"), "1500us");
    expect_text("ack_delay", std::int64_t{0}, "0ns");
    expect_text("ack_uart_reset", true, "true");
    expect_text("ack_uart_reset", std::string("off"), "false");
    expect_text("empty_read", std::string("ones"), "ones");
    expect_text("fault_remove_after", std::int64_t{12}, "12");
    expect_text("fault_remove_after", std::string("never"), "never");
    expect_text("fault_lost_acks", std::string("all"), "all");
}

TEST_F(Devices, BadParametersAreOneClearLine) {
    const auto device = create("mpu401", "left");
    EXPECT_EQ(error_of(*device, "rx_dept", std::int64_t{1}),
              "left has no parameter \"rx_dept\"; did you mean rx_depth?");
    EXPECT_THAT(error_of(*device, "colour", std::int64_t{1}),
                HasSubstr("left has no parameter \"colour\"; it has port, irq,"));
    EXPECT_EQ(error_of(*device, "rx_depth", std::int64_t{0}),
              "left: rx_depth = 0 is not possible; give 1 to 256");
    EXPECT_EQ(error_of(*device, "rx_depth", std::string("many")),
              "left: rx_depth = \"many\" is not possible; give 1 to 256");
    EXPECT_EQ(error_of(*device, "rx_depth", true), "left: rx_depth = true is not possible; give 1 to 256");
    EXPECT_EQ(error_of(*device, "rx_depth", std::string("12x")),
              "left: rx_depth = \"12x\" is not possible; give 1 to 256");
    EXPECT_EQ(error_of(*device, "port", std::int64_t{5}),
              "left: port = 5 is not possible; give 0x100 to 0xfffe");
    EXPECT_EQ(error_of(*device, "ack_delay", std::int64_t{5}),
              "left: ack_delay = 5 is not possible; give 0ns to 10s with its unit, as in \"250us\"");
    EXPECT_THAT(error_of(*device, "ack_delay", std::string("99999999999999999999s")),
                HasSubstr("is not possible"));
    EXPECT_THAT(error_of(*device, "ack_delay", std::string("9223372036854775807s")),
                HasSubstr("is not possible"));
    EXPECT_EQ(error_of(*device, "empty_read", std::string("first")),
              "left: empty_read = \"first\" is not possible; give last or ones");
    EXPECT_EQ(error_of(*device, "ack_uart_reset", std::int64_t{1}),
              "left: ack_uart_reset = 1 is not possible; give true or false");
    EXPECT_EQ(error_of(*device, "fault_remove_after", std::int64_t{-1}),
              "left: fault_remove_after = -1 is not possible; give 1 to 1000000000, or never");
    EXPECT_EQ(device->text("rx_depth"), "64") << "nothing changed";
}

TEST_F(Devices, EveryParameterOfEveryModelIsConsistent) {
    for (const hardware::Model* model : hardware::models()) {
        const bool alone = model->create != nullptr;
        const auto device = create(alone ? model->name : std::string(model->name) + ":mpu401");
        const std::string description = describe(*model);
        for (const hardware::Parameter& parameter : model->parameters) {
            const std::string text = device->text(parameter.key);
            EXPECT_FALSE(text.empty());
            EXPECT_EQ(text, text_of(parameter, model->defaults)) << "a new device has its model's defaults";
            EXPECT_EQ(error_of(*device, parameter.key, text), "") << "the default is in its own range";
            EXPECT_EQ(device->text(parameter.key), text);
            EXPECT_THAT(description, HasSubstr(parameter.key));
            EXPECT_EQ(find_parameter(model->parameters, parameter.key), &parameter) << "keys are unique";
        }
    }
}

TEST_F(Devices, ParametersStayWhileThereIsPower) {
    Mpu401 mpu("mpu401");
    ASSERT_TRUE(mpu.power_on(sim::bus, &scheduler.lines[9], 0).ok());
    EXPECT_EQ(error_of(mpu, "rx_depth", std::int64_t{1}),
              "mpu401: rx_depth cannot change while the device has power");
    mpu.power_off();
    EXPECT_EQ(error_of(mpu, "rx_depth", std::int64_t{1}), "");
}

TEST_F(Devices, NeedTheirResources) {
    Mpu401 left("left");
    Mpu401 right("right", {.port = 0x331});
    EXPECT_EQ(left.power_on(sim::bus, nullptr, 0).error().message,
              "left: the machine has no interrupt 9; give another irq");
    EXPECT_FALSE(left.powered());
    ASSERT_TRUE(left.power_on(sim::bus, &scheduler.lines[9], 0).ok());
    EXPECT_EQ(right.power_on(sim::bus, &scheduler.lines[9], 0).error().message,
              "right: another device is at ports 0x331-0x332, or the bus is full; give other addresses");
    EXPECT_FALSE(right.powered());
    EXPECT_EQ(in(0x332), 0xffu) << "nothing of it is left on the bus";
    EXPECT_EQ(in(0x331), 0xbfu);
    const hardware::Resources resources = left.resources();
    EXPECT_EQ(resources.ports.size(), 1u);
    EXPECT_EQ(resources.ports[0].base, 0x330u);
    EXPECT_EQ(resources.ports[0].length, 2u);
    EXPECT_EQ(resources.irq, 9u);
}

TEST_F(Devices, TwoShareALine) {
    Mpu401 left("left", {.port = 0x330});
    Mpu401 right("right", {.port = 0x340});
    for (Mpu401* mpu : {&left, &right}) ASSERT_TRUE(mpu->power_on(sim::bus, &scheduler.lines[9], 0).ok());
    out(0x331, 0xff);
    out(0x341, 0xff);
    Machine::run_for(millisecond_ns);
    EXPECT_TRUE(scheduler.lines[9].asserted());
    in(0x330);
    EXPECT_TRUE(scheduler.lines[9].asserted());
    right.remove(Machine::now_ns());
    EXPECT_FALSE(scheduler.lines[9].asserted());
}

TEST_F(Devices, ADestroyedOneLeavesNothingBehind) {
    {
        Mpu401 mpu("mpu401");
        ASSERT_TRUE(mpu.power_on(sim::bus, &scheduler.lines[9], 0).ok());
        out(0x331, 0xff);
        Machine::run_for(millisecond_ns);
        ASSERT_TRUE(scheduler.lines[9].asserted());
        out(0x331, 0xff);
        mpu.wire()->in.receive(1, 0);
    }
    EXPECT_FALSE(scheduler.lines[9].asserted());
    EXPECT_TRUE(scheduler.events.empty());
    EXPECT_EQ(in(0x331), 0xffu);
}

// ---- the wire ----

struct Received {
    std::vector<unsigned> bytes;
    std::vector<Nanoseconds> times;
    static void arrived(void* self, std::uint8_t byte, Nanoseconds now_ns) {
        static_cast<Received*>(self)->bytes.push_back(byte);
        static_cast<Received*>(self)->times.push_back(now_ns);
    }
};

struct List : hardware::WireInput {
    std::deque<hardware::WireByte> bytes;
    bool next(Nanoseconds* at_ns, std::uint8_t* byte) override {
        if (bytes.empty()) return false;
        *at_ns = bytes.front().first_bit_ns;
        *byte = bytes.front().byte;
        bytes.pop_front();
        return true;
    }
};

class Wires : public Devices {
  protected:
    Wires() { in_wire.power_on("wire", 0); }
    Received received;
    hardware::WireIn in_wire{Received::arrived, &received};
};

TEST_F(Wires, PullTheirInputAtWireSpeed) {
    List list;
    list.bytes = {{1'000'000, 1}, {1'000'000, 2}, {5'000'000, 3}};
    in_wire.connect(&list);
    Machine::run_for(10 * millisecond_ns);
    EXPECT_THAT(received.bytes, ElementsAre(1, 2, 3));
    EXPECT_THAT(received.times, ElementsAre(1'320'000, 1'640'000, 5'320'000));
}

TEST_F(Wires, AskAgainWhenWoken) {
    List list;
    in_wire.connect(&list);
    Machine::run_for(millisecond_ns);
    list.bytes = {{Machine::now_ns(), 7}};
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(received.bytes, IsEmpty());
    list.bytes = {{Machine::now_ns(), 7}};
    in_wire.wake();
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(received.times, ElementsAre(2 * millisecond_ns + midi_byte_ns));
}

TEST_F(Wires, WhatIsReceivedNowGoesBeforeWhatTheInputHasLater) {
    List list;
    list.bytes = {{5 * millisecond_ns, 2}};
    in_wire.connect(&list);
    Machine::run_for(millisecond_ns);
    EXPECT_TRUE(in_wire.receive(1, Machine::now_ns()));
    Machine::run_for(10 * millisecond_ns);
    EXPECT_THAT(received.bytes, ElementsAre(1, 2));
    EXPECT_THAT(received.times,
                ElementsAre(millisecond_ns + midi_byte_ns, 5 * millisecond_ns + midi_byte_ns));
}

TEST_F(Wires, AByteThatIsOnTheWireStaysThere) {
    EXPECT_TRUE(in_wire.receive(1, 0));
    Machine::run_for(midi_byte_ns / 2);
    EXPECT_TRUE(in_wire.receive(2, 0));
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(received.times, ElementsAre(midi_byte_ns, 2 * midi_byte_ns));
}

TEST_F(Wires, WhatIsGivenAnEarlierTimeDoesNotReplaceIt) {
    List list;
    list.bytes = {{millisecond_ns, 1}};
    in_wire.connect(&list);
    Machine::run_until(millisecond_ns + midi_byte_ns / 2);
    EXPECT_TRUE(in_wire.receive(2, 0));
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(received.bytes, ElementsAre(1, 2));
    EXPECT_THAT(received.times,
                ElementsAre(millisecond_ns + midi_byte_ns, millisecond_ns + 2 * midi_byte_ns));
}

// Two processors' times may differ a little: what one sends just after the other's byte waits for the wire.
TEST_F(Wires, NoTwoBytesOverlap) {
    hardware::WireOut out_wire([](void*, Nanoseconds) {}, nullptr);
    out_wire.send(1, 1'000, midi_byte_ns);
    Machine::run_for(millisecond_ns);
    out_wire.send(2, 1'000 + midi_byte_ns - 300, midi_byte_ns);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(times_of(out_wire), ElementsAre(1'000, 1'000 + midi_byte_ns));
}

TEST_F(Wires, ACutFreesTheWire) {
    hardware::WireOut out_wire([](void*, Nanoseconds) {}, nullptr);
    out_wire.send(1, 0, midi_byte_ns);
    out_wire.cut();
    EXPECT_FALSE(out_wire.busy());
    out_wire.send(2, 100, midi_byte_ns);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(out_wire), ElementsAre(2));
    EXPECT_THAT(times_of(out_wire), ElementsAre(100));
    EXPECT_EQ(out_wire.cut_count(), 1u);
}

TEST_F(Wires, ADisconnectedInputIsAskedNoMore) {
    List list;
    list.bytes = {{2 * millisecond_ns, 1}};
    in_wire.connect(&list);
    in_wire.connect(nullptr);
    Machine::run_for(10 * millisecond_ns);
    EXPECT_THAT(received.bytes, IsEmpty());
}

TEST_F(Wires, GoOnWithAnotherInput) {
    List first, second;
    first.bytes = {{2 * millisecond_ns, 1}};
    second.bytes = {{4 * millisecond_ns, 2}};
    in_wire.connect(&first);
    in_wire.connect(&second);
    EXPECT_TRUE(in_wire.receive(3, 6 * millisecond_ns));
    Machine::run_for(10 * millisecond_ns);
    EXPECT_THAT(received.bytes, ElementsAre(2, 3));
    EXPECT_THAT(received.times,
                ElementsAre(4 * millisecond_ns + midi_byte_ns, 6 * millisecond_ns + midi_byte_ns));
}

TEST_F(Wires, TheQueueIsBounded) {
    std::uint64_t taken = 0;
    while (taken < 100'000 && in_wire.receive(static_cast<std::uint8_t>(taken), 0)) ++taken;
    EXPECT_EQ(taken, hardware::WireIn::queue_capacity);
    Machine::run_for(2 * second_ns);
    ASSERT_EQ(received.bytes.size(), hardware::WireIn::queue_capacity);
    for (std::size_t i = 0; i < received.bytes.size(); ++i) {
        ASSERT_EQ(received.bytes[i], i & 0xff);
        ASSERT_EQ(received.times[i], static_cast<Nanoseconds>(i + 1) * midi_byte_ns);
    }
}

// A cable from one device's OUT to another's IN: each byte arrives when it has left, 1 ns later in order.
TEST_F(Wires, OneDevicesOutIsAnothersIn) {
    Mpu401 left("left", {.port = 0x330, .tx_depth = 16});
    Mpu401 right("right", {.port = 0x340});
    for (Mpu401* mpu : {&left, &right}) ASSERT_TRUE(mpu->power_on(sim::bus, &scheduler.lines[9], 0).ok());
    left.wire()->out.connect(
        [](void* to, const hardware::WireByte& sent) {
            EXPECT_TRUE(static_cast<Mpu401*>(to)->wire()->in.receive(sent.byte, sent.first_bit_ns));
        },
        &right);
    for (std::uint32_t port : {0x331u, 0x341u}) out(port, 0x3f);
    Machine::run_for(millisecond_ns);
    for (std::uint32_t port : {0x330u, 0x340u}) ASSERT_EQ(in(port), 0xfeu);
    for (unsigned i = 0; i < 10; ++i) out(0x330, i);
    Machine::run_for(10 * midi_byte_ns + 1);
    for (unsigned i = 0; i < 10; ++i) {
        ASSERT_EQ(in(0x341) & 0x80, 0u);
        EXPECT_EQ(in(0x340), i);
    }
}

}  // namespace
}  // namespace portico::test::device_test
