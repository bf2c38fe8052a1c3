// What a driver finds in its driver and device objects from DriverEntry to DriverUnload.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_driver.h"
#include "kernel.h"
#include "nt/ex/pool.h"

namespace portico::test::io_driver_object_test {
namespace {

constexpr const char16_t* service = u"looked-at";

struct Seen {
    ULONG flags_at_entry = 0;
    ULONG flags_at_unload = 0;
    std::string registry_path;
};
Seen seen;

void check_names(PDRIVER_OBJECT driver) {
    EXPECT_EQ(narrow(driver->DriverName), "\\Driver\\looked-at");
    EXPECT_EQ(driver->DriverName.MaximumLength, driver->DriverName.Length);
    const UNICODE_STRING& key = driver->DriverExtension->ServiceKeyName;
    EXPECT_EQ(narrow(key), "looked-at");
    EXPECT_EQ(key.MaximumLength, key.Length + sizeof(WCHAR));
    EXPECT_EQ(key.Buffer[key.Length / sizeof(WCHAR)], 0);
    const UNICODE_STRING& hardware = *driver->HardwareDatabase;
    EXPECT_EQ(narrow(hardware), "\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM");
    EXPECT_EQ(hardware.MaximumLength, hardware.Length + sizeof(WCHAR));
    EXPECT_EQ(hardware.Buffer[hardware.Length / sizeof(WCHAR)], 0);
}

NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
    EXPECT_EQ(driver->Type, 4);
    EXPECT_EQ(driver->Size, static_cast<CSHORT>(sizeof(DRIVER_OBJECT)));
    EXPECT_EQ(driver->DeviceObject, nullptr);
    EXPECT_EQ(static_cast<void*>(driver->DriverExtension), driver + 1);
    EXPECT_EQ(driver->DriverExtension->DriverObject, driver);
    EXPECT_EQ(driver->DriverExtension->AddDevice, nullptr);
    EXPECT_EQ(driver->DriverExtension->Count, 0u);
    EXPECT_EQ(driver->DriverInit, &entry);
    EXPECT_EQ(driver->DriverUnload, nullptr);
    for (auto routine : driver->MajorFunction) EXPECT_EQ(routine, driver->MajorFunction[0]);
    EXPECT_NE(driver->MajorFunction[0], nullptr);
    check_names(driver);
    seen.flags_at_entry = driver->Flags;
    seen.registry_path = narrow(*path);
    EXPECT_EQ(reinterpret_cast<ULONG_PTR>(path) % PAGE_SIZE, 0u);
    EXPECT_EQ(static_cast<void*>(path->Buffer), path + 1);
    EXPECT_EQ(path->MaximumLength, path->Length);
    driver->DriverUnload = [](PDRIVER_OBJECT object) NTAPI {
        seen.flags_at_unload = object->Flags;
        if (object->DeviceObject != nullptr) IoDeleteDevice(object->DeviceObject);
    };
    return STATUS_SUCCESS;
}

PDRIVER_OBJECT load() {
    seen = Seen{};
    nt::io::DriverSource source;
    source.service = service;
    source.entry = entry;
    PDRIVER_OBJECT driver = nullptr;
    EXPECT_EQ(nt::io::load_driver(source, &driver), STATUS_SUCCESS);
    return driver;
}

TEST(IoDriverObject, FromEntryToUnload) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        PDRIVER_OBJECT const driver = load();
        ASSERT_NE(driver, nullptr);
        EXPECT_EQ(seen.flags_at_entry, static_cast<ULONG>(DRVO_LEGACY_DRIVER));
        EXPECT_EQ(driver->Flags, static_cast<ULONG>(DRVO_LEGACY_DRIVER | DRVO_INITIALIZED));
        EXPECT_EQ(seen.registry_path, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\looked-at");
        EXPECT_EQ(nt::io::unload_driver(driver, false), STATUS_SUCCESS);
        EXPECT_EQ(seen.flags_at_unload,
                  static_cast<ULONG>(DRVO_LEGACY_DRIVER | DRVO_INITIALIZED | DRVO_UNLOAD_INVOKED));
    }));
}

TEST(IoDriverObject, ADriverWithAddDeviceIsNoLegacyDriver) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        nt::io::DriverSource source;
        source.service = u"modern";
        source.entry = [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
            driver->DriverExtension->AddDevice = [](PDRIVER_OBJECT, PDEVICE_OBJECT)
                                                     NTAPI -> NTSTATUS { return STATUS_SUCCESS; };
            return STATUS_SUCCESS;
        };
        PDRIVER_OBJECT driver = nullptr;
        ASSERT_EQ(nt::io::load_driver(source, &driver), STATUS_SUCCESS);
        EXPECT_EQ(driver->Flags, static_cast<ULONG>(DRVO_INITIALIZED));
    }));
}

TEST(IoDriverObject, ClientExtensionsHaveOneIdEach) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        PDRIVER_OBJECT const driver = load();
        void* extension = nullptr;
        EXPECT_EQ(IoAllocateDriverObjectExtension(driver, nullptr, 100, &extension), STATUS_SUCCESS);
        ASSERT_NE(extension, nullptr);
        EXPECT_EQ(IoGetDriverObjectExtension(driver, nullptr), extension);
        EXPECT_EQ(IoAllocateDriverObjectExtension(driver, nullptr, 100, &extension),
                  STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(extension, nullptr);
        EXPECT_EQ(IoGetDriverObjectExtension(driver, driver), nullptr);
    }));
}

struct Creation {
    NTSTATUS status;
    PDEVICE_OBJECT device;
};
Creation create(PDRIVER_OBJECT driver, const char16_t* name, bool exclusive) {
    Creation result{STATUS_PENDING, nullptr};
    UNICODE_STRING string = nt::ob::string(name);
    result.status =
        IoCreateDevice(driver, 0, &string, FILE_DEVICE_UNKNOWN, 0, exclusive ? TRUE : FALSE, &result.device);
    return result;
}

TEST(IoDeviceObject, FieldsOfANewOne) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        PDRIVER_OBJECT const driver = load();
        EXPECT_EQ(create(driver, u"\\Device1\\Looked-at", false).status, STATUS_OBJECT_PATH_NOT_FOUND);
        for (const bool exclusive : {true, false}) {
            const Creation made = create(driver, u"\\Device\\Looked-at", exclusive);
            ASSERT_EQ(made.status, STATUS_SUCCESS);
            EXPECT_EQ(made.device->Type, 3);
            EXPECT_EQ(made.device->Size, sizeof(DEVICE_OBJECT));
            EXPECT_EQ(made.device->ReferenceCount, 0);
            EXPECT_EQ(made.device->NextDevice, nullptr);
            EXPECT_EQ(made.device->AttachedDevice, nullptr);
            EXPECT_EQ(made.device->CurrentIrp, nullptr);
            EXPECT_EQ(made.device->Characteristics, 0u);
            EXPECT_EQ(made.device->StackSize, 1);
            EXPECT_EQ(made.device->ActiveThreadCount, 0u);
            EXPECT_EQ(made.device->Flags, static_cast<ULONG>(DO_DEVICE_HAS_NAME | DO_DEVICE_INITIALIZING |
                                                             (exclusive ? DO_EXCLUSIVE : 0)));
            EXPECT_EQ(made.device->DeviceObjectExtension->Type, 13);
            EXPECT_EQ(made.device->DeviceObjectExtension->Size, 0);
            EXPECT_EQ(made.device->DeviceObjectExtension->DeviceObject, made.device);
            IoDeleteDevice(made.device);
            EXPECT_EQ(driver->DeviceObject, nullptr);
        }
    }));
}

// Attaching to a stack goes on top of it and tells what is below; detaching leaves the others' sizes alone.
TEST(IoDeviceObject, AttachedOnTopAndDetached) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT devices[3];
        for (auto& device : devices) device = driver.device(nullptr);
        EXPECT_EQ(IoAttachDeviceToDeviceStack(devices[1], devices[0]), devices[0]);
        EXPECT_EQ(IoAttachDeviceToDeviceStack(devices[2], devices[0]), devices[1]);
        EXPECT_EQ(devices[0]->AttachedDevice, devices[1]);
        EXPECT_EQ(devices[1]->AttachedDevice, devices[2]);
        EXPECT_EQ(devices[2]->AttachedDevice, nullptr);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(devices[i]->StackSize, i + 1);
        PDEVICE_OBJECT const lower = IoGetLowerDeviceObject(devices[2]);
        EXPECT_EQ(lower, devices[1]);
        ObDereferenceObject(lower);
        PDEVICE_OBJECT const base = IoGetDeviceAttachmentBaseRef(devices[2]);
        EXPECT_EQ(base, devices[0]);
        ObDereferenceObject(base);
        IoDetachDevice(devices[0]);
        EXPECT_EQ(devices[0]->AttachedDevice, nullptr);
        EXPECT_EQ(devices[1]->AttachedDevice, devices[2]);
        IoDetachDevice(devices[1]);
        EXPECT_EQ(devices[1]->AttachedDevice, nullptr);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(devices[i]->StackSize, i + 1);
        for (auto* device : devices) IoDeleteDevice(device);
    }));
}

TEST(IoDriverLoad, StatusesByServiceKey) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        UNICODE_STRING absent =
            nt::ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\deadbeef");
        EXPECT_EQ(ZwLoadDriver(&absent), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ZwUnloadDriver(&absent), STATUS_OBJECT_NAME_NOT_FOUND);
        TestDriver driver;
        UNICODE_STRING own =
            nt::ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\tested");
        EXPECT_EQ(ZwLoadDriver(&own), STATUS_IMAGE_ALREADY_LOADED);
        EXPECT_EQ(ZwUnloadDriver(&own), STATUS_INVALID_DEVICE_REQUEST);  // it has no unload routine
    }));
}

}  // namespace
}  // namespace portico::test::io_driver_object_test
