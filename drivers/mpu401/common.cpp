#include "common.h"

#pragma code_seg("PAGE")

NTSTATUS NewAdapterCommon(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY_WITH_TAG_(CAdapterCommon, Unknown, UnknownOuter, PoolType, MPU401_POOL_TAG,
                              PADAPTERPOWERMANAGEMENT);
}

CAdapterCommon::~CAdapterCommon() {
    PAGED_CODE();
}

// The device is at full power when it starts.
void CAdapterCommon::Init(void) {
    PAGED_CODE();
    m_PowerState = PowerDeviceD0;
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PADAPTERPOWERMANAGEMENT(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement)) {
        *Object = PVOID(PADAPTERPOWERMANAGEMENT(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

// The card has no power switch of its own: the state is remembered, and the miniport sets the UART up again.
STDMETHODIMP_(void) CAdapterCommon::PowerChangeState(POWER_STATE NewState) {
    PAGED_CODE();
    _DbgPrintF(DEBUGLVL_VERBOSE, ("power state D%d -> D%d", m_PowerState - PowerDeviceD0,
                                  NewState.DeviceState - PowerDeviceD0));
    m_PowerState = NewState.DeviceState;
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CAdapterCommon::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}
