// Classes declared by those IMP_ macros of docs/spec/ddi-surface.md that no other driver here uses: every
// method is where a caller through the interface finds it. PortCls calls the adapter's power interface
// itself.

#include "surface_card.h"

#include <dmusicks.h>

static ULONG Slot;  // of the method that ran last

#pragma code_seg()

// ---- IDmaChannel ----

class CChannel : public IDmaChannel, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CChannel);
    ~CChannel() {}
    IMP_IDmaChannel;
};

STDMETHODIMP CChannel::NonDelegatingQueryInterface(REFIID, PVOID* Object) {
    *Object = NULL;
    return STATUS_INVALID_PARAMETER;
}
STDMETHODIMP_(NTSTATUS) CChannel::AllocateBuffer(ULONG, PPHYSICAL_ADDRESS) {
    Slot = 3;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) CChannel::FreeBuffer() {
    Slot = 4;
}
STDMETHODIMP_(ULONG) CChannel::TransferCount() {
    return Slot = 5;
}
STDMETHODIMP_(ULONG) CChannel::MaximumBufferSize() {
    return Slot = 6;
}
STDMETHODIMP_(ULONG) CChannel::AllocatedBufferSize() {
    return Slot = 7;
}
STDMETHODIMP_(ULONG) CChannel::BufferSize() {
    return Slot = 8;
}
STDMETHODIMP_(void) CChannel::SetBufferSize(ULONG) {
    Slot = 9;
}
STDMETHODIMP_(PVOID) CChannel::SystemAddress() {
    Slot = 10;
    return this;
}
STDMETHODIMP_(PHYSICAL_ADDRESS) CChannel::PhysicalAddress() {
    PHYSICAL_ADDRESS address;
    address.QuadPart = Slot = 11;
    return address;
}
STDMETHODIMP_(PADAPTER_OBJECT) CChannel::GetAdapterObject() {
    Slot = 12;
    return NULL;
}
STDMETHODIMP_(void) CChannel::CopyTo(PVOID, PVOID, ULONG) {
    Slot = 13;
}
STDMETHODIMP_(void) CChannel::CopyFrom(PVOID, PVOID, ULONG) {
    Slot = 14;
}

static void CheckChannel() {
    CChannel* object = new (NonPagedPool, SURFACE_TAG) CChannel(NULL);
    if (object == NULL) return;
    object->AddRef();
    PDMACHANNEL channel = object;
    CHECK(channel->AllocateBuffer(1, NULL) == STATUS_SUCCESS && Slot == 3);
    channel->FreeBuffer();
    CHECK(Slot == 4 && channel->TransferCount() == 5 && channel->MaximumBufferSize() == 6);
    CHECK(channel->AllocatedBufferSize() == 7 && channel->BufferSize() == 8);
    channel->SetBufferSize(1);
    CHECK(Slot == 9 && channel->SystemAddress() == object && channel->PhysicalAddress().QuadPart == 11);
    CHECK(channel->GetAdapterObject() == NULL && Slot == 12);
    channel->CopyTo(NULL, NULL, 0);
    CHECK(Slot == 13);
    channel->CopyFrom(NULL, NULL, 0);
    CHECK(Slot == 14 && channel->Release() == 0);
}

// ---- ISynthSinkDMus ----

class CSink : public ISynthSinkDMus, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSink);
    ~CSink() {}
    IMP_ISynthSinkDMus;
};

STDMETHODIMP CSink::NonDelegatingQueryInterface(REFIID, PVOID* Object) {
    *Object = NULL;
    return STATUS_INVALID_PARAMETER;
}
STDMETHODIMP_(NTSTATUS) CSink::SetState(KSSTATE) {
    Slot = 3;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CSink::PutMessage(PDMUS_KERNEL_EVENT) {
    Slot = 4;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CSink::ConnectOutput(PMXF) {
    Slot = 5;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CSink::DisconnectOutput(PMXF) {
    Slot = 6;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) CSink::Render(PBYTE, DWORD, LONGLONG) {
    Slot = 7;
}
STDMETHODIMP_(NTSTATUS) CSink::SyncToMaster(REFERENCE_TIME, BOOL) {
    Slot = 8;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CSink::SampleToRefTime(LONGLONG, REFERENCE_TIME*) {
    Slot = 9;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CSink::RefTimeToSample(REFERENCE_TIME, LONGLONG*) {
    Slot = 10;
    return STATUS_SUCCESS;
}

static void CheckSink() {
    CSink* object = new (NonPagedPool, SURFACE_TAG) CSink(NULL);
    if (object == NULL) return;
    object->AddRef();
    PSYNTHSINKDMUS sink = object;
    CHECK(sink->SetState(KSSTATE_RUN) == STATUS_SUCCESS && Slot == 3);
    CHECK(sink->PutMessage(NULL) == STATUS_SUCCESS && Slot == 4);
    CHECK(sink->ConnectOutput(sink) == STATUS_SUCCESS && Slot == 5);
    CHECK(sink->DisconnectOutput(sink) == STATUS_SUCCESS && Slot == 6);
    sink->Render(NULL, 0, 0);
    CHECK(Slot == 7 && sink->SyncToMaster(0, TRUE) == STATUS_SUCCESS && Slot == 8);
    CHECK(sink->SampleToRefTime(0, NULL) == STATUS_SUCCESS && Slot == 9);
    CHECK(sink->RefTimeToSample(0, NULL) == STATUS_SUCCESS && Slot == 10 && sink->Release() == 0);
}

// ---- IDrmAudioStream and IPinCount: two interfaces of one object ----

class CPin : public IDrmAudioStream, public IPinCount, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPin);
    ~CPin() {}
    IMP_IDrmAudioStream;
    IMP_IPinCount;
};

STDMETHODIMP CPin::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    *Object = IsEqualGUIDAligned(Interface, IID_IPinCount) ? PVOID(static_cast<IPinCount*>(this))
              : IsEqualGUIDAligned(Interface, IID_IDrmAudioStream)
                  ? PVOID(static_cast<IDrmAudioStream*>(this))
                  : NULL;
    if (*Object == NULL) return STATUS_INVALID_PARAMETER;
    AddRef();
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CPin::SetContentId(ULONG ContentId, PCDRMRIGHTS) {
    Slot = ContentId;
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) CPin::PinCount(ULONG PinId, PULONG, PULONG, PULONG, PULONG, PULONG Possible) {
    *Possible = PinId;
}

static void CheckPin() {
    CPin* object = new (NonPagedPool, SURFACE_TAG) CPin(NULL);
    if (object == NULL) return;
    object->AddRef();
    IDrmAudioStream* stream = object;
    PVOID found = NULL;
    CHECK(stream->QueryInterface(IID_IPinCount, &found) == STATUS_SUCCESS && found != stream);
    ULONG possible = 0;
    ((IPinCount*)found)->PinCount(7, NULL, NULL, NULL, NULL, &possible);
    CHECK(possible == 7 && stream->SetContentId(5, NULL) == STATUS_SUCCESS && Slot == 5);
    ((IPinCount*)found)->Release();
    CHECK(stream->Release() == 0);
}

// ---- IAdapterPowerManagement2 ----

class CPower : public IAdapterPowerManagement2, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPower);
    ~CPower() {}
    IMP_IAdapterPowerManagement2;
};

STDMETHODIMP CPower::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    *Object = NULL;
    if (!IsEqualGUIDAligned(Interface, IID_IUnknown) &&
        !IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement) &&
        !IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement2))
        return STATUS_INVALID_PARAMETER;
    *Object = PVOID(static_cast<IAdapterPowerManagement2*>(this));
    AddRef();
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) CPower::PowerChangeState(POWER_STATE) {
    DbgPrint("surface: FAILED the old method was called\n");
}
STDMETHODIMP_(NTSTATUS) CPower::QueryPowerChangeState(POWER_STATE) {
    return STATUS_SUCCESS;
}
STDMETHODIMP_(NTSTATUS) CPower::QueryDeviceCapabilities(PDEVICE_CAPABILITIES) {
    return STATUS_SUCCESS;
}
STDMETHODIMP_(void) CPower::PowerChangeState2(DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE) {
    DbgPrint("surface: power D%d\n", NewDeviceState - PowerDeviceD0);
}

void CheckInterfaces(PDEVICE_OBJECT DeviceObject) {
    CheckChannel();
    CheckSink();
    CheckPin();
    CPower* power = new (NonPagedPool, SURFACE_TAG) CPower(NULL);
    if (power == NULL) return;
    power->AddRef();
    CHECK(PcRegisterAdapterPowerManagement(PUNKNOWN(static_cast<IAdapterPowerManagement2*>(power)),
                                           DeviceObject) == STATUS_SUCCESS);
    power->Release();
}
