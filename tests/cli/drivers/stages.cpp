// The cable's driver with a start that fails where the registry says: its driver key's FailAt, or, for
// DriverEntry, the service key's.

#define PUT_GUIDS_HERE

#include "cable.h"

enum {
    kFailDriverEntry = 1,
    kFailAddDevice,
    kFailStartDevice,
    kFailNewPort,
    kFailInit,
    kFailRegisterSubdevice,
    kFailNewStream,
    kFaultAtRemoval,
    kNoStream
};

// One status for the driver's own failures, which nothing else returns.
#define STATUS_FAILED_ON_PURPOSE STATUS_DEVICE_CONFIGURATION_ERROR

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

static ULONG FailAt;

#pragma code_seg("PAGE")

static ULONG ReadFailAt(HANDLE Key) {
    PAGED_CODE();
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"FailAt");
    UCHAR buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION value = (PKEY_VALUE_PARTIAL_INFORMATION)buffer;
    ULONG length;
    NTSTATUS ntStatus =
        ZwQueryValueKey(Key, &name, KeyValuePartialInformation, value, sizeof(buffer), &length);
    ZwClose(Key);
    if (!NT_SUCCESS(ntStatus) || value->Type != REG_DWORD) return 0;
    return *(PULONG)value->Data;
}

// The cable's miniport, whose Init and NewStream may fail.
class CMiniportMidiStages : public IMiniportMidi, public CUnknown {
  private:
    PMINIPORTMIDI m_Cable;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStages);
    ~CMiniportMidiStages() {
        if (FailAt == kFaultAtRemoval) *(volatile ULONG*)NULL = 0;
        if (m_Cable) m_Cable->Release();
    }
    NTSTATUS Create(void) {
        return CreateMiniportMidiCable((PUNKNOWN*)&m_Cable, GUID_NULL, NULL, NonPagedPool);
    }

    IMP_IMiniportMidi;
};

STDMETHODIMP_(NTSTATUS) CMiniportMidiStages::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    *Object = NULL;
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = PVOID(PMINIPORTMIDI(this));
        AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStages::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,
                          PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    if (FailAt == kFailInit) return STATUS_FAILED_ON_PURPOSE;
    return m_Cable->Init(UnknownAdapter, ResourceList, Port, ServiceGroup);
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStages::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType,
                               ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,
                               PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    if (FailAt == kFailNewStream) return STATUS_FAILED_ON_PURPOSE;
    if (FailAt == kNoStream) return STATUS_SUCCESS;
    return m_Cable->NewStream(Stream, UnknownOuter, PoolType, Pin, Capture, DataFormat, ServiceGroup);
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStages::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    return m_Cable->GetDescription(Description);
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStages::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange,
                                           PKSDATARANGE MatchingDataRange, ULONG OutputBufferLength,
                                           PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    return m_Cable->DataRangeIntersection(PinId, DataRange, MatchingDataRange, OutputBufferLength,
                                          ResultantFormat, ResultantFormatLength);
}

#pragma code_seg()

STDMETHODIMP_(void) CMiniportMidiStages::Service(void) {
    m_Cable->Service();
}

#pragma code_seg("PAGE")

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    HANDLE key;
    FailAt = 0;
    if (NT_SUCCESS(IoOpenDeviceRegistryKey(PhysicalDeviceObject, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key))) {
        FailAt = ReadFailAt(key);
    }
    if (FailAt == kFailAddDevice) return STATUS_FAILED_ON_PURPOSE;
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 2, 0);
}

static NTSTATUS InitPort(PPORT Port, PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CMiniportMidiStages* miniport = new (NonPagedPool, CABLE_POOL_TAG) CMiniportMidiStages(NULL);
    if (!miniport) return STATUS_INSUFFICIENT_RESOURCES;
    miniport->AddRef();
    NTSTATUS ntStatus = miniport->Create();
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = Port->Init(DeviceObject, Irp, PUNKNOWN(PMINIPORTMIDI(miniport)), NULL, ResourceList);
    }
    miniport->Release();
    return ntStatus;
}

NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (FailAt == kFailStartDevice) return STATUS_FAILED_ON_PURPOSE;
    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, FailAt == kFailNewPort ? CLSID_MiniportDriverUart : CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = InitPort(port, DeviceObject, Irp, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Cable", port);
    if (NT_SUCCESS(ntStatus) && FailAt == kFailRegisterSubdevice) {
        ntStatus = PcRegisterSubdevice(DeviceObject, L"Cable", port);
    }
    port->Release();
    return ntStatus;
}

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, RegistryPathName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    HANDLE key;
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)) && ReadFailAt(key) == kFailDriverEntry) {
        return STATUS_FAILED_ON_PURPOSE;
    }
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}
