// CUnknown, the delegating base of driver objects, and the pool operators (IU-014, IU-015, IU-017). The
// bodies are in src/driverlib and become part of every driver image.
#ifndef _STDUNK_H_
#define _STDUNK_H_

#include <punknown.h>

#ifdef __cplusplus
extern "C++" {

#undef INTERFACE
#define INTERFACE INonDelegatingUnknown
DECLARE_INTERFACE(INonDelegatingUnknown) {
    STDMETHOD_(NTSTATUS, NonDelegatingQueryInterface)(THIS_ REFIID, PVOID*) PURE;
    STDMETHOD_(ULONG, NonDelegatingAddRef)(THIS) PURE;
    STDMETHOD_(ULONG, NonDelegatingRelease)(THIS) PURE;
};
#undef INTERFACE
typedef INonDelegatingUnknown* PNONDELEGATINGUNKNOWN;

// The count starts at 0: STD_CREATE_BODY_ takes the first reference. Without an outer object the object is
// its own outer. NonDelegatingRelease deletes at 0. The member names are public knowledge of drivers that
// carry a copy (FLD-050).
class CUnknown : public INonDelegatingUnknown {
  private:
    LONG m_lRefCount;
    PUNKNOWN m_pUnknownOuter;

  public:
    CUnknown(PUNKNOWN pUnknownOuter);
    virtual ~CUnknown(void);
    PUNKNOWN GetOuterUnknown(void) { return m_pUnknownOuter; }
    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID rIID, PVOID* ppVoid);
    STDMETHODIMP_(ULONG) NonDelegatingAddRef(void);
    STDMETHODIMP_(ULONG) NonDelegatingRelease(void);
};

#define DECLARE_STD_UNKNOWN()                                                          \
    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID iid, PVOID* ppvObject); \
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID riid, void** ppv) {                  \
        return GetOuterUnknown()->QueryInterface(riid, ppv);                           \
    }                                                                                  \
    STDMETHODIMP_(ULONG) AddRef() {                                                    \
        return GetOuterUnknown()->AddRef();                                            \
    }                                                                                  \
    STDMETHODIMP_(ULONG) Release() {                                                   \
        return GetOuterUnknown()->Release();                                           \
    }

#define DEFINE_STD_CONSTRUCTOR(Class) \
    Class(PUNKNOWN pUnknownOuter) : CUnknown(pUnknownOuter) {}

#define QICAST(Type) PVOID((Type)(this))
#define QICASTUNKNOWN(Type) PVOID(PUNKNOWN((Type)(this)))

#define STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, base) \
    Class* p = new (poolType, tag) Class(pUnknownOuter);                                \
    if (!p) return STATUS_INSUFFICIENT_RESOURCES;                                       \
    *ppUnknown = PUNKNOWN((base)(p));                                                   \
    (*ppUnknown)->AddRef();                                                             \
    return STATUS_SUCCESS

#define STD_CREATE_BODY_WITH_TAG(Class, ppUnknown, pUnknownOuter, poolType, tag) \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, PUNKNOWN)
#define STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, base) \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, 'rCcP', base)
#define STD_CREATE_BODY(Class, ppUnknown, pUnknownOuter, poolType) \
    STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, PUNKNOWN)

// new (PoolType[, tag]): zero-filled memory, NULL when the pool is exhausted. The tag without one is 'wNcP'.
// A driver that defines _NEW_DELETE_OPERATORS_ brings its own.
#if !defined(_NEW_DELETE_OPERATORS_) && !defined(PORTICO_HOST)
#define _NEW_DELETE_OPERATORS_
void* __cdecl operator new(size_t iSize, POOL_TYPE poolType) noexcept;
void* __cdecl operator new(size_t iSize, POOL_TYPE poolType, ULONG tag) noexcept;
void* __cdecl operator new[](size_t iSize, POOL_TYPE poolType) noexcept;
void* __cdecl operator new[](size_t iSize, POOL_TYPE poolType, ULONG tag) noexcept;
void __cdecl operator delete(void* pVoid) noexcept;
void __cdecl operator delete(void* pVoid, size_t cbSize) noexcept;
void __cdecl operator delete(void* pVoid, ULONG tag) noexcept;
void __cdecl operator delete[](void* pVoid) noexcept;
void __cdecl operator delete[](void* pVoid, size_t cbSize) noexcept;
void __cdecl operator delete[](void* pVoid, ULONG tag) noexcept;
#endif

}  // extern "C++"
#endif

#endif
