// The automation tables of a miniport's descriptor (FD-040, FD-041).
#pragma once

#include "portcls.h"

namespace portico::portcls {

// Items of one table (docs/limits.md).
constexpr ULONG automation_item_limit = 4096;

// May the table be walked? It is empty, or its items are as long as PortCls' and keep their alignment.
constexpr bool is_item_table(ULONG item_size, ULONG count, std::size_t least) {
    return count == 0 || (item_size >= least && item_size % 8 == 0 && count <= automation_item_limit);
}

// Walks `count` items of `item_size` bytes, however long the driver made them. visit(const Item&) returns
// true to stop; that item is returned.
template <class Item, class Visit>
const Item* walk_items(const Item* first, ULONG item_size, ULONG count, Visit&& visit) {
    if (first == nullptr || !is_item_table(item_size, count, sizeof(Item))) return nullptr;
    const auto* at = reinterpret_cast<const char*>(first);
    for (ULONG i = 0; i < count; ++i, at += item_size) {
        const Item& item = *reinterpret_cast<const Item*>(at);
        if (item.Set != nullptr && visit(item)) return &item;
    }
    return nullptr;
}

template <class Visit>
const PCPROPERTY_ITEM* walk_properties(const PCAUTOMATION_TABLE* table, Visit&& visit) {
    if (table == nullptr) return nullptr;
    return walk_items(table->Properties, table->PropertyItemSize, table->PropertyCount, visit);
}

inline const PCNODE_DESCRIPTOR& node_at(const PCFILTER_DESCRIPTOR& filter, ULONG node) {
    const auto* const first = reinterpret_cast<const char*>(filter.Nodes);
    return *reinterpret_cast<const PCNODE_DESCRIPTOR*>(first + std::size_t{node} * filter.NodeSize);
}

}  // namespace portico::portcls
