// A driver for measuring: 64 MIDI ports, or SINK_PORTS, whose render streams swallow what they are given.

#define PUT_GUIDS_HERE

#include <portcls.h>
#include <stdunk.h>
#include <ntstrsafe.h>

#ifndef SINK_PORTS
#define SINK_PORTS 64
#endif
const ULONG kPorts = SINK_PORTS;
const ULONG kPoolTag = 'kniS';

// Adds up what it is given, so that the bytes are read.
class CMiniportMidiStreamSink : public IMiniportMidiStream, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamSink);
    ~CMiniportMidiStreamSink() {}
    IMP_IMiniportMidiStream;

  private:
    ULONG m_Sum;
};

class CMiniportMidiSink : public IMiniportMidi, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiSink);
    ~CMiniportMidiSink() {}
    IMP_IMiniportMidi;
};

static KSDATARANGE_MUSIC StreamRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};
static PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

static PCPIN_DESCRIPTOR Pins[] = {
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, SIZEOF_ARRAY(StreamRanges), StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK,
      &KSCATEGORY_AUDIO, &KSAUDFNAME_MIDI, 0}}};

static GUID Categories[] = {{STATICGUIDOF(KSCATEGORY_AUDIO)}, {STATICGUIDOF(KSCATEGORY_RENDER)}};

static PCFILTER_DESCRIPTOR FilterDescriptor = {
    0, NULL, sizeof(PCPIN_DESCRIPTOR), SIZEOF_ARRAY(Pins), Pins, sizeof(PCNODE_DESCRIPTOR), 0, NULL,
    0, NULL, SIZEOF_ARRAY(Categories), Categories};

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamSink::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = PVOID(PMINIPORTMIDISTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamSink::SetFormat(PKSDATAFORMAT) {
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamSink::SetState(KSSTATE) {
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamSink::Read(PVOID, ULONG, PULONG BytesRead) {
    *BytesRead = 0;
    return STATUS_INVALID_DEVICE_REQUEST;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamSink::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    for (ULONG i = 0; i < BytesToWrite; i++) m_Sum += PUCHAR(BufferAddress)[i];
    *BytesWritten = BytesToWrite;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiSink::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTMIDI(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = PVOID(PMINIPORT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = PVOID(PMINIPORTMIDI(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiSink::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    *Description = &FilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiSink::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiSink::Init(PUNKNOWN, PRESOURCELIST, PPORTMIDI, PSERVICEGROUP* ServiceGroup) {
    *ServiceGroup = NULL;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CMiniportMidiSink::Service(void) {}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiSink::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType, ULONG,
                             BOOLEAN, PKSDATAFORMAT, PSERVICEGROUP* ServiceGroup) {
    CMiniportMidiStreamSink* stream = new (PoolType, kPoolTag) CMiniportMidiStreamSink(UnknownOuter);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    *Stream = PMINIPORTMIDISTREAM(stream);
    *ServiceGroup = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS InstallPort(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, ULONG Number) {
    WCHAR name[16];
    NTSTATUS ntStatus = RtlStringCchPrintfW(name, SIZEOF_ARRAY(name), L"Sink%u", Number);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PPORT port = NULL;
    ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    CMiniportMidiSink* miniport = new (NonPagedPool, kPoolTag) CMiniportMidiSink(NULL);
    if (!miniport) {
        port->Release();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    miniport->AddRef();
    ntStatus = port->Init(DeviceObject, Irp, PUNKNOWN(PMINIPORTMIDI(miniport)), NULL, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, name, port);
    miniport->Release();
    port->Release();
    return ntStatus;
}

static NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    NTSTATUS ntStatus = STATUS_SUCCESS;
    for (ULONG i = 0; i < kPorts && NT_SUCCESS(ntStatus); i++) {
        ntStatus = InstallPort(DeviceObject, Irp, ResourceList, i);
    }
    return ntStatus;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, kPorts, 0);
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}
