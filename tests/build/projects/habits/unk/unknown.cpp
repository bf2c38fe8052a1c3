// The driver's own copy of what stdunk.lib holds: its symbols win.
#include "common.h"

ULONG g_News, g_Deletes;

void* __cdecl operator new(size_t Size, POOL_TYPE PoolType, ULONG Tag) {
    // Nothing is this big: the null test behind new must find it out.
    if (Size > 0x40000000) return NULL;
    void* memory = ExAllocatePoolWithTag(PoolType, Size, Tag);
    if (memory) {
        RtlZeroMemory(memory, Size);
        g_News++;
    }
    return memory;
}

void __cdecl operator delete(void* Memory) {
    if (!Memory) return;
    g_Deletes++;
    ExFreePool(Memory);
}

CUnknown::CUnknown(PUNKNOWN Outer) : m_lRefCount(0) {
    m_pUnknownOuter = Outer ? Outer : PUNKNOWN(PNONDELEGATINGUNKNOWN(this));
}

CUnknown::~CUnknown(void) {}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingAddRef(void) {
    return InterlockedIncrement(&m_lRefCount);
}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingRelease(void) {
    ULONG count = InterlockedDecrement(&m_lRefCount);
    if (count == 0) delete this;
    return count;
}

STDMETHODIMP_(NTSTATUS) CUnknown::NonDelegatingQueryInterface(REFIID Iid, PVOID* Object) {
    *Object = IsEqualGUIDAligned(Iid, IID_IUnknown) ? PVOID(PNONDELEGATINGUNKNOWN(this)) : NULL;
    if (!*Object) return STATUS_INVALID_PARAMETER;
    NonDelegatingAddRef();
    return STATUS_SUCCESS;
}
