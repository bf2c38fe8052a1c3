/* Placement new. */
#ifndef _INC_NEW
#define _INC_NEW

#include <crtdefs.h>

#ifdef __cplusplus
PORTICO_CRT_CXX_START
#ifndef __PLACEMENT_NEW_INLINE
#define __PLACEMENT_NEW_INLINE
inline void* __cdecl operator new(size_t, void* _Where) noexcept {
    return _Where;
}
inline void __cdecl operator delete(void*, void*) noexcept {}
#endif
#ifndef __PLACEMENT_VEC_NEW_INLINE
#define __PLACEMENT_VEC_NEW_INLINE
inline void* __cdecl operator new[](size_t, void* _Where) noexcept {
    return _Where;
}
inline void __cdecl operator delete[](void*, void*) noexcept {}
#endif
PORTICO_CRT_CXX_END
#endif

#endif
