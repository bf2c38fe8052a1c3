// What the PCI bus says of the card: configuration space by the bus driver's interface, and Plug and Play's
// properties, which must agree.
#include "pcimidi.h"

#include <ntstrsafe.h>

#include "config.tmh"

#pragma code_seg("PAGE")

// The interface has a reference for the caller.
_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ static NTSTATUS
    QueryBusInterface(_In_ PDEVICE_OBJECT DeviceObject, _Out_ PBUS_INTERFACE_STANDARD BusInterface) {
    PAGED_CODE();

    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PDEVICE_OBJECT target = IoGetAttachedDeviceReference(DeviceObject);
    IO_STATUS_BLOCK ioStatus = {};
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, target, nullptr, 0, nullptr, &event, &ioStatus);
    if (irp == nullptr) {
        ObDereferenceObject(target);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    RtlZeroMemory(BusInterface, sizeof(*BusInterface));
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    stack->Parameters.QueryInterface.Size = sizeof(BUS_INTERFACE_STANDARD);
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = reinterpret_cast<PINTERFACE>(BusInterface);
    stack->Parameters.QueryInterface.InterfaceSpecificData = nullptr;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;

    NTSTATUS status = IoCallDriver(target, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        status = ioStatus.Status;
    }
    ObDereferenceObject(target);
    return status;
}

_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ static NTSTATUS
    ReadConfig(_In_ PDEVICE_OBJECT DeviceObject, _Out_ PCI_COMMON_HEADER* Header) {
    PAGED_CODE();

    BUS_INTERFACE_STANDARD bus;
    NTSTATUS status = QueryBusInterface(DeviceObject, &bus);
    if (!NT_SUCCESS(status)) return status;

    ULONG read = bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, Header, 0, sizeof(*Header));
    if (read != sizeof(*Header) || Header->VendorID == PCI_INVALID_VENDORID) {
        status = STATUS_DEVICE_DOES_NOT_EXIST;
    } else if (!(Header->Command & PCI_ENABLE_BUS_MASTER)) {
        USHORT command = static_cast<USHORT>(Header->Command | PCI_ENABLE_BUS_MASTER);
        bus.SetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, &command, FIELD_OFFSET(PCI_COMMON_HEADER, Command),
                       sizeof(command));
    }
    bus.InterfaceDereference(bus.Context);
    return status;
}

// Whether a string of the list, "PCI\VEN_1D1D&DEV_4D49...", begins with the IDs of configuration space.
static BOOLEAN HardwareIdAgrees(_In_ PDEVICE_OBJECT DeviceObject, _In_ const CARD_LOCATION* Location) {
    PAGED_CODE();

    WCHAR expected[32];
    if (!NT_SUCCESS(RtlStringCchPrintfW(expected, ARRAYSIZE(expected), L"PCI\\VEN_%04X&DEV_%04X",
                                        Location->VendorId, Location->DeviceId))) {
        return FALSE;
    }
    ULONG length = 0;
    NTSTATUS status = IoGetDeviceProperty(DeviceObject, DevicePropertyHardwareID, 0, nullptr, &length);
    if (status != STATUS_BUFFER_TOO_SMALL || length == 0) return FALSE;
    PWSTR list = static_cast<PWSTR>(ExAllocatePool2(POOL_FLAG_PAGED, length, PCIMIDI_POOL_TAG));
    if (list == nullptr) return FALSE;

    BOOLEAN agrees = FALSE;
    status = IoGetDeviceProperty(DeviceObject, DevicePropertyHardwareID, length, list, &length);
    if (NT_SUCCESS(status)) {
        for (PWSTR id = list; *id != L'\0' && !agrees; id += wcslen(id) + 1) {
            agrees = _wcsnicmp(id, expected, wcslen(expected)) == 0;
        }
    }
    ExFreePoolWithTag(list, PCIMIDI_POOL_TAG);
    return agrees;
}

_Use_decl_annotations_ NTSTATUS LocateCard(PDEVICE_OBJECT PhysicalDeviceObject, PCARD_LOCATION Location) {
    PAGED_CODE();

    PCI_COMMON_HEADER header;
    NTSTATUS status = ReadConfig(PhysicalDeviceObject, &header);
    if (!NT_SUCCESS(status)) {
        TraceEvents(TRACE_LEVEL_ERROR, TRACE_INIT, "configuration space cannot be read: %!STATUS!", status);
        return status;
    }
    RtlZeroMemory(Location, sizeof(*Location));
    Location->VendorId = header.VendorID;
    Location->DeviceId = header.DeviceID;

    ULONG length = 0;
    status = IoGetDeviceProperty(PhysicalDeviceObject, DevicePropertyBusNumber, sizeof(Location->Bus),
                                 &Location->Bus, &length);
    if (!NT_SUCCESS(status)) return status;
    ULONG address = 0;
    status =
        IoGetDeviceProperty(PhysicalDeviceObject, DevicePropertyAddress, sizeof(address), &address, &length);
    if (!NT_SUCCESS(status)) return status;
    Location->Device = address >> 16;
    Location->Function = address & 0xFFFF;
    return HardwareIdAgrees(PhysicalDeviceObject, Location) ? STATUS_SUCCESS
                                                            : STATUS_DEVICE_CONFIGURATION_ERROR;
}
