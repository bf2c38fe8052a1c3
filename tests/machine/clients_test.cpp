// KS clients as they are: the way of a real one through a filter (clients.md section 1), several processes on
// one filter, their handles, and processes that die in the middle of it.
#include "clients.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "nt/io/interfaces.h"
#include "started.h"
#include "support/requires.h"

namespace clients_test {
namespace {

using portico::test::started;
using namespace portico;
using namespace std::chrono_literals;
using client::KsClient;
using test::OtherClient;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Bytes = std::vector<std::uint8_t>;

MachineConfig machine_of(const char* image, bool hardware) {
    MachineConfig config;
    if (hardware) config.devices = {mpu401()};
    config.driver = image;
    config.print_findings = false;
    return config;
}

Machine cable() {
    return started(machine_of(CABLE_IMAGE, false));
}

template <class T>
Bytes bytes_of(const T& value) {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(&value);
    return Bytes(first, first + sizeof value);
}

// ---- the way of a real client ----

// A get with a KSP_PIN, whatever the property.
NTSTATUS ask(KsClient& ks, HANDLE filter, const GUID& set, ULONG id, ULONG pin, std::span<std::uint8_t> out,
             std::size_t* returned = nullptr) {
    KSP_PIN request{};
    request.Property.Set = set;
    request.Property.Id = id;
    request.Property.Flags = KSPROPERTY_TYPE_GET;
    request.PinId = pin;
    return ks.control(filter, IOCTL_KS_PROPERTY, bytes_of(request), out, returned);
}

template <class T>
NTSTATUS ask(KsClient& ks, HANDLE filter, ULONG id, ULONG pin, T& value) {
    return ask(ks, filter, KSPROPSETID_Pin, id, pin, {reinterpret_cast<std::uint8_t*>(&value), sizeof value});
}

// The size first, then the value.
Bytes ask_sized(KsClient& ks, HANDLE filter, ULONG id, ULONG pin) {
    std::size_t size = 0;
    if (ask(ks, filter, KSPROPSETID_Pin, id, pin, {}, &size) != STATUS_BUFFER_OVERFLOW) return {};
    Bytes value(size);
    if (!NT_SUCCESS(ask(ks, filter, KSPROPSETID_Pin, id, pin, value))) return {};
    return value;
}

bool has_midi(const Bytes& ranges) {
    KSMULTIPLE_ITEM list{};
    if (ranges.size() < sizeof list) return false;
    std::memcpy(&list, ranges.data(), sizeof list);
    EXPECT_EQ(list.Size, ranges.size());
    bool found = false;
    std::size_t at = sizeof list;
    for (ULONG i = 0; i < list.Count && ranges.size() - at >= sizeof(KSDATARANGE); ++i) {
        KSDATARANGE range;
        std::memcpy(&range, ranges.data() + at, sizeof range);
        found = found || (IsEqualGUID(range.MajorFormat, KSDATAFORMAT_TYPE_MUSIC) &&
                          IsEqualGUID(range.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
        EXPECT_EQ(range.FormatSize % 8, 0u) << "the client walks by it";
        at += range.FormatSize;
    }
    EXPECT_EQ(at, ranges.size());
    return found;
}

struct Port {
    std::u16string path;
    ULONG pin;
    bool capture;

    friend bool operator==(const Port&, const Port&) = default;
};

// A pin that can be opened is tried, asked for its name and direction, and closed again.
void try_pin(KsClient& ks, HANDLE filter, const std::u16string& path, ULONG id, std::vector<Port>& ports) {
    KSPIN_COMMUNICATION communication = KSPIN_COMMUNICATION_NONE;
    EXPECT_EQ(ask(ks, filter, KSPROPERTY_PIN_COMMUNICATION, id, communication), STATUS_SUCCESS);
    if (communication == KSPIN_COMMUNICATION_NONE) return;
    if (!has_midi(ask_sized(ks, filter, KSPROPERTY_PIN_DATARANGES, id))) return;
    HANDLE pin = nullptr;
    if (!NT_SUCCESS(ks.create_pin(filter, id, &pin))) return;
    EXPECT_THAT(ask_sized(ks, filter, KSPROPERTY_PIN_NAME, id), IsEmpty()) << "no names in this registry";
    KSPIN_DATAFLOW flow{};
    EXPECT_EQ(ask(ks, filter, KSPROPERTY_PIN_DATAFLOW, id, flow), STATUS_SUCCESS);
    EXPECT_EQ(ks.close(pin), STATUS_SUCCESS);
    ports.push_back({path, id, flow == KSPIN_DATAFLOW_OUT});
}

std::vector<Port> enumerate(KsClient& ks) {
    std::vector<Port> ports;
    const GUID audio = KSCATEGORY_AUDIO;
    for (unsigned i = 0; const auto* const entry = nt::io::visible_interface(i, &audio); ++i) {
        HANDLE filter = nullptr;
        EXPECT_EQ(ks.open_filter(entry->link, &filter), STATUS_SUCCESS);
        Bytes component(sizeof(KSCOMPONENTID));
        EXPECT_EQ(component.size(), 72u);
        const NTSTATUS named =
            ask(ks, filter, KSPROPSETID_General, KSPROPERTY_GENERAL_COMPONENTID, 0, component);
        EXPECT_EQ(named, STATUS_PROPSET_NOT_FOUND) << "none of these drivers has one; it is tolerated";
        ULONG count = 0;
        EXPECT_EQ(ask(ks, filter, KSPROPERTY_PIN_CTYPES, 0, count), STATUS_SUCCESS);
        for (ULONG pin = 0; pin < count; ++pin) try_pin(ks, filter, entry->link, pin, ports);
        EXPECT_EQ(ks.close(filter), STATUS_SUCCESS);
    }
    return ports;
}

std::vector<Port> ports_of(Machine& m) {
    std::vector<Port> ports;
    OtherClient client("enumerating");
    client.call([&] {
        ports = enumerate(client.ks);
        return STATUS_SUCCESS;
    });
    return ports;
}

TEST(KsClients, SeeTheMidiPinsOfEveryFilterAndNoOther) {
    {
        Machine m = cable();
        const std::u16string path = m.state().filter_path("Cable");
        REQUIRES("CL-001"), REQUIRES("CL-002"), REQUIRES("CL-003");
        EXPECT_THAT(ports_of(m), ElementsAre(Port{path, 0, false}, Port{path, 2, true}));
        EXPECT_TRUE(test::nothing_open(m));
        EXPECT_THAT(m.findings(), IsEmpty());
    }
    for (const char* const image : {MPU401_IMAGE, SOUNDCARD_IMAGE}) {
        Machine m = started(machine_of(image, true));
        const std::u16string path = m.state().filter_path("Uart");
        const std::vector<Port> ports = ports_of(m);
        ASSERT_THAT(ports, SizeIs(2)) << image;
        EXPECT_EQ(ports[0].path, path);
        EXPECT_EQ(ports[1].path, path);
        EXPECT_NE(ports[0].capture, ports[1].capture);
        EXPECT_TRUE(test::nothing_open(m));
        EXPECT_THAT(m.findings(), IsEmpty());
    }
}

Bytes header(std::size_t extent, std::size_t used) {
    KSSTREAM_HEADER h{};
    h.Size = sizeof h;
    h.PresentationTime = {0, 1, 1};
    h.FrameExtent = static_cast<ULONG>(extent);
    h.DataUsed = static_cast<ULONG>(used);
    return bytes_of(h);
}

Bytes record(const Bytes& midi) {
    const KSMUSICFORMAT head{0, static_cast<ULONG>(midi.size())};
    Bytes out = bytes_of(head);
    out.insert(out.end(), midi.begin(), midi.end());
    out.resize((sizeof head + midi.size() + 3) & ~std::size_t{3});
    return out;
}

// One header in the output buffer, one record, waited for.
NTSTATUS write(KsClient& ks, HANDLE pin, const Bytes& midi, std::size_t* written = nullptr) {
    Bytes data = record(midi);
    Bytes head = header(data.size(), data.size());
    const Bytes before = head;
    const NTSTATUS status = ks.stream_packet(pin, IOCTL_KS_WRITE_STREAM, head, data, written);
    EXPECT_EQ(Bytes(head.begin() + offsetof(KSSTREAM_HEADER, FrameExtent),
                    head.begin() + offsetof(KSSTREAM_HEADER, Data)),
              Bytes(before.begin() + offsetof(KSSTREAM_HEADER, FrameExtent),
                    before.begin() + offsetof(KSSTREAM_HEADER, Data)));
    return status;
}

// What the client takes out of a read: the first record alone.
Bytes read(KsClient& ks, HANDLE pin) {
    constexpr std::size_t frame = 2056;
    Bytes data(frame);
    Bytes head = header(frame, 0);
    EXPECT_EQ(ks.stream_packet(pin, IOCTL_KS_READ_STREAM, head, data, nullptr), STATUS_SUCCESS);
    KSMUSICFORMAT first;
    std::memcpy(&first, data.data(), sizeof first);
    if (first.ByteCount > frame - sizeof first) return {};
    return Bytes(data.begin() + sizeof first, data.begin() + sizeof first + first.ByteCount);
}

void climb(KsClient& ks, HANDLE pin) {
    for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN})
        EXPECT_EQ(ks.set_state(pin, state), STATUS_SUCCESS) << state;
}
// A capture pin is sent one PAUSE more.
void descend(KsClient& ks, HANDLE pin) {
    for (const KSSTATE state : {KSSTATE_PAUSE, KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP})
        EXPECT_EQ(ks.set_state(pin, state), STATUS_SUCCESS) << state;
}

TEST(KsClients, PlayAndRecordInTheOrderOfTheRealOne) {
    Machine m = cable();
    const std::u16string path = m.state().filter_path("Cable");
    OtherClient client("client");
    client.call([&] {
        KsClient& ks = client.ks;
        HANDLE filter = nullptr, out = nullptr, in = nullptr;
        EXPECT_EQ(ks.open_filter(path, &filter), STATUS_SUCCESS);
        EXPECT_EQ(ks.create_pin(filter, 0, &out), STATUS_SUCCESS);
        EXPECT_EQ(ks.create_pin(filter, 2, &in), STATUS_SUCCESS);
        climb(ks, in);
        climb(ks, out);
        std::size_t written = 0;
        REQUIRES("CL-004"), REQUIRES("CL-005"), REQUIRES("CL-019");
        EXPECT_EQ(write(ks, out, {0x90, 60, 100, 62, 101}, &written), STATUS_SUCCESS);
        EXPECT_EQ(written, 16u) << "the record, padded";
        EXPECT_EQ(read(ks, in), (Bytes{0x90, 60, 100})) << "one record a read";
        EXPECT_EQ(read(ks, in), (Bytes{0x90, 62, 101})) << "without running status";
        EXPECT_EQ(write(ks, out, {0xF0, 1, 2, 3}), STATUS_SUCCESS) << "part of a SysEx";
        EXPECT_EQ(write(ks, out, {4, 5, 0xF7}), STATUS_SUCCESS);
        Bytes sysex;
        while (sysex.empty() || sysex.back() != 0xF7) {
            const Bytes piece = read(ks, in);
            if (piece.empty()) break;
            sysex.insert(sysex.end(), piece.begin(), piece.end());
        }
        EXPECT_EQ(sysex, (Bytes{0xF0, 1, 2, 3, 4, 5, 0xF7}));
        descend(ks, out);
        descend(ks, in);
        for (HANDLE const handle : {out, in, filter}) EXPECT_EQ(ks.close(handle), STATUS_SUCCESS);
        return STATUS_SUCCESS;
    });
    client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// A write that does not end is cancelled; what it sends afterwards plays.
TEST(KsClients, CancelAWriteThatTakesTooLong) {
    Machine m = started(machine_of(MPU401_IMAGE, true));
    const std::u16string path = m.state().filter_path("Uart");
    OtherClient client("client");
    client.call([&] {
        KsClient& ks = client.ks;
        HANDLE filter = nullptr, pin = nullptr;
        EXPECT_EQ(ks.open_filter(path, &filter), STATUS_SUCCESS);
        EXPECT_EQ(ks.create_pin(filter, 0, &pin), STATUS_SUCCESS);
        climb(ks, pin);
        client::RenderStream stream(ks, pin);
        EXPECT_EQ(stream.write(600'000'000, Bytes{0x90, 60, 100}), STATUS_PENDING);
        LARGE_INTEGER timeout;
        timeout.QuadPart = -(4'000 + 3) * 10'000LL;
        EXPECT_EQ(stream.wait_until(0, &timeout), STATUS_TIMEOUT);
        EXPECT_EQ(ks.cancel(pin), STATUS_SUCCESS);
        timeout.QuadPart = -500 * 10'000LL;
        REQUIRES("CL-004");
        EXPECT_EQ(stream.wait_until(0, &timeout), STATUS_SUCCESS) << "within the grace";
        EXPECT_EQ(stream.first_failure(), STATUS_CANCELLED);
        EXPECT_EQ(write(ks, pin, {0x80, 60, 0}), STATUS_SUCCESS);
        return STATUS_SUCCESS;
    });
    m.run_for(5ms);
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x80, 60, 0));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- several processes ----

// A client with a filter and a running pin of its own.
struct Running {
    OtherClient client;
    HANDLE filter = nullptr;
    HANDLE pin = nullptr;

    Running(const char* name, const std::u16string& path, ULONG pin_id, KSSTATE state = KSSTATE_RUN)
        : client(name) {
        EXPECT_EQ(client.call([&] {
            NTSTATUS status = client.ks.open_filter(path, &filter);
            if (NT_SUCCESS(status)) status = client.ks.create_pin(filter, pin_id, &pin);
            return NT_SUCCESS(status) ? client.ks.set_state(pin, state) : status;
        }),
                  STATUS_SUCCESS);
    }
};

// A cable has one end to play into and four to listen at.
TEST(KsClients, SeveralProcessesShareAFilterAndNoMessageIsTorn) {
    Machine m = cable();
    const std::u16string path = m.state().filter_path("Cable");
    Running listeners[] = {{"listener", path, 2}, {"listener", path, 2}, {"listener", path, 2}};
    Running sender("sender", path, 0);
    OtherClient late("late");
    HANDLE filter = nullptr, pin = nullptr;
    REQUIRES("PI-007");
    EXPECT_EQ(late.call([&] {
        EXPECT_EQ(late.ks.open_filter(path, &filter), STATUS_SUCCESS);
        return late.ks.create_pin(filter, 0, &pin);
    }),
              STATUS_INSUFFICIENT_RESOURCES);
    for (std::uint8_t i = 0; i < 20; ++i) {
        EXPECT_EQ(sender.client.call([&] {
            return write(sender.client.ks, sender.pin, {0xF0, i, i, i, 0xF7});
        }),
                  STATUS_SUCCESS);
    }
    for (Running& listener : listeners) {
        listener.client.call([&] {
            for (std::uint8_t i = 0; i < 20; ++i)
                EXPECT_EQ(read(listener.client.ks, listener.pin), (Bytes{0xF0, i, i, i, 0xF7}));
            return STATUS_SUCCESS;
        });
    }
    KSSTATE state{};
    EXPECT_EQ(late.call([&] { return late.ks.get_state(sender.pin, &state); }), STATUS_INVALID_HANDLE)
        << "a handle is its process' own";
    sender.client.die();
    EXPECT_EQ(late.call([&] { return late.ks.create_pin(filter, 0, &pin); }), STATUS_SUCCESS);
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- handles ----

TEST(KsClients, CloseFilterPinAndDuplicatesInAnyOrder) {
    Machine m = cable();
    const std::u16string path = m.state().filter_path("Cable");
    std::array<unsigned, 4> order{};
    std::iota(order.begin(), order.end(), 0);
    do {
        OtherClient client("client");
        client.call([&] {
            KsClient& ks = client.ks;
            HANDLE handles[4] = {};  // filter, its duplicate, pin, its duplicate
            EXPECT_EQ(ks.open_filter(path, &handles[0]), STATUS_SUCCESS);
            EXPECT_EQ(test::duplicate(handles[0], nullptr, &handles[1]), STATUS_SUCCESS);
            EXPECT_EQ(ks.create_pin(handles[1], 0, &handles[2]), STATUS_SUCCESS);
            EXPECT_EQ(test::duplicate(handles[2], nullptr, &handles[3]), STATUS_SUCCESS);
            EXPECT_EQ(ks.set_state(handles[3], KSSTATE_RUN), STATUS_SUCCESS);
            for (const unsigned which : order) {
                EXPECT_EQ(ks.close(handles[which]), STATUS_SUCCESS);
                EXPECT_EQ(ks.close(handles[which]), STATUS_INVALID_HANDLE);
                handles[which] = nullptr;
                KSSTATE state = KSSTATE_STOP;
                HANDLE const pin = handles[2] != nullptr ? handles[2] : handles[3];
                if (pin == nullptr) continue;
                REQUIRES("PI-010");
                EXPECT_EQ(ks.get_state(pin, &state), STATUS_SUCCESS) << "the other handle is as good";
                EXPECT_EQ(state, KSSTATE_RUN);
                EXPECT_EQ(write(ks, pin, {0xF8}), STATUS_SUCCESS);
            }
            return STATUS_SUCCESS;
        });
        EXPECT_TRUE(test::nothing_open(m));
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(KsClients, AHandleIsInheritedByNobodyAndGoesOverWhenItIsDuplicated) {
    Machine m = cable();
    const std::u16string path = m.state().filter_path("Cable");
    Running first("first", path, 0);
    OtherClient second("second");
    HANDLE handed = nullptr;
    first.client.call([&] {
        void* body = nullptr;
        OBJECT_HANDLE_INFORMATION information{};
        EXPECT_EQ(nt::ob::reference_handle(first.pin, 0, nullptr, UserMode, &body, &information),
                  STATUS_SUCCESS);
        EXPECT_EQ(information.HandleAttributes & OBJ_INHERIT, 0u);
        nt::ob::dereference(body);
        return test::duplicate(first.pin, second.process(), &handed);
    });
    first.client.die();
    KSSTATE state = KSSTATE_STOP;
    EXPECT_EQ(second.call([&] { return second.ks.get_state(handed, &state); }), STATUS_SUCCESS);
    EXPECT_EQ(state, KSSTATE_RUN) << "the second process' handle keeps it";
    EXPECT_EQ(second.call([&] { return write(second.ks, handed, {0x90, 60, 100}); }), STATUS_SUCCESS);
    EXPECT_FALSE(m.query_remove().ok());
    second.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- dying ----

// What a client has under way when its process ends.
struct Doing {
    const char* name;
    KSSTATE state;
    void (*work)(Running& running, bool capture);
};

// A request that nothing ends by itself.
void post(Running& running, bool capture, LONGLONG at_100ns) {
    KsClient& ks = running.client.ks;
    auto* const memory = static_cast<std::uint8_t*>(ks.heap().allocate(4096));
    auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
    const Bytes data = record({0x90, 60, 100});
    Bytes head = header(capture ? 2056 : data.size(), capture ? 0 : data.size());
    auto* const placed = reinterpret_cast<KSSTREAM_HEADER*>(memory + 64);
    std::memcpy(placed, head.data(), head.size());
    placed->Data = memory + 256;
    placed->PresentationTime.Time = at_100ns;
    placed->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    std::copy(data.begin(), data.end(), memory + 256);
    EXPECT_EQ(
        nt::io::device_io_control(running.pin, {}, capture ? IOCTL_KS_READ_STREAM : IOCTL_KS_WRITE_STREAM,
                                  nullptr, 0, placed, sizeof *placed, status, UserMode),
        STATUS_PENDING);
}

void many_requests(Running& running, bool capture) {
    for (int i = 0; i < 20; ++i) post(running, capture, 600'000'000);
}

void events(Running& running, bool) {
    KsClient& ks = running.client.ks;
    HANDLE event = nullptr;
    EXPECT_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    KSEVENT request{};
    request.Set = KSEVENTSETID_Connection;
    request.Id = KSEVENT_CONNECTION_ENDOFSTREAM;
    request.Flags = KSEVENT_TYPE_ENABLE;
    KSEVENTDATA data{};
    data.NotificationType = KSEVENTF_EVENT_HANDLE;
    data.EventHandle.Event = event;
    Bytes value = bytes_of(data);
    REQUIRES("CL-015");
    EXPECT_EQ(ks.control(running.pin, IOCTL_KS_ENABLE_EVENT, bytes_of(request), value, nullptr),
              STATUS_SUCCESS);
    for (int i = 0; i < 3; ++i) post(running, false, 600'000'000);
}

void half_a_sysex(Running& running, bool) {
    EXPECT_EQ(write(running.client.ks, running.pin, {0xF0, 1, 2, 3}), STATUS_SUCCESS);
}

void nothing(Running&, bool) {}

const Doing doings[] = {
    {"stopped", KSSTATE_STOP, nothing},
    {"acquired", KSSTATE_ACQUIRE, nothing},
    {"paused_with_requests", KSSTATE_PAUSE, many_requests},
    {"running", KSSTATE_RUN, nothing},
    {"running_with_requests", KSSTATE_RUN, many_requests},
    {"events_enabled", KSSTATE_RUN, events},
    {"in_a_SysEx", KSSTATE_RUN, half_a_sysex},
};

struct Case {
    bool hardware;
    bool capture;
    Doing doing;
};

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const bool hardware : {false, true}) {
        for (const Doing& doing : doings) {
            all.push_back({hardware, false, doing});
            const bool render_only = doing.work == events || doing.work == half_a_sysex;
            if (!render_only) all.push_back({hardware, true, doing});
        }
    }
    return all;
}

struct Dying : ::testing::TestWithParam<Case> {};

TEST_P(Dying, LeavesNothingBehind) {
    const auto [hardware, capture, doing] = GetParam();
    Machine m = started(hardware ? machine_of(MPU401_IMAGE, true) : machine_of(CABLE_IMAGE, false));
    const std::u16string path = m.state().filter_path(hardware ? "Uart" : "Cable");
    const ULONG pin_id = capture ? 2 : 0;
    {
        Running dying("dying", path, pin_id, doing.state);
        dying.client.call([&] {
            GetParam().doing.work(dying, GetParam().capture);
            return STATUS_SUCCESS;
        });
        m.run_for(3ms);
        dying.client.die();
    }
    EXPECT_TRUE(test::nothing_open(m)) << "requests or files are left";
    // Somebody else has everything for himself.
    Running next("next", path, pin_id);
    if (!capture) {
        EXPECT_EQ(next.client.call([&] {
            return write(next.client.ks, next.pin, {0x90, 60, 100});
        }),
                  STATUS_SUCCESS);
    }
    next.client.die();
    EXPECT_TRUE(test::nothing_open(m));
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// What it waits for is cancelled, as when a program is killed that reads: the thread does not come back to
// its program.
TEST(DyingInside, ARequestIsCancelledAndEnds) {
    for (const bool hardware : {false, true}) {
        Machine m = started(hardware ? machine_of(MPU401_IMAGE, true) : machine_of(CABLE_IMAGE, false));
        const std::u16string path = m.state().filter_path(hardware ? "Uart" : "Cable");
        {
            Running dying("dying", path, 2, KSSTATE_RUN);
            NTSTATUS ended = STATUS_PENDING;
            const std::chrono::nanoseconds begun = m.now();
            dying.client.die_inside(
                [&] {
                    KsClient& ks = dying.client.ks;
                    Bytes head = header(2056, 0);
                    reinterpret_cast<KSSTREAM_HEADER*>(head.data())->Data = ks.heap().allocate(2056);
                    ended = ks.control(dying.pin, IOCTL_KS_READ_STREAM, {}, head, nullptr);
                },
                5'000'000);
            EXPECT_EQ(ended, STATUS_CANCELLED);
            EXPECT_LT(m.now() - begun, 20ms);
        }
        EXPECT_TRUE(test::nothing_open(m));
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, Dying, ::testing::ValuesIn(cases()), [](const auto& info) {
    return std::string(info.param.hardware ? "mpu401_" : "cable_") +
           (info.param.capture ? "capture_" : "render_") + info.param.doing.name;
});

}  // namespace
}  // namespace clients_test
