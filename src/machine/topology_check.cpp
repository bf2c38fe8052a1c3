// The checks that need no further request.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ksmedia.h"
#include "machine/topology_test.h"
#include "report/graph_words.h"
#include "report/status_name.h"

namespace portico::machine {
namespace {

using report::GraphFilter;
using report::GraphNode;
using report::GraphPin;

std::string node_text(const GraphFilter& filter, ULONG node) {
    return node < filter.nodes.size()
               ? fmt::format("node {} ({})", node, report::node_title(filter.nodes[node]))
               : fmt::format("node {}", node);
}

bool is_pin(const GraphFilter& filter, ULONG pin) {
    return pin < filter.pins.size();
}

bool is_bridge(const GraphPin& pin) {
    return pin.communication == KSPIN_COMMUNICATION_NONE || pin.communication == KSPIN_COMMUNICATION_BRIDGE;
}

void check_answers(const GraphFilter& filter, TopologyCheck& check) {
    for (const report::GraphFailure& failure : filter.failures) {
        const char* const name = report::status_name(failure.status);
        check.faults.push_back(fmt::format(
            "{} ended with {}.", failure.request,
            *name != 0 ? name : fmt::format("0x{:08X}", static_cast<std::uint32_t>(failure.status))));
    }
    if (filter.pins.empty()) check.faults.push_back("The filter has no pins.");
}

void check_data_flow(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        if (pin.data_flow != KSPIN_DATAFLOW_IN && pin.data_flow != KSPIN_DATAFLOW_OUT)
            check.faults.push_back(
                fmt::format("Pin {} has data flow {}, which is neither IN nor OUT.", pin.id, pin.data_flow));
        if (pin.communication > KSPIN_COMMUNICATION_BRIDGE)
            check.faults.push_back(
                fmt::format("Pin {} has communication {}, which there is not.", pin.id, pin.communication));
    }
}

void check_instances(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        const ULONG own = pin.filter_instances.PossibleCount;
        const ULONG global = pin.global_instances.PossibleCount;
        if (is_bridge(pin) && (own != 0 || global != 0))
            check.faults.push_back(fmt::format("Bridge pin {} says that it can be opened.", pin.id));
        if (!is_bridge(pin) && own == 0 && global == 0)
            check.faults.push_back(
                fmt::format("Pin {} is no bridge pin, yet it can never be opened.", pin.id));
        if (own > global)
            check.faults.push_back(
                fmt::format("Pin {} allows more instances of one filter than of all filters.", pin.id));
        if (pin.necessary_instances > own)
            check.faults.push_back(fmt::format("Pin {} needs more instances than it allows.", pin.id));
    }
}

// A stream's range says what it is of: KSDATARANGE_MUSIC, KSDATARANGE_AUDIO (FF-003).
void check_range(const GraphPin& pin, const report::GraphRange& range, TopologyCheck& check) {
    const std::string text = report::range_text(range);
    if (range.range.FormatSize < sizeof(KSDATARANGE)) {
        check.faults.push_back(fmt::format("A range of pin {} ({}) has FormatSize {}, less than KSDATARANGE.",
                                           pin.id, text, range.range.FormatSize));
        return;
    }
    const bool music = IsEqualGUID(range.range.MajorFormat, KSDATAFORMAT_TYPE_MUSIC);
    const bool audio = IsEqualGUID(range.range.MajorFormat, KSDATAFORMAT_TYPE_AUDIO);
    const std::size_t least = music   ? offsetof(KSDATARANGE_MUSIC, ChannelMask) + sizeof(ULONG)
                              : audio ? offsetof(KSDATARANGE_AUDIO, MaximumSampleFrequency) + sizeof(ULONG)
                                      : 0;
    if (!is_bridge(pin) && range.range.FormatSize < least)
        check.faults.push_back(
            fmt::format("A range of pin {} ({}) is too short for its kind.", pin.id, text));
    if (is_bridge(pin) || !audio || range.range.FormatSize < least) return;
    KSDATARANGE_AUDIO limits{};
    std::memcpy(&limits.MaximumChannels, range.rest.data(), least - sizeof(KSDATARANGE));
    if (limits.MinimumBitsPerSample > limits.MaximumBitsPerSample ||
        limits.MinimumSampleFrequency > limits.MaximumSampleFrequency || limits.MaximumChannels == 0)
        check.faults.push_back(fmt::format("A range of pin {} ({}) is empty.", pin.id, text));
}

void check_ranges(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        if (pin.ranges.empty()) check.faults.push_back(fmt::format("Pin {} has no data range.", pin.id));
        for (const report::GraphRange& range : pin.ranges) check_range(pin, range, check);
    }
}

// FD-016: published miniports break this.
void check_pin_names(const GraphFilter& filter, TopologyCheck& check) {
    for (std::size_t i = 0; i < filter.pins.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const GraphPin& a = filter.pins[j];
            const GraphPin& b = filter.pins[i];
            const bool same = a.category.has_value() == b.category.has_value() &&
                              (!a.category || IsEqualGUID(*a.category, *b.category)) && a.name == b.name;
            if (!same) continue;
            check.warnings.push_back(
                fmt::format("Pins {} and {} have the same category and name.", a.id, b.id));
            break;
        }
    }
}

void check_nodes(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphNode& node : filter.nodes) {
        if (IsEqualGUID(node.type, GUID_NULL))
            check.faults.push_back(fmt::format("Node {} has no type.", node.id));
        for (ULONG other = 0; other < node.id; ++other) {
            const GraphNode& before = filter.nodes[other];
            if (!IsEqualGUID(before.type, node.type) || before.name != node.name) continue;
            check.faults.push_back(
                fmt::format("Nodes {} and {} have the same type, {}, and no names to tell them apart.", other,
                            node.id, report::guid_name(node.type, "KSNODETYPE_")));
            break;
        }
    }
}

void check_connections(const GraphFilter& filter, TopologyCheck& check) {
    for (std::size_t i = 0; i < filter.connections.size(); ++i) {
        const KSTOPOLOGY_CONNECTION& c = filter.connections[i];
        const auto fault = [&](std::string text) {
            check.faults.push_back(fmt::format("Connection {} {}.", i, text));
        };
        const auto end = [&](ULONG node, ULONG pin, ULONG flow, const char* word) {
            if (node != KSFILTER_NODE) {
                if (node >= filter.nodes.size())
                    fault(fmt::format("{} node {}, which there is not", word, node));
            } else if (!is_pin(filter, pin)) {
                fault(fmt::format("{} pin {}, which there is not", word, pin));
            } else if (filter.pins[pin].data_flow != flow) {
                fault(fmt::format("{} pin {}, whose data flow is {}", word, pin,
                                  report::data_flow_word(filter.pins[pin].data_flow)));
            }
        };
        end(c.FromNode, c.FromNodePin, KSPIN_DATAFLOW_IN, "comes from");
        end(c.ToNode, c.ToNodePin, KSPIN_DATAFLOW_OUT, "goes to");
    }
}

// FD-032: an input has one source; a lone output is 0, a lone input 1.
void check_node_pins(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphNode& node : filter.nodes) {
        std::map<ULONG, unsigned> inputs;
        std::set<ULONG> outputs;
        for (const KSTOPOLOGY_CONNECTION& c : filter.connections) {
            if (c.ToNode == node.id) ++inputs[c.ToNodePin];
            if (c.FromNode == node.id) outputs.insert(c.FromNodePin);
        }
        const std::string name = node_text(filter, node.id);
        for (const auto& [pin, sources] : inputs) {
            if (sources > 1)
                check.faults.push_back(fmt::format("Input {} of {} has {} sources.", pin, name, sources));
            if (outputs.contains(pin))
                check.faults.push_back(fmt::format("Pin {} of {} is an input and an output.", pin, name));
        }
        if (inputs.size() == 1 && inputs.begin()->first != KSNODEPIN_STANDARD_IN)
            check.warnings.push_back(
                fmt::format("The only input of {} is {}, usually it is 1.", name, inputs.begin()->first));
        if (outputs.size() == 1 && *outputs.begin() != KSNODEPIN_STANDARD_OUT)
            check.warnings.push_back(
                fmt::format("The only output of {} is {}, usually it is 0.", name, *outputs.begin()));
    }
}

void check_orphan_pins(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        const bool connected = std::any_of(
            filter.connections.begin(), filter.connections.end(), [&](const KSTOPOLOGY_CONNECTION& c) {
                return (c.FromNode == KSFILTER_NODE && c.FromNodePin == pin.id) ||
                       (c.ToNode == KSFILTER_NODE && c.ToNodePin == pin.id);
            });
        if (!connected) check.faults.push_back(fmt::format("Pin {} has no connection.", pin.id));
    }
}

void check_orphan_nodes(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphNode& node : filter.nodes) {
        const auto& all = filter.connections;
        const bool in =
            std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.ToNode == node.id; });
        const bool out =
            std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.FromNode == node.id; });
        const std::string name = node_text(filter, node.id);
        if (!in && !out) {
            check.faults.push_back(fmt::format("Nothing is connected to {}.", name));
        } else if (!in || !out) {
            check.faults.push_back(fmt::format("Nothing {} {}.", in ? "comes out of" : "goes into", name));
        }
    }
}

// Ends reached from a pin along the connections, or against them.
std::set<std::pair<ULONG, ULONG>> reached(const GraphFilter& filter, ULONG pin, bool forward) {
    const auto key = [](ULONG node, ULONG id) { return std::pair(node, node == KSFILTER_NODE ? id : 0); };
    std::set<std::pair<ULONG, ULONG>> seen{key(KSFILTER_NODE, pin)};
    for (bool more = true; more;) {
        more = false;
        for (const KSTOPOLOGY_CONNECTION& c : filter.connections) {
            const auto from = key(c.FromNode, c.FromNodePin);
            const auto to = key(c.ToNode, c.ToNodePin);
            if (seen.contains(forward ? from : to)) more |= seen.insert(forward ? to : from).second;
        }
    }
    return seen;
}

void check_paths(const GraphFilter& filter, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        if (!is_bridge(pin)) continue;
        const bool forward = pin.data_flow == KSPIN_DATAFLOW_IN;
        const auto ends = reached(filter, pin.id, forward);
        const bool arrives = std::any_of(ends.begin(), ends.end(), [&](const auto& end) {
            return end.first == KSFILTER_NODE && end.second != pin.id && is_pin(filter, end.second);
        });
        if (!arrives)
            check.faults.push_back(fmt::format("No path leads {} bridge pin {} {} another pin.",
                                               forward ? "from" : "to", pin.id, forward ? "to" : "from"));
    }
}

// Both ends tell of it, each with the other's pin (FN-062), and data goes from an output to an input.
void check_wires(const GraphFilter& filter, const report::Graph& graph, TopologyCheck& check) {
    for (const GraphPin& pin : filter.pins) {
        if (!pin.wire || pin.wire->filter.empty()) continue;
        const auto other = std::find_if(graph.filters.begin(), graph.filters.end(),
                                        [&](const GraphFilter& f) { return f.name == pin.wire->filter; });
        if (other == graph.filters.end()) continue;
        const std::string end = fmt::format("pin {} of {}", pin.wire->pin, pin.wire->filter);
        if (!is_pin(*other, pin.wire->pin)) {
            check.faults.push_back(fmt::format("Pin {} is wired to {}, which there is not.", pin.id, end));
            continue;
        }
        const GraphPin& there = other->pins[pin.wire->pin];
        if (there.data_flow == pin.data_flow)
            check.faults.push_back(fmt::format("Pin {} is wired to {}, and both have data flow {}.", pin.id,
                                               end, report::data_flow_word(pin.data_flow)));
        if (!there.wire || there.wire->filter != filter.name)
            check.faults.push_back(fmt::format("Pin {} is wired to {}, which says otherwise.", pin.id, end));
    }
}

// VF-022: what KS' documents call required of a node of the type. All of them, or at least one.
struct Required {
    GUID type;
    GUID set;
    std::vector<ULONG> ids;
    bool all;
};

std::vector<Required> required_properties() {
    const GUID audio = KSPROPSETID_Audio;
    return {
        {KSNODETYPE_VOLUME, audio, {KSPROPERTY_AUDIO_VOLUMELEVEL}, true},
        {KSNODETYPE_MUTE, audio, {KSPROPERTY_AUDIO_MUTE}, true},
        {KSNODETYPE_MUX, audio, {KSPROPERTY_AUDIO_MUX_SOURCE}, true},
        {KSNODETYPE_DEMUX, audio, {KSPROPERTY_AUDIO_DEMUX_DEST}, true},
        {KSNODETYPE_AGC, audio, {KSPROPERTY_AUDIO_AGC}, true},
        {KSNODETYPE_STEREO_WIDE, audio, {KSPROPERTY_AUDIO_WIDENESS}, true},
        {KSNODETYPE_SUPERMIX,
         audio,
         {KSPROPERTY_AUDIO_MIX_LEVEL_TABLE, KSPROPERTY_AUDIO_MIX_LEVEL_CAPS},
         true},
        {KSNODETYPE_EQUALIZER,
         audio,
         {KSPROPERTY_AUDIO_EQ_LEVEL, KSPROPERTY_AUDIO_NUM_EQ_BANDS, KSPROPERTY_AUDIO_EQ_BANDS},
         true},
        {KSNODETYPE_TONE,
         audio,
         {KSPROPERTY_AUDIO_BASS, KSPROPERTY_AUDIO_MID, KSPROPERTY_AUDIO_TREBLE, KSPROPERTY_AUDIO_BASS_BOOST},
         false},
        {KSNODETYPE_LOUDNESS, audio, {KSPROPERTY_AUDIO_LOUDNESS, KSPROPERTY_AUDIO_DYNAMIC_RANGE}, false}};
}

bool has(const GraphNode& node, const GUID& set, ULONG id) {
    return std::any_of(node.properties.begin(), node.properties.end(),
                       [&](const auto& p) { return p.id == id && IsEqualGUID(p.set, set); });
}

void check_required(const GraphFilter& filter, TopologyCheck& check) {
    for (const Required& required : required_properties()) {
        for (const GraphNode& node : filter.nodes) {
            if (!IsEqualGUID(node.type, required.type)) continue;
            std::string missing;
            std::size_t found = 0;
            for (const ULONG id : required.ids) {
                if (has(node, required.set, id)) {
                    ++found;
                } else {
                    missing += (missing.empty() ? "" : ", ") + report::property_name(required.set, id);
                }
            }
            if (required.all ? found == required.ids.size() : found != 0) continue;
            const std::string where = node_text(filter, node.id);
            check.faults.push_back(required.all ? fmt::format("Missing on {}: {}.", where, missing)
                                                : fmt::format("None of {} is on {}.", missing, where));
        }
    }
}

}  // namespace

std::vector<TopologyCheck> check_filter(const report::GraphFilter& filter, const report::Graph& graph) {
    std::vector<TopologyCheck> checks;
    const auto make = [&](const char* name, const char* requirement, auto&& run) {
        checks.push_back({filter.name, name, requirement, {}, {}});
        run(filter, checks.back());
    };
    make("requests answered", "PR-001", check_answers);
    make("data flow valid", "FD-017", check_data_flow);
    make("instance counts consistent", "FD-013", check_instances);
    make("data ranges valid", "FF-003", check_ranges);
    make("pins told apart", "FD-016", check_pin_names);
    make("node types valid, nodes told apart", "FD-020", check_nodes);
    make("connections between what is there", "FD-031", check_connections);
    make("node inputs and outputs valid", "FD-032", check_node_pins);
    make("no orphan pins", "VF-022", check_orphan_pins);
    make("no orphan nodes", "VF-022", check_orphan_nodes);
    make("a path from each bridge pin", "VF-022", check_paths);
    make("required properties there", "VF-022", check_required);
    make("physical connections told by both ends", "FN-062",
         [&](const GraphFilter& f, TopologyCheck& check) { check_wires(f, graph, check); });
    return checks;
}

}  // namespace portico::machine
