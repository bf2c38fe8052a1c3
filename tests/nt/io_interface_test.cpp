// Device interfaces and who hears of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_pnp.h"
#include "kernel.h"
#include "nt/cm/cm.h"
#include "support/requires.h"

namespace portico::test::io_interface_test {
namespace {

using nt::io::DeviceNode;
using nt::io::perform;
using nt::io::PnpAction;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GUID audio{0x6994ad04, 0x93ef, 0x11d0, {0xa3, 0xcc, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};
constexpr GUID render{0x65e8773e, 0x8f56, 0x11d0, {0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};
constexpr char audio_uart[] = "\\??\\ROOT#MEDIA#0000#{6994ad04-93ef-11d0-a3cc-00a0c9223196}\\Uart";

struct Heard {
    static std::vector<std::string>& events() {
        static std::vector<std::string> all;
        return all;
    }
    static NTSTATUS NTAPI interface_change(PVOID structure, PVOID context) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        const auto& change = *static_cast<PDEVICE_INTERFACE_CHANGE_NOTIFICATION>(structure);
        EXPECT_EQ(change.Version, 1);
        EXPECT_EQ(change.Size, sizeof change);
        const bool arrival = change.Event.Data1 == 0xcb3a4004;
        events().push_back((arrival ? "+" : "-") + narrow(*change.SymbolicLinkName));
        if (context != nullptr) *static_cast<PVOID*>(context) = nullptr;
        return STATUS_SUCCESS;
    }
    static NTSTATUS& veto() {
        static NTSTATUS status = STATUS_SUCCESS;
        return status;
    }
    static NTSTATUS NTAPI target_change(PVOID structure, PVOID context) {
        const auto& change = *static_cast<PTARGET_DEVICE_REMOVAL_NOTIFICATION>(structure);
        EXPECT_EQ(change.FileObject, context);
        switch (change.Event.Data1) {
            case 0xcb3a4006:
                events().push_back("query");
                return veto();
            case 0xcb3a4007:
                events().push_back("cancelled");
                break;
            case 0xcb3a4008:
                events().push_back("complete");
                break;
            default:
                events().push_back("custom");
        }
        return STATUS_SUCCESS;
    }
};

struct InterfaceTest : ::testing::Test {
    Kernel kernel;
    PnpDriver driver;
    DeviceNode& node = *nt::io::add_node(described());
    UNICODE_STRING uart{};
    void* entry = nullptr;

    InterfaceTest() {
        Heard::events().clear();
        Heard::veto() = STATUS_SUCCESS;
        driver.started = [this](PIRP) {
            UNICODE_STRING reference = nt::ob::string(u"Uart");
            EXPECT_EQ(IoRegisterDeviceInterface(driver.pdo, &audio, &reference, &uart), STATUS_SUCCESS);
            EXPECT_EQ(IoSetDeviceInterfaceState(&uart, TRUE), STATUS_SUCCESS);
            // Not before START has ended.
            EXPECT_THAT(listed(audio), IsEmpty());
            return STATUS_SUCCESS;
        };
    }
    void start() { ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS); }
    static std::vector<std::string> listed(const GUID& guid, ULONG flags = 0) {
        std::vector<std::string> names;
        PZZWSTR list = nullptr;
        EXPECT_EQ(IoGetDeviceInterfaces(&guid, nullptr, flags, &list), STATUS_SUCCESS);
        for (const WCHAR* at = list; *at != 0; at += nt::io::wide_length(at) + 1) names.push_back(narrow(at));
        ExFreePool(list);
        return names;
    }
    void listen(ULONG flags) {
        EXPECT_EQ(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, flags,
                                                 const_cast<GUID*>(&audio), driver.object,
                                                 Heard::interface_change, nullptr, &entry),
                  STATUS_SUCCESS);
    }
    void settle() { kernel.settle(millisecond_ns); }
};

TEST_F(InterfaceTest, NamesAndOpening) {
    start();
    ASSERT_TRUE(kernel.run([&] {
        REQUIRES("FN-054");
        EXPECT_EQ(narrow(uart), audio_uart);
        EXPECT_THAT(listed(audio), ElementsAre(audio_uart));
        HANDLE file = open(reinterpret_cast<const char16_t*>(uart.Buffer));
        ASSERT_NE(file, nullptr);
        void* body = nullptr;
        nt::ob::reference_handle(file, 0, nullptr, KernelMode, &body);
        EXPECT_EQ(narrow(static_cast<PFILE_OBJECT>(body)->FileName), "\\Uart");
        EXPECT_EQ(static_cast<PFILE_OBJECT>(body)->DeviceObject, node.pdo);
        nt::ob::dereference(body);
        ZwClose(file);
        RtlFreeUnicodeString(&uart);
    }));
}

TEST_F(InterfaceTest, StatesAndTheirStatus) {
    start();
    ASSERT_TRUE(kernel.run([&] {
        EXPECT_EQ(IoSetDeviceInterfaceState(&uart, TRUE), STATUS_OBJECT_NAME_EXISTS);
        EXPECT_EQ(IoSetDeviceInterfaceState(&uart, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(IoSetDeviceInterfaceState(&uart, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open(reinterpret_cast<const char16_t*>(uart.Buffer)), nullptr);
        EXPECT_THAT(listed(audio), IsEmpty());
        EXPECT_THAT(listed(audio, DEVICE_INTERFACE_INCLUDE_NONACTIVE), ElementsAre(audio_uart));
        UNICODE_STRING user_form =
            nt::ob::string(u"\\\\?\\root#media#0000#{6994AD04-93ef-11d0-a3cc-00a0c9223196}\\uart");
        EXPECT_EQ(IoSetDeviceInterfaceState(&user_form, TRUE), STATUS_SUCCESS);
        UNICODE_STRING unknown = nt::ob::string(u"\\??\\nothing");
        EXPECT_EQ(IoSetDeviceInterfaceState(&unknown, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
        // Registered again: the same.
        UNICODE_STRING reference = nt::ob::string(u"Uart");
        UNICODE_STRING again{};
        EXPECT_EQ(IoRegisterDeviceInterface(driver.pdo, &audio, &reference, &again), STATUS_SUCCESS);
        EXPECT_EQ(narrow(again), audio_uart);
        UNICODE_STRING path = nt::ob::string(u"a\\b");
        EXPECT_EQ(IoRegisterDeviceInterface(driver.pdo, &audio, &path, &again),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(IoRegisterDeviceInterface(driver.fdo, &audio, &reference, &again),
                  STATUS_INVALID_DEVICE_REQUEST);
    }));
}

TEST_F(InterfaceTest, OneLinkForAllReferenceStrings) {
    start();
    ASSERT_TRUE(kernel.run([&] {
        UNICODE_STRING reference = nt::ob::string(u"Synth");
        UNICODE_STRING synth{};
        IoRegisterDeviceInterface(driver.pdo, &audio, &reference, &synth);
        EXPECT_EQ(IoSetDeviceInterfaceState(&synth, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(IoSetDeviceInterfaceState(&uart, FALSE), STATUS_SUCCESS);
        EXPECT_NE(open(reinterpret_cast<const char16_t*>(synth.Buffer)), nullptr);
        EXPECT_EQ(listed(audio).size(), 1u);
    }));
}

TEST_F(InterfaceTest, AliasAndRegistryKeyAndProperties) {
    start();
    ASSERT_TRUE(kernel.run([&] {
        UNICODE_STRING alias{};
        EXPECT_EQ(IoGetDeviceInterfaceAlias(&uart, &render, &alias), STATUS_OBJECT_NAME_NOT_FOUND);
        UNICODE_STRING reference = nt::ob::string(u"Uart");
        UNICODE_STRING other{};
        IoRegisterDeviceInterface(driver.pdo, &render, &reference, &other);
        EXPECT_EQ(IoGetDeviceInterfaceAlias(&uart, &render, &alias), STATUS_SUCCESS);
        EXPECT_EQ(narrow(alias), narrow(other));
        HANDLE key = nullptr;
        EXPECT_EQ(IoOpenDeviceInterfaceRegistryKey(&uart, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
        ZwClose(key);
        EXPECT_TRUE(nt::cm::key_exists(nt::ob::string(
            u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses\\{6994ad04-93ef-11d0-"
            u"a3cc-00a0c9223196}\\"
            u"##?#ROOT#MEDIA#0000#{6994ad04-93ef-11d0-a3cc-00a0c9223196}\\#Uart\\Device Parameters")));
        const DEVPROPKEY friendly{
            {0x026e516e, 0xb814, 0x414b, {0x83, 0xcd, 0x85, 0x6d, 0x6f, 0xef, 0x48, 0x22}}, 2};
        WCHAR name[] = u"My port";
        EXPECT_EQ(
            IoSetDeviceInterfacePropertyData(&uart, &friendly, 0, 0, DEVPROP_TYPE_STRING, sizeof name, name),
            STATUS_SUCCESS);
        WCHAR read[16] = {};
        ULONG needed = 0;
        DEVPROPTYPE type = 0;
        EXPECT_EQ(IoGetDeviceInterfacePropertyData(&uart, &friendly, 0, 0, sizeof read, read, &needed, &type),
                  STATUS_SUCCESS);
        EXPECT_EQ(narrow(read), "My port");
        EXPECT_EQ(needed, sizeof name);
    }));
}

TEST_F(InterfaceTest, ArrivalAfterStartRemovalWithTheDevice) {
    // The driver is loaded before its device starts, to be registered in time.
    ASSERT_EQ(perform(PnpAction::add_device, node), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.run([&] { listen(0); }));
    start();
    settle();
    EXPECT_THAT(Heard::events(), ElementsAre(std::string("+") + audio_uart));
    EXPECT_EQ(perform(PnpAction::surprise_remove, node), STATUS_SUCCESS);
    settle();
    REQUIRES("LC-054");
    EXPECT_THAT(Heard::events(), ElementsAre(std::string("+") + audio_uart, std::string("-") + audio_uart));
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_SUCCESS);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(entry), STATUS_INVALID_PARAMETER);
    }));
}

TEST_F(InterfaceTest, FailedStartShowsNothing) {
    const auto working = driver.started;
    driver.started = [&](PIRP irp) {
        working(irp);
        return STATUS_UNSUCCESSFUL;
    };
    ASSERT_EQ(perform(PnpAction::add_device, node), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.run([&] { listen(0); }));
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_UNSUCCESSFUL);
    settle();
    EXPECT_THAT(Heard::events(), IsEmpty());
    EXPECT_TRUE(kernel.run([&] { EXPECT_THAT(listed(audio), IsEmpty()); }));
}

TEST_F(InterfaceTest, ExistingOnesAreToldAtRegistration) {
    start();
    settle();
    EXPECT_TRUE(kernel.run([&] {
        listen(PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES);
        EXPECT_THAT(Heard::events(), ElementsAre(std::string("+") + audio_uart));
        EXPECT_EQ(IoUnregisterPlugPlayNotification(entry), STATUS_SUCCESS);
    }));
    EXPECT_EQ(perform(PnpAction::disable, node), STATUS_SUCCESS);
    settle();
    EXPECT_EQ(Heard::events().size(), 1u);
}

TEST_F(InterfaceTest, TargetDeviceIsAskedAndTold) {
    start();
    HANDLE file = nullptr;
    void* body = nullptr;
    EXPECT_TRUE(kernel.run([&] {
        file = open(reinterpret_cast<const char16_t*>(uart.Buffer));
        nt::ob::reference_handle(file, 0, nullptr, KernelMode, &body);
        EXPECT_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, body, driver.object,
                                                 Heard::target_change, body, &entry),
                  STATUS_SUCCESS);
        TARGET_DEVICE_CUSTOM_NOTIFICATION custom{};
        custom.Version = 1;
        custom.Size = sizeof custom;
        custom.Event.Data1 = 0x1234;
        EXPECT_EQ(IoReportTargetDeviceChange(driver.pdo, &custom), STATUS_SUCCESS);
        custom.Event = {0xcb3a4006, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
        EXPECT_EQ(IoReportTargetDeviceChange(driver.pdo, &custom), STATUS_INVALID_DEVICE_REQUEST);
    }));
    EXPECT_THAT(std::exchange(Heard::events(), {}), ElementsAre("custom"));
    Heard::veto() = STATUS_UNSUCCESSFUL;
    driver.seen();
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_UNSUCCESSFUL);
    EXPECT_THAT(std::exchange(Heard::events(), {}), ElementsAre("query", "cancelled"));
    EXPECT_THAT(driver.seen(), IsEmpty());
    Heard::veto() = STATUS_SUCCESS;
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_DEVICE_BUSY);
    EXPECT_THAT(std::exchange(Heard::events(), {}), ElementsAre("query", "cancelled"));
    EXPECT_TRUE(kernel.run([&] {
        nt::ob::dereference(body);
        ZwClose(file);
    }));
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::remove, node), STATUS_SUCCESS);
    EXPECT_THAT(Heard::events(), ElementsAre("query", "complete"));
}

TEST_F(InterfaceTest, DelayedReport) {
    start();
    static int told;
    told = 0;
    EXPECT_TRUE(kernel.run([&] {
        TARGET_DEVICE_CUSTOM_NOTIFICATION custom{};
        custom.Version = 1;
        custom.Size = sizeof custom;
        custom.Event.Data1 = 0x1234;
        EXPECT_EQ(IoReportTargetDeviceChangeAsynchronous(
                      driver.pdo, &custom, [](PVOID) NTAPI { ++told; }, nullptr),
                  STATUS_PENDING);
    }));
    settle();
    EXPECT_EQ(told, 1);
}

TEST_F(InterfaceTest, RuntimeInterfacesShowAtOnce) {
    driver.started = nullptr;
    start();
    EXPECT_TRUE(kernel.run([&] {
        listen(0);
        UNICODE_STRING reference = nt::ob::string(u"Uart");
        IoRegisterDeviceInterface(driver.pdo, &audio, &reference, &uart);
        IoSetDeviceInterfaceState(&uart, TRUE);
        REQUIRES("LC-070");
        EXPECT_THAT(listed(audio), ElementsAre(audio_uart));
        IoSetDeviceInterfaceState(&uart, FALSE);
    }));
    settle();
    REQUIRES("LC-072");
    EXPECT_THAT(Heard::events(), ElementsAre(std::string("+") + audio_uart, std::string("-") + audio_uart));
}

}  // namespace
}  // namespace portico::test::io_interface_test
