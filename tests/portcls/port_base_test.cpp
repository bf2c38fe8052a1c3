#include "portcls/port_base.h"

#include <gmock/gmock.h>

#include <list>

#include "adapter_test.h"
#include "dmusicks.h"
#include "portcls/new_port.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PortBaseTest : test::AdapterTest {
    FakeMiniport miniport;
    test::FakeSink adapter_object;

    NTSTATUS init(FakePort* port, PRESOURCELIST resources = nullptr) {
        return port->Init(fdo, nullptr, &miniport, &adapter_object, resources);
    }
    void started(std::function<void()> body) {
        ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
        run(std::move(body));
    }
};

TEST_F(PortBaseTest, AnswersItsInterfaces) {
    run([&] {
        FakePort* const port = FakePort::create(log);
        REQUIRES("PM-004"), REQUIRES("PE-002"), REQUIRES("PV-002"), REQUIRES("US-002"), REQUIRES("UP-004"),
            REQUIRES("PP-004");
        for (const GUID* id :
             {&IID_IUnknown, &IID_IPort, &IID_IPortMidi, &IID_IPortEvents, &IID_IPortClsVersion,
              &IID_IPortClsPower, &IID_IUnregisterSubdevice, &IID_IUnregisterPhysicalConnection}) {
            PVOID found = nullptr;
            ASSERT_EQ(port->QueryInterface(*id, &found), STATUS_SUCCESS);
            // Each pointer counts the same object.
            EXPECT_EQ(static_cast<IUnknown*>(found)->Release(), 1u);
        }
        PVOID none = nullptr;
        REQUIRES("DR-002");
        EXPECT_FALSE(NT_SUCCESS(port->QueryInterface(IID_IDrmPort, &none)));
        EXPECT_FALSE(NT_SUCCESS(port->QueryInterface(IID_IDrmPort2, &none)));
        REQUIRES("PV-001"), REQUIRES("PV-005");
        REQUIRES("PV-003");
        EXPECT_EQ(kVersionInvalid, -1);
        EXPECT_EQ(kVersionWinXP, 8);
        EXPECT_EQ(kVersionWinServer2003_UAAQFE, 13);
        EXPECT_EQ(kVersionWindowsLonghorn, 14);
        PVOID version = nullptr;
        port->QueryInterface(IID_IPortClsVersion, &version);
        EXPECT_GE(static_cast<IPortClsVersion*>(version)->GetVersion(),
                  static_cast<DWORD>(kVersionWinServer2003_UAAQFE));
        static_cast<IPortClsVersion*>(version)->Release();
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(PortBaseTest, InitHoldsItsArgumentsUntilTheEnd) {
    started([&] {
        PRESOURCELIST resources = nullptr;
        PcNewResourceList(&resources, nullptr, PagedPool, nullptr, nullptr);
        FakePort* const port = FakePort::create(log);
        REQUIRES("IP-010"), REQUIRES("IP-018"), REQUIRES("IU-005");
        EXPECT_EQ(init(port, resources), STATUS_SUCCESS);
        EXPECT_EQ(miniport.references, 2);
        EXPECT_EQ(adapter_object.references, 2);
        EXPECT_EQ(live_object_at(resources)->references, 2);
        REQUIRES("IP-015"), REQUIRES("IM-010");
        EXPECT_EQ(port->Descriptor(), &miniport.filter);
        EXPECT_EQ(port->unknown_miniport(), &miniport);
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_EQ(miniport.references, 1);
        EXPECT_EQ(adapter_object.references, 1);
        EXPECT_EQ(resources->Release(), 0u);
        EXPECT_THAT(take_log(), ElementsAre("bind", "unbind", "port gone"));
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
}

TEST_F(PortBaseTest, AFailedInitReleasesThemAndLeavesThePortUnusable) {
    started([&] {
        FakePort* const port = FakePort::create(log);
        port->bind_status = STATUS_IO_DEVICE_ERROR;
        REQUIRES("IP-020"), REQUIRES("LC-015");
        EXPECT_EQ(init(port), STATUS_IO_DEVICE_ERROR);
        EXPECT_EQ(miniport.references, 1);
        EXPECT_EQ(adapter_object.references, 1);
        EXPECT_EQ(port->Descriptor(), nullptr);
        EXPECT_EQ(adapter().ports, nullptr);
        port->bind_status = STATUS_SUCCESS;
        EXPECT_EQ(init(port), STATUS_INVALID_DEVICE_STATE);
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_THAT(take_log(), ElementsAre("bind", "port gone"));
    });
}

TEST_F(PortBaseTest, InitChecksItsArguments) {
    started([&] {
        FakePort* const port = FakePort::create(log);
        REQUIRES("IP-023");
        EXPECT_EQ(port->Init(fdo, nullptr, nullptr, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(port->Init(nullptr, nullptr, &miniport, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        REQUIRES("IP-011");
        EXPECT_EQ(port->Init(node->pdo, nullptr, &miniport, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-011"));
        REQUIRES("IP-017"), REQUIRES("FLD-001");
        EXPECT_EQ(port->Init(fdo, nullptr, &miniport, nullptr, nullptr), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        REQUIRES("IP-022");
        EXPECT_EQ(init(port), STATUS_INVALID_DEVICE_STATE);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-022"));
        port->Release();
        FakePort* const other = FakePort::create(log);
        IRP irp{};
        EXPECT_EQ(other->Init(fdo, &irp, &miniport, nullptr, nullptr), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-011")) << "not StartDevice's IRP";
        other->Release();
    });
}

TEST_F(PortBaseTest, AMiniportMustDescribeItself) {
    started([&] {
        miniport.is_miniport = false;
        FakePort* const port = FakePort::create(log);
        REQUIRES("IM-002");
        EXPECT_FALSE(NT_SUCCESS(init(port)));
        EXPECT_THAT(Contracts::take(), ElementsAre("IM-002"));
        port->Release();
        miniport.is_miniport = true;
        miniport.descriptor = nullptr;
        FakePort* const second = FakePort::create(log);
        REQUIRES("IM-011");
        EXPECT_FALSE(NT_SUCCESS(init(second)));
        EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
        second->Release();
        miniport.descriptor = &miniport.filter;
        const auto refused = [&](std::function<void(PCFILTER_DESCRIPTOR&)> spoil) {
            const PCFILTER_DESCRIPTOR good = miniport.filter;
            spoil(miniport.filter);
            FakePort* const spoilt = FakePort::create(log);
            EXPECT_EQ(init(spoilt), STATUS_INVALID_PARAMETER);
            spoilt->Release();
            miniport.filter = good;
            return Contracts::take();
        };
        REQUIRES("FD-003");
        EXPECT_THAT(refused([](auto& f) { f.PinSize = sizeof(PCPIN_DESCRIPTOR) - 8; }),
                    ElementsAre("FD-003"));
        EXPECT_THAT(refused([](auto& f) { f.PinSize += 4; }), ElementsAre("FD-003"));
        REQUIRES("FD-005");
        EXPECT_THAT(refused([](auto& f) { f.Pins = nullptr; }), ElementsAre("FD-005"));
        EXPECT_THAT(refused([](auto& f) { f.PinCount = 0xFFFFFFFF; }), ElementsAre("FD-005"));
        EXPECT_THAT(refused([](auto& f) { f.NodeCount = 1; }), ElementsAre("FD-005"));
        miniport.description_status = STATUS_NO_MEMORY;
        FakePort* const third = FakePort::create(log);
        EXPECT_EQ(init(third), STATUS_NO_MEMORY);
        third->Release();
        EXPECT_EQ(miniport.references, 1);
    });
}

TEST_F(PortBaseTest, DevicePropertiesComeFromTheDevice) {
    started([&] {
        FakePort* const port = FakePort::create(log);
        ULONG needed = 0;
        REQUIRES("IP-033");
        EXPECT_EQ(port->GetDeviceProperty(DevicePropertyHardwareID, 0, nullptr, &needed),
                  STATUS_INVALID_DEVICE_STATE);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-033"));
        ASSERT_EQ(init(port), STATUS_SUCCESS);
        REQUIRES("IP-030"), REQUIRES("IP-032");
        EXPECT_EQ(port->GetDeviceProperty(DevicePropertyHardwareID, 0, nullptr, &needed),
                  STATUS_BUFFER_TOO_SMALL);
        WCHAR ids[256] = {}, same[256] = {};
        ASSERT_LE(needed, sizeof ids);
        ULONG written = 0;
        EXPECT_EQ(port->GetDeviceProperty(DevicePropertyHardwareID, sizeof ids, ids, &written),
                  STATUS_SUCCESS);
        EXPECT_EQ(written, needed);
        EXPECT_TRUE(nt::io::equal_wide(ids, u"ROOT\\FAKE"));
        REQUIRES("IP-031"), REQUIRES("FN-150"), REQUIRES("FLD-005");
        EXPECT_EQ(PcGetDeviceProperty(fdo, DevicePropertyHardwareID, sizeof same, same, &written),
                  STATUS_SUCCESS);
        EXPECT_TRUE(nt::io::equal_wide(ids, same));
        REQUIRES("FN-151");
        for (int property = DevicePropertyDeviceDescription; property <= DevicePropertyInstallState;
             ++property) {
            UCHAR buffer[512];
            const NTSTATUS status = PcGetDeviceProperty(fdo, static_cast<DEVICE_REGISTRY_PROPERTY>(property),
                                                        sizeof buffer, buffer, &written);
            EXPECT_NE(status, STATUS_INVALID_PARAMETER) << property;
            EXPECT_NE(status, STATUS_BUFFER_TOO_SMALL) << property;
        }
        EXPECT_EQ(PcGetDeviceProperty(node->pdo, DevicePropertyHardwareID, 0, nullptr, &written),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-150"));
        port->Release();
    });
}

TEST_F(PortBaseTest, NewPortKnowsTheMidiPortByAllItsNamesAndTheOthersByTheirs) {
    run([&] {
        for (const GUID* id : {&CLSID_PortMidi, &CLSID_PortDMus, &IID_IPortMidi, &IID_IPortDMus}) {
            PPORT port = nullptr;
            REQUIRES("FN-030"), REQUIRES("FN-033"), REQUIRES("FN-034"), REQUIRES("CX-001"),
                REQUIRES("PM-003");
            ASSERT_EQ(PcNewPort(&port, *id), STATUS_SUCCESS);
            ASSERT_NE(port, nullptr);
            PVOID midi = nullptr;
            REQUIRES("FN-036");
            EXPECT_EQ(port->QueryInterface(IID_IPortMidi, &midi), STATUS_SUCCESS);
            EXPECT_EQ(midi, port);
            port->Release();
            EXPECT_EQ(port->Release(), 0u);
        }
        for (const GUID* id :
             {&CLSID_PortWaveCyclic, &CLSID_PortWavePci, &CLSID_PortWaveRT, &CLSID_PortTopology}) {
            PPORT port = nullptr;
            REQUIRES("FN-032");
            ASSERT_EQ(PcNewPort(&port, *id), STATUS_SUCCESS);
            EXPECT_EQ(port->Release(), 0u);
        }
        for (const GUID* id : {&CLSID_MiniportDriverUart, &IID_IPort}) {
            PPORT port = reinterpret_cast<PPORT>(1);
            REQUIRES("FN-035");
            EXPECT_EQ(PcNewPort(&port, *id), STATUS_NOT_SUPPORTED);
            EXPECT_EQ(port, nullptr);
        }
        REQUIRES("FN-031");
        EXPECT_EQ(PcNewPort(nullptr, CLSID_PortMidi), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-031"));
    });
}

TEST_F(PortBaseTest, NewMiniportAsksWhoLoadedTheImages) {
    run([&] {
        PMINIPORT made = reinterpret_cast<PMINIPORT>(1);
        create_system_miniport = nullptr;
        EXPECT_EQ(PcNewMiniport(&made, CLSID_MiniportDriverUart), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(made, nullptr);
        static FakeMiniport* uart;
        uart = &miniport;
        create_system_miniport = [](PMINIPORT* out, const GUID& id) -> NTSTATUS {
            if (!IsEqualGUID(id, CLSID_MiniportDriverUart)) return STATUS_NOT_SUPPORTED;
            *out = uart;
            return STATUS_SUCCESS;
        };
        REQUIRES("FN-040"), REQUIRES("FN-041");
        EXPECT_EQ(PcNewMiniport(&made, CLSID_MiniportDriverUart), STATUS_SUCCESS);
        EXPECT_EQ(made, &miniport);
        REQUIRES("FN-047");
        EXPECT_FALSE(NT_SUCCESS(PcNewMiniport(&made, CLSID_PortMidi)));
        EXPECT_EQ(made, nullptr);
        create_system_miniport = nullptr;
    });
}

struct PortEventsTest : PortBaseTest {
    static constexpr GUID set{0xE85E9698, 0xFA2F, 0x11D1, {0x95, 0xBD, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3}};
    static PortEvent make(ULONG id, ULONG pin = ~0u, ULONG node_id = ~0u) {
        PortEvent event{};
        event.set = set;
        event.id = id;
        event.pin = pin;
        event.node = node_id;
        return event;
    }
    static VOID NTAPI say(PKDPC, PVOID id, PVOID, PVOID) {
        signalled.push_back(static_cast<ULONG>(reinterpret_cast<std::uintptr_t>(id)));
    }
    // Its DPC, which says the event's id, runs before whoever generated it goes on.
    void listen(PortEvent& event) {
        KDPC& dpc = dpcs.emplace_back();
        nt::ke::initialize_dpc(&dpc, say, reinterpret_cast<void*>(std::uintptr_t{event.id}));
        event.notification.type = KSEVENTF_DPC;
        event.notification.object = &dpc;
    }
    void enable(FakePort* port, PortEvent& event) {
        listen(event);
        EXPECT_TRUE(port->events().begin_request(event));
        port->AddEventToEventList(&event.entry);
        EXPECT_TRUE(port->events().end_request(event, true).listed);
    }
    inline static std::vector<ULONG> signalled;
    std::list<KDPC> dpcs;
    PortEventsTest() { signalled.clear(); }
};

TEST_F(PortEventsTest, GenerateSelectsBySetIdPinAndNode) {
    run([&] {
        FakePort* const port = FakePort::create(log);
        PortEvent plain = make(1), on_pin = make(2, 3), on_node = make(3, ~0u, 7);
        REQUIRES("PE-001"), REQUIRES("PE-003");
        enable(port, plain), enable(port, on_pin), enable(port, on_node);
        GUID same = set, other = IID_IUnknown;
        REQUIRES("PE-005"), REQUIRES("PE-006");
        port->GenerateEventList(nullptr, 1, FALSE, 0, FALSE, 0);
        port->GenerateEventList(&same, 2, TRUE, 3, FALSE, 0);
        port->GenerateEventList(&other, 2, TRUE, 3, FALSE, 0);
        port->GenerateEventList(nullptr, 2, TRUE, 4, FALSE, 0);
        port->GenerateEventList(nullptr, 3, FALSE, 0, TRUE, 7);
        port->GenerateEventList(nullptr, 3, FALSE, 0, TRUE, 8);
        EXPECT_THAT(signalled, ElementsAre(1, 2, 3));
        REQUIRES("PE-008");
        port->GenerateEventList(nullptr, 1, FALSE, 0, FALSE, 0);
        EXPECT_THAT(signalled, ElementsAre(1, 2, 3, 1)) << "an event stays until it is disabled";
        FILE_OBJECT* const no_file = nullptr;
        EXPECT_EQ(port->events().take(no_file), &plain);
        port->GenerateEventList(nullptr, 1, FALSE, 0, FALSE, 0);
        EXPECT_EQ(signalled.size(), 4u);
        port->Release();
    });
}

TEST_F(PortEventsTest, OneShotEventsAreSignalledOnce) {
    static PortEvent* ended;
    run([&] {
        FakePort* const port = FakePort::create(log);
        PortEvent once = make(5);
        once.entry.Flags = KSEVENT_ENTRY_ONESHOT;
        once.ended = [](PortEvent& event) { ended = &event; };
        enable(port, once);
        port->GenerateEventList(nullptr, 5, FALSE, 0, FALSE, 0);
        port->GenerateEventList(nullptr, 5, FALSE, 0, FALSE, 0);
        REQUIRES("PE-008");
        EXPECT_THAT(signalled, ElementsAre(5));
        EXPECT_EQ(ended, &once);
        port->Release();
    });
}

TEST_F(PortEventsTest, OnlyTheCurrentRequestsEntryIsAddedAndOnce) {
    run([&] {
        FakePort* const port = FakePort::create(log);
        PortEvent event = make(1), stray = make(2);
        listen(event);
        EXPECT_TRUE(port->events().begin_request(event));
        REQUIRES("PE-004");
        port->AddEventToEventList(&stray.entry);
        EXPECT_THAT(Contracts::take(), ElementsAre("PE-004"));
        port->AddEventToEventList(&event.entry);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        port->AddEventToEventList(&event.entry);
        EXPECT_THAT(Contracts::take(), ElementsAre("PE-004"));
        EXPECT_TRUE(port->events().end_request(event, true).listed);
        port->GenerateEventList(nullptr, 1, FALSE, 0, FALSE, 0);
        EXPECT_THAT(signalled, ElementsAre(1));
        PortEvent forgotten = make(3);
        EXPECT_TRUE(port->events().begin_request(forgotten));
        REQUIRES("FD-073");
        EXPECT_FALSE(port->events().end_request(forgotten, true).added) << "the handler did not add it";
        port->Release();
    });
}

TEST_F(PortEventsTest, AboveDispatchLevelADpcDoesTheWork) {
    run([&] {
        FakePort* const port = FakePort::create(log);
        PortEvent event = make(1);
        enable(port, event);
        KSEMAPHORE came;
        nt::ke::initialize_semaphore(&came, 0, 1000);
        event.notification = {KSEVENTF_SEMAPHORE_OBJECT, &came, false, 1};
        test::at_irql(9, [&] {
            for (unsigned i = 0; i < PortEvents::postponed_limit + 3; ++i) {
                port->GenerateEventList(nullptr, 1, FALSE, 0, FALSE, 0);
            }
            EXPECT_EQ(came.Header.SignalState, 0);
        });
        REQUIRES("PE-007");
        EXPECT_EQ(came.Header.SignalState, static_cast<LONG>(PortEvents::postponed_limit));
        port->Release();
    });
}

TEST_F(PortEventsTest, AFilesEventsGoWithIt) {
    run([&] {
        FakePort* const port = FakePort::create(log);
        FILE_OBJECT file{}, other{};
        PortEvent a = make(1), b = make(2), c = make(3);
        a.entry.FileObject = c.entry.FileObject = &file;
        b.entry.FileObject = &other;
        enable(port, a), enable(port, b), enable(port, c);
        EXPECT_EQ(port->events().take(&file), &a);
        EXPECT_EQ(port->events().take(&file), &c);
        EXPECT_EQ(port->events().take(&file), nullptr);
        port->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
