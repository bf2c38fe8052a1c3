#include "portcls/descriptor_check.h"

#include "ks/data_ranges.h"
#include "ks/pin_connect.h"
#include "ks/user_memory.h"
#include "nt/probes.h"
#include "portcls/automation_table.h"
#include "portcls/port_base.h"

namespace portico::portcls {
namespace {

bool is_there(const void* first, std::size_t size) {
    return ks::is_memory(first, size);
}

// ---- what cannot be walked ----

// An array of a descriptor: entries of `size` bytes, of which `least` are PortCls' (FD-003, FD-005).
bool is_array(const PCFILTER_DESCRIPTOR& filter, const void* first, ULONG size, std::size_t least,
              ULONG count) {
    if (count == 0) return true;
    if (first == nullptr || count > descriptor_entry_limit) {
        PORTICO_PROBE(contract, "FD-005", &filter, "A filter descriptor has a count without such an array.");
        return false;
    }
    if (size < least || size % 8 != 0) {
        PORTICO_PROBE(contract, "FD-003", &filter,
                      "A filter descriptor's PinSize or NodeSize is too small or no multiple of 8.");
        return false;
    }
    if (is_there(first, std::size_t{size} * count)) return true;
    PORTICO_PROBE(contract, "FD-005", &filter, "A filter descriptor's array lies outside memory.");
    return false;
}

template <class Item>
bool are_items(const Item* first, ULONG size, ULONG count) {
    if (count == 0 || first == nullptr) return true;
    if (!is_item_table(size, count, sizeof(Item)) || !is_there(first, std::size_t{size} * count))
        return false;
    const auto is_lost = [](const Item& item) { return !is_there(item.Set, sizeof *item.Set); };
    return walk_items(first, size, count, is_lost) == nullptr;
}

bool is_table(const PCAUTOMATION_TABLE* table) {
    if (table == nullptr) return true;
    if (is_there(table, sizeof *table) &&
        are_items(table->Properties, table->PropertyItemSize, table->PropertyCount) &&
        are_items(table->Methods, table->MethodItemSize, table->MethodCount) &&
        are_items(table->Events, table->EventItemSize, table->EventCount)) {
        return true;
    }
    PORTICO_PROBE(contract, "FD-041", table,
                  "An automation table's items are too small, no multiple of 8, or they or their Set lie "
                  "outside memory.");
    return false;
}

bool are_attributes(const KSATTRIBUTE_LIST& list) {
    if (!is_there(&list, sizeof list) || !is_there(list.Attributes, list.Count * sizeof(PKSATTRIBUTE)))
        return false;
    if (list.Count > ks::attribute_count_limit) return false;
    for (ULONG i = 0; i < list.Count; ++i) {
        if (!is_there(list.Attributes[i], sizeof(KSATTRIBUTE))) return false;
    }
    return ks::is_attribute_list(list);
}

bool are_ranges(const PKSDATARANGE* ranges, ULONG count) {
    if (count > descriptor_entry_limit || !is_there(ranges, count * sizeof(PKSDATARANGE))) return false;
    for (ULONG i = 0; i < count; ++i) {
        const KSDATARANGE* const range = ranges[i];
        if (range == nullptr) continue;
        if (!is_there(range, sizeof *range) || !ks::is_range(*range) || !is_there(range, range->FormatSize))
            return false;
        if ((range->Flags & KSDATARANGE_ATTRIBUTES) == 0 || i + 1 == count) continue;
        if (!are_attributes(*reinterpret_cast<const KSATTRIBUTE_LIST*>(ranges[++i]))) return false;
    }
    return true;
}

bool is_guid(const GUID* guid) {
    return guid == nullptr || is_there(guid, sizeof *guid);
}

bool is_pin(const PCPIN_DESCRIPTOR& pin) {
    const KSPIN_DESCRIPTOR& ks = pin.KsPinDescriptor;
    const bool can_be_read =
        are_ranges(ks.DataRanges, ks.DataRangesCount) && ks.MediumsCount <= descriptor_entry_limit &&
        (ks.MediumsCount == 0 || is_there(ks.Mediums, ks.MediumsCount * sizeof(KSPIN_MEDIUM))) &&
        (ks.ConstrainedDataRanges == nullptr ||
         are_ranges(ks.ConstrainedDataRanges, ks.ConstrainedDataRangesCount)) &&
        is_guid(ks.Category) && is_guid(ks.Name);
    if (!can_be_read) {
        PORTICO_PROBE(
            contract, "FD-014", &pin,
            "A pin's data ranges, mediums or names are missing, too short, too many or outside memory.");
    }
    return can_be_read && is_table(pin.AutomationTable);
}

bool is_node(const PCNODE_DESCRIPTOR& node) {
    if (is_guid(node.Type) && is_guid(node.Name)) return is_table(node.AutomationTable);
    PORTICO_PROBE(contract, "FD-021", &node, "A node's Type or Name lies outside memory.");
    return false;
}

bool is_walkable(const PCFILTER_DESCRIPTOR& filter) {
    if (!is_there(&filter, sizeof filter)) {
        PORTICO_PROBE(contract, "IM-011", &filter, "A filter descriptor lies outside memory.");
        return false;
    }
    if (!is_array(filter, filter.Pins, filter.PinSize, sizeof(PCPIN_DESCRIPTOR), filter.PinCount) ||
        !is_array(filter, filter.Nodes, filter.NodeSize, sizeof(PCNODE_DESCRIPTOR), filter.NodeCount) ||
        !is_array(filter, filter.Connections, sizeof(PCCONNECTION_DESCRIPTOR),
                  sizeof(PCCONNECTION_DESCRIPTOR), filter.ConnectionCount) ||
        !is_table(filter.AutomationTable)) {
        return false;
    }
    if (filter.Categories != nullptr && !is_there(filter.Categories, filter.CategoryCount * sizeof(GUID))) {
        PORTICO_PROBE(contract, "FD-005", &filter, "A filter descriptor's categories lie outside memory.");
        return false;
    }
    for (ULONG i = 0; i < filter.PinCount; ++i) {
        if (!is_pin(ks::pin_at(filter, i))) return false;
    }
    for (ULONG i = 0; i < filter.NodeCount; ++i) {
        if (!is_node(node_at(filter, i))) return false;
    }
    return true;
}

// ---- what is wrong and can be used ----

bool exceeds(ULONG count, ULONG limit) {
    return limit != KSINSTANCE_INDETERMINATE && (count == KSINSTANCE_INDETERMINATE || count > limit);
}

void check_pin(const PCPIN_DESCRIPTOR& pin) {
    const bool is_bridge = pin.MaxGlobalInstanceCount == 0 && pin.MaxFilterInstanceCount == 0;
    const KSPIN_COMMUNICATION communication = pin.KsPinDescriptor.Communication;
    if (is_bridge && (pin.AutomationTable != nullptr || (communication != KSPIN_COMMUNICATION_NONE &&
                                                         communication != KSPIN_COMMUNICATION_BRIDGE))) {
        PORTICO_PROBE(contract, "FD-012", &pin,
                      "A pin that cannot be opened has an automation table, or says that it takes requests.");
    }
    if (exceeds(pin.MaxFilterInstanceCount, pin.MaxGlobalInstanceCount) ||
        exceeds(pin.MinFilterInstanceCount, pin.MaxFilterInstanceCount)) {
        PORTICO_PROBE(contract, "FD-013", &pin,
                      "A pin's instance counts contradict each other: Min <= MaxFilter <= MaxGlobal.");
    }
}

void check_node(const PCNODE_DESCRIPTOR& node) {
    if (node.Flags == 0 && node.Type != nullptr) return;
    PORTICO_PROBE(contract, "FD-021", &node, "A node has flags, or no type.");
}

// An end of a connection: any node, or a pin that data pass in that direction.
bool is_end(const PCFILTER_DESCRIPTOR& filter, ULONG node, ULONG pin, KSPIN_DATAFLOW flow) {
    if (node != PCFILTER_NODE) return node < filter.NodeCount;
    return pin < filter.PinCount && ks::pin_at(filter, pin).KsPinDescriptor.DataFlow == flow;
}

void check_connection(const PCFILTER_DESCRIPTOR& filter, const PCCONNECTION_DESCRIPTOR& connection) {
    if (is_end(filter, connection.FromNode, connection.FromNodePin, KSPIN_DATAFLOW_IN) &&
        is_end(filter, connection.ToNode, connection.ToNodePin, KSPIN_DATAFLOW_OUT)) {
        return;
    }
    PORTICO_PROBE(contract, "FD-031", &connection,
                  "A connection names a pin or node that there is not, or a pin of the other direction.");
}

}  // namespace

bool check_filter_descriptor(const PCFILTER_DESCRIPTOR& filter) {
    if (!is_walkable(filter)) return false;
    if (filter.Version != 0) {
        PORTICO_PROBE(contract, "FD-002", &filter, "A filter descriptor's Version is not 0.");
    }
    for (ULONG i = 0; i < filter.PinCount; ++i) check_pin(ks::pin_at(filter, i));
    for (ULONG i = 0; i < filter.NodeCount; ++i) check_node(node_at(filter, i));
    for (ULONG i = 0; i < filter.ConnectionCount; ++i) check_connection(filter, filter.Connections[i]);
    return true;
}

}  // namespace portico::portcls
