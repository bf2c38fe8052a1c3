// DirectMusic miniports and the message pipes (MXF) between them and the port (DM-*, MD-*, MX-*, AL-*, SY-*,
// CK-*).
#ifndef _DMUSICKS_
#define _DMUSICKS_

#include <portcls.h>
#include <dmusprop.h>

#ifdef __cplusplus
extern "C++" {
#endif

#define DONT_HOLD_FOR_SEQUENCING 0x8000000000000000

// A GUID a line: they are read and compared as a table.
// clang-format off
#define STATIC_CLSID_PortDMus 0xB7902FE9L, 0xFB0A, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("B7902FE9-FB0A-11D1-81B0-0060083316C1", CLSID_PortDMus);
#define CLSID_PortDMus DEFINE_GUIDNAMED(CLSID_PortDMus)
#define STATIC_CLSID_MiniportDriverDMusUART 0xD3F0CE1CL, 0xFFFC, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("D3F0CE1C-FFFC-11D1-81B0-0060083316C1", CLSID_MiniportDriverDMusUART);
#define CLSID_MiniportDriverDMusUART DEFINE_GUIDNAMED(CLSID_MiniportDriverDMusUART)
#define STATIC_CLSID_MiniportDriverDMusUARTCapture 0xD3F0CE1DL, 0xFFFC, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("D3F0CE1D-FFFC-11D1-81B0-0060083316C1", CLSID_MiniportDriverDMusUARTCapture);
#define CLSID_MiniportDriverDMusUARTCapture DEFINE_GUIDNAMED(CLSID_MiniportDriverDMusUARTCapture)
#define STATIC_IID_IPortDMus 0xC096DF9CL, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("C096DF9C-FB09-11D1-81B0-0060083316C1", IID_IPortDMus);
#define IID_IPortDMus DEFINE_GUIDNAMED(IID_IPortDMus)
#define STATIC_IID_IMiniportDMus 0xC096DF9DL, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("C096DF9D-FB09-11D1-81B0-0060083316C1", IID_IMiniportDMus);
#define IID_IMiniportDMus DEFINE_GUIDNAMED(IID_IMiniportDMus)
#define STATIC_IID_IMXF 0xC096DF9EL, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("C096DF9E-FB09-11D1-81B0-0060083316C1", IID_IMXF);
#define IID_IMXF DEFINE_GUIDNAMED(IID_IMXF)
#define STATIC_IID_IAllocatorMXF 0xA5F0D62CL, 0xB30F, 0x11D2, 0xB7, 0xA3, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("A5F0D62C-B30F-11D2-B7A3-0060083316C1", IID_IAllocatorMXF);
#define IID_IAllocatorMXF DEFINE_GUIDNAMED(IID_IAllocatorMXF)
#define STATIC_IID_ISynthSinkDMus 0x1F476974L, 0x679B, 0x11D2, 0x8F, 0x7D, 0x00, 0xC0, 0x4F, 0xBF, 0x8F, 0xEF
DEFINE_GUIDSTRUCT("1F476974-679B-11D2-8F7D-00C04FBF8FEF", IID_ISynthSinkDMus);
#define IID_ISynthSinkDMus DEFINE_GUIDNAMED(IID_ISynthSinkDMus)
#define STATIC_KSAUDFNAME_DMUSIC_MPU_OUT 0xA4DF0EB5L, 0xBAC9, 0x11D2, 0xB7, 0xA8, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("A4DF0EB5-BAC9-11D2-B7A8-0060083316C1", KSAUDFNAME_DMUSIC_MPU_OUT);
#define KSAUDFNAME_DMUSIC_MPU_OUT DEFINE_GUIDNAMED(KSAUDFNAME_DMUSIC_MPU_OUT)
#define STATIC_KSAUDFNAME_DMUSIC_MPU_IN 0xB2EC0A7DL, 0xBAC9, 0x11D2, 0xB7, 0xA8, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("B2EC0A7D-BAC9-11D2-B7A8-0060083316C1", KSAUDFNAME_DMUSIC_MPU_IN);
#define KSAUDFNAME_DMUSIC_MPU_IN DEFINE_GUIDNAMED(KSAUDFNAME_DMUSIC_MPU_IN)
DEFINE_GUID(GUID_DMUS_PROP_GM_Hardware, 0x178F2F24, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_GS_Hardware, 0x178F2F25, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_XG_Hardware, 0x178F2F26, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_XG_Capable, 0x6496ABA1, 0x61B0, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_GS_Capable, 0x6496ABA2, 0x61B0, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_DLS1, 0x178F2F27, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_WavesReverb, 0x04CB5622, 0x32E5, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_Effects, 0xCDA8D611, 0x684A, 0x11D2, 0x87, 0x1E, 0x00, 0x60, 0x08, 0x93, 0xB1, 0xBD);
// clang-format on

// 40 bytes (MX-035). Up to sizeof(PBYTE) bytes live in abData, more in a buffer of the allocator at pbData
// (MX-037). Times are in 100 ns units. Miniports leave bReserved and cbStruct alone.
typedef struct _DMUS_KERNEL_EVENT {
    BYTE bReserved;
    BYTE cbStruct;
    USHORT cbEvent;
    USHORT usChannelGroup;
    USHORT usFlags;
    REFERENCE_TIME ullPresTime100ns;
    ULONGLONG ullBytePosition;
    struct _DMUS_KERNEL_EVENT* pNextEvt;
    union {
        BYTE abData[sizeof(PBYTE)];
        PBYTE pbData;
        struct _DMUS_KERNEL_EVENT* pPackageEvt;
    } uData;
} DMUS_KERNEL_EVENT, *PDMUS_KERNEL_EVENT;

// The values of the newer headers (CX-015, MX-036).
#define DMUS_KEF_EVENT_COMPLETE 0x0000
#define DMUS_KEF_EVENT_INCOMPLETE 0x0001
#define DMUS_KEF_PACKAGE_EVENT 0x0002
#define kBytePositionNone (~(ULONGLONG)0)

#define SHORT_EVT(evt) ((evt)->cbEvent <= sizeof(PBYTE))
#define PACKAGE_EVT(evt) ((evt)->usFlags & DMUS_KEF_PACKAGE_EVENT)
#define INCOMPLETE_EVT(evt) ((evt)->usFlags & DMUS_KEF_EVENT_INCOMPLETE)
#define COMPLETE_EVT(evt) (((evt)->usFlags & DMUS_KEF_EVENT_INCOMPLETE) == 0)
#define SET_INCOMPLETE_EVT(evt) ((evt)->usFlags |= DMUS_KEF_EVENT_INCOMPLETE)
#define SET_COMPLETE_EVT(evt) ((evt)->usFlags &= (~DMUS_KEF_EVENT_INCOMPLETE))
#define SET_PACKAGE_EVT(evt) ((evt)->usFlags |= DMUS_KEF_PACKAGE_EVENT)
#define CLEAR_PACKAGE_EVT(evt) ((evt)->usFlags &= (~DMUS_KEF_PACKAGE_EVENT))

typedef enum {
    DMUS_STREAM_MIDI_INVALID = -1,
    DMUS_STREAM_MIDI_RENDER = 0,
    DMUS_STREAM_MIDI_CAPTURE,
    DMUS_STREAM_WAVE_SINK
} DMUS_STREAM_TYPE;

// An interface is a list in slot order, a method a line.
// clang-format off
// IPortDMus (DM-001..DM-006): the slots of IPortMidi, so one object serves both (PM-005).
#define PORTICO_IPortDMus(M)                                                                                 \
    M(void, Notify, (THIS_ PSERVICEGROUP ServiceGroup))                                              /*6*/   \
    M(void, RegisterServiceGroup, (THIS_ PSERVICEGROUP ServiceGroup))                                /*7*/
#undef INTERFACE
#define INTERFACE IPortDMus
DECLARE_INTERFACE_(IPortDMus, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
    PORTICO_IPortDMus(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortDMus* PPORTDMUS;
#define IMP_IPortDMus IMP_IPort PORTICO_IPortDMus(PORTICO_IMPLEMENT)

// IMXF (MX-001..MX-034): PutMessage at DISPATCH_LEVEL, the others at PASSIVE_LEVEL.
struct IMXF;
typedef struct IMXF* PMXF;
#define PORTICO_IMXF(M)                                                                                      \
    M(NTSTATUS, SetState, (THIS_ KSSTATE State))                                                     /*3*/   \
    M(NTSTATUS, PutMessage, (THIS_ PDMUS_KERNEL_EVENT pDMKEvt))                                      /*4*/   \
    M(NTSTATUS, ConnectOutput, (THIS_ PMXF sinkMXF))                                                 /*5*/   \
    M(NTSTATUS, DisconnectOutput, (THIS_ PMXF sinkMXF))                                              /*6*/
#define DEFINE_ABSTRACT_MXF() PORTICO_IMXF(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IMXF
DECLARE_INTERFACE_(IMXF, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MXF()
};
#undef INTERFACE
#define IMP_IMXF PORTICO_IMXF(PORTICO_IMPLEMENT)

// IAllocatorMXF (AL-001..AL-005): <= DISPATCH_LEVEL.
struct IAllocatorMXF;
typedef struct IAllocatorMXF* PAllocatorMXF;
#define PORTICO_IAllocatorMXF(M)                                                                             \
    M(NTSTATUS, GetMessage, (THIS_ PDMUS_KERNEL_EVENT * ppDMKEvt))                                   /*7*/   \
    M(USHORT, GetBufferSize, (THIS))                                                                 /*8*/   \
    M(NTSTATUS, GetBuffer, (THIS_ PBYTE * ppBuffer))                                                 /*9*/   \
    M(NTSTATUS, PutBuffer, (THIS_ PBYTE pBuffer))                                                    /*10*/
#undef INTERFACE
#define INTERFACE IAllocatorMXF
DECLARE_INTERFACE_(IAllocatorMXF, IMXF) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MXF()
    PORTICO_IAllocatorMXF(PORTICO_ABSTRACT)
};
#undef INTERFACE
#define IMP_IAllocatorMXF IMP_IMXF PORTICO_IAllocatorMXF(PORTICO_IMPLEMENT)

// ISynthSinkDMus (SY-001..SY-003).
#define PORTICO_ISynthSinkDMus(M)                                                                            \
    M(void, Render, (THIS_ PBYTE pBuffer, DWORD dwLength, LONGLONG llPosition))                      /*7*/   \
    M(NTSTATUS, SyncToMaster, (THIS_ REFERENCE_TIME rfTime, BOOL fStart))                            /*8*/   \
    M(NTSTATUS, SampleToRefTime, (THIS_ LONGLONG llSampleTime, REFERENCE_TIME * prfTime))            /*9*/   \
    M(NTSTATUS, RefTimeToSample, (THIS_ REFERENCE_TIME rfTime, LONGLONG * pllSampleTime))            /*10*/
#undef INTERFACE
#define INTERFACE ISynthSinkDMus
DECLARE_INTERFACE_(ISynthSinkDMus, IMXF) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MXF()
    PORTICO_ISynthSinkDMus(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef ISynthSinkDMus* PSYNTHSINKDMUS;
#define IMP_ISynthSinkDMus IMP_IMXF PORTICO_ISynthSinkDMus(PORTICO_IMPLEMENT)

// IMasterClock (CK-001, CK-002): any IRQL; 100 ns units; never pauses. No IID is known (GV-003).
#define PORTICO_IMasterClock(M) M(NTSTATUS, GetTime, (THIS_ REFERENCE_TIME * pTime)) /*3*/
#undef INTERFACE
#define INTERFACE IMasterClock
DECLARE_INTERFACE_(IMasterClock, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMasterClock(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMasterClock* PMASTERCLOCK;
#define IMP_IMasterClock PORTICO_IMasterClock(PORTICO_IMPLEMENT)

// IMiniportDMus (MD-001..MD-009). SchedulePreFetch is in 100 ns units.
#define PORTICO_IMiniportDMus(M)                                                                             \
    M(NTSTATUS, Init,                                                                                        \
      (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTDMUS Port,                            \
       PSERVICEGROUP * ServiceGroup))                                                                /*5*/   \
    M(void, Service, (THIS))                                                                         /*6*/   \
    M(NTSTATUS, NewStream,                                                                                   \
      (THIS_ PMXF * MXF, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG PinID,                             \
       DMUS_STREAM_TYPE StreamType, PKSDATAFORMAT DataFormat, PSERVICEGROUP * ServiceGroup,                  \
       PAllocatorMXF AllocatorMXF, PMASTERCLOCK MasterClock, PULONGLONG SchedulePreFetch)) /*7*/
#undef INTERFACE
#define INTERFACE IMiniportDMus
DECLARE_INTERFACE_(IMiniportDMus, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportDMus(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportDMus* PMINIPORTDMUS;
#define IMP_IMiniportDMus IMP_IMiniport PORTICO_IMiniportDMus(PORTICO_IMPLEMENT)
// clang-format on

#ifdef __cplusplus
}  // extern "C++"
#endif

#endif
