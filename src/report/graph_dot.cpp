// The filters as a picture for graphviz: filters are boxes, read from left to right; what can be opened is
// filled, what is wired has a dashed edge.
#include <fmt/format.h>

#include <algorithm>

#include "report/graph_words.h"

namespace portico::report {
namespace {

constexpr const char* head =
    "digraph filters {\n"
    "  graph [rankdir=LR, nodesep=0.22, ranksep=0.55, fontname=\"Helvetica\", bgcolor=white, compound=true,\n"
    "         pad=0.25]\n"
    "  node [fontname=\"Helvetica\", fontsize=10, shape=box, margin=\"0.12,0.06\", height=0.3]\n"
    "  edge [fontname=\"Helvetica\", fontsize=8, arrowsize=0.6, color=\"#5c6370\", fontcolor=\"#5c6370\"]\n";

// For a label in quotes.
std::string quoted(std::string_view text) {
    std::string out;
    for (const char c : plain(text)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

// "MASTER_VOLUME" as a person writes it is left as it is; a long range is cut after its format.
std::string short_range(const GraphRange& range) {
    const std::string text = range_text(range);
    return text.substr(0, text.find(':'));
}

std::string pin_style(const GraphPin& pin) {
    const bool stream = pin.global_instances.PossibleCount != 0;
    const bool in = pin.data_flow == KSPIN_DATAFLOW_IN;
    if (!stream) return "style=\"rounded,filled,dashed\", fillcolor=\"#f4f5f7\", color=\"#7b8494\"";
    return in ? "style=\"rounded,filled\", fillcolor=\"#cfe8ff\", color=\"#2f6fab\""
              : "style=\"rounded,filled\", fillcolor=\"#ffe2c2\", color=\"#b5651d\"";
}

std::string pin_label(const GraphPin& pin) {
    std::string label = fmt::format("pin {} {}", pin.id, data_flow_word(pin.data_flow));
    if (const std::string title = pin_title(pin); !title.empty()) label += "\\n" + quoted(title);
    if (!pin.ranges.empty()) label += "\\n" + quoted(short_range(pin.ranges.front()));
    if (pin.ranges.size() > 1) label += fmt::format(" +{}", pin.ranges.size() - 1);
    if (pin.global_instances.PossibleCount != 0)
        label += "\\n" + instances_text(pin.global_instances) + " open";
    return label;
}

unsigned inputs_of(const GraphFilter& filter, ULONG node) {
    return static_cast<unsigned>(std::count_if(filter.connections.begin(), filter.connections.end(),
                                               [&](const auto& c) { return c.ToNode == node; }));
}

std::string end_id(std::size_t filter, ULONG node, ULONG pin) {
    return node == KSFILTER_NODE ? fmt::format("f{}p{}", filter, pin) : fmt::format("f{}n{}", filter, node);
}

std::string filter_dot(const GraphFilter& filter, std::size_t index) {
    std::string out = fmt::format(
        "  subgraph cluster_{} {{\n    label=\"{}\"\n    labeljust=l\n    fontsize=13\n    "
        "style=\"rounded,filled\"\n"
        "    color=\"#b8bfca\"\n    fillcolor=\"#fbfcfd\"\n    margin=14\n",
        index, quoted(filter.name));
    for (const GraphPin& pin : filter.pins)
        out += fmt::format("    f{}p{} [label=\"{}\", {}]\n", index, pin.id, pin_label(pin), pin_style(pin));
    for (const GraphNode& node : filter.nodes) {
        out +=
            fmt::format("    f{}n{} [label=\"{}{}{}\", style=filled, fillcolor=white, color=\"#5c6370\"]\n",
                        index, node.id, quoted(guid_name(node.type, "KSNODETYPE_")),
                        own_name(node).empty() ? "" : "\\n", quoted(own_name(node)));
    }
    for (const KSTOPOLOGY_CONNECTION& c : filter.connections) {
        const bool numbered = c.ToNode != KSFILTER_NODE && inputs_of(filter, c.ToNode) > 1;
        out += fmt::format("    {} -> {}{}\n", end_id(index, c.FromNode, c.FromNodePin),
                           end_id(index, c.ToNode, c.ToNodePin),
                           numbered ? fmt::format(" [headlabel=\"{}  \"]", c.ToNodePin) : "");
    }
    return out + "  }\n";
}

constexpr const char* wire_style = "style=dashed, color=\"#2b8a57\", penwidth=1.8, arrowsize=0.8";

// Told by both ends; drawn once, from the end where data comes out.
std::string wires_dot(const Graph& graph) {
    std::string out;
    for (std::size_t f = 0; f < graph.filters.size(); ++f) {
        for (const GraphPin& pin : graph.filters[f].pins) {
            if (!pin.wire) continue;
            const bool from_here = pin.data_flow == KSPIN_DATAFLOW_OUT;
            const auto other = std::find_if(graph.filters.begin(), graph.filters.end(),
                                            [&](const GraphFilter& g) { return g.name == pin.wire->filter; });
            const std::string here = fmt::format("f{}p{}", f, pin.id);
            if (!pin.wire->filter.empty() && other != graph.filters.end()) {
                if (!from_here) continue;
                out += fmt::format("  {} -> f{}p{} [{}]\n", here, other - graph.filters.begin(),
                                   pin.wire->pin, wire_style);
                continue;
            }
            const std::string there = "outside_" + here;
            out += fmt::format("  {} [label=\"{}\\npin {}\", shape=note, color=\"#2b8a57\"]\n", there,
                               quoted(pin.wire->link), pin.wire->pin);
            out += fmt::format("  {} -> {} [{}]\n", from_here ? here : there, from_here ? there : here,
                               wire_style);
        }
    }
    return out;
}

}  // namespace

std::string graph_dot(const Graph& graph) {
    std::string out = head;
    for (std::size_t i = 0; i < graph.filters.size(); ++i) out += filter_dot(graph.filters[i], i);
    return out + wires_dot(graph) + "}\n";
}

}  // namespace portico::report
