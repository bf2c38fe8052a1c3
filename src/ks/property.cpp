#include "ks/property.h"

#include <cstring>

namespace portico::ks {

FoundProperty find_property(std::span<const PropertySet> sets, const KSPROPERTY& property) {
    FoundProperty found;
    for (const PropertySet& set : sets) {
        if (std::memcmp(set.set, &property.Set, sizeof property.Set) != 0) continue;
        found.set_known = true;
        found.set_supported = set.count != 0;
        for (std::size_t i = 0; i < set.count && found.item == nullptr; ++i) {
            if (set.items[i].id == property.Id) found.item = &set.items[i];
        }
        break;
    }
    return found;
}

bool is_single_verb(ULONG verb) {
    constexpr ULONG known = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_SETSUPPORT |
                            KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_RELATIONS |
                            KSPROPERTY_TYPE_SERIALIZESET | KSPROPERTY_TYPE_UNSERIALIZESET |
                            KSPROPERTY_TYPE_SERIALIZERAW | KSPROPERTY_TYPE_UNSERIALIZERAW |
                            KSPROPERTY_TYPE_SERIALIZESIZE | KSPROPERTY_TYPE_DEFAULTVALUES;
    return verb != 0 && (verb & (verb - 1)) == 0 && (verb & ~known) == 0;
}

// KSPROPERTY_TYPE_SETSUPPORT is answered where the sets are known. Serialising and default values are for
// items that say so, which none of a port's own does.
NTSTATUS answer_property(const PropertyItem& item, void* target, PropertyRequest& request) {
    const ULONG verb = request.verb;
    if (verb == KSPROPERTY_TYPE_BASICSUPPORT) return answer_support(item, request);
    if (verb == KSPROPERTY_TYPE_RELATIONS) return answer_relations(request);
    if ((verb != KSPROPERTY_TYPE_GET && verb != KSPROPERTY_TYPE_SET) || (item.flags & verb) == 0)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (request.instance_size < item.instance_min) return STATUS_INVALID_BUFFER_SIZE;
    if (item.value_min != 0 && request.value_size < item.value_min) {
        if (request.value_size != 0 || verb == KSPROPERTY_TYPE_SET) return STATUS_BUFFER_TOO_SMALL;
        request.returned = item.value_min;
        return STATUS_BUFFER_OVERFLOW;
    }
    return (verb == KSPROPERTY_TYPE_GET ? item.get : item.set)(target, request);
}

NTSTATUS answer_from(std::span<const PropertySet> sets, void* target, PropertyRequest& request) {
    if (!is_single_verb(request.verb)) return STATUS_INVALID_DEVICE_REQUEST;
    if (request.names_node()) return STATUS_INVALID_PARAMETER;
    const FoundProperty found = find_property(sets, request.property);
    const bool of_set = request.verb == KSPROPERTY_TYPE_SETSUPPORT;
    if (!found.set_known || (of_set && !found.set_supported)) return STATUS_PROPSET_NOT_FOUND;
    if (of_set) return STATUS_SUCCESS;
    return found.item == nullptr ? STATUS_NOT_FOUND : answer_property(*found.item, target, request);
}

NTSTATUS answer(PropertyRequest& request, const void* bytes, ULONG size) {
    if (request.value_size == 0) {
        request.returned = size;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request.value_size < size) return STATUS_BUFFER_TOO_SMALL;
    if (size != 0) std::memcpy(request.value, bytes, size);
    request.returned = size;
    return STATUS_SUCCESS;
}

NTSTATUS begin_list(PropertyRequest& request, ULONG size, void** list) {
    *list = nullptr;
    if (request.value_size == sizeof(ULONG)) return answer(request, size);
    if (request.value_size == 0 || request.value_size < size) return answer(request, nullptr, size);
    *list = request.value;
    request.returned = size;
    return STATUS_SUCCESS;
}

NTSTATUS answer_items(PropertyRequest& request, const void* items, ULONG count, ULONG item_size) {
    const KSMULTIPLE_ITEM header{static_cast<ULONG>(sizeof header) + count * item_size, count};
    void* list = nullptr;
    const NTSTATUS status = begin_list(request, header.Size, &list);
    if (list == nullptr) return status;
    std::memcpy(list, &header, sizeof header);
    if (count != 0)
        std::memcpy(static_cast<char*>(list) + sizeof header, items, std::size_t{count} * item_size);
    return status;
}

}  // namespace portico::ks
