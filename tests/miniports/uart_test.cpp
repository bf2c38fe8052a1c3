// The UART miniport against UA-001..UA-016, one call at a time.
#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.h"
#include "support/requires.h"

namespace portico::miniports_test {
namespace {

using ::testing::ElementsAre;

std::vector<UCHAR> read_all(PMINIPORTMIDISTREAM stream) {
    std::vector<UCHAR> all;
    UCHAR buffer[16];
    for (;;) {
        ULONG count = 0;
        EXPECT_EQ(stream->Read(buffer, sizeof(buffer), &count), STATUS_SUCCESS);
        if (count == 0) return all;
        all.insert(all.end(), buffer, buffer + count);
    }
}

ULONG write(PMINIPORTMIDISTREAM stream, std::vector<UCHAR> bytes, NTSTATUS expected = STATUS_SUCCESS) {
    ULONG written = 0xFFFF;
    EXPECT_EQ(stream->Write(bytes.data(), static_cast<ULONG>(bytes.size()), &written), expected);
    return written;
}

class AdapterWithSync : public Counted<IUnknown> {
  public:
    FakeSync sync;
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID iid, PVOID* object) override {
        const bool asked = IsEqualGUIDAligned(iid, IID_IInterruptSync);
        *object = asked ? static_cast<IInterruptSync*>(&sync) : nullptr;
        if (asked) sync.AddRef();
        return asked ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
};

// A routine cannot be taken back: its context, the one block that is left, lives as long as the sync object.
void end_context(FakeSync& sync) {
    EXPECT_EQ(kernel->blocks, 1u);
    std::free(std::exchange(sync.context, nullptr));
    --kernel->blocks;
}

TEST_F(UartTest, OffersItsInterfaces) {
    const GUID* const offered[] = {&IID_IUnknown, &IID_IMiniport, &IID_IMiniportMidi, &IID_IMusicTechnology,
                                   &IID_IPowerNotify};
    for (const GUID* iid : offered) {
        PVOID object = nullptr;
        EXPECT_EQ(miniport->QueryInterface(*iid, &object), STATUS_SUCCESS);
        ASSERT_NE(object, nullptr);
        static_cast<PUNKNOWN>(object)->Release();
    }
    PVOID object = &object;
    EXPECT_FALSE(NT_SUCCESS(miniport->QueryInterface(IID_IPortMidi, &object)));
    EXPECT_EQ(object, nullptr);
    REQUIRES("UA-001");
    REQUIRES("MM-002");
    REQUIRES("IM-002");
}

TEST_F(UartTest, OtherClassesAreNotBuiltIn) {
    PUNKNOWN unknown = reinterpret_cast<PUNKNOWN>(1);
    EXPECT_FALSE(NT_SUCCESS(create_miniport(&unknown, CLSID_PortMidi)));
    EXPECT_EQ(unknown, nullptr);
    REQUIRES("FN-047");
}

TEST_F(UartTest, DescriptorIsTheUartsOne) {
    PPCFILTER_DESCRIPTOR filter = nullptr;
    ASSERT_EQ(miniport->GetDescription(&filter), STATUS_SUCCESS);
    ASSERT_EQ(filter->PinCount, 4u);
    EXPECT_EQ(filter->Version, 0u);
    EXPECT_EQ(filter->PinSize, sizeof(PCPIN_DESCRIPTOR));
    EXPECT_EQ(filter->NodeCount, 0u);
    EXPECT_EQ(filter->CategoryCount, 0u);
    const KSPIN_DATAFLOW flows[] = {KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_OUT, KSPIN_DATAFLOW_OUT,
                                    KSPIN_DATAFLOW_IN};
    for (int pin = 0; pin < 4; ++pin) {
        const PCPIN_DESCRIPTOR& described = filter->Pins[pin];
        const bool bridge = pin % 2 == 1;
        EXPECT_EQ(described.MaxGlobalInstanceCount, bridge ? 0u : 1u) << pin;
        EXPECT_EQ(described.MaxFilterInstanceCount, bridge ? 0u : 1u) << pin;
        EXPECT_EQ(described.MinFilterInstanceCount, 0u) << pin;
        EXPECT_EQ(described.KsPinDescriptor.DataFlow, flows[pin]) << pin;
        EXPECT_EQ(described.KsPinDescriptor.Communication,
                  bridge ? KSPIN_COMMUNICATION_NONE : KSPIN_COMMUNICATION_SINK)
            << pin;
        ASSERT_EQ(described.KsPinDescriptor.DataRangesCount, 1u) << pin;
        const KSDATARANGE& range = *described.KsPinDescriptor.DataRanges[0];
        EXPECT_TRUE(range.MajorFormat == KSDATAFORMAT_TYPE_MUSIC);
        EXPECT_TRUE(range.SubFormat == (bridge ? KSDATAFORMAT_SUBTYPE_MIDI_BUS : KSDATAFORMAT_SUBTYPE_MIDI));
        EXPECT_TRUE(range.Specifier == KSDATAFORMAT_SPECIFIER_NONE);
        EXPECT_EQ(range.FormatSize, bridge ? sizeof(KSDATARANGE) : sizeof(KSDATARANGE_MUSIC));
        if (bridge) continue;
        EXPECT_TRUE(*described.KsPinDescriptor.Name == KSAUDFNAME_MIDI);
        const auto& music = reinterpret_cast<const KSDATARANGE_MUSIC&>(range);
        EXPECT_TRUE(music.Technology == KSMUSIC_TECHNOLOGY_PORT);
        EXPECT_EQ(music.Channels, 0u);
        EXPECT_EQ(music.Notes, 0u);
        EXPECT_EQ(music.ChannelMask, 0xFFFFu);
    }
    ASSERT_EQ(filter->ConnectionCount, 2u);
    EXPECT_EQ(filter->Connections[0].FromNodePin, 0u);
    EXPECT_EQ(filter->Connections[0].ToNodePin, 1u);
    EXPECT_EQ(filter->Connections[1].FromNodePin, 3u);
    EXPECT_EQ(filter->Connections[1].ToNodePin, 2u);
    for (ULONG i = 0; i < 2; ++i) {
        EXPECT_EQ(filter->Connections[i].FromNode, PCFILTER_NODE);
        EXPECT_EQ(filter->Connections[i].ToNode, PCFILTER_NODE);
    }
    REQUIRES("UA-007");
    REQUIRES("UA-005");
    REQUIRES("FF-004");
    REQUIRES("FF-005");
}

TEST_F(UartTest, TechnologyBelongsToTheInstance) {
    PUNKNOWN other_unknown = nullptr;
    ASSERT_EQ(create_miniport(&other_unknown, CLSID_MiniportDriverUart), STATUS_SUCCESS);
    const auto other = static_cast<PMINIPORTMIDI>(other_unknown);
    PMUSICTECHNOLOGY technology = nullptr;
    ASSERT_EQ(other->QueryInterface(IID_IMusicTechnology, reinterpret_cast<PVOID*>(&technology)),
              STATUS_SUCCESS);
    EXPECT_EQ(technology->SetTechnology(&KSMUSIC_TECHNOLOGY_WAVETABLE), STATUS_SUCCESS);
    EXPECT_EQ(technology->SetTechnology(nullptr), STATUS_INVALID_PARAMETER);
    technology->Release();
    EXPECT_THAT(state.broken_contracts, ::testing::IsEmpty());

    const auto technology_of = [](PMINIPORTMIDI of, ULONG pin) {
        PPCFILTER_DESCRIPTOR filter = nullptr;
        of->GetDescription(&filter);
        return reinterpret_cast<const KSDATARANGE_MUSIC*>(filter->Pins[pin].KsPinDescriptor.DataRanges[0])
            ->Technology;
    };
    EXPECT_TRUE(technology_of(other, 0) == KSMUSIC_TECHNOLOGY_WAVETABLE);
    EXPECT_TRUE(technology_of(other, 2) == KSMUSIC_TECHNOLOGY_WAVETABLE);
    EXPECT_TRUE(technology_of(miniport, 0) == KSMUSIC_TECHNOLOGY_PORT);
    EXPECT_EQ(other->Release(), 0u);
    REQUIRES("UA-002");
    REQUIRES("MT-002");
    REQUIRES("MT-004");
    REQUIRES("MT-005");
    REQUIRES("MT-008");
}

TEST_F(UartTest, TechnologyIsSetBeforeInit) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    PMUSICTECHNOLOGY technology = nullptr;
    ASSERT_EQ(miniport->QueryInterface(IID_IMusicTechnology, reinterpret_cast<PVOID*>(&technology)),
              STATUS_SUCCESS);
    technology->SetTechnology(&KSMUSIC_TECHNOLOGY_WAVETABLE);
    REQUIRES("MT-003");
    EXPECT_THAT(state.broken_contracts, ElementsAre("MT-003"));
    technology->Release();
}

TEST_F(UartTest, OtherResourcesAreAConfigurationError) {
    const auto refused = [this](ULONG ports, ULONG interrupts, ULONG dmas) {
        state.resources.ports = ports;
        state.resources.interrupts = interrupts;
        state.resources.dmas = dmas;
        return init();
    };
    EXPECT_EQ(refused(0, 1, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(refused(2, 1, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(refused(1, 0, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(refused(1, 2, 0), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(refused(1, 1, 1), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(init_group, nullptr);
    EXPECT_EQ(state.mpu.commands.size(), 0u);
    REQUIRES("UA-008");
    REQUIRES("MM-019");
}

TEST_F(UartTest, InitConnectsRegistersAndResets) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    EXPECT_EQ(state.sync.mode, InterruptSyncModeNormal);
    EXPECT_EQ(state.sync.resource_index, 0u);
    EXPECT_TRUE(state.sync.first);
    EXPECT_TRUE(state.sync.connected);
    EXPECT_NE(state.sync.routine, nullptr);
    REQUIRES("MM-013");
    EXPECT_THAT(state.port.registered, ElementsAre(&state.group));
    EXPECT_EQ(init_group, &state.group);
    EXPECT_EQ(state.group.references, 2u) << "one for the port, one for the miniport";
    REQUIRES("UA-009");
    REQUIRES("MM-014");
    REQUIRES("MM-016");
    REQUIRES("PM-033");
    EXPECT_THAT(state.mpu.commands, ElementsAre(0xFF, 0xFF, 0x3F));
    EXPECT_TRUE(state.mpu.uart_mode);
    REQUIRES("UA-015");
    EXPECT_EQ(state.sync.interrupt(), STATUS_UNSUCCESSFUL) << "the answer has not come yet";
    settle();
    EXPECT_FALSE(state.mpu.input_ready()) << "the answer to UART mode is swallowed as input";
    EXPECT_TRUE(state.port.notified.empty());
}

TEST_F(UartTest, TheSyncIsTheMiniportsAffair) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    EXPECT_EQ(state.sync.references, 1u) << "the port never sees it";
    init_group->Release();
    init_group = nullptr;
    EXPECT_EQ(miniport->Release(), 0u);
    EXPECT_EQ(state.sync.references, 0u);
    EXPECT_FALSE(state.sync.connected);
    REQUIRES("MM-015");
    REQUIRES("CX-011");
    REQUIRES("MM-014");
    PUNKNOWN unknown = nullptr;
    ASSERT_EQ(create_miniport(&unknown, CLSID_MiniportDriverUart), STATUS_SUCCESS);
    miniport = static_cast<PMINIPORTMIDI>(unknown);
}

TEST_F(UartTest, AnAdaptersSyncIsShared) {
    AdapterWithSync adapter;
    ASSERT_EQ(init(&adapter), STATUS_SUCCESS);
    EXPECT_NE(adapter.sync.routine, nullptr);
    EXPECT_FALSE(adapter.sync.connected) << "connecting it is the adapter's business";
    EXPECT_EQ(state.sync.routine, nullptr);
    EXPECT_EQ(adapter.sync.references, 2u);
    init_group->Release();
    init_group = nullptr;
    EXPECT_EQ(miniport->Release(), 0u);
    EXPECT_EQ(adapter.sync.references, 1u);
    end_context(adapter.sync);
    REQUIRES("MM-012");
    PUNKNOWN unknown = nullptr;
    ASSERT_EQ(create_miniport(&unknown, CLSID_MiniportDriverUart), STATUS_SUCCESS);
    miniport = static_cast<PMINIPORTMIDI>(unknown);
}

TEST_F(UartTest, ASharedSyncKeepsNothingOfAMiniportThatIsGone) {
    AdapterWithSync adapter;
    state.mpu.answers = false;
    EXPECT_EQ(init(&adapter), STATUS_IO_DEVICE_ERROR);
    EXPECT_EQ(miniport->Release(), 0u);
    state.mpu.receive(0xF8);
    REQUIRES("IS-022");
    REQUIRES("MM-017");
    REQUIRES("LC-015");
    EXPECT_EQ(adapter.sync.interrupt(), STATUS_UNSUCCESSFUL);
    EXPECT_TRUE(state.mpu.input_ready()) << "nobody has touched the device";
    end_context(adapter.sync);
    PUNKNOWN unknown = nullptr;
    ASSERT_EQ(create_miniport(&unknown, CLSID_MiniportDriverUart), STATUS_SUCCESS);
    miniport = static_cast<PMINIPORTMIDI>(unknown);
}

TEST_F(UartTest, AUartThatDoesNotAcknowledgeIsAnError) {
    state.mpu.answers = false;
    EXPECT_EQ(init(), STATUS_IO_DEVICE_ERROR);
    EXPECT_EQ(init_group, nullptr);
    EXPECT_FALSE(state.sync.connected);
    EXPECT_EQ(state.group.references, 0u);
    EXPECT_EQ(state.port.references, 1u);
    EXPECT_GE(now_us, 100'000u) << "two waits of 50 ms";
    EXPECT_LT(now_us, 110'000u);
    REQUIRES("UA-015");
    REQUIRES("MM-017");
}

TEST_F(UartTest, AWrongAnswerIsAnError) {
    state.mpu.answer = 0x12;
    EXPECT_EQ(init(), STATUS_IO_DEVICE_ERROR);
    REQUIRES("UA-015");
}

TEST_F(UartTest, AnAbsentDeviceIsAnError) {
    state.mpu.present = false;
    EXPECT_EQ(init(), STATUS_IO_DEVICE_ERROR);
    REQUIRES("MP-011");
}

TEST_F(UartTest, ASilentFirstResetIsFine) {
    state.mpu.uart_mode = true;
    EXPECT_EQ(init(), STATUS_SUCCESS);
    EXPECT_THAT(state.mpu.commands, ElementsAre(0xFF, 0xFF, 0x3F));
    REQUIRES("UA-015");
    REQUIRES("MP-003");
}

TEST_F(UartTest, AServiceGroupThatCannotBeMadeUndoesInit) {
    state.fail_group = true;
    EXPECT_EQ(init(), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_FALSE(state.sync.connected);
    EXPECT_EQ(state.sync.references, 0u);
    EXPECT_EQ(state.port.references, 1u);
    state.fail_group = false;
    EXPECT_EQ(init(), STATUS_SUCCESS) << "and Init can be tried again";
    REQUIRES("MM-017");
}

TEST_F(UartTest, OneStreamOfEachKind) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    const PMINIPORTMIDISTREAM capture = open(true);
    PMINIPORTMIDISTREAM second = nullptr;
    PSERVICEGROUP group = nullptr;
    EXPECT_EQ(miniport->NewStream(&second, nullptr, NonPagedPool, 0, FALSE, nullptr, &group),
              STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(miniport->NewStream(&second, nullptr, NonPagedPool, 2, TRUE, nullptr, &group),
              STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(render->Release(), 0u);
    EXPECT_EQ(open(false)->Release(), 0u) << "a closed one can be opened again";
    EXPECT_EQ(capture->Release(), 0u);
    REQUIRES("UA-010");
    REQUIRES("UA-003");
    REQUIRES("MM-039");
}

TEST_F(UartTest, OnlyCaptureHasAServiceGroup) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    PMINIPORTMIDISTREAM stream = nullptr;
    PSERVICEGROUP group = &state.group;
    ASSERT_EQ(miniport->NewStream(&stream, nullptr, NonPagedPool, 0, FALSE, nullptr, &group), STATUS_SUCCESS);
    EXPECT_EQ(group, nullptr);
    stream->Release();
    ASSERT_EQ(miniport->NewStream(&stream, nullptr, NonPagedPool, 2, TRUE, nullptr, &group), STATUS_SUCCESS);
    EXPECT_EQ(group, &state.group);
    EXPECT_EQ(state.group.references, 3u);
    group->Release();
    stream->Release();
    REQUIRES("UA-011");
    REQUIRES("MM-035");
}

TEST_F(UartTest, TheFirstStreamEntersUartModeAgain) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    settle();
    state.mpu.commands.clear();
    const PMINIPORTMIDISTREAM render = open(false);
    EXPECT_THAT(state.mpu.commands, ElementsAre(0xFF, 0xFF, 0x3F));
    state.mpu.commands.clear();
    const PMINIPORTMIDISTREAM capture = open(true);
    EXPECT_TRUE(state.mpu.commands.empty()) << "a running stream is not disturbed by a second one";
    render->Release();
    capture->Release();
    REQUIRES("UA-010");
}

TEST_F(UartTest, InputIsKeptInRunOnly) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM capture = open(true);
    state.mpu.receive(0x11);
    EXPECT_EQ(state.sync.interrupt(), STATUS_SUCCESS) << "read, though nobody wants it";
    EXPECT_FALSE(state.mpu.input_ready());
    EXPECT_TRUE(state.port.notified.empty());
    EXPECT_TRUE(read_all(capture).empty());

    run(capture);
    for (const UCHAR byte : {0x90, 60, 100}) state.mpu.receive(byte);
    EXPECT_EQ(state.sync.interrupt(), STATUS_SUCCESS);
    EXPECT_THAT(state.port.notified, ElementsAre(&state.group));
    EXPECT_EQ(state.sync.interrupt(), STATUS_UNSUCCESSFUL) << "not ours";
    EXPECT_THAT(read_all(capture), ElementsAre(0x90, 60, 100));
    REQUIRES("UA-012");
    REQUIRES("IS-009");
    REQUIRES("MS-026");
    REQUIRES("MS-034");

    state.mpu.receive(0xF8);
    state.sync.interrupt();
    stop(capture);
    EXPECT_TRUE(read_all(capture).empty());
    REQUIRES("UA-014");
    REQUIRES("MS-025");
    capture->Release();
}

TEST_F(UartTest, TheAnswerToUartModeIsNoInput) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    PMINIPORTMIDISTREAM capture = nullptr;
    PSERVICEGROUP group = nullptr;
    ASSERT_EQ(miniport->NewStream(&capture, nullptr, NonPagedPool, 2, TRUE, nullptr, &group), STATUS_SUCCESS);
    group->Release();
    run(capture);
    settle();
    state.mpu.receive(0xFE);
    state.sync.interrupt();
    EXPECT_THAT(read_all(capture), ElementsAre(0xFE))
        << "the first was the acknowledge, the second active sensing";
    capture->Release();
    REQUIRES("UA-015");
}

TEST_F(UartTest, AFullInputFifoKeepsWhatItHas) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM capture = open(true);
    run(capture);
    for (int i = 0; i < 1200; ++i) {
        state.mpu.receive(static_cast<UCHAR>(i % 128));
        state.sync.interrupt();
    }
    const auto all = read_all(capture);
    ASSERT_EQ(all.size(), 512u);
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i % 128) << i;
    state.mpu.receive(0x40);
    state.sync.interrupt();
    EXPECT_THAT(read_all(capture), ElementsAre(0x40));
    stop(capture);
    capture->Release();
}

TEST_F(UartTest, AStormEndsThePass) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM capture = open(true);
    run(capture);
    for (int i = 0; i < 2000; ++i) state.mpu.receive(0x55);
    EXPECT_EQ(state.sync.interrupt(), STATUS_SUCCESS);
    EXPECT_EQ(state.mpu.input.size(), 2000u - 512u);
    state.mpu.present = false;
    EXPECT_EQ(state.sync.interrupt(), STATUS_UNSUCCESSFUL) << "all ones is no data";
    REQUIRES("LC-055");
    capture->Release();
}

TEST_F(UartTest, WritesReachTheWireInOrder) {
    state.mpu.fifo_depth = 16;
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    run(render);
    EXPECT_EQ(write(render, {0x90, 60, 100}), 3u);
    EXPECT_EQ(write(render, {0x80, 60, 0}), 3u);
    EXPECT_THAT(state.mpu.wire, ElementsAre(0x90, 60, 100, 0x80, 60, 0));
    stop(render);
    render->Release();
    REQUIRES("UA-013");
    REQUIRES("MS-041");
}

TEST_F(UartTest, ABusyDeviceEndsTheWriteAtAMultipleOfFour) {
    state.mpu.fifo_depth = 4;
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    run(render);
    std::vector<UCHAR> sysex(64);
    std::iota(sysex.begin(), sysex.end(), 0);
    std::size_t done = 0;
    int zeros = 0;
    while (done < sysex.size()) {
        ULONG written = 0;
        ASSERT_EQ(render->Write(sysex.data() + done, static_cast<ULONG>(sysex.size() - done), &written),
                  STATUS_SUCCESS);
        ASSERT_TRUE(written % 4 == 0 || done + written == sysex.size()) << written;
        zeros += written == 0;
        done += written;
        now_us += 100;
    }
    EXPECT_EQ(state.mpu.wire, sysex);
    EXPECT_GT(zeros, 0) << "and 0 means busy";
    render->Release();
    REQUIRES("UA-013");
    REQUIRES("MS-041");
}

TEST_F(UartTest, InsideAGroupOfFourItWaits) {
    state.mpu.fifo_depth = 1;
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    run(render);
    EXPECT_EQ(write(render, {0x90, 60, 100}), 3u) << "two bytes at 320 us each were waited for";
    EXPECT_EQ(write(render, {0x80, 60, 0}), 0u) << "the next message does not wait for the third";
    now_us += 320;
    EXPECT_EQ(write(render, {0x80, 60, 0}), 3u);
    render->Release();
    REQUIRES("UA-013");
}

TEST_F(UartTest, ADeviceThatKeepsRefusingIsBroken) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    run(render);
    state.mpu.refuses_output = true;
    int zeros = 0;
    for (NTSTATUS status = STATUS_SUCCESS; NT_SUCCESS(status); now_us += 1000) {
        UCHAR message[] = {0x90, 60, 100};
        ULONG written = 0;
        status = render->Write(message, 3, &written);
        if (NT_SUCCESS(status)) {
            EXPECT_EQ(written, 0u);
            ASSERT_LT(++zeros, 60);
        } else {
            EXPECT_EQ(status, STATUS_IO_DEVICE_ERROR);
        }
    }
    EXPECT_GE(zeros, 45) << "50 ms of patience";
    state.mpu.refuses_output = false;
    EXPECT_EQ(write(render, {0x90, 60, 100}), 3u) << "and it recovers";
    render->Release();
    REQUIRES("MS-044");
    REQUIRES("MS-046");
    REQUIRES("MP-011");
}

TEST_F(UartTest, ARefusalInsideAMessageTimesOut) {
    state.mpu.byte_us = 1'000'000;
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    run(render);
    const std::uint64_t before = now_us;
    write(render, {0x90, 60, 100}, STATUS_IO_DEVICE_ERROR);
    EXPECT_GE(now_us - before, 50'000u);
    EXPECT_LT(now_us - before, 52'000u);
    render->Release();
    REQUIRES("UA-013");
}

TEST_F(UartTest, WritingReadsInputThatBlocksOutput) {
    state.mpu.refuses_until_read = true;
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    const PMINIPORTMIDISTREAM capture = open(true);
    run(render);
    run(capture);
    state.mpu.receive(0xFA);
    EXPECT_EQ(write(render, {0x90, 60, 100}), 3u);
    EXPECT_THAT(read_all(capture), ElementsAre(0xFA)) << "and keeps it";
    EXPECT_THAT(state.port.notified, ElementsAre(&state.group));
    render->Release();
    capture->Release();
    REQUIRES("MP-014");
    REQUIRES("IS-016");
}

TEST_F(UartTest, EachStreamRefusesTheOthersDirection) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    const PMINIPORTMIDISTREAM capture = open(true);
    UCHAR byte = 0;
    ULONG count = 7;
    EXPECT_EQ(render->Read(&byte, 1, &count), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(count, 0u);
    count = 7;
    EXPECT_EQ(capture->Write(&byte, 1, &count), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(render->SetFormat(nullptr), STATUS_SUCCESS);
    render->Release();
    capture->Release();
    REQUIRES("MS-035");
    REQUIRES("MS-046");
    REQUIRES("MS-011");
}

TEST_F(UartTest, PowerIsLostAndComesBack) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    const PMINIPORTMIDISTREAM render = open(false);
    PPOWERNOTIFY power = nullptr;
    ASSERT_EQ(miniport->QueryInterface(IID_IPowerNotify, reinterpret_cast<PVOID*>(&power)), STATUS_SUCCESS);
    POWER_STATE to;
    to.DeviceState = PowerDeviceD3;
    power->PowerChangeNotify(to);
    EXPECT_EQ(render->SetState(KSSTATE_RUN), STATUS_INVALID_DEVICE_STATE);
    REQUIRES("UA-014");
    REQUIRES("MS-024");
    state.mpu.uart_mode = false;
    state.mpu.commands.clear();
    to.DeviceState = PowerDeviceD0;
    power->PowerChangeNotify(to);
    EXPECT_THAT(state.mpu.commands, ElementsAre(0xFF, 0xFF, 0x3F));
    EXPECT_EQ(render->SetState(KSSTATE_RUN), STATUS_SUCCESS);
    EXPECT_EQ(write(render, {0xF8}), 1u);
    power->Release();
    render->Release();
    REQUIRES("UA-016");
}

TEST_F(UartTest, FormatsAreLeftToThePort) {
    ULONG length = 0;
    EXPECT_EQ(miniport->DataRangeIntersection(0, nullptr, nullptr, 0, nullptr, &length),
              STATUS_NOT_IMPLEMENTED);
    REQUIRES("IM-022");
}

TEST_F(UartTest, ServiceDropsWhatNobodyReads) {
    ASSERT_EQ(init(), STATUS_SUCCESS);
    miniport->Service();
    const PMINIPORTMIDISTREAM capture = open(true);
    run(capture);
    state.mpu.receive(0x44);
    state.sync.interrupt();
    miniport->Service();
    EXPECT_THAT(read_all(capture), ElementsAre(0x44)) << "a stream is there: Service leaves its input alone";
    capture->Release();
    REQUIRES("MM-023");
}

}  // namespace
}  // namespace portico::miniports_test
