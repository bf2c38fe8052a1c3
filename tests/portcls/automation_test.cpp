// Property requests that lead to the miniport's automation tables, of its filter, its pins and its nodes.
#include <gmock/gmock.h>

#include "dmusprop.h"
#include "nt/mm/mm.h"
#include "portcls/property_request.h"
#include "property_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Answered;
using test::Ask;
using test::Bytes;
using test::bytes_of;
using test::operator+;
using test::Contracts;
using test::get;
using test::put;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GUID own_set{0x1234, 5, 6, {7}};
constexpr GUID other_set{0x9999, 5, 6, {7}};

// Everything that a handler is told, copied.
struct Seen {
    PCPROPERTY_REQUEST request;
    Bytes instance, value;
    KPROCESSOR_MODE mode;
    sim::Irql irql;
};

struct AutomationTest : test::PropertyTest {
    struct Item {
        PCPROPERTY_ITEM item;
        ULONG64 drivers_own;
    };
    struct Table {
        std::vector<Item> items;
        PCAUTOMATION_TABLE table{};

        void add(const GUID& set, ULONG id, ULONG flags) {
            items.push_back({{&set, id, flags, &AutomationTest::handler}, 0});
        }
        const PCAUTOMATION_TABLE* finish() {
            table.PropertyItemSize = sizeof(Item);
            table.PropertyCount = static_cast<ULONG>(items.size());
            table.Properties = &items[0].item;
            return &table;
        }
    };

    AutomationTest() {
        seen.clear();
        on_request = [](PPCPROPERTY_REQUEST) { return STATUS_SUCCESS; };
    }
    static NTSTATUS NTAPI handler(PPCPROPERTY_REQUEST request) {
        const auto copy = [](const void* at, ULONG size) {
            const auto* const first = static_cast<const std::uint8_t*>(at);
            return at == nullptr ? Bytes{} : Bytes(first, first + size);
        };
        seen.push_back({*request, copy(request->Instance, request->InstanceSize),
                        copy(request->Value, request->ValueSize), request->Irp->RequestorMode,
                        nt::ke::current_irql()});
        return on_request(request);
    }
    inline static std::vector<Seen> seen;
    inline static std::function<NTSTATUS(PPCPROPERTY_REQUEST)> on_request;

    void filter_items(std::initializer_list<ULONG> flags) {
        ULONG id = 0;
        for (const ULONG f : flags) filter_table.add(own_set, id++, f);
        miniport.filter.AutomationTable = filter_table.finish();
    }
    Table filter_table, pin_table, node_tables[2];
    PCNODE_DESCRIPTOR nodes[2]{};
    void two_nodes() {
        for (int i = 0; i < 2; ++i) {
            nodes[i].Type = &KSNODETYPE_SYNTHESIZER;
            if (!node_tables[i].items.empty()) nodes[i].AutomationTable = node_tables[i].finish();
        }
        miniport.filter.NodeSize = sizeof nodes[0];
        miniport.filter.NodeCount = 2;
        miniport.filter.Nodes = nodes;
    }
};

TEST_F(AutomationTest, AHandlerIsToldEverything) {
    filter_items({get, get | put});
    start_device_and_filter();
    on_request = [](PPCPROPERTY_REQUEST request) {
        std::memcpy(request->Value, "abc", 3);
        request->ValueSize = 3;
        return STATUS_SUCCESS;
    };
    REQUIRES("FD-050"), REQUIRES("FD-052"), REQUIRES("FD-040"), REQUIRES("PR-014");
    const Answered answer = ask(filter, {own_set, 1, get, {1, 2, 3, 4, 5}, 16});
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(answer.status, STATUS_SUCCESS);
    REQUIRES("FD-056");
    EXPECT_EQ(answer.information, 3u);
    EXPECT_EQ(std::memcmp(answer.value.data(), "abc", 3), 0);
    const PCPROPERTY_REQUEST& request = seen[0].request;
    REQUIRES("FD-053");
    EXPECT_EQ(request.MajorTarget, &miniport);
    EXPECT_EQ(request.MinorTarget, nullptr);
    REQUIRES("FD-054");
    EXPECT_EQ(request.Node, ~0u);
    EXPECT_EQ(request.InstanceSize, 5u);
    EXPECT_THAT(seen[0].instance, ElementsAre(1, 2, 3, 4, 5));
    REQUIRES("FD-055");
    EXPECT_EQ(request.Verb, get);
    EXPECT_EQ(request.PropertyItem, &filter_table.items[1].item) << "walked by the items' own size";
    EXPECT_EQ(request.ValueSize, 16u);
    EXPECT_EQ(seen[0].value, Bytes(16)) << "nothing of what lay in that memory";
    EXPECT_EQ(seen[0].irql, PASSIVE_LEVEL);
    REQUIRES("VF-026");
    EXPECT_EQ(seen[0].mode, UserMode) << "the requestor's";
    ask(filter, {own_set, 1, put, {}, 0, {9, 8, 7}});
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[1].request.Instance, nullptr);
    EXPECT_EQ(seen[1].request.InstanceSize, 0u);
    EXPECT_THAT(seen[1].value, ElementsAre(9, 8, 7));
    EXPECT_EQ(seen[1].request.Verb, put);
}

TEST_F(AutomationTest, OnlyWhatAnItemSaysReachesItsHandler) {
    filter_items({get, put, get | KSPROPERTY_TYPE_BASICSUPPORT,
                  KSPROPERTY_TYPE_SERIALIZERAW | KSPROPERTY_TYPE_UNSERIALIZERAW |
                      KSPROPERTY_TYPE_SERIALIZESIZE | KSPROPERTY_TYPE_DEFAULTVALUES});
    start_device_and_filter();
    REQUIRES("FD-051"), REQUIRES("PR-014");
    const auto status = [&](ULONG id, ULONG verb) { return ask(filter, {own_set, id, verb, {}, 64}).status; };
    EXPECT_EQ(status(0, put), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(status(1, get), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(status(0, KSPROPERTY_TYPE_BASICSUPPORT), STATUS_INVALID_DEVICE_REQUEST);
    for (const ULONG verb :
         {KSPROPERTY_TYPE_RELATIONS, KSPROPERTY_TYPE_SERIALIZESET, KSPROPERTY_TYPE_UNSERIALIZESET}) {
        EXPECT_EQ(status(3, verb), STATUS_INVALID_DEVICE_REQUEST) << verb;
    }
    EXPECT_EQ(status(4, get), STATUS_NOT_FOUND);
    EXPECT_EQ(ask(filter, {other_set, 0, get, {}, 64}).status, STATUS_PROPSET_NOT_FOUND);
    REQUIRES("PR-019");
    EXPECT_EQ(status(77, KSPROPERTY_TYPE_SETSUPPORT), STATUS_SUCCESS);
    EXPECT_THAT(seen, IsEmpty());
    for (const ULONG verb : {KSPROPERTY_TYPE_SERIALIZERAW, KSPROPERTY_TYPE_UNSERIALIZERAW,
                             KSPROPERTY_TYPE_SERIALIZESIZE, KSPROPERTY_TYPE_DEFAULTVALUES}) {
        EXPECT_EQ(status(3, verb), STATUS_SUCCESS);
        EXPECT_EQ(seen.back().request.Verb, ULONG(verb));
        EXPECT_EQ(seen.back().mode, UserMode);
    }
    EXPECT_EQ(seen[0].value, Bytes(64));
    EXPECT_EQ(seen[1].value, Bytes(64, 0xEE)) << "what is unserialised comes from the client";
}

TEST_F(AutomationTest, SizesThatAHandlerTells) {
    filter_items({get | KSPROPERTY_TYPE_BASICSUPPORT});
    start_device_and_filter();
    on_request = [](PPCPROPERTY_REQUEST request) {
        const ULONG room = std::exchange(request->ValueSize, 100);
        return room == 0 ? STATUS_BUFFER_OVERFLOW : room < 100 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
    };
    REQUIRES("FD-057");
    const Answered size = ask(filter, {own_set, 0, get});
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, 100u);
    EXPECT_EQ(seen[0].request.Value, nullptr);
    EXPECT_EQ(ask(filter, {own_set, 0, get, {}, 50}).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(ask(filter, {own_set, 0, get, {}, 200}).information, 100u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    on_request = [](PPCPROPERTY_REQUEST request) {
        request->ValueSize = 0x10000;
        return STATUS_SUCCESS;
    };
    EXPECT_EQ(ask(filter, {own_set, 0, get, {}, 8}).information, 8u);
    EXPECT_THAT(Contracts::take(), ElementsAre("FD-056"));
    REQUIRES("FD-058");
    on_request = [](PPCPROPERTY_REQUEST) { return STATUS_SUCCESS; };
    for (const std::size_t room : {4u, 40u, 100u}) {
        ask(filter, {own_set, 0, KSPROPERTY_TYPE_BASICSUPPORT, {}, room});
        EXPECT_THAT(Contracts::take(), IsEmpty()) << room;
    }
    for (const std::size_t room : {1u, 5u, 39u}) {
        ask(filter, {own_set, 0, KSPROPERTY_TYPE_BASICSUPPORT, {}, room});
        EXPECT_THAT(Contracts::take(), ElementsAre("FD-058")) << room;
    }
}

TEST_F(AutomationTest, ThePortsOwnHandlerWins) {
    filter_table.add(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, get);
    filter_table.add(KSPROPSETID_Pin, KSPROPERTY_PIN_MODEDATAFORMATS, get);
    filter_table.add(KSPROPSETID_General, KSPROPERTY_GENERAL_COMPONENTID, get);
    miniport.filter.AutomationTable = filter_table.finish();
    start_device_and_filter();
    REQUIRES("CX-019");
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATAFLOW, render_pin, 4).as<ULONG>(), 1u);
    EXPECT_THAT(seen, IsEmpty());
    EXPECT_EQ(pin(KSPROPERTY_PIN_MODEDATAFORMATS, render_pin, 4).status, STATUS_SUCCESS);
    EXPECT_EQ(seen.size(), 1u) << "what the port does not answer is the miniport's";
    on_request = [](PPCPROPERTY_REQUEST request) {
        KSCOMPONENTID id{};
        id.Version = 7;
        std::memcpy(request->Value, &id, sizeof id);
        return STATUS_SUCCESS;
    };
    REQUIRES("PR-017"), REQUIRES("CL-001");
    const Answered id = ask(filter, {KSPROPSETID_General, KSPROPERTY_GENERAL_COMPONENTID, get, {}, 72});
    EXPECT_EQ(id.information, 72u);
    EXPECT_EQ(id.as<KSCOMPONENTID>().Version, 7u);
}

TEST_F(AutomationTest, PinsHaveTablesOfTheirOwn) {
    filter_items({get});
    pin_table.add(other_set, 5, get | put);
    miniport.pins[render_pin].descriptor.AutomationTable = pin_table.finish();
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    HANDLE const capture = open_pin(capture_pin);
    EXPECT_EQ(ask(render, {other_set, 5, get, {}, 8}).status, STATUS_SUCCESS);
    REQUIRES("FD-053");
    EXPECT_EQ(seen[0].request.MajorTarget, &miniport);
    EXPECT_EQ(seen[0].request.MinorTarget, &miniport.stream(0)) << "the stream that NewStream gave";
    EXPECT_EQ(ask(capture, {other_set, 5, get, {}, 8}).status, STATUS_PROPSET_NOT_FOUND);
    REQUIRES("PR-016"), REQUIRES("CL-014");
    EXPECT_EQ(ask(filter, {other_set, 5, get, {}, 8}).status, STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(ask(render, {own_set, 0, get, {}, 8}).status, STATUS_SUCCESS);
    EXPECT_EQ(seen[1].request.MinorTarget, nullptr) << "as if it were sent to the filter";
    EXPECT_EQ(ask(render, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, get, {}, 4}).as<ULONG>(), 4u);
    const auto sets = whole(render, {GUID{}, 0, KSPROPERTY_TYPE_SETSUPPORT});
    EXPECT_EQ(sets.information, 6 * sizeof(GUID))
        << "Connection, Stream, Pin, Topology and two of the miniport's";
}

TEST_F(AutomationTest, NodesAreNamedByTheRequest) {
    node_tables[0].add(own_set, 3, get);
    node_tables[1].add(own_set, 4, put);
    two_nodes();
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    const auto node = [](ULONG id) { return bytes_of(ULONG64{id}); };
    constexpr ULONG topology = KSPROPERTY_TYPE_TOPOLOGY;
    REQUIRES("PR-015"), REQUIRES("FD-054");
    EXPECT_EQ(ask(filter, {own_set, 3, get | topology, node(0) + Bytes{1, 2}, 8}).status, STATUS_SUCCESS);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].request.Node, 0u);
    EXPECT_THAT(seen[0].instance, ElementsAre(1, 2));
    EXPECT_EQ(seen[0].request.MinorTarget, nullptr);
    REQUIRES("FD-055");
    EXPECT_EQ(seen[0].request.Verb, get | topology);
    EXPECT_EQ(ask(render, {own_set, 4, put | topology, node(1), 8}).status, STATUS_SUCCESS);
    EXPECT_EQ(seen[1].request.Node, 1u);
    EXPECT_EQ(seen[1].request.InstanceSize, 0u);
    EXPECT_EQ(seen[1].request.Instance, nullptr);
    EXPECT_EQ(seen[1].request.MinorTarget, &miniport.stream(0));
    EXPECT_EQ(ask(filter, {own_set, 4, get | topology, node(0), 8}).status, STATUS_NOT_FOUND);
    EXPECT_EQ(ask(filter, {other_set, 4, get | topology, node(0), 8}).status, STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(ask(filter, {own_set, 3, put | topology, node(0), 8}).status, STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(ask(filter, {own_set, 3, get | topology, node(2), 8}).status, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ask(filter, {own_set, 3, get | topology, node(~0u), 8}).status, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ask(filter, {own_set, 3, get | topology, Bytes(7), 8}).status, STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(ask(filter, {own_set, 3, get, node(0), 8}).status, STATUS_PROPSET_NOT_FOUND)
        << "a node's alone";
    EXPECT_EQ(ask(filter, {own_set, 0, KSPROPERTY_TYPE_SETSUPPORT | topology, node(1)}).status,
              STATUS_SUCCESS);
    EXPECT_EQ(seen.size(), 2u);
}

TEST_F(AutomationTest, TheSynthesizersVolumeComesWithoutItsNode) {
    node_tables[1].add(KSPROPSETID_Synth, KSPROPERTY_SYNTH_VOLUME, get | put);
    node_tables[1].add(KSPROPSETID_SynthClock, KSPROPERTY_SYNTH_MASTERCLOCK, get);
    node_tables[1].add(KSPROPSETID_Synth, KSPROPERTY_SYNTH_CAPS, get);
    two_nodes();
    start_device_and_filter();
    REQUIRES("PR-018");
    EXPECT_EQ(ask(filter, {KSPROPSETID_Synth, KSPROPERTY_SYNTH_VOLUME, put, {}, 0, Bytes(4)}).status,
              STATUS_SUCCESS);
    EXPECT_EQ(ask(filter, {KSPROPSETID_SynthClock, KSPROPERTY_SYNTH_MASTERCLOCK, get, {}, 8}).status,
              STATUS_SUCCESS);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].request.Node, 1u);
    EXPECT_EQ(seen[0].request.InstanceSize, 0u);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Synth, KSPROPERTY_SYNTH_CAPS, get, {}, 64}).status,
              STATUS_PROPSET_NOT_FOUND);
}

// ---- the client's memory ----

TEST_F(AutomationTest, TheClientsMemoryIsReadOnce) {
    filter_items({get | put});
    start_device_and_filter();
    std::uint8_t* memory = nullptr;
    client([&] { return memory = static_cast<std::uint8_t*>(ks.heap().allocate(512)), STATUS_SUCCESS; });
    const Bytes input = Ask{own_set, 0, put, {1, 2, 3}}.input();
    std::memcpy(memory + 64, input.data(), input.size());
    std::memset(memory + 256, 0x11, 16);
    on_request = [&](PPCPROPERTY_REQUEST request) {
        std::memset(memory + 64, 0xFF, 256);  // the client's other thread
        EXPECT_EQ(*static_cast<std::uint8_t*>(request->Value), 0x11);
        EXPECT_EQ(*static_cast<std::uint8_t*>(request->Instance), 1);
        EXPECT_EQ(request->Verb, put);
        return STATUS_SUCCESS;
    };
    REQUIRES("VF-027");
    auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
    EXPECT_EQ(client([&] {
                  return nt::io::device_io_control(filter, {}, IOCTL_KS_PROPERTY, memory + 64,
                                                   static_cast<ULONG>(input.size()), memory + 256, 16, status,
                                                   UserMode);
              }),
              STATUS_SUCCESS);
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_EQ(memory[256], 0xFF) << "a set gives nothing back";
}

TEST_F(AutomationTest, MemoryThatIsNotTheClientsIsRefused) {
    filter_items({get | put});
    start_device_and_filter();
    auto* const memory = static_cast<std::uint8_t*>(client_cell());
    const Bytes input = Ask{own_set, 0, get}.input();
    std::memcpy(memory + 64, input.data(), input.size());
    const auto send = [&](void* in, ULONG in_size, void* out, ULONG out_size) {
        return client([&] {
            return nt::io::device_io_control(filter, {}, IOCTL_KS_PROPERTY, in, in_size, out, out_size,
                                             reinterpret_cast<PIO_STATUS_BLOCK>(memory), UserMode);
        });
    };
    void* const pages = [&] {
        void* allocated = nullptr;
        client([&] { return allocated = nt::mm::allocate_user(*thread.process(), 8192), STATUS_SUCCESS; });
        nt::mm::free_user(allocated);
        return allocated;
    }();
    REQUIRES("VF-028");
    EXPECT_EQ(send(nullptr, 24, memory + 128, 8), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(send(memory + 64, 24, nullptr, 8), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(send(&miniport, 24, memory + 128, 8), STATUS_ACCESS_VIOLATION) << "the system's";
    EXPECT_EQ(send(memory + 64, 24, &miniport, 8), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(send(pages, 24, memory + 128, 8), STATUS_ACCESS_VIOLATION) << "given back";
    EXPECT_EQ(send(memory + 64, 24, pages, 8), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(send(memory + 64, 24, memory + 128, ~0u), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(send(memory + 64, ~0u, memory + 128, 8), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(send(memory + 64, ~7u, memory + 128, ~7u), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(send(memory + 64, 23, memory + 128, 8), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(send(memory + 64, 24, nullptr, 0), STATUS_SUCCESS);
    EXPECT_EQ(seen.size(), 1u);
}

// ---- requests that end later ----

struct PendingTest : AutomationTest {
    // A get of 8 bytes that the handler keeps.
    void send() {
        memory = static_cast<std::uint8_t*>(nt::mm::allocate_user(*thread.process(), 4096));
        const Bytes input = Ask{own_set, 0, get}.input();
        std::memcpy(memory + 64, input.data(), input.size());
        status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
        status->Status = STATUS_PENDING;
        on_request = [this](PPCPROPERTY_REQUEST request) {
            kept = request;
            return STATUS_PENDING;
        };
        EXPECT_EQ(client([&] {
                      return nt::io::device_io_control(filter, {}, IOCTL_KS_PROPERTY, memory + 64, 24,
                                                       memory + 128, 8, status, UserMode);
                  }),
                  STATUS_PENDING);
        EXPECT_EQ(pending_property_requests(), 1u);
    }
    void finish(NTSTATUS with) {
        run([&] {
            std::memset(kept->Value, 0x55, kept->ValueSize);
            test::at_irql(DISPATCH_LEVEL,
                          [&] { EXPECT_EQ(PcCompletePendingPropertyRequest(kept, with), STATUS_SUCCESS); });
        });
        client([] { return STATUS_SUCCESS; });  // the client's thread takes what has come
    }
    std::uint8_t* memory = nullptr;
    PIO_STATUS_BLOCK status = nullptr;
    PPCPROPERTY_REQUEST kept = nullptr;
};

TEST_F(PendingTest, TheirBuffersLiveUntilTheyEnd) {
    filter_items({get});
    start_device_and_filter();
    send();
    EXPECT_EQ(memory[128], 0);
    finish(STATUS_SUCCESS);
    REQUIRES("FD-059"), REQUIRES("FN-152");
    EXPECT_EQ(status->Status, STATUS_SUCCESS);
    EXPECT_EQ(status->Information, 8u);
    EXPECT_EQ(memory[128], 0x55);
    EXPECT_EQ(memory[135], 0x55);
    EXPECT_EQ(memory[136], 0);
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PendingTest, TheClientsMemoryMayBeGoneByThen) {
    filter_items({get});
    start_device_and_filter();
    send();
    nt::mm::free_user(memory);
    auto* const other = static_cast<std::uint8_t*>(nt::mm::allocate_user(*thread.process(), 128));
    ASSERT_EQ(other, memory) << "the same pages, now less of them";
    nt::mm::free_user(other);
    REQUIRES("FD-059");
    finish(STATUS_SUCCESS);
    EXPECT_EQ(memory[128], 0) << "nothing is written where nothing is";
    EXPECT_EQ(pending_property_requests(), 0u);
}

TEST_F(PendingTest, CancellingIsTheDriversAffair) {
    filter_items({get});
    start_device_and_filter();
    send();
    EXPECT_EQ(cancel(filter), STATUS_SUCCESS);
    EXPECT_EQ(status->Status, STATUS_PENDING) << "the driver has no cancel routine";
    finish(STATUS_CANCELLED);
    REQUIRES("FD-059");
    EXPECT_EQ(status->Status, STATUS_CANCELLED);
    EXPECT_EQ(memory[128], 0);
}

TEST_F(PendingTest, TheFileStaysUntilTheRequestHasEnded) {
    filter_items({get});
    start_device_and_filter();
    send();
    REQUIRES("FD-059");
    close(filter);
    EXPECT_EQ(adapter().open_files, 1u);
    finish(STATUS_SUCCESS);
    pass_ms(1);  // a worker ends the file
    EXPECT_EQ(adapter().open_files, 0u);
    ASSERT_EQ(perform(nt::io::PnpAction::disable), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PendingTest, AClientMayDieMeanwhile) {
    filter_items({get});
    start_device_and_filter();
    send();
    REQUIRES("FD-059");
    EXPECT_FALSE(thread.call([] { nt::ke::exit_current_thread(STATUS_SUCCESS); }, millisecond_ns));
    run([&] { EXPECT_EQ(PcCompletePendingPropertyRequest(kept, STATUS_SUCCESS), STATUS_SUCCESS); });
    pass_ms(1'000);
    EXPECT_EQ(pending_property_requests(), 0u);
    EXPECT_EQ(nt::io::find_irp([](const nt::io::IrpRecord&, const void*) { return true; }, nullptr), nullptr)
        << "the request has ended, and nobody waits for it";
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

}  // namespace
}  // namespace portico::portcls
