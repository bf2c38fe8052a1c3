// IResourceList: the resources of a device, or as a sublist those of one subdevice (RL-001..RL-016).
// PASSIVE_LEVEL.
#pragma once

#include "portcls/com_object.h"
#include "portcls/descriptor_list.h"

namespace portico::portcls {

class ResourceList final : public ComObject<IResourceList> {
  public:
    // A copy of both lists, which may both be null: no resources (FN-091). One reference for the caller.
    static NTSTATUS create(POOL_TYPE pool, const CM_RESOURCE_LIST* translated,
                           const CM_RESOURCE_LIST* untranslated, ResourceList** out);
    // Empty, with room for `entries` (FN-092).
    static NTSTATUS create_sublist(POOL_TYPE pool, IResourceList* parent, ULONG entries, ResourceList** out);

    PORTICO_IResourceList(PORTICO_OVERRIDE)

        ResourceList() = default;
    ~ResourceList();

    const DescriptorList& translated() const { return translated_; }
    const DescriptorList& untranslated() const { return untranslated_; }

  private:
    void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }

    NTSTATUS append(const CM_PARTIAL_RESOURCE_DESCRIPTOR* translated,
                    const CM_PARTIAL_RESOURCE_DESCRIPTOR* untranslated);

    DescriptorList translated_;
    DescriptorList untranslated_;
    void* memory_[2] = {};
    Held<IResourceList> parent_;
    ULONG slots_ = 0;  // free ones
};

// The index-th translated entry of the type, from whatever list the driver passed; null when there is none.
const CM_PARTIAL_RESOURCE_DESCRIPTOR* find_translated(IResourceList* list, CM_RESOURCE_TYPE type,
                                                      ULONG index);

}  // namespace portico::portcls
