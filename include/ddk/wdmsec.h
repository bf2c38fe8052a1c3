/* Named device objects with a security descriptor: wdmsec.lib, which is part of the kernel here. */
#ifndef _WDMSEC_H_
#define _WDMSEC_H_

#include <wdm.h>

EXTERN_C_START

/* Security descriptors in SDDL for IoCreateDeviceSecure. */
#ifndef PORTICO_HOST
#define PORTICO_SDDL(name, text)             \
    static const WCHAR name##_TEXT[] = text; \
    static const UNICODE_STRING name         \
        __attribute__((unused)) = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_TEXT}
PORTICO_SDDL(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R,
             L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
             L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
PORTICO_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
             L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");
#endif

/* DeviceClassGuid: the class whose settings in the registry override the descriptor; may be null.
   PASSIVE_LEVEL. */
NTKERNELAPI NTSTATUS NTAPI WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                                      PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                                      ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                                      PCUNICODE_STRING DefaultSDDLString,
                                                      LPCGUID DeviceClassGuid, PDEVICE_OBJECT* DeviceObject);
#define WdmlibRtlInitUnicodeStringEx RtlInitUnicodeStringEx
#define IoCreateDeviceSecure WdmlibIoCreateDeviceSecure

EXTERN_C_END

#endif
