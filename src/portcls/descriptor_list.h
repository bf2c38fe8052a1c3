// A CM_RESOURCE_LIST of its own, with room for more descriptors: one half (translated or raw) of an
// IResourceList.
#pragma once

#include <cstddef>

#include "wdm.h"

namespace portico::portcls {

class DescriptorList {
  public:
    // Bytes of a list as drivers hand it over, trailing device-specific data included; 0 when it cannot be
    // one.
    static std::size_t size_of(const CM_RESOURCE_LIST* list);
    // Bytes that a list needs for `entries` descriptors and `data` bytes behind them.
    static std::size_t size_for(ULONG entries, std::size_t data);
    // Bytes of device-specific data in a list.
    static std::size_t data_in(const CM_RESOURCE_LIST* list);

    // `memory` is zeroed and holds at least `size` bytes.
    void copy(void* memory, const CM_RESOURCE_LIST* list, std::size_t size);
    // An empty list, on the bus of `like` (may be null).
    void start(void* memory, std::size_t size, const CM_RESOURCE_LIST* like);

    CM_RESOURCE_LIST* list() const { return list_; }
    ULONG count() const;
    ULONG count_of(CM_RESOURCE_TYPE type) const;
    // The index-th of the type, from 0; null when there is none.
    CM_PARTIAL_RESOURCE_DESCRIPTOR* find(CM_RESOURCE_TYPE type, ULONG index) const;

    bool has_room(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor) const;
    void append(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor);

  private:
    CM_RESOURCE_LIST* list_ = nullptr;
    std::size_t used_ = 0;      // bytes, to the end of the last descriptor's data
    std::size_t capacity_ = 0;  // bytes; == used_: no more descriptors
};

}  // namespace portico::portcls
