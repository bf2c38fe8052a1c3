// Our own stdunk.lib: the delegating half of IUnknown, and the pool's operators.
#include <portcls.h>
#include <stdunk.h>

#include "newdel.h"

#define UNTAGGED 'knUF'

CUnknown::CUnknown(PUNKNOWN pUnknownOuter) {
    m_lRefCount = 0;
    if (pUnknownOuter) {
        m_pUnknownOuter = pUnknownOuter;
    } else {
        // The non-delegating methods are laid out as IUnknown's.
        m_pUnknownOuter = PUNKNOWN(PNONDELEGATINGUNKNOWN(this));
    }
}

CUnknown::~CUnknown(void) {}

STDMETHODIMP_(NTSTATUS) CUnknown::NonDelegatingQueryInterface(REFIID rIID, PVOID* ppVoid) {
    ASSERT(ppVoid);
    if (IsEqualGUIDAligned(rIID, IID_IUnknown)) {
        *ppVoid = PVOID(PUNKNOWN(PNONDELEGATINGUNKNOWN(this)));
        PUNKNOWN(*ppVoid)->AddRef();
        return STATUS_SUCCESS;
    }
    *ppVoid = NULL;
    return STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingAddRef(void) {
    ASSERT(m_lRefCount >= 0);
    return ULONG(InterlockedIncrement(&m_lRefCount));
}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingRelease(void) {
    ASSERT(m_lRefCount > 0);
    LONG lRefCount = InterlockedDecrement(&m_lRefCount);
    if (lRefCount > 0) return ULONG(lRefCount);
    // A destructor that uses its own interfaces must not come here again.
    m_lRefCount++;
    delete this;
    return 0;
}

void* __cdecl operator new(size_t iSize, POOL_TYPE PoolType) {
    return operator new(iSize, PoolType, UNTAGGED);
}

void* __cdecl operator new(size_t iSize, POOL_TYPE PoolType, ULONG ulTag) {
    PVOID pVoid = ExAllocatePoolWithTag(PoolType, iSize, ulTag);
    if (pVoid) RtlZeroMemory(pVoid, iSize);
    return pVoid;
}

void __cdecl operator delete(void* pVoid) {
    if (pVoid) ExFreePool(pVoid);
}

void __cdecl operator delete(void* pVoid, size_t iSize) {
    UNREFERENCED_PARAMETER(iSize);
    operator delete(pVoid);
}
