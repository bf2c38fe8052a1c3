// Kernel COM: creating instances by class id. Drivers that include it want PFNCREATEINSTANCE-style factories;
// the Ko functions of ks.sys are declared for them.
#if !defined(_KCOM_)
#define _KCOM_

#include <punknown.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STATIC_KoCreateObject 0x72CF721CL, 0x525A, 0x11D1, 0x9A, 0xA1, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
#define KOSTRING_CreateObject L"{72CF721C-525A-11D1-9AA1-00A0C9223196}"

#ifndef CLSCTX_KERNEL_SERVER
#define CLSCTX_KERNEL_SERVER 0x00000200
#endif

typedef NTSTATUS(NTAPI* KoCreateObjectHandler)(REFCLSID ClassId, IUnknown* UnkOuter, REFIID InterfaceId,
                                               PVOID* Interface);
// PASSIVE_LEVEL. *Interface carries a reference on success.
NTSTATUS NTAPI KoCreateInstance(REFCLSID ClassId, IUnknown* UnkOuter, ULONG ClsContext, REFIID InterfaceId,
                                PVOID* Interface);
NTSTATUS NTAPI KoDeviceInitialize(PDEVICE_OBJECT DeviceObject);
NTSTATUS NTAPI KoDriverInitialize(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                  KoCreateObjectHandler CreateObjectHandler);
VOID NTAPI KoRelease(REFCLSID ClassId);

#ifdef __cplusplus
}
#endif

#endif
