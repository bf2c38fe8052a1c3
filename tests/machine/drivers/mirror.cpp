// A client in the kernel: when a filter named "Port1" appears, it opens the filter's capture pin and a render
// pin of the filter "Cable", and a thread carries every message from one to the other. It lets go when the
// filter's device asks to go, and when its own does.

extern "C" {
#include <ntddk.h>
}
#define INITGUID
#include <portcls.h>
#include <ksmedia.h>
#include <devpkey.h>
#include <wdmguid.h>

#define MIRROR_TAG 'rriM'

struct END {
    HANDLE Filter;
    PFILE_OBJECT FilterFile;
    HANDLE Pin;
    PFILE_OBJECT PinFile;
};

static struct {
    PVOID Interfaces;  // notification entries
    PVOID Targets[2];  // of both filters' devices
    END From;
    END To;
    HANDLE ThreadHandle;
    PETHREAD Thread;
    KEVENT Stop;
    PDEVICE_OBJECT Device;
    ULONG Messages;
} Mirror;

DRIVER_ADD_DEVICE AddDevice;
DRIVER_DISPATCH DispatchPnp;

#pragma code_seg("PAGE")

// ---- a filter and its pin ----

static NTSTATUS OpenFilter(PUNICODE_STRING Link, END* End) {
    PAGED_CODE();
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK ioStatus;
    InitializeObjectAttributes(&attributes, Link, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS ntStatus = ZwCreateFile(&End->Filter, GENERIC_READ | GENERIC_WRITE, &attributes, &ioStatus, NULL,
                                     FILE_ATTRIBUTE_NORMAL, 0, FILE_OPEN, 0, NULL, 0);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    return ObReferenceObjectByHandle(End->Filter, GENERIC_READ | GENERIC_WRITE, *IoFileObjectType, KernelMode,
                                     (PVOID*)&End->FilterFile, NULL);
}

static NTSTATUS PinProperty(PFILE_OBJECT Filter, ULONG Id, ULONG Pin, PVOID Value, ULONG Size) {
    PAGED_CODE();
    KSP_PIN property;
    RtlZeroMemory(&property, sizeof(property));
    property.Property.Set = KSPROPSETID_Pin;
    property.Property.Id = Id;
    property.Property.Flags = KSPROPERTY_TYPE_GET;
    property.PinId = Pin;
    ULONG returned;
    return KsSynchronousIoControlDevice(Filter, KernelMode, IOCTL_KS_PROPERTY, &property, sizeof(property),
                                        Value, Size, &returned);
}

// The first pin of that flow which a client can open.
static NTSTATUS FindPin(PFILE_OBJECT Filter, KSPIN_DATAFLOW Wanted, PULONG Pin) {
    PAGED_CODE();
    ULONG count = 0;
    NTSTATUS ntStatus = PinProperty(Filter, KSPROPERTY_PIN_CTYPES, 0, &count, sizeof(count));
    for (ULONG pin = 0; NT_SUCCESS(ntStatus) && pin < count; pin++) {
        KSPIN_DATAFLOW flow;
        KSPIN_COMMUNICATION communication;
        ntStatus = PinProperty(Filter, KSPROPERTY_PIN_DATAFLOW, pin, &flow, sizeof(flow));
        if (NT_SUCCESS(ntStatus))
            ntStatus =
                PinProperty(Filter, KSPROPERTY_PIN_COMMUNICATION, pin, &communication, sizeof(communication));
        if (!NT_SUCCESS(ntStatus)) break;
        if (flow != Wanted || communication == KSPIN_COMMUNICATION_NONE) continue;
        *Pin = pin;
        return STATUS_SUCCESS;
    }
    return NT_SUCCESS(ntStatus) ? STATUS_NOT_FOUND : ntStatus;
}

static NTSTATUS SetState(PFILE_OBJECT Pin, KSSTATE State) {
    PAGED_CODE();
    KSPROPERTY property;
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_SET;
    ULONG returned;
    return KsSynchronousIoControlDevice(Pin, KernelMode, IOCTL_KS_PROPERTY, &property, sizeof(property),
                                        &State, sizeof(State), &returned);
}

static NTSTATUS CreatePin(END* End, ULONG Pin, ACCESS_MASK Access) {
    PAGED_CODE();
    struct {
        KSPIN_CONNECT Connect;
        KSDATAFORMAT Format;
    } request;
    RtlZeroMemory(&request, sizeof(request));
    request.Connect.Interface.Set = KSINTERFACESETID_Standard;
    request.Connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
    request.Connect.Medium.Set = KSMEDIUMSETID_Standard;
    request.Connect.Medium.Id = KSMEDIUM_STANDARD_DEVIO;
    request.Connect.PinId = Pin;
    request.Connect.Priority.PriorityClass = KSPRIORITY_NORMAL;
    request.Connect.Priority.PrioritySubClass = 1;
    request.Format.FormatSize = sizeof(KSDATAFORMAT);
    request.Format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    request.Format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
    request.Format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    NTSTATUS ntStatus = KsCreatePin(End->Filter, &request.Connect, Access, &End->Pin);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    return ObReferenceObjectByHandle(End->Pin, Access, *IoFileObjectType, KernelMode, (PVOID*)&End->PinFile,
                                     NULL);
}

static void Close(END* End) {
    PAGED_CODE();
    if (End->PinFile != NULL) ObDereferenceObject(End->PinFile);
    if (End->Pin != NULL) ZwClose(End->Pin);
    if (End->FilterFile != NULL) ObDereferenceObject(End->FilterFile);
    if (End->Filter != NULL) ZwClose(End->Filter);
    RtlZeroMemory(End, sizeof(*End));
}

static NTSTATUS OpenEnd(PUNICODE_STRING Link, KSPIN_DATAFLOW Flow, ACCESS_MASK Access, END* End) {
    PAGED_CODE();
    ULONG pin = 0;
    NTSTATUS ntStatus = OpenFilter(Link, End);
    if (NT_SUCCESS(ntStatus)) ntStatus = FindPin(End->FilterFile, Flow, &pin);
    if (NT_SUCCESS(ntStatus)) ntStatus = CreatePin(End, pin, Access);
    if (NT_SUCCESS(ntStatus)) ntStatus = SetState(End->PinFile, KSSTATE_PAUSE);
    if (!NT_SUCCESS(ntStatus)) Close(End);
    return ntStatus;
}

// A pin has a clock; this system's filters make neither allocators nor nodes.
static void TryObjectsBelow(END* End) {
    PAGED_CODE();
    HANDLE clock = NULL, other = NULL;
    KSCLOCK_CREATE clockCreate = {0};
    KSALLOCATOR_FRAMING framing;
    RtlZeroMemory(&framing, sizeof(framing));
    KSNODE_CREATE node = {0, 0};
    NTSTATUS ofClock = KsCreateClock(End->Pin, &clockCreate, &clock);
    NTSTATUS ofAllocator = KsCreateAllocator(End->Pin, &framing, &other);
    NTSTATUS ofNode = KsCreateTopologyNode(End->Filter, &node, GENERIC_READ, &other);
    DbgPrint("mirror: clock %d allocator %d node %d\n", NT_SUCCESS(ofClock), NT_SUCCESS(ofAllocator),
             NT_SUCCESS(ofNode));
    if (NT_SUCCESS(ofClock)) ZwClose(clock);
}

// A pin streams; what reads and writes files is not for it (PortCls has no such pins).
static void TryReadAndWrite(END* From, END* To) {
    PAGED_CODE();
    UCHAR data[4] = {0};
    IO_STATUS_BLOCK ioStatus;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    NTSTATUS read = KsReadFile(From->PinFile, &event, NULL, &ioStatus, data, sizeof(data), 0, KernelMode);
    NTSTATUS written = KsWriteFile(To->PinFile, &event, NULL, &ioStatus, data, sizeof(data), 0, KernelMode);
    DbgPrint("mirror: read %08lx write %08lx\n", read, written);
}

static void PrintState(END* End) {
    PAGED_CODE();
    KSPROPERTY property;
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_GET;
    KSSTATE state = KSSTATE_STOP;
    ULONG returned = 0;
    NTSTATUS ntStatus = KsSynchronousIoControlDevice(End->PinFile, KernelMode, IOCTL_KS_PROPERTY, &property,
                                                     sizeof(property), &state, sizeof(state), &returned);
    DbgPrint("mirror: state %08lx %d %lu\n", ntStatus, state, returned);
}

// ---- carrying ----

static void Write(PUCHAR Records, ULONG Length) {
    PAGED_CODE();
    KSSTREAM_HEADER header;
    RtlZeroMemory(&header, sizeof(header));
    header.Size = sizeof(header);
    header.PresentationTime.Numerator = header.PresentationTime.Denominator = 1;
    header.Data = Records;
    header.DataUsed = header.FrameExtent = Length;
    IO_STATUS_BLOCK ioStatus;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    NTSTATUS ntStatus = KsStreamIo(Mirror.To.PinFile, &event, NULL, NULL, NULL, (KSCOMPLETION_INVOCATION)0,
                                   &ioStatus, &header, sizeof(header), KSSTREAM_WRITE, KernelMode);
    if (ntStatus == STATUS_PENDING) KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

// Reads into its stack; the read is pending while the pin goes to RUN.
static VOID NTAPI Carry(PVOID) {
    PAGED_CODE();
    BOOLEAN running = FALSE;
    for (;;) {
        UCHAR data[256];
        KSSTREAM_HEADER header;
        RtlZeroMemory(&header, sizeof(header));
        header.Size = sizeof(header);
        header.PresentationTime.Numerator = header.PresentationTime.Denominator = 1;
        header.Data = data;
        header.FrameExtent = sizeof(data);
        IO_STATUS_BLOCK ioStatus;
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        NTSTATUS ntStatus = ZwDeviceIoControlFile(Mirror.From.Pin, NULL, NULL, NULL, &ioStatus,
                                                  IOCTL_KS_READ_STREAM, NULL, 0, &header, sizeof(header));
        if (!running) SetState(Mirror.From.PinFile, KSSTATE_RUN);
        running = TRUE;
        if (ntStatus == STATUS_PENDING) {
            PVOID objects[2] = {&Mirror.From.PinFile->Event, &Mirror.Stop};
            if (KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) !=
                STATUS_WAIT_0) {
                SetState(Mirror.From.PinFile, KSSTATE_STOP);  // ends the read
                KeWaitForSingleObject(&Mirror.From.PinFile->Event, Executive, KernelMode, FALSE, NULL);
                break;
            }
            ntStatus = ioStatus.Status;
        }
        if (!NT_SUCCESS(ntStatus)) break;
        // When it came, by the capture stream's time, is not when it is to be played.
        if (header.DataUsed >= sizeof(KSMUSICFORMAT)) {
            ((PKSMUSICFORMAT)data)->TimeDeltaMs = 0;
            Write(data, header.DataUsed);
        }
        Mirror.Messages++;
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StartCarrying(void) {
    PAGED_CODE();
    KeInitializeEvent(&Mirror.Stop, NotificationEvent, FALSE);
    HANDLE handle;
    NTSTATUS ntStatus = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Carry, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus =
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, (PVOID*)&Mirror.Thread, NULL);
    ZwClose(handle);
    return ntStatus;
}

static void LetGo(void) {
    PAGED_CODE();
    for (ULONG i = 0; i < 2; i++) {
        if (Mirror.Targets[i] != NULL) IoUnregisterPlugPlayNotificationEx(Mirror.Targets[i]);
        Mirror.Targets[i] = NULL;
    }
    if (Mirror.Thread != NULL) {
        KeSetEvent(&Mirror.Stop, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(Mirror.Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Mirror.Thread);
        Mirror.Thread = NULL;
        DbgPrint("mirror: let go after %lu messages\n", Mirror.Messages);
    }
    Close(&Mirror.From);
    Close(&Mirror.To);
}

// ---- notifications ----

static BOOLEAN EndsWith(PUNICODE_STRING Text, PCWSTR End) {
    PAGED_CODE();
    UNICODE_STRING end;
    RtlInitUnicodeString(&end, End);
    if (Text->Length < end.Length) return FALSE;
    UNICODE_STRING tail = {end.Length, end.Length, (PWSTR)((PUCHAR)Text->Buffer + Text->Length - end.Length)};
    return RtlEqualUnicodeString(&tail, &end, TRUE);
}

// Named as it is for the time that it is mirrored, and the name read back.
static void NameInterface(PUNICODE_STRING Link) {
    PAGED_CODE();
    WCHAR name[] = L"Cable (mirrored)", read[64];
    NTSTATUS ntStatus = IoSetDeviceInterfacePropertyData(Link, &DEVPKEY_DeviceInterface_FriendlyName,
                                                         LOCALE_NEUTRAL, PLUGPLAY_PROPERTY_PERSISTENT,
                                                         DEVPROP_TYPE_STRING, sizeof(name), name);
    ULONG size;
    DEVPROPTYPE type;
    if (NT_SUCCESS(ntStatus))
        ntStatus = IoGetDeviceInterfacePropertyData(Link, &DEVPKEY_DeviceInterface_FriendlyName,
                                                    LOCALE_NEUTRAL, 0, sizeof(read), read, &size, &type);
    if (NT_SUCCESS(ntStatus)) DbgPrint("mirror: named %ws\n", read);
}

// The filter "Cable" among what there is now, with its FriendlyName.
static NTSTATUS OpenCable(void) {
    PAGED_CODE();
    PWSTR list = NULL;
    NTSTATUS ntStatus = IoGetDeviceInterfaces(&KSCATEGORY_RENDER, NULL, 0, &list);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = STATUS_NOT_FOUND;
    for (PWSTR link = list; *link != 0; link += wcslen(link) + 1) {
        UNICODE_STRING name;
        RtlInitUnicodeString(&name, link);
        if (!EndsWith(&name, L"\\Cable")) continue;
        ntStatus = OpenEnd(&name, KSPIN_DATAFLOW_IN, GENERIC_WRITE, &Mirror.To);
        UNICODE_STRING alias;
        if (NT_SUCCESS(IoGetDeviceInterfaceAlias(&name, &KSCATEGORY_AUDIO, &alias))) {
            DbgPrint("mirror: also of KSCATEGORY_AUDIO\n");
            NameInterface(&alias);
            RtlFreeUnicodeString(&alias);
        }
        break;
    }
    ExFreePool(list);
    return ntStatus;
}

static NTSTATUS NTAPI TargetChanged(PVOID Structure, PVOID) {
    PAGED_CODE();
    PTARGET_DEVICE_REMOVAL_NOTIFICATION change = (PTARGET_DEVICE_REMOVAL_NOTIFICATION)Structure;
    if (IsEqualGUID(change->Event, GUID_TARGET_DEVICE_QUERY_REMOVE)) {
        DbgPrint("mirror: its device asks to go\n");
        LetGo();
    } else if (IsEqualGUID(change->Event, GUID_TARGET_DEVICE_REMOVE_COMPLETE)) {
        DbgPrint("mirror: its device has gone\n");
        LetGo();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI InterfaceChanged(PVOID Structure, PVOID Context) {
    PAGED_CODE();
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = (PDEVICE_INTERFACE_CHANGE_NOTIFICATION)Structure;
    if (!EndsWith(change->SymbolicLinkName, L"\\Port1")) return STATUS_SUCCESS;
    if (IsEqualGUID(change->Event, GUID_DEVICE_INTERFACE_REMOVAL)) {
        DbgPrint("mirror: Port1 has gone\n");
        LetGo();
        return STATUS_SUCCESS;
    }
    DbgPrint("mirror: Port1 is there\n");
    NTSTATUS ntStatus = OpenEnd(change->SymbolicLinkName, KSPIN_DATAFLOW_OUT, GENERIC_READ, &Mirror.From);
    if (NT_SUCCESS(ntStatus)) TryObjectsBelow(&Mirror.From);
    if (NT_SUCCESS(ntStatus)) ntStatus = OpenCable();
    if (NT_SUCCESS(ntStatus)) {
        TryReadAndWrite(&Mirror.From, &Mirror.To);
        PrintState(&Mirror.To);
    }
    if (NT_SUCCESS(ntStatus)) ntStatus = SetState(Mirror.To.PinFile, KSSTATE_RUN);
    if (NT_SUCCESS(ntStatus)) ntStatus = StartCarrying();
    PFILE_OBJECT files[2] = {Mirror.From.FilterFile, Mirror.To.FilterFile};
    for (ULONG i = 0; NT_SUCCESS(ntStatus) && i < 2; i++) {
        ntStatus =
            IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, files[i],
                                           (PDRIVER_OBJECT)Context, TargetChanged, NULL, &Mirror.Targets[i]);
    }
    DbgPrint("mirror: opened: %08lx\n", ntStatus);
    if (!NT_SUCCESS(ntStatus)) LetGo();
    return STATUS_SUCCESS;
}

// ---- the device ----

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP, PRESOURCELIST) {
    PAGED_CODE();
    Mirror.Device = DeviceObject;
    return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                          PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                                          (PVOID)&KSCATEGORY_CAPTURE, DeviceObject->DriverObject,
                                          InterfaceChanged, DeviceObject->DriverObject, &Mirror.Interfaces);
}

NTSTATUS DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    if (IoGetCurrentIrpStackLocation(Irp)->MinorFunction == IRP_MN_REMOVE_DEVICE) {
        if (Mirror.Interfaces != NULL) IoUnregisterPlugPlayNotificationEx(Mirror.Interfaces);
        LetGo();
        RtlZeroMemory(&Mirror, sizeof(Mirror));
    }
    return PcDispatchIrp(DeviceObject, Irp);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    NTSTATUS ntStatus = PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    return ntStatus;
}
