// Devices that programs open, and what they ask of them (FLD-041).
#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>

#include "drivers/control_cable.h"
#include "portico/gtest.h"
#include "support/requires.h"

namespace file_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Bytes = std::vector<std::uint8_t>;

constexpr std::int32_t status_success = 0;
constexpr auto status_access_denied = static_cast<std::int32_t>(0xC0000022);
constexpr auto status_not_found = static_cast<std::int32_t>(0xC0000034);
constexpr auto status_cancelled = static_cast<std::int32_t>(0xC0000120);
constexpr auto status_collision = static_cast<std::int32_t>(0xC0000035);

Bytes number(std::uint32_t value) {
    Bytes bytes(4);
    std::memcpy(bytes.data(), &value, 4);
    return bytes;
}

std::uint32_t number(const Bytes& bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), std::min<std::size_t>(4, bytes.size()));
    return value;
}

Bytes two(std::uint32_t a, std::uint32_t b) {
    Bytes bytes = number(a);
    const Bytes more = number(b);
    bytes.insert(bytes.end(), more.begin(), more.end());
    return bytes;
}

// Both ways to make an adapter driver (FLD-002).
class FileTest : public ::testing::TestWithParam<const char*> {
  protected:
    MachineConfig config() const {
        MachineConfig config;
        config.driver = GetParam();
        config.print_findings = false;
        return config;
    }
    Machine start() const {
        Machine m = Machine::create(config()).value();
        EXPECT_OK(m.start());
        return m;
    }
    static void end(Machine& m) {
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
};

INSTANTIATE_TEST_SUITE_P(, FileTest, ::testing::Values(CONTROL_CABLE_IMAGE, CONTROL_CABLE_OWN_IMAGE),
                         [](const auto& info) {
                             return std::string(info.param) == CONTROL_CABLE_IMAGE ? "PortClsTable"
                                                                                   : "OwnTable";
                         });

TEST_P(FileTest, EveryTransferMethod) {
    Machine m = start();
    File file = m.open("ControlCable").value();
    Bytes out(8, 0xEE);
    std::size_t returned = 0;
    ASSERT_OK(file.ioctl(IOCTL_CABLE_REVERSE, Bytes{1, 2, 3}, out, &returned));
    EXPECT_EQ(returned, 3u);
    EXPECT_THAT(out, ElementsAre(3, 2, 1, 0xEE, 0xEE, 0xEE, 0xEE, 0xEE));
    Bytes second(300);
    std::iota(second.begin(), second.end(), 0);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_SUM, Bytes{9}, second));
    const std::uint32_t sum = std::accumulate(second.begin(), second.end(), 0u);
    Bytes filled(6);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_FILL, {}, filled, &returned));
    EXPECT_EQ(returned, 6u);
    EXPECT_EQ(number(filled), sum);
    EXPECT_EQ(filled[5], 5);
    Bytes copy(4);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_COPY, Bytes{5, 6, 7}, copy, &returned));
    EXPECT_EQ(returned, 3u);
    EXPECT_THAT(copy, ElementsAre(5, 6, 7, 0));
    file.close();
    EXPECT_FALSE(file.ioctl(IOCTL_CABLE_FILL, {}, filled).ok()) << "closed";
    end(m);
}

TEST_P(FileTest, DescriptorsDecideWhoOpensAndForWhat) {
    Machine m = start();
    Status status;
    REQUIRES("FLD-041");
    const auto refused = m.open("\\\\.\\ControlCableAdmin", {}, &status);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(status.code, status_access_denied);
    EXPECT_THAT(refused.error().message, HasSubstr("as a user"));
    const auto admin = m.open("\\\\.\\ControlCableAdmin", {.as = As::admin}, &status);
    EXPECT_TRUE(admin.ok()) << status.message;
    File reader = m.open("ControlCable", {.access = 0x80000000}).value();
    EXPECT_EQ(reader.ioctl(IOCTL_CABLE_GUARDED).code, status_access_denied)
        << "the code asks for write access";
    File writer = m.open("\\Device\\ControlCable").value();
    EXPECT_EQ(writer.ioctl(IOCTL_CABLE_GUARDED).code, status_success);
    const auto missing = m.open("\\\\.\\NoSuchDevice", {}, &status);
    EXPECT_FALSE(missing.ok());
    EXPECT_EQ(status.code, status_not_found);
    EXPECT_FALSE(m.open("NoSuchName").ok());
}

TEST_P(FileTest, PortsComeAndGo) {
    Machine m = start();
    EXPECT_THAT(m.filters(), IsEmpty());
    File file = m.open("ControlCable").value();
    REQUIRES("FLD-001");
    ASSERT_OK(file.ioctl(IOCTL_CABLE_ADD_PORT, number(1)));
    ASSERT_OK(file.ioctl(IOCTL_CABLE_ADD_PORT_LATER, number(2)));
    EXPECT_THAT(m.filters(), ElementsAre("Port1", "Port2"));
    EXPECT_EQ(file.ioctl(IOCTL_CABLE_ADD_PORT, number(1)).code, status_collision);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_CONNECT, two(1, 2)));
    for (int i = 0; i < 3; ++i) {
        Pin out = m.filter("Port1").open(Pin::Render).value();
        Pin in = m.filter("Port1").open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write({0x90, 60, 100}));
        m.run_for(50ms);
        const auto captured = in.take_captured();
        ASSERT_EQ(captured.size(), 1u) << i;
        EXPECT_THAT(captured[0].bytes, ElementsAre(0x90, 60, 100));
        if (i == 0) ASSERT_OK(file.ioctl(IOCTL_CABLE_DISCONNECT, two(1, 2)));
        // The port goes while its pins are open, and comes back under its name.
        ASSERT_OK(file.ioctl(IOCTL_CABLE_REMOVE_PORT, number(1)));
        EXPECT_THAT(m.filters(), ElementsAre("Port2"));
        EXPECT_OK(out.write({0x80, 60, 0})) << "who has it open keeps it";
        ASSERT_OK(file.ioctl(IOCTL_CABLE_ADD_PORT, number(1)));
    }
    file.close();
    end(m);
}

TEST_P(FileTest, RequestsThatWait) {
    Machine m = start();
    File file = m.open("ControlCable").value();
    const Bytes empty(4);
    Request first = file.start_ioctl(IOCTL_CABLE_WAIT, {}, empty);
    Request second = file.start_ioctl(IOCTL_CABLE_WAIT, {}, empty);
    Request third = file.start_ioctl(IOCTL_CABLE_WAIT, {}, empty);
    EXPECT_TRUE(first.pending());
    ASSERT_OK(file.ioctl(IOCTL_CABLE_POST, Bytes{7, 8}));
    EXPECT_FALSE(first.pending());
    ASSERT_OK(first.wait());
    EXPECT_EQ(first.returned(), 2u);
    EXPECT_THAT(first.output(), ElementsAre(7, 8, 0, 0));
    EXPECT_TRUE(second.pending());
    ASSERT_OK(second.cancel());
    EXPECT_EQ(second.wait().code, status_cancelled);
    EXPECT_FALSE(second.cancel().ok()) << "it has ended";
    const Status timed_out = file.ioctl(IOCTL_CABLE_WAIT, {}, {}, nullptr, 20ms);
    EXPECT_THAT(timed_out.message, HasSubstr("still under way"));
    EXPECT_TRUE(third.pending());
    // IRP_MJ_CLEANUP ends what the file still waits for, and nothing of another.
    File other = m.open("ControlCable").value();
    Request others = other.start_ioctl(IOCTL_CABLE_WAIT, {}, empty);
    file.close();
    EXPECT_EQ(third.wait().code, status_cancelled);
    EXPECT_TRUE(others.pending());
    ASSERT_OK(other.cancel());
    EXPECT_EQ(others.wait().code, status_cancelled);
    end(m);
}

TEST_P(FileTest, ThreadsFloatingPointFilesAndSettings) {
    Machine m = start();
    File file = m.open("ControlCable").value();
    ASSERT_OK(file.ioctl(IOCTL_CABLE_START_THREAD));
    m.run_for(500ms);
    Bytes ticks(4);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_STOP_THREAD, {}, ticks));
    EXPECT_GE(number(ticks), 30u) << "a wait of 1 ms ends with the clock's tick";
    EXPECT_LE(number(ticks), 500u);
    Bytes level = number(64);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_DECIBELS, level, level));
    EXPECT_EQ(static_cast<std::int32_t>(number(level)), -1190);
    Bytes value(4);
    ASSERT_OK(file.ioctl(IOCTL_CABLE_SETTING, number(77), value));
    EXPECT_EQ(number(value), 77u);
    end(m);
}

TEST_P(FileTest, GoesWithItsMachineAndItsFile) {
    std::optional<File> file;
    std::optional<Request> request;
    {
        Machine m = start();
        file.emplace(m.open("ControlCable").value());
        request.emplace(file->start_ioctl(IOCTL_CABLE_WAIT));
        EXPECT_TRUE(request->pending());
    }
    EXPECT_FALSE(file->ioctl(IOCTL_CABLE_FILL).ok());
    EXPECT_FALSE(request->pending());
    EXPECT_FALSE(request->wait().ok());
}

TEST_P(FileTest, RemovalAndReplugWhileAProgramHasTheControlDevice) {
    Machine m = start();
    File file = m.open("ControlCable").value();
    ASSERT_OK(file.ioctl(IOCTL_CABLE_ADD_PORT, number(3)));
    ASSERT_OK(m.surprise_remove());
    EXPECT_THAT(m.filters(), IsEmpty());
    file.close();
    ASSERT_OK(m.replug());
    File again = m.open("ControlCable").value();
    ASSERT_OK(again.ioctl(IOCTL_CABLE_ADD_PORT, number(3)));
    EXPECT_THAT(m.filters(), ElementsAre("Port3"));
    again.close();
    end(m);
}

TEST(Openable, ListsLinksAndInterfaces) {
    MachineConfig config;
    config.driver = CONTROL_CABLE_IMAGE;
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    File file = m.open("ControlCable").value();
    ASSERT_OK(file.ioctl(IOCTL_CABLE_ADD_PORT, number(1)));
    const std::vector<Openable> list = m.openable();
    const auto link = std::find_if(list.begin(), list.end(),
                                   [](const Openable& o) { return o.path == "\\\\.\\ControlCable"; });
    ASSERT_NE(link, list.end());
    EXPECT_EQ(link->kind, Openable::Kind::symbolic_link);
    EXPECT_EQ(link->target, "\\Device\\ControlCable");
    EXPECT_EQ(link->driver, "control_cable");
    std::vector<std::string> classes;
    for (const Openable& o : list) {
        if (o.kind != Openable::Kind::device_interface) continue;
        EXPECT_EQ(o.reference, "Port1");
        EXPECT_EQ(o.device, "virtual");
        classes.push_back(o.interface_class);
        EXPECT_TRUE(m.open(o.path).ok()) << o.path;
    }
    EXPECT_THAT(classes, Contains("KSCATEGORY_AUDIO"));
    for (const Openable& o : list) EXPECT_THAT(o.path, ::testing::Not(HasSubstr("C:")));
}

}  // namespace
}  // namespace file_test
