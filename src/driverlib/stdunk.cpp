// CUnknown (IU-014). Weak throughout: drivers that carry their own copy of the class keep it.
#include <stdunk.h>

#ifndef PORTICO_WEAK
#define PORTICO_WEAK __attribute__((weak))
#endif

// The three slots of INonDelegatingUnknown stand where those of IUnknown stand, so an object that is not
// aggregated can be its own outer unknown.
PORTICO_WEAK CUnknown::CUnknown(PUNKNOWN pUnknownOuter)
    : m_lRefCount(0),
      m_pUnknownOuter(pUnknownOuter ? pUnknownOuter
                                    : reinterpret_cast<PUNKNOWN>(static_cast<PNONDELEGATINGUNKNOWN>(this))) {}

PORTICO_WEAK CUnknown::~CUnknown(void) {}

PORTICO_WEAK STDMETHODIMP_(ULONG) CUnknown::NonDelegatingAddRef(void) {
    return static_cast<ULONG>(InterlockedIncrement(&m_lRefCount));
}

PORTICO_WEAK STDMETHODIMP_(ULONG) CUnknown::NonDelegatingRelease(void) {
    LONG count = InterlockedDecrement(&m_lRefCount);
    if (count == 0) {
        // A destructor that hands the object out and takes it back must not delete it a second time.
        InterlockedIncrement(&m_lRefCount);
        delete this;
    }
    return static_cast<ULONG>(count);
}

PORTICO_WEAK STDMETHODIMP_(NTSTATUS) CUnknown::NonDelegatingQueryInterface(REFIID rIID, PVOID* ppVoid) {
    if (!IsEqualGUIDAligned(rIID, IID_IUnknown)) {
        *ppVoid = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    *ppVoid = static_cast<PNONDELEGATINGUNKNOWN>(this);
    NonDelegatingAddRef();
    return STATUS_SUCCESS;
}
