// Clocks: what {KSNAME_Clock} opens below a pin, KSPROPSETID_Clock on it, and a pin's master clock (PR-013,
// clients.md section 3).
#include <gmock/gmock.h>

#include "property_test.h"
#include "support/requires.h"

namespace portico::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::u16string_view clock_kind = u"{53172480-4791-11D0-A5D6-28DB04C10000}\\";
constexpr std::u16string_view allocator_kind = u"{642F5D00-4791-11D0-A5D6-28DB04C10000}\\";
constexpr std::u16string_view node_kind = u"{0621061A-EE75-11D0-B915-00A0C9223196}\\";
constexpr std::u16string_view pin_kind = u"{146F1A80-4791-11D0-A5D6-28DB04C10000}\\";

struct ClockTest : PropertyTest {
    NTSTATUS create(HANDLE parent, std::u16string_view kind, const Bytes& request) {
        HANDLE out = nullptr;
        const NTSTATUS status = client([&] { return ks.create_below(parent, kind, request, &out); });
        if (NT_SUCCESS(status)) close(out);
        return status;
    }
    HANDLE open_clock(HANDLE pin) {
        HANDLE out = nullptr;
        EXPECT_EQ(client([&] { return ks.create_clock(pin, &out); }), STATUS_SUCCESS);
        return out;
    }
    template <class T>
    T get_of(HANDLE clock, ULONG id) {
        const Answered answer = ask(clock, {KSPROPSETID_Clock, id, get, {}, sizeof(T)});
        EXPECT_EQ(answer.status, STATUS_SUCCESS) << id;
        EXPECT_EQ(answer.information, sizeof(T)) << id;
        return answer.as<T>();
    }
    LONGLONG time(HANDLE clock) { return get_of<LONGLONG>(clock, KSPROPERTY_CLOCK_TIME); }
    NTSTATUS set_master(HANDLE pin, HANDLE clock) {
        return ask(pin, {KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, put, {}, 0, bytes_of(clock)})
            .status;
    }
    ULONG open_files() { return adapter().open_files; }
};

TEST_F(ClockTest, AClockIsOpenedBelowAPinAndNothingElseIs) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    const Bytes request = bytes_of(KSCLOCK_CREATE{});
    EXPECT_EQ(create(pin, clock_kind, request), STATUS_SUCCESS);
    EXPECT_EQ(create(pin, u"{53172480-4791-11d0-a5d6-28db04c10000}\\", request), STATUS_SUCCESS);
    EXPECT_EQ(create(pin, clock_kind, {}), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(create(pin, clock_kind, Bytes(3)), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(create(pin, clock_kind, bytes_of(KSCLOCK_CREATE{1})), STATUS_INVALID_PARAMETER);
    for (const std::u16string_view kind : {allocator_kind, node_kind, pin_kind, std::u16string_view(u"x")}) {
        EXPECT_EQ(create(pin, kind, Bytes(sizeof(Connect))), STATUS_OBJECT_NAME_NOT_FOUND);
        if (kind != pin_kind)
            EXPECT_EQ(create(filter, kind, Bytes(sizeof(Connect))), STATUS_OBJECT_NAME_NOT_FOUND);
    }
    EXPECT_EQ(create(filter, clock_kind, request), STATUS_OBJECT_NAME_NOT_FOUND);
    HANDLE const clock = open_clock(pin);
    EXPECT_EQ(create(clock, clock_kind, request), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(open_files(), 3u) << "filter, pin, clock";
}

TEST_F(ClockTest, TimeIsTheStreamsAndPhysicalTimeGoesOn) {
    start_device_and_filter();
    for (const ULONG pin_id : {render_pin, capture_pin}) {
        HANDLE const pin = open_pin(pin_id);
        HANDLE const clock = open_clock(pin);
        EXPECT_EQ(time(clock), 0);
        set_state(pin, KSSTATE_PAUSE);
        pass_ms(5);
        EXPECT_EQ(time(clock), 0);
        set_state(pin, KSSTATE_RUN);
        const LONGLONG started = get_of<LONGLONG>(clock, KSPROPERTY_CLOCK_PHYSICALTIME);
        pass_ms(7);
        const LONGLONG running = time(clock);
        REQUIRES("SP-016");
        EXPECT_GE(running, 70'000);
        EXPECT_LT(running, 71'000);
        EXPECT_EQ(get_of<KSSTATE>(clock, KSPROPERTY_CLOCK_STATE), KSSTATE_RUN);
        const auto both = get_of<KSCORRELATED_TIME>(clock, KSPROPERTY_CLOCK_CORRELATEDTIME);
        EXPECT_GE(both.Time, running);
        EXPECT_NEAR(static_cast<double>(both.SystemTime - started), static_cast<double>(both.Time), 500);
        set_state(pin, KSSTATE_PAUSE);
        const LONGLONG paused = time(clock);
        pass_ms(3);
        EXPECT_EQ(time(clock), paused);
        const auto physical = get_of<KSCORRELATED_TIME>(clock, KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME);
        EXPECT_EQ(physical.Time, physical.SystemTime);
        EXPECT_GE(physical.Time, both.SystemTime + 30'000) << "it never stands still";
        LARGE_INTEGER counter = KeQueryPerformanceCounter(nullptr);
        EXPECT_GE(counter.QuadPart, physical.SystemTime);
        set_state(pin, KSSTATE_STOP);
        EXPECT_EQ(time(clock), 0);
        const auto resolution = get_of<KSRESOLUTION>(clock, KSPROPERTY_CLOCK_RESOLUTION);
        EXPECT_EQ(resolution.Granularity, 1);
        EXPECT_EQ(resolution.Error, 0);
        close(clock);
        close(pin);
    }
}

TEST_F(ClockTest, AnswersItsOwnSetAlone) {
    start_device_and_filter();
    HANDLE const clock = open_clock(open_pin(render_pin));
    const auto status = [&](const GUID& set, ULONG id, ULONG flags, std::size_t room = 64) {
        return ask(clock, {set, id, flags, {}, room}).status;
    };
    const Answered size = ask(clock, {KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, get});
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, sizeof(LONGLONG));
    EXPECT_EQ(status(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, get, 4), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(status(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, put), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(status(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, get | put), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(status(KSPROPSETID_Clock, 7, get), STATUS_NOT_FOUND);
    EXPECT_EQ(status(KSPROPSETID_Clock, 0, get | KSPROPERTY_TYPE_TOPOLOGY), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(status(KSPROPSETID_Clock, 99, KSPROPERTY_TYPE_SETSUPPORT), STATUS_SUCCESS);
    EXPECT_EQ(status(KSPROPSETID_Pin, 0, KSPROPERTY_TYPE_SETSUPPORT), STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(status(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, get), STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(ask(clock, {KSPROPSETID_Clock, 0, KSPROPERTY_TYPE_BASICSUPPORT, {}, 4}).as<ULONG>(),
              get | KSPROPERTY_TYPE_BASICSUPPORT);
    EXPECT_EQ(status(KSPROPSETID_Clock, KSPROPERTY_CLOCK_FUNCTIONTABLE, get), STATUS_INVALID_DEVICE_REQUEST)
        << "addresses of the kernel's are none of a user's business";
    EXPECT_EQ(client([&] { return ks.control(clock, IOCTL_KS_ENABLE_EVENT, {}, {}, nullptr); }),
              STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(client([&] { return ks.control(clock, IOCTL_KS_PROPERTY, {}, {}, nullptr); }),
              STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(write(clock, {0xF8}).result(), STATUS_INVALID_DEVICE_REQUEST);
}

TEST_F(ClockTest, TheKernelGetsFunctionsForDispatchLevel) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    HANDLE const clock = open_clock(pin);
    pass_ms(4);
    client([&] {
        client::KsClient kernel{KernelMode};
        kernel.reset(thread.process());
        KSCLOCK_FUNCTIONTABLE functions{};
        Bytes value(sizeof functions);
        const Bytes input = Ask{KSPROPSETID_Clock, KSPROPERTY_CLOCK_FUNCTIONTABLE, get}.input();
        EXPECT_EQ(kernel.control(clock, IOCTL_KS_PROPERTY, input, value, nullptr), STATUS_SUCCESS);
        std::memcpy(&functions, value.data(), sizeof functions);
        void* body = nullptr;
        EXPECT_EQ(nt::ob::reference_handle(clock, 0, nullptr, KernelMode, &body), STATUS_SUCCESS);
        auto* const file = static_cast<PFILE_OBJECT>(body);
        at_irql(DISPATCH_LEVEL, [&] {
            const LONGLONG time = functions.GetTime(file);
            EXPECT_GE(time, 40'000);
            LONGLONG system = 0;
            EXPECT_GE(functions.GetCorrelatedTime(file, &system), time);
            EXPECT_GT(system, 0);
            EXPECT_GE(functions.GetPhysicalTime(file), system);
            EXPECT_EQ(functions.GetCorrelatedPhysicalTime(file, &system), system);
            EXPECT_EQ(functions.GetTime(nullptr), 0) << "no clock";
        });
        nt::ob::dereference(body);
        return STATUS_SUCCESS;
    });
}

TEST_F(ClockTest, AClockKeepsItsPinAndThatItsFilter) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    HANDLE const clock = open_clock(pin);
    HANDLE const second = open_clock(pin);
    ScriptedStream& stream = miniport.newest();
    close(filter);
    close(clock);
    close(pin);
    EXPECT_EQ(stream.state, KSSTATE_STOP) << "the pin's last handle";
    EXPECT_EQ(stream.references, 1) << "but it lives";
    EXPECT_EQ(time(second), 0);
    EXPECT_EQ(get_of<KSSTATE>(second, KSPROPERTY_CLOCK_STATE), KSSTATE_STOP);
    close(second);
    EXPECT_EQ(stream.references, 0);
    EXPECT_EQ(open_files(), 0u);
}

// ---- master clocks ----

TEST_F(ClockTest, AMasterClockIsAClockOfThisSystemAndIsSetInStop) {
    start_device_and_filter();
    HANDLE const master = open_pin(render_pin);
    HANDLE const clock = open_clock(master);
    HANDLE const pin = open_pin(capture_pin);
    REQUIRES("PR-013");
    EXPECT_EQ(set_master(pin, clock), STATUS_SUCCESS);
    EXPECT_EQ(set_master(pin, clock), STATUS_SUCCESS);
    EXPECT_EQ(
        ask(pin, {KSPROPSETID_Stream, KSPROPERTY_STREAM_MASTERCLOCK, get, {}, sizeof(HANDLE)}).as<HANDLE>(),
        nullptr);
    EXPECT_EQ(set_master(pin, filter), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set_master(pin, master), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(set_master(pin, reinterpret_cast<HANDLE>(std::uint64_t{0x4444})), STATUS_INVALID_HANDLE);
    EXPECT_EQ(set_master(pin, nt::ob::current_process_handle()), STATUS_OBJECT_TYPE_MISMATCH);
    HANDLE event = nullptr;
    client([&] { return ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE); });
    EXPECT_EQ(set_master(pin, event), STATUS_OBJECT_TYPE_MISMATCH);
    for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        set_state(pin, state);
        EXPECT_EQ(set_master(pin, clock), STATUS_INVALID_DEVICE_STATE);
        EXPECT_EQ(set_master(pin, nullptr), STATUS_INVALID_DEVICE_STATE);
    }
    set_state(pin, KSSTATE_STOP);
    EXPECT_EQ(set_master(pin, nullptr), STATUS_SUCCESS);
}

TEST_F(ClockTest, APinKeepsItsMasterClockUntilItIsReplacedOrClosed) {
    start_device_and_filter();
    HANDLE const pin = open_pin(capture_pin);
    for (const bool replaced : {true, false}) {
        HANDLE const master = open_pin(render_pin);
        ScriptedStream& stream = miniport.newest();
        HANDLE const clock = open_clock(master);
        EXPECT_EQ(set_master(pin, clock), STATUS_SUCCESS);
        close(clock);
        close(master);
        EXPECT_EQ(stream.references, 1);
        EXPECT_EQ(open_files(), 4u);
        if (replaced) {
            EXPECT_EQ(set_master(pin, nullptr), STATUS_SUCCESS);
        } else {
            close(pin);
        }
        pass_ms(1);
        EXPECT_EQ(stream.references, 0);
    }
    EXPECT_EQ(open_files(), 1u);
}

TEST_F(ClockTest, APinMayBeItsOwnMaster) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    ScriptedStream& stream = miniport.newest();
    HANDLE const clock = open_clock(pin);
    EXPECT_EQ(set_master(pin, clock), STATUS_SUCCESS);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    close(clock);
    EXPECT_EQ(open_files(), 3u);
    close(pin);
    pass_ms(1);
    EXPECT_EQ(stream.references, 0) << "the circle is cut";
    EXPECT_EQ(open_files(), 1u);
}

TEST_F(ClockTest, GoesWithItsDevice) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    HANDLE const clock = open_clock(pin);
    EXPECT_EQ(set_master(open_pin(capture_pin), clock), STATUS_SUCCESS);
    EXPECT_EQ(perform(nt::io::PnpAction::surprise_remove), STATUS_SUCCESS);
    const Answered gone = ask(clock, {KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME, get, {}, 8});
    EXPECT_FALSE(NT_SUCCESS(gone.status));
    for (HANDLE const handle : {clock, pin, filter}) close(handle);
    EXPECT_TRUE(thread.end());
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

// ---- what a MIDI pin does not have ----

TEST_F(ClockTest, QualityAndAllocatorsAreRefused) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    const Bytes manager(16);
    EXPECT_EQ(ask(pin, {KSPROPSETID_Stream, KSPROPERTY_STREAM_QUALITY, put, {}, 0, manager}).status,
              STATUS_NOT_FOUND);
    EXPECT_EQ(ask(pin, {KSPROPSETID_Quality, KSPROPERTY_QUALITY_REPORT, put, {}, 0, manager}).status,
              STATUS_PROPSET_NOT_FOUND);
    REQUIRES("PR-013");
    const Answered allocator =
        ask(pin, {KSPROPSETID_Stream, KSPROPERTY_STREAM_ALLOCATOR, get, {}, sizeof(HANDLE)});
    EXPECT_EQ(allocator.status, STATUS_SUCCESS) << "the property is there, and nothing is assigned";
    EXPECT_EQ(allocator.as<HANDLE>(), nullptr);
    EXPECT_EQ(
        ask(pin, {KSPROPSETID_Stream, KSPROPERTY_STREAM_ALLOCATOR, put, {}, 0, bytes_of(filter)}).status,
        STATUS_INVALID_PARAMETER);
}

}  // namespace
}  // namespace portico::test
