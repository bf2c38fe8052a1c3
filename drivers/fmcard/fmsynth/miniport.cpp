#include "fmsynth.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportMidiFmSynth(OUT PUNKNOWN* Unknown, IN REFCLSID ClassId,
                                   IN PUNKNOWN UnknownOuter OPTIONAL, IN POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    CMiniportMidiFmSynth* pMiniport = new (PoolType, FMSYNTH_POOL_TAG) CMiniportMidiFmSynth(UnknownOuter);
    if (!pMiniport) return STATUS_INSUFFICIENT_RESOURCES;
    pMiniport->Configure(BOOLEAN(IsEqualGUIDAligned(ClassId, CLSID_MiniportDriverFmSynthWithVol)));
    *Unknown = PUNKNOWN(PMINIPORTMIDI(pMiniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}

void CMiniportMidiFmSynth::Configure(IN BOOLEAN fVolumeNode) {
    PAGED_CODE();
    m_fVolumeNode = fVolumeNode;
    m_fPoweredDown = TRUE;
    KeInitializeSpinLock(&m_SpinLock);
    BuildDescriptor();
}

// The device is in D0 until here, and the ports are ours.
CMiniportMidiFmSynth::~CMiniportMidiFmSynth() {
    PAGED_CODE();
    if (m_pPortBase) AllNotesOff();
    if (m_pPort) m_pPort->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiFmSynth::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTMIDI(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = PVOID(PMINIPORT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = PVOID(PMINIPORTMIDI(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMusicTechnology)) {
        *Object = PVOID(PMUSICTECHNOLOGY(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = PVOID(PPOWERNOTIFY(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS CMiniportMidiFmSynth::ProcessResources(IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (!ResourceList || ResourceList->NumberOfPorts() != 1 || ResourceList->NumberOfInterrupts() != 0 ||
        ResourceList->NumberOfDmas() != 0) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the synthesizer needs one port range and nothing else"));
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    PCM_PARTIAL_RESOURCE_DESCRIPTOR pPorts = ResourceList->FindTranslatedPort(0);
    if (!pPorts || pPorts->u.Port.Length < 4) return STATUS_DEVICE_CONFIGURATION_ERROR;
    m_pPortBase = PUCHAR(pPorts->u.Port.Start.QuadPart);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiFmSynth::Init(IN PUNKNOWN UnknownAdapter OPTIONAL, IN PRESOURCELIST ResourceList,
                           IN PPORTMIDI Port, OUT PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    ASSERT(Port);
    ASSERT(ServiceGroup);
    UNREFERENCED_PARAMETER(UnknownAdapter);

    // There is nothing to be served: the chip only plays.
    *ServiceGroup = NULL;
    NTSTATUS ntStatus = ProcessResources(ResourceList);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    m_fPoweredDown = FALSE;
    if (!DetectChip()) {
        _DbgPrintF(DEBUGLVL_TERSE, ("no OPL3 at 0x%p", m_pPortBase));
        m_pPortBase = NULL;
        return STATUS_IO_DEVICE_ERROR;
    }
    m_pPort = Port;
    m_pPort->AddRef();
    ResetChip();
    ResetChannels();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiFmSynth::NewStream(OUT PMINIPORTMIDISTREAM* Stream, IN PUNKNOWN OuterUnknown OPTIONAL,
                                IN POOL_TYPE PoolType, IN ULONG Pin, IN BOOLEAN Capture,
                                IN PKSDATAFORMAT DataFormat, OUT PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(DataFormat);
    if (Capture || m_fStreamOpen) return STATUS_INVALID_DEVICE_REQUEST;

    CMiniportMidiStreamFmSynth* pStream =
        new (PoolType, FMSYNTH_POOL_TAG) CMiniportMidiStreamFmSynth(OuterUnknown);
    if (!pStream) return STATUS_INSUFFICIENT_RESOURCES;
    pStream->AddRef();
    pStream->Init(this);
    m_fStreamOpen = TRUE;
    ResetChannels();
    *Stream = PMINIPORTMIDISTREAM(pStream);
    *ServiceGroup = NULL;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiFmSynth::SetTechnology(IN const GUID* Technology) {
    PAGED_CODE();
    if (!Technology) return STATUS_INVALID_PARAMETER;
    m_StreamRange.Technology = *Technology;
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(void) CMiniportMidiFmSynth::Service(void) {}

// A chip that loses its power forgets everything; the channels' controllers are ours, and stay.
STDMETHODIMP_(void) CMiniportMidiFmSynth::PowerChangeNotify(IN POWER_STATE PowerState) {
    BOOLEAN fSleeps = BOOLEAN(PowerState.DeviceState != PowerDeviceD0);
    if (fSleeps) AllNotesOff();

    KIRQL OldIrql;
    KeAcquireSpinLock(&m_SpinLock, &OldIrql);
    if (fSleeps) {
        m_fPoweredDown = TRUE;
    } else if (m_fPoweredDown) {
        m_fPoweredDown = FALSE;
        ResetChip();
    }
    KeReleaseSpinLock(&m_SpinLock, OldIrql);
}
