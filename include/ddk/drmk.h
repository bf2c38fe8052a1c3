// Digital rights of audio content (FN-160, DR-001). Only wave ports offer IDrmPort; MIDI drivers see these
// names through portcls.h.
#ifndef _DRMK_H_
#define _DRMK_H_

#include <punknown.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    BOOL CopyProtect;
    ULONG Reserved;
    BOOL DigitalOutputDisable;
} DRMRIGHTS, *PDRMRIGHTS;
typedef const DRMRIGHTS* PCDRMRIGHTS;
#define DEFINE_DRMRIGHTS_DEFAULT(DrmRights) const DRMRIGHTS DrmRights = {FALSE, 0, FALSE}

typedef struct {
    DWORD Flags;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PVOID Context;
} DRMFORWARD, *PDRMFORWARD;
typedef const DRMFORWARD* PCDRMFORWARD;

// All PASSIVE_LEVEL. Content id 0 stands for the default rights (FN-161).
NTSTATUS NTAPI DrmAddContentHandlers(ULONG ContentId, PVOID* paHandlers, ULONG NumHandlers);
NTSTATUS NTAPI DrmCreateContentMixed(PULONG paContentId, ULONG cContentId, PULONG pMixedContentId);
NTSTATUS NTAPI DrmDestroyContent(ULONG ContentId);
NTSTATUS NTAPI DrmForwardContentToDeviceObject(ULONG ContentId, PVOID Reserved, PCDRMFORWARD DrmForward);
NTSTATUS NTAPI DrmForwardContentToFileObject(ULONG ContentId, PFILE_OBJECT FileObject);
NTSTATUS NTAPI DrmForwardContentToInterface(ULONG ContentId, PUNKNOWN pUnknown, ULONG NumMethods);
NTSTATUS NTAPI DrmGetContentRights(ULONG ContentId, PDRMRIGHTS DrmRights);

#ifdef __cplusplus
}
extern "C++" {
#endif

DEFINE_GUID(IID_IDrmAudioStream, 0x1915C967L, 0x3299, 0x48CB, 0xA3, 0xE4, 0x69, 0xFD, 0x1D, 0x1B, 0x30, 0x6E);

// An interface is a list in slot order, a method a line.
// clang-format off
#define PORTICO_IDrmAudioStream(M)                                                                           \
    M(NTSTATUS, SetContentId, (THIS_ ULONG ContentId, PCDRMRIGHTS DrmRights))                        /*3*/
#undef INTERFACE
#define INTERFACE IDrmAudioStream
DECLARE_INTERFACE_(IDrmAudioStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    PORTICO_IDrmAudioStream(PORTICO_ABSTRACT)
};
#undef INTERFACE
typedef IDrmAudioStream* PDRMAUDIOSTREAM;
#define IMP_IDrmAudioStream PORTICO_IDrmAudioStream(PORTICO_IMPLEMENT)
// clang-format on

#ifdef __cplusplus
}
#endif

#endif
