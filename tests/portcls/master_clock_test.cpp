// IMasterClock and KSPROPSETID_SynthClock: the clock of a DMus port.
#include <gmock/gmock.h>

#include "dmus_test.h"
#include "portcls/stream_clock.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::at_irql;
using test::Bytes;
using test::Connect;
using test::Contracts;
using test::DmusTest;
using test::ScriptedMxf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct MasterClockTest : DmusTest {
    static REFERENCE_TIME time_of(PMASTERCLOCK clock) {
        REFERENCE_TIME time = -1;
        EXPECT_EQ(clock->GetTime(&time), STATUS_SUCCESS);
        return time;
    }
    NTSTATUS synth_clock(HANDLE file, ULONGLONG& time, ULONG flags = KSPROPERTY_TYPE_GET,
                         ULONG size = sizeof(ULONGLONG)) {
        KSPROPERTY property{};
        property.Set = KSPROPSETID_SynthClock;
        property.Id = KSPROPERTY_SYNTH_MASTERCLOCK;
        property.Flags = flags;
        const auto* const in = reinterpret_cast<const std::uint8_t*>(&property);
        Bytes value(size);
        const NTSTATUS status = client([&] {
            return ks.control(file, IOCTL_KS_PROPERTY, {in, sizeof property}, value, nullptr);
        });
        std::memcpy(&time, value.data(), std::min<std::size_t>(size, sizeof time));
        return status;
    }
};

TEST_F(MasterClockTest, CountsInHundredsOfNanosecondsAtAnyIrql) {
    ScriptedMxf& stream = running(Connect(midi_render));
    client([&] {
        const REFERENCE_TIME first = time_of(stream.clock);
        nt::ke::stall(2 * millisecond_ns);
        REQUIRES("CK-001");
        const REFERENCE_TIME second = time_of(stream.clock);
        EXPECT_GE(second - first, 20'000);
        EXPECT_LE(second - first, 20'010);
        REQUIRES("FLD-021");
        EXPECT_GE(at_irql(9, [&] { return time_of(stream.clock); }), second);
        EXPECT_FALSE(NT_SUCCESS(stream.clock->GetTime(nullptr)));
        return STATUS_SUCCESS;
    });
    EXPECT_THAT(Contracts::take(), ElementsAre("CK-001"));
}

TEST_F(MasterClockTest, NeverPauses) {
    ScriptedMxf& stream = running(Connect(midi_render));
    const auto after = [&](KSSTATE state) {
        set_state(pin, state);
        REFERENCE_TIME before = 0;
        client([&] { return before = time_of(stream.clock), STATUS_SUCCESS; });
        pass_ms(10);
        REFERENCE_TIME now = 0;
        client([&] { return now = time_of(stream.clock), STATUS_SUCCESS; });
        return now - before;
    };
    REQUIRES("CK-002"), REQUIRES("CX-026");
    EXPECT_GE(after(KSSTATE_PAUSE), 100'000);
    EXPECT_GE(after(KSSTATE_STOP), 100'000);
    EXPECT_LE(after(KSSTATE_RUN), 100'100);
}

TEST_F(MasterClockTest, WhatWasBeforeRunHasTheTimeAtWhichTheStreamStood) {
    run([&] {
        StreamClock stream;
        const LONGLONG before = nt::ke::exact_time_100ns() - 10'000;
        stream.run();
        EXPECT_EQ(stream.from_master_100ns(before), 0);
        nt::ke::delay(KernelMode, false, -50'000);
        stream.pause();
        const LONGLONG stood = stream.now_100ns();
        EXPECT_GE(stood, 50'000);
        stream.run();
        EXPECT_EQ(stream.from_master_100ns(before), stood);
    });
}

TEST_F(MasterClockTest, LivesAsLongAsItsPort) {
    ScriptedMxf& stream = running(Connect(midi_render));
    stream.clock->AddRef();
    close(pin);
    client([&] {
        REQUIRES("FLD-021");
        EXPECT_GT(time_of(stream.clock), 0);
        stream.clock->Release();
        EXPECT_GT(time_of(stream.clock), 0) << "the port's own reference";
        return STATUS_SUCCESS;
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(MasterClockTest, TheFilterShowsItToClients) {
    ScriptedMxf& stream = running(Connect(midi_render));
    ULONGLONG shown = 0;
    REQUIRES("DM-005"), REQUIRES("CX-024");
    ASSERT_EQ(synth_clock(filter, shown), STATUS_SUCCESS);
    client([&] {
        const REFERENCE_TIME now = time_of(stream.clock);
        EXPECT_LE(static_cast<REFERENCE_TIME>(shown), now);
        EXPECT_GE(static_cast<REFERENCE_TIME>(shown), now - 1'000);
        return STATUS_SUCCESS;
    });
    EXPECT_EQ(synth_clock(filter, shown, KSPROPERTY_TYPE_SET), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(synth_clock(filter, shown, KSPROPERTY_TYPE_GET, 4), STATUS_BUFFER_TOO_SMALL);
}

struct MidiSynthClockTest : MasterClockTest {
    MidiSynthClockTest() {
        on_start = [this](PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
            PPORT port = nullptr;
            PcNewPort(&port, CLSID_PortMidi);
            NTSTATUS status = port->Init(device, irp, &miniport, nullptr, resources);
            if (NT_SUCCESS(status)) status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Midi"), port);
            port->Release();
            return status;
        };
    }
};

TEST_F(MidiSynthClockTest, AFilterOfAnIMiniportMidiDoesNot) {
    start_device_and_filter();
    ULONGLONG shown = 0;
    REQUIRES("DM-005");
    EXPECT_EQ(synth_clock(filter, shown), STATUS_PROPSET_NOT_FOUND);
}

}  // namespace
}  // namespace portico::portcls
