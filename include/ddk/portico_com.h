// The COM declaration macros shared by the interface headers (IU-002, IU-003).
//
// An interface is written once, as a list M(result, Method, (THIS_ parameters)) in slot order; the list makes
// both the pure virtual methods of the interface (PORTICO_ABSTRACT) and the declarations of an implementing
// class (PORTICO_IMPLEMENT, which is what the IMP_IXxx macros of drivers expand to). So the two cannot
// disagree.
//
// Driver mode: Microsoft's C++ ABI, __stdcall is the one native convention on x64. Host mode (PORTICO_HOST):
// the same slots behind Itanium vtables, every method ms_abi.
#pragma once

#include <guiddef.h>

#ifndef IsEqualGUIDAligned
#define IsEqualGUIDAligned(guid1, guid2) IsEqualGUID(guid1, guid2)
#endif

#ifndef STDMETHODCALLTYPE
#ifdef PORTICO_HOST
#define STDMETHODCALLTYPE __attribute__((ms_abi))
#else
#define STDMETHODCALLTYPE __stdcall
#endif
#endif

#ifndef STDAPICALLTYPE
#define STDAPICALLTYPE STDMETHODCALLTYPE
#endif

#ifndef DECLSPEC_NOVTABLE
#ifdef PORTICO_HOST
#define DECLSPEC_NOVTABLE
#else
#define DECLSPEC_NOVTABLE __declspec(novtable)
#endif
#endif

#ifndef DECLARE_INTERFACE
#ifdef __cplusplus
#define interface struct
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define PURE = 0
#define THIS_
#define THIS void
#define DECLARE_INTERFACE(iface) struct DECLSPEC_NOVTABLE iface
#define DECLARE_INTERFACE_(iface, base) struct DECLSPEC_NOVTABLE iface : public base
#else
#define interface struct
#define STDMETHOD(method) HRESULT(STDMETHODCALLTYPE* method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE* method)
#define PURE
#define THIS_ INTERFACE *This,
#define THIS INTERFACE* This
#define DECLARE_INTERFACE(iface)            \
    typedef struct iface {                  \
        struct iface##Vtbl* lpVtbl;         \
    } iface;                                \
    typedef struct iface##Vtbl iface##Vtbl; \
    struct iface##Vtbl
#define DECLARE_INTERFACE_(iface, base) DECLARE_INTERFACE(iface)
#endif
#endif

#ifndef STDMETHODIMP_
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#endif

#define PORTICO_ABSTRACT(type, method, parameters) STDMETHOD_(type, method) parameters PURE;
#define PORTICO_IMPLEMENT(type, method, parameters) STDMETHODIMP_(type) method parameters;

// An 8-byte struct returned by a method goes through a hidden pointer in Microsoft's C++ ABI, also on x64
// (DC-010). The Itanium compiler would return it in a register, so the host spells the pointer out.
#ifdef PORTICO_HOST
#define PORTICO_RESULT_PHYSICAL_ADDRESS PHYSICAL_ADDRESS*
#define PORTICO_RESULT_THIS_ THIS_ PHYSICAL_ADDRESS *Result,
#define PORTICO_RESULT_THIS THIS_ PHYSICAL_ADDRESS* Result
#else
#define PORTICO_RESULT_PHYSICAL_ADDRESS PHYSICAL_ADDRESS
#define PORTICO_RESULT_THIS_ THIS_
#define PORTICO_RESULT_THIS THIS
#endif
