// DirectMusic drivers in the whole system: PortCls' own DMusUART on an MPU-401, and a cable with its own
// IMiniportDMus.
#include <cstring>
#include <span>

#include "dmusbuff.h"
#include "dmusprop.h"
#include "ks.h"
#include "ksmedia.h"
#include "machine/state.h"
#include "portico/gtest.h"
#include "support/captured.h"
#include "support/requires.h"

namespace dmus_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

Machine started(const char* driver, bool with_device) {
    MachineConfig config;
    if (with_device) config.devices = {portico::mpu401()};
    config.driver = driver;
    config.print_findings = false;
    Machine m = Machine::create(std::move(config)).value();
    const Status status = m.start();
    EXPECT_TRUE(status.ok()) << status.message;
    return m;
}
Machine uart() {
    return started(MPU401_DMUS_IMAGE, true);
}

// A pin of the DirectMusic format, in RUN.
HANDLE direct_music_pin(Machine& m, const char* filter, ULONG id) {
    HANDLE pin = nullptr;
    auto& state = m.state();
    EXPECT_EQ(state.call([&] {
        HANDLE open = nullptr;
        NTSTATUS status = state.ks.open_filter(state.filter_path(filter), &open);
        if (NT_SUCCESS(status))
            status = state.ks.create_pin(open, id, &pin, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC);
        return NT_SUCCESS(status) ? state.ks.set_state(pin, KSSTATE_RUN) : status;
    }),
              STATUS_SUCCESS);
    return pin;
}

NTSTATUS write_event(Machine& m, HANDLE pin, const Bytes& midi) {
    const DMUS_EVENTHEADER event{static_cast<DWORD>(midi.size()), 1, 0, DMUS_EVENT_STRUCTURED};
    Bytes data(DMUS_EVENT_SIZE(midi.size()));
    std::memcpy(data.data(), &event, sizeof event);
    std::copy(midi.begin(), midi.end(), data.begin() + sizeof event);
    KSSTREAM_HEADER header{};
    header.Size = sizeof header;
    header.PresentationTime = {0, 1, 1};
    header.FrameExtent = header.DataUsed = static_cast<ULONG>(data.size());
    Bytes headers(sizeof header);
    std::memcpy(headers.data(), &header, sizeof header);
    auto& state = m.state();
    return state.call(
        [&] { return state.ks.stream_packet(pin, IOCTL_KS_WRITE_STREAM, headers, data, nullptr); });
}

TEST(DMusUart, PlaysAndRecords) {
    Machine m = uart();
    auto render = m.filter("Uart").open(Pin::Render).value();
    auto capture = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(render.run());
    ASSERT_OK(capture.run());
    ASSERT_OK(render.write({0x90, 60, 100, 64, 101}));
    EXPECT_TRUE(m.run_until([&] { return m.device("mpu401").wire().size() == 6; }, 50ms));
    REQUIRES("UA-003"), REQUIRES("UA-004"), REQUIRES("FN-044");
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100, 0x90, 64, 101));
    m.device("mpu401").receive({0x80, 60, 0, 0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xF7});
    m.run_for(20ms);
    EXPECT_THAT(bytes_of(capture.take_captured()),
                ElementsAre(0x80, 60, 0, 0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xF7));
    m.surprise_remove();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(DMusUart, SendsALongSysExInOrderWithWhatComesBehindIt) {
    Machine m = uart();
    auto render = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(render.run());
    Bytes all(2'000, 0x22);
    all.front() = 0xF0;
    all.back() = 0xF7;
    for (int i = 0; i < 400; ++i) all.insert(all.end(), {0x90, static_cast<std::uint8_t>(i % 128), 1});
    ASSERT_OK(render.write(all));
    EXPECT_TRUE(m.run_until([&] { return m.device("mpu401").wire().size() == all.size(); }, 10s));
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAreArray(all));
    render.close();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(DMusUart, StopGivesUpWhatIsNotOnTheWire) {
    Machine m = uart();
    auto render = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(render.run());
    ASSERT_OK(render.write(Bytes(300, 0xF8)));
    m.run_for(2ms);
    ASSERT_OK(render.pause());
    m.run_for(10ms);
    const std::size_t paused = m.device("mpu401").wire().size();
    m.run_for(50ms);
    EXPECT_EQ(m.device("mpu401").wire().size(), paused) << "held in PAUSE";
    EXPECT_LT(paused, 300u);
    ASSERT_OK(render.stop());
    ASSERT_OK(render.run());
    m.run_for(50ms);
    EXPECT_EQ(m.device("mpu401").wire().size(), paused) << "and gone in STOP";
    render.close();
    EXPECT_THAT(m.findings(), IsEmpty()) << "every event is back";
}

TEST(DMusUart, PlaysThroughADirectMusicPin) {
    Machine m = uart();
    HANDLE const pin = direct_music_pin(m, "Uart", 1);
    EXPECT_EQ(write_event(m, pin, {0x90, 60, 100}), STATUS_SUCCESS);
    m.run_for(5ms);
    REQUIRES("UA-004"), REQUIRES("SP-019");
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(DMusUart, SleepsAndWakes) {
    Machine m = uart();
    auto render = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(render.run());
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(m.set_power(0));
    ASSERT_OK(render.write({0x90, 60, 100}));
    m.run_for(10ms);
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(DMusCable, LoopsWithItsOwnMiniport) {
    Machine m = started(DMUS_CABLE_IMAGE, false);
    auto render = m.filter("DMusCable").open(Pin::Render).value();
    auto capture = m.filter("DMusCable").open(Pin::Capture).value();
    ASSERT_OK(render.run());
    ASSERT_OK(capture.run());
    Bytes sysex(1'500, 0x11);
    sysex.front() = 0xF0;
    sysex.back() = 0xF7;
    ASSERT_OK(render.write({0x90, 60, 100}));
    ASSERT_OK(render.write(sysex));
    ASSERT_OK(render.write_at(20ms, Bytes{0x80, 60, 0}));
    m.run_for(50ms);
    Bytes expected{0x90, 60, 100};
    expected.insert(expected.end(), sysex.begin(), sysex.end());
    expected.insert(expected.end(), {0x80, 60, 0});
    EXPECT_THAT(bytes_of(capture.take_captured()), ElementsAreArray(expected));
    m.surprise_remove();
    REQUIRES("MX-021");
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
}  // namespace dmus_test
