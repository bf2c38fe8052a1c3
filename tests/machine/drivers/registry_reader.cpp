// The cable's driver, which prints what is under its software key: by IoOpenDeviceRegistryKey in AddDevice,
// by IPort::NewRegistryKey in StartDevice, and its service key in DriverEntry. A line for each value: "WAY:
// [subkey\]name type: bytes".

#define PUT_GUIDS_HERE

#include "cable.h"

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

#pragma code_seg("PAGE")

static void PrintValue(const char* Way, PCSTR Key, PKEY_VALUE_FULL_INFORMATION Value) {
    PAGED_CODE();
    UNICODE_STRING name = {(USHORT)Value->NameLength, (USHORT)Value->NameLength, Value->Name};
    DbgPrint("%s: %s%wZ %lu:", Way, Key, &name, Value->Type);
    PUCHAR data = (PUCHAR)Value + Value->DataOffset;
    for (ULONG i = 0; i < Value->DataLength; i++) DbgPrint(" %02x", data[i]);
    DbgPrint("\n");
}

static ULONG ValueBuffer[512];

static void PrintHandle(const char* Way, HANDLE Key) {
    PAGED_CODE();
    PKEY_VALUE_FULL_INFORMATION value = (PKEY_VALUE_FULL_INFORMATION)ValueBuffer;
    ULONG length;
    for (ULONG i = 0; NT_SUCCESS(
             ZwEnumerateValueKey(Key, i, KeyValueFullInformation, value, sizeof(ValueBuffer), &length));
         i++) {
        PrintValue(Way, "", value);
    }
}

static void PrintKey(const char* Way, PCSTR Name, PREGISTRYKEY Key) {
    PAGED_CODE();
    PKEY_VALUE_FULL_INFORMATION value = (PKEY_VALUE_FULL_INFORMATION)ValueBuffer;
    ULONG length;
    for (ULONG i = 0;
         NT_SUCCESS(Key->EnumerateValueKey(i, KeyValueFullInformation, value, sizeof(ValueBuffer), &length));
         i++) {
        PrintValue(Way, Name, value);
    }
}

static void PrintPortKeys(PPORT Port) {
    PAGED_CODE();
    PREGISTRYKEY key;
    NTSTATUS ntStatus = Port->NewRegistryKey(&key, NULL, DriverRegistryKey, KEY_READ, NULL, 0, NULL);
    if (!NT_SUCCESS(ntStatus)) return;
    PrintKey("port", "", key);
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Settings");
    PREGISTRYKEY subKey;
    ULONG disposition;
    if (NT_SUCCESS(key->NewSubKey(&subKey, NULL, KEY_READ, &name, 0, &disposition))) {
        PrintKey("port", "Settings\\", subKey);
        subKey->Release();
    }
    key->Release();
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    HANDLE key;
    if (NT_SUCCESS(IoOpenDeviceRegistryKey(PhysicalDeviceObject, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key))) {
        PrintHandle("device", key);
        ZwClose(key);
    }
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    PUNKNOWN miniport = NULL;
    ntStatus = CreateMiniportMidiCable(&miniport, GUID_NULL, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) PrintPortKeys(port);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Cable", port);
        miniport->Release();
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
    if (NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes))) {
        PrintHandle("service", key);
        ZwClose(key);
    }
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}
