#include "portcls/descriptor_list.h"

#include <cstring>

namespace portico::portcls {
namespace {

constexpr std::size_t list_header = offsetof(CM_RESOURCE_LIST, List);
constexpr std::size_t full_header =
    offsetof(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList.PartialDescriptors);
constexpr std::size_t size_limit = 64 * 1024;  // of a list; beyond it the counts are garbage

std::size_t data_of(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor) {
    return descriptor->Type == CmResourceTypeDeviceSpecific ? descriptor->u.DeviceSpecificData.DataSize : 0;
}

std::size_t stride_of(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor) {
    return sizeof *descriptor + data_of(descriptor);
}

// Calls visit(descriptor) for each until it returns false. Returns the bytes walked over, 0 for garbage.
template <class Visit>
std::size_t walk(const CM_RESOURCE_LIST* list, Visit&& visit) {
    auto* const bytes = reinterpret_cast<unsigned char*>(const_cast<CM_RESOURCE_LIST*>(list));
    std::size_t at = list_header;
    if (list->Count > size_limit / full_header) return 0;
    for (ULONG full = 0; full < list->Count; ++full) {
        const auto* const header = reinterpret_cast<const CM_FULL_RESOURCE_DESCRIPTOR*>(bytes + at);
        at += full_header;
        if (header->PartialResourceList.Count > size_limit / sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)) return 0;
        for (ULONG i = 0; i < header->PartialResourceList.Count; ++i) {
            auto* const descriptor = reinterpret_cast<CM_PARTIAL_RESOURCE_DESCRIPTOR*>(bytes + at);
            at += stride_of(descriptor);
            if (at > size_limit) return 0;
            if (!visit(descriptor)) return at;
        }
        if (at > size_limit) return 0;
    }
    return at;
}

}  // namespace

std::size_t DescriptorList::size_of(const CM_RESOURCE_LIST* list) {
    return walk(list, [](auto*) { return true; });
}

std::size_t DescriptorList::size_for(ULONG entries, std::size_t data) {
    return list_header + full_header + entries * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR) + data;
}

std::size_t DescriptorList::data_in(const CM_RESOURCE_LIST* list) {
    std::size_t bytes = 0;
    walk(list, [&](auto* descriptor) {
        bytes += data_of(descriptor);
        return true;
    });
    return bytes;
}

void DescriptorList::copy(void* memory, const CM_RESOURCE_LIST* list, std::size_t size) {
    list_ = static_cast<CM_RESOURCE_LIST*>(memory);
    std::memcpy(list_, list, size);
    used_ = capacity_ = size;
}

void DescriptorList::start(void* memory, std::size_t size, const CM_RESOURCE_LIST* like) {
    list_ = static_cast<CM_RESOURCE_LIST*>(memory);
    used_ = list_header + full_header;
    capacity_ = size;
    if (like != nullptr && like->Count > 0) {
        list_->List[0].InterfaceType = like->List[0].InterfaceType;
        list_->List[0].BusNumber = like->List[0].BusNumber;
    }
    list_->List[0].PartialResourceList.Version = 1;
    list_->List[0].PartialResourceList.Revision = 1;
}

ULONG DescriptorList::count() const {
    ULONG number = 0;
    walk(list_, [&](auto*) { return ++number, true; });
    return number;
}

ULONG DescriptorList::count_of(CM_RESOURCE_TYPE type) const {
    ULONG number = 0;
    walk(list_, [&](auto* descriptor) {
        if (descriptor->Type == static_cast<UCHAR>(type)) ++number;
        return true;
    });
    return number;
}

CM_PARTIAL_RESOURCE_DESCRIPTOR* DescriptorList::find(CM_RESOURCE_TYPE type, ULONG index) const {
    CM_PARTIAL_RESOURCE_DESCRIPTOR* found = nullptr;
    walk(list_, [&](auto* descriptor) {
        if (descriptor->Type != static_cast<UCHAR>(type) || index-- != 0) return true;
        found = descriptor;
        return false;
    });
    return found;
}

bool DescriptorList::has_room(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor) const {
    return capacity_ - used_ >= stride_of(descriptor);
}

void DescriptorList::append(const CM_PARTIAL_RESOURCE_DESCRIPTOR* descriptor) {
    std::memcpy(reinterpret_cast<unsigned char*>(list_) + used_, descriptor, stride_of(descriptor));
    used_ += stride_of(descriptor);
    list_->Count = 1;
    ++list_->List[0].PartialResourceList.Count;
}

}  // namespace portico::portcls
