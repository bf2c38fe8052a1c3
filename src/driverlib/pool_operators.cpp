// new (POOL_TYPE[, tag]) and delete (IU-015, IU-017, FLD-055). Weak: a driver's own operators win, and the
// forms that the driver leaves out end in the ones it defines.
#define _NEW_DELETE_OPERATORS_
#include <stdunk.h>

#define PORTICO_WEAK __attribute__((weak))

PORTICO_WEAK void* __cdecl operator new(size_t iSize, POOL_TYPE poolType, ULONG tag) noexcept {
    PVOID memory = ExAllocatePoolWithTag(poolType, iSize, tag);
    if (memory) RtlZeroMemory(memory, iSize);
    return memory;
}

PORTICO_WEAK void* __cdecl operator new(size_t iSize, POOL_TYPE poolType) noexcept {
    return operator new(iSize, poolType, 'wNcP');
}

PORTICO_WEAK void* __cdecl operator new[](size_t iSize, POOL_TYPE poolType, ULONG tag) noexcept {
    return operator new(iSize, poolType, tag);
}

PORTICO_WEAK void* __cdecl operator new[](size_t iSize, POOL_TYPE poolType) noexcept {
    return operator new(iSize, poolType);
}

PORTICO_WEAK void __cdecl operator delete(void* pVoid) noexcept {
    if (pVoid) ExFreePool(pVoid);
}

PORTICO_WEAK void __cdecl operator delete(void* pVoid, ULONG tag) noexcept {
    if (pVoid) ExFreePoolWithTag(pVoid, tag);
}

PORTICO_WEAK void __cdecl operator delete(void* pVoid, size_t) noexcept {
    operator delete(pVoid);
}

PORTICO_WEAK void __cdecl operator delete[](void* pVoid) noexcept {
    operator delete(pVoid);
}

PORTICO_WEAK void __cdecl operator delete[](void* pVoid, ULONG tag) noexcept {
    operator delete(pVoid, tag);
}

PORTICO_WEAK void __cdecl operator delete[](void* pVoid, size_t) noexcept {
    operator delete(pVoid);
}
