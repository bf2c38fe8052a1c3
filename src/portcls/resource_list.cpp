#include "portcls/resource_list.h"

#include <algorithm>

#include "nt/probes.h"
#include "portcls/new_object.h"

namespace portico::portcls {
namespace {

constexpr const char* list_kind = "IResourceList";
constexpr ULONG entry_limit = 1024;  // of a sublist

// The object itself when Portico made the list: its methods are then not calls of the driver.
ResourceList* own(IResourceList* list) {
    const LiveObject* const live = live_object_at(list);
    return live != nullptr && live->kind == list_kind ? static_cast<ResourceList*>(list) : nullptr;
}

}  // namespace

ResourceList::~ResourceList() {
    for (void* memory : memory_) {
        if (memory != nullptr) release(memory);
    }
}

void* ResourceList::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IResourceList) ? static_cast<IResourceList*>(this)
                                                                    : nullptr;
}

NTSTATUS ResourceList::create(POOL_TYPE pool, const CM_RESOURCE_LIST* translated,
                              const CM_RESOURCE_LIST* untranslated, ResourceList** out) {
    *out = nullptr;
    if ((translated == nullptr) != (untranslated == nullptr)) return STATUS_INVALID_PARAMETER;
    const CM_RESOURCE_LIST* const from[2] = {translated, untranslated};
    std::size_t sizes[2] = {DescriptorList::size_for(0, 0), DescriptorList::size_for(0, 0)};
    for (int i = 0; i < 2 && translated != nullptr; ++i) {
        sizes[i] = DescriptorList::size_of(from[i]);
        if (sizes[i] == 0) return STATUS_INVALID_PARAMETER;
    }
    auto* const list = make_object<ResourceList>(pool, list_kind);
    if (list == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    DescriptorList* const to[2] = {&list->translated_, &list->untranslated_};
    for (int i = 0; i < 2; ++i) {
        list->memory_[i] = allocate(pool, std::max(sizes[i], DescriptorList::size_for(0, 0)));
        if (list->memory_[i] == nullptr) return list->dereference(), STATUS_INSUFFICIENT_RESOURCES;
        if (from[i] == nullptr) {
            to[i]->start(list->memory_[i], sizes[i], nullptr);
        } else {
            to[i]->copy(list->memory_[i], from[i], sizes[i]);
        }
    }
    *out = list;
    return STATUS_SUCCESS;
}

NTSTATUS ResourceList::create_sublist(POOL_TYPE pool, IResourceList* parent, ULONG entries,
                                      ResourceList** out) {
    *out = nullptr;
    if (entries > entry_limit) return STATUS_INSUFFICIENT_RESOURCES;
    auto* const list = make_object<ResourceList>(pool, list_kind);
    if (list == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    ResourceList* const mine = own(parent);
    const CM_RESOURCE_LIST* const like[2] = {
        mine != nullptr ? mine->translated_.list() : parent->TranslatedList(),
        mine != nullptr ? mine->untranslated_.list() : parent->UntranslatedList()};
    DescriptorList* const to[2] = {&list->translated_, &list->untranslated_};
    for (int i = 0; i < 2; ++i) {
        const std::size_t data = like[i] == nullptr ? 0 : DescriptorList::data_in(like[i]);
        const std::size_t size = DescriptorList::size_for(entries, data);
        list->memory_[i] = allocate(pool, size);
        if (list->memory_[i] == nullptr) return list->dereference(), STATUS_INSUFFICIENT_RESOURCES;
        to[i]->start(list->memory_[i], size, like[i]);
    }
    list->parent_.hold(parent);
    list->slots_ = entries;
    *out = list;
    return STATUS_SUCCESS;
}

const CM_PARTIAL_RESOURCE_DESCRIPTOR* find_translated(IResourceList* list, CM_RESOURCE_TYPE type,
                                                      ULONG index) {
    ResourceList* const mine = own(list);
    return mine != nullptr ? mine->translated().find(type, index) : list->FindTranslatedEntry(type, index);
}

NTSTATUS ResourceList::append(const CM_PARTIAL_RESOURCE_DESCRIPTOR* translated,
                              const CM_PARTIAL_RESOURCE_DESCRIPTOR* untranslated) {
    if (slots_ == 0 || !translated_.has_room(translated) || !untranslated_.has_room(untranslated)) {
        return STATUS_INSUFFICIENT_RESOURCES;  // RL-007, RL-008
    }
    translated_.append(translated);
    untranslated_.append(untranslated);
    --slots_;
    return STATUS_SUCCESS;
}

ULONG ResourceList::NumberOfEntries() {
    DDI_METHOD("IResourceList::NumberOfEntries", PASSIVE_LEVEL);
    return untranslated_.count();
}

ULONG ResourceList::NumberOfEntriesOfType(CM_RESOURCE_TYPE type) {
    DDI_METHOD("IResourceList::NumberOfEntriesOfType", PASSIVE_LEVEL);
    return untranslated_.count_of(type);
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR ResourceList::FindTranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) {
    DDI_METHOD("IResourceList::FindTranslatedEntry", PASSIVE_LEVEL);
    return translated_.find(type, index);
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR ResourceList::FindUntranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) {
    DDI_METHOD("IResourceList::FindUntranslatedEntry", PASSIVE_LEVEL);
    return untranslated_.find(type, index);
}

NTSTATUS ResourceList::AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR translated,
                                PCM_PARTIAL_RESOURCE_DESCRIPTOR untranslated) {
    DDI_METHOD("IResourceList::AddEntry", PASSIVE_LEVEL);
    if (translated == nullptr || untranslated == nullptr) return STATUS_INVALID_PARAMETER;
    return append(translated, untranslated);
}

NTSTATUS ResourceList::AddEntryFromParent(IResourceList* parent, CM_RESOURCE_TYPE type, ULONG index) {
    DDI_METHOD("IResourceList::AddEntryFromParent", PASSIVE_LEVEL);
    if (parent == nullptr) return STATUS_INVALID_PARAMETER;
    if (parent_ && parent != parent_.get()) {
        PORTICO_PROBE(contract, "FN-093", this,
                      "An entry was added to a resource sublist from a list that is not its parent.");
    }
    ResourceList* const mine = own(parent);
    const auto* const translated = find_translated(parent, type, index);
    const auto* const untranslated =
        mine != nullptr ? mine->untranslated_.find(type, index) : parent->FindUntranslatedEntry(type, index);
    if (translated == nullptr || untranslated == nullptr) return STATUS_INVALID_PARAMETER;
    return append(translated, untranslated);
}

PCM_RESOURCE_LIST ResourceList::TranslatedList() {
    DDI_METHOD("IResourceList::TranslatedList", PASSIVE_LEVEL);
    return translated_.list();
}

PCM_RESOURCE_LIST ResourceList::UntranslatedList() {
    DDI_METHOD("IResourceList::UntranslatedList", PASSIVE_LEVEL);
    return untranslated_.list();
}

}  // namespace portico::portcls

using portico::portcls::ResourceList;

NTSTATUS NTAPI PcNewResourceList(PRESOURCELIST* OutResourceList, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                                 PCM_RESOURCE_LIST TranslatedResources,
                                 PCM_RESOURCE_LIST UntranslatedResources) {
    DDI(PcNewResourceList, PASSIVE_LEVEL);
    if (!portico::portcls::new_object_arguments(OutResourceList, OuterUnknown))
        return STATUS_INVALID_PARAMETER;
    ResourceList* list;
    const NTSTATUS status = ResourceList::create(PoolType, TranslatedResources, UntranslatedResources, &list);
    *OutResourceList = list;
    return status;
}

NTSTATUS NTAPI PcNewResourceSublist(PRESOURCELIST* OutResourceList, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                                    PRESOURCELIST ParentList, ULONG MaximumEntries) {
    DDI(PcNewResourceSublist, PASSIVE_LEVEL);
    if (!portico::portcls::new_object_arguments(OutResourceList, OuterUnknown))
        return STATUS_INVALID_PARAMETER;
    if (ParentList == nullptr) return STATUS_INVALID_PARAMETER;
    if (MaximumEntries == 0) {
        PORTICO_PROBE(contract, "FN-093", ParentList,
                      "PcNewResourceSublist was asked for a list without room for an entry.");
    }
    ResourceList* list;
    const NTSTATUS status = ResourceList::create_sublist(PoolType, ParentList, MaximumEntries, &list);
    *OutResourceList = list;
    return status;
}
