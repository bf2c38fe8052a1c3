// Headers in one order, inside extern "C", twice, with INITGUID (FLD-050).
#define INITGUID
extern "C" {
#include <portcls.h>
#include <ksdebug.h>
}
#include <dmusicks.h>
#include <wdm.h>
#include <stdunk.h>
#include <portcls.h>
#include <unknown.h>
#include <kcom.h>

// The old spelling, and an adapter's own interface.
DECLARE_INTERFACE_(IFirst, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(void, SetPower)(THIS_ PADAPTERPOWERMANAGMENT Power) PURE;
};

class First : public IFirst, public IAdapterPowerManagment, public CUnknown {
  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(First);
    STDMETHODIMP_(void) SetPower(PADAPTERPOWERMANAGMENT) {}
    IMP_IAdapterPowerManagment;
};

NTSTATUS First::NonDelegatingQueryInterface(REFIID, PVOID*) {
    return STATUS_INVALID_PARAMETER;
}
void First::PowerChangeState(POWER_STATE) {}
NTSTATUS First::QueryPowerChangeState(POWER_STATE) {
    return STATUS_SUCCESS;
}
NTSTATUS First::QueryDeviceCapabilities(PDEVICE_CAPABILITIES) {
    return STATUS_SUCCESS;
}

extern const GUID* SecondGuid();
const GUID* OldNames();

// The test's DriverObject takes two pointers to IID_IPortMidi and one to a KS GUID, seen from three files.
extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    const GUID** out = (const GUID**)DriverObject;
    out[0] = &IID_IPortMidi;
    out[1] = SecondGuid();
    out[2] = OldNames();
    return STATUS_SUCCESS;
}
