#include "portcls/filter_properties.h"

#include <cstring>
#include <iterator>

#include "portcls/automation.h"
#include "portcls/automation_table.h"
#include "portcls/filter_port.h"
#include "portcls/pin_names.h"

namespace portico::portcls {
namespace {

const PCFILTER_DESCRIPTOR& filter_of(void* target) {
    return *static_cast<const PropertyTarget*>(target)->port.core().descriptor();
}

NTSTATUS get_categories(void* target, ks::PropertyRequest& request) {
    const PCFILTER_DESCRIPTOR& filter = filter_of(target);
    return ks::answer_items(request, filter.Categories,
                            filter.Categories == nullptr ? 0 : filter.CategoryCount, sizeof(GUID));
}

NTSTATUS get_nodes(void* target, ks::PropertyRequest& request) {
    const PCFILTER_DESCRIPTOR& filter = filter_of(target);
    const ULONG count = filter.NodeCount;
    const KSMULTIPLE_ITEM header{ULONG{sizeof header} + count * ULONG{sizeof(GUID)}, count};
    void* list = nullptr;
    const NTSTATUS status = ks::begin_list(request, header.Size, &list);
    if (list == nullptr) return status;
    std::memcpy(list, &header, sizeof header);
    auto* const types = reinterpret_cast<GUID*>(static_cast<char*>(list) + sizeof header);
    for (ULONG node = 0; node < count; ++node) {
        const GUID* const type = node_at(filter, node).Type;
        types[node] = type == nullptr ? GUID{} : *type;
    }
    return status;
}

NTSTATUS get_connections(void* target, ks::PropertyRequest& request) {
    const PCFILTER_DESCRIPTOR& filter = filter_of(target);
    return ks::answer_items(request, filter.Connections,
                            filter.Connections == nullptr ? 0 : filter.ConnectionCount,
                            sizeof(KSTOPOLOGY_CONNECTION));
}

// FD-020: without a name the node's type names it.
NTSTATUS get_node_name(void* target, ks::PropertyRequest& request) {
    const PCFILTER_DESCRIPTOR& filter = filter_of(target);
    ULONG node;
    std::memcpy(&node, request.instance, sizeof node);
    if (node >= filter.NodeCount) return STATUS_INVALID_PARAMETER;
    const PCNODE_DESCRIPTOR& descriptor = node_at(filter, node);
    return answer_name(request, {descriptor.Name, descriptor.Type});
}

constexpr ULONG node_instance = sizeof(KSP_NODE) - sizeof(KSPROPERTY);
constexpr ULONG get_only = KSPROPERTY_TYPE_GET;

const GUID topology = KSPROPSETID_Topology;
const ks::PropertyItem topology_items[] = {
    {KSPROPERTY_TOPOLOGY_CATEGORIES, get_only, 0, get_categories, nullptr},
    {KSPROPERTY_TOPOLOGY_NODES, get_only, 0, get_nodes, nullptr},
    {KSPROPERTY_TOPOLOGY_CONNECTIONS, get_only, 0, get_connections, nullptr},
    {KSPROPERTY_TOPOLOGY_NAME, get_only, 0, get_node_name, nullptr, node_instance, VT_LPWSTR},
};

}  // namespace

std::span<const ks::PropertySet> filter_property_sets() {
    static const ks::PropertySet sets[] = {pin_property_set,
                                           {&topology, topology_items, std::size(topology_items)}};
    return sets;
}

}  // namespace portico::portcls
