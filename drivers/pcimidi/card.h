// The card as a whole: registers, interrupt, rings, power.
#pragma once

#include "pcimidi.h"

// Bytes on their way. Head and Tail count on; the difference is what is there.
typedef struct _RING {
    PUCHAR Bytes;
    ULONG Size;
    ULONG Head;
    ULONG Tail;
} RING, *PRING;

// One of the card's ports. Everything here is touched in synchronised routines only.
typedef struct _CHANNEL {
    PPORTMIDI Port;
    PSERVICEGROUP ServiceGroup;
    KSSTATE CaptureState;
    BOOLEAN WriterWaits;
    BOOLEAN IsMaster;
    RING Input;
    RING Output;
    ULONG InFlight;  // bytes that the bus master was given
    UCHAR InputBytes[INPUT_SIZE];
    UCHAR OutputBytes[OUTPUT_SIZE];
} CHANNEL, *PCHANNEL;

class CCard : public ICard, public IAdapterPowerManagement3, public CUnknown {
  private:
    PDEVICE_OBJECT m_PhysicalDeviceObject;
    PINTERRUPTSYNC m_InterruptSync;
    PUCHAR m_Registers;  // mapped memory, or the first port
    ULONG m_RegistersLength;
    BOOLEAN m_InMemory;
    BOOLEAN m_Connected;
    BOOLEAN m_Running;  // in D0, and its interrupts are on
    DEVICE_POWER_STATE m_PowerState;
    PC_EXIT_LATENCY m_ExitLatency;

    PDMA_ADAPTER m_DmaAdapter;
    PVOID m_CommonBuffer;
    PHYSICAL_ADDRESS m_CommonLogical;

    ULONG m_PortCount;
    LONG m_Attached;
    CHANNEL m_Channels[MAX_PORTS];

    ULONG ReadRegister(_In_ ULONG Offset);
    void WriteRegister(_In_ ULONG Offset, _In_ ULONG Value);
    ULONG ReadPort(_In_ PCHANNEL Channel, _In_ PortRegister Register);
    void WritePort(_In_ PCHANNEL Channel, _In_ PortRegister Register, _In_ ULONG Value);

    NTSTATUS MapRegisters(_In_ PRESOURCELIST ResourceList);
    NTSTATUS SetUpMaster(void);
    void ChangePower(_In_ DEVICE_POWER_STATE NewState);
    void Enable(void);
    void Disable(void);

    BOOLEAN TakeInput(_In_ PCHANNEL Channel);
    void Send(_In_ PCHANNEL Channel);
    void SendByMaster(_In_ PCHANNEL Channel);
    void SendByPort(_In_ PCHANNEL Channel);
    void TellWriter(_In_ PCHANNEL Channel);
    BOOLEAN MasterIsDone(void);

    static NTSTATUS NTAPI InterruptService(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI SynchronizedPower(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI SynchronizedAttach(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI SynchronizedCapture(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI SynchronizedRead(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI SynchronizedWrite(PINTERRUPTSYNC InterruptSync, PVOID Context);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCard);
    ~CCard();

    STDMETHODIMP_(NTSTATUS) Init(PDEVICE_OBJECT DeviceObject, PRESOURCELIST ResourceList);
    STDMETHODIMP_(ULONG) PortCount(void);
    STDMETHODIMP_(void) Attach(ULONG Index, PPORTMIDI Port, PSERVICEGROUP ServiceGroup);
    STDMETHODIMP_(void) Detach(ULONG Index);
    STDMETHODIMP_(void) SetCapture(ULONG Index, KSSTATE State);
    STDMETHODIMP_(ULONG) Read(ULONG Index, PUCHAR Bytes, ULONG Length);
    STDMETHODIMP_(ULONG) Write(ULONG Index, PUCHAR Bytes, ULONG Length);

    IMP_IAdapterPowerManagement3;
};
