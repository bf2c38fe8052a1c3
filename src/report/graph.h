// The filters of a machine as a client sees them: the answers to its property requests, before anything is
// made of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wdm.h"
#include "ks.h"

namespace portico::report {

struct GraphRange {
    KSDATARANGE range{};
    std::vector<std::uint8_t> rest;  // what follows the KSDATARANGE within its FormatSize
};

// The other end of a physical connection.
struct GraphWire {
    std::string filter;  // reference string; empty: no filter of this machine
    std::string link;    // its symbolic link
    ULONG pin = 0;
};

struct GraphPin {
    ULONG id = 0;
    ULONG data_flow = 0;      // KSPIN_DATAFLOW; 0: not told
    ULONG communication = 0;  // KSPIN_COMMUNICATION
    std::optional<GUID> category;
    std::string name;
    std::vector<GraphRange> ranges;
    KSPIN_CINSTANCES filter_instances{};
    KSPIN_CINSTANCES global_instances{};
    ULONG necessary_instances = 0;
    std::optional<GraphWire> wire;
};

struct GraphProperty {
    GUID set{};
    ULONG id = 0;
    ULONG access = 0;  // KSPROPERTY_TYPE_GET, _SET, _BASICSUPPORT
};

struct GraphNode {
    ULONG id = 0;
    GUID type{};
    std::string name;
    std::vector<GraphProperty> properties;
};

// A request that every filter should answer, and what it ended with.
struct GraphFailure {
    std::string request;  // "KSPROPERTY_PIN_DATARANGES of pin 2"
    NTSTATUS status = 0;
};

struct GraphFilter {
    std::string name;  // reference string
    std::string link;  // symbolic link of its first interface
    std::vector<GUID> interfaces;
    std::vector<GUID> categories;
    std::vector<GraphPin> pins;
    std::vector<GraphNode> nodes;
    std::vector<KSTOPOLOGY_CONNECTION> connections;
    std::vector<GraphProperty> properties;
    std::vector<GraphFailure> failures;
};

struct Graph {
    std::string driver;
    std::vector<GraphFilter> filters;
};

// For people; `colour`: with a terminal's escape sequences.
std::string graph_text(const Graph& graph, bool colour);
// For programs (docs/inspect.md).
std::string graph_json(const Graph& graph);
// For graphviz.
std::string graph_dot(const Graph& graph);

}  // namespace portico::report
