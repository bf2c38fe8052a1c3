// The kernel's IUnknown (IU-001..IU-003). Kernel flavour: NTSTATUS instead of HRESULT, and an IID_IUnknown
// that ends in 00 00 C0 00 00 00 00 46 with a zero fourth group, which is not the one of user-mode COM.
// QueryInterface of runtime objects answers both.
#ifndef _PUNKNOWN_H_
#define _PUNKNOWN_H_

#ifdef __cplusplus
extern "C" {
#endif
#include <wdm.h>
#ifdef __cplusplus
}
#endif
#include <windef.h>
#include <basetyps.h>
#ifdef PUT_GUIDS_HERE
#include <initguid.h>
#endif
#include <portico_com.h>

#ifdef __cplusplus
extern "C++" {
#endif

DEFINE_GUID(IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x46);

#define PORTICO_IUnknown(M)                                                          \
    M(NTSTATUS, QueryInterface, (THIS_ REFIID InterfaceId, PVOID * Interface)) /*0*/ \
    M(ULONG, AddRef, (THIS))                                                   /*1*/ \
    M(ULONG, Release, (THIS))                                                  /*2*/

#ifndef DEFINE_ABSTRACT_UNKNOWN
#define DEFINE_ABSTRACT_UNKNOWN() PORTICO_IUnknown(PORTICO_ABSTRACT)
#endif

#ifndef __IUnknown_INTERFACE_DEFINED__
#define __IUnknown_INTERFACE_DEFINED__
#undef INTERFACE
#define INTERFACE IUnknown
DECLARE_INTERFACE(IUnknown){PORTICO_IUnknown(PORTICO_ABSTRACT)};
#undef INTERFACE
#endif
typedef IUnknown* PUNKNOWN;

// How a driver's object is made (IU-010). IRQL: PASSIVE_LEVEL. *Unknown carries a reference on success.
typedef HRESULT(NTAPI* PFNCREATEINSTANCE)(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown,
                                          POOL_TYPE PoolType);

#ifdef __cplusplus
}
#endif

#endif
