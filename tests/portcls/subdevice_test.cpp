#include <gmock/gmock.h>

#include "adapter_test.h"
#include "nt/ex/pool.h"
#include "nt/io/interfaces.h"
#include "portcls/physical_connections.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct SubdeviceTest : test::AdapterTest {
    FakeMiniport first, second;

    NTSTATUS add(FakePort* port, const WCHAR* name) {
        return PcRegisterSubdevice(fdo, const_cast<PWSTR>(name), static_cast<IPortMidi*>(port));
    }
    // The started device, its body on a thread.
    void started(std::function<void()> body) {
        ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
        run(std::move(body));
    }
    static unsigned visible() {
        unsigned count = 0;
        while (nt::io::visible_interface(count, nullptr) != nullptr) ++count;
        return count;
    }
    static IUnknown* unknown(FakePort* port) { return static_cast<IPortMidi*>(port); }
};

TEST_F(SubdeviceTest, NamesAreUniqueAndMaxObjectsIsALimit) {
    max_objects = 2;
    started([&] {
        FakePort* const port = make_port(first);
        FakePort* const other = make_port(second);
        REQUIRES("FN-050");
        EXPECT_EQ(add(port, u"Uart"), STATUS_SUCCESS);
        REQUIRES("FN-051"), REQUIRES("LC-073");
        EXPECT_EQ(add(other, u"Uart"), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(add(other, u"Other"), STATUS_SUCCESS);
        REQUIRES("FN-017"), REQUIRES("LC-017");
        EXPECT_EQ(add(other, u"Third"), STATUS_INSUFFICIENT_RESOURCES);
        PVOID unregister = nullptr;
        ASSERT_EQ(port->QueryInterface(IID_IUnregisterSubdevice, &unregister), STATUS_SUCCESS);
        auto* const subdevice = static_cast<IUnregisterSubdevice*>(unregister);
        REQUIRES("US-001"), REQUIRES("US-002");
        EXPECT_EQ(subdevice->UnregisterSubdevice(fdo, unknown(port)), STATUS_SUCCESS);
        REQUIRES("US-006");
        EXPECT_EQ(subdevice->UnregisterSubdevice(fdo, unknown(port)), STATUS_NOT_FOUND);
        REQUIRES("US-007");
        FakePort* const again = make_port(first);
        EXPECT_EQ(add(again, u"Uart"), STATUS_SUCCESS) << "the place and the name are free again";
        subdevice->Release();
        port->Release();
        other->Release();
        again->Release();
    });
}

TEST_F(SubdeviceTest, AnObjectThatIsGoneIsRefused) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        PPORT port = nullptr;
        ASSERT_EQ(PcNewPort(&port, CLSID_PortMidi), STATUS_SUCCESS);
        PSERVICEGROUP group = nullptr;
        ASSERT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(port->Release(), 0u);
        REQUIRES("IU-004");
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), port), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ::testing::Contains("IU-004"));
        EXPECT_EQ(PcRegisterAdapterPowerManagement(port, fdo), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IU-004"));
        EXPECT_EQ(group->AddMember(reinterpret_cast<PSERVICESINK>(port)), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IU-004"));
        group->Release();
    });
}

TEST_F(SubdeviceTest, RefusesWhatIsNoInitialisedPort) {
    started([&] {
        FakePort* const port = FakePort::create(log);
        REQUIRES("FN-053");
        EXPECT_EQ(add(port, u"Uart"), STATUS_INVALID_PARAMETER) << "it was never initialised";
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), &first), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-053", "FN-053"));
        EXPECT_EQ(PcRegisterSubdevice(fdo, nullptr, unknown(port)), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u""), unknown(port)), STATUS_INVALID_PARAMETER);
        REQUIRES("FN-058");
        EXPECT_EQ(PcRegisterSubdevice(node->pdo, const_cast<PWSTR>(u"Uart"), unknown(port)),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), Contains("FN-058"));
        port->Release();
    });
}

TEST_F(SubdeviceTest, AnyInterfaceOfThePortStandsForIt) {
    started([&] {
        FakePort* const port = make_port(first);
        PVOID events = nullptr;
        ASSERT_EQ(port->QueryInterface(IID_IPortEvents, &events), STATUS_SUCCESS);
        REQUIRES("LC-019");
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), static_cast<PUNKNOWN>(events)),
                  STATUS_SUCCESS);
        EXPECT_NE(adapter().subdevices.find(*port), nullptr);
        static_cast<PUNKNOWN>(events)->Release();
        port->Release();
    });
}

TEST_F(SubdeviceTest, RefusesToRegisterBeforeTheStart) {
    ASSERT_EQ(perform(PnpAction::add_device), STATUS_SUCCESS);
    run([&] {
        FakePort* const port = make_port(first);
        REQUIRES("FN-057");
        EXPECT_EQ(add(port, u"Uart"), STATUS_INVALID_DEVICE_STATE);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-057"));
        port->Release();
    });
}

TEST_F(SubdeviceTest, SubdevicesComeAndGoWhileTheDeviceRuns) {
    started([&] {
        REQUIRES("LC-070"), REQUIRES("FLD-001"), REQUIRES("FN-056");
        FakePort* const port = make_port(first);
        EXPECT_EQ(add(port, u"Late"), STATUS_SUCCESS);
        EXPECT_EQ(visible(), 3u) << "visible at once";
        take_log();
        EXPECT_EQ(port->UnregisterSubdevice(fdo, unknown(port)), STATUS_SUCCESS);
        REQUIRES("US-003"), REQUIRES("LC-057");
        EXPECT_EQ(visible(), 0u);
        EXPECT_THAT(take_log(), ElementsAre("unbind"));
        EXPECT_EQ(first.references, 1);
        EXPECT_EQ(port->Release(), 0u);
    });
}

TEST_F(SubdeviceTest, APortKeepsTheDeviceObjectAlive) {
    FakePort* port = nullptr;
    started([&] { port = make_port(first); });
    const LONG_PTR before = nt::ob::references_of(fdo);
    run([&] { port->Release(); });
    REQUIRES("US-004"), REQUIRES("LC-075");
    EXPECT_EQ(nt::ob::references_of(fdo), before - 1);
}

TEST_F(SubdeviceTest, TheNameMustStay) {
    started([&] {
        auto* const name = static_cast<WCHAR*>(nt::ex::allocate(NonPagedPool, 10, 'tseT'));
        nt::io::copy_wide(name, 5, u"Uart");
        FakePort* const port = make_port(first);
        EXPECT_EQ(add(port, name), STATUS_SUCCESS);
        name[0] = u'X';
        EXPECT_EQ(port->UnregisterSubdevice(fdo, unknown(port)), STATUS_SUCCESS);
        REQUIRES("FN-052");
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-052"));
        nt::ex::free(name, 0);
        port->Release();
    });
}

TEST_F(SubdeviceTest, ConnectionsLinkBridgePinsOfTheDevice) {
    started([&] {
        FakePort* const port = make_port(first);
        FakePort* const other = make_port(second);
        ASSERT_EQ(add(port, u"Uart"), STATUS_SUCCESS);
        REQUIRES("FN-063");
        EXPECT_EQ(PcRegisterPhysicalConnection(fdo, unknown(port), 1, unknown(other), 3),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-063")) << "the other port is not registered";
        ASSERT_EQ(add(other, u"Topology"), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnection(fdo, unknown(port), 9, unknown(other), 3),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-063")) << "no such pin";
        REQUIRES("FN-060"), REQUIRES("FN-062"), REQUIRES("FD-004");
        EXPECT_EQ(PcRegisterPhysicalConnection(fdo, unknown(port), 1, unknown(other), 3), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        EXPECT_EQ(PcRegisterPhysicalConnection(fdo, unknown(port), 0, unknown(other), 3), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-063")) << "a stream pin";
        UNICODE_STRING link{};
        ULONG pin = 0;
        ASSERT_TRUE(find_other_end(adapter(), *port, 1, &link, &pin));
        EXPECT_EQ(pin, 3u);
        EXPECT_TRUE(nt::io::find_interface(link) != nullptr &&
                    nt::io::equal_wide(nt::io::find_interface(link)->reference, u"Topology"));
        ASSERT_TRUE(find_other_end(adapter(), *other, 3, &link, &pin));
        EXPECT_EQ(pin, 1u);
        EXPECT_FALSE(find_other_end(adapter(), *port, 2, &link, &pin));
        REQUIRES("UP-001"), REQUIRES("UP-002"), REQUIRES("LC-071");
        EXPECT_EQ(port->UnregisterPhysicalConnection(fdo, unknown(port), 1, unknown(other), 2),
                  STATUS_NOT_FOUND);
        EXPECT_EQ(port->UnregisterPhysicalConnection(fdo, unknown(port), 1, unknown(other), 3),
                  STATUS_SUCCESS);
        EXPECT_EQ(port->UnregisterPhysicalConnection(fdo, unknown(port), 1, unknown(other), 3),
                  STATUS_NOT_FOUND);
        REQUIRES("US-005"), REQUIRES("UP-003");
        EXPECT_EQ(port->UnregisterSubdevice(fdo, unknown(port)), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("US-005")) << "its other connection was still there";
        EXPECT_FALSE(find_other_end(adapter(), *other, 3, &link, &pin));
        port->Release();
        other->Release();
    });
}

TEST_F(SubdeviceTest, ConnectionsReachOtherAdapters) {
    started([&] {
        FakePort* const port = make_port(first);
        ASSERT_EQ(add(port, u"Uart"), STATUS_SUCCESS);
        UNICODE_STRING name{};
        RtlInitUnicodeString(&name, u"\\??\\elsewhere");
        REQUIRES("FN-061");
        EXPECT_EQ(PcRegisterPhysicalConnectionToExternal(fdo, unknown(port), 1, &name, 7), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnectionFromExternal(fdo, &name, 8, unknown(port), 3), STATUS_SUCCESS);
        UNICODE_STRING link{};
        ULONG pin = 0;
        ASSERT_TRUE(find_other_end(adapter(), *port, 1, &link, &pin));
        EXPECT_EQ(pin, 7u);
        EXPECT_TRUE(nt::ob::equal_names(link, name, false));
        EXPECT_EQ(port->UnregisterPhysicalConnectionToExternal(fdo, unknown(port), 1, &name, 7),
                  STATUS_SUCCESS);
        EXPECT_EQ(port->UnregisterPhysicalConnectionFromExternal(fdo, &name, 8, unknown(port), 3),
                  STATUS_SUCCESS);
        REQUIRES("FN-064");
        EXPECT_EQ(PcRegisterPhysicalConnectionToExternal(fdo, unknown(port), 1, nullptr, 7),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRegisterPhysicalConnection(nullptr, unknown(port), 1, unknown(port), 3),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-064", "FN-064"));
        port->Release();
    });
}

TEST_F(SubdeviceTest, IoTimeoutsRunWhileTheDeviceIsStarted) {
    static int calls;
    static sim::Irql irql;
    static PDEVICE_OBJECT seen;
    calls = 0;
    const PIO_TIMER_ROUTINE routine = [](PDEVICE_OBJECT device, PVOID context) NTAPI {
        calls += *static_cast<int*>(context);
        irql = nt::ke::current_irql();
        seen = device;
    };
    int one = 1, ten = 10;
    started([&] {
        REQUIRES("FN-130"), REQUIRES("FN-131");
        EXPECT_EQ(PcRegisterIoTimeout(fdo, routine, &one), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterIoTimeout(fdo, routine, &one), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(PcRegisterIoTimeout(fdo, routine, &ten), STATUS_SUCCESS);
        test::let_pass(3500 * millisecond_ns);
        EXPECT_EQ(calls, 33);
        EXPECT_EQ(irql, DISPATCH_LEVEL);
        EXPECT_EQ(seen, fdo);
        REQUIRES("FN-133");
        EXPECT_EQ(PcUnregisterIoTimeout(fdo, routine, &one), STATUS_SUCCESS);
        EXPECT_EQ(PcUnregisterIoTimeout(fdo, routine, &one), STATUS_NOT_FOUND);
        test::let_pass(second_ns);
        EXPECT_EQ(calls, 43);
    });
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    ASSERT_EQ(perform(PnpAction::stop), STATUS_SUCCESS);
    run([&] {
        test::let_pass(3 * second_ns);
        EXPECT_EQ(calls, 43) << "not while it is stopped";
    });
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        test::let_pass(1500 * millisecond_ns);
        EXPECT_EQ(calls, 53);
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    REQUIRES("FN-135");
    EXPECT_THAT(Contracts::take(), ElementsAre("FN-135"));
}

TEST_F(SubdeviceTest, AnObjectThatAnswersEverythingIsNoPort) {
    struct Liar : FakeMiniport {
        NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID, PVOID* out) override {
            *out = this;
            return ++references, STATUS_SUCCESS;
        }
    } liar;
    started([&] {
        REQUIRES("FN-053");
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), &liar), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-053"));
        EXPECT_EQ(liar.references, 1);
    });
}

TEST_F(SubdeviceTest, WhatIsNoObjectIsRefused) {
    started([&] {
        auto* const nowhere = reinterpret_cast<PUNKNOWN>(0x123456789ab0);
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), nowhere), STATUS_INVALID_PARAMETER);
        REQUIRES("IU-002");
        EXPECT_THAT(Contracts::take(), ElementsAre("IU-002", "FN-053"));
        FakePort* const port = FakePort::create(log);
        EXPECT_EQ(port->Init(fdo, nullptr, nowhere, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IU-002"));
        port->Release();
    });
}

TEST_F(SubdeviceTest, ADescriptorThatIsChangedOrFreedIsTold) {
    started([&] {
        FakePort* const port = make_port(first);
        first.pins[0].drivers_own[0] = 7;
        EXPECT_EQ(port->usable_descriptor(), &first.filter);
        EXPECT_THAT(Contracts::take(), IsEmpty()) << "what is behind a pin is the driver's";
        first.filter.PinCount = 2;
        REQUIRES("IM-011");
        EXPECT_EQ(port->usable_descriptor(), &first.filter);
        EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
        EXPECT_EQ(port->usable_descriptor(), &first.filter);
        EXPECT_THAT(Contracts::take(), IsEmpty()) << "once";
        first.filter.Pins = reinterpret_cast<const PCPIN_DESCRIPTOR*>(0x123456789ab0);
        EXPECT_EQ(port->usable_descriptor(), nullptr);
        EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
        EXPECT_EQ(add(port, u"Uart"), STATUS_INVALID_PARAMETER);
        Contracts::take();
        first.filter.Pins = &first.pins[0].descriptor;
        port->Release();

        auto* const filter = static_cast<PPCFILTER_DESCRIPTOR>(
            nt::ex::allocate(NonPagedPool, sizeof(PCFILTER_DESCRIPTOR), 'tseT'));
        *filter = first.filter;
        first.descriptor = filter;
        FakePort* const other = make_port(first);
        nt::ex::free(filter, 0);
        EXPECT_EQ(other->usable_descriptor(), nullptr);
        EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
        other->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
