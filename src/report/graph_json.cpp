#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/graph_words.h"
#include "report/status_name.h"

namespace portico::report {
namespace {

using nlohmann::json;

json json_of(const std::vector<GUID>& guids, std::string_view prefix) {
    json array = json::array();
    for (const GUID& guid : guids) array.push_back(guid_name(guid, prefix));
    return array;
}

json json_of(const std::vector<GraphProperty>& properties) {
    json array = json::array();
    for (const GraphProperty& property : properties) {
        json access = json::array();
        if ((property.access & KSPROPERTY_TYPE_GET) != 0) access.push_back("get");
        if ((property.access & KSPROPERTY_TYPE_SET) != 0) access.push_back("set");
        array.push_back({{"name", property_name(property.set, property.id)},
                         {"set", guid_text(property.set)},
                         {"id", property.id},
                         {"access", access}});
    }
    return array;
}

json json_of(const KSPIN_CINSTANCES& instances) {
    json object{{"current", instances.CurrentCount}};
    object["possible"] =
        instances.PossibleCount == KSINSTANCE_INDETERMINATE ? json(nullptr) : json(instances.PossibleCount);
    return object;
}

json json_of(const GraphPin& pin) {
    json object{{"id", pin.id},
                {"data_flow", data_flow_word(pin.data_flow)},
                {"communication", communication_word(pin.communication)},
                {"name", pin.name},
                {"filter_instances", json_of(pin.filter_instances)},
                {"global_instances", json_of(pin.global_instances)},
                {"necessary_instances", pin.necessary_instances},
                {"data_ranges", json::array()}};
    object["category"] = pin.category ? json(guid_name(*pin.category, "KSCATEGORY_")) : json(nullptr);
    for (const GraphRange& range : pin.ranges) object["data_ranges"].push_back(range_text(range));
    object["physical_connection"] = nullptr;
    if (pin.wire) {
        object["physical_connection"] = {{"symbolic_link", pin.wire->link}, {"pin", pin.wire->pin}};
        object["physical_connection"]["filter"] =
            pin.wire->filter.empty() ? json(nullptr) : json(pin.wire->filter);
    }
    return object;
}

json end_of(ULONG node, ULONG pin) {
    if (node == KSFILTER_NODE) return {{"pin", pin}};
    return {{"node", node}, {"node_pin", pin}};
}

json json_of(const GraphFilter& filter) {
    json object{{"name", filter.name},
                {"symbolic_link", filter.link},
                {"interfaces", json_of(filter.interfaces, "KSCATEGORY_")},
                {"categories", json_of(filter.categories, "KSCATEGORY_")},
                {"pins", json::array()},
                {"nodes", json::array()},
                {"connections", json::array()},
                {"properties", json_of(filter.properties)},
                {"failures", json::array()}};
    for (const GraphPin& pin : filter.pins) object["pins"].push_back(json_of(pin));
    for (const GraphNode& node : filter.nodes) {
        object["nodes"].push_back({{"id", node.id},
                                   {"type", guid_name(node.type, "KSNODETYPE_")},
                                   {"name", node.name},
                                   {"properties", json_of(node.properties)}});
    }
    for (const KSTOPOLOGY_CONNECTION& c : filter.connections)
        object["connections"].push_back(
            {{"from", end_of(c.FromNode, c.FromNodePin)}, {"to", end_of(c.ToNode, c.ToNodePin)}});
    for (const GraphFailure& failure : filter.failures) {
        object["failures"].push_back(
            {{"request", failure.request},
             {"status", fmt::format("0x{:08X}", static_cast<std::uint32_t>(failure.status))}});
    }
    return object;
}

}  // namespace

// What is not UTF-8 is replaced: names come from the driver.
std::string graph_json(const Graph& graph) {
    json object{{"driver", graph.driver}, {"filters", json::array()}};
    for (const GraphFilter& filter : graph.filters) object["filters"].push_back(json_of(filter));
    return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace portico::report
