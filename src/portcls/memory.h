// Pool for what PortCls makes itself. Not the driver's: a leak of the driver's is told by
// src/portcls/live_objects.h.
#pragma once

#include "nt/ex/pool.h"

namespace portico::portcls {

constexpr ULONG pool_tag = 0x6c436350;  // 'PcCl' in memory

// Zero-filled; null when the pool is exhausted. IRQL: <= DISPATCH_LEVEL.
inline void* allocate(POOL_TYPE type, std::size_t size) {
    return nt::ex::allocate_internal(static_cast<POOL_TYPE>(type | POOL_ZERO_ALLOCATION), size, pool_tag);
}
inline void release(void* memory) {
    nt::ex::free(memory, pool_tag);
}

template <class T, class... Arguments>
T* make(POOL_TYPE type, Arguments&&... arguments) {
    return nt::ex::make<T>(type, pool_tag, std::forward<Arguments>(arguments)...);
}
template <class T>
void unmake(T* object) {
    nt::ex::destroy(object);
}

}  // namespace portico::portcls
