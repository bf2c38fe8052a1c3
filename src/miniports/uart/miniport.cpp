// The miniport object: resources, interrupt, descriptor, streams, power.
#include "uart.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportMidiUART(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType) {
    PAGED_CODE();
    STD_CREATE_BODY_WITH_TAG_(CMiniportMidiUart, Unknown, UnknownOuter, PoolType, UART_POOL_TAG,
                              PMINIPORTMIDI);
}

CMiniportMidiUart::CMiniportMidiUart(PUNKNOWN pUnknownOuter) : CUnknown(pUnknownOuter) {
    PAGED_CODE();
    BuildDescriptor();
}

CMiniportMidiUart::~CMiniportMidiUart() {
    PAGED_CODE();
    ReleaseAll();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiUart::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTMIDI);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = QICAST(PMINIPORT);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = QICAST(PMINIPORTMIDI);
    } else if (IsEqualGUIDAligned(Interface, IID_IMusicTechnology)) {
        *Object = QICAST(PMUSICTECHNOLOGY);
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = QICAST(PPOWERNOTIFY);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// Init (UA-008, UA-009): whatever was made before a failure is undone (MM-017).
STDMETHODIMP_(NTSTATUS)
CMiniportMidiUart::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,
                        PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    ASSERT(ResourceList);
    ASSERT(Port);
    ASSERT(ServiceGroup);

    *ServiceGroup = NULL;
    NTSTATUS ntStatus = ProcessResources(ResourceList);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    m_pPort = Port;
    m_pPort->AddRef();

    ntStatus = AcquireInterruptSync(UnknownAdapter, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = CreateServiceGroup(ServiceGroup);
    if (NT_SUCCESS(ntStatus)) ntStatus = InitializeHardware();

    if (!NT_SUCCESS(ntStatus)) {
        _DbgPrintF(DEBUGLVL_TERSE, ("Init failed with 0x%08X", ntStatus));
        if (*ServiceGroup) {
            (*ServiceGroup)->Release();
            *ServiceGroup = NULL;
        }
        ReleaseAll();
    }
    return ntStatus;
}

// The port learns of the group before the hardware starts, so that no interrupt is lost (PM-031).
NTSTATUS CMiniportMidiUart::CreateServiceGroup(PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    NTSTATUS ntStatus = PcNewServiceGroup(&m_pServiceGroup, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    *ServiceGroup = m_pServiceGroup;
    m_pServiceGroup->AddRef();
    m_pPort->RegisterServiceGroup(m_pServiceGroup);
    return STATUS_SUCCESS;
}

void CMiniportMidiUart::ReleaseAll(void) {
    PAGED_CODE();
    ReleaseDevice();
    if (m_pPort) {
        m_pPort->Release();
        m_pPort = NULL;
    }
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiUart::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType, ULONG,
                             BOOLEAN Capture, PKSDATAFORMAT, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    BOOLEAN* open = Capture ? &m_fCaptureOpen : &m_fRenderOpen;
    if (*open) return STATUS_INVALID_DEVICE_REQUEST;

    NTSTATUS ntStatus = STATUS_SUCCESS;
    if (!m_fCaptureOpen && !m_fRenderOpen) ntStatus = InitializeHardware();
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    CMiniportMidiStreamUart* stream = new (PoolType, UART_POOL_TAG) CMiniportMidiStreamUart(UnknownOuter);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    stream->Init(this, Capture);
    *open = TRUE;
    *Stream = PMINIPORTMIDISTREAM(stream);

    // Only capture needs service: writing is driven by the port's own clock.
    *ServiceGroup = NULL;
    if (Capture) {
        *ServiceGroup = m_pServiceGroup;
        m_pServiceGroup->AddRef();
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiUart::SetTechnology(const GUID* Technology) {
    PAGED_CODE();
    if (!Technology) return STATUS_INVALID_PARAMETER;
    if (m_pPort)
        PorticoBrokenContract("MT-003", PMUSICTECHNOLOGY(this),
                              "IMusicTechnology::SetTechnology was called after IPort::Init, which has given "
                              "the pins' data ranges to the port already.");
    m_StreamRange.Technology = *Technology;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CMiniportMidiUart::PowerChangeNotify(POWER_STATE PowerState) {
    PAGED_CODE();
    ChangePower(PowerState);
}

#pragma code_seg()

// Input that arrived while no stream was there to read it is stale (MM-023).
STDMETHODIMP_(void) CMiniportMidiUart::Service(void) {
    if (!m_fCaptureOpen) m_InputHead = m_InputTail;
}
