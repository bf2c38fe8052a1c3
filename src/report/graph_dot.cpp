// The filters as a picture for graphviz: filters are boxes, read from left to right; what can be opened is
// filled, what is wired has a dashed edge.
#include <fmt/format.h>

#include <algorithm>

#include "report/graph_words.h"
#include "report/svg.h"

namespace portico::report {
namespace {

constexpr const char* head =
    "digraph filters {\n"
    "  graph [rankdir=LR, nodesep=0.22, ranksep=0.55, fontname=\"Helvetica\", bgcolor=white, compound=true,\n"
    "         pad=0.25]\n"
    "  node [fontname=\"Helvetica\", fontsize=10, shape=box, margin=\"0.12,0.06\", height=0.3]\n"
    "  edge [fontname=\"Helvetica\", fontsize=8, arrowsize=0.6, labeldistance=1.7, labelangle=35,\n        "
    "color=\"#5c6370\", fontcolor=\"#5c6370\"]\n";

// Labels are graphviz' HTML: a title in bold, what it is called, small print.
std::string bold(std::string_view text) {
    return fmt::format("<b>{}</b>", escaped(text));
}
std::string line(std::string_view text) {
    return "<br/>" + escaped(text);
}
std::string small(std::string_view text) {
    return fmt::format("<br/><font point-size=\"8\" color=\"#5c6370\">{}</font>", escaped(text));
}

// Without what a range's format leaves open or adds to it.
std::string short_range(const GraphRange& range) {
    std::string text = range_text(range);
    text.erase(std::min(text.find(':'), text.size()));
    if (text.ends_with("/NONE")) text.erase(text.size() - 5);
    return text;
}

std::string pin_style(const GraphPin& pin) {
    const bool stream = pin.global_instances.PossibleCount != 0;
    const bool in = pin.data_flow == KSPIN_DATAFLOW_IN;
    if (!stream) return "style=\"rounded,filled,dashed\", fillcolor=\"#f4f5f7\", color=\"#7b8494\"";
    return in ? "style=\"rounded,filled\", fillcolor=\"#cfe8ff\", color=\"#2f6fab\""
              : "style=\"rounded,filled\", fillcolor=\"#ffe2c2\", color=\"#b5651d\"";
}

std::string pin_label(const GraphPin& pin) {
    std::string label = bold(fmt::format("pin {} {}", pin.id, data_flow_word(pin.data_flow)));
    if (const std::string title = pin_title(pin); !title.empty()) label += line(title);
    std::string print = pin.ranges.empty() ? "no range" : short_range(pin.ranges.front());
    if (pin.ranges.size() > 1) print += fmt::format(" and {} more", pin.ranges.size() - 1);
    label += small(print);
    if (pin.global_instances.PossibleCount != 0)
        label += small(instances_text(pin.global_instances) + " open");
    return label;
}

std::string node_label(const GraphNode& node) {
    const std::string name = own_name(node);
    return bold(guid_name(node.type, "KSNODETYPE_")) + (name.empty() ? "" : line(name)) +
           small(fmt::format("node {}", node.id));
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
        "  subgraph cluster_{} {{\n    label=<{}>\n    labeljust=l\n    fontsize=13\n    "
        "style=\"rounded,filled\"\n    color=\"#b8bfca\"\n    fillcolor=\"#fbfcfd\"\n    margin=14\n",
        index, bold(filter.name));
    for (const GraphPin& pin : filter.pins)
        out += fmt::format("    f{}p{} [label=<{}>, {}]\n", index, pin.id, pin_label(pin), pin_style(pin));
    for (const GraphNode& node : filter.nodes) {
        out += fmt::format("    f{}n{} [label=<{}>, style=filled, fillcolor=white, color=\"#5c6370\"]\n",
                           index, node.id, node_label(node));
    }
    for (const KSTOPOLOGY_CONNECTION& c : filter.connections) {
        const bool numbered = c.ToNode != KSFILTER_NODE && inputs_of(filter, c.ToNode) > 1;
        out += fmt::format("    {} -> {}{}\n", end_id(index, c.FromNode, c.FromNodePin),
                           end_id(index, c.ToNode, c.ToNodePin),
                           numbered ? fmt::format(" [headlabel=\"{}\"]", c.ToNodePin) : "");
    }
    return out + "  }\n";
}

constexpr const char* wire_style = "style=dashed, color=\"#2b8a57\", penwidth=1.8, arrowsize=0.8, minlen=2";

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
            out += fmt::format("  {} [label=<{}{}>, shape=note, color=\"#2b8a57\"]\n", there,
                               escaped(pin.wire->link), small(fmt::format("pin {}", pin.wire->pin)));
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
