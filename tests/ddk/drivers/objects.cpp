// A driver that shows the test its side of the headers: objects behind Microsoft's vftables, layouts, GUIDs,
// stdunk.
#include <portcls.h>
#include <dmusicks.h>
#include <stdunk.h>

#include "../driver_objects.h"
#include "../guid_list.h"
#include "../layout_facts.h"

#define ASSERT_FACT(requirement, value, expected) \
    static_assert((LONGLONG)(value) == (LONGLONG)(expected), requirement ": " #value);
LAYOUT_FACTS(ASSERT_FACT)

const char* last_method;
Crossing* crossing;

static const ULONG kTag = 'tseT';

// An object with a second base, so that outer and inner pointers differ.
class Sample : public IMiniport, public IPowerNotify, public CUnknown {
  public:
    UCHAR m_Zeroed[64];
    ULONG* m_Destructions;
    BOOLEAN m_Resurrect;

    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(Sample);
    ~Sample() {
        if (m_Destructions) ++*m_Destructions;
        if (m_Resurrect) {
            AddRef();
            Release();
        }
    }
    IMP_IMiniport;
    IMP_IPowerNotify;
};

NTSTATUS Sample::NonDelegatingQueryInterface(REFIID iid, PVOID* object) {
    if (IsEqualGUIDAligned(iid, IID_IMiniport)) {
        *object = QICAST(PMINIPORT);
        PUNKNOWN(*object)->AddRef();
        return STATUS_SUCCESS;
    }
    return CUnknown::NonDelegatingQueryInterface(iid, object);
}
NTSTATUS Sample::GetDescription(PPCFILTER_DESCRIPTOR*) {
    return STATUS_SUCCESS;
}
NTSTATUS Sample::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}
void Sample::PowerChangeNotify(POWER_STATE) {}

static NTSTATUS CreateSample(PUNKNOWN* unknown, PUNKNOWN outer) {
    STD_CREATE_BODY_WITH_TAG_(Sample, unknown, outer, NonPagedPool, kTag, PMINIPORT);
}

static void NTAPI UseUnknown(UnknownFacts* facts, PUNKNOWN other) {
    PUNKNOWN unknown = NULL;
    facts->create_status = CreateSample(&unknown, NULL);
    if (!NT_SUCCESS(facts->create_status)) {
        facts->create_without_memory = facts->create_status;
        return;
    }
    Sample* sample = static_cast<Sample*>(PMINIPORT(unknown));
    for (ULONG i = 0; i < sizeof(sample->m_Zeroed); i++) facts->bytes_not_zero += sample->m_Zeroed[i] != 0;
    sample->m_Destructions = &facts->destructions;
    facts->count_after_create = sample->NonDelegatingAddRef() - 1;
    sample->NonDelegatingRelease();
    facts->outer_is_self = (PVOID)(sample->GetOuterUnknown() ==
                                   reinterpret_cast<PUNKNOWN>(static_cast<PNONDELEGATINGUNKNOWN>(sample)));

    PVOID object = NULL;
    facts->query_unknown = unknown->QueryInterface(IID_IUnknown, &object);
    PUNKNOWN(object)->Release();
    facts->other_pointer = (PVOID)1;
    facts->query_other = unknown->QueryInterface(IID_IPortMidi, &facts->other_pointer);
    unknown->Release();

    CreateSample(&unknown, other);
    facts->outer_is_given = (PVOID)(static_cast<Sample*>(PMINIPORT(unknown))->GetOuterUnknown() == other);
    static_cast<Sample*>(PMINIPORT(unknown))->NonDelegatingAddRef();
    static_cast<Sample*>(PMINIPORT(unknown))->NonDelegatingRelease();

    CreateSample(&unknown, NULL);
    sample = static_cast<Sample*>(PMINIPORT(unknown));
    sample->m_Destructions = &facts->resurrected_destructions;
    sample->m_Resurrect = TRUE;
    unknown->Release();
}

// Each form of new, as drivers write them.
static PVOID NTAPI Allocate(ULONG form) {
    switch (form) {
        case 0:
            return new (NonPagedPool) ULONG;
        case 1:
            return new (PagedPool, kTag) ULONG;
        case 2:
            return new (NonPagedPool) ULONG[4];
        case 3:
            return new (PagedPool, kTag) ULONG[4];
    }
    return NULL;
}

static void NTAPI ReleaseMemory(PVOID memory, ULONG form) {
    switch (form) {
        case 0:
            delete (ULONG*)memory;
            break;
        case 1:
            operator delete(memory, kTag);
            break;
        case 2:
            delete[](ULONG*) memory;
            break;
        case 3:
            operator delete(memory, (size_t)4);
            break;
    }
}

// A frame of many pages, so that the compiler calls __chkstk.
static ULONG NTAPI BigFrame(ULONG seed) {
    volatile UCHAR frame[40000];
    for (ULONG i = 0; i < sizeof(frame); i++) frame[i] = (UCHAR)(seed + i);
    ULONG sum = 0;
    for (ULONG i = 0; i < sizeof(frame); i++) sum += frame[i];
    return sum;
}

#define GUID_ADDRESS(requirement, name, text) &name,
static const GUID* const guids[] = {GUID_LIST(GUID_ADDRESS)};

static const GUID* NTAPI Guid(ULONG index) {
    return guids[index];
}

static void NTAPI Call(const Callees* callees) {
    Crossing result = {};
    call_everything(callees, &result);
    crossing->physical_address = result.physical_address;
}

static Crossing crossings;

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    DriverObjects* out = (DriverObjects*)DriverObject;
    out->last_method = &last_method;
    crossing = &crossings;
    out->crossing = crossing;
#define MAKE(Interface)                                             \
    static_assert(sizeof(Recorder<Interface>) == 8, "one vftable"); \
    out->recorders[interface_##Interface] =                         \
        static_cast<Interface*>(new (NonPagedPool, kTag) Recorder<Interface>);
    ALL_INTERFACES(MAKE)
#undef MAKE
    out->callees.dma = new (NonPagedPool, kTag) CrossingDma;
    out->callees.power = new (NonPagedPool, kTag) CrossingPower;
    out->callees.midi = new (NonPagedPool, kTag) CrossingMidi;
    out->callees.dmus = new (NonPagedPool, kTag) CrossingDMus;
    out->callees.events = new (NonPagedPool, kTag) CrossingEvents;
    out->callees.group = new (NonPagedPool, kTag) CrossingGroup;
    out->call = Call;
    out->use_unknown = UseUnknown;
    out->allocate = Allocate;
    out->release = ReleaseMemory;
    out->big_frame = BigFrame;
    out->guid = Guid;
    return STATUS_SUCCESS;
}
