// A Plug and Play function driver of lambdas for tests: it records every IRP that its device gets.
#pragma once

#include <algorithm>

#include "io_driver.h"
#include "nt/io/interfaces.h"
#include "nt/io/notification.h"
#include "nt/po/po.h"

namespace portico::test {

inline const char* pnp_name(UCHAR minor) {
    switch (minor) {
        case IRP_MN_START_DEVICE:
            return "START";
        case IRP_MN_QUERY_REMOVE_DEVICE:
            return "QUERY_REMOVE";
        case IRP_MN_REMOVE_DEVICE:
            return "REMOVE";
        case IRP_MN_CANCEL_REMOVE_DEVICE:
            return "CANCEL_REMOVE";
        case IRP_MN_STOP_DEVICE:
            return "STOP";
        case IRP_MN_QUERY_STOP_DEVICE:
            return "QUERY_STOP";
        case IRP_MN_CANCEL_STOP_DEVICE:
            return "CANCEL_STOP";
        case IRP_MN_QUERY_DEVICE_RELATIONS:
            return "QUERY_DEVICE_RELATIONS";
        case IRP_MN_QUERY_CAPABILITIES:
            return "QUERY_CAPABILITIES";
        case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
            return "FILTER_RESOURCE_REQUIREMENTS";
        case IRP_MN_QUERY_PNP_DEVICE_STATE:
            return "QUERY_PNP_DEVICE_STATE";
        case IRP_MN_SURPRISE_REMOVAL:
            return "SURPRISE_REMOVAL";
        default:
            return "other";
    }
}

class PnpDriver {
  public:
    explicit PnpDriver(const char16_t* service = u"function") {
        current() = this;
        source_.service = service;
        source_.entry = entry;
        nt::io::register_driver(source_);
    }
    ~PnpDriver() { current() = nullptr; }
    PnpDriver(const PnpDriver&) = delete;

    // What the device has seen since the last question.
    std::vector<std::string> seen() { return std::exchange(seen_, {}); }

    // Returned instead of passing the request down.
    std::function<NTSTATUS(PIRP irp, UCHAR minor, bool* fail)> before;
    // Called when the lower drivers have succeeded with START.
    std::function<NTSTATUS(PIRP irp)> started;
    std::function<NTSTATUS(PDEVICE_OBJECT, PIRP)> power;
    NTSTATUS add_status = STATUS_SUCCESS;
    bool detach_on_remove = true;
    PDRIVER_OBJECT object = nullptr;
    PDEVICE_OBJECT fdo = nullptr;
    PDEVICE_OBJECT pdo = nullptr;
    PDEVICE_OBJECT lower = nullptr;
    int loads = 0;
    int unloads = 0;

  private:
    static PnpDriver*& current() {
        static PnpDriver* driver = nullptr;
        return driver;
    }
    static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING) {
        PnpDriver& own = *current();
        ++own.loads;
        own.object = driver;
        driver->DriverExtension->AddDevice = add_device;
        driver->DriverUnload = unload;
        driver->MajorFunction[IRP_MJ_PNP] = pnp;
        driver->MajorFunction[IRP_MJ_POWER] = power_irp;
        driver->MajorFunction[IRP_MJ_CREATE] = succeed;
        driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
        driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
        return STATUS_SUCCESS;
    }
    static void NTAPI unload(PDRIVER_OBJECT) { ++current()->unloads; }
    static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo) {
        PnpDriver& own = *current();
        own.seen_.push_back("AddDevice");
        if (!NT_SUCCESS(own.add_status)) return own.add_status;
        IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &own.fdo);
        own.pdo = pdo;
        own.lower = IoAttachDeviceToDeviceStack(own.fdo, pdo);
        own.fdo->Flags &= ~DO_DEVICE_INITIALIZING;
        own.fdo->Flags |= DO_POWER_PAGABLE;
        return STATUS_SUCCESS;
    }
    static NTSTATUS NTAPI succeed(PDEVICE_OBJECT, PIRP irp) {
        return TestDriver::complete(irp, STATUS_SUCCESS);
    }
    static NTSTATUS NTAPI pnp(PDEVICE_OBJECT, PIRP irp) {
        PnpDriver& own = *current();
        const UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
        own.seen_.push_back(pnp_name(minor));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        if (own.before) {
            bool fail = false;
            const NTSTATUS status = own.before(irp, minor, &fail);
            if (fail) return TestDriver::complete(irp, status, irp->IoStatus.Information);
        }
        if (minor == IRP_MN_START_DEVICE) return own.start(irp);
        if (minor == IRP_MN_REMOVE_DEVICE) return own.remove(irp);
        IoSkipCurrentIrpStackLocation(irp);
        return IoCallDriver(own.lower, irp);
    }
    NTSTATUS start(PIRP irp) {
        NTSTATUS status = IoForwardIrpSynchronously(lower, irp) ? irp->IoStatus.Status : STATUS_UNSUCCESSFUL;
        if (NT_SUCCESS(status) && started) status = started(irp);
        return TestDriver::complete(irp, status);
    }
    NTSTATUS remove(PIRP irp) {
        IoSkipCurrentIrpStackLocation(irp);
        const NTSTATUS status = IoCallDriver(lower, irp);
        if (detach_on_remove) {
            IoDetachDevice(lower);
            IoDeleteDevice(fdo);
            fdo = lower = nullptr;
        }
        return status;
    }
    static NTSTATUS NTAPI power_irp(PDEVICE_OBJECT device, PIRP irp) {
        PnpDriver& own = *current();
        if (own.power) return own.power(device, irp);
        PoStartNextPowerIrp(irp);
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(own.lower, irp);
    }

    nt::io::DriverSource source_;
    std::vector<std::string> seen_;
};

inline nt::io::DeviceDescription described(const char16_t* service = u"function") {
    nt::io::DeviceDescription description;
    description.service = service;
    description.bus_type = Isa;
    description.resource_count = 2;
    description.resources[0] = {nt::io::Resource::Kind::port, 0x330, 2, false, false};
    description.resources[1] = {nt::io::Resource::Kind::interrupt, 9, 0, true, false};
    return description;
}

}  // namespace portico::test
