// IOCTL_KS_ENABLE_EVENT and IOCTL_KS_DISABLE_EVENT: whose event it is, who is told how, and when it ends
// (FD-070..FD-073, CX-020, SP-020, clients.md section 3).
#include <gmock/gmock.h>

#include "contracts.h"
#include "midi_adapter_test.h"
#include "sim/paging.h"
#include "support/requires.h"

namespace portico::test::port {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ULONG none = ~ULONG{0};
const GUID control_change = KSEVENTSETID_AudioControlChange;
const GUID connection = KSEVENTSETID_Connection;

struct Handled {
    ULONG verb, node;
    PUNKNOWN major, minor;
    PKSEVENT_ENTRY entry;
    bool has_irp;
    sim::Irql irql;
};

struct EventTest : MidiAdapterTest {
    inline static EventTest* self = nullptr;
    Contracts contracts;
    std::vector<Handled> handled;
    NTSTATUS handler_result = STATUS_SUCCESS;
    bool adds = true;
    HANDLE filter = nullptr, pin = nullptr;

    static NTSTATUS NTAPI handler(PPCEVENT_REQUEST request) {
        self->handled.push_back({request->Verb, request->Node, request->MajorTarget, request->MinorTarget,
                                 request->EventEntry, request->Irp != nullptr, nt::ke::current_irql()});
        if (request->Verb == PCEVENT_VERB_ADD && self->adds) {
            PPORTEVENTS events = nullptr;
            EXPECT_EQ(self->port->QueryInterface(IID_IPortEvents, reinterpret_cast<void**>(&events)),
                      STATUS_SUCCESS);
            events->AddEventToEventList(request->EventEntry);
            events->Release();
        }
        return self->handler_result;
    }

    // As a driver may have them: longer than PortCls' items.
    struct Item {
        PCEVENT_ITEM item;
        ULONG_PTR drivers_own;
    };
    static constexpr ULONG every_verb =
        PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT;
    Item items[3] = {{{&control_change, 0, every_verb, handler}, 1},
                     {{&control_change, 1, PCEVENT_ITEM_FLAG_ENABLE, handler}, 2},
                     {{&control_change, 2, every_verb, nullptr}, 3}};
    PCAUTOMATION_TABLE table{};
    PCNODE_DESCRIPTOR nodes[2]{};

    EventTest() {
        self = this;
        table.EventItemSize = sizeof(Item);
        table.EventCount = 3;
        table.Events = &items[0].item;
        nodes[0].Type = nodes[1].Type = &KSNODETYPE_VOLUME;
        nodes[1].AutomationTable = &table;
        midi.tables.filter.NodeSize = sizeof nodes[0];
        midi.tables.filter.NodeCount = 2;
        midi.tables.filter.Nodes = nodes;
        midi.tables.pins[0].AutomationTable = &table;
    }
    ~EventTest() override { self = nullptr; }

    // With a filter and its render pin open, in the kernel.
    void with_pin(std::function<void(Client&)> body) {
        start_with_port();
        run([&] {
            Client client;
            filter = client.filter;
            pin = client.pin(0);
            body(client);
            if (pin != nullptr) client.ks.close(pin);
        });
        let_go();
    }
    NTSTATUS control(HANDLE file, ULONG code, void* in, ULONG in_size, void* out, ULONG out_size,
                     ULONG_PTR* returned = nullptr) {
        IO_STATUS_BLOCK status{};
        status.Status = STATUS_PENDING;
        const NTSTATUS result =
            nt::io::device_io_control(file, {}, code, in, in_size, out, out_size, &status, KernelMode);
        if (returned != nullptr) *returned = status.Information;
        return result == STATUS_PENDING ? status.Status : result;  // a write may be under way
    }
    NTSTATUS enable(HANDLE file, const GUID& set, ULONG id, ULONG flags, KSEVENTDATA& data,
                    ULONG node = none) {
        KSE_NODE request{};
        request.Event.Set = set;
        request.Event.Id = id;
        request.Event.Flags = flags | (node == none ? 0 : KSEVENT_TYPE_TOPOLOGY);
        request.NodeId = node;
        const ULONG size = node == none ? sizeof request.Event : sizeof request;
        return control(file, IOCTL_KS_ENABLE_EVENT, &request, size, &data, sizeof data);
    }
    NTSTATUS disable(HANDLE file, KSEVENTDATA* data) {
        return control(file, IOCTL_KS_DISABLE_EVENT, data, data == nullptr ? 0 : sizeof *data, nullptr, 0);
    }
    void generate(ULONG id) { port_events()->GenerateEventList(nullptr, id, FALSE, 0, FALSE, 0); }
    IPortEvents* port_events() {
        PPORTEVENTS events = nullptr;
        EXPECT_EQ(port->QueryInterface(IID_IPortEvents, reinterpret_cast<void**>(&events)), STATUS_SUCCESS);
        events->Release();
        return events;
    }
    inline static int dpcs, items_run;
    static VOID NTAPI count_dpc(PKDPC, PVOID, PVOID data, PVOID) { dpcs += data != nullptr ? 1 : 0; }
    static VOID NTAPI count_item(PVOID) { ++items_run; }
    static NTSTATUS NTAPI adds_and_generates(PPCEVENT_REQUEST request) {
        if (request->Verb != PCEVENT_VERB_ADD) return STATUS_SUCCESS;
        self->port_events()->AddEventToEventList(request->EventEntry);
        self->generate(0);
        return STATUS_SUCCESS;
    }
    inline static LIST_ENTRY drivers_list;
    static NTSTATUS NTAPI adds_and_moves(PPCEVENT_REQUEST request) {
        if (request->Verb != PCEVENT_VERB_ADD) return STATUS_SUCCESS;
        self->port_events()->AddEventToEventList(request->EventEntry);
        InsertTailList(&drivers_list, &request->EventEntry->ListEntry);
        return STATUS_SUCCESS;
    }
    std::vector<ULONG> verbs() const {
        std::vector<ULONG> out;
        for (const Handled& one : handled) out.push_back(one.verb);
        return out;
    }
};

// An event of the kernel client's own.
struct Signal {
    KEVENT event;
    KSEVENTDATA data{};
    Signal() {
        nt::ke::initialize_event(&event, SynchronizationEvent, false);
        data.NotificationType = KSEVENTF_EVENT_OBJECT;
        data.EventObject.Event = &event;
    }
    bool came() { return nt::ke::reset_event(&event) != 0; }
};

TEST_F(EventTest, TheHandlerOfTheTableIsAskedAndAddsTheEntry) {
    with_pin([&](Client&) {
        Signal signal;
        REQUIRES("FD-070"), REQUIRES("FD-071");
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_BASICSUPPORT, signal.data), STATUS_SUCCESS);
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_SUCCESS);
        ASSERT_THAT(verbs(), ElementsAre(PCEVENT_VERB_SUPPORT, PCEVENT_VERB_ADD));
        const Handled add = handled[1];
        EXPECT_EQ(add.major, static_cast<IUnknown*>(&midi));
        EXPECT_EQ(add.minor, static_cast<IUnknown*>(&midi.render));
        EXPECT_EQ(add.node, none);
        EXPECT_TRUE(add.has_irp);
        EXPECT_EQ(add.irql, PASSIVE_LEVEL);
        EXPECT_FALSE(signal.came());
        generate(0);
        EXPECT_TRUE(signal.came());
        generate(1);
        EXPECT_FALSE(signal.came()) << "another event of the set";
        EXPECT_EQ(disable(pin, &signal.data), STATUS_SUCCESS);
        EXPECT_THAT(verbs(), ElementsAre(PCEVENT_VERB_SUPPORT, PCEVENT_VERB_ADD, PCEVENT_VERB_REMOVE));
        EXPECT_EQ(handled[2].entry, add.entry);
        generate(0);
        EXPECT_FALSE(signal.came());
        EXPECT_EQ(disable(pin, &signal.data), STATUS_UNSUCCESSFUL);
    });
}

TEST_F(EventTest, AHandlerInAPageSectionIsTold) {
    const auto page = reinterpret_cast<std::uint64_t>(&EventTest::handler) & ~(sim::page_size - 1);
    with_pin([&](Client&) {
        Signal signal;
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        sim::paging.add({page, sim::page_size}, 0);  // not watched: it stays where it is
        EXPECT_EQ(disable(pin, &signal.data), STATUS_SUCCESS);
        sim::paging.remove({page, sim::page_size});
        REQUIRES("PE-009");
        EXPECT_THAT(Contracts::take(), ElementsAre("PE-009"));
    });
}

TEST_F(EventTest, OneShotEventsComeOnce) {
    with_pin([&](Client&) {
        Signal signal;
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ONESHOT, signal.data), STATUS_SUCCESS);
        generate(0);
        REQUIRES("PE-008");
        EXPECT_TRUE(signal.came());
        generate(0);
        EXPECT_FALSE(signal.came());
        EXPECT_EQ(disable(pin, &signal.data), STATUS_UNSUCCESSFUL) << "it has ended by itself";
    });
}

// The handler may generate what it has just added.
TEST_F(EventTest, AnEventThatComesWhileItIsEnabledIsWhole) {
    items[0].item.Handler = adds_and_generates;
    with_pin([&](Client&) {
        Signal signal;
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ONESHOT, signal.data), STATUS_SUCCESS);
        EXPECT_TRUE(signal.came());
        generate(0);
        EXPECT_FALSE(signal.came());
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
}

TEST_F(EventTest, DisablingWithoutDataEndsAllOfThatHandle) {
    with_pin([&](Client& client) {
        Signal first, second, other;
        const HANDLE other_filter = client.filter;
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, first.data), STATUS_SUCCESS);
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, second.data), STATUS_SUCCESS);
        ASSERT_EQ(enable(other_filter, control_change, 0, KSEVENT_TYPE_ENABLE, other.data, 1),
                  STATUS_SUCCESS);
        EXPECT_EQ(disable(pin, nullptr), STATUS_SUCCESS);
        generate(0);
        EXPECT_FALSE(first.came());
        EXPECT_FALSE(second.came());
        EXPECT_TRUE(other.came());
        EXPECT_EQ(disable(filter, &first.data), STATUS_UNSUCCESSFUL) << "another handle's";
    });
}

TEST_F(EventTest, ClosingTheHandleEndsItsEvents) {
    with_pin([&](Client& client) {
        Signal signal;
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_SUCCESS);
        client.ks.close(std::exchange(pin, nullptr));
        EXPECT_THAT(verbs(), ElementsAre(PCEVENT_VERB_ADD, PCEVENT_VERB_REMOVE));
        EXPECT_FALSE(handled[1].has_irp);
        generate(0);
        EXPECT_FALSE(signal.came());
    });
}

TEST_F(EventTest, NodesEventsComeByTheFilterAndFiltersHaveNoOthers) {
    midi.tables.filter.AutomationTable = &table;
    with_pin([&](Client&) {
        Signal signal;
        REQUIRES("CX-020"), REQUIRES("FD-072");
        EXPECT_EQ(enable(filter, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data),
                  STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(enable(filter, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data, 1), STATUS_SUCCESS);
        EXPECT_EQ(handled.back().node, 1u);
        EXPECT_EQ(handled.back().minor, nullptr);
        port_events()->GenerateEventList(nullptr, 0, FALSE, 0, TRUE, 0);
        EXPECT_FALSE(signal.came());
        port_events()->GenerateEventList(nullptr, 0, FALSE, 0, TRUE, 1);
        EXPECT_TRUE(signal.came());
        EXPECT_EQ(enable(filter, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data, 2),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(EventTest, WhatIsNotThereIsRefused) {
    with_pin([&](Client&) {
        Signal signal;
        KSEVENTDATA& data = signal.data;
        EXPECT_EQ(enable(pin, KSPROPSETID_Pin, 0, KSEVENT_TYPE_ENABLE, data), STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(enable(pin, control_change, 9, KSEVENT_TYPE_ENABLE, data), STATUS_NOT_FOUND);
        EXPECT_EQ(enable(pin, control_change, 1, KSEVENT_TYPE_ONESHOT, data), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(enable(pin, control_change, 1, KSEVENT_TYPE_BASICSUPPORT, data),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(enable(pin, control_change, 2, KSEVENT_TYPE_ENABLE, data), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_QUERYBUFFER, data),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_SETSUPPORT, data), STATUS_SUCCESS);
        EXPECT_EQ(enable(pin, KSPROPSETID_Pin, 0, KSEVENT_TYPE_SETSUPPORT, data), STATUS_PROPSET_NOT_FOUND);
        EXPECT_THAT(handled, IsEmpty());
        KSEVENT event{};
        event.Set = control_change;
        event.Flags = KSEVENT_TYPE_ENABLE;
        EXPECT_EQ(control(pin, IOCTL_KS_ENABLE_EVENT, &event, sizeof event - 1, &data, sizeof data),
                  STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(control(pin, IOCTL_KS_ENABLE_EVENT, &event, sizeof event, &data, sizeof data - 1),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(control(pin, IOCTL_KS_DISABLE_EVENT, &data, sizeof data - 1, nullptr, 0),
                  STATUS_INVALID_BUFFER_SIZE);
        for (const ULONG type : {0u, 3u, 0x40u, 0x80u, 0xFFFFFFFFu}) {
            data.NotificationType = type;
            EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, data), STATUS_INVALID_PARAMETER)
                << type;
        }
        EXPECT_THAT(handled, IsEmpty());
    });
}

TEST_F(EventTest, TheSetsAreListed) {
    with_pin([&](Client&) {
        ULONG_PTR size = 0;
        EXPECT_EQ(control(pin, IOCTL_KS_ENABLE_EVENT, nullptr, 0, nullptr, 0, &size), STATUS_BUFFER_OVERFLOW);
        ASSERT_EQ(size, 2 * sizeof(GUID));
        GUID sets[2];
        ASSERT_EQ(control(pin, IOCTL_KS_ENABLE_EVENT, nullptr, 0, sets, sizeof sets, &size), STATUS_SUCCESS);
        EXPECT_TRUE(IsEqualGUID(sets[0], connection));
        EXPECT_TRUE(IsEqualGUID(sets[1], control_change));
        EXPECT_EQ(control(pin, IOCTL_KS_ENABLE_EVENT, nullptr, 0, sets, sizeof sets - 1, &size),
                  STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(EventTest, AHandlerThatFailsOrDoesNotAddEnablesNothing) {
    with_pin([&](Client&) {
        Signal signal;
        handler_result = STATUS_ACCESS_DENIED;
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_ACCESS_DENIED);
        generate(0);
        EXPECT_FALSE(signal.came()) << "it had added the entry, then failed";
        handler_result = STATUS_SUCCESS;
        adds = false;
        EXPECT_THAT(Contracts::take(), IsEmpty());
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_UNSUCCESSFUL);
        REQUIRES("FD-073");
        EXPECT_THAT(Contracts::take(), ElementsAre("FD-073"));
        EXPECT_EQ(disable(pin, &signal.data), STATUS_UNSUCCESSFUL);
    });
}

TEST_F(EventTest, ClientsAreToldAsTheyAsked) {
    with_pin([&](Client&) {
        KSEMAPHORE semaphore;
        nt::ke::initialize_semaphore(&semaphore, 0, 5);
        KSEVENTDATA by_semaphore{};
        by_semaphore.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        by_semaphore.SemaphoreObject.Semaphore = &semaphore;
        by_semaphore.SemaphoreObject.Adjustment = 2;
        dpcs = items_run = 0;
        KDPC dpc;
        KSEVENTDATA by_dpc{};
        nt::ke::initialize_dpc(&dpc, count_dpc, nullptr);
        by_dpc.NotificationType = KSEVENTF_DPC;
        by_dpc.Dpc.Dpc = &dpc;
        WORK_QUEUE_ITEM work{};
        KSEVENTDATA by_work{};
        work.WorkerRoutine = count_item;
        by_work.NotificationType = KSEVENTF_WORKITEM;
        by_work.WorkItem.WorkQueueItem = &work;
        by_work.WorkItem.WorkQueueType = DelayedWorkQueue;
        for (KSEVENTDATA* data : {&by_semaphore, &by_dpc, &by_work})
            ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, *data), STATUS_SUCCESS);
        for (int i = 0; i < 3; ++i) generate(0);
        EXPECT_EQ(semaphore.Header.SignalState, 4) << "2 and 2; a third 2 would pass its limit";
        EXPECT_EQ(dpcs, 3);
        nt::ke::delay(KernelMode, false, -100'000);
        EXPECT_GE(items_run, 1);
        EXPECT_EQ(disable(pin, nullptr), STATUS_SUCCESS);
        by_semaphore.SemaphoreObject.Adjustment = 0;
        EXPECT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, by_semaphore),
                  STATUS_INVALID_PARAMETER);
    });
}

// SP-020: when the buffer that says so is done, and of that pin alone.
TEST_F(EventTest, TheEndOfAStreamIsTold) {
    midi.tables.pins[0].MaxGlobalInstanceCount = midi.tables.pins[0].MaxFilterInstanceCount = 2;
    with_pin([&](Client& client) {
        Signal ours, others;
        const HANDLE other = client.pin(0);
        REQUIRES("SP-020");
        ASSERT_EQ(
            enable(pin, connection, KSEVENT_CONNECTION_ENDOFSTREAM, KSEVENT_TYPE_BASICSUPPORT, ours.data),
            STATUS_SUCCESS);
        ASSERT_EQ(enable(pin, connection, KSEVENT_CONNECTION_ENDOFSTREAM, KSEVENT_TYPE_ENABLE, ours.data),
                  STATUS_SUCCESS);
        ASSERT_EQ(enable(other, connection, KSEVENT_CONNECTION_ENDOFSTREAM, KSEVENT_TYPE_ENABLE, others.data),
                  STATUS_SUCCESS);
        client.ks.set_state(pin, KSSTATE_RUN);
        struct {
            KSMUSICFORMAT record{0, 3};
            UCHAR bytes[4] = {0x90, 60, 100};
        } data;
        KSSTREAM_HEADER header{};
        header.Size = sizeof header;
        header.PresentationTime = {0, 1, 1};
        header.FrameExtent = header.DataUsed = sizeof data;
        header.Data = &data;
        EXPECT_EQ(control(pin, IOCTL_KS_WRITE_STREAM, nullptr, 0, &header, sizeof header), STATUS_SUCCESS);
        EXPECT_FALSE(ours.came()) << "not the end";
        header.OptionsFlags = KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM;
        EXPECT_EQ(control(pin, IOCTL_KS_WRITE_STREAM, nullptr, 0, &header, sizeof header), STATUS_SUCCESS);
        EXPECT_TRUE(ours.came());
        EXPECT_FALSE(others.came());
        EXPECT_THAT(handled, IsEmpty()) << "the port's own event";
        client.ks.close(other);
    });
}

// A capture pin's stream has no end that anybody tells.
TEST_F(EventTest, CapturePinsHaveNoEndOfStream) {
    with_pin([&](Client& client) {
        Signal signal;
        const HANDLE capture = client.pin(2);
        EXPECT_EQ(
            enable(capture, connection, KSEVENT_CONNECTION_ENDOFSTREAM, KSEVENT_TYPE_ENABLE, signal.data),
            STATUS_PROPSET_NOT_FOUND);
        client.ks.close(capture);
    });
}

TEST_F(EventTest, AnEntryThatTheDriverMovesIntoItsOwnListIsToldAndStaysInThePorts) {
    InitializeListHead(&drivers_list);
    items[0].item.Handler = adds_and_moves;
    with_pin([&](Client&) {
        Signal signal, other;
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data), STATUS_SUCCESS);
        REQUIRES("PE-004");
        EXPECT_THAT(Contracts::take(), ElementsAre("PE-004"));
        ASSERT_EQ(enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, other.data), STATUS_SUCCESS);
        Contracts::take();
        generate(0);
        REQUIRES("PE-006");
        EXPECT_TRUE(signal.came());
        EXPECT_TRUE(other.came());
        InitializeListHead(&drivers_list);
        EXPECT_EQ(disable(pin, &signal.data), STATUS_SUCCESS);
        generate(0);
        EXPECT_TRUE(other.came() && !signal.came());
        EXPECT_EQ(disable(pin, &other.data), STATUS_SUCCESS);
    });
}

TEST_F(EventTest, AKernelClientsEventMustBeThere) {
    start_with_port();
    start([&] {
        Client client;
        pin = client.pin(0);
        Signal signal;
        signal.data.EventObject.Event = reinterpret_cast<PKEVENT>(0x123456789ab0);
        enable(pin, control_change, 0, KSEVENT_TYPE_ENABLE, signal.data);
    });
    sim::scheduler.run(sim::scheduler.now_ns() + second_ns, nullptr, nullptr);
    REQUIRES("FLD-040");
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, 0x50u);
    EXPECT_EQ(nt::bug_check()->parameters[0], 0x123456789ab0u);
}

}  // namespace
}  // namespace portico::test::port
