// The mirror: a client in the kernel that captures what arrives at a filter of another driver, and plays it
// into a port of this one. A thread opens both and carries; notifications tell it when either may be there,
// and make it let go.
#include "portcable.h"

// A filter and a pin of it.
typedef struct _END {
    HANDLE Filter;
    PFILE_OBJECT FilterObject;
    HANDLE Pin;
    PFILE_OBJECT PinObject;
} END, *PEND;

typedef struct _PIN_REQUEST {
    KSPIN_CONNECT Connect;
    KSDATAFORMAT Format;
} PIN_REQUEST;

// A read or write that is under way. The headers and events of requests lie on the thread's stack.
typedef struct _STREAM_IO {
    KSSTREAM_HEADER Header;
    IO_STATUS_BLOCK IoStatus;
    KEVENT Done;
} STREAM_IO, *PSTREAM_IO;

#define MIRROR_BUFFER 512

static struct {
    PETHREAD Thread;
    PVOID CaptureEntry;
    PVOID RenderEntry;
    PVOID SourceEntry;  // the thread's; of the source that it has, or had last
    KSPIN_LOCK Lock;    // guards what follows up to the events, and the clearing of Idle
    PORTCABLE_MIRROR Ends;
    LONG Suspended;
    BOOLEAN Stopping;
    BOOLEAN Leaving;  // the source's device has been asked to go
    KEVENT Wake;      // one of the ends may be there
    KEVENT LetGo;     // asks the thread to close what it has
    KEVENT Idle;      // it has nothing open
} Mirror;

static VOID Wake(VOID) {
    KeSetEvent(&Mirror.Wake, IO_NO_INCREMENT, FALSE);
}

// From here until EndCarrying the thread may have something open. FALSE: it must not.
static BOOLEAN BeginCarrying(VOID) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    BOOLEAN may = !Mirror.Stopping && !Mirror.Leaving && Mirror.Suspended == 0;
    if (may) {
        KeClearEvent(&Mirror.Idle);
        KeClearEvent(&Mirror.LetGo);
    }
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
    return may;
}

static VOID AddSuspended(LONG Count) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    Mirror.Suspended += Count;
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
}

static VOID SetStopping(BOOLEAN Stopping) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    Mirror.Stopping = Stopping;
    if (!Stopping) {
        Mirror.Suspended = 0;
        Mirror.Leaving = FALSE;
    }
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
}

static VOID SetLeaving(BOOLEAN Leaving) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    Mirror.Leaving = Leaving;
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
}

static VOID GetEnds(PPORTCABLE_MIRROR Ends) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    *Ends = Mirror.Ends;
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
}

static VOID SetEnds(PPORTCABLE_MIRROR Ends) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Mirror.Lock, &oldIrql);
    Mirror.Ends = *Ends;
    KeReleaseSpinLock(&Mirror.Lock, oldIrql);
}

#pragma code_seg("PAGE")

// ---- a filter and its pin ----

static NTSTATUS OpenFilter(PUNICODE_STRING Link, PEND End) {
    PAGED_CODE();
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK ioStatus;
    InitializeObjectAttributes(&attributes, Link, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS ntStatus = ZwCreateFile(&End->Filter, GENERIC_READ | GENERIC_WRITE, &attributes, &ioStatus, NULL,
                                     FILE_ATTRIBUTE_NORMAL, 0, FILE_OPEN, 0, NULL, 0);
    if (!NT_SUCCESS(ntStatus)) {
        End->Filter = NULL;
        return ntStatus;
    }
    return ObReferenceObjectByHandle(End->Filter, FILE_READ_DATA, *IoFileObjectType, KernelMode,
                                     (PVOID*)&End->FilterObject, NULL);
}

static NTSTATUS GetPinProperty(PFILE_OBJECT Filter, ULONG Id, ULONG Pin, PVOID Value, ULONG Size) {
    PAGED_CODE();
    KSP_PIN property;
    RtlZeroMemory(&property, sizeof(property));
    property.Property.Set = KSPROPSETID_Pin;
    property.Property.Id = Id;
    property.Property.Flags = KSPROPERTY_TYPE_GET;
    property.PinId = Pin;
    ULONG returned = 0;
    return KsSynchronousIoControlDevice(Filter, KernelMode, IOCTL_KS_PROPERTY, &property, sizeof(property),
                                        Value, Size, &returned);
}

static NTSTATUS SetPinState(PFILE_OBJECT Pin, KSSTATE State) {
    PAGED_CODE();
    KSPROPERTY property;
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_SET;
    ULONG returned = 0;
    return KsSynchronousIoControlDevice(Pin, KernelMode, IOCTL_KS_PROPERTY, &property, sizeof(property),
                                        &State, sizeof(State), &returned);
}

// A pin that clients can open and that carries MIDI the right way, if KsCreatePin agrees.
static NTSTATUS OpenPin(PEND End, ULONG Pin, KSPIN_DATAFLOW Flow, ACCESS_MASK Access) {
    PAGED_CODE();
    KSPIN_DATAFLOW flow;
    KSPIN_COMMUNICATION communication;
    NTSTATUS ntStatus = GetPinProperty(End->FilterObject, KSPROPERTY_PIN_DATAFLOW, Pin, &flow, sizeof(flow));
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = GetPinProperty(End->FilterObject, KSPROPERTY_PIN_COMMUNICATION, Pin, &communication,
                                  sizeof(communication));
    }
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (flow != Flow || communication != KSPIN_COMMUNICATION_SINK) return STATUS_NO_MATCH;

    PIN_REQUEST request;
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
    ntStatus = KsCreatePin(End->Filter, &request.Connect, Access, &End->Pin);
    if (!NT_SUCCESS(ntStatus)) {
        End->Pin = NULL;
        return ntStatus;
    }
    return ObReferenceObjectByHandle(End->Pin, Access, *IoFileObjectType, KernelMode, (PVOID*)&End->PinObject,
                                     NULL);
}

static VOID CloseEnd(PEND End) {
    PAGED_CODE();
    if (End->PinObject) ObDereferenceObject(End->PinObject);
    if (End->Pin) ZwClose(End->Pin);
    if (End->FilterObject) ObDereferenceObject(End->FilterObject);
    if (End->Filter) ZwClose(End->Filter);
    RtlZeroMemory(End, sizeof(*End));
}

static BOOLEAN IsLinkOf(PUNICODE_STRING Link, PCWSTR Reference) {
    PAGED_CODE();
    UNICODE_STRING reference;
    RtlInitUnicodeString(&reference, Reference);
    if (reference.Length == 0 || Link->Length <= reference.Length) return FALSE;
    ULONG at = (Link->Length - reference.Length) / sizeof(WCHAR);
    if (Link->Buffer[at - 1] != L'\\') return FALSE;
    UNICODE_STRING tail = {reference.Length, reference.Length, Link->Buffer + at};
    return RtlEqualUnicodeString(&tail, &reference, TRUE);
}

// The first pin of that flow of the filter by that name, in PAUSE.
static NTSTATUS OpenEnd(const GUID* Category, PCWSTR Reference, KSPIN_DATAFLOW Flow, ACCESS_MASK Access,
                        PEND End) {
    PAGED_CODE();
    PWSTR links = NULL;
    NTSTATUS ntStatus = IoGetDeviceInterfaces(Category, NULL, 0, &links);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = STATUS_NOT_FOUND;
    for (PWSTR text = links; *text; text += wcslen(text) + 1) {
        UNICODE_STRING link;
        RtlInitUnicodeString(&link, text);
        if (!IsLinkOf(&link, Reference)) continue;
        ULONG pins = 0;
        ntStatus = OpenFilter(&link, End);
        if (NT_SUCCESS(ntStatus)) {
            ntStatus = GetPinProperty(End->FilterObject, KSPROPERTY_PIN_CTYPES, 0, &pins, sizeof(pins));
        }
        if (NT_SUCCESS(ntStatus)) ntStatus = STATUS_NO_MATCH;
        for (ULONG pin = 0; pin < pins && !NT_SUCCESS(ntStatus); pin++)
            ntStatus = OpenPin(End, pin, Flow, Access);
        break;
    }
    ExFreePool(links);
    if (NT_SUCCESS(ntStatus)) ntStatus = SetPinState(End->PinObject, KSSTATE_PAUSE);
    if (!NT_SUCCESS(ntStatus)) CloseEnd(End);
    return ntStatus;
}

// ---- carrying ----

// Sends a stream request; Io->Done is set at its end, which may be at once.
static NTSTATUS SendStream(PEND End, ULONG Code, PSTREAM_IO Io, PVOID Data, ULONG Extent, ULONG Used) {
    PAGED_CODE();
    RtlZeroMemory(&Io->Header, sizeof(Io->Header));
    Io->Header.Size = sizeof(Io->Header);
    Io->Header.PresentationTime.Numerator = 1;
    Io->Header.PresentationTime.Denominator = 1;
    Io->Header.Data = Data;
    Io->Header.FrameExtent = Extent;
    Io->Header.DataUsed = Used;
    KeInitializeEvent(&Io->Done, NotificationEvent, FALSE);

    PDEVICE_OBJECT device = IoGetRelatedDeviceObject(End->PinObject);
    PIRP irp = IoBuildDeviceIoControlRequest(Code, device, NULL, 0, &Io->Header, sizeof(Io->Header), FALSE,
                                             &Io->Done, &Io->IoStatus);
    if (!irp) return STATUS_INSUFFICIENT_RESOURCES;
    IoGetNextIrpStackLocation(irp)->FileObject = End->PinObject;
    return IoCallDriver(device, irp);
}

// Everything that was captured is played at once, whatever came between.
static VOID PlayAtOnce(PUCHAR Records, ULONG Length) {
    PAGED_CODE();
    for (ULONG at = 0; at + sizeof(KSMUSICFORMAT) <= Length;) {
        PKSMUSICFORMAT record = (PKSMUSICFORMAT)(Records + at);
        record->TimeDeltaMs = 0;
        at += sizeof(*record) + ((record->ByteCount + 3) & ~3UL);
    }
}

static NTSTATUS Play(PEND To, PUCHAR Records, ULONG Length) {
    PAGED_CODE();
    STREAM_IO io;
    PlayAtOnce(Records, Length);
    NTSTATUS ntStatus = SendStream(To, IOCTL_KS_WRITE_STREAM, &io, Records, Length, Length);
    if (ntStatus != STATUS_PENDING) return ntStatus;
    // A port whose other end is full takes its time; who asks the mirror to let go need not wait for that.
    PVOID objects[] = {&io.Done, &Mirror.LetGo};
    if (KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) !=
        STATUS_WAIT_0) {
        SetPinState(To->PinObject, KSSTATE_STOP);
        KeWaitForSingleObject(&io.Done, Executive, KernelMode, FALSE, NULL);
    }
    return io.IoStatus.Status;
}

// Until asked to let go, or an end fails. The source runs while a read waits, so that nothing is lost.
static VOID Carry(PEND From, PEND To) {
    PAGED_CODE();
    BOOLEAN running = FALSE;
    NTSTATUS ntStatus = STATUS_SUCCESS;
    while (NT_SUCCESS(ntStatus)) {
        UCHAR data[MIRROR_BUFFER];
        STREAM_IO io;
        ntStatus = SendStream(From, IOCTL_KS_READ_STREAM, &io, data, sizeof(data), 0);
        if (!running && NT_SUCCESS(ntStatus)) SetPinState(From->PinObject, KSSTATE_RUN);
        running = TRUE;
        if (ntStatus == STATUS_PENDING) {
            PVOID objects[] = {&Mirror.LetGo, &io.Done};
            if (KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) ==
                STATUS_WAIT_0) {
                SetPinState(From->PinObject, KSSTATE_STOP);  // ends the read
                KeWaitForSingleObject(&io.Done, Executive, KernelMode, FALSE, NULL);
                return;
            }
            ntStatus = io.IoStatus.Status;
        }
        if (NT_SUCCESS(ntStatus) && io.Header.DataUsed != 0) ntStatus = Play(To, data, io.Header.DataUsed);
    }
}

static VOID LetGoNow(VOID) {
    PAGED_CODE();
    KeSetEvent(&Mirror.LetGo, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&Mirror.Idle, Executive, KernelMode, FALSE, NULL);
}

// The source's device asks to go, has thought better of it, or is gone.
static NTSTATUS NTAPI SourceChanged(PVOID Structure, PVOID Context) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Context);
    PTARGET_DEVICE_REMOVAL_NOTIFICATION change = (PTARGET_DEVICE_REMOVAL_NOTIFICATION)Structure;
    if (IsEqualGUID(change->Event, GUID_TARGET_DEVICE_QUERY_REMOVE)) {
        SetLeaving(TRUE);
        LetGoNow();
    } else if (IsEqualGUID(change->Event, GUID_TARGET_DEVICE_REMOVE_CANCELLED)) {
        SetLeaving(FALSE);
        Wake();
    } else if (IsEqualGUID(change->Event, GUID_TARGET_DEVICE_REMOVE_COMPLETE)) {
        LetGoNow();
        SetLeaving(FALSE);
    }
    return STATUS_SUCCESS;
}

// With both ends open, or not at all.
static VOID CarryOnce(VOID) {
    PAGED_CODE();
    PORTCABLE_MIRROR ends;
    GetEnds(&ends);
    END from = {0}, to = {0};
    NTSTATUS ntStatus = OpenEnd(&KSCATEGORY_CAPTURE, ends.From, KSPIN_DATAFLOW_OUT, GENERIC_READ, &from);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = OpenEnd(&KSCATEGORY_RENDER, ends.To, KSPIN_DATAFLOW_IN, GENERIC_WRITE, &to);
    }
    if (NT_SUCCESS(ntStatus)) ntStatus = SetPinState(to.PinObject, KSSTATE_RUN);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus =
            IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, from.FilterObject,
                                           PortCable.DriverObject, SourceChanged, NULL, &Mirror.SourceEntry);
    }
    if (NT_SUCCESS(ntStatus)) Carry(&from, &to);
    CloseEnd(&from);
    CloseEnd(&to);
}

// Waits for callbacks, which may wait for Idle: only while that is set.
static VOID ForgetSource(VOID) {
    PAGED_CODE();
    if (Mirror.SourceEntry) IoUnregisterPlugPlayNotificationEx(Mirror.SourceEntry);
    Mirror.SourceEntry = NULL;
}

static VOID NTAPI MirrorThread(PVOID Context) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        KeWaitForSingleObject(&Mirror.Wake, Executive, KernelMode, FALSE, NULL);
        if (Mirror.Stopping) break;
        if (Mirror.Leaving) continue;  // the end of that will be told
        ForgetSource();
        if (!BeginCarrying()) continue;
        CarryOnce();
        KeSetEvent(&Mirror.Idle, IO_NO_INCREMENT, FALSE);
    }
    ForgetSource();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

// ---- notifications ----

// An end may have come; whether it has, the thread sees. What goes must be let go of here.
static NTSTATUS NTAPI InterfaceChanged(PVOID Structure, PVOID Context) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Context);
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = (PDEVICE_INTERFACE_CHANGE_NOTIFICATION)Structure;
    PORTCABLE_MIRROR ends;
    GetEnds(&ends);
    if (!IsLinkOf(change->SymbolicLinkName, ends.From) && !IsLinkOf(change->SymbolicLinkName, ends.To)) {
        return STATUS_SUCCESS;
    }
    if (IsEqualGUID(change->Event, GUID_DEVICE_INTERFACE_REMOVAL)) LetGoNow();
    Wake();
    return STATUS_SUCCESS;
}

static NTSTATUS Register(const GUID* Category, PVOID* Entry) {
    PAGED_CODE();
    return IoRegisterPlugPlayNotification(
        EventCategoryDeviceInterfaceChange, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
        (PVOID)Category, PortCable.DriverObject, InterfaceChanged, NULL, Entry);
}

VOID SuspendMirror(VOID) {
    PAGED_CODE();
    if (!Mirror.Thread) return;
    AddSuspended(1);
    LetGoNow();
}

VOID ResumeMirror(VOID) {
    PAGED_CODE();
    if (!Mirror.Thread) return;
    AddSuspended(-1);
    Wake();
}

NTSTATUS SetMirror(PPORTCABLE_MIRROR Ends) {
    PAGED_CODE();
    Ends->From[PORTCABLE_NAME_LENGTH - 1] = 0;
    Ends->To[PORTCABLE_NAME_LENGTH - 1] = 0;
    if (Ends->From[0] != 0 && (!IsPort(Ends->To) || _wcsicmp(Ends->From, Ends->To) == 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    SuspendMirror();
    NTSTATUS ntStatus = STATUS_DEVICE_NOT_READY;
    Lock();
    if (PortCable.Adapter) {
        SetEnds(Ends);
        ntStatus = RememberMirror(Ends);
    }
    Unlock();
    ResumeMirror();
    return ntStatus;
}

NTSTATUS StartMirror(VOID) {
    PAGED_CODE();
    KeInitializeSpinLock(&Mirror.Lock);
    KeInitializeEvent(&Mirror.Wake, SynchronizationEvent, TRUE);
    KeInitializeEvent(&Mirror.LetGo, NotificationEvent, FALSE);
    KeInitializeEvent(&Mirror.Idle, NotificationEvent, TRUE);
    SetStopping(FALSE);
    PORTCABLE_MIRROR ends;
    RestoreMirror(&ends);
    SetEnds(&ends);

    HANDLE handle = NULL;
    NTSTATUS ntStatus =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, MirrorThread, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, (PVOID*)&Mirror.Thread, NULL);
    ZwClose(handle);
    ntStatus = Register(&KSCATEGORY_CAPTURE, &Mirror.CaptureEntry);
    if (NT_SUCCESS(ntStatus)) ntStatus = Register(&KSCATEGORY_RENDER, &Mirror.RenderEntry);
    if (!NT_SUCCESS(ntStatus)) StopMirror();
    return ntStatus;
}

VOID StopMirror(VOID) {
    PAGED_CODE();
    if (!Mirror.Thread) return;
    if (Mirror.CaptureEntry) IoUnregisterPlugPlayNotificationEx(Mirror.CaptureEntry);
    if (Mirror.RenderEntry) IoUnregisterPlugPlayNotificationEx(Mirror.RenderEntry);
    Mirror.CaptureEntry = NULL;
    Mirror.RenderEntry = NULL;
    SetStopping(TRUE);
    LetGoNow();
    Wake();
    KeWaitForSingleObject(Mirror.Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Mirror.Thread);
    Mirror.Thread = NULL;
}
