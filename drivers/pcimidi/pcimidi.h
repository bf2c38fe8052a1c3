// A PCI card with up to four MIDI ports: registers in one BAR, one level-triggered interrupt, and, where the
// card has it, a bus master that fetches what a port sends from memory.
#pragma once

#ifndef _NEW_DELETE_OPERATORS_
#define _NEW_DELETE_OPERATORS_
#endif

#include <portcls.h>
#include <stdunk.h>
#include <wdmguid.h>

#include "trace.h"

#define PCIMIDI_POOL_TAG 'dMcP'

_IRQL_requires_max_(DISPATCH_LEVEL) void* __cdecl operator new(_In_ size_t Size, _In_ POOL_FLAGS Flags,
                                                               _In_ ULONG Tag) noexcept;
void __cdecl operator delete(_In_opt_ void* Block) noexcept;
void __cdecl operator delete(_In_opt_ void* Block, _In_ size_t Size) noexcept;

// Registers of the card, 32 bits each.
enum CardRegister : ULONG {
    CARD_ID = 0x00,           // bits 0..3: number of ports; bits 8..11: which of them are bus masters
    CARD_INTERRUPT = 0x04,    // a one clears the bit
    CARD_DMA_ADDRESS = 0x08,  // logical address of the bytes
    CARD_DMA_LENGTH = 0x0C,   // how many
    CARD_DMA_CONTROL = 0x10,
    CARD_PORTS = 0x40,  // 16 bytes each
    CARD_LENGTH = 0x80,
};

enum PortRegister : ULONG {
    PORT_DATA = 0x0,
    PORT_STATUS = 0x4,  // writing PORT_HAS_BYTE says that the byte was taken
    PORT_CONTROL = 0x8,
};

constexpr ULONG INTERRUPT_DMA_DONE = 0x100;
constexpr ULONG DMA_GO = 0x1;
constexpr ULONG PORT_HAS_BYTE = 0x1;
constexpr ULONG PORT_TAKES_BYTE = 0x2;
constexpr ULONG PORT_RECEIVE_INTERRUPT = 0x1;
constexpr ULONG PORT_TRANSMIT_INTERRUPT = 0x2;
// What a card that is no longer there answers.
constexpr ULONG CARD_GONE = 0xFFFFFFFF;

constexpr ULONG MAX_PORTS = 4;
constexpr ULONG INPUT_SIZE = 1024;  // powers of two
constexpr ULONG OUTPUT_SIZE = 256;
constexpr ULONG DMA_CHUNK = 64;

// Who the card is, as configuration space and Plug and Play say.
typedef struct _CARD_LOCATION {
    USHORT VendorId;
    USHORT DeviceId;
    ULONG Bus;
    ULONG Device;
    ULONG Function;
} CARD_LOCATION, *PCARD_LOCATION;

_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS
    LocateCard(_In_ PDEVICE_OBJECT PhysicalDeviceObject, _Out_ PCARD_LOCATION Location);

// ---- the card ----

DEFINE_GUID(IID_ICard, 0x3b7a1c40, 0x5d0e, 0x4c7b, 0x9a, 0x61, 0x0e, 0x4f, 0x22, 0xd8, 0x7c, 0x15);

#undef INTERFACE
#define INTERFACE ICard
DECLARE_INTERFACE_(ICard, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(NTSTATUS, Init)(THIS_ _In_ PDEVICE_OBJECT DeviceObject, _In_ PRESOURCELIST ResourceList) PURE;
    STDMETHOD_(ULONG, PortCount)(THIS) PURE;
    // A port's driver objects, told when there is input or room; none of them is called after Detach.
    STDMETHOD_(void, Attach)
    (THIS_ _In_ ULONG Index, _In_ PPORTMIDI Port, _In_ PSERVICEGROUP ServiceGroup) PURE;
    STDMETHOD_(void, Detach)(THIS_ _In_ ULONG Index) PURE;
    STDMETHOD_(void, SetCapture)(THIS_ _In_ ULONG Index, _In_ KSSTATE State) PURE;
    STDMETHOD_(ULONG, Read)
    (THIS_ _In_ ULONG Index, _Out_writes_bytes_(Length) PUCHAR Bytes, _In_ ULONG Length) PURE;
    STDMETHOD_(ULONG, Write)
    (THIS_ _In_ ULONG Index, _In_reads_bytes_(Length) PUCHAR Bytes, _In_ ULONG Length) PURE;
};
typedef ICard* PCARD;

_Must_inspect_result_ NTSTATUS CreateCard(_Outptr_ PUNKNOWN* Unknown, _In_opt_ PUNKNOWN UnknownOuter);

// ---- a port of it ----

_Must_inspect_result_ NTSTATUS CreateMiniportMidiPci(_Outptr_ PUNKNOWN* Unknown,
                                                     _In_opt_ PUNKNOWN UnknownOuter, _In_ ULONG Index);

class CMiniportMidiPci : public IMiniportMidi, public CUnknown {
  private:
    PCARD m_Card;
    PPORTMIDI m_Port;
    PSERVICEGROUP m_ServiceGroup;
    ULONG m_Index;
    BOOLEAN m_Attached;
    LONG m_Open[2];  // render, capture

    friend class CMiniportMidiStreamPci;

  public:
    DECLARE_STD_UNKNOWN();
    CMiniportMidiPci(PUNKNOWN UnknownOuter, ULONG Index) : CUnknown(UnknownOuter), m_Index(Index) {}
    ~CMiniportMidiPci();

    IMP_IMiniportMidi;
};

class CMiniportMidiStreamPci : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiPci* m_Miniport;
    BOOLEAN m_Capture;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamPci);
    ~CMiniportMidiStreamPci();

    NTSTATUS Init(_In_ CMiniportMidiPci* Miniport, _In_ BOOLEAN Capture);

    IMP_IMiniportMidiStream;
};
