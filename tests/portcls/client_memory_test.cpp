// METHOD_NEITHER gives a driver the client's own addresses: what lies there may change or vanish between a
// request and its end, and its process may be gone by then. Nothing but the client's own results suffers.
#include <gmock/gmock.h>

#include <deque>

#include "nt/mm/mm.h"
#include "portcls/property_request.h"
#include "property_test.h"
#include "sim/exploring.h"
#include "sim/random.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Ask;
using test::Bytes;
using test::bytes_of;
using test::Contracts;
using test::header;
using test::header_at_ms;
using test::record;
using test::ScriptedStream;
using test::operator+;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr GUID client_set{0x1234, 5, 6, {7}};

// The miniport has one property, whose requests it keeps until they are ended.
struct ClientMemory : test::PropertyTest {
    ClientMemory() {
        self = this;
        nt::probes.irp = [](nt::IrpFault fault, PIRP) { self->faults.push_back(fault); };
        nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) {
            ++self->damaged;
        };
        table.PropertyItemSize = sizeof item;
        table.PropertyCount = 1;
        table.Properties = &item;
        miniport.filter.AutomationTable = &table;
    }
    ~ClientMemory() override {
        nt::probes.irp = nullptr;
        nt::probes.pool_misuse = nullptr;
        self = nullptr;
        EXPECT_THAT(faults, IsEmpty());
        EXPECT_EQ(damaged, 0);
        EXPECT_THAT(Contracts::take(), IsEmpty());
    }
    static NTSTATUS NTAPI keep(PPCPROPERTY_REQUEST request) {
        self->kept.push_back(request);
        return STATUS_PENDING;
    }
    void end_kept(NTSTATUS status, const Bytes& value = {}) {
        client([&] { return end_first(status, value); });
    }
    NTSTATUS end_first(NTSTATUS status, const Bytes& value) {
        PPCPROPERTY_REQUEST const request = kept.front();
        kept.pop_front();
        std::copy(value.begin(), value.end(), static_cast<std::uint8_t*>(request->Value));
        request->ValueSize = static_cast<ULONG>(value.size());
        return PcCompletePendingPropertyRequest(request, status);
    }

    // Memory of the client's of its own, that can be given back.
    std::uint8_t* take_page() {
        void* const page = nt::mm::allocate_user(*thread.process(), PAGE_SIZE);
        EXPECT_NE(page, nullptr);
        return static_cast<std::uint8_t*>(page);
    }
    // The property with its input at `in` and its value at `out`, its end told at `status`.
    NTSTATUS send_property(ULONG flags, std::uint8_t* in, std::uint8_t* out, PIO_STATUS_BLOCK status) {
        const Bytes input = Ask{client_set, 0, flags}.input();
        std::copy(input.begin(), input.end(), in);
        status->Status = STATUS_PENDING;
        return client([&] {
            return nt::io::device_io_control(filter, {}, IOCTL_KS_PROPERTY, in, sizeof(KSPROPERTY), out, 8,
                                             status, UserMode);
        });
    }
    PIO_STATUS_BLOCK status_block() { return static_cast<PIO_STATUS_BLOCK>(client_cell()); }
    // A stream packet in three pages: headers, data, status.
    NTSTATUS send_packet(HANDLE pin, ULONG code, std::uint8_t* headers, std::uint8_t* data,
                         PIO_STATUS_BLOCK status, const Bytes& head, const Bytes& bytes) {
        std::copy(head.begin(), head.end(), headers);
        reinterpret_cast<KSSTREAM_HEADER*>(headers)->Data = data;
        std::copy(bytes.begin(), bytes.end(), data);
        status->Status = STATUS_PENDING;
        return client([&] {
            return nt::io::device_io_control(pin, {}, code, nullptr, 0, headers,
                                             static_cast<ULONG>(head.size()), status, UserMode);
        });
    }

    inline static ClientMemory* self = nullptr;
    PCPROPERTY_ITEM item{&client_set, 0, PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET, keep};
    PCAUTOMATION_TABLE table{};
    std::deque<PPCPROPERTY_REQUEST> kept;
    std::vector<nt::IrpFault> faults;
    int damaged = 0;
};

// ---- pending property requests ----

TEST_F(ClientMemory, ARequestIsWhatItWasWhenItCame) {
    start_device_and_filter();
    std::uint8_t* const page = take_page();
    PIO_STATUS_BLOCK const status = status_block();
    const Bytes value{1, 2, 3, 4, 5, 6, 7, 8};
    std::copy(value.begin(), value.end(), page + 128);
    ASSERT_EQ(send_property(test::put, page, page + 128, status), STATUS_PENDING);
    ASSERT_THAT(kept, SizeIs(1));
    std::memset(page, 0xCC, PAGE_SIZE);
    REQUIRES("VF-027");
    EXPECT_EQ(std::memcmp(kept[0]->Value, value.data(), value.size()), 0);
    EXPECT_EQ(kept[0]->ValueSize, value.size());
    EXPECT_EQ(kept[0]->Verb, test::put);
    nt::mm::free_user(page);
    EXPECT_EQ(std::memcmp(kept[0]->Value, value.data(), value.size()), 0);
    end_kept(STATUS_SUCCESS);
    EXPECT_EQ(status->Status, STATUS_SUCCESS);
}

TEST_F(ClientMemory, AnAnswerThatFindsNoPlaceIsAnAccessViolation) {
    start_device_and_filter();
    std::uint8_t* const in = take_page();
    std::uint8_t* const out = take_page();
    PIO_STATUS_BLOCK const status = status_block();
    ASSERT_EQ(send_property(test::get, in, out, status), STATUS_PENDING);
    nt::mm::free_user(in);
    nt::mm::free_user(out);
    out[0] = 0x55;  // the page is still there, but nobody's
    end_kept(STATUS_SUCCESS, {1, 2, 3, 4});
    EXPECT_EQ(status->Status, STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(status->Information, 0u);
    EXPECT_EQ(out[0], 0x55);
}

TEST_F(ClientMemory, AnEndIsToldNowhereWhenItsPlaceIsGone) {
    start_device_and_filter();
    std::uint8_t* const page = take_page();
    std::uint8_t* const out = take_page();
    auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(page + 256);
    ASSERT_EQ(send_property(test::get, page, out, status), STATUS_PENDING);
    nt::mm::free_user(page);
    status->Information = 0x5555;
    end_kept(STATUS_SUCCESS, {1, 2, 3, 4});
    EXPECT_EQ(status->Status, STATUS_PENDING);
    EXPECT_EQ(status->Information, 0x5555u);
    EXPECT_EQ(out[3], 4) << "the answer itself had its place";
    EXPECT_EQ(pending_property_requests(), 0u);
}

// ---- streams ----

TEST_F(ClientMemory, AWritePlaysWhatWasThereWhenItCame) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    ScriptedStream& stream = miniport.newest();
    for (const bool vanishes : {false, true}) {
        std::uint8_t* const headers = take_page();
        std::uint8_t* const data = take_page();
        PIO_STATUS_BLOCK const status = status_block();
        const Bytes bytes = record(0, {0x90, 60, 100}) + record(1, {0x80, 60, 0});
        const LONGLONG at_ms = vanishes ? 40 : 20;
        ASSERT_EQ(send_packet(pin, IOCTL_KS_WRITE_STREAM, headers, data, status,
                              header_at_ms(bytes.size(), at_ms), bytes),
                  STATUS_PENDING);
        if (vanishes) {
            nt::mm::free_user(headers);
            nt::mm::free_user(data);
        }
        std::memset(headers, 0xCC, PAGE_SIZE);
        std::memset(data, 0xCC, PAGE_SIZE);
        stream.writes.clear();
        pass_ms(25);
        EXPECT_THAT(stream.taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x80, 60, 0}));
        EXPECT_EQ(status->Status, STATUS_SUCCESS);
        EXPECT_EQ(headers[0], 0xCC) << "a write's headers stay as they are";
    }
}

TEST_F(ClientMemory, AReadGoesWhereItWasToGoOrNowhere) {
    start_device_and_filter();
    HANDLE const pin = running_pin(capture_pin);
    ScriptedStream& stream = miniport.newest();
    for (const int vanishes : {0, 1, 2}) {  // nothing, the headers, the data
        std::uint8_t* const pages[] = {take_page(), take_page()};
        PIO_STATUS_BLOCK const status = status_block();
        ASSERT_EQ(send_packet(pin, IOCTL_KS_READ_STREAM, pages[0], pages[1], status, header(64), {}),
                  STATUS_PENDING);
        // Another address and another size, once the request has come.
        reinterpret_cast<KSSTREAM_HEADER*>(pages[0])->Data = pages[0] + 2048;
        reinterpret_cast<KSSTREAM_HEADER*>(pages[0])->FrameExtent = 8;
        pages[0][2048] = pages[0][2056] = 0x55;
        if (vanishes != 0) nt::mm::free_user(pages[vanishes - 1]);
        receive(stream, {0x90, 60, 100});
        EXPECT_EQ(status->Status, vanishes == 0 ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(pages[1][8], vanishes == 0 ? 0x90 : 0);
        EXPECT_EQ(pages[0][2048], 0x55);
        EXPECT_EQ(pages[0][2056], 0x55);
        if (vanishes == 0) continue;
        // The message waits for a read that has a place for it.
        test::Sent again = read(pin);
        EXPECT_EQ(again.result(), STATUS_SUCCESS);
        EXPECT_EQ(again.record(), (Bytes{0x90, 60, 100}));
    }
}

// ---- events ----

TEST_F(ClientMemory, AnEventTellsWhomItNamedWhenItWasEnabled) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    std::uint8_t* const page = take_page();
    HANDLE told = nullptr, other = nullptr;
    client([&] {
        for (HANDLE* const event : {&told, &other})
            EXPECT_EQ(ZwCreateEvent(event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE),
                      STATUS_SUCCESS);
        auto* const data = reinterpret_cast<PKSEVENTDATA>(page);
        data->NotificationType = KSEVENTF_EVENT_HANDLE;
        data->EventHandle.Event = told;
        auto* const request = reinterpret_cast<PKSEVENT>(page + 256);
        request->Set = KSEVENTSETID_Connection;
        request->Id = KSEVENT_CONNECTION_ENDOFSTREAM;
        request->Flags = KSEVENT_TYPE_ENABLE;
        auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(page + 512);
        EXPECT_EQ(nt::io::device_io_control(pin, {}, IOCTL_KS_ENABLE_EVENT, request, sizeof *request, data,
                                            sizeof *data, status, UserMode),
                  STATUS_SUCCESS);
        data->EventHandle.Event = other;
        return STATUS_SUCCESS;
    });
    nt::mm::free_user(page);
    Bytes head = header(record(0, {0xF8}).size());
    reinterpret_cast<KSSTREAM_HEADER*>(head.data())->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM;
    EXPECT_EQ(send(pin, IOCTL_KS_WRITE_STREAM, head, record(0, {0xF8})).result(), STATUS_SUCCESS);
    client([&] {
        LARGE_INTEGER none{};
        EXPECT_EQ(ZwWaitForSingleObject(told, FALSE, &none), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(other, FALSE, &none), STATUS_TIMEOUT);
        // What the client calls the event is an address, which is compared, not looked at.
        auto* const status = static_cast<PIO_STATUS_BLOCK>(ks.heap().allocate(sizeof(IO_STATUS_BLOCK)));
        REQUIRES("CL-015");
        EXPECT_EQ(nt::io::device_io_control(pin, {}, IOCTL_KS_DISABLE_EVENT, page, sizeof(KSEVENTDATA),
                                            nullptr, 0, status, UserMode),
                  STATUS_SUCCESS);
        EXPECT_EQ(nt::io::device_io_control(pin, {}, IOCTL_KS_DISABLE_EVENT, page, sizeof(KSEVENTDATA),
                                            nullptr, 0, status, UserMode),
                  STATUS_UNSUCCESSFUL);
        return STATUS_SUCCESS;
    });
}

// ---- a process that is gone ----

// The driver ends the request while the system waits for it, as a dying thread does.
TEST_F(ClientMemory, ADyingProcessWaitsForItsPropertyRequests) {
    start_device_and_filter();
    std::uint8_t* const page = take_page();
    ASSERT_EQ(send_property(test::get, page, page + 128, reinterpret_cast<PIO_STATUS_BLOCK>(page + 256)),
              STATUS_PENDING);
    start([&] {
        test::let_pass(second_ns);
        EXPECT_EQ(adapter().open_files, 1u);
        end_first(STATUS_SUCCESS, {1, 2, 3, 4});
    });
    EXPECT_TRUE(thread.end(100 * second_ns));
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_EQ(adapter().open_files, 0u);
    EXPECT_FALSE(nt::mm::user_memory_valid(page, 1));
}

// After five minutes the process goes without it: what the driver ends later, it ends for nobody.
TEST_F(ClientMemory, ARequestThatADriverKeepsTooLongEndsForNobody) {
    start_device_and_filter();
    std::uint8_t* const page = take_page();
    for (const ULONG verb : {test::get, test::put}) {
        ASSERT_EQ(send_property(verb, page, page + 128, reinterpret_cast<PIO_STATUS_BLOCK>(page + 256)),
                  STATUS_PENDING);
    }
    HANDLE event = nullptr;
    client([&] { return ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE); });
    client([&] {
        return nt::io::device_io_control(filter, {event}, IOCTL_KS_PROPERTY, page, sizeof(KSPROPERTY),
                                         page + 128, 8, reinterpret_cast<PIO_STATUS_BLOCK>(page + 256),
                                         UserMode);
    });
    ASSERT_THAT(kept, SizeIs(3));
    EXPECT_TRUE(thread.end());
    EXPECT_FALSE(nt::mm::user_memory_valid(page, 1));
    std::memset(page, 0x55, PAGE_SIZE);
    EXPECT_EQ(adapter().open_files, 1u) << "the requests keep their file";
    run([&] {
        while (!kept.empty()) end_first(STATUS_SUCCESS, {1, 2, 3, 4});
        test::let_pass(millisecond_ns);
    });
    EXPECT_THAT(Bytes(page, page + PAGE_SIZE), Each(0x55)) << "nobody's memory is written";
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_EQ(adapter().open_files, 0u);
}

// ---- another thread of the client changes everything meanwhile ----

struct ClientMemorySchedules : ClientMemory, ::testing::WithParamInterface<std::uint64_t> {
    ClientMemorySchedules() : policy(GetParam()), random(GetParam()) {}
    ~ClientMemorySchedules() override { sim::scheduler.policy = nullptr; }

    // A thread of the client's process.
    void as_client(std::function<void()> body) {
        ++working;
        start([this, body = std::move(body)] {
            const nt::ps::Attach attach(*thread.process(), UserMode);
            body();
            --working;
        });
    }
    void send(HANDLE file, ULONG code, std::size_t in, ULONG in_size, std::size_t out, ULONG out_size) {
        nt::io::device_io_control(file, {}, code, page + in, in_size, page + out, out_size,
                                  reinterpret_cast<PIO_STATUS_BLOCK>(page + random.below(250) * 16),
                                  UserMode);
        nt::ke::stall(random.below(2'000));
    }
    // What a request needs lies at fixed places of the page; the other thread bends it.
    void lay_out() {
        const Bytes property = Ask{client_set, 0, random.below(2) == 0 ? test::get : test::put}.input();
        std::copy(property.begin(), property.end(), page);
        KSEVENT event{};
        event.Set = KSEVENTSETID_Connection;
        event.Flags = KSEVENT_TYPE_ENABLE;
        std::memcpy(page + 512, &event, sizeof event);
        const Bytes bytes = record(0, {0x90, 60, 100});
        const Bytes head = header(bytes.size());
        std::copy(head.begin(), head.end(), page + 1024);
        reinterpret_cast<KSSTREAM_HEADER*>(page + 1024)->Data = page + 2048;
        std::copy(bytes.begin(), bytes.end(), page + 2048);
    }
    void send_everything(HANDLE render, HANDLE capture) {
        for (int i = 0; i < 30; ++i) {
            lay_out();
            switch (random.below(5)) {
                case 0:
                    send(filter, IOCTL_KS_PROPERTY, 0, sizeof(KSPROPERTY), 256, 64);
                    break;
                case 1:
                    send(render, IOCTL_KS_WRITE_STREAM, 0, 0, 1024, sizeof(KSSTREAM_HEADER));
                    break;
                case 2:
                    send(capture, IOCTL_KS_READ_STREAM, 0, 0, 1024, sizeof(KSSTREAM_HEADER));
                    break;
                case 3:
                    send(render, IOCTL_KS_ENABLE_EVENT, 512, sizeof(KSEVENT), 640, sizeof(KSEVENTDATA));
                    break;
                default:
                    send(render, IOCTL_KS_RESET_STATE, 700, 4, 0, 0);
            }
        }
    }
    void bend() {
        for (int i = 0; i < 200; ++i) {
            nt::ke::stall(random.below(700));
            if (random.below(8) == 0) {
                nt::mm::free_user(page);
                nt::ke::stall(random.below(700));
                EXPECT_EQ(nt::mm::allocate_user(*thread.process(), PAGE_SIZE), page);
                continue;
            }
            page[random.below(PAGE_SIZE)] = static_cast<std::uint8_t>(random.below(256));
        }
    }

    sim::RandomPolicy policy;
    sim::Random random;
    std::uint8_t* page = nullptr;
    int working = 0;
};

TEST_P(ClientMemorySchedules, NothingButItsOwnResultsSuffers) {
    start_device_and_filter();
    HANDLE const render = running_pin(render_pin);
    ScriptedStream& out = miniport.newest();
    HANDLE const capture = running_pin(capture_pin);
    ScriptedStream& in = miniport.newest();
    page = take_page();
    sim::scheduler.policy = &policy;
    run([&] {
        as_client([&] { send_everything(render, capture); });
        as_client([&] { send_everything(render, capture); });
        as_client([&] { bend(); });
        while (working != 0) {
            test::let_pass(20'000);
            in.input.insert(in.input.end(), {0x90, 60, 100});
            test::at_irql(9, [&] { miniport.notify(); });
            if (!kept.empty() && random.below(2) == 0) end_first(STATUS_SUCCESS, {1, 2, 3, 4});
        }
        while (!kept.empty()) end_first(STATUS_SUCCESS, {1, 2, 3, 4});
        const nt::ps::Attach attach(*thread.process(), UserMode);
        for (HANDLE const handle : {render, capture, filter}) EXPECT_EQ(ks.close(handle), STATUS_SUCCESS);
    });
    pass_ms(1);  // a file's last reference may go on a worker thread
    REQUIRES("VF-027");
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_EQ(adapter().open_files, 0u) << "a request has no end";
    EXPECT_FALSE(out.overlapped || out.written_outside_run);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClientMemorySchedules, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace portico::portcls
