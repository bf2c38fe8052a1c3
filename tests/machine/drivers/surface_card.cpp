// What published drivers call of PortCls, KS and the I/O manager (docs/spec/ddi-surface.md) and no other
// driver here does, each with what its page says of it. The card has one port range and interrupt line 9. It
// prints "surface: FAILED ..." for what does not hold and "surface: N hold" at its end.

#define PUT_GUIDS_HERE
#include "surface_card.h"

#define CARD_LINE 9

ULONG Held;

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

// ---- a bus master's channel, from a wave port ----

#pragma code_seg("PAGE")

static void CheckBuffer(PDMACHANNEL Channel) {
    PAGED_CODE();
    CHECK(Channel->MaximumBufferSize() == 0x10000);
    CHECK(Channel->SystemAddress() == NULL && Channel->AllocatedBufferSize() == 0);
    CHECK(Channel->AllocateBuffer(0x4000, NULL) == STATUS_SUCCESS);
    CHECK(Channel->AllocatedBufferSize() == 0x4000 && Channel->BufferSize() == 0x4000);
    Channel->SetBufferSize(0x3000);
    CHECK(Channel->BufferSize() == 0x3000 && Channel->AllocatedBufferSize() == 0x4000);
    CHECK(Channel->TransferCount() == 0x3000);
    PUCHAR buffer = (PUCHAR)Channel->SystemAddress();
    PHYSICAL_ADDRESS address = Channel->PhysicalAddress();
    CHECK(buffer != NULL && address.QuadPart == MmGetPhysicalAddress(buffer).QuadPart);
    CHECK(address.HighPart == 0);
    UCHAR text[8];
    Channel->CopyTo(buffer + 16, (PVOID) "channel", 8);
    Channel->CopyFrom(text, buffer + 16, 8);
    CHECK(RtlCompareMemory(text, "channel", 8) == 8 && buffer[16] == 'c');
    CHECK(Channel->GetAdapterObject() != NULL);
    Channel->FreeBuffer();
    CHECK(Channel->SystemAddress() == NULL && Channel->AllocatedBufferSize() == 0);
    CHECK(Channel->AllocateBuffer(0x10001, NULL) != STATUS_SUCCESS);
}

class CWave : public IMiniportWaveCyclic, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CWave);
    ~CWave() {}
    IMP_IMiniportWaveCyclic;
};

STDMETHODIMP CWave::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (!IsEqualGUIDAligned(Interface, IID_IUnknown) && !IsEqualGUIDAligned(Interface, IID_IMiniport) &&
        !IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclic)) {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    *Object = PVOID(PMINIPORTWAVECYCLIC(this));
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CWave::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    static PCFILTER_DESCRIPTOR nothing = {0};
    nothing.PinSize = sizeof(PCPIN_DESCRIPTOR);
    nothing.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    *Description = &nothing;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CWave::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS) CWave::Init(PUNKNOWN, PRESOURCELIST ResourceList, PPORTWAVECYCLIC Port) {
    PAGED_CODE();
    PDMACHANNEL channel = NULL;
    CHECK(Port->NewMasterDmaChannel(&channel, NULL, ResourceList, 0x10000, TRUE, FALSE, Width32Bits, TypeF) ==
          STATUS_SUCCESS);
    if (channel == NULL) return STATUS_UNSUCCESSFUL;
    CheckBuffer(channel);
    CHECK(channel->Release() == 0);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CWave::NewStream(PMINIPORTWAVECYCLICSTREAM*, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN, PKSDATAFORMAT, PDMACHANNEL*,
                 PSERVICEGROUP*) {
    return STATUS_NOT_SUPPORTED;
}

static void CheckWave(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT port = NULL;
    CWave* wave = new (NonPagedPool, SURFACE_TAG) CWave(NULL);
    CHECK(PcNewPort(&port, CLSID_PortWaveCyclic) == STATUS_SUCCESS && wave != NULL);
    if (port == NULL || wave == NULL) return;
    wave->AddRef();
    CHECK(port->Init(DeviceObject, Irp, PUNKNOWN(PMINIPORTWAVECYCLIC(wave)), NULL, ResourceList) ==
          STATUS_SUCCESS);
    port->Release();
    CHECK(wave->Release() == 0);
}

// ---- resources and the interrupt ----

static void CheckResources(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CHECK(ResourceList->NumberOfEntries() == 2 && ResourceList->NumberOfDmas() == 0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR translated = ResourceList->FindTranslatedInterrupt(0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR raw = ResourceList->FindUntranslatedInterrupt(0);
    CHECK(translated != NULL && translated->Type == CmResourceTypeInterrupt);
    CHECK(translated->u.Interrupt.Level > DISPATCH_LEVEL && translated->u.Interrupt.Affinity != 0);
    CHECK(raw != NULL && raw->u.Interrupt.Vector == CARD_LINE);
    CHECK(ResourceList->FindTranslatedInterrupt(1) == NULL);
}

#pragma code_seg()

static NTSTATUS NTAPI ServiceNothing(PINTERRUPTSYNC, PVOID) {
    return STATUS_UNSUCCESSFUL;
}

static BOOLEAN NTAPI NoteIrql(PVOID Context) {
    *(KIRQL*)Context = KeGetCurrentIrql();
    return TRUE;
}

#pragma code_seg("PAGE")

static void CheckInterrupt(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PINTERRUPTSYNC sync = NULL;
    KIRQL irql = PASSIVE_LEVEL;
    CHECK(PcNewInterruptSync(&sync, NULL, ResourceList, 0, InterruptSyncModeNormal) == STATUS_SUCCESS);
    if (sync == NULL) return;
    CHECK(sync->GetKInterrupt() == NULL);
    CHECK(sync->RegisterServiceRoutine(ServiceNothing, NULL, FALSE) == STATUS_SUCCESS);
    CHECK(sync->Connect() == STATUS_SUCCESS && sync->GetKInterrupt() != NULL);
    CHECK(KeSynchronizeExecution(sync->GetKInterrupt(), NoteIrql, &irql));
    CHECK(irql == (KIRQL)ResourceList->FindTranslatedInterrupt(0)->u.Interrupt.Level);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    sync->Disconnect();
    CHECK(sync->GetKInterrupt() == NULL && sync->Release() == 0);
}

// ---- the device ----

static void CheckDevice(PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    PDEVICE_OBJECT pdo = NULL;
    CHECK(PcGetPhysicalDeviceObject(DeviceObject, &pdo) == STATUS_SUCCESS && pdo != NULL);
    PDEVICE_OBJECT lower = IoGetLowerDeviceObject(DeviceObject);
    CHECK(lower == pdo && IoGetLowerDeviceObject(lower) == NULL);
    ObDereferenceObject(lower);
    POWER_STATE state;
    state.DeviceState = PowerDeviceD0;
    PoSetPowerState(DeviceObject, DevicePowerState, state);
    CHECK(PoSetPowerState(DeviceObject, DevicePowerState, state).DeviceState == PowerDeviceD0);
    ULONGLONG begin = PcGetTimeInterval(0);
    KeStallExecutionProcessor(50);
    ULONGLONG passed = PcGetTimeInterval(begin);
    CHECK(passed >= 50 * 10 && passed < 60 * 10);
    UNICODE_STRING link;
    HANDLE key = NULL, again = NULL;
    CHECK(IoRegisterDeviceInterface(pdo, &KSCATEGORY_AUDIO, NULL, &link) == STATUS_SUCCESS);
    CHECK(IoOpenDeviceInterfaceRegistryKey(&link, KEY_ALL_ACCESS, &key) == STATUS_SUCCESS);
    UNICODE_STRING name;
    ULONG number = 0x1234;
    RtlInitUnicodeString(&name, L"Number");
    CHECK(ZwSetValueKey(key, &name, 0, REG_DWORD, &number, sizeof(number)) == STATUS_SUCCESS);
    ZwClose(key);
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Value;
        UCHAR Room[16];
    } data;
    ULONG length = 0;
    CHECK(IoOpenDeviceInterfaceRegistryKey(&link, KEY_READ, &again) == STATUS_SUCCESS);
    CHECK(ZwQueryValueKey(again, &name, KeyValuePartialInformation, &data, sizeof(data), &length) ==
          STATUS_SUCCESS);
    CHECK(*(PULONG)data.Value.Data == 0x1234);
    CHECK(ZwSetValueKey(again, &name, 0, REG_DWORD, &number, sizeof(number)) == STATUS_SUCCESS);
    ZwClose(again);
    RtlFreeUnicodeString(&link);
    RtlInitUnicodeString(&link, L"\\??\\none#{6994AD04-93EF-11D0-A3CC-00A0C9223196}");
    CHECK(!NT_SUCCESS(IoOpenDeviceInterfaceRegistryKey(&link, KEY_READ, &key)));
}

static void CheckPort(PPORT Port) {
    PAGED_CODE();
    WCHAR text[64];
    ULONG length = 0;
    CHECK(Port->GetDeviceProperty(DevicePropertyHardwareID, sizeof(text), text, &length) == STATUS_SUCCESS);
    CHECK(length > sizeof(WCHAR) && length <= sizeof(text) && text[length / sizeof(WCHAR) - 1] == 0);
    CHECK(Port->GetDeviceProperty(DevicePropertyHardwareID, 0, NULL, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(length > sizeof(WCHAR));
}

// ---- KS' reads and writes of any file ----

static void CheckKsFiles() {
    PAGED_CODE();
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK status;
    HANDLE file = NULL;
    PFILE_OBJECT object = NULL;
    KEVENT event;
    CHAR text[8];
    RtlInitUnicodeString(&name, L"\\SystemRoot\\surface.txt");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwCreateFile(&file, GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE, &attributes, &status, NULL,
                       FILE_ATTRIBUTE_NORMAL, 0, FILE_CREATE,
                       FILE_SYNCHRONOUS_IO_NONALERT | FILE_DELETE_ON_CLOSE, NULL, 0) == STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(file, FILE_READ_DATA, *IoFileObjectType, KernelMode, (PVOID*)&object,
                                    NULL) == STATUS_SUCCESS);
    if (object == NULL) return;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(KsWriteFile(object, &event, NULL, &status, (PVOID) "surface", 7, 0, KernelMode) == STATUS_SUCCESS);
    CHECK(status.Information == 7 && KeReadStateEvent(&event) != 0);
    FILE_STANDARD_INFORMATION standard;
    CHECK(ZwQueryInformationFile(file, &status, &standard, sizeof(standard), FileStandardInformation) ==
          STATUS_SUCCESS);
    CHECK(standard.EndOfFile.QuadPart == 7);
    object->CurrentByteOffset.QuadPart = 3;
    CHECK(KsReadFile(object, &event, NULL, &status, text, sizeof(text), 0, KernelMode) == STATUS_SUCCESS);
    CHECK(status.Information == 4 && RtlCompareMemory(text, "face", 4) == 4 && KeReadStateEvent(&event) != 0);
    CHECK(KsReadFile(object, NULL, NULL, &status, text, sizeof(text), 0, KernelMode) == STATUS_END_OF_FILE);
    ObDereferenceObject(object);
    ZwClose(file);
}

// ---- the adapter ----

static NTSTATUS InstallUart(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT port = NULL;
    PMINIPORT miniport = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = PcNewMiniport(&miniport, CLSID_MiniportDriverUart);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) CheckPort(port);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Uart", port);
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}

NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CheckResources(ResourceList);
    CheckInterrupt(ResourceList);
    CheckDevice(DeviceObject);
    CheckWave(DeviceObject, Irp, ResourceList);
    CheckKsFiles();
    CheckInterfaces(DeviceObject);
    NTSTATUS ntStatus = InstallUart(DeviceObject, Irp, ResourceList);
    DbgPrint("surface: %lu hold\n", Held);
    return ntStatus;
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}
