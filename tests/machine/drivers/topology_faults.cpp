// The sound card's mixer alone, with one thing wrong in what it describes: the value "Fault" under the
// software key says which. 0: nothing.

#define PUT_GUIDS_HERE

#include "topology.h"

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

static PCPIN_DESCRIPTOR* Pin(ULONG Id) {
    return const_cast<PCPIN_DESCRIPTOR*>(&TopologyDescriptor.Pins[Id]);
}
static PCNODE_DESCRIPTOR* Node(ULONG Id) {
    return const_cast<PCNODE_DESCRIPTOR*>(&TopologyDescriptor.Nodes[Id]);
}
static PCCONNECTION_DESCRIPTOR* Connection(ULONG Index) {
    return const_cast<PCCONNECTION_DESCRIPTOR*>(&TopologyDescriptor.Connections[Index]);
}

// A stream of music is described by a KSDATARANGE_MUSIC, which is longer.
static KSDATARANGE ShortRange = {sizeof(KSDATARANGE),
                                 0,
                                 0,
                                 0,
                                 STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
                                 STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI),
                                 STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};
static PKSDATARANGE ShortRanges[] = {&ShortRange};

// Connections: 0 pin 0 -> n0, 1 pin 1 -> n1, 2 n0 -> n2.1, 3 n1 -> n2.2, 4 n2 -> n3, 5 n3 -> n4, 6 n4 ->
// pin 2.
static void Spoil(ULONG Fault) {
    switch (Fault) {
        case 1:  // pin 1 is connected to nothing, and node 1 has no input
            Connection(1)->FromNodePin = kPinSynthIn;
            break;
        case 2:  // node 3 is passed by
            *Connection(4) = {kNodeSum, 0, kNodeMasterMute, 1};
            *Connection(5) = {kNodeSum, 0, kNodeMasterMute, 2};
            break;
        case 3:
            Connection(4)->ToNode = 17;
            break;
        case 4:  // from an output pin
            Connection(0)->FromNodePin = kPinLineOut;
            break;
        case 5:  // one input of the sum has two sources
            Connection(3)->ToNodePin = 1;
            break;
        case 6:  // nothing leads to the line output
            *Connection(6) = {kNodeMasterMute, 0, kNodeMasterVolume, 2};
            break;
        case 7:
            Node(kNodeLineVolume)->AutomationTable = NULL;
            break;
        case 8:  // basic support still says that the mute can be set
            const_cast<PCPROPERTY_ITEM*>(Node(kNodeMasterMute)->AutomationTable->Properties)->Flags &=
                ~PCPROPERTY_ITEM_FLAG_SET;
            break;
        case 9:
            Pin(kPinLineIn)->KsPinDescriptor.DataRangesCount = 0;
            break;
        case 10:
            Node(kNodeLineVolume)->Name = Node(kNodeSynthVolume)->Name;
            break;
        case 11:
            Pin(kPinLineIn)->MaxFilterInstanceCount = 2;
            Pin(kPinLineIn)->MaxGlobalInstanceCount = 1;
            break;
        case 12:
            Pin(kPinLineIn)->KsPinDescriptor.DataFlow = (KSPIN_DATAFLOW)7;
            break;
        case 13:
            Pin(kPinLineIn)->KsPinDescriptor.DataRanges = ShortRanges;
            Pin(kPinLineIn)->KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
            Pin(kPinLineIn)->MaxFilterInstanceCount = 1;
            Pin(kPinLineIn)->MaxGlobalInstanceCount = 1;
            break;
        case 14:
            Pin(kPinLineIn)->KsPinDescriptor.Category = Pin(kPinSynthIn)->KsPinDescriptor.Category;
            Pin(kPinLineIn)->KsPinDescriptor.Name = Pin(kPinSynthIn)->KsPinDescriptor.Name;
            break;
        case 15:  // an unusual input: a habit, no duty
            Connection(5)->ToNodePin = 3;
            break;
    }
}

#pragma code_seg("PAGE")

static ULONG FaultOf(PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    PREGISTRYKEY key = NULL;
    if (!NT_SUCCESS(
            PcNewRegistryKey(&key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL)))
        return 0;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Fault");
    ULONG buffer[8];
    ULONG length;
    PKEY_VALUE_PARTIAL_INFORMATION value = (PKEY_VALUE_PARTIAL_INFORMATION)buffer;
    NTSTATUS ntStatus = key->QueryValueKey(&name, KeyValuePartialInformation, value, sizeof(buffer), &length);
    key->Release();
    return NT_SUCCESS(ntStatus) ? *(PULONG)value->Data : 0;
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    Spoil(FaultOf(DeviceObject));
    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortTopology);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    PUNKNOWN miniport = NULL;
    ntStatus = CreateMiniportTopology(&miniport, GUID_NULL, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Topology", port);
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}
