// The MIDI port over an IMiniportDMus: binding, notifications, streams and the messages through them.
#include <gmock/gmock.h>

#include "dmus_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::at_irql;
using test::Bytes;
using test::Connect;
using test::Contracts;
using test::DmusTest;
using test::ScriptedMxf;
using test::Sent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr LONGLONG ms = 10'000;

// ---- the port ----

TEST_F(DmusTest, OnePortServesBothInterfacesAndBothClassIds) {
    run([&] {
        for (const CLSID& id : {CLSID_PortMidi, CLSID_PortDMus, IID_IPortMidi, IID_IPortDMus}) {
            PPORT port = nullptr;
            ASSERT_EQ(PcNewPort(&port, id), STATUS_SUCCESS);
            PVOID midi = nullptr;
            PVOID dmus_port = nullptr;
            REQUIRES("FN-033"), REQUIRES("FN-034"), REQUIRES("PM-005"), REQUIRES("CX-009");
            EXPECT_EQ(port->QueryInterface(IID_IPortMidi, &midi), STATUS_SUCCESS);
            EXPECT_EQ(port->QueryInterface(IID_IPortDMus, &dmus_port), STATUS_SUCCESS);
            EXPECT_EQ(midi, dmus_port);
            REQUIRES("DM-001"), REQUIRES("CX-010");
            static_cast<PPORTDMUS>(dmus_port)->Notify(nullptr);
            static_cast<PPORTDMUS>(dmus_port)->RegisterServiceGroup(nullptr);
            EXPECT_THAT(Contracts::take(), ElementsAre("PM-034"));
            for (int i = 0; i < 3; ++i) port->Release();
        }
    });
}

TEST_F(DmusTest, BindsWhatTheMiniportOffersWhicheverTheClassId) {
    class_id = CLSID_PortMidi;
    start_device_and_filter();
    REQUIRES("PM-005"), REQUIRES("MD-001"), REQUIRES("MD-002");
    ASSERT_NE(dmus.port, nullptr);
    EXPECT_EQ(dmus.adapter, &adapter_object);
    EXPECT_EQ(dmus.resources, given_resources);
    EXPECT_EQ(dmus.init_irql, PASSIVE_LEVEL);
    EXPECT_TRUE(dmus.group_preset);
    EXPECT_THAT(Contracts::take(), IsEmpty()) << "DirectMusic pins are an IMiniportDMus's own";
}

TEST_F(DmusTest, NewStreamGetsAnAllocatorAndTheClock) {
    start_device_and_filter();
    HANDLE const render = open_pin(midi_render);
    HANDLE const direct = open_direct_music(dmus_render);
    HANDLE const in = open_pin(capture);
    ASSERT_THAT(dmus.streams, SizeIs(3));
    REQUIRES("MD-004"), REQUIRES("MD-005"), REQUIRES("PI-008");
    EXPECT_EQ(dmus.stream(0).type, DMUS_STREAM_MIDI_RENDER);
    EXPECT_EQ(dmus.stream(1).type, DMUS_STREAM_MIDI_RENDER);
    EXPECT_EQ(dmus.stream(2).type, DMUS_STREAM_MIDI_CAPTURE);
    EXPECT_EQ(dmus.stream(1).pin, dmus_render);
    EXPECT_EQ(dmus.stream(0).pool, NonPagedPool);
    EXPECT_EQ(dmus.new_stream_irql, PASSIVE_LEVEL);
    EXPECT_TRUE(dmus.outputs_preset);
    REQUIRES("MD-009"), REQUIRES("DM-006");
    EXPECT_TRUE(IsEqualGUID(dmus.stream(0).format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    EXPECT_TRUE(IsEqualGUID(dmus.stream(1).format.SubFormat, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC));
    REQUIRES("AL-004");
    EXPECT_NE(dmus.stream(0).allocator, dmus.stream(1).allocator) << "one a stream";
    EXPECT_EQ(dmus.stream(0).clock, dmus.stream(2).clock) << "one a port";
    REQUIRES("MX-024"), REQUIRES("MX-010");
    EXPECT_EQ(dmus.stream(0).sink, nullptr);
    EXPECT_NE(dmus.stream(2).sink, nullptr);
    EXPECT_EQ(dmus.stream(2).connect_irql, PASSIVE_LEVEL);
    for (HANDLE pin : {render, direct, in}) close(pin);
    EXPECT_TRUE(dmus.stream(2).disconnected_right);
    REQUIRES("MD-008");
    for (auto& stream : dmus.streams) EXPECT_EQ(stream->references, 0);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusTest, FailedStreamsLeaveNothing) {
    start_device_and_filter();
    dmus.new_stream_status = STATUS_INVALID_DEVICE_REQUEST;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(create(Connect(capture)), STATUS_INVALID_DEVICE_REQUEST);
    dmus.new_stream_status = STATUS_SUCCESS;
    dmus.gives_no_stream = true;
    EXPECT_FALSE(NT_SUCCESS(create(Connect(capture))));
    REQUIRES("MD-004");
    EXPECT_THAT(Contracts::take(), ElementsAre("MD-004"));
    dmus.gives_no_stream = false;
    dmus.on_new_stream = [](ScriptedMxf& stream) { stream.connect_status = STATUS_INSUFFICIENT_RESOURCES; };
    EXPECT_EQ(create(Connect(capture)), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(dmus.stream(0).references, 0);
    dmus.on_new_stream = nullptr;
    EXPECT_EQ(create(Connect(capture)), STATUS_SUCCESS);
}

TEST_F(DmusTest, DirectMusicPinsAreNotForIMiniportMidi) {
    on_start = [this](PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
        PPORT port = nullptr;
        PcNewPort(&port, CLSID_PortDMus);
        NTSTATUS status = port->Init(device, irp, &miniport, nullptr, resources);
        if (NT_SUCCESS(status)) status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Midi"), port);
        port->Release();
        return status;
    };
    miniport.range.SubFormat = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
    start_device_and_filter();
    REQUIRES("SP-019"), REQUIRES("MM-050");
    EXPECT_THAT(Contracts::take(), ElementsAre("MM-050"));
    EXPECT_EQ(create(direct_music(0)), STATUS_NO_MATCH);
    EXPECT_EQ(miniport.new_streams, 0u);
}

// ---- notifications ----

TEST_F(DmusTest, ANotificationAsksTheCaptureStreamToPush) {
    ScriptedMxf& in = running(Connect(capture));
    open_pin(midi_render);
    client([&] { return at_irql(9, [&] { dmus.notify(); }), STATUS_SUCCESS; });
    REQUIRES("DM-003"), REQUIRES("MD-003");
    EXPECT_EQ(in.asked, 1u);
    EXPECT_EQ(in.asked_irql, DISPATCH_LEVEL);
    EXPECT_EQ(dmus.services, 0u);
    EXPECT_EQ(dmus.stream(1).asked, 0u) << "a render stream has nothing to push";
    REQUIRES("DM-002");
    client([&] { return dmus.port->Notify(nullptr), STATUS_SUCCESS; });
    EXPECT_EQ(in.asked, 2u);
}

TEST_F(DmusTest, AStreamWithTheMiniportsGroupIsAskedOnce) {
    dmus.registers_group = dmus.shares_group = true;
    ScriptedMxf& in = running(Connect(capture));
    client([&] { return dmus.notify(), STATUS_SUCCESS; });
    REQUIRES("DM-003"), REQUIRES("DM-004");
    EXPECT_EQ(in.asked, 1u);
    client([&] { return dmus.port->Notify(nullptr), STATUS_SUCCESS; });
    EXPECT_EQ(in.asked, 2u);
}

// ---- states ----

TEST_F(DmusTest, StatesReachTheStreamStepByStep) {
    ScriptedMxf& stream = running(Connect(midi_render));
    REQUIRES("MX-010");
    EXPECT_EQ(stream.state_irql, PASSIVE_LEVEL);
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN));
    close(pin);
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN, KSSTATE_PAUSE,
                                           KSSTATE_ACQUIRE, KSSTATE_STOP));
}

// ---- render ----

TEST_F(DmusTest, MessagesComeAsEventsWhenTheyAreDue) {
    ScriptedMxf& out = running(Connect(midi_render));
    const Sent sent = write_at_ms(pin, 5, {0x90, 60, 100, 64, 101});
    EXPECT_THAT(out.puts, IsEmpty());
    pass_ms(10);
    ASSERT_THAT(out.taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x90, 64, 101}));
    REQUIRES("MX-001"), REQUIRES("MX-020"), REQUIRES("FLD-021");
    EXPECT_EQ(out.puts[0].irql, DISPATCH_LEVEL);
    EXPECT_GE(out.puts[0].at_100ns - started_100ns, 5 * ms - ms / 10);
    const DMUS_KERNEL_EVENT& event = out.puts[0].event;
    REQUIRES("MX-035");
    EXPECT_EQ(event.cbStruct, 40);
    EXPECT_EQ(event.cbEvent, 3);
    EXPECT_EQ(event.pNextEvt, nullptr);
    REQUIRES("MX-036");
    EXPECT_EQ(event.usFlags, DMUS_KEF_EVENT_COMPLETE);
    REQUIRES("MX-040");
    EXPECT_EQ(event.ullBytePosition, kBytePositionNone);
    REQUIRES("CX-026"), REQUIRES("MX-039");
    EXPECT_NEAR(static_cast<double>(event.ullPresTime100ns), static_cast<double>(started_100ns + 5 * ms),
                100.0)
        << "by the master clock";
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    REQUIRES("MX-021");
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusTest, PresentationTimeStandsStillInPauseAndStartsAnewAfterStop) {
    ScriptedMxf& out = running(Connect(midi_render));
    pass_ms(10);
    set_state(pin, KSSTATE_PAUSE);
    write_at_ms(pin, 20, {0x90, 60, 100});
    pass_ms(50);
    REQUIRES("MX-039"), REQUIRES("MX-030");
    EXPECT_THAT(out.puts, IsEmpty());
    set_state(pin, KSSTATE_RUN);
    const LONGLONG again_100ns = nt::ke::exact_time_100ns();
    pass_ms(15);
    ASSERT_THAT(out.puts, SizeIs(1));
    const LONGLONG due = out.puts[0].event.ullPresTime100ns;
    EXPECT_NEAR(static_cast<double>(due - again_100ns), 10.0 * ms, 300.0);
    set_state(pin, KSSTATE_STOP);
    set_state(pin, KSSTATE_RUN);
    const LONGLONG anew_100ns = nt::ke::exact_time_100ns();
    write_at_ms(pin, 3, {0x80, 60, 0});
    pass_ms(10);
    ASSERT_THAT(out.puts, SizeIs(2));
    EXPECT_NEAR(static_cast<double>(out.puts[1].event.ullPresTime100ns - anew_100ns), 3.0 * ms, 300.0);
}

TEST_F(DmusTest, PrefetchedEventsComeThatMuchEarlier) {
    dmus.prefetch_100ns = 20 * ms;
    ScriptedMxf& out = running(Connect(midi_render));
    write_at_ms(pin, 15, {0x90, 60, 100});
    write_at_ms(pin, 50, {0x80, 60, 0});
    REQUIRES("MD-006"), REQUIRES("MX-020");
    ASSERT_THAT(out.puts, SizeIs(1));
    EXPECT_NEAR(static_cast<double>(out.puts[0].event.ullPresTime100ns - started_100ns), 15.0 * ms, 100.0);
    pass_ms(29);
    EXPECT_THAT(out.puts, SizeIs(1));
    pass_ms(3);
    EXPECT_THAT(out.puts, SizeIs(2));
}

TEST_F(DmusTest, AVeryLongPrefetchIsAtOnce) {
    dmus.prefetch_100ns = DONT_HOLD_FOR_SEQUENCING;
    ScriptedMxf& out = running(Connect(midi_render));
    const Sent sent = write_at_ms(pin, 3'600'000, {0x90, 60, 100});
    REQUIRES("MD-006");
    EXPECT_THAT(out.puts, SizeIs(1));
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
}

TEST_F(DmusTest, LongSysExComesInBuffersOfTheAllocator) {
    ScriptedMxf& out = running(Connect(midi_render));
    Bytes sysex(1'200, 0x11);
    sysex.front() = 0xF0;
    sysex.back() = 0xF7;
    write(pin, sysex);
    Bytes joined;
    for (const auto& put : out.puts) {
        REQUIRES("MX-037");
        EXPECT_GT(put.bytes.size(), sizeof(PBYTE));
        EXPECT_LE(put.bytes.size(), 512u);
        REQUIRES("MX-036");
        EXPECT_EQ(put.event.usFlags, DMUS_KEF_EVENT_INCOMPLETE);
        joined = test::operator+(joined, put.bytes);
    }
    EXPECT_EQ(joined, sysex);
    out.puts.clear();
    write(pin, {0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 0xF7});
    ASSERT_THAT(out.puts, SizeIs(1));
    EXPECT_EQ(out.puts[0].event.usFlags, DMUS_KEF_EVENT_COMPLETE);
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusTest, WhenEveryEventIsOutTheStreamWaitsForOne) {
    ScriptedMxf& out = running(Connect(midi_render));
    out.keep_events = true;
    Bytes notes;
    for (unsigned i = 0; i < 300; ++i)
        notes = test::operator+(notes, {0x90, static_cast<std::uint8_t>(i % 128), 1});
    const Sent sent = write(pin, notes);
    EXPECT_TRUE(sent.pending());
    REQUIRES("AL-004");
    EXPECT_THAT(out.puts, SizeIs(256));
    as_driver([&] { out.give_back_kept(); });
    pass_ms(5);
    EXPECT_THAT(out.puts, SizeIs(300));
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    as_driver([&] { out.give_back_kept(); });
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusTest, EventsThatNeverComeBackAreTold) {
    ScriptedMxf& out = running(Connect(midi_render));
    out.keep_events = true;
    Bytes notes;
    for (unsigned i = 0; i < 257; ++i) notes = test::operator+(notes, {0x90, 60, 1});
    const Sent sent = write(pin, notes);
    pass_ms(900);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    EXPECT_TRUE(sent.pending());
    pass_ms(200);
    REQUIRES("MX-021");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "held for a second after they were due";
    EXPECT_EQ(sent.result(), STATUS_SUCCESS) << "the message is given up";
    close(pin);
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "and lost at the end";
}

TEST_F(DmusTest, AMiniportThatSchedulesItselfMayHoldEventsUntilTheyAreDue) {
    dmus.prefetch_100ns = DONT_HOLD_FOR_SEQUENCING;
    ScriptedMxf& out = running(Connect(midi_render));
    out.keep_events = true;
    Bytes notes;
    for (unsigned i = 0; i < 257; ++i) notes = test::operator+(notes, {0x90, 60, 1});
    const Sent sent = write_at_ms(pin, 10'000, notes);
    pass_ms(9'000);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    EXPECT_TRUE(sent.pending());
    as_driver([&] { out.give_back_kept(); });
    pass_ms(5);
    EXPECT_THAT(out.puts, SizeIs(257));
}

TEST_F(DmusTest, AnEventThatIsRefusedIsTheMiniportsAllTheSame) {
    ScriptedMxf& out = running(Connect(midi_render));
    out.put_status = STATUS_UNSUCCESSFUL;
    const Sent sent = write(pin, {0x90, 60, 100});
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty()) << "given back once";
}

// ---- capture ----

struct DmusCaptureTest : DmusTest {
    ScriptedMxf* in = nullptr;
    void capturing() { in = &running(Connect(capture)); }
    void put(const Bytes& bytes, USHORT flags = DMUS_KEF_EVENT_COMPLETE, LONGLONG at_100ns = -1) {
        as_driver([&] {
            const LONGLONG at = at_100ns < 0 ? nt::ke::exact_time_100ns() : at_100ns;
            EXPECT_EQ(in->sink->PutMessage(in->event(bytes, flags, at)), STATUS_SUCCESS);
        });
    }
    Bytes next() { return read(pin).record(); }
};

TEST_F(DmusCaptureTest, EventsBecomeRecordsWithTheMiniportsTimes) {
    capturing();
    pass_ms(20);
    const Sent waiting = read(pin);
    EXPECT_TRUE(waiting.pending());
    put({0x90, 60, 100}, DMUS_KEF_EVENT_COMPLETE, started_100ns + 7 * ms - 100);
    REQUIRES("MX-022"), REQUIRES("DM-006"), REQUIRES("CX-026");
    EXPECT_EQ(waiting.result(), STATUS_SUCCESS) << "without having been asked";
    EXPECT_EQ(waiting.record(), (Bytes{0x90, 60, 100}));
    EXPECT_EQ(waiting.stamp_ms(), 7u) << "the stream's time of the event's";
    put({0x80, 60, 0}, DMUS_KEF_EVENT_COMPLETE, 0);
    EXPECT_EQ(read(pin).stamp_ms(), 0u) << "no time before RUN";
    in->on_asked = [&] { in->sink->PutMessage(in->event({0xF8}, 0, nt::ke::exact_time_100ns())); };
    client([&] { return dmus.notify(), STATUS_SUCCESS; });
    EXPECT_EQ(next(), (Bytes{0xF8}));
    close(pin);
    REQUIRES("MX-021"), REQUIRES("CX-016");
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusCaptureTest, RawBytesArePartsOfMessages) {
    capturing();
    put({0x90, 60}, DMUS_KEF_EVENT_INCOMPLETE);
    put({100, 64, 101, 0xF0, 1}, DMUS_KEF_EVENT_INCOMPLETE);
    put({0xF8}, DMUS_KEF_EVENT_COMPLETE);
    put({2, 3, 4, 5, 6, 7, 8, 9, 10, 0xF7}, DMUS_KEF_EVENT_INCOMPLETE);
    REQUIRES("MX-038");
    EXPECT_EQ(next(), (Bytes{0x90, 60, 100}));
    EXPECT_EQ(next(), (Bytes{0x90, 64, 101}));
    EXPECT_EQ(next(), (Bytes{0xF8}));
    EXPECT_EQ(next(), (Bytes{0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xF7}));
    EXPECT_THAT(Contracts::take(), IsEmpty());
    for (const Bytes& bytes : {Bytes{0x90, 60}, Bytes{100}, Bytes{0x90, 1, 2, 0x80, 1, 2}, Bytes{}}) {
        put(bytes, DMUS_KEF_EVENT_COMPLETE);
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-038")) << "not exactly one message";
    }
}

TEST_F(DmusCaptureTest, ChainsAndPackagesAreTakenInOrderAndGivenBackWhole) {
    capturing();
    as_driver([&] {
        auto* const a = in->event({0x90, 1, 1}, 0);
        auto* const package = in->event({}, DMUS_KEF_PACKAGE_EVENT);
        auto* const b = in->event({0x90, 2, 2}, 0);
        auto* const c = in->event({0x90, 3, 3}, 0);
        auto* const d = in->event({0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xF7}, 0);
        a->pNextEvt = package;
        package->uData.pPackageEvt = b;
        package->pNextEvt = d;
        b->pNextEvt = c;
        EXPECT_EQ(in->sink->PutMessage(a), STATUS_SUCCESS);
    });
    REQUIRES("AL-004"), REQUIRES("MX-036");
    EXPECT_EQ(next(), (Bytes{0x90, 1, 1}));
    EXPECT_EQ(next(), (Bytes{0x90, 2, 2}));
    EXPECT_EQ(next(), (Bytes{0x90, 3, 3}));
    EXPECT_EQ(next(), (Bytes{0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xF7}));
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusCaptureTest, RingsAndLiesEnd) {
    capturing();
    as_driver([&] {
        auto* const a = in->event({0x90, 1, 1}, 0);
        auto* const b = in->event({0x90, 2, 2}, 0);
        a->pNextEvt = b;
        b->pNextEvt = a;
        in->sink->PutMessage(a);
    });
    REQUIRES("MX-021");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "a comes back a second time";
    as_driver([&] {
        auto* const package = in->event({}, DMUS_KEF_PACKAGE_EVENT);
        package->uData.pPackageEvt = package;
        in->sink->PutMessage(package);
    });
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021"));
    as_driver([&] {
        auto* const wild = in->event({}, DMUS_KEF_EVENT_INCOMPLETE);
        wild->cbEvent = 60'000;
        wild->uData.pbData = reinterpret_cast<PBYTE>(0x1234);
        in->sink->PutMessage(wild);
        auto* const longer = in->event(Bytes(100, 1), DMUS_KEF_EVENT_INCOMPLETE);
        longer->cbEvent = 513;
        in->sink->PutMessage(longer);
    });
    REQUIRES("MX-037");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-037", "MX-037"));
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusCaptureTest, WhatComesInStopAndAcquireIsThrownAwayAndInPauseKept) {
    start_device_and_filter();
    ASSERT_EQ(create(Connect(capture), &pin), STATUS_SUCCESS);
    in = dmus.streams.back().get();
    put({0x90, 1, 1});
    set_state(pin, KSSTATE_ACQUIRE);
    put({0x90, 2, 2});
    set_state(pin, KSSTATE_PAUSE);
    pass_ms(30);
    put({0x90, 3, 3});
    set_state(pin, KSSTATE_RUN);
    REQUIRES("MX-034"), REQUIRES("MX-039");
    const Sent got = read(pin);
    EXPECT_EQ(got.record(), (Bytes{0x90, 3, 3}));
    EXPECT_EQ(got.stamp_ms(), 0u);
    EXPECT_TRUE(read(pin).pending());
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty()) << "all given back";
}

TEST_F(DmusCaptureTest, AForeignBufferIsReadAndLeftAlone) {
    capturing();
    Bytes foreign(16, 5);
    foreign[0] = 0xF0;
    foreign[15] = 0xF7;
    void* const block = nt::ex::allocate(NonPagedPool, foreign.size(), 0x31313131);
    std::memcpy(block, foreign.data(), foreign.size());
    as_driver([&] {
        auto* const event = in->event({}, DMUS_KEF_EVENT_COMPLETE);
        event->cbEvent = 16;
        event->uData.pbData = static_cast<PBYTE>(block);
        in->sink->PutMessage(event);
    });
    REQUIRES("AL-005");
    EXPECT_EQ(next(), foreign);
    EXPECT_TRUE(nt::ex::owns(block));
    nt::ex::free(block, 0);
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusCaptureTest, AfterTheEndTheSinkOnlyGivesBack) {
    capturing();
    in->keeps_sink = true;
    dmus.keeps_allocator = true;
    PDMUS_KERNEL_EVENT late = nullptr;
    as_driver([&] { late = in->event({0x90, 1, 1}, 0); });
    close(pin);
    REQUIRES("MX-021");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021"));
    as_driver([&] { EXPECT_FALSE(NT_SUCCESS(in->sink->PutMessage(late))); });
    REQUIRES("MX-024");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-024"));
    as_driver([&] {
        PDMUS_KERNEL_EVENT none = late;
        EXPECT_FALSE(NT_SUCCESS(in->allocator->GetMessage(&none)));
        EXPECT_EQ(none, nullptr);
    });
    client([&] {
        in->sink->Release();
        in->allocator->Release();
        in->clock->Release();
        return STATUS_SUCCESS;
    });
}

// ---- wave sinks ----

class FakeSynthSink final : public test::Fake<ISynthSinkDMus> {
  public:
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_ISynthSinkDMus);
    }
    NTSTATUS STDMETHODCALLTYPE SetState(KSSTATE) override { return STATUS_SUCCESS; }
    NTSTATUS STDMETHODCALLTYPE PutMessage(PDMUS_KERNEL_EVENT) override { return STATUS_SUCCESS; }
    NTSTATUS STDMETHODCALLTYPE ConnectOutput(PMXF) override { return STATUS_SUCCESS; }
    NTSTATUS STDMETHODCALLTYPE DisconnectOutput(PMXF) override { return STATUS_SUCCESS; }
    void STDMETHODCALLTYPE Render(PBYTE, DWORD length, LONGLONG) override { rendered = length; }
    NTSTATUS STDMETHODCALLTYPE SyncToMaster(REFERENCE_TIME, BOOL) override { return STATUS_SUCCESS; }
    NTSTATUS STDMETHODCALLTYPE SampleToRefTime(LONGLONG sample, REFERENCE_TIME* time) override {
        *time = sample;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE RefTimeToSample(REFERENCE_TIME, LONGLONG*) override { return STATUS_SUCCESS; }
    DWORD rendered = 0;
};

TEST(SynthSinkTest, ItsMethodsAreBehindThoseOfIMXF) {
    FakeSynthSink sink;
    ISynthSinkDMus* const object = &sink;
    void** const vtable = *reinterpret_cast<void***>(object);
    REQUIRES("SY-001"), REQUIRES("SY-003");
    reinterpret_cast<void(NTAPI*)(void*, PBYTE, DWORD, LONGLONG)>(vtable[7])(object, nullptr, 5, 0);
    EXPECT_EQ(sink.rendered, 5u);
    REFERENCE_TIME time = 0;
    const auto to_time = reinterpret_cast<NTSTATUS(NTAPI*)(void*, LONGLONG, REFERENCE_TIME*)>(vtable[9]);
    EXPECT_EQ(to_time(object, 6, &time), STATUS_SUCCESS);
    EXPECT_EQ(time, 6);
}

TEST_F(DmusTest, AWaveSinksStreamOffersISynthSinkDMus) {
    start_device_and_filter();
    Connect request(wave_sink);
    request.format.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    request.format.SubFormat = GUID{1};
    REQUIRES("MD-007");
    EXPECT_FALSE(NT_SUCCESS(create(request)));
    EXPECT_THAT(Contracts::take(), ElementsAre("MD-007"));
    FakeSynthSink sink;
    dmus.synth_sink = &sink;
    ScriptedMxf& stream = running(request);
    EXPECT_EQ(stream.type, DMUS_STREAM_WAVE_SINK);
    EXPECT_EQ(sink.references, 2);
    EXPECT_EQ(read(pin).result(), STATUS_NOT_SUPPORTED) << "no wave is rendered";
    client([&] { return dmus.notify(), STATUS_SUCCESS; });
    EXPECT_EQ(stream.asked, 0u);
    close(pin);
    EXPECT_EQ(sink.references, 1);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

}  // namespace
}  // namespace portico::portcls
