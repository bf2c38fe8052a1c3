// The adapter driver: entry points, and the card's ports as subdevices "MIDI1" to "MIDI4".
#define INITGUID

#include "pcimidi.h"

#include <ntstrsafe.h>

#include "adapter.tmh"

extern "C" DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE AddDevice;
DRIVER_UNLOAD Unload;
NTSTATUS NTAPI StartDevice(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ PRESOURCELIST ResourceList);

// PortCls' own.
static PDRIVER_UNLOAD PortClsUnload;

#pragma code_seg("INIT")

_Use_decl_annotations_ extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                                       PUNICODE_STRING RegistryPath) {
    WPP_INIT_TRACING(DriverObject, RegistryPath);

    NTSTATUS status = PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
    if (!NT_SUCCESS(status)) {
        TraceEvents(TRACE_LEVEL_ERROR, TRACE_INIT, "PcInitializeAdapterDriver: %!STATUS!", status);
        WPP_CLEANUP(DriverObject);
        return status;
    }
    PortClsUnload = DriverObject->DriverUnload;
    DriverObject->DriverUnload = Unload;
    return status;
}

#pragma code_seg("PAGE")

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT DriverObject) {
    PAGED_CODE();
    if (PortClsUnload != nullptr) PortClsUnload(DriverObject);
    WPP_CLEANUP(DriverObject);
}

_Use_decl_annotations_ NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, MAX_PORTS, 0);
}

_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ static NTSTATUS
    InstallPort(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ PRESOURCELIST ResourceList,
                _In_ PUNKNOWN Card, _In_ ULONG Index) {
    PAGED_CODE();

    WCHAR name[8];
    NTSTATUS status = RtlStringCchPrintfW(name, ARRAYSIZE(name), L"MIDI%u", Index + 1);
    if (!NT_SUCCESS(status)) return status;

    PPORT port = nullptr;
    status = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(status)) return status;

    PUNKNOWN miniport = nullptr;
    status = CreateMiniportMidiPci(&miniport, nullptr, Index);
    if (NT_SUCCESS(status)) {
        status = port->Init(DeviceObject, Irp, miniport, Card, ResourceList);
        if (NT_SUCCESS(status)) status = PcRegisterSubdevice(DeviceObject, name, port);
        miniport->Release();
    }
    port->Release();
    return status;
}

_Use_decl_annotations_ NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                  PRESOURCELIST ResourceList) {
    PAGED_CODE();

    PUNKNOWN unknown = nullptr;
    NTSTATUS status = CreateCard(&unknown, nullptr);
    if (!NT_SUCCESS(status)) return status;

    PCARD card = nullptr;
    status = unknown->QueryInterface(IID_ICard, reinterpret_cast<PVOID*>(&card));
    if (NT_SUCCESS(status)) {
        status = card->Init(DeviceObject, ResourceList);
        if (NT_SUCCESS(status)) status = PcRegisterAdapterPowerManagement(unknown, DeviceObject);
        for (ULONG i = 0; NT_SUCCESS(status) && i < card->PortCount(); i++) {
            status = InstallPort(DeviceObject, Irp, ResourceList, unknown, i);
        }
        card->Release();
    }
    unknown->Release();
    return status;
}
