// PortCls: the interfaces between port drivers, miniport drivers and adapters, the descriptors of a filter,
// and the PcXxx functions. Rules: spec/interfaces.md (slots, IRQLs), spec/filter.md (descriptors),
// spec/functions.md.
//
// Each interface below is a list in slot order; the number behind a method is its vtable slot (0..2 are
// IUnknown's). Unless said otherwise a method runs at PASSIVE_LEVEL and an NTSTATUS is STATUS_SUCCESS or an
// error.
#ifndef _PORTCLS_H_
#define _PORTCLS_H_

#include <punknown.h>
#include <windef.h>
#ifndef NOBITMAP
#define NOBITMAP
#endif
#include <mmreg.h>
#include <ks.h>
#include <ksmedia.h>
#include <drmk.h>

#ifdef __cplusplus
extern "C++" {
#endif

#ifndef PORTCLASSAPI
#define PORTCLASSAPI EXTERN_C
#endif

// The first 64 pointers of the FDO's device extension belong to PortCls; slots 4..7 are left to the driver,
// and so is everything past PORT_CLASS_DEVICE_EXTENSION_SIZE (FN-013..FN-016).
#define PORT_CLASS_DEVICE_EXTENSION_SIZE (64 * sizeof(ULONG_PTR))

// Interface and class ids, one a line: they are read and compared as a table.
// clang-format off
DEFINE_GUID(IID_IMiniport, 0xB4C90A24L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPort, 0xB4C90A25L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IResourceList, 0x22C6AC60L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IDmaChannel, 0x22C6AC61L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IDmaChannelSlave, 0x22C6AC62L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IInterruptSync, 0x22C6AC63L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IServiceSink, 0x22C6AC64L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IServiceGroup, 0x22C6AC65L, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IRegistryKey, 0xE8DA4302L, 0xF304, 0x11D0, 0x95, 0x8B, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IMusicTechnology, 0x80396C3CL, 0xCBCB, 0x409B, 0x9F, 0x65, 0x4F, 0x1E, 0x74, 0x67, 0xCD, 0xAF);
DEFINE_GUID(IID_IPortMidi, 0xB4C90A40L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportMidi, 0xB4C90A41L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportMidiStream, 0xB4C90A42L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortTopology, 0xB4C90A30L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportTopology, 0xB4C90A31L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortWaveCyclic, 0xB4C90A26L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportWaveCyclic, 0xB4C90A27L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportWaveCyclicStream, 0xB4C90A28L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortWavePci, 0xB4C90A50L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortWavePciStream, 0xB4C90A51L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportWavePci, 0xB4C90A52L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportWavePciStream, 0xB4C90A53L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortWaveRT, 0x339FF909L, 0x68A9, 0x4310, 0xB0, 0x9B, 0x27, 0x4E, 0x96, 0xEE, 0x4C, 0xBD);
DEFINE_GUID(IID_IPortWaveRTStream, 0x1809CE5AL, 0x64BC, 0x4E62, 0xBD, 0x7D, 0x95, 0xBC, 0xE4, 0x3D, 0xE3, 0x93);
DEFINE_GUID(IID_IMiniportWaveRT, 0x0F9FC4D6L, 0x6061, 0x4F3C, 0xB1, 0xFC, 0x07, 0x5E, 0x35, 0xF7, 0x96, 0x0A);
DEFINE_GUID(IID_IMiniportWaveRTStream, 0x000AC9ABL, 0xFAAB, 0x4F3D, 0x94, 0x55, 0x6F, 0xF8, 0x30, 0x6A, 0x74, 0xA0);
DEFINE_GUID(IID_IMiniportWaveRTStreamNotification, 0x23759128L, 0x96F1, 0x423B, 0xAB, 0x4D, 0x81, 0x63, 0x5B, 0xCF, 0x8C, 0xA1);
DEFINE_GUID(IID_IMiniportWaveRTInputStream, 0xCD8E756AL, 0x5FC7, 0x4624, 0x98, 0x4B, 0x2A, 0xF0, 0x29, 0x25, 0xB9, 0x1F);
DEFINE_GUID(IID_IMiniportWaveRTOutputStream, 0x831FC7BCL, 0x6347, 0x44BC, 0xB4, 0x7B, 0xC0, 0xC6, 0x57, 0xB5, 0xBF, 0x73);
DEFINE_GUID(IID_IMiniportAudioSignalProcessing, 0xB532678CL, 0xBE50, 0x472D, 0x99, 0x73, 0x8A, 0x6F, 0x16, 0x59, 0x49, 0x89);
DEFINE_GUID(IID_IAdapterPowerManagement, 0x793417D0L, 0x35FE, 0x11D1, 0xAD, 0x08, 0x00, 0xA0, 0xC9, 0x0A, 0xB1, 0xB0);
DEFINE_GUID(IID_IAdapterPowerManagement2, 0xE0F92E5DL, 0x67F5, 0x48EE, 0xB5, 0x7A, 0x7D, 0x1E, 0x90, 0xC5, 0xF4, 0x3D);
DEFINE_GUID(IID_IAdapterPowerManagement3, 0xA8C7303EL, 0xF80C, 0x4BC9, 0xB2, 0xE3, 0xFB, 0x2D, 0x08, 0xBE, 0x92, 0x0F);
DEFINE_GUID(IID_IPowerNotify, 0x3DD648B8L, 0x969F, 0x11D1, 0x95, 0xA9, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IPinCount, 0x5DADB7DCL, 0xA2CB, 0x4540, 0xA4, 0xA8, 0x42, 0x5E, 0xE4, 0xAE, 0x90, 0x51);
DEFINE_GUID(IID_IPinName, 0x29CC9AB1L, 0xE89D, 0x413C, 0xB6, 0xB2, 0xF6, 0xD5, 0x00, 0x05, 0xD0, 0x63);
DEFINE_GUID(IID_IPortEvents, 0xA80F29C4L, 0x5498, 0x11D2, 0x95, 0xD9, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IDrmPort, 0x286D3DF8L, 0xCA22, 0x4E2E, 0xB9, 0xBC, 0x20, 0xB4, 0xF0, 0xE2, 0x01, 0xCE);
DEFINE_GUID(IID_IDrmPort2, 0x1ACCE59CL, 0x7311, 0x4B6B, 0x9F, 0xBA, 0xCC, 0x3B, 0xA5, 0x9A, 0xCD, 0xCE);
DEFINE_GUID(IID_IPortClsVersion, 0x7D89A7BBL, 0x869B, 0x4567, 0x8D, 0xBE, 0x1E, 0x16, 0x8C, 0xC8, 0x53, 0xDE);
DEFINE_GUID(IID_IPortClsPower, 0x47BA0351L, 0xBC4B, 0x4869, 0x81, 0x34, 0xB7, 0x4F, 0xE1, 0x78, 0x52, 0xD8);
DEFINE_GUID(IID_IPortClsRuntimePower, 0xE057C351L, 0x0430, 0x4DBC, 0xB1, 0x72, 0xC7, 0x11, 0xD4, 0x0A, 0x23, 0x73);
DEFINE_GUID(IID_IPortClsSubdeviceEx, 0xC3D5E80CL, 0x7F55, 0x40C5, 0x88, 0xB2, 0x62, 0x10, 0xD0, 0xCB, 0x2B, 0x59);
DEFINE_GUID(IID_IPortClsEtwHelper, 0x80EF6667L, 0xE8B1, 0x4252, 0xAB, 0x09, 0x8F, 0x6D, 0x5E, 0xBB, 0xD1, 0x9F);
DEFINE_GUID(IID_IPortWMIRegistration, 0xD80B18E7L, 0x804C, 0x4E1E, 0x82, 0xD3, 0x24, 0x61, 0xEC, 0x06, 0xE7, 0xC7);
DEFINE_GUID(IID_IPreFetchOffset, 0x7000F480L, 0xED44, 0x4E8B, 0xB3, 0x8A, 0x41, 0x2F, 0x8D, 0x7A, 0x50, 0x4D);
DEFINE_GUID(IID_IUnregisterSubdevice, 0x16738177L, 0xE199, 0x41F9, 0x9A, 0x87, 0xAB, 0xB2, 0xA5, 0x43, 0x2F, 0x21);
DEFINE_GUID(IID_IUnregisterPhysicalConnection, 0x6C38E231L, 0x2A0D, 0x428D, 0x81, 0xF8, 0x07, 0xCC, 0x42, 0x8B, 0xB9, 0xA4);
DEFINE_GUID(IID_IAdapterPnpManagement, 0x706F2368L, 0x4086, 0x47F5, 0xB9, 0x13, 0x57, 0xB7, 0x6E, 0xED, 0x1A, 0x32);
DEFINE_GUID(IID_IMiniportPnpNotify, 0x6B735365L, 0x9487, 0x464C, 0x93, 0xE3, 0xFA, 0x2C, 0x63, 0x91, 0xD5, 0xA4);
DEFINE_GUID(IID_IPortClsPnp, 0x0485791BL, 0x17F5, 0x4B73, 0x90, 0x2A, 0x20, 0x34, 0x48, 0x60, 0xB9, 0xCA);
DEFINE_GUID(CLSID_PortMidi, 0xB4C90A43L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_PortTopology, 0xB4C90A32L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_PortWaveCyclic, 0xB4C90A2AL, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_PortWavePci, 0xB4C90A54L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_PortWaveRT, 0xCC9BE57AL, 0xEB9E, 0x42B4, 0x94, 0xFC, 0x0C, 0xAD, 0x3D, 0xBC, 0xE7, 0xFA);
DEFINE_GUID(CLSID_MiniportDriverFmSynth, 0xB4C90AE0L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_MiniportDriverUart, 0xB4C90AE1L, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_MiniportDriverFmSynthWithVol, 0xE5A3C139L, 0xF0F2, 0x11D1, 0x81, 0xAF, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
// clang-format on

// Descriptors of a filter (FD-001..FD-073).
// Arrays of pins, nodes and automation items are walked by the size given beside them, never by sizeof
// (FD-004, FD-041).

typedef struct _PCPROPERTY_REQUEST PCPROPERTY_REQUEST, *PPCPROPERTY_REQUEST;
typedef struct _PCMETHOD_REQUEST PCMETHOD_REQUEST, *PPCMETHOD_REQUEST;
typedef struct _PCEVENT_REQUEST PCEVENT_REQUEST, *PPCEVENT_REQUEST;

// IRQL: PASSIVE_LEVEL (an event handler's code must be non-paged, PE-009). STATUS_PENDING keeps the request
// until PcCompletePendingPropertyRequest (FD-059).
typedef NTSTATUS(NTAPI* PCPFNPROPERTY_HANDLER)(PPCPROPERTY_REQUEST PropertyRequest);
typedef NTSTATUS(NTAPI* PCPFNMETHOD_HANDLER)(PPCMETHOD_REQUEST MethodRequest);
typedef NTSTATUS(NTAPI* PCPFNEVENT_HANDLER)(PPCEVENT_REQUEST EventRequest);

#define PCPROPERTY_ITEM_FLAG_GET KSPROPERTY_TYPE_GET
#define PCPROPERTY_ITEM_FLAG_SET KSPROPERTY_TYPE_SET
#define PCPROPERTY_ITEM_FLAG_BASICSUPPORT KSPROPERTY_TYPE_BASICSUPPORT
#define PCPROPERTY_ITEM_FLAG_SERIALIZERAW KSPROPERTY_TYPE_SERIALIZERAW
#define PCPROPERTY_ITEM_FLAG_UNSERIALIZERAW KSPROPERTY_TYPE_UNSERIALIZERAW
#define PCPROPERTY_ITEM_FLAG_SERIALIZESIZE KSPROPERTY_TYPE_SERIALIZESIZE
#define PCPROPERTY_ITEM_FLAG_SERIALIZE                                         \
    (PCPROPERTY_ITEM_FLAG_SERIALIZERAW | PCPROPERTY_ITEM_FLAG_UNSERIALIZERAW | \
     PCPROPERTY_ITEM_FLAG_SERIALIZESIZE)
#define PCPROPERTY_ITEM_FLAG_DEFAULTVALUES KSPROPERTY_TYPE_DEFAULTVALUES

#define PCMETHOD_ITEM_FLAG_NONE KSMETHOD_TYPE_NONE
#define PCMETHOD_ITEM_FLAG_READ KSMETHOD_TYPE_READ
#define PCMETHOD_ITEM_FLAG_WRITE KSMETHOD_TYPE_WRITE
#define PCMETHOD_ITEM_FLAG_MODIFY KSMETHOD_TYPE_MODIFY
#define PCMETHOD_ITEM_FLAG_SOURCE KSMETHOD_TYPE_SOURCE

#define PCEVENT_ITEM_FLAG_ENABLE KSEVENT_TYPE_ENABLE
#define PCEVENT_ITEM_FLAG_ONESHOT KSEVENT_TYPE_ONESHOT
#define PCEVENT_ITEM_FLAG_BASICSUPPORT KSEVENT_TYPE_BASICSUPPORT

#define PCEVENT_VERB_NONE 0
#define PCEVENT_VERB_ADD 1
#define PCEVENT_VERB_REMOVE 2
#define PCEVENT_VERB_SUPPORT 4

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNPROPERTY_HANDLER Handler;
} PCPROPERTY_ITEM, *PPCPROPERTY_ITEM;

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNMETHOD_HANDLER Handler;
} PCMETHOD_ITEM, *PPCMETHOD_ITEM;

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNEVENT_HANDLER Handler;
} PCEVENT_ITEM, *PPCEVENT_ITEM;

// MajorTarget is the UnknownMiniport pointer of IPort::Init, MinorTarget the stream (NULL for a filter).
// Instance is what follows KSPROPERTY or KSNODEPROPERTY; Node is ULONG(-1) unless the TOPOLOGY bit is set
// (FD-053, FD-054). On return ValueSize is the number of bytes for the client (FD-056).
struct _PCPROPERTY_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCPROPERTY_ITEM* PropertyItem;
    ULONG Verb;
    ULONG InstanceSize;
    PVOID Instance;
    ULONG ValueSize;
    PVOID Value;
    PIRP Irp;
};

struct _PCMETHOD_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCMETHOD_ITEM* MethodItem;
    ULONG Verb;
};

struct _PCEVENT_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCEVENT_ITEM* EventItem;
    PKSEVENT_ENTRY EventEntry;
    ULONG Verb;
    PIRP Irp;
};

typedef struct {
    ULONG PropertyItemSize;
    ULONG PropertyCount;
    const PCPROPERTY_ITEM* Properties;
    ULONG MethodItemSize;
    ULONG MethodCount;
    const PCMETHOD_ITEM* Methods;
    ULONG EventItemSize;
    ULONG EventCount;
    const PCEVENT_ITEM* Events;
    ULONG Reserved;
} PCAUTOMATION_TABLE, *PPCAUTOMATION_TABLE;

#define PORTICO_PC_TABLE(Type, Table) sizeof((Table)[0]), SIZEOF_ARRAY(Table), (const Type*)(Table)
#define PORTICO_PC_NO_TABLE 0, 0, NULL

#define DEFINE_PCAUTOMATION_TABLE_PROP(AutomationTable, PropertyTable)                            \
    const PCAUTOMATION_TABLE AutomationTable = {PORTICO_PC_TABLE(PCPROPERTY_ITEM, PropertyTable), \
                                                PORTICO_PC_NO_TABLE, PORTICO_PC_NO_TABLE, 0}
#define DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(AutomationTable, PropertyTable, EventTable)          \
    const PCAUTOMATION_TABLE AutomationTable = {PORTICO_PC_TABLE(PCPROPERTY_ITEM, PropertyTable), \
                                                PORTICO_PC_NO_TABLE,                              \
                                                PORTICO_PC_TABLE(PCEVENT_ITEM, EventTable), 0}
#define DEFINE_PCAUTOMATION_TABLE_EVENT(AutomationTable, EventTable)                      \
    const PCAUTOMATION_TABLE AutomationTable = {PORTICO_PC_NO_TABLE, PORTICO_PC_NO_TABLE, \
                                                PORTICO_PC_TABLE(PCEVENT_ITEM, EventTable), 0}

// Counts: 0 = cannot be instantiated, ULONG(-1) = unlimited (FD-011).
typedef struct {
    ULONG MaxGlobalInstanceCount;
    ULONG MaxFilterInstanceCount;
    ULONG MinFilterInstanceCount;
    const PCAUTOMATION_TABLE* AutomationTable;
    KSPIN_DESCRIPTOR KsPinDescriptor;
} PCPIN_DESCRIPTOR, *PPCPIN_DESCRIPTOR;

typedef struct {
    ULONG Flags;
    const PCAUTOMATION_TABLE* AutomationTable;
    const GUID* Type;
    const GUID* Name;
} PCNODE_DESCRIPTOR, *PPCNODE_DESCRIPTOR;

#define PCFILTER_NODE KSFILTER_NODE
typedef KSTOPOLOGY_CONNECTION PCCONNECTION_DESCRIPTOR, *PPCCONNECTION_DESCRIPTOR;

typedef struct {
    ULONG Version;
    const PCAUTOMATION_TABLE* AutomationTable;
    ULONG PinSize;
    ULONG PinCount;
    const PCPIN_DESCRIPTOR* Pins;
    ULONG NodeSize;
    ULONG NodeCount;
    const PCNODE_DESCRIPTOR* Nodes;
    ULONG ConnectionCount;
    const PCCONNECTION_DESCRIPTOR* Connections;
    ULONG CategoryCount;
    const GUID* Categories;
} PCFILTER_DESCRIPTOR, *PPCFILTER_DESCRIPTOR;

// An interface is a list in slot order, a method a line.
// clang-format off
// IResourceList (RL-001..RL-016): the resources of a device or, as a sublist, of one subdevice.
// Index counts entries of the given type from 0. Find* return NULL when there is none; the pointers and lists
// live as long as the object. AddEntry*: STATUS_INSUFFICIENT_RESOURCES without a free slot;
// AddEntryFromParent: STATUS_INVALID_PARAMETER when the parent has no such entry.
#define PORTICO_IResourceList(M)                                                                             \
    M(ULONG, NumberOfEntries, (THIS))                                                                /*3*/   \
    M(ULONG, NumberOfEntriesOfType, (THIS_ CM_RESOURCE_TYPE Type))                                   /*4*/   \
    M(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindTranslatedEntry, (THIS_ CM_RESOURCE_TYPE Type, ULONG Index)) /*5*/ \
    M(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindUntranslatedEntry, (THIS_ CM_RESOURCE_TYPE Type, ULONG Index)) /*6*/ \
    M(NTSTATUS, AddEntry,                                                                                    \
      (THIS_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated, PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated)) /*7*/ \
    M(NTSTATUS, AddEntryFromParent,                                                                          \
      (THIS_ struct IResourceList* Parent, CM_RESOURCE_TYPE Type, ULONG Index))                      /*8*/   \
    M(PCM_RESOURCE_LIST, TranslatedList, (THIS))                                                     /*9*/   \
    M(PCM_RESOURCE_LIST, UntranslatedList, (THIS))                                                   /*10*/
#undef INTERFACE
#define INTERFACE IResourceList
DECLARE_INTERFACE_(IResourceList, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IResourceList(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef struct IResourceList* PRESOURCELIST;
#define IMP_IResourceList PORTICO_IResourceList(PORTICO_IMPLEMENT)

// Per type (RL-013). AddDmaFromParent adds a DMA channel (CX-006).
#define NumberOfPorts() NumberOfEntriesOfType(CmResourceTypePort)
#define FindTranslatedPort(n) FindTranslatedEntry(CmResourceTypePort, (n))
#define FindUntranslatedPort(n) FindUntranslatedEntry(CmResourceTypePort, (n))
#define AddPortFromParent(p, n) AddEntryFromParent((p), CmResourceTypePort, (n))

#define NumberOfInterrupts() NumberOfEntriesOfType(CmResourceTypeInterrupt)
#define FindTranslatedInterrupt(n) FindTranslatedEntry(CmResourceTypeInterrupt, (n))
#define FindUntranslatedInterrupt(n) FindUntranslatedEntry(CmResourceTypeInterrupt, (n))
#define AddInterruptFromParent(p, n) AddEntryFromParent((p), CmResourceTypeInterrupt, (n))

#define NumberOfMemories() NumberOfEntriesOfType(CmResourceTypeMemory)
#define FindTranslatedMemory(n) FindTranslatedEntry(CmResourceTypeMemory, (n))
#define FindUntranslatedMemory(n) FindUntranslatedEntry(CmResourceTypeMemory, (n))
#define AddMemoryFromParent(p, n) AddEntryFromParent((p), CmResourceTypeMemory, (n))

#define NumberOfDmas() NumberOfEntriesOfType(CmResourceTypeDma)
#define FindTranslatedDma(n) FindTranslatedEntry(CmResourceTypeDma, (n))
#define FindUntranslatedDma(n) FindUntranslatedEntry(CmResourceTypeDma, (n))
#define AddDmaFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDma, (n))

#define NumberOfDeviceSpecifics() NumberOfEntriesOfType(CmResourceTypeDeviceSpecific)
#define FindTranslatedDeviceSpecific(n) FindTranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define FindUntranslatedDeviceSpecific(n) FindUntranslatedEntry(CmResourceTypeDeviceSpecific, (n))
#define AddDeviceSpecificFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDeviceSpecific, (n))

#define NumberOfBusNumbers() NumberOfEntriesOfType(CmResourceTypeBusNumber)
#define FindTranslatedBusNumber(n) FindTranslatedEntry(CmResourceTypeBusNumber, (n))
#define FindUntranslatedBusNumber(n) FindUntranslatedEntry(CmResourceTypeBusNumber, (n))
#define AddBusNumberFromParent(p, n) AddEntryFromParent((p), CmResourceTypeBusNumber, (n))

#define NumberOfDevicePrivates() NumberOfEntriesOfType(CmResourceTypeDevicePrivate)
#define FindTranslatedDevicePrivate(n) FindTranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define FindUntranslatedDevicePrivate(n) FindUntranslatedEntry(CmResourceTypeDevicePrivate, (n))
#define AddDevicePrivateFromParent(p, n) AddEntryFromParent((p), CmResourceTypeDevicePrivate, (n))

#define NumberOfAssignedResources() NumberOfEntriesOfType(CmResourceTypeAssignedResource)
#define FindTranslatedAssignedResource(n) FindTranslatedEntry(CmResourceTypeAssignedResource, (n))
#define FindUntranslatedAssignedResource(n) FindUntranslatedEntry(CmResourceTypeAssignedResource, (n))
#define AddAssignedResourceFromParent(p, n) AddEntryFromParent((p), CmResourceTypeAssignedResource, (n))

#define NumberOfSubAllocateFroms() NumberOfEntriesOfType(CmResourceTypeSubAllocateFrom)
#define FindTranslatedSubAllocateFrom(n) FindTranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define FindUntranslatedSubAllocateFrom(n) FindUntranslatedEntry(CmResourceTypeSubAllocateFrom, (n))
#define AddSubAllocateFromFromParent(p, n) AddEntryFromParent((p), CmResourceTypeSubAllocateFrom, (n))

// IDmaChannel, IDmaChannelSlave (DC-001..DC-010).
#define PORTICO_IDmaChannel(M)                                                                               \
    M(NTSTATUS, AllocateBuffer, (THIS_ ULONG BufferSize, PPHYSICAL_ADDRESS PhysicalAddressConstraint)) /*3*/ \
    M(void, FreeBuffer, (THIS))                                                                      /*4*/   \
    M(ULONG, TransferCount, (THIS))                                                                  /*5*/   \
    M(ULONG, MaximumBufferSize, (THIS))                                                              /*6*/   \
    M(ULONG, AllocatedBufferSize, (THIS))                                                            /*7*/   \
    M(ULONG, BufferSize, (THIS))                                                                     /*8*/   \
    M(void, SetBufferSize, (THIS_ ULONG BufferSize))                                                 /*9*/   \
    M(PVOID, SystemAddress, (THIS))                                                                  /*10*/  \
    M(PORTICO_RESULT_PHYSICAL_ADDRESS, PhysicalAddress, (PORTICO_RESULT_THIS))                       /*11*/  \
    M(PADAPTER_OBJECT, GetAdapterObject, (THIS))                                                     /*12*/  \
    M(void, CopyTo, (THIS_ PVOID Destination, PVOID Source, ULONG ByteCount))                        /*13*/  \
    M(void, CopyFrom, (THIS_ PVOID Destination, PVOID Source, ULONG ByteCount))                      /*14*/
#define DEFINE_ABSTRACT_DMACHANNEL() PORTICO_IDmaChannel(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IDmaChannel
DECLARE_INTERFACE_(IDmaChannel, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_DMACHANNEL()
};
#undef INTERFACE
typedef IDmaChannel* PDMACHANNEL;
#define IMP_IDmaChannel PORTICO_IDmaChannel(PORTICO_IMPLEMENT)

// WaitForTC's Timeout is in microseconds, rounded down to tens (DC-009).
#define PORTICO_IDmaChannelSlave(M)                                                                          \
    M(NTSTATUS, Start, (THIS_ ULONG MapSize, BOOLEAN WriteToDevice))                                 /*15*/  \
    M(NTSTATUS, Stop, (THIS))                                                                        /*16*/  \
    M(ULONG, ReadCounter, (THIS))                                                                    /*17*/  \
    M(NTSTATUS, WaitForTC, (THIS_ ULONG Timeout))                                                    /*18*/
#undef INTERFACE
#define INTERFACE IDmaChannelSlave
DECLARE_INTERFACE_(IDmaChannelSlave, IDmaChannel) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_DMACHANNEL()
    PORTICO_IDmaChannelSlave(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IDmaChannelSlave* PDMACHANNELSLAVE;
#define IMP_IDmaChannelSlave IMP_IDmaChannel PORTICO_IDmaChannelSlave(PORTICO_IMPLEMENT)

// IInterruptSync (IS-001..IS-051).
typedef enum {
    InterruptSyncModeNormal = 1,  // stop at the first routine that returns STATUS_SUCCESS
    InterruptSyncModeAll,         // every routine once
    InterruptSyncModeRepeat       // passes until one has no success
} INTERRUPTSYNCMODE;

// ISR and synchronised routine alike; runs at the interrupt's IRQL (IS-002, IS-012).
struct IInterruptSync;
typedef NTSTATUS(NTAPI* PINTERRUPTSYNCROUTINE)(struct IInterruptSync* InterruptSync, PVOID DynamicContext);

// CallSynchronizedRoutine: up to the interrupt's IRQL; returns the routine's status (IS-011, IS-013).
// GetKInterrupt: any IRQL.
#define PORTICO_IInterruptSync(M)                                                                            \
    M(NTSTATUS, CallSynchronizedRoutine, (THIS_ PINTERRUPTSYNCROUTINE Routine, PVOID DynamicContext))/*3*/   \
    M(PKINTERRUPT, GetKInterrupt, (THIS))                                                            /*4*/   \
    M(NTSTATUS, Connect, (THIS))                                                                     /*5*/   \
    M(void, Disconnect, (THIS))                                                                      /*6*/   \
    M(NTSTATUS, RegisterServiceRoutine,                                                                      \
      (THIS_ PINTERRUPTSYNCROUTINE Routine, PVOID DynamicContext, BOOLEAN First))             /*7*/
#undef INTERFACE
#define INTERFACE IInterruptSync
DECLARE_INTERFACE_(IInterruptSync, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IInterruptSync(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef struct IInterruptSync* PINTERRUPTSYNC;
#define IMP_IInterruptSync PORTICO_IInterruptSync(PORTICO_IMPLEMENT)

// IServiceSink, IServiceGroup (SS-001..SS-004, SG-001..SG-050).
// A sink's RequestService runs at DISPATCH_LEVEL; a group's may be called at any IRQL and queues the DPC
// (SG-003, SG-004).
#define PORTICO_IServiceSink(M) M(void, RequestService, (THIS)) /*3*/
#undef INTERFACE
#define INTERFACE IServiceSink
DECLARE_INTERFACE_(IServiceSink, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IServiceSink(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IServiceSink* PSERVICESINK;
#define IMP_IServiceSink PORTICO_IServiceSink(PORTICO_IMPLEMENT)

// RequestDelayedService: 100 ns units, read as signed: negative = from now, else absolute system time
// (SG-012, CX-005).
#define PORTICO_IServiceGroup(M)                                                                             \
    M(NTSTATUS, AddMember, (THIS_ PSERVICESINK pServiceSink))                                        /*4*/   \
    M(void, RemoveMember, (THIS_ PSERVICESINK pServiceSink))                                         /*5*/   \
    M(void, SupportDelayedService, (THIS))                                                           /*6*/   \
    M(void, RequestDelayedService, (THIS_ ULONGLONG ullDelay))                                       /*7*/   \
    M(void, CancelDelayedService, (THIS))                                                            /*8*/
#undef INTERFACE
#define INTERFACE IServiceGroup
DECLARE_INTERFACE_(IServiceGroup, IServiceSink) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IServiceSink(PORTICO_ABSTRACT)
    PORTICO_IServiceGroup(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef struct IServiceGroup* PSERVICEGROUP;
#define IMP_IServiceGroup IMP_IServiceSink PORTICO_IServiceGroup(PORTICO_IMPLEMENT)

// IRegistryKey (RK-001..RK-016).
// Too small a buffer: STATUS_BUFFER_OVERFLOW with part of the data, STATUS_BUFFER_TOO_SMALL with none;
// ResultLength is the size needed in bytes (RK-006). Enumerating past the end: STATUS_NO_MORE_ENTRIES.
struct IRegistryKey;
#define PORTICO_IRegistryKey(M)                                                                              \
    M(NTSTATUS, QueryKey,                                                                                    \
      (THIS_ KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length,                  \
       PULONG ResultLength))                                                                         /*3*/   \
    M(NTSTATUS, EnumerateKey,                                                                                \
      (THIS_ ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length,     \
       PULONG ResultLength))                                                                         /*4*/   \
    M(NTSTATUS, QueryValueKey,                                                                               \
      (THIS_ PUNICODE_STRING ValueName, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,                \
       PVOID KeyValueInformation, ULONG Length, PULONG ResultLength))                                /*5*/   \
    M(NTSTATUS, EnumerateValueKey,                                                                           \
      (THIS_ ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,   \
       ULONG Length, PULONG ResultLength))                                                           /*6*/   \
    M(NTSTATUS, SetValueKey, (THIS_ PUNICODE_STRING ValueName, ULONG Type, PVOID Data, ULONG DataSize)) /*7*/ \
    M(NTSTATUS, QueryRegistryValues, (THIS_ PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context))    /*8*/   \
    M(NTSTATUS, NewSubKey,                                                                                   \
      (THIS_ struct IRegistryKey** RegistrySubKey, PUNKNOWN OuterUnknown, ACCESS_MASK DesiredAccess,         \
       PUNICODE_STRING SubKeyName, ULONG CreateOptions, PULONG Disposition))                         /*9*/   \
    M(NTSTATUS, DeleteKey, (THIS))                                                                   /*10*/
#undef INTERFACE
#define INTERFACE IRegistryKey
DECLARE_INTERFACE_(IRegistryKey, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IRegistryKey(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef struct IRegistryKey* PREGISTRYKEY;
#define IMP_IRegistryKey PORTICO_IRegistryKey(PORTICO_IMPLEMENT)

// Types for PcNewRegistryKey and IPort::NewRegistryKey; the last one only for the latter (IP-042, IP-048).
enum {
    GeneralRegistryKey,
    DeviceRegistryKey,
    DriverRegistryKey,
    HwProfileRegistryKey,
    DeviceInterfaceRegistryKey
};

// IMusicTechnology (MT-001..MT-008): before the miniport's Init.
#define PORTICO_IMusicTechnology(M) M(NTSTATUS, SetTechnology, (THIS_ const GUID* Technology)) /*3*/
#undef INTERFACE
#define INTERFACE IMusicTechnology
DECLARE_INTERFACE_(IMusicTechnology, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMusicTechnology(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMusicTechnology* PMUSICTECHNOLOGY;
#define IMP_IMusicTechnology PORTICO_IMusicTechnology(PORTICO_IMPLEMENT)

// IMiniport (IM-001..IM-025).
// DataRangeIntersection: STATUS_BUFFER_OVERFLOW with the length when OutputBufferLength is 0,
// STATUS_BUFFER_TOO_SMALL, STATUS_NO_MATCH, or STATUS_NOT_IMPLEMENTED to leave it to the port (IM-022).
#define PORTICO_IMiniport(M)                                                                                 \
    M(NTSTATUS, GetDescription, (THIS_ PPCFILTER_DESCRIPTOR* Description))                           /*3*/   \
    M(NTSTATUS, DataRangeIntersection,                                                                       \
      (THIS_ ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange, ULONG OutputBufferLength,  \
       PVOID ResultantFormat, PULONG ResultantFormatLength)) /*4*/
#define DEFINE_ABSTRACT_MINIPORT() PORTICO_IMiniport(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IMiniport
DECLARE_INTERFACE_(IMiniport, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
};
#undef INTERFACE
typedef IMiniport* PMINIPORT;
#define IMP_IMiniport PORTICO_IMiniport(PORTICO_IMPLEMENT)

// IPort (IP-001..IP-048).
// Init: UnknownAdapter, Irp and ResourceList may be NULL; STATUS_INVALID_PARAMETER without device or miniport
// (IP-023).
#ifdef PC_OLD_NAMES
#define PORTICO_PC_DEVICE PVOID
#define PORTICO_PC_IRP PVOID
#else
#define PORTICO_PC_DEVICE PDEVICE_OBJECT
#define PORTICO_PC_IRP PIRP
#endif
#define PORTICO_IPort(M)                                                                                     \
    M(NTSTATUS, Init,                                                                                        \
      (THIS_ PORTICO_PC_DEVICE DeviceObject, PORTICO_PC_IRP Irp, PUNKNOWN UnknownMiniport,                   \
       PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList))                                         /*3*/   \
    M(NTSTATUS, GetDeviceProperty,                                                                           \
      (THIS_ DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength, PVOID PropertyBuffer,              \
       PULONG ResultLength))                                                                         /*4*/   \
    M(NTSTATUS, NewRegistryKey,                                                                              \
      (THIS_ PREGISTRYKEY* OutRegistryKey, PUNKNOWN OuterUnknown, ULONG RegistryKeyType,                     \
       ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,                  \
       PULONG Disposition)) /*5*/
#define DEFINE_ABSTRACT_PORT() PORTICO_IPort(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IPort
DECLARE_INTERFACE_(IPort, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
};
#undef INTERFACE
typedef IPort* PPORT;
#define IMP_IPort PORTICO_IPort(PORTICO_IMPLEMENT)

// IPortMidi (PM-001..PM-052).
// Notify: any IRQL; NULL asks for service of every group of the port (PM-013). RegisterServiceGroup returns
// void (CX-002).
#define PORTICO_IPortMidi(M)                                                                                 \
    M(void, Notify, (THIS_ PSERVICEGROUP ServiceGroup))                                              /*6*/   \
    M(void, RegisterServiceGroup, (THIS_ PSERVICEGROUP ServiceGroup))                                /*7*/
#undef INTERFACE
#define INTERFACE IPortMidi
DECLARE_INTERFACE_(IPortMidi, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
    PORTICO_IPortMidi(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef struct IPortMidi* PPORTMIDI;
#define IMP_IPortMidi IMP_IPort PORTICO_IPortMidi(PORTICO_IMPLEMENT)

// IMiniportMidiStream (MS-001..MS-055).
// Read and Write: DISPATCH_LEVEL. Read: success with 0 bytes = no more at present. Write: BytesWritten is
// BytesToWrite, a multiple of four below it, or 0 = busy; STATUS_IO_DEVICE_ERROR when the device is broken.
#define PORTICO_IMiniportMidiStream(M)                                                                       \
    M(NTSTATUS, SetFormat, (THIS_ PKSDATAFORMAT DataFormat))                                         /*3*/   \
    M(NTSTATUS, SetState, (THIS_ KSSTATE State))                                                     /*4*/   \
    M(NTSTATUS, Read, (THIS_ PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead))             /*5*/   \
    M(NTSTATUS, Write, (THIS_ PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten))         /*6*/
#undef INTERFACE
#define INTERFACE IMiniportMidiStream
DECLARE_INTERFACE_(IMiniportMidiStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportMidiStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportMidiStream* PMINIPORTMIDISTREAM;
#define IMP_IMiniportMidiStream PORTICO_IMiniportMidiStream(PORTICO_IMPLEMENT)

// IMiniportMidi (MM-001..MM-052).
// Service: DISPATCH_LEVEL. *ServiceGroup of Init and NewStream is preset to NULL and may stay so; if set it
// carries a reference for the port.
#define PORTICO_IMiniportMidi(M)                                                                             \
    M(NTSTATUS, Init,                                                                                        \
      (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,                            \
       PSERVICEGROUP* ServiceGroup))                                                                 /*5*/   \
    M(void, Service, (THIS))                                                                         /*6*/   \
    M(NTSTATUS, NewStream,                                                                                   \
      (THIS_ PMINIPORTMIDISTREAM* Stream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG Pin,              \
       BOOLEAN Capture, PKSDATAFORMAT DataFormat, PSERVICEGROUP* ServiceGroup)) /*7*/
#undef INTERFACE
#define INTERFACE IMiniportMidi
DECLARE_INTERFACE_(IMiniportMidi, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportMidi(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportMidi* PMINIPORTMIDI;
#define IMP_IMiniportMidi IMP_IMiniport PORTICO_IMiniportMidi(PORTICO_IMPLEMENT)

// Topology (TP-001..TP-003).
#undef INTERFACE
#define INTERFACE IPortTopology
DECLARE_INTERFACE_(IPortTopology, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
};
#undef INTERFACE
typedef IPortTopology* PPORTTOPOLOGY;
#define IMP_IPortTopology IMP_IPort

#define PORTICO_IMiniportTopology(M)                                                                         \
    M(NTSTATUS, Init, (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port)) /*5*/
#undef INTERFACE
#define INTERFACE IMiniportTopology
DECLARE_INTERFACE_(IMiniportTopology, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportTopology(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportTopology* PMINIPORTTOPOLOGY;
#define IMP_IMiniportTopology IMP_IMiniport PORTICO_IMiniportTopology(PORTICO_IMPLEMENT)

// WaveCyclic.
#define PORTICO_IPortWaveCyclic(M)                                                                           \
    M(void, Notify, (THIS_ PSERVICEGROUP ServiceGroup))                                              /*6*/   \
    M(NTSTATUS, NewSlaveDmaChannel,                                                                          \
      (THIS_ PDMACHANNELSLAVE * DmaChannel, PUNKNOWN OuterUnknown, PRESOURCELIST ResourceList,               \
       ULONG DmaIndex, ULONG MaximumLength, BOOLEAN DemandMode, DMA_SPEED DmaSpeed))                 /*7*/   \
    M(NTSTATUS, NewMasterDmaChannel,                                                                         \
      (THIS_ PDMACHANNEL * DmaChannel, PUNKNOWN OuterUnknown, PRESOURCELIST ResourceList,                    \
       ULONG MaximumLength, BOOLEAN Dma32BitAddresses, BOOLEAN Dma64BitAddresses, DMA_WIDTH DmaWidth,        \
       DMA_SPEED DmaSpeed)) /*8*/
#undef INTERFACE
#define INTERFACE IPortWaveCyclic
DECLARE_INTERFACE_(IPortWaveCyclic, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
    PORTICO_IPortWaveCyclic(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortWaveCyclic* PPORTWAVECYCLIC;
#define IMP_IPortWaveCyclic IMP_IPort PORTICO_IPortWaveCyclic(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveCyclicStream(M)                                                                 \
    M(NTSTATUS, SetFormat, (THIS_ PKSDATAFORMAT DataFormat))                                         /*3*/   \
    M(ULONG, SetNotificationFreq, (THIS_ ULONG Interval, PULONG FrameSize))                          /*4*/   \
    M(NTSTATUS, SetState, (THIS_ KSSTATE State))                                                     /*5*/   \
    M(NTSTATUS, GetPosition, (THIS_ PULONG Position))                                                /*6*/   \
    M(NTSTATUS, NormalizePhysicalPosition, (THIS_ PLONGLONG PhysicalPosition))                       /*7*/   \
    M(void, Silence, (THIS_ PVOID Buffer, ULONG ByteCount))                                          /*8*/
#undef INTERFACE
#define INTERFACE IMiniportWaveCyclicStream
DECLARE_INTERFACE_(IMiniportWaveCyclicStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportWaveCyclicStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveCyclicStream* PMINIPORTWAVECYCLICSTREAM;
#define IMP_IMiniportWaveCyclicStream PORTICO_IMiniportWaveCyclicStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveCyclic(M)                                                                       \
    M(NTSTATUS, Init, (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVECYCLIC Port)) /*5*/ \
    M(NTSTATUS, NewStream,                                                                                   \
      (THIS_ PMINIPORTWAVECYCLICSTREAM * Stream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG Pin,       \
       BOOLEAN Capture, PKSDATAFORMAT DataFormat, PDMACHANNEL * DmaChannel, PSERVICEGROUP * ServiceGroup)) /*6*/
#undef INTERFACE
#define INTERFACE IMiniportWaveCyclic
DECLARE_INTERFACE_(IMiniportWaveCyclic, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportWaveCyclic(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveCyclic* PMINIPORTWAVECYCLIC;
#define IMP_IMiniportWaveCyclic IMP_IMiniport PORTICO_IMiniportWaveCyclic(PORTICO_IMPLEMENT)

// WavePci.
#define PORTICO_IPortWavePci(M)                                                                              \
    M(void, Notify, (THIS_ PSERVICEGROUP ServiceGroup))                                              /*6*/   \
    M(NTSTATUS, NewMasterDmaChannel,                                                                         \
      (THIS_ PDMACHANNEL * OutDmaChannel, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,                         \
       PRESOURCELIST ResourceList, BOOLEAN ScatterGather, BOOLEAN Dma32BitAddresses,                         \
       BOOLEAN Dma64BitAddresses, BOOLEAN IgnoreCount, DMA_WIDTH DmaWidth, DMA_SPEED DmaSpeed,               \
       ULONG MaximumLength, ULONG DmaPort)) /*7*/
#undef INTERFACE
#define INTERFACE IPortWavePci
DECLARE_INTERFACE_(IPortWavePci, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
    PORTICO_IPortWavePci(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortWavePci* PPORTWAVEPCI;
#define IMP_IPortWavePci IMP_IPort PORTICO_IPortWavePci(PORTICO_IMPLEMENT)

#define PORTICO_IPortWavePciStream(M)                                                                        \
    M(NTSTATUS, GetMapping,                                                                                  \
      (THIS_ PVOID Tag, PPHYSICAL_ADDRESS PhysicalAddress, PVOID * VirtualAddress, PULONG ByteCount,         \
       PULONG Flags))                                                                                /*3*/   \
    M(NTSTATUS, ReleaseMapping, (THIS_ PVOID Tag))                                                   /*4*/   \
    M(NTSTATUS, TerminatePacket, (THIS))                                                             /*5*/
#undef INTERFACE
#define INTERFACE IPortWavePciStream
DECLARE_INTERFACE_(IPortWavePciStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortWavePciStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortWavePciStream* PPORTWAVEPCISTREAM;
#define IMP_IPortWavePciStream PORTICO_IPortWavePciStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWavePciStream(M)                                                                    \
    M(NTSTATUS, SetFormat, (THIS_ PKSDATAFORMAT DataFormat))                                         /*3*/   \
    M(NTSTATUS, SetState, (THIS_ KSSTATE State))                                                     /*4*/   \
    M(NTSTATUS, GetPosition, (THIS_ PULONGLONG Position))                                            /*5*/   \
    M(NTSTATUS, NormalizePhysicalPosition, (THIS_ PLONGLONG PhysicalPosition))                       /*6*/   \
    M(NTSTATUS, GetAllocatorFraming, (THIS_ PKSALLOCATOR_FRAMING AllocatorFraming))                  /*7*/   \
    M(NTSTATUS, RevokeMappings, (THIS_ PVOID FirstTag, PVOID LastTag, PULONG MappingsRevoked))       /*8*/   \
    M(void, MappingAvailable, (THIS))                                                                /*9*/   \
    M(void, Service, (THIS))                                                                         /*10*/
#undef INTERFACE
#define INTERFACE IMiniportWavePciStream
DECLARE_INTERFACE_(IMiniportWavePciStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportWavePciStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWavePciStream* PMINIPORTWAVEPCISTREAM;
#define IMP_IMiniportWavePciStream PORTICO_IMiniportWavePciStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWavePci(M)                                                                          \
    M(NTSTATUS, Init,                                                                                        \
      (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVEPCI Port,                         \
       PSERVICEGROUP * ServiceGroup))                                                                /*5*/   \
    M(NTSTATUS, NewStream,                                                                                   \
      (THIS_ PMINIPORTWAVEPCISTREAM * Stream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,                     \
       PPORTWAVEPCISTREAM PortStream, ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,                  \
       PDMACHANNEL * DmaChannel, PSERVICEGROUP * ServiceGroup))                                      /*6*/   \
    M(void, Service, (THIS))                                                                         /*7*/
#undef INTERFACE
#define INTERFACE IMiniportWavePci
DECLARE_INTERFACE_(IMiniportWavePci, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportWavePci(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWavePci* PMINIPORTWAVEPCI;
#define IMP_IMiniportWavePci IMP_IMiniport PORTICO_IMiniportWavePci(PORTICO_IMPLEMENT)

// WaveRT.
#undef INTERFACE
#define INTERFACE IPortWaveRT
DECLARE_INTERFACE_(IPortWaveRT, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_PORT()
};
#undef INTERFACE
typedef IPortWaveRT* PPORTWAVERT;
#define IMP_IPortWaveRT IMP_IPort

#define PORTICO_IPortWaveRTStream(M)                                                                         \
    M(PMDL, AllocatePagesForMdl, (THIS_ PHYSICAL_ADDRESS HighAddress, SIZE_T TotalBytes))            /*3*/   \
    M(PMDL, AllocateContiguousPagesForMdl,                                                                   \
      (THIS_ PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, SIZE_T TotalBytes))          /*4*/   \
    M(PVOID, MapAllocatedPages, (THIS_ PMDL MemoryDescriptorList, MEMORY_CACHING_TYPE CacheType))    /*5*/   \
    M(VOID, UnmapAllocatedPages, (THIS_ PVOID BaseAddress, PMDL MemoryDescriptorList))               /*6*/   \
    M(VOID, FreePagesFromMdl, (THIS_ PMDL MemoryDescriptorList))                                     /*7*/   \
    M(ULONG, GetPhysicalPagesCount, (THIS_ PMDL MemoryDescriptorList))                               /*8*/   \
    M(PORTICO_RESULT_PHYSICAL_ADDRESS, GetPhysicalPageAddress,                                               \
      (PORTICO_RESULT_THIS_ PMDL MemoryDescriptorList, ULONG Index)) /*9*/
#undef INTERFACE
#define INTERFACE IPortWaveRTStream
DECLARE_INTERFACE_(IPortWaveRTStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortWaveRTStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortWaveRTStream* PPORTWAVERTSTREAM;
#define IMP_IPortWaveRTStream PORTICO_IPortWaveRTStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveRTStream(M)                                                                     \
    M(NTSTATUS, SetFormat, (THIS_ PKSDATAFORMAT DataFormat))                                         /*3*/   \
    M(NTSTATUS, SetState, (THIS_ KSSTATE State))                                                     /*4*/   \
    M(NTSTATUS, GetPosition, (THIS_ PKSAUDIO_POSITION Position))                                     /*5*/   \
    M(NTSTATUS, AllocateAudioBuffer,                                                                         \
      (THIS_ ULONG RequestedSize, PMDL * AudioBufferMdl, ULONG * ActualSize, ULONG * OffsetFromFirstPage,    \
       MEMORY_CACHING_TYPE * CacheType))                                                             /*6*/   \
    M(VOID, FreeAudioBuffer, (THIS_ PMDL AudioBufferMdl, ULONG BufferSize))                          /*7*/   \
    M(VOID, GetHWLatency, (THIS_ KSRTAUDIO_HWLATENCY * hwLatency))                                   /*8*/   \
    M(NTSTATUS, GetPositionRegister, (THIS_ KSRTAUDIO_HWREGISTER * Register))                        /*9*/   \
    M(NTSTATUS, GetClockRegister, (THIS_ KSRTAUDIO_HWREGISTER * Register))                           /*10*/
#define DEFINE_ABSTRACT_MINIPORTWAVERTSTREAM() PORTICO_IMiniportWaveRTStream(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IMiniportWaveRTStream
DECLARE_INTERFACE_(IMiniportWaveRTStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORTWAVERTSTREAM()
};
#undef INTERFACE
typedef IMiniportWaveRTStream* PMINIPORTWAVERTSTREAM;
#define IMP_IMiniportWaveRTStream PORTICO_IMiniportWaveRTStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveRTStreamNotification(M)                                                         \
    M(NTSTATUS, AllocateBufferWithNotification,                                                              \
      (THIS_ ULONG NotificationCount, ULONG RequestedSize, PMDL * AudioBufferMdl, ULONG * ActualSize,        \
       ULONG * OffsetFromFirstPage, MEMORY_CACHING_TYPE * CacheType))                                /*11*/  \
    M(VOID, FreeBufferWithNotification, (THIS_ PMDL AudioBufferMdl, ULONG BufferSize))               /*12*/  \
    M(NTSTATUS, RegisterNotificationEvent, (THIS_ PKEVENT NotificationEvent))                        /*13*/  \
    M(NTSTATUS, UnregisterNotificationEvent, (THIS_ PKEVENT NotificationEvent))                      /*14*/
#undef INTERFACE
#define INTERFACE IMiniportWaveRTStreamNotification
DECLARE_INTERFACE_(IMiniportWaveRTStreamNotification, IMiniportWaveRTStream) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORTWAVERTSTREAM()
    PORTICO_IMiniportWaveRTStreamNotification(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveRTStreamNotification* PMINIPORTWAVERTSTREAMNOTIFICATION;
#define IMP_IMiniportWaveRTStreamNotification                                                                \
    IMP_IMiniportWaveRTStream PORTICO_IMiniportWaveRTStreamNotification(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveRTInputStream(M)                                                                \
    M(NTSTATUS, GetReadPacket,                                                                               \
      (THIS_ ULONG * PacketNumber, DWORD * Flags, ULONG64 * PerformanceCounterValue, BOOL * MoreData)) /*3*/
#undef INTERFACE
#define INTERFACE IMiniportWaveRTInputStream
DECLARE_INTERFACE_(IMiniportWaveRTInputStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportWaveRTInputStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveRTInputStream* PMINIPORTWAVERTINPUTSTREAM;
#define IMP_IMiniportWaveRTInputStream PORTICO_IMiniportWaveRTInputStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveRTOutputStream(M)                                                               \
    M(NTSTATUS, SetWritePacket, (THIS_ ULONG PacketNumber, DWORD Flags, ULONG EosPacketLength))      /*3*/   \
    M(NTSTATUS, GetOutputStreamPresentationPosition,                                                         \
      (THIS_ KSAUDIO_PRESENTATION_POSITION * pPresentationPosition))                                 /*4*/   \
    M(NTSTATUS, GetPacketCount, (THIS_ ULONG * pPacketCount))                                        /*5*/
#undef INTERFACE
#define INTERFACE IMiniportWaveRTOutputStream
DECLARE_INTERFACE_(IMiniportWaveRTOutputStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportWaveRTOutputStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveRTOutputStream* PMINIPORTWAVERTOUTPUTSTREAM;
#define IMP_IMiniportWaveRTOutputStream PORTICO_IMiniportWaveRTOutputStream(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportWaveRT(M)                                                                           \
    M(NTSTATUS, Init, (THIS_ PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port)) /*5*/   \
    M(NTSTATUS, NewStream,                                                                                   \
      (THIS_ PMINIPORTWAVERTSTREAM * Stream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,       \
       PKSDATAFORMAT DataFormat))                                                                    /*6*/   \
    M(NTSTATUS, GetDeviceDescription, (THIS_ PDEVICE_DESCRIPTION DeviceDescription))                 /*7*/
#undef INTERFACE
#define INTERFACE IMiniportWaveRT
DECLARE_INTERFACE_(IMiniportWaveRT, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_MINIPORT()
    PORTICO_IMiniportWaveRT(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportWaveRT* PMINIPORTWAVERT;
#define IMP_IMiniportWaveRT IMP_IMiniport PORTICO_IMiniportWaveRT(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportAudioSignalProcessing(M)                                                            \
    M(NTSTATUS, GetModes, (THIS_ ULONG Pin, GUID * SignalProcessingModes, ULONG * NumSignalProcessingModes)) /*3*/
#undef INTERFACE
#define INTERFACE IMiniportAudioSignalProcessing
DECLARE_INTERFACE_(IMiniportAudioSignalProcessing, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportAudioSignalProcessing(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportAudioSignalProcessing* PMINIPORTAudioSignalProcessing;
#define IMP_IMiniportAudioSignalProcessing PORTICO_IMiniportAudioSignalProcessing(PORTICO_IMPLEMENT)

// Adapter power management (AP-001..AP-041).
// Versions 2 and 3 repeat the slots of the earlier ones (AP-002). POWER_STATE is passed by value.
typedef enum _PC_EXIT_LATENCY {
    PcExitLatencyInstant = 0,
    PcExitLatencyFast,       // 10 ms
    PcExitLatencyResponsive  // 200 ms
} PC_EXIT_LATENCY, *PPC_EXIT_LATENCY;

#define PORTICO_IAdapterPowerManagement(M)                                                                   \
    M(void, PowerChangeState, (THIS_ POWER_STATE NewState))                                          /*3*/   \
    M(NTSTATUS, QueryPowerChangeState, (THIS_ POWER_STATE NewStateQuery))                            /*4*/   \
    M(NTSTATUS, QueryDeviceCapabilities, (THIS_ PDEVICE_CAPABILITIES PowerDeviceCaps))               /*5*/
#define PORTICO_IAdapterPowerManagement2(M)                                                                  \
    M(void, PowerChangeState2, (THIS_ DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState)) /*6*/
#define PORTICO_IAdapterPowerManagement3(M)                                                                  \
    M(void, PowerChangeState3,                                                                               \
      (THIS_ DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState,                           \
       PC_EXIT_LATENCY D3ExitLatency))                                                               /*7*/   \
    M(NTSTATUS, D3ExitLatencyChanged, (THIS_ PC_EXIT_LATENCY NewD3ExitLatency))                      /*8*/
#define DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT() PORTICO_IAdapterPowerManagement(PORTICO_ABSTRACT)
#define DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT2() PORTICO_IAdapterPowerManagement2(PORTICO_ABSTRACT)

#undef INTERFACE
#define INTERFACE IAdapterPowerManagement
DECLARE_INTERFACE_(IAdapterPowerManagement, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT()
};
#undef INTERFACE
typedef IAdapterPowerManagement* PADAPTERPOWERMANAGEMENT;
#define IMP_IAdapterPowerManagement PORTICO_IAdapterPowerManagement(PORTICO_IMPLEMENT)

#undef INTERFACE
#define INTERFACE IAdapterPowerManagement2
DECLARE_INTERFACE_(IAdapterPowerManagement2, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT()
    DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT2()
};
#undef INTERFACE
typedef IAdapterPowerManagement2* PADAPTERPOWERMANAGEMENT2;
#define IMP_IAdapterPowerManagement2 IMP_IAdapterPowerManagement PORTICO_IAdapterPowerManagement2(PORTICO_IMPLEMENT)

#undef INTERFACE
#define INTERFACE IAdapterPowerManagement3
DECLARE_INTERFACE_(IAdapterPowerManagement3, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT()
    DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT2()
    PORTICO_IAdapterPowerManagement3(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IAdapterPowerManagement3* PADAPTERPOWERMANAGEMENT3;
#define IMP_IAdapterPowerManagement3 IMP_IAdapterPowerManagement2 PORTICO_IAdapterPowerManagement3(PORTICO_IMPLEMENT)

// Old spellings that live on in drivers (FLD-050).
typedef IAdapterPowerManagement IAdapterPowerManagment;
typedef IAdapterPowerManagement* PADAPTERPOWERMANAGMENT;
#define IID_IAdapterPowerManagment IID_IAdapterPowerManagement
#define IMP_IAdapterPowerManagment IMP_IAdapterPowerManagement

// IPowerNotify (PN-001..PN-006).
#define PORTICO_IPowerNotify(M) M(void, PowerChangeNotify, (THIS_ POWER_STATE PowerState)) /*3*/
#undef INTERFACE
#define INTERFACE IPowerNotify
DECLARE_INTERFACE_(IPowerNotify, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPowerNotify(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPowerNotify* PPOWERNOTIFY;
#define IMP_IPowerNotify PORTICO_IPowerNotify(PORTICO_IMPLEMENT)

// IPinCount (PC-001..PC-006), IPinName (NA-001..NA-003).
#define PORTICO_IPinCount(M)                                                                                 \
    M(void, PinCount,                                                                                        \
      (THIS_ ULONG PinId, PULONG FilterNecessary, PULONG FilterCurrent, PULONG FilterPossible,               \
       PULONG GlobalCurrent, PULONG GlobalPossible)) /*3*/
#undef INTERFACE
#define INTERFACE IPinCount
DECLARE_INTERFACE_(IPinCount, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPinCount(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPinCount* PPINCOUNT;
#define IMP_IPinCount PORTICO_IPinCount(PORTICO_IMPLEMENT)

#define PORTICO_IPinName(M) M(NTSTATUS, GetPinName, (THIS_ PIRP Irp, PKSP_PIN Pin, PVOID Data)) /*3*/
#undef INTERFACE
#define INTERFACE IPinName
DECLARE_INTERFACE_(IPinName, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPinName(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPinName* PIPINNAME;
#define IMP_IPinName PORTICO_IPinName(PORTICO_IMPLEMENT)

// IPortEvents (PE-001..PE-009): GenerateEventList at any IRQL.
#define PORTICO_IPortEvents(M)                                                                               \
    M(void, AddEventToEventList, (THIS_ PKSEVENT_ENTRY EventEntry))                                  /*3*/   \
    M(void, GenerateEventList,                                                                               \
      (THIS_ GUID * Set, ULONG EventId, BOOL PinEvent, ULONG PinId, BOOL NodeEvent, ULONG NodeId)) /*4*/
#undef INTERFACE
#define INTERFACE IPortEvents
DECLARE_INTERFACE_(IPortEvents, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortEvents(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortEvents* PPORTEVENTS;
#define IMP_IPortEvents PORTICO_IPortEvents(PORTICO_IMPLEMENT)

// IDrmPort, IDrmPort2 (DR-001, DR-002).
#define PORTICO_IDrmPort(M)                                                                                  \
    M(NTSTATUS, CreateContentMixed, (THIS_ PULONG paContentId, ULONG cContentId, PULONG pMixedContentId)) /*3*/ \
    M(NTSTATUS, DestroyContent, (THIS_ ULONG ContentId))                                             /*4*/   \
    M(NTSTATUS, ForwardContentToFileObject, (THIS_ ULONG ContentId, PFILE_OBJECT FileObject))        /*5*/   \
    M(NTSTATUS, ForwardContentToInterface, (THIS_ ULONG ContentId, PUNKNOWN pUnknown, ULONG NumMethods)) /*6*/ \
    M(NTSTATUS, GetContentRights, (THIS_ ULONG ContentId, PDRMRIGHTS DrmRights))                     /*7*/
#define PORTICO_IDrmPort2(M)                                                                                 \
    M(NTSTATUS, AddContentHandlers, (THIS_ ULONG ContentId, PVOID * paHandlers, ULONG NumHandlers))  /*8*/   \
    M(NTSTATUS, ForwardContentToDeviceObject, (THIS_ ULONG ContentId, PVOID Reserved, PCDRMFORWARD DrmForward)) /*9*/
#define DEFINE_ABSTRACT_DRMPORT() PORTICO_IDrmPort(PORTICO_ABSTRACT)
#undef INTERFACE
#define INTERFACE IDrmPort
DECLARE_INTERFACE_(IDrmPort, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_DRMPORT()
};
#undef INTERFACE
typedef IDrmPort* PDRMPORT;
#define IMP_IDrmPort PORTICO_IDrmPort(PORTICO_IMPLEMENT)
#undef INTERFACE
#define INTERFACE IDrmPort2
DECLARE_INTERFACE_(IDrmPort2, IDrmPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_DRMPORT()
    PORTICO_IDrmPort2(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IDrmPort2* PDRMPORT2;
#define IMP_IDrmPort2 IMP_IDrmPort PORTICO_IDrmPort2(PORTICO_IMPLEMENT)

// IPortClsVersion (PV-001..PV-005).
enum {
    kVersionInvalid = -1,
    kVersionWin98,
    kVersionWin98SE,
    kVersionWin2K,
    kVersionWin98SE_QFE2,
    kVersionWin2K_SP2,
    kVersionWinME,
    kVersionWin98SE_QFE3,
    kVersionWinME_QFE1,
    kVersionWinXP,
    kVersionWinXPSP1,
    kVersionWinServer2003,
    kVersionWin2K_UAAQFE,
    kVersionWinXP_UAAQFE,
    kVersionWinServer2003_UAAQFE,
    kVersionWindowsLonghorn
};
#define PORTICO_IPortClsVersion(M) M(DWORD, GetVersion, (THIS)) /*3*/
#undef INTERFACE
#define INTERFACE IPortClsVersion
DECLARE_INTERFACE_(IPortClsVersion, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortClsVersion(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortClsVersion* PPORTCLSVERSION;
#define IMP_IPortClsVersion PORTICO_IPortClsVersion(PORTICO_IMPLEMENT)

// IPortClsPower (PP-001..PP-004).
#define PORTICO_IPortClsPower(M)                                                                             \
    M(NTSTATUS, RegisterAdapterPowerManagement, (THIS_ PUNKNOWN _pUnknown, PDEVICE_OBJECT _DeviceObject)) /*3*/ \
    M(NTSTATUS, UnregisterAdapterPowerManagement, (THIS_ PDEVICE_OBJECT _DeviceObject))              /*4*/   \
    M(NTSTATUS, SetIdlePowerManagement, (THIS_ PDEVICE_OBJECT _DeviceObject, BOOLEAN _bEnabled))     /*5*/
#undef INTERFACE
#define INTERFACE IPortClsPower
DECLARE_INTERFACE_(IPortClsPower, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortClsPower(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortClsPower* PPORTCLSPOWER;
#define IMP_IPortClsPower PORTICO_IPortClsPower(PORTICO_IMPLEMENT)

// Dynamic subdevices (US-001..US-007, UP-001..UP-004).
#define PORTICO_IUnregisterSubdevice(M)                                                                      \
    M(NTSTATUS, UnregisterSubdevice, (THIS_ PDEVICE_OBJECT DeviceObject, PUNKNOWN Unknown))          /*3*/
#undef INTERFACE
#define INTERFACE IUnregisterSubdevice
DECLARE_INTERFACE_(IUnregisterSubdevice, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IUnregisterSubdevice(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IUnregisterSubdevice* PUNREGISTERSUBDEVICE;
#define IMP_IUnregisterSubdevice PORTICO_IUnregisterSubdevice(PORTICO_IMPLEMENT)

#define PORTICO_IUnregisterPhysicalConnection(M)                                                             \
    M(NTSTATUS, UnregisterPhysicalConnection,                                                                \
      (THIS_ PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown, ULONG FromPin, PUNKNOWN ToUnknown,           \
       ULONG ToPin))                                                                                 /*3*/   \
    M(NTSTATUS, UnregisterPhysicalConnectionToExternal,                                                      \
      (THIS_ PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown, ULONG FromPin, PUNICODE_STRING ToString,     \
       ULONG ToPin))                                                                                 /*4*/   \
    M(NTSTATUS, UnregisterPhysicalConnectionFromExternal,                                                    \
      (THIS_ PDEVICE_OBJECT DeviceObject, PUNICODE_STRING FromString, ULONG FromPin, PUNKNOWN ToUnknown,     \
       ULONG ToPin)) /*5*/
#undef INTERFACE
#define INTERFACE IUnregisterPhysicalConnection
DECLARE_INTERFACE_(IUnregisterPhysicalConnection, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IUnregisterPhysicalConnection(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IUnregisterPhysicalConnection* PUNREGISTERPHYSICALCONNECTION;
#define IMP_IUnregisterPhysicalConnection PORTICO_IUnregisterPhysicalConnection(PORTICO_IMPLEMENT)

// Rebalance, WMI, prefetch: interfaces that adapters name, of no effect on a MIDI port (FN-146).
typedef enum { PcRebalanceNotSupported = 0, PcRebalanceRemoveSubdevices } PC_REBALANCE_TYPE;

#define PORTICO_IAdapterPnpManagement(M)                                                                     \
    M(PC_REBALANCE_TYPE, GetSupportedRebalanceType, (THIS))                                          /*3*/   \
    M(void, PnpQueryStop, (THIS))                                                                    /*4*/   \
    M(void, PnpCancelStop, (THIS))                                                                   /*5*/   \
    M(void, PnpStop, (THIS))                                                                         /*6*/
#undef INTERFACE
#define INTERFACE IAdapterPnpManagement
DECLARE_INTERFACE_(IAdapterPnpManagement, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IAdapterPnpManagement(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IAdapterPnpManagement* PADAPTERPNPMANAGEMENT;
#define IMP_IAdapterPnpManagement PORTICO_IAdapterPnpManagement(PORTICO_IMPLEMENT)

#define PORTICO_IMiniportPnpNotify(M) M(void, PnpStop, (THIS)) /*3*/
#undef INTERFACE
#define INTERFACE IMiniportPnpNotify
DECLARE_INTERFACE_(IMiniportPnpNotify, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IMiniportPnpNotify(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IMiniportPnpNotify* PMINIPORTPNPNOTIFY;
#define IMP_IMiniportPnpNotify PORTICO_IMiniportPnpNotify(PORTICO_IMPLEMENT)

#define PORTICO_IPortClsPnp(M)                                                                               \
    M(NTSTATUS, RegisterAdapterPnpManagement, (THIS_ PUNKNOWN pUnknown, PDEVICE_OBJECT DeviceObject))/*3*/   \
    M(NTSTATUS, UnregisterAdapterPnpManagement, (THIS_ PDEVICE_OBJECT DeviceObject))                 /*4*/
#undef INTERFACE
#define INTERFACE IPortClsPnp
DECLARE_INTERFACE_(IPortClsPnp, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortClsPnp(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortClsPnp* PPORTCLSPNP;

#define PORTICO_IPortWMIRegistration(M)                                                                      \
    M(NTSTATUS, RegisterWMIProvider, (THIS_ PDEVICE_OBJECT, PVOID))                                  /*3*/   \
    M(NTSTATUS, UnregisterWMIProvider, (THIS_ PDEVICE_OBJECT))                                       /*4*/
#undef INTERFACE
#define INTERFACE IPortWMIRegistration
DECLARE_INTERFACE_(IPortWMIRegistration, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPortWMIRegistration(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPortWMIRegistration* PPORTWMIREGISTRATION;

#define PORTICO_IPreFetchOffset(M) M(VOID, SetPreFetchOffset, (THIS_ ULONG PreFetchOffset)) /*3*/
#undef INTERFACE
#define INTERFACE IPreFetchOffset
DECLARE_INTERFACE_(IPreFetchOffset, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IPreFetchOffset(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IPreFetchOffset* PPREFETCHOFFSET;
#define IMP_IPreFetchOffset PORTICO_IPreFetchOffset(PORTICO_IMPLEMENT)
// clang-format on

#define PORTICO_IPortClsSubdeviceEx(M) \
    M(NTSTATUS, UpdatePinDescriptor,   \
      (THIS_ ULONG _ulPinId, ULONG _ulFlags, PPCPIN_DESCRIPTOR _pPinDescriptor)) /*3*/
#undef INTERFACE
#define INTERFACE IPortClsSubdeviceEx
DECLARE_INTERFACE_(IPortClsSubdeviceEx,
                   IUnknown){DEFINE_ABSTRACT_UNKNOWN() PORTICO_IPortClsSubdeviceEx(PORTICO_ABSTRACT)};
#undef INTERFACE
typedef IPortClsSubdeviceEx* PPORTCLSSubdeviceEx;

typedef enum {
    eMINIPORT_IHV_DEFINED = 0,
    eMINIPORT_BUFFER_COMPLETE,
    eMINIPORT_PIN_STATE,
    eMINIPORT_GET_STREAM_POSITION,
    eMINIPORT_SET_WAVERT_BUFFER_WRITE_POSITION,
    eMINIPORT_GET_PRESENTATION_POSITION,
    eMINIPORT_PROGRAM_DMA,
    eMINIPORT_GLITCH_REPORT,
    eMINIPORT_LAST_BUFFER_RENDERED,
    eMINIPORT_PROCESSING_MODE,
    eMINIPORT_FX_CLSID,
    eMINIPORT_MaxValue
} EPcMiniportEngineEvent;
#define PORTICO_IPortClsEtwHelper(M)                                                         \
    M(NTSTATUS, MiniportWriteEtwEvent,                                                       \
      (THIS_ EPcMiniportEngineEvent miniportEventType, ULONGLONG pvData1, ULONGLONG pvData2, \
       ULONGLONG ulData3, ULONGLONG ulData4)) /*3*/
#undef INTERFACE
#define INTERFACE IPortClsEtwHelper
DECLARE_INTERFACE_(IPortClsEtwHelper,
                   IUnknown){DEFINE_ABSTRACT_UNKNOWN() PORTICO_IPortClsEtwHelper(PORTICO_ABSTRACT)};
#undef INTERFACE
typedef IPortClsEtwHelper* PPORTCLSETWHELPER;

// PcXxx (spec/functions.md).
// PASSIVE_LEVEL and NTSTATUS unless said otherwise.

// The adapter's StartDevice: resources are released by PortCls afterwards; keep them through sublists
// (LC-011).
typedef NTSTATUS(NTAPI* PCPFNSTARTDEVICE)(PORTICO_PC_DEVICE DeviceObject, PORTICO_PC_IRP Irp,
                                          PRESOURCELIST ResourceList);

// Driver and device (FN-001..FN-027).
PORTCLASSAPI NTSTATUS NTAPI PcInitializeAdapterDriver(PDRIVER_OBJECT DriverObject,
                                                      PUNICODE_STRING RegistryPathName,
                                                      PDRIVER_ADD_DEVICE AddDevice);
// DeviceExtensionSize: 0 or >= PORT_CLASS_DEVICE_EXTENSION_SIZE bytes, else STATUS_INVALID_PARAMETER.
PORTCLASSAPI NTSTATUS NTAPI PcAddAdapterDevice(PDRIVER_OBJECT DriverObject,
                                               PDEVICE_OBJECT PhysicalDeviceObject,
                                               PCPFNSTARTDEVICE StartDevice, ULONG MaxObjects,
                                               ULONG DeviceExtensionSize);
PORTCLASSAPI NTSTATUS NTAPI PcDispatchIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp);
// <= DISPATCH_LEVEL; for IRPs whose handler returned STATUS_PENDING.
PORTCLASSAPI NTSTATUS NTAPI PcCompleteIrp(PDEVICE_OBJECT pDeviceObject, PIRP pIrp, NTSTATUS ntStatus);
PORTCLASSAPI NTSTATUS NTAPI PcForwardIrpSynchronous(PDEVICE_OBJECT DeviceObject, PIRP Irp);
// Any IRQL.
PORTCLASSAPI NTSTATUS NTAPI PcGetPhysicalDeviceObject(PDEVICE_OBJECT pDeviceObject,
                                                      PDEVICE_OBJECT* ppPhysicalObject);

// Ports, miniports, subdevices (FN-030..FN-064). CLSID_PortMidi and IID_IPortMidi both name the MIDI port
// (CX-001).
PORTCLASSAPI NTSTATUS NTAPI PcNewPort(PPORT* OutPort, REFCLSID ClassID);
PORTCLASSAPI NTSTATUS NTAPI PcNewMiniport(PMINIPORT* OutMiniPort, REFCLSID ClassID);
// Name must stay valid as long as the device (FN-052).
PORTCLASSAPI NTSTATUS NTAPI PcRegisterSubdevice(PDEVICE_OBJECT DeviceObject, PWSTR Name, PUNKNOWN Unknown);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnection(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown,
                                                         ULONG FromPin, PUNKNOWN ToUnknown, ULONG ToPin);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionToExternal(PDEVICE_OBJECT DeviceObject,
                                                                   PUNKNOWN FromUnknown, ULONG FromPin,
                                                                   PUNICODE_STRING ToString, ULONG ToPin);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterPhysicalConnectionFromExternal(PDEVICE_OBJECT DeviceObject,
                                                                     PUNICODE_STRING FromString,
                                                                     ULONG FromPin, PUNKNOWN ToUnknown,
                                                                     ULONG ToPin);

// Helper objects (FN-070..FN-111).
PORTCLASSAPI NTSTATUS NTAPI PcNewServiceGroup(PSERVICEGROUP* OutServiceGroup, PUNKNOWN OuterUnknown);
// ResourceIndex counts interrupts only.
PORTCLASSAPI NTSTATUS NTAPI PcNewInterruptSync(PINTERRUPTSYNC* OutInterruptSync, PUNKNOWN OuterUnknown,
                                               PRESOURCELIST ResourceList, ULONG ResourceIndex,
                                               INTERRUPTSYNCMODE Mode);
PORTCLASSAPI NTSTATUS NTAPI PcNewResourceList(PRESOURCELIST* OutResourceList, PUNKNOWN OuterUnknown,
                                              POOL_TYPE PoolType, PCM_RESOURCE_LIST TranslatedResources,
                                              PCM_RESOURCE_LIST UntranslatedResources);
PORTCLASSAPI NTSTATUS NTAPI PcNewResourceSublist(PRESOURCELIST* OutResourceList, PUNKNOWN OuterUnknown,
                                                 POOL_TYPE PoolType, PRESOURCELIST ParentList,
                                                 ULONG MaximumEntries);
PORTCLASSAPI NTSTATUS NTAPI PcNewRegistryKey(PREGISTRYKEY* OutRegistryKey, PUNKNOWN OuterUnknown,
                                             ULONG RegistryKeyType, ACCESS_MASK DesiredAccess,
                                             PVOID DeviceObject, PVOID SubDevice,
                                             POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                             PULONG Disposition);
PORTCLASSAPI NTSTATUS NTAPI PcNewDmaChannel(PDMACHANNEL* OutDmaChannel, PUNKNOWN OuterUnknown,
                                            POOL_TYPE PoolType, PDEVICE_DESCRIPTION DeviceDescription,
                                            PDEVICE_OBJECT DeviceObject);

// Time (FN-120..FN-135). 100 ns units; any IRQL. Since = 0: ticks since 1 January 1601.
PORTCLASSAPI ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since);
#define GTI_SECONDS(t) ((ULONGLONG)(t)*10000000)
#define GTI_MILLISECONDS(t) ((ULONGLONG)(t)*10000)
#define GTI_MICROSECONDS(t) ((ULONGLONG)(t)*10)
// The routine runs about once a second at DISPATCH_LEVEL. STATUS_UNSUCCESSFUL for the same triple twice;
// STATUS_NOT_FOUND.
PORTCLASSAPI NTSTATUS NTAPI PcRegisterIoTimeout(PDEVICE_OBJECT pDeviceObject, PIO_TIMER_ROUTINE pTimerRoutine,
                                                PVOID pContext);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterIoTimeout(PDEVICE_OBJECT pDeviceObject,
                                                  PIO_TIMER_ROUTINE pTimerRoutine, PVOID pContext);

// Power and PnP (FN-140..FN-147).
PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID pvContext1);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT pDeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcRequestNewPowerState(PDEVICE_OBJECT pDeviceObject,
                                                   DEVICE_POWER_STATE RequestedNewState);
PORTCLASSAPI NTSTATUS NTAPI PcRegisterAdapterPnpManagement(PUNKNOWN Unknown, PDEVICE_OBJECT DeviceObject);
PORTCLASSAPI NTSTATUS NTAPI PcUnregisterAdapterPnpManagement(PDEVICE_OBJECT DeviceObject);

typedef struct PCSTREAMRESOURCE__* PCSTREAMRESOURCE;
typedef enum _PcStreamResourceType {
    ePcStreamResourceInterrupt,
    ePcStreamResourceThread,
    ePcStreamResourceSet
} PcStreamResourceType,
    *PPcStreamResourceType;
typedef struct _PCSTREAMRESOURCE_DESCRIPTOR {
    ULONG Size;
    ULONG Flags;
    PDEVICE_OBJECT Pdo;
    PcStreamResourceType Type;
    union {
        struct {
            ULONG Version;
            PVOID Generic;
        } Interrupt;
        PETHREAD Thread;
        PVOID ResourceSet;
    } Resource;
} PCSTREAMRESOURCE_DESCRIPTOR, *PPCSTREAMRESOURCE_DESCRIPTOR;
PORTCLASSAPI NTSTATUS NTAPI PcAddStreamResource(PDEVICE_OBJECT PhysicalDeviceObject, PVOID ResourceSet,
                                                PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor,
                                                PCSTREAMRESOURCE* ResourceHandle);
PORTCLASSAPI NTSTATUS NTAPI PcRemoveStreamResource(PCSTREAMRESOURCE ResourceHandle);

// Properties (FN-150..FN-154).
PORTCLASSAPI NTSTATUS NTAPI PcGetDeviceProperty(PVOID DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                ULONG BufferLength, PVOID PropertyBuffer,
                                                PULONG ResultLength);
// <= DISPATCH_LEVEL; completes the IRP and frees the request.
PORTCLASSAPI NTSTATUS NTAPI PcCompletePendingPropertyRequest(PPCPROPERTY_REQUEST PropertyRequest,
                                                             NTSTATUS NtStatus);

// DRM (FN-160, FN-161).
PORTCLASSAPI NTSTATUS NTAPI PcAddContentHandlers(ULONG ContentId, PVOID* paHandlers, ULONG NumHandlers);
PORTCLASSAPI NTSTATUS NTAPI PcCreateContentMixed(PULONG paContentId, ULONG cContentId,
                                                 PULONG pMixedContentId);
PORTCLASSAPI NTSTATUS NTAPI PcDestroyContent(ULONG ContentId);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToDeviceObject(ULONG ContentId, PVOID Reserved,
                                                           PCDRMFORWARD DrmForward);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToFileObject(ULONG ContentId, PFILE_OBJECT FileObject);
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToInterface(ULONG ContentId, PUNKNOWN pUnknown, ULONG NumMethods);
PORTCLASSAPI NTSTATUS NTAPI PcGetContentRights(ULONG ContentId, PDRMRIGHTS DrmRights);

// Old names (FN-170): the Register* forms had two context arguments, the second of which is dropped where it
// carried nothing.
#ifdef PC_OLD_NAMES
#define InitializeAdapterDriver(c1, c2, a) \
    PcInitializeAdapterDriver(PDRIVER_OBJECT(c1), PUNICODE_STRING(c2), PDRIVER_ADD_DEVICE(a))
#define AddAdapterDevice(c1, c2, s, m) PcAddAdapterDevice(PDRIVER_OBJECT(c1), PDEVICE_OBJECT(c2), s, m, 0)
#define RegisterSubdevice(c1, c2, n, u) PcRegisterSubdevice(PDEVICE_OBJECT(c1), n, u)
#define RegisterPhysicalConnection(c1, c2, fs, fp, ts, tp) \
    PcRegisterPhysicalConnection(PDEVICE_OBJECT(c1), fs, fp, ts, tp)
#define RegisterPhysicalConnectionToExternal(c1, c2, fs, fp, ts, tp) \
    PcRegisterPhysicalConnectionToExternal(PDEVICE_OBJECT(c1), fs, fp, ts, tp)
#define RegisterPhysicalConnectionFromExternal(c1, c2, fs, fp, ts, tp) \
    PcRegisterPhysicalConnectionFromExternal(PDEVICE_OBJECT(c1), fs, fp, ts, tp)
#define NewPort PcNewPort
#define NewMiniport PcNewMiniport
#define NewDmaChannel PcNewDmaChannel
#define NewServiceGroup PcNewServiceGroup
#define NewResourceList PcNewResourceList
#define NewResourceSublist PcNewResourceSublist
#define CompletePendingPropertyRequest PcCompletePendingPropertyRequest
#define GetTimeInterval PcGetTimeInterval
#endif

#ifdef __cplusplus
}  // extern "C++"
#endif

#endif
