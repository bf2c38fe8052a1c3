// Rights to content (FN-160, FN-161). MIDI has none: content 0, which has the default rights, is all there
// is.
#include "nt/ddi.h"
#include "portcls.h"

namespace {

constexpr ULONG default_content = 0;

NTSTATUS only_default(ULONG content_id) {
    return content_id == default_content ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS mix(const ULONG* content_ids, ULONG count, ULONG* mixed) {
    if (content_ids == nullptr || count == 0 || mixed == nullptr) return STATUS_INVALID_PARAMETER;
    *mixed = default_content;
    for (ULONG i = 0; i < count; ++i) {
        if (content_ids[i] != default_content) return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS rights_of(ULONG content_id, DRMRIGHTS* rights) {
    if (rights == nullptr) return STATUS_INVALID_PARAMETER;
    *rights = {};
    return only_default(content_id);
}

}  // namespace

// FN-161: there is no content whose id is not 0, and 0 cannot be destroyed.
#define PORTICO_DRM_FUNCTIONS(PREFIX)                                                                      \
    NTSTATUS NTAPI PREFIX##AddContentHandlers(ULONG ContentId, PVOID* paHandlers, ULONG NumHandlers) {     \
        DDI(PREFIX##AddContentHandlers, PASSIVE_LEVEL);                                                    \
        return paHandlers == nullptr || NumHandlers == 0 ? STATUS_INVALID_PARAMETER                        \
                                                         : only_default(ContentId);                        \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##CreateContentMixed(PULONG paContentId, ULONG cContentId,                        \
                                              PULONG pMixedContentId) {                                    \
        DDI(PREFIX##CreateContentMixed, PASSIVE_LEVEL);                                                    \
        return mix(paContentId, cContentId, pMixedContentId);                                              \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##DestroyContent(ULONG) {                                                         \
        DDI(PREFIX##DestroyContent, PASSIVE_LEVEL);                                                        \
        return STATUS_INVALID_PARAMETER;                                                                   \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##ForwardContentToDeviceObject(ULONG ContentId, PVOID, PCDRMFORWARD DrmForward) { \
        DDI(PREFIX##ForwardContentToDeviceObject, PASSIVE_LEVEL);                                          \
        return DrmForward == nullptr ? STATUS_INVALID_PARAMETER : only_default(ContentId);                 \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##ForwardContentToFileObject(ULONG ContentId, PFILE_OBJECT FileObject) {          \
        DDI(PREFIX##ForwardContentToFileObject, PASSIVE_LEVEL);                                            \
        return FileObject == nullptr ? STATUS_INVALID_PARAMETER : only_default(ContentId);                 \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##ForwardContentToInterface(ULONG ContentId, PUNKNOWN pUnknown, ULONG) {          \
        DDI(PREFIX##ForwardContentToInterface, PASSIVE_LEVEL);                                             \
        return pUnknown == nullptr ? STATUS_INVALID_PARAMETER : only_default(ContentId);                   \
    }                                                                                                      \
    NTSTATUS NTAPI PREFIX##GetContentRights(ULONG ContentId, PDRMRIGHTS DrmRights) {                       \
        DDI(PREFIX##GetContentRights, PASSIVE_LEVEL);                                                      \
        return rights_of(ContentId, DrmRights);                                                            \
    }

PORTICO_DRM_FUNCTIONS(Pc)
#undef PORTICO_DDI_MODULE
#define PORTICO_DDI_MODULE "drmk.sys"
PORTICO_DRM_FUNCTIONS(Drm)
