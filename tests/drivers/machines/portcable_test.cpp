// portcable: ports that programs make and delete, requests of every kind, and the mirror.
#include <cstring>

#include "devioctl.h"
#include "ks.h"
#include "machine/topology_test.h"
#include "portico/gtest.h"
#include "support/captured.h"
#include "support/requires.h"

#include "../../../drivers/portcable/portcable_ioctl.h"

namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t generic_read = 0x80000000;

template <class T>
Bytes bytes_of(const T& value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

template <std::size_t N>
void put(WCHAR (&field)[N], const std::u16string& text) {
    std::copy_n(text.c_str(), std::min(N, text.size() + 1), field);
}

Bytes port_named(const std::u16string& name, const std::u16string& friendly_name = u"") {
    PORTCABLE_PORT port{};
    put(port.Name, name);
    put(port.FriendlyName, friendly_name);
    return bytes_of(port);
}

Bytes mirror_of(const std::u16string& from, const std::u16string& to) {
    PORTCABLE_MIRROR mirror{};
    put(mirror.From, from);
    put(mirror.To, to);
    return bytes_of(mirror);
}

MachineConfig alone() {
    MachineConfig config;
    config.driver = DRIVER_IMAGES "portcable.so";
    config.devices = {virtual_device("ports")};
    config.print_findings = false;
    return config;
}

// With the cable, whose filter is "Cable".
MachineConfig with_cable() {
    MachineConfig config = alone();
    config.devices = {virtual_device("cable"), virtual_device("ports")};
    config.devices[0].driver = DRIVER_IMAGES "cable.so";
    return config;
}

class Ports {
  public:
    explicit Ports(const MachineConfig& config) : m(Machine::create(config).value()) {
        EXPECT_OK(m.start());
        open();
    }
    void open() { control.emplace(m.open("PortCable", {.as = As::admin}).value()); }
    Status create(const std::u16string& name, const std::u16string& friendly_name = u"") {
        return control->ioctl(IOCTL_PORTCABLE_CREATE, port_named(name, friendly_name));
    }
    Status remove(const std::u16string& name) {
        return control->ioctl(IOCTL_PORTCABLE_DELETE, port_named(name));
    }
    Status mirror(const std::u16string& from, const std::u16string& to) {
        Bytes given = mirror_of(from, to);
        return control->ioctl(IOCTL_PORTCABLE_MIRROR, {}, given);
    }
    std::vector<std::u16string> list() {
        Bytes out(16 * sizeof(PORTCABLE_PORT));
        std::size_t returned = 0;
        EXPECT_OK(control->ioctl(IOCTL_PORTCABLE_LIST, {}, out, &returned));
        std::vector<std::u16string> names;
        for (std::size_t at = 0; at < returned; at += sizeof(PORTCABLE_PORT)) {
            PORTCABLE_PORT port;
            std::memcpy(&port, out.data() + at, sizeof port);
            names.emplace_back(port.Name);
        }
        return names;
    }
    PORTCABLE_STATISTICS statistics(const std::u16string& name) {
        Bytes out(sizeof(PORTCABLE_STATISTICS));
        EXPECT_OK(control->ioctl(IOCTL_PORTCABLE_STATISTICS, port_named(name), out));
        PORTCABLE_STATISTICS statistics;
        std::memcpy(&statistics, out.data(), sizeof statistics);
        return statistics;
    }
    std::uint32_t changes() {
        Bytes out(4);
        EXPECT_OK(control->ioctl(IOCTL_PORTCABLE_WAIT, Bytes(4, 0xff), out));
        std::uint32_t count = 0;
        std::memcpy(&count, out.data(), 4);
        return count;
    }
    Request wait(std::uint32_t known) {
        return control->start_ioctl(IOCTL_PORTCABLE_WAIT, bytes_of(known), Bytes(4));
    }
    void loops(const char* name) {
        Pin out = m.filter(name).open(Pin::Render).value();
        Pin in = m.filter(name).open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write({0x90, 60, 100}));
        m.run_for(50ms);
        EXPECT_THAT(bytes_of(in.take_captured()), ElementsAre(0x90, 60, 100)) << name;
    }
    // A message into the one filter comes out of the other, by the mirror.
    void carries(const char* from, const char* to, std::uint8_t key) {
        Pin out = m.filter(from).open(Pin::Render).value();
        Pin in = m.filter(to).open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write({0x90, key, 100}));
        m.run_for(100ms);
        EXPECT_THAT(bytes_of(in.take_captured()), ElementsAre(0x90, key, 100));
    }
    void end() {
        if (control) control->close();
        control.reset();
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }

    Machine m;
    std::optional<File> control;
};

TEST(PortCable, MakesAndDeletesPorts) {
    Ports ports(alone());
    EXPECT_THAT(ports.m.filters(), IsEmpty());
    ASSERT_OK(ports.create(u"Synth", u"My synthesiser"));
    ASSERT_OK(ports.create(u"Drums"));
    EXPECT_THAT(ports.list(), ElementsAre(u"Synth", u"Drums"));
    EXPECT_THAT(ports.m.filters(), UnorderedElementsAre("Synth", "Drums"));
    std::vector<std::string> names;
    for (const Openable& item : ports.m.openable()) {
        if (item.reference == "Synth" && item.interface_class == "KSCATEGORY_AUDIO")
            names.push_back(item.friendly_name);
    }
    EXPECT_THAT(names, ElementsAre("My synthesiser"));
    REQUIRES("FLD-001");
    ports.loops("Synth");
    ports.loops("Drums");
    ASSERT_OK(ports.remove(u"synth"));
    EXPECT_THAT(ports.list(), ElementsAre(u"Drums"));
    EXPECT_THAT(ports.m.filters(), ElementsAre("Drums"));
    ASSERT_OK(ports.create(u"Synth"));
    ports.loops("Synth");
    ports.end();
}

TEST(PortCableRequests, AreRefusedWithTheirReason) {
    Ports ports(alone());
    EXPECT_EQ(ports.create(u"").code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ports.create(u"a\\b").code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ports.create(std::u16string(PORTCABLE_NAME_LENGTH, u'x')).code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ports.remove(u"nobody").code, STATUS_NOT_FOUND);
    ASSERT_OK(ports.create(u"One"));
    EXPECT_EQ(ports.create(u"ONE").code, STATUS_OBJECT_NAME_COLLISION);
    EXPECT_EQ(ports.mirror(u"Cable", u"nobody").code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ports.mirror(u"One", u"One").code, STATUS_INVALID_PARAMETER);
    for (const std::uint32_t code :
         {IOCTL_PORTCABLE_CREATE, IOCTL_PORTCABLE_DELETE, IOCTL_PORTCABLE_LIST, IOCTL_PORTCABLE_MIRROR,
          IOCTL_PORTCABLE_STATISTICS, IOCTL_PORTCABLE_WAIT}) {
        EXPECT_EQ(ports.control->ioctl(code).code, STATUS_BUFFER_TOO_SMALL) << std::hex << code;
        Bytes three(3);
        EXPECT_EQ(ports.control->ioctl(code, three, three).code, STATUS_BUFFER_TOO_SMALL) << std::hex << code;
    }
    EXPECT_EQ(ports.control->ioctl(CTL_CODE(FILE_DEVICE_PORTCABLE, 0x900, METHOD_BUFFERED, 0)).code,
              STATUS_INVALID_DEVICE_REQUEST);
    for (int i = 1; i < 16; ++i)
        ASSERT_OK(ports.create(u"P" + std::u16string(1, static_cast<char16_t>(u'a' + i))));
    EXPECT_EQ(ports.create(u"Seventeen").code, STATUS_INSUFFICIENT_RESOURCES);
    ports.end();
}

TEST(PortCableRequests, AUserMayLookAndAnAdministratorMayChange) {
    Ports ports(alone());
    ASSERT_OK(ports.create(u"One"));
    Status status;
    EXPECT_FALSE(ports.m.open("PortCable", {.as = As::user}, &status).ok());
    EXPECT_EQ(status.code, STATUS_ACCESS_DENIED);
    File user = ports.m.open("PortCable", {.as = As::user, .access = generic_read}).value();
    Bytes out(sizeof(PORTCABLE_PORT));
    REQUIRES("FLD-041");
    EXPECT_OK(user.ioctl(IOCTL_PORTCABLE_LIST, {}, out));
    EXPECT_EQ(user.ioctl(IOCTL_PORTCABLE_CREATE, port_named(u"Two")).code, STATUS_ACCESS_DENIED);
    EXPECT_EQ(user.ioctl(IOCTL_PORTCABLE_DELETE, port_named(u"One")).code, STATUS_ACCESS_DENIED);
    EXPECT_THAT(ports.list(), ElementsAre(u"One"));
    user.close();
    ports.end();
}

TEST(PortCableRequests, StatisticsCountWhatPasses) {
    Ports ports(alone());
    ASSERT_OK(ports.create(u"One"));
    Pin out = ports.m.filter("One").open(Pin::Render).value();
    Pin in = ports.m.filter("One").open(Pin::Capture).value();
    ASSERT_OK(in.run());
    ASSERT_OK(out.run());
    ASSERT_OK(out.write({0x90, 60, 100, 0xC0, 7}));
    ports.m.run_for(50ms);
    PORTCABLE_STATISTICS statistics = ports.statistics(u"One");
    EXPECT_EQ(statistics.Streams, 2u);
    EXPECT_EQ(statistics.BytesWritten, 5);
    EXPECT_EQ(statistics.BytesRead, 5);
    out.close();
    in.close();
    EXPECT_EQ(ports.statistics(u"One").Streams, 0u);
    ports.end();
}

TEST(PortCableRequests, AWaitEndsByAChangeACancelOrACleanup) {
    Ports ports(alone());
    const std::uint32_t known = ports.changes();
    Request waiting = ports.wait(known);
    Request another = ports.wait(known);
    ports.m.run_for(10ms);
    EXPECT_TRUE(waiting.pending());
    ASSERT_OK(ports.create(u"One"));
    ASSERT_OK(waiting.wait());
    ASSERT_OK(another.wait());
    EXPECT_EQ(waiting.output(), bytes_of(known + 1));
    EXPECT_EQ(waiting.returned(), 4u);

    Request cancelled = ports.wait(known + 1);
    EXPECT_TRUE(cancelled.pending());
    ASSERT_OK(cancelled.cancel());
    EXPECT_EQ(cancelled.wait().code, STATUS_CANCELLED);

    Request abandoned = ports.wait(known + 1);
    Request kept = ports.m.open("PortCable", {.as = As::user, .access = generic_read})
                       .value()
                       .start_ioctl(IOCTL_PORTCABLE_WAIT, bytes_of(known + 1), Bytes(4));
    EXPECT_EQ(kept.wait().code, STATUS_CANCELLED) << "its file was closed at once";
    EXPECT_TRUE(abandoned.pending()) << "of another file";
    ports.control->close();
    EXPECT_EQ(abandoned.wait().code, STATUS_CANCELLED);
    ports.end();
}

TEST(PortCablePorts, ComeAndGoWhileStreamsRun) {
    Ports ports(alone());
    ASSERT_OK(ports.create(u"One"));
    ASSERT_OK(ports.create(u"Two"));
    Pin out = ports.m.filter("One").open(Pin::Render).value();
    Pin in = ports.m.filter("One").open(Pin::Capture).value();
    ASSERT_OK(in.run());
    ASSERT_OK(out.run());
    for (std::uint8_t i = 0; i < 20; ++i) {
        ASSERT_OK(out.write({0x90, i, 1}));
        ASSERT_OK(ports.create(u"Guest"));
        ASSERT_OK(ports.remove(u"Guest"));
    }
    ports.m.run_for(50ms);
    EXPECT_EQ(in.take_captured().size(), 20u);
    ASSERT_OK(ports.remove(u"One"));
    EXPECT_FALSE(ports.m.filter("One").exists());
    (void)out.write({0x90, 1, 1});
    ports.m.run_for(50ms);
    out.close();
    in.close();
    ports.loops("Two");
    ports.end();
}

TEST(PortCablePorts, ComeBackWithTheDevice) {
    Ports ports(alone());
    ASSERT_OK(ports.create(u"One", u"First"));
    ASSERT_OK(ports.create(u"Two"));
    ASSERT_OK(ports.remove(u"Two"));
    ports.control->close();
    ASSERT_OK(ports.m.stop());
    ASSERT_OK(ports.m.restart());
    EXPECT_THAT(ports.m.filters(), ElementsAre("One"));
    ports.loops("One");
    ASSERT_OK(ports.m.disable());
    ASSERT_OK(ports.m.enable());
    ports.open();
    EXPECT_THAT(ports.list(), ElementsAre(u"One"));
    ports.loops("One");
    ports.end();
}

TEST(PortCablePorts, TheFirstIsTheInfs) {
    MachineConfig config = alone();
    config.inf = DRIVER_FOLDERS "portcable/portcable.inf";
    Ports ports(config);
    EXPECT_THAT(ports.list(), ElementsAre(u"Port 1"));
    std::vector<std::string> names;
    for (const Openable& item : ports.m.openable()) {
        if (item.reference == "Port 1") names.push_back(item.friendly_name);
    }
    EXPECT_THAT(names, Contains("PortCable 1"));
    ports.loops("Port 1");
    ports.end();
}

TEST(PortCablePorts, SleepAndAreSurprised) {
    Ports ports(alone());
    ASSERT_OK(ports.create(u"One"));
    {
        Pin out = ports.m.filter("One").open(Pin::Render).value();
        Pin in = ports.m.filter("One").open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(ports.m.sleep(SleepState::S3));
        ASSERT_OK(ports.m.resume());
        ASSERT_OK(out.write({0x90, 60, 100}));
        ports.m.run_for(50ms);
        EXPECT_EQ(in.take_captured().size(), 1u);
        ASSERT_OK(out.write(Bytes(500, 0xF8)));
        Request waiting = ports.wait(ports.changes());
        ports.m.surprise_remove();
        ports.m.run_for(50ms);
    }
    ports.control->close();
    ASSERT_OK(ports.m.replug());
    ports.open();
    ports.loops("One");
    ports.end();
}

TEST(PortCablePorts, PassTheTopologyTest) {
    MachineConfig config = alone();
    config.inf = DRIVER_FOLDERS "portcable/portcable.inf";
    const auto report = machine::topology_test(config);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_THAT(report.value().findings, IsEmpty());
    EXPECT_THAT(report.value().checks, Not(IsEmpty()));
    for (const auto& check : report.value().checks)
        EXPECT_NE(check.outcome(), machine::TopologyCheck::Outcome::failed)
            << check.filter << ": " << check.name;
}

// ---- the mirror ----

TEST(PortCableMirror, CarriesMessagesWholeAndInOrder) {
    Ports ports(with_cable());
    ASSERT_OK(ports.create(u"Out"));
    ASSERT_OK(ports.mirror(u"Cable", u"Out"));
    ports.m.run_for(10ms);
    REQUIRES("FLD-040");
    EXPECT_EQ(ports.statistics(u"Out").Streams, 1u) << "the mirror's";
    Pin out = ports.m.filter("Cable").open(Pin::Render).value();
    Pin in = ports.m.filter("Out").open(Pin::Capture).value();
    ASSERT_OK(in.run());
    ASSERT_OK(out.run());
    Bytes expected;
    for (std::uint8_t i = 0; i < 120; ++i) {
        Bytes message{0x90, i, 100};
        if (i % 40 == 39) {
            message.assign(300, i);
            message.front() = 0xF0;
            message.back() = 0xF7;
        }
        ASSERT_OK(out.write(message));
        ports.m.run_for(1ms);
        expected.insert(expected.end(), message.begin(), message.end());
    }
    ports.m.run_for(200ms);
    const auto captured = in.take_captured();
    EXPECT_THAT(bytes_of(captured), ElementsAreArray(expected));
    for (const CapturedMessage& message : captured) {
        if (message.bytes[0] == 0x90) EXPECT_EQ(message.bytes.size(), 3u);
    }
    out.close();
    in.close();
    ASSERT_OK(ports.mirror(u"", u""));
    EXPECT_EQ(ports.statistics(u"Out").Streams, 0u);
    ports.end();
}

TEST(PortCableMirror, LetsGoWhenASourceGoesAndTakesItUpAgain) {
    Ports ports(with_cable());
    ASSERT_OK(ports.create(u"Out"));
    ASSERT_OK(ports.mirror(u"Cable", u"Out"));
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 60);
    ports.control->close();
    ports.control.reset();
    ASSERT_OK(ports.m.disable()) << "nobody stands in the way";
    ASSERT_OK(ports.m.enable());
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 61);
    ASSERT_OK(ports.m.query_remove());
    ports.m.run_for(10ms);
    ASSERT_OK(ports.m.cancel_remove());
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 62);
    ports.end();
}

TEST(PortCableMirror, ItsPortMayGoAndComeBack) {
    Ports ports(with_cable());
    ASSERT_OK(ports.create(u"Out"));
    ASSERT_OK(ports.mirror(u"Cable", u"Out"));
    ports.m.run_for(10ms);
    ASSERT_OK(ports.remove(u"Out"));
    ports.m.run_for(10ms);
    ASSERT_OK(ports.create(u"Out"));
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 60);
    ports.end();
}

TEST(PortCableMirror, IsPulledOutInTheMiddleOfAStream) {
    Ports ports(with_cable());
    ASSERT_OK(ports.create(u"Out"));
    ASSERT_OK(ports.mirror(u"Cable", u"Out"));
    ports.m.run_for(10ms);
    {
        Pin out = ports.m.filter("Cable").open(Pin::Render).value();
        Pin in = ports.m.filter("Out").open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write(Bytes(600, 0xF8)));
        ports.m.run_for(2ms);
        ports.m.surprise_remove();
        ports.m.run_for(20ms);
    }
    ports.control->close();
    ports.control.reset();
    ASSERT_OK(ports.m.replug());
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 60);
    ports.end();
}

TEST(PortCableMirror, SleepsWithTheComputer) {
    Ports ports(with_cable());
    ASSERT_OK(ports.create(u"Out"));
    ASSERT_OK(ports.mirror(u"Cable", u"Out"));
    ports.m.run_for(10ms);
    ASSERT_OK(ports.m.sleep(SleepState::S3));
    ports.m.run_for(1s);
    ASSERT_OK(ports.m.resume());
    ports.m.run_for(10ms);
    ports.carries("Cable", "Out", 60);
    ports.end();
}

}  // namespace
