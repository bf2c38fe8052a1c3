// The card's life: resources, power, the bus master's memory.
#include "card.h"

#include "card.tmh"

#pragma code_seg("PAGE")

_Use_decl_annotations_ NTSTATUS CreateCard(PUNKNOWN* Unknown, PUNKNOWN UnknownOuter) {
    PAGED_CODE();
    auto* card = new (POOL_FLAG_NON_PAGED, PCIMIDI_POOL_TAG) CCard(UnknownOuter);
    if (card == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    card->AddRef();
    *Unknown = PUNKNOWN(PCARD(card));
    return STATUS_SUCCESS;
}

CCard::~CCard() {
    PAGED_CODE();
    if (m_InterruptSync != nullptr) {
        if (m_Connected) m_InterruptSync->Disconnect();
        m_InterruptSync->Release();
    }
    if (m_CommonBuffer != nullptr) {
        m_DmaAdapter->DmaOperations->FreeCommonBuffer(m_DmaAdapter, PAGE_SIZE, m_CommonLogical,
                                                      m_CommonBuffer, FALSE);
    }
    if (m_DmaAdapter != nullptr) m_DmaAdapter->DmaOperations->PutDmaAdapter(m_DmaAdapter);
    if (m_InMemory && m_Registers != nullptr) MmUnmapIoSpace(m_Registers, m_RegistersLength);
}

STDMETHODIMP_(NTSTATUS) CCard::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PCARD);
    } else if (IsEqualGUIDAligned(Interface, IID_ICard)) {
        *Object = QICAST(PCARD);
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement) ||
               IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement2) ||
               IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement3)) {
        *Object = QICAST(PADAPTERPOWERMANAGEMENT3);
    } else {
        *Object = nullptr;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// A card has its registers in memory or at ports; both have one BAR.
_Use_decl_annotations_ NTSTATUS CCard::MapRegisters(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (ResourceList->NumberOfMemories() > 0) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR memory = ResourceList->FindTranslatedMemory(0);
        if (memory->u.Memory.Length < CARD_LENGTH) return STATUS_DEVICE_CONFIGURATION_ERROR;
        m_InMemory = TRUE;
        m_RegistersLength = memory->u.Memory.Length;
        m_Registers =
            static_cast<PUCHAR>(MmMapIoSpace(memory->u.Memory.Start, memory->u.Memory.Length, MmNonCached));
        return m_Registers != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ResourceList->NumberOfPorts() > 0) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR ports = ResourceList->FindTranslatedPort(0);
        if (ports->u.Port.Length < CARD_LENGTH) return STATUS_DEVICE_CONFIGURATION_ERROR;
        m_Registers = reinterpret_cast<PUCHAR>(static_cast<ULONG_PTR>(ports->u.Port.Start.QuadPart));
        m_RegistersLength = ports->u.Port.Length;
        return STATUS_SUCCESS;
    }
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

// The ring of the port that the bus master serves lies in a common buffer.
NTSTATUS CCard::SetUpMaster(void) {
    PAGED_CODE();
    DEVICE_DESCRIPTION description = {};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = PAGE_SIZE;

    ULONG mapRegisters = 0;
    m_DmaAdapter = IoGetDmaAdapter(m_PhysicalDeviceObject, &description, &mapRegisters);
    if (m_DmaAdapter == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    m_CommonBuffer =
        m_DmaAdapter->DmaOperations->AllocateCommonBuffer(m_DmaAdapter, PAGE_SIZE, &m_CommonLogical, FALSE);
    return m_CommonBuffer != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

STDMETHODIMP_(NTSTATUS) CCard::Init(PDEVICE_OBJECT DeviceObject, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    m_PowerState = PowerDeviceD0;

    NTSTATUS status = PcGetPhysicalDeviceObject(DeviceObject, &m_PhysicalDeviceObject);
    CARD_LOCATION location;
    if (NT_SUCCESS(status)) status = LocateCard(m_PhysicalDeviceObject, &location);
    if (NT_SUCCESS(status)) status = MapRegisters(ResourceList);
    if (!NT_SUCCESS(status)) return status;

    ULONG id = ReadRegister(CARD_ID);
    m_PortCount = id & 0xF;
    if (id == CARD_GONE || m_PortCount == 0 || m_PortCount > MAX_PORTS) return STATUS_NO_SUCH_DEVICE;
    DbgPrint("pcimidi: %04X:%04X at bus %lu, device %lu, function %lu: %lu ports by %s\n", location.VendorId,
             location.DeviceId, location.Bus, location.Device, location.Function, m_PortCount,
             m_InMemory ? "memory" : "I/O");

    for (ULONG i = 0; i < m_PortCount && NT_SUCCESS(status); i++) {
        CHANNEL& channel = m_Channels[i];
        channel.Input = {channel.InputBytes, INPUT_SIZE, 0, 0};
        channel.Output = {channel.OutputBytes, OUTPUT_SIZE, 0, 0};
        if (!(id & (0x100u << i)) || m_CommonBuffer != nullptr) continue;
        status = SetUpMaster();
        channel.IsMaster = NT_SUCCESS(status);
        if (channel.IsMaster) channel.Output.Bytes = static_cast<PUCHAR>(m_CommonBuffer);
    }
    if (!NT_SUCCESS(status)) return status;

    status = PcNewInterruptSync(&m_InterruptSync, nullptr, ResourceList, 0, InterruptSyncModeNormal);
    if (NT_SUCCESS(status)) status = m_InterruptSync->RegisterServiceRoutine(InterruptService, this, FALSE);
    if (NT_SUCCESS(status)) status = m_InterruptSync->Connect();
    if (!NT_SUCCESS(status)) return status;
    m_Connected = TRUE;
    Enable();
    return status;
}

STDMETHODIMP_(ULONG) CCard::PortCount(void) {
    PAGED_CODE();
    return m_PortCount;
}

typedef struct _ATTACH {
    PCHANNEL Channel;
    PPORTMIDI Port;
    PSERVICEGROUP ServiceGroup;
} ATTACH;

STDMETHODIMP_(void) CCard::Attach(ULONG Index, PPORTMIDI Port, PSERVICEGROUP ServiceGroup) {
    PAGED_CODE();
    ATTACH attach = {&m_Channels[Index], Port, ServiceGroup};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedAttach, &attach);
    InterlockedIncrement(&m_Attached);
}

// The interrupt goes with the last port: nobody is left to tell.
STDMETHODIMP_(void) CCard::Detach(ULONG Index) {
    PAGED_CODE();
    ATTACH detach = {&m_Channels[Index], nullptr, nullptr};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedAttach, &detach);
    if (InterlockedDecrement(&m_Attached) != 0) return;
    if (m_PowerState == PowerDeviceD0) Disable();
    m_InterruptSync->Disconnect();
    m_Connected = FALSE;
}

// ---- power ----

_Use_decl_annotations_ void CCard::ChangePower(DEVICE_POWER_STATE NewState) {
    PAGED_CODE();
    if (NewState == m_PowerState) return;
    TraceEvents(TRACE_LEVEL_INFORMATION, TRACE_POWER, "D%d to D%d", m_PowerState - PowerDeviceD0,
                NewState - PowerDeviceD0);
    if (NewState == PowerDeviceD0) {
        m_PowerState = NewState;
        Enable();
    } else if (m_PowerState == PowerDeviceD0) {
        Disable();
        m_PowerState = NewState;
    } else {
        m_PowerState = NewState;
    }
}

STDMETHODIMP_(void) CCard::PowerChangeState(POWER_STATE NewState) {
    PAGED_CODE();
    ChangePower(NewState.DeviceState);
}

STDMETHODIMP_(void)
CCard::PowerChangeState2(DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(NewSystemState);
    ChangePower(NewDeviceState);
}

STDMETHODIMP_(void)
CCard::PowerChangeState3(DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState,
                         PC_EXIT_LATENCY D3ExitLatency) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(NewSystemState);
    m_ExitLatency = D3ExitLatency;
    ChangePower(NewDeviceState);
}

// The card wakes at once, whatever is asked.
STDMETHODIMP_(NTSTATUS) CCard::D3ExitLatencyChanged(PC_EXIT_LATENCY NewD3ExitLatency) {
    PAGED_CODE();
    m_ExitLatency = NewD3ExitLatency;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCard::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCard::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}

typedef struct _POWER {
    CCard* Card;
    BOOLEAN On;
} POWER;

void CCard::Enable(void) {
    PAGED_CODE();
    POWER power = {this, TRUE};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedPower, &power);
}

void CCard::Disable(void) {
    PAGED_CODE();
    POWER power = {this, FALSE};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedPower, &power);
}

#pragma code_seg()

NTSTATUS NTAPI CCard::SynchronizedAttach(PINTERRUPTSYNC, PVOID Context) {
    auto* attach = static_cast<ATTACH*>(Context);
    attach->Channel->Port = attach->Port;
    attach->Channel->ServiceGroup = attach->ServiceGroup;
    return STATUS_SUCCESS;
}

// Without power the card forgets everything; what its bus master had is lost, what it had not yet is sent
// later.
NTSTATUS NTAPI CCard::SynchronizedPower(PINTERRUPTSYNC, PVOID Context) {
    auto* power = static_cast<POWER*>(Context);
    CCard* card = power->Card;
    card->m_Running = power->On;
    for (ULONG i = 0; i < card->m_PortCount; i++) {
        CHANNEL& channel = card->m_Channels[i];
        channel.Output.Tail += channel.InFlight;
        channel.InFlight = 0;
        card->WritePort(&channel, PORT_CONTROL, power->On ? PORT_RECEIVE_INTERRUPT : 0);
        if (power->On) card->Send(&channel);
    }
    if (!power->On && card->m_CommonBuffer != nullptr) card->WriteRegister(CARD_DMA_CONTROL, 0);
    return STATUS_SUCCESS;
}
