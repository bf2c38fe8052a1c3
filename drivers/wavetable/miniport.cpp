// The miniport's life, its streams, and changes of the bank.
#include "wavetable.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportMidiWavetable(PUNKNOWN* Unknown, PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    CMiniportMidiWavetable* miniport =
        new (NonPagedPool, WAVETABLE_POOL_TAG) CMiniportMidiWavetable(NULL, DeviceObject);
    if (!miniport) return STATUS_INSUFFICIENT_RESOURCES;
    *Unknown = PUNKNOWN(PMINIPORTMIDI(miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}

// Nobody plays any more; the bank may still be on its way to the file.
CMiniportMidiWavetable::~CMiniportMidiWavetable() {
    PAGED_CODE();
    if (m_Ready) {
        ExWaitForRundownProtectionRelease(&m_Saving);
        Quiet();
        KeCancelTimer(&m_FadeTimer);
        KeFlushQueuedDpcs();
        ExDeleteNPagedLookasideList(&m_ChangeMemory);
    }
    if (m_WorkItem) IoFreeWorkItem(m_WorkItem);
    if (m_Samples) MmFreeContiguousMemory(m_Samples);
    if (m_FileName.Buffer) ExFreePoolWithTag(m_FileName.Buffer, WAVETABLE_POOL_TAG);
    if (m_Port) m_Port->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiWavetable::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTMIDI);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = QICAST(PMINIPORT);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = QICAST(PMINIPORTMIDI);
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = QICAST(PPOWERNOTIFY);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- what Init finds and makes ----

NTSTATUS CMiniportMidiWavetable::FindCard(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (ResourceList->NumberOfPorts() < 1) return STATUS_DEVICE_CONFIGURATION_ERROR;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR ports = ResourceList->FindTranslatedPort(0);
    if (ports->u.Port.Length < CARD_PORTS) return STATUS_DEVICE_CONFIGURATION_ERROR;
    m_PortBase = PUCHAR(ports->u.Port.Start.QuadPart);
    USHORT id = READ_PORT_USHORT((PUSHORT)(m_PortBase + REG_ID));
    if (id != WAVETABLE_ID) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the card says 0x%04X", id));
        return STATUS_NO_SUCH_DEVICE;
    }
    return STATUS_SUCCESS;
}

// Where the bank is kept: the value "Bank" of the driver's key, else a file beside the driver.
NTSTATUS CMiniportMidiWavetable::ReadFileName(void) {
    PAGED_CODE();
    static const WCHAR usual[] = L"\\SystemRoot\\System32\\drivers\\wavetabl.bnk";
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        WCHAR Room[128];
    } value;
    PVOID text = (PVOID)usual;
    ULONG size = sizeof(usual);
    PREGISTRYKEY key = NULL;
    NTSTATUS ntStatus = m_Port->NewRegistryKey(&key, NULL, DriverRegistryKey, KEY_READ, NULL, 0, NULL);
    if (NT_SUCCESS(ntStatus)) {
        UNICODE_STRING name;
        ULONG length = 0;
        RtlInitUnicodeString(&name, L"Bank");
        ntStatus = key->QueryValueKey(&name, KeyValuePartialInformation, &value, sizeof(value), &length);
        if (NT_SUCCESS(ntStatus) && value.Information.Type == REG_SZ &&
            value.Information.DataLength > sizeof(WCHAR)) {
            text = value.Information.Data;
            size = value.Information.DataLength;
        }
        key->Release();
    }
    m_FileName.Buffer = (PWSTR)ExAllocatePoolWithTag(PagedPool, size, WAVETABLE_POOL_TAG);
    if (!m_FileName.Buffer) return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(m_FileName.Buffer, text, size);
    m_FileName.MaximumLength = (USHORT)size;
    m_FileName.Length = (USHORT)(size - sizeof(WCHAR));  // without the terminating 0
    return STATUS_SUCCESS;
}

// In one piece, where the card's 32 address bits reach.
NTSTATUS CMiniportMidiWavetable::AllocateSamples(void) {
    PAGED_CODE();
    PHYSICAL_ADDRESS low, high, boundary;
    low.QuadPart = 0;
    high.QuadPart = 0xFFFFFFFF;
    boundary.QuadPart = 0;
    m_Samples = (PSHORT)MmAllocateContiguousMemorySpecifyCache(NUM_WAVES * WAVE_LENGTH * sizeof(SHORT), low,
                                                               high, boundary, MmCached);
    if (!m_Samples) return STATUS_INSUFFICIENT_RESOURCES;
    m_SamplesAt = MmGetPhysicalAddress(m_Samples);
    return MakeTables(m_Samples, m_Pitches, m_Attenuations);
}

// What Plug and Play calls the card, for the log.
VOID CMiniportMidiWavetable::Introduce(void) {
    PAGED_CODE();
    WCHAR description[64];
    ULONG length = 0;
    NTSTATUS ntStatus =
        m_Port->GetDeviceProperty(DevicePropertyDeviceDescription, sizeof(description), description, &length);
    if (NT_SUCCESS(ntStatus))
        KdPrint(("wavetable: %S, samples at 0x%I64x\n", description, m_SamplesAt.QuadPart));
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiWavetable::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,
                             PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    *ServiceGroup = NULL;  // there is nothing to be told of
    KeInitializeSpinLock(&m_Lock);
    KeInitializeSpinLock(&m_ChangesLock);
    InitializeListHead(&m_Changes);
    KeInitializeTimer(&m_FadeTimer);
    KeInitializeDpc(&m_FadeDpc, FadeDpc, this);

    ExInitializeRundownProtection(&m_Saving);
    m_Port = Port;
    m_Port->AddRef();

    NTSTATUS ntStatus = FindCard(ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = AllocateSamples();
    if (NT_SUCCESS(ntStatus)) ntStatus = ReadFileName();
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    MakeBank(&m_Bank);
    LoadBank(&m_FileName, &m_Bank);  // else the built-in one
    m_WorkItem = IoAllocateWorkItem(m_DeviceObject);
    if (!m_WorkItem) return STATUS_INSUFFICIENT_RESOURCES;
    ExInitializeNPagedLookasideList(&m_ChangeMemory, NULL, NULL, 0, sizeof(PATCH_CHANGE), WAVETABLE_POOL_TAG,
                                    0);
    m_Ready = TRUE;
    Introduce();
    Quiet();
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiWavetable::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &FilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiWavetable::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

// The port sees to it that the one render pin is open once.
STDMETHODIMP_(NTSTATUS)
CMiniportMidiWavetable::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType,
                                  ULONG, BOOLEAN Capture, PKSDATAFORMAT, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    *ServiceGroup = NULL;
    if (Capture) return STATUS_INVALID_DEVICE_REQUEST;
    CMiniportMidiStreamWavetable* stream =
        new (PoolType, WAVETABLE_POOL_TAG) CMiniportMidiStreamWavetable(UnknownOuter);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    stream->Init(this);
    *Stream = PMINIPORTMIDISTREAM(stream);
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(void) CMiniportMidiWavetable::Service(void) {}

void CMiniportMidiWavetable::Quiet(void) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Lock, &oldIrql);
    SilenceAll();
    KeReleaseSpinLock(&m_Lock, oldIrql);
}

// Without power the card forgets its voices, and its registers are not there.
STDMETHODIMP_(void) CMiniportMidiWavetable::PowerChangeNotify(POWER_STATE PowerState) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Lock, &oldIrql);
    BOOLEAN down = PowerState.DeviceState != PowerDeviceD0;
    if (!down) m_PoweredDown = FALSE;
    SilenceAll();
    m_PoweredDown = down;
    KeReleaseSpinLock(&m_Lock, oldIrql);
}

// ---- changes of the bank ----

// A file cannot be written here: a work item does, for all the changes that wait by then.
void CMiniportMidiWavetable::ChangePatch(UCHAR Program, UCHAR Wave, UCHAR Fade) {
    PPATCH_CHANGE change = (PPATCH_CHANGE)ExAllocateFromNPagedLookasideList(&m_ChangeMemory);
    if (!change) return;
    change->Program = Program;
    change->Patch.Wave = Wave;
    change->Patch.Fade = Fade;
    ExInterlockedInsertTailList(&m_Changes, &change->Link, &m_ChangesLock);
    if (InterlockedExchange(&m_WorkQueued, TRUE)) return;
    if (ExAcquireRundownProtection(&m_Saving)) {
        IoQueueWorkItem(m_WorkItem, ChangeWork, DelayedWorkQueue, this);
    }
}

VOID NTAPI CMiniportMidiWavetable::ChangeWork(PDEVICE_OBJECT, PVOID Context) {
    CMiniportMidiWavetable* that = (CMiniportMidiWavetable*)Context;
    BANK bank;
    KIRQL oldIrql;
    PLIST_ENTRY entry;
    InterlockedExchange(&that->m_WorkQueued, FALSE);
    while ((entry = ExInterlockedRemoveHeadList(&that->m_Changes, &that->m_ChangesLock)) != NULL) {
        PPATCH_CHANGE change = CONTAINING_RECORD(entry, PATCH_CHANGE, Link);
        KeAcquireSpinLock(&that->m_Lock, &oldIrql);
        that->m_Bank.Patches[change->Program] = change->Patch;
        KeReleaseSpinLock(&that->m_Lock, oldIrql);
        ExFreeToNPagedLookasideList(&that->m_ChangeMemory, change);
    }
    KeAcquireSpinLock(&that->m_Lock, &oldIrql);
    bank = that->m_Bank;
    KeReleaseSpinLock(&that->m_Lock, oldIrql);
    NTSTATUS ntStatus = SaveBank(&that->m_FileName, &bank);
    if (!NT_SUCCESS(ntStatus)) DbgPrint("wavetable: the bank is not saved: 0x%08X\n", ntStatus);
    ExReleaseRundownProtection(&that->m_Saving);
}
