#include "wave.h"
#include "wavtable.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportWaveCyclicSB16(OUT PUNKNOWN* Unknown, IN REFCLSID, IN PUNKNOWN UnknownOuter OPTIONAL,
                                      IN POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY_WITH_TAG(CMiniportWaveCyclicSB16, Unknown, UnknownOuter, PoolType, SB16_POOL_TAG);
}

// The card's interrupt knows nobody of us before anything goes.
CMiniportWaveCyclicSB16::~CMiniportWaveCyclicSB16() {
    PAGED_CODE();
    if (m_pAdapterCommon) {
        m_pAdapterCommon->SetWaveNotify(NULL, NULL);
        m_pAdapterCommon->Release();
    }
    if (m_pDmaChannel8) m_pDmaChannel8->Release();
    if (m_pDmaChannel16) m_pDmaChannel16->Release();
    if (m_pServiceGroup) m_pServiceGroup->Release();
    if (m_pPort) m_pPort->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicSB16::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = PVOID(PMINIPORT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclic)) {
        *Object = PVOID(PMINIPORTWAVECYCLIC(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

// A busy system has no large piece of low memory: half of it does, too.
NTSTATUS CMiniportWaveCyclicSB16::NewDmaChannel(OUT PDMACHANNELSLAVE* DmaChannel,
                                                IN PRESOURCELIST ResourceList, IN ULONG Index) {
    PAGED_CODE();
    NTSTATUS ntStatus = m_pPort->NewSlaveDmaChannel(DmaChannel, NULL, ResourceList, Index, WAVE_DMA_BUFFER,
                                                    FALSE, Compatible);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ULONG ulBytes = WAVE_DMA_BUFFER;
    do {
        ntStatus = (*DmaChannel)->AllocateBuffer(ulBytes, NULL);
        ulBytes >>= 1;
    } while (!NT_SUCCESS(ntStatus) && ulBytes >= WAVE_LEAST_DMA_BUFFER);
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicSB16::Init(IN PUNKNOWN UnknownAdapter, IN PRESOURCELIST ResourceList,
                              IN PPORTWAVECYCLIC Port) {
    PAGED_CODE();
    ASSERT(UnknownAdapter);
    ASSERT(Port);
    m_pPort = Port;
    m_pPort->AddRef();
    NTSTATUS ntStatus = UnknownAdapter->QueryInterface(IID_IAdapterCommon, (PVOID*)&m_pAdapterCommon);
    // Channels 0 to 3 move bytes, 5 to 7 words.
    for (ULONG i = 0; NT_SUCCESS(ntStatus) && i < ResourceList->NumberOfDmas(); i++) {
        ULONG ulChannel = ResourceList->FindTranslatedDma(i)->u.Dma.Channel;
        PDMACHANNELSLAVE* pDmaChannel = ulChannel < 4 ? &m_pDmaChannel8 : &m_pDmaChannel16;
        ntStatus =
            *pDmaChannel ? STATUS_DEVICE_CONFIGURATION_ERROR : NewDmaChannel(pDmaChannel, ResourceList, i);
    }
    if (NT_SUCCESS(ntStatus) && !m_pDmaChannel8) ntStatus = STATUS_DEVICE_CONFIGURATION_ERROR;
    if (NT_SUCCESS(ntStatus)) ntStatus = PcNewServiceGroup(&m_pServiceGroup, NULL);
    if (NT_SUCCESS(ntStatus)) m_pAdapterCommon->SetWaveNotify(m_pPort, m_pServiceGroup);
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS) CMiniportWaveCyclicSB16::GetDescription(OUT PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    ASSERT(Description);
    *Description = &MiniportFilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicSB16::DataRangeIntersection(IN ULONG, IN PKSDATARANGE, IN PKSDATARANGE, IN ULONG,
                                               OUT PVOID, OUT PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS CMiniportWaveCyclicSB16::ValidateFormat(IN PKSDATAFORMAT Format, OUT PWAVEFORMATEX* WaveFormat) {
    PAGED_CODE();
    if (Format->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        !IsEqualGUIDAligned(Format->MajorFormat, KSDATAFORMAT_TYPE_AUDIO) ||
        !IsEqualGUIDAligned(Format->SubFormat, KSDATAFORMAT_SUBTYPE_PCM) ||
        !IsEqualGUIDAligned(Format->Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        return STATUS_INVALID_PARAMETER;
    }
    PWAVEFORMATEX pWave = &((PKSDATAFORMAT_WAVEFORMATEX)Format)->WaveFormatEx;
    if (pWave->wFormatTag != WAVE_FORMAT_PCM || pWave->nChannels < 1 || pWave->nChannels > 2 ||
        (pWave->wBitsPerSample != 8 && pWave->wBitsPerSample != 16) ||
        pWave->nSamplesPerSec < WAVE_LEAST_RATE || pWave->nSamplesPerSec > WAVE_HIGHEST_RATE) {
        return STATUS_INVALID_PARAMETER;
    }
    *WaveFormat = pWave;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicSB16::NewStream(OUT PMINIPORTWAVECYCLICSTREAM* Stream, IN PUNKNOWN OuterUnknown OPTIONAL,
                                   IN POOL_TYPE PoolType, IN ULONG Pin, IN BOOLEAN Capture,
                                   IN PKSDATAFORMAT DataFormat, OUT PDMACHANNEL* DmaChannel,
                                   OUT PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    PWAVEFORMATEX pWave = NULL;
    NTSTATUS ntStatus = ValidateFormat(DataFormat, &pWave);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    BOOLEAN f16Bit = BOOLEAN(pWave->wBitsPerSample == 16);
    PDMACHANNELSLAVE pDmaChannel = f16Bit ? m_pDmaChannel16 : m_pDmaChannel8;
    if (!pDmaChannel || (f16Bit ? m_fOpen16 : m_fOpen8) || (Capture ? m_fCaptureOpen : m_fRenderOpen)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }

    CMiniportWaveCyclicStreamSB16* pStream =
        new (PoolType, SB16_POOL_TAG) CMiniportWaveCyclicStreamSB16(OuterUnknown);
    if (!pStream) return STATUS_INSUFFICIENT_RESOURCES;
    pStream->AddRef();
    ntStatus = pStream->Init(this, Capture, DataFormat, f16Bit, pDmaChannel);
    if (!NT_SUCCESS(ntStatus)) {
        pStream->Release();
        return ntStatus;
    }
    *Stream = PMINIPORTWAVECYCLICSTREAM(pStream);
    *DmaChannel = PDMACHANNEL(pDmaChannel);
    (*DmaChannel)->AddRef();
    *ServiceGroup = m_pServiceGroup;
    (*ServiceGroup)->AddRef();
    return STATUS_SUCCESS;
}

// ---- the stream ----

NTSTATUS CMiniportWaveCyclicStreamSB16::Init(IN CMiniportWaveCyclicSB16* Miniport, IN BOOLEAN Capture,
                                             IN PKSDATAFORMAT DataFormat, IN BOOLEAN f16Bit,
                                             IN PDMACHANNELSLAVE DmaChannel) {
    PAGED_CODE();
    m_pMiniport = Miniport;
    m_pMiniport->AddRef();
    m_pDmaChannel = DmaChannel;
    m_pDmaChannel->AddRef();
    m_fCapture = Capture;
    m_f16Bit = f16Bit;
    m_State = KSSTATE_STOP;
    (m_fCapture ? m_pMiniport->m_fCaptureOpen : m_pMiniport->m_fRenderOpen) = TRUE;
    (m_f16Bit ? m_pMiniport->m_fOpen16 : m_pMiniport->m_fOpen8) = TRUE;
    return SetFormat(DataFormat);
}

CMiniportWaveCyclicStreamSB16::~CMiniportWaveCyclicStreamSB16() {
    PAGED_CODE();
    if (m_pDmaChannel) m_pDmaChannel->Release();
    if (!m_pMiniport) return;
    (m_fCapture ? m_pMiniport->m_fCaptureOpen : m_pMiniport->m_fRenderOpen) = FALSE;
    (m_f16Bit ? m_pMiniport->m_fOpen16 : m_pMiniport->m_fOpen8) = FALSE;
    m_pMiniport->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicStreamSB16::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclicStream)) {
        *Object = PVOID(PMINIPORTWAVECYCLICSTREAM(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

// The width belongs to the channel: another one needs another stream.
STDMETHODIMP_(NTSTATUS) CMiniportWaveCyclicStreamSB16::SetFormat(IN PKSDATAFORMAT Format) {
    PAGED_CODE();
    PWAVEFORMATEX pWave = NULL;
    if (m_State == KSSTATE_RUN) return STATUS_INVALID_DEVICE_STATE;
    NTSTATUS ntStatus = m_pMiniport->ValidateFormat(Format, &pWave);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if ((pWave->wBitsPerSample == 16) != (m_f16Bit != FALSE)) return STATUS_INVALID_PARAMETER;
    m_fStereo = BOOLEAN(pWave->nChannels == 2);
    m_ulRate = pWave->nSamplesPerSec;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(ULONG)
CMiniportWaveCyclicStreamSB16::SetNotificationFreq(IN ULONG Interval, OUT PULONG FrameSize) {
    PAGED_CODE();
    m_ulBlockBytes = FrameBytes() * (m_ulRate * Interval / 1000);
    *FrameSize = m_ulBlockBytes;
    return Interval;
}

BOOLEAN CMiniportWaveCyclicStreamSB16::Command(IN BYTE b8Bit, IN BYTE b16Bit) {
    PAGED_CODE();
    return m_pMiniport->m_pAdapterCommon->WriteController(m_f16Bit ? b16Bit : b8Bit);
}

// The rate, high byte first, then the transfer: again and again, with an interrupt a block.
NTSTATUS CMiniportWaveCyclicStreamSB16::Start(void) {
    PAGED_CODE();
    PADAPTERCOMMON pCommon = m_pMiniport->m_pAdapterCommon;
    NTSTATUS ntStatus = m_pDmaChannel->Start(m_pDmaChannel->BufferSize(), BOOLEAN(!m_fCapture));
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    BYTE bMode = BYTE((m_fStereo ? DSP_MODE_STEREO : 0) | (m_f16Bit ? DSP_MODE_SIGNED : 0));
    ULONG ulSamples = m_ulBlockBytes / (m_f16Bit ? 2 : 1) - 1;
    if (pCommon->WriteController(BYTE(m_fCapture ? DSP_CMD_INPUT_RATE : DSP_CMD_OUTPUT_RATE)) &&
        pCommon->WriteController(BYTE(m_ulRate >> 8)) && pCommon->WriteController(BYTE(m_ulRate)) &&
        (m_fCapture ? Command(DSP_CMD_RECORD_8BIT, DSP_CMD_RECORD_16BIT)
                    : Command(DSP_CMD_PLAY_8BIT, DSP_CMD_PLAY_16BIT)) &&
        pCommon->WriteController(bMode) && pCommon->WriteController(BYTE(ulSamples)) &&
        pCommon->WriteController(BYTE(ulSamples >> 8))) {
        return STATUS_SUCCESS;
    }
    m_pDmaChannel->Stop();
    return STATUS_IO_DEVICE_ERROR;
}

// ACQUIRE to RUN and back by PAUSE; a transfer begins with the first RUN after STOP.
STDMETHODIMP_(NTSTATUS) CMiniportWaveCyclicStreamSB16::SetState(IN KSSTATE State) {
    PAGED_CODE();
    NTSTATUS ntStatus = STATUS_SUCCESS;
    if (State == m_State) return ntStatus;
    if (State == KSSTATE_RUN) {
        if (m_ulBlockBytes < 2) return STATUS_INVALID_DEVICE_STATE;
        ntStatus = Start();
    } else if (m_State == KSSTATE_RUN) {
        Command(DSP_CMD_PAUSE_8BIT, DSP_CMD_PAUSE_16BIT);
        Command(DSP_CMD_END_8BIT, DSP_CMD_END_16BIT);
        m_pDmaChannel->Stop();
    }
    if (NT_SUCCESS(ntStatus)) m_State = State;
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS)
CMiniportWaveCyclicStreamSB16::NormalizePhysicalPosition(IN OUT PLONGLONG PhysicalPosition) {
    PAGED_CODE();
    *PhysicalPosition = *PhysicalPosition / FrameBytes() * 10000000 / m_ulRate;
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS) CMiniportWaveCyclicStreamSB16::GetPosition(OUT PULONG Position) {
    ULONG ulCounter = m_State == KSSTATE_RUN ? m_pDmaChannel->ReadCounter() : 0;
    *Position = ulCounter ? m_pDmaChannel->TransferCount() - ulCounter : 0;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CMiniportWaveCyclicStreamSB16::Silence(IN PVOID Buffer, IN ULONG ByteCount) {
    RtlFillMemory(Buffer, ByteCount, UCHAR(m_f16Bit ? 0 : 0x80));
}
