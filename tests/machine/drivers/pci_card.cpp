// A WDM function driver of a PCI card with its registers in memory: it prints what the bus says of the
// device, and has the card send a message out of a common buffer. Its registers: 0 start, 4 address, 8
// length, 12 status (write a one to clear).
#include <initguid.h>
#include <wdm.h>
#include <wdmguid.h>

struct Extension {
    PDEVICE_OBJECT Pdo;
    PDEVICE_OBJECT Lower;
    PULONG Registers;
    ULONG Length;
    PDMA_ADAPTER Adapter;
    PVOID Buffer;
    PHYSICAL_ADDRESS Logical;
    PKINTERRUPT Interrupt;
    LONG Interrupts;
    ULONG Vector;
    KIRQL Irql;
    KAFFINITY Affinity;
    BOOLEAN Shared;
};

extern "C" DRIVER_INITIALIZE DriverEntry;

static NTSTATUS Passed(PDEVICE_OBJECT, PIRP, PVOID Event) {
    KeSetEvent(PKEVENT(Event), IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendDown(Extension* Own, PIRP Irp) {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Passed, &event, TRUE, TRUE, TRUE);
    NTSTATUS status = IoCallDriver(Own->Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

static NTSTATUS Ask(Extension* Own, PIO_STACK_LOCATION Question, ULONG_PTR* Information) {
    KEVENT event;
    IO_STATUS_BLOCK result;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, Own->Lower, NULL, 0, NULL, &event, &result);
    if (!irp) return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = Question->MinorFunction;
    next->Parameters = Question->Parameters;
    NTSTATUS status = IoCallDriver(Own->Lower, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    *Information = result.Information;
    return status;
}

static void PrintHardwareId(Extension* Own) {
    WCHAR text[256];
    ULONG length;
    if (NT_SUCCESS(IoGetDeviceProperty(Own->Pdo, DevicePropertyHardwareID, sizeof text, text, &length)))
        DbgPrint("id %ws\n", text);
    if (NT_SUCCESS(
            IoGetDeviceProperty(Own->Pdo, DevicePropertyLocationInformation, sizeof text, text, &length)))
        DbgPrint("at %ws\n", text);
    ULONG number = 0;
    IoGetDeviceProperty(Own->Pdo, DevicePropertyAddress, sizeof number, &number, &length);
    DbgPrint("address %lx\n", number);
    IoGetDeviceProperty(Own->Pdo, DevicePropertyBusNumber, sizeof number, &number, &length);
    DbgPrint("bus %lu\n", number);
}

static void PrintConfig(Extension* Own) {
    IO_STACK_LOCATION question;
    RtlZeroMemory(&question, sizeof question);
    UCHAR header[64];
    ULONG_PTR count = 0;
    question.MinorFunction = IRP_MN_READ_CONFIG;
    question.Parameters.ReadWriteConfig.Buffer = header;
    question.Parameters.ReadWriteConfig.Length = sizeof header;
    NTSTATUS status = Ask(Own, &question, &count);
    DbgPrint("config %lx %lu: %02x%02x:%02x%02x command %02x bar %02x%02x%02x%02x\n", status, (ULONG)count,
             header[1], header[0], header[3], header[2], header[4], header[19], header[18], header[17],
             header[16]);
    BUS_INTERFACE_STANDARD bus;
    RtlZeroMemory(&bus, sizeof bus);
    RtlZeroMemory(&question, sizeof question);
    question.MinorFunction = IRP_MN_QUERY_INTERFACE;
    question.Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    question.Parameters.QueryInterface.Size = sizeof bus;
    question.Parameters.QueryInterface.Version = 1;
    question.Parameters.QueryInterface.Interface = (PINTERFACE)&bus;
    if (!NT_SUCCESS(Ask(Own, &question, &count))) return;
    ULONG id = 0;
    ULONG got = bus.GetBusData(bus.Context, 0, &id, 0, sizeof id);
    DbgPrint("interface %lu: %08lx\n", got, id);
    bus.InterfaceDereference(bus.Context);
}

static BOOLEAN Interrupted(PKINTERRUPT, PVOID Context) {
    Extension* own = (Extension*)Context;
    if (!(READ_REGISTER_ULONG(own->Registers + 3) & 0x10)) return FALSE;
    WRITE_REGISTER_ULONG(own->Registers + 3, 0x10);
    own->Interrupts++;
    return TRUE;
}

static void TakeResources(Extension* Own, PIO_STACK_LOCATION Stack) {
    PCM_RESOURCE_LIST list = Stack->Parameters.StartDevice.AllocatedResourcesTranslated;
    if (!list) return;
    PCM_PARTIAL_RESOURCE_LIST partial = &list->List[0].PartialResourceList;
    for (ULONG i = 0; i < partial->Count; i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d = &partial->PartialDescriptors[i];
        if (d->Type == CmResourceTypeMemory) {
            Own->Length = d->u.Memory.Length;
            Own->Registers = (PULONG)MmMapIoSpace(d->u.Memory.Start, Own->Length, MmNonCached);
            DbgPrint("memory %lx %lx\n", d->u.Memory.Start.LowPart, Own->Length);
        } else if (d->Type == CmResourceTypeInterrupt) {
            Own->Vector = d->u.Interrupt.Vector;
            Own->Irql = (KIRQL)d->u.Interrupt.Level;
            Own->Affinity = d->u.Interrupt.Affinity;
            Own->Shared = d->ShareDisposition == CmResourceShareShared;
            DbgPrint("interrupt %s %s\n", Own->Shared ? "shared" : "exclusive",
                     d->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? "latched" : "level");
        }
    }
}

static NTSTATUS SendMessage(Extension* Own) {
    DEVICE_DESCRIPTION description;
    RtlZeroMemory(&description, sizeof description);
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 4096;
    ULONG registers;
    Own->Adapter = IoGetDmaAdapter(Own->Pdo, &description, &registers);
    if (!Own->Adapter) return STATUS_INSUFFICIENT_RESOURCES;
    Own->Buffer = Own->Adapter->DmaOperations->AllocateCommonBuffer(Own->Adapter, 4096, &Own->Logical, FALSE);
    if (!Own->Buffer) return STATUS_INSUFFICIENT_RESOURCES;
    static const UCHAR message[] = {0x90, 0x3c, 0x64, 0x80, 0x3c, 0x40};
    RtlCopyMemory(Own->Buffer, message, sizeof message);
    WRITE_REGISTER_ULONG(Own->Registers + 1, Own->Logical.LowPart);
    WRITE_REGISTER_ULONG(Own->Registers + 2, sizeof message);
    WRITE_REGISTER_ULONG(Own->Registers, 1);
    return STATUS_SUCCESS;
}

static NTSTATUS Start(Extension* Own, PIRP Irp) {
    NTSTATUS status = SendDown(Own, Irp);
    if (!NT_SUCCESS(status)) return status;
    TakeResources(Own, IoGetCurrentIrpStackLocation(Irp));
    if (!Own->Registers) return STATUS_DEVICE_CONFIGURATION_ERROR;
    PrintHardwareId(Own);
    PrintConfig(Own);
    status = IoConnectInterrupt(&Own->Interrupt, Interrupted, Own, NULL, Own->Vector, Own->Irql, Own->Irql,
                                LevelSensitive, Own->Shared, Own->Affinity, FALSE);
    return NT_SUCCESS(status) ? SendMessage(Own) : status;
}

static void Stop(Extension* Own) {
    if (Own->Interrupt) IoDisconnectInterrupt(Own->Interrupt);
    if (Own->Buffer)
        Own->Adapter->DmaOperations->FreeCommonBuffer(Own->Adapter, 4096, Own->Logical, Own->Buffer, FALSE);
    if (Own->Adapter) Own->Adapter->DmaOperations->PutDmaAdapter(Own->Adapter);
    if (Own->Registers) MmUnmapIoSpace(Own->Registers, Own->Length);
    DbgPrint("interrupts %ld\n", Own->Interrupts);
    Own->Interrupt = NULL;
    Own->Buffer = NULL;
    Own->Adapter = NULL;
    Own->Registers = NULL;
}

static NTSTATUS Finish(PIRP Irp, NTSTATUS Status) {
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Fdo, PIRP Irp) {
    Extension* own = (Extension*)Fdo->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
        case IRP_MN_START_DEVICE:
            return Finish(Irp, Start(own, Irp));
        case IRP_MN_REMOVE_DEVICE: {
            Stop(own);
            Irp->IoStatus.Status = STATUS_SUCCESS;
            IoSkipCurrentIrpStackLocation(Irp);
            NTSTATUS status = IoCallDriver(own->Lower, Irp);
            IoDetachDevice(own->Lower);
            IoDeleteDevice(Fdo);
            return status;
        }
        case IRP_MN_STOP_DEVICE:
            Stop(own);
        case IRP_MN_QUERY_STOP_DEVICE:
        case IRP_MN_CANCEL_STOP_DEVICE:
        case IRP_MN_QUERY_REMOVE_DEVICE:
        case IRP_MN_CANCEL_REMOVE_DEVICE:
        case IRP_MN_SURPRISE_REMOVAL:
            Irp->IoStatus.Status = STATUS_SUCCESS;
        default:
            IoSkipCurrentIrpStackLocation(Irp);
            return IoCallDriver(own->Lower, Irp);
    }
}

static NTSTATUS Power(PDEVICE_OBJECT Fdo, PIRP Irp) {
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(((Extension*)Fdo->DeviceExtension)->Lower, Irp);
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo) {
    PDEVICE_OBJECT fdo;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(Extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &fdo);
    if (!NT_SUCCESS(status)) return status;
    Extension* own = (Extension*)fdo->DeviceExtension;
    own->Pdo = Pdo;
    own->Lower = IoAttachDeviceToDeviceStack(fdo, Pdo);
    fdo->Flags |= DO_POWER_PAGABLE;
    fdo->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void Unload(PDRIVER_OBJECT) {}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING) {
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->MajorFunction[IRP_MJ_POWER] = Power;
    return STATUS_SUCCESS;
}
