#include "common.h"

// How long the DSP may take, in steps of a wait.
#define DSP_WAIT_MICROSECONDS 10
#define DSP_WAITS 500

// A register that keeps its value in the registry, and the value without one.
typedef struct {
    BYTE bIndex;
    BYTE bDefault;
    PWSTR pwszName;
} MIXER_SETTING;

static const MIXER_SETTING g_aSettings[] = {{MIX_MASTER_LEFT, 0xD8, L"LeftMasterVol"},
                                            {MIX_MASTER_RIGHT, 0xD8, L"RightMasterVol"},
                                            {MIX_VOICE_LEFT, 0xD8, L"LeftWaveVol"},
                                            {MIX_VOICE_RIGHT, 0xD8, L"RightWaveVol"},
                                            {MIX_MIDI_LEFT, 0xD8, L"LeftMidiVol"},
                                            {MIX_MIDI_RIGHT, 0xD8, L"RightMidiVol"},
                                            {MIX_CD_LEFT, 0xD8, L"LeftCDVol"},
                                            {MIX_CD_RIGHT, 0xD8, L"RightCDVol"},
                                            {MIX_LINE_LEFT, 0xD8, L"LeftLineInVol"},
                                            {MIX_LINE_RIGHT, 0xD8, L"RightLineInVol"},
                                            {MIX_MIC, 0xD8, L"MicVol"},
                                            {MIX_OUTPUT_SWITCHES, 0x1E, L"OutputMixer"},
                                            {MIX_INPUT_LEFT_SWITCHES, 0x15, L"LeftInputMixer"},
                                            {MIX_INPUT_RIGHT_SWITCHES, 0x0B, L"RightInputMixer"},
                                            {MIX_INPUT_GAIN_LEFT, 0x00, L"LeftInputGain"},
                                            {MIX_INPUT_GAIN_RIGHT, 0x00, L"RightInputGain"},
                                            {MIX_TREBLE_LEFT, 0x80, L"LeftTreble"},
                                            {MIX_TREBLE_RIGHT, 0x80, L"RightTreble"},
                                            {MIX_BASS_LEFT, 0x80, L"LeftBass"},
                                            {MIX_BASS_RIGHT, 0x80, L"RightBass"}};

class CAdapterCommon : public IAdapterCommon, public IAdapterPowerManagement, public CUnknown {
  private:
    PDEVICE_OBJECT m_pDeviceObject;
    PINTERRUPTSYNC m_pInterruptSync;
    PUCHAR m_pPortBase;
    BYTE m_bInterruptSetup;
    BYTE m_bDmaSetup;
    BOOLEAN m_fConnected;
    BOOLEAN m_fSettingsRead;

    // What the ISR reads is changed in synchronised routines.
    BOOLEAN m_fPoweredDown;
    PPORTWAVECYCLIC m_pWavePort;
    PSERVICEGROUP m_pWaveGroup;

    // Guards the copy of the mixer's registers, and that they are written in its order.
    KSPIN_LOCK m_MixerLock;
    BYTE m_abMixer[MIXER_REGISTERS];

    NTSTATUS ProcessResources(IN PRESOURCELIST ResourceList);
    NTSTATUS StartController(void);
    void MixerStore(IN BYTE bIndex, IN BYTE bValue);
    void WriteMixer(void);
    NTSTATUS OpenSettings(OUT PREGISTRYKEY* Settings);
    void ReadSettings(void);
    void SaveSettings(void);

    // At the interrupt's IRQL: the ISR uses the same pair of ports.
    BYTE MixerRead(IN BYTE bIndex);
    void MixerWrite(IN BYTE bIndex, IN BYTE bValue);

    friend NTSTATUS InterruptServiceRoutine(IN PINTERRUPTSYNC InterruptSync, IN PVOID DynamicContext);
    friend NTSTATUS SynchronizedMixerWrite(IN PINTERRUPTSYNC InterruptSync, IN PVOID DynamicContext);
    friend NTSTATUS SynchronizedSetNotify(IN PINTERRUPTSYNC InterruptSync, IN PVOID DynamicContext);
    friend NTSTATUS SynchronizedSetPower(IN PINTERRUPTSYNC InterruptSync, IN PVOID DynamicContext);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAdapterCommon);
    ~CAdapterCommon();

    STDMETHODIMP_(NTSTATUS) Init(IN PRESOURCELIST ResourceList, IN PDEVICE_OBJECT DeviceObject);
    STDMETHODIMP_(PINTERRUPTSYNC) GetInterruptSync(void);
    STDMETHODIMP_(void) SetWaveNotify(IN PPORTWAVECYCLIC Port OPTIONAL, IN PSERVICEGROUP Group OPTIONAL);
    STDMETHODIMP_(BOOLEAN) WriteController(IN BYTE Value);
    STDMETHODIMP_(BOOLEAN) ReadController(OUT PBYTE Value);
    STDMETHODIMP_(NTSTATUS) ResetController(void);
    STDMETHODIMP_(void) MixerRegWrite(IN BYTE Index, IN BYTE Value);
    STDMETHODIMP_(void) MixerRegChange(IN BYTE Index, IN BYTE Mask, IN BYTE Value);
    STDMETHODIMP_(BYTE) MixerRegRead(IN BYTE Index);

    IMP_IAdapterPowerManagement;
};

// What the synchronised routines work on.
typedef struct {
    CAdapterCommon* that;
    BYTE bIndex;
    BYTE bValue;
} MIXER_WRITE;

typedef struct {
    CAdapterCommon* that;
    PPORTWAVECYCLIC pPort;
    PSERVICEGROUP pGroup;
} WAVE_NOTIFY;

typedef struct {
    CAdapterCommon* that;
    BOOLEAN fPoweredDown;
} POWER_CHANGE;

#pragma code_seg("PAGE")

NTSTATUS NewAdapterCommon(OUT PUNKNOWN* Unknown, IN REFCLSID, IN PUNKNOWN UnknownOuter OPTIONAL,
                          IN POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY_(CAdapterCommon, Unknown, UnknownOuter, PoolType, PADAPTERCOMMON);
}

// The device is in D0 until here.
CAdapterCommon::~CAdapterCommon() {
    PAGED_CODE();
    if (m_fSettingsRead) SaveSettings();
    if (m_pInterruptSync) {
        if (m_fConnected) m_pInterruptSync->Disconnect();
        m_pInterruptSync->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PADAPTERCOMMON(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterCommon)) {
        *Object = PVOID(PADAPTERCOMMON(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagment)) {
        *Object = PVOID(PADAPTERPOWERMANAGMENT(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

// The bits that choose the lines and channels which the card can have.
static BYTE InterruptBits(IN ULONG ulLevel) {
    PAGED_CODE();
    switch (ulLevel) {
        case 2:
        case 9:
            return 0x01;
        case 5:
            return 0x02;
        case 7:
            return 0x04;
        case 10:
            return 0x08;
    }
    return 0;
}

NTSTATUS CAdapterCommon::ProcessResources(IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PCM_PARTIAL_RESOURCE_DESCRIPTOR pPorts = ResourceList->FindTranslatedPort(0);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR pInterrupt = ResourceList->FindUntranslatedInterrupt(0);
    if (!pPorts || !pInterrupt) return STATUS_DEVICE_CONFIGURATION_ERROR;
    m_pPortBase = PUCHAR(pPorts->u.Port.Start.QuadPart);
    m_bInterruptSetup = InterruptBits(pInterrupt->u.Interrupt.Level);
    for (ULONG i = 0; i < ResourceList->NumberOfDmas(); i++) {
        m_bDmaSetup |= BYTE(1 << ResourceList->FindUntranslatedDma(i)->u.Dma.Channel);
    }
    if (!m_bInterruptSetup || !m_bDmaSetup) {
        _DbgPrintF(DEBUGLVL_TERSE, ("interrupt %d or its DMA channels are none that the card has",
                                    pInterrupt->u.Interrupt.Level));
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CAdapterCommon::Init(IN PRESOURCELIST ResourceList, IN PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    ASSERT(ResourceList);
    ASSERT(DeviceObject);
    m_pDeviceObject = DeviceObject;
    KeInitializeSpinLock(&m_MixerLock);
    NTSTATUS ntStatus = ProcessResources(ResourceList);
    if (NT_SUCCESS(ntStatus)) {
        // One line for the DSP and the MPU-401: each has its routine, and all of them are asked.
        ntStatus = PcNewInterruptSync(&m_pInterruptSync, NULL, ResourceList, 0, InterruptSyncModeAll);
    }
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = m_pInterruptSync->RegisterServiceRoutine(InterruptServiceRoutine, PVOID(this), FALSE);
    }
    if (NT_SUCCESS(ntStatus)) ntStatus = StartController();
    if (NT_SUCCESS(ntStatus)) ntStatus = m_pInterruptSync->Connect();
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    m_fConnected = TRUE;
    ReadSettings();
    WriteMixer();
    return STATUS_SUCCESS;
}

// Version 4 is the first with sixteen bits and with this mixer.
NTSTATUS CAdapterCommon::StartController(void) {
    PAGED_CODE();
    BYTE bMajor = 0;
    BYTE bMinor = 0;
    NTSTATUS ntStatus = ResetController();
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (!WriteController(DSP_CMD_VERSION) || !ReadController(&bMajor) || !ReadController(&bMinor)) {
        return STATUS_IO_DEVICE_ERROR;
    }
    _DbgPrintF(DEBUGLVL_VERBOSE, ("DSP version %d.%02d", bMajor, bMinor));
    return bMajor >= 4 ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

STDMETHODIMP_(PINTERRUPTSYNC) CAdapterCommon::GetInterruptSync(void) {
    PAGED_CODE();
    return m_pInterruptSync;
}

STDMETHODIMP_(void)
CAdapterCommon::SetWaveNotify(IN PPORTWAVECYCLIC Port OPTIONAL, IN PSERVICEGROUP Group OPTIONAL) {
    PAGED_CODE();
    WAVE_NOTIFY Notify = {this, Port, Group};
    m_pInterruptSync->CallSynchronizedRoutine(SynchronizedSetNotify, &Notify);
}

// ---- the registry: what the user has set survives the driver ----

NTSTATUS CAdapterCommon::OpenSettings(OUT PREGISTRYKEY* Settings) {
    PAGED_CODE();
    PREGISTRYKEY pDriverKey = NULL;
    NTSTATUS ntStatus = PcNewRegistryKey(&pDriverKey, NULL, DriverRegistryKey, KEY_ALL_ACCESS,
                                         m_pDeviceObject, NULL, NULL, 0, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING Name;
    ULONG ulDisposition = 0;
    RtlInitUnicodeString(&Name, L"Settings");
    ntStatus =
        pDriverKey->NewSubKey(Settings, NULL, KEY_ALL_ACCESS, &Name, REG_OPTION_NON_VOLATILE, &ulDisposition);
    pDriverKey->Release();
    return ntStatus;
}

void CAdapterCommon::ReadSettings(void) {
    PAGED_CODE();
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        ULONG ulRest;
    } Value;
    PREGISTRYKEY pSettings = NULL;
    NTSTATUS ntStatus = OpenSettings(&pSettings);
    for (ULONG i = 0; i < SIZEOF_ARRAY(g_aSettings); i++) {
        BYTE bSetting = g_aSettings[i].bDefault;
        if (NT_SUCCESS(ntStatus)) {
            UNICODE_STRING Name;
            ULONG cbResult = 0;
            RtlInitUnicodeString(&Name, g_aSettings[i].pwszName);
            NTSTATUS ntRead =
                pSettings->QueryValueKey(&Name, KeyValuePartialInformation, &Value, sizeof(Value), &cbResult);
            if (NT_SUCCESS(ntRead) && Value.Information.Type == REG_DWORD) {
                bSetting = BYTE(*PULONG(Value.Information.Data));
            }
        }
        m_abMixer[g_aSettings[i].bIndex] = bSetting;
    }
    if (pSettings) pSettings->Release();
    m_fSettingsRead = TRUE;
}

void CAdapterCommon::SaveSettings(void) {
    PAGED_CODE();
    PREGISTRYKEY pSettings = NULL;
    if (!NT_SUCCESS(OpenSettings(&pSettings))) return;
    for (ULONG i = 0; i < SIZEOF_ARRAY(g_aSettings); i++) {
        UNICODE_STRING Name;
        ULONG ulSetting = m_abMixer[g_aSettings[i].bIndex];
        RtlInitUnicodeString(&Name, g_aSettings[i].pwszName);
        pSettings->SetValueKey(&Name, REG_DWORD, PVOID(&ulSetting), sizeof(ulSetting));
    }
    pSettings->Release();
}

// ---- power ----

// A card that was without power has forgotten its interrupt, too.
STDMETHODIMP_(void) CAdapterCommon::PowerChangeState(IN POWER_STATE NewState) {
    PAGED_CODE();
    POWER_CHANGE Change = {this, BOOLEAN(NewState.DeviceState != PowerDeviceD0)};
    _DbgPrintF(DEBUGLVL_VERBOSE, ("D%d", NewState.DeviceState - PowerDeviceD0));
    if (Change.fPoweredDown == m_fPoweredDown) return;
    m_pInterruptSync->CallSynchronizedRoutine(SynchronizedSetPower, &Change);
    if (Change.fPoweredDown) {
        SaveSettings();
    } else {
        ResetController();
        WriteMixer();
    }
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::QueryPowerChangeState(IN POWER_STATE NewStateQuery) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::QueryDeviceCapabilities(IN PDEVICE_CAPABILITIES PowerDeviceCaps) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}

#pragma code_seg()

// ---- the DSP ----

STDMETHODIMP_(BOOLEAN) CAdapterCommon::WriteController(IN BYTE Value) {
    for (ULONG i = 0; i < DSP_WAITS; i++) {
        if (!(READ_PORT_UCHAR(m_pPortBase + DSP_REG_WRITE) & DSP_BUSY)) {
            WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_WRITE, Value);
            return TRUE;
        }
        KeStallExecutionProcessor(DSP_WAIT_MICROSECONDS);
    }
    return FALSE;
}

STDMETHODIMP_(BOOLEAN) CAdapterCommon::ReadController(OUT PBYTE Value) {
    for (ULONG i = 0; i < DSP_WAITS; i++) {
        if (READ_PORT_UCHAR(m_pPortBase + DSP_REG_STATUS) & DSP_DATA) {
            *Value = READ_PORT_UCHAR(m_pPortBase + DSP_REG_READ);
            return TRUE;
        }
        KeStallExecutionProcessor(DSP_WAIT_MICROSECONDS);
    }
    return FALSE;
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::ResetController(void) {
    BYTE bAnswer = 0;
    WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_RESET, 1);
    KeStallExecutionProcessor(5);
    WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_RESET, 0);
    if (ReadController(&bAnswer) && bAnswer == DSP_READY) return STATUS_SUCCESS;
    _DbgPrintF(DEBUGLVL_TERSE, ("the DSP at 0x%p does not answer", m_pPortBase));
    return STATUS_IO_DEVICE_ERROR;
}

// ---- the mixer ----

BYTE CAdapterCommon::MixerRead(IN BYTE bIndex) {
    WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_MIXER_INDEX, bIndex);
    return READ_PORT_UCHAR(m_pPortBase + DSP_REG_MIXER_DATA);
}

void CAdapterCommon::MixerWrite(IN BYTE bIndex, IN BYTE bValue) {
    WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_MIXER_INDEX, bIndex);
    WRITE_PORT_UCHAR(m_pPortBase + DSP_REG_MIXER_DATA, bValue);
}

void CAdapterCommon::MixerStore(IN BYTE bIndex, IN BYTE bValue) {
    MIXER_WRITE Write = {this, bIndex, bValue};
    m_pInterruptSync->CallSynchronizedRoutine(SynchronizedMixerWrite, &Write);
}

// All of it, and the card's own set-up.
void CAdapterCommon::WriteMixer(void) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_MixerLock, &OldIrql);
    MixerStore(MIX_RESET, 0);
    MixerStore(MIX_INTERRUPT_SETUP, m_bInterruptSetup);
    MixerStore(MIX_DMA_SETUP, m_bDmaSetup);
    for (ULONG i = 0; i < SIZEOF_ARRAY(g_aSettings); i++) {
        MixerStore(g_aSettings[i].bIndex, m_abMixer[g_aSettings[i].bIndex]);
    }
    KeReleaseSpinLock(&m_MixerLock, OldIrql);
}

STDMETHODIMP_(void) CAdapterCommon::MixerRegWrite(IN BYTE Index, IN BYTE Value) {
    MixerRegChange(Index, 0xFF, Value);
}

STDMETHODIMP_(void) CAdapterCommon::MixerRegChange(IN BYTE Index, IN BYTE Mask, IN BYTE Value) {
    ASSERT(Index < MIXER_REGISTERS);
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_MixerLock, &OldIrql);
    m_abMixer[Index] = BYTE((m_abMixer[Index] & ~Mask) | (Value & Mask));
    MixerStore(Index, m_abMixer[Index]);
    KeReleaseSpinLock(&m_MixerLock, OldIrql);
}

STDMETHODIMP_(BYTE) CAdapterCommon::MixerRegRead(IN BYTE Index) {
    ASSERT(Index < MIXER_REGISTERS);
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_MixerLock, &OldIrql);
    BYTE bValue = m_abMixer[Index];
    KeReleaseSpinLock(&m_MixerLock, OldIrql);
    return bValue;
}

// ---- at the interrupt's IRQL ----

NTSTATUS SynchronizedMixerWrite(IN PINTERRUPTSYNC, IN PVOID DynamicContext) {
    MIXER_WRITE* pWrite = (MIXER_WRITE*)DynamicContext;
    if (pWrite->that->m_fPoweredDown) return STATUS_DEVICE_NOT_READY;
    pWrite->that->MixerWrite(pWrite->bIndex, pWrite->bValue);
    return STATUS_SUCCESS;
}

NTSTATUS SynchronizedSetNotify(IN PINTERRUPTSYNC, IN PVOID DynamicContext) {
    WAVE_NOTIFY* pNotify = (WAVE_NOTIFY*)DynamicContext;
    pNotify->that->m_pWavePort = pNotify->pPort;
    pNotify->that->m_pWaveGroup = pNotify->pGroup;
    return STATUS_SUCCESS;
}

NTSTATUS SynchronizedSetPower(IN PINTERRUPTSYNC, IN PVOID DynamicContext) {
    POWER_CHANGE* pChange = (POWER_CHANGE*)DynamicContext;
    pChange->that->m_fPoweredDown = pChange->fPoweredDown;
    return STATUS_SUCCESS;
}

// The DSP's interrupts are acknowledged by a read each. A card that is gone reads as all ones.
NTSTATUS InterruptServiceRoutine(IN PINTERRUPTSYNC, IN PVOID DynamicContext) {
    CAdapterCommon* that = (CAdapterCommon*)DynamicContext;
    if (that->m_fPoweredDown) return STATUS_UNSUCCESSFUL;
    BYTE bPending = that->MixerRead(MIX_INTERRUPT_STATUS);
    if (bPending == 0xFF || !(bPending & (PENDING_8BIT | PENDING_16BIT))) return STATUS_UNSUCCESSFUL;
    if (bPending & PENDING_8BIT) READ_PORT_UCHAR(that->m_pPortBase + DSP_REG_STATUS);
    if (bPending & PENDING_16BIT) READ_PORT_UCHAR(that->m_pPortBase + DSP_REG_ACK_16BIT);
    if (that->m_pWavePort) that->m_pWavePort->Notify(that->m_pWaveGroup);
    return STATUS_SUCCESS;
}
