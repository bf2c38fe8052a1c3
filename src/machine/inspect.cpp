#include "machine/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "ksmedia.h"
#include "machine/filter_client.h"
#include "machine/media_categories.h"
#include "machine/run.h"
#include "nt/io/interfaces.h"
#include "report/graph_words.h"

namespace portico::machine {
namespace {

using report::Graph;
using report::GraphFilter;
using report::GraphNode;
using report::GraphPin;
using report::GraphRange;

// Ids of a set that is not known by its names, which are asked for.
constexpr ULONG unknown_ids = 64;
constexpr std::size_t item_limit = 1024;

std::string text_of(const Answer& answer) {
    std::u16string text(answer.bytes.size() / sizeof(char16_t), u'\0');
    std::memcpy(text.data(), answer.bytes.data(), text.size() * sizeof(char16_t));
    text.resize(std::min(text.size(), text.find(u'\0')));
    return narrow(text);
}

// One filter, asked by one client.
class Questioner {
  public:
    Questioner(Machine::State& machine, GraphFilter& filter)
        : client_(machine, widen(filter.link)), filter_(filter) {}

    void ask() {
        if (!NT_SUCCESS(client_.status())) {
            filter_.failures.push_back({"opening the filter", client_.status()});
            return;
        }
        filter_.categories = guids(client_.get(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CATEGORIES),
                                   "KSPROPERTY_TOPOLOGY_CATEGORIES");
        filter_.properties = properties(KSFILTER_NODE);
        ask_pins();
        ask_nodes();
        ask_connections();
    }

  private:
    // False: told among the failures.
    bool answered(const Answer& answer, std::string request) {
        if (answer.ok()) return true;
        filter_.failures.push_back({std::move(request), answer.status});
        return false;
    }

    // The items behind a KSMULTIPLE_ITEM.
    template <class T>
    std::vector<T> items(const Answer& answer, const char* request) {
        std::vector<T> out;
        if (!answered(answer, request)) return out;
        const std::size_t room =
            (answer.bytes.size() - std::min(answer.bytes.size(), sizeof(KSMULTIPLE_ITEM))) / sizeof(T);
        const std::size_t count =
            std::min<std::size_t>({answer.at<KSMULTIPLE_ITEM>().Count, room, item_limit});
        for (std::size_t i = 0; i < count; ++i)
            out.push_back(answer.at<T>(sizeof(KSMULTIPLE_ITEM) + i * sizeof(T)));
        return out;
    }
    std::vector<GUID> guids(const Answer& answer, const char* request) {
        return items<GUID>(answer, request);
    }

    void ask_pins() {
        const Answer count = client_.get(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES);
        if (!answered(count, "KSPROPERTY_PIN_CTYPES")) return;
        const ULONG pins = std::min<ULONG>(count.at<ULONG>(), item_limit);
        for (ULONG pin = 0; pin < pins; ++pin) ask_pin(pin);
    }

    Answer of_pin(ULONG id, ULONG pin, bool must = true) {
        Answer answer = client_.get_of_pin(id, pin);
        if (must)
            answered(answer, fmt::format("{} of pin {}", report::property_name(KSPROPSETID_Pin, id), pin));
        return answer;
    }

    void ask_pin(ULONG id) {
        GraphPin pin;
        pin.id = id;
        pin.data_flow = of_pin(KSPROPERTY_PIN_DATAFLOW, id).at<ULONG>();
        pin.communication = of_pin(KSPROPERTY_PIN_COMMUNICATION, id).at<ULONG>();
        pin.ranges = ranges_of(of_pin(KSPROPERTY_PIN_DATARANGES, id));
        pin.filter_instances = of_pin(KSPROPERTY_PIN_CINSTANCES, id).at<KSPIN_CINSTANCES>();
        pin.global_instances = of_pin(KSPROPERTY_PIN_GLOBALCINSTANCES, id).at<KSPIN_CINSTANCES>();
        pin.necessary_instances = of_pin(KSPROPERTY_PIN_NECESSARYINSTANCES, id).at<ULONG>();
        // A pin need not have these.
        const Answer category = of_pin(KSPROPERTY_PIN_CATEGORY, id, false);
        if (category.ok()) pin.category = category.at<GUID>();
        const Answer name = of_pin(KSPROPERTY_PIN_NAME, id, false);
        if (name.ok()) pin.name = text_of(name);
        const Answer wire = of_pin(KSPROPERTY_PIN_PHYSICALCONNECTION, id, false);
        if (wire.ok()) pin.wire = wire_of(wire);
        filter_.pins.push_back(std::move(pin));
    }

    // KSMULTIPLE_ITEM and ranges, each beginning at a multiple of 8 (PR-002).
    static std::vector<GraphRange> ranges_of(const Answer& answer) {
        std::vector<GraphRange> out;
        std::size_t at = sizeof(KSMULTIPLE_ITEM);
        const std::size_t count = std::min<std::size_t>(answer.at<KSMULTIPLE_ITEM>().Count, item_limit);
        while (out.size() < count && at + sizeof(KSDATARANGE) <= answer.bytes.size()) {
            GraphRange range;
            range.range = answer.at<KSDATARANGE>(at);
            const std::size_t end = std::min<std::size_t>(at + range.range.FormatSize, answer.bytes.size());
            for (std::size_t i = at + sizeof(KSDATARANGE); i < end; ++i)
                range.rest.push_back(answer.bytes[i]);
            at += (std::max<std::size_t>(range.range.FormatSize, sizeof(KSDATARANGE)) + 7) & ~std::size_t{7};
            out.push_back(std::move(range));
        }
        return out;
    }

    static report::GraphWire wire_of(const Answer& answer) {
        constexpr std::size_t name_at = offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName);
        report::GraphWire wire;
        wire.pin = answer.at<ULONG>(offsetof(KSPIN_PHYSICALCONNECTION, Pin));
        Answer name;
        if (answer.bytes.size() > name_at)
            name.bytes.assign(answer.bytes.begin() + name_at, answer.bytes.end());
        wire.link = text_of(name);
        return wire;
    }

    void ask_nodes() {
        const std::vector<GUID> types =
            guids(client_.get(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NODES), "KSPROPERTY_TOPOLOGY_NODES");
        for (ULONG id = 0; id < types.size(); ++id) {
            GraphNode node;
            node.id = id;
            node.type = types[id];
            const NodeInstance instance{id};
            const Answer name = client_.get(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME,
                                            bytes_of(instance), KSPROPERTY_TYPE_TOPOLOGY);
            if (name.ok()) node.name = text_of(name);
            node.properties = properties(id);
            filter_.nodes.push_back(std::move(node));
        }
    }

    void ask_connections() {
        filter_.connections =
            items<KSTOPOLOGY_CONNECTION>(client_.get(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_CONNECTIONS),
                                         "KSPROPERTY_TOPOLOGY_CONNECTIONS");
    }

    // Of the filter or a node: known sets by their names, other sets of the filter's list by number.
    std::vector<report::GraphProperty> properties(ULONG node) {
        std::vector<report::GraphProperty> out;
        for (const report::KnownPropertySet& set : report::known_property_sets()) {
            for (ULONG id = 0; id < set.ids.size(); ++id) {
                if (set.ids[id] != nullptr) add_property(out, set.set, id, node);
            }
        }
        if (node != KSFILTER_NODE) return out;
        for (const GUID& set : unknown_sets()) {
            for (ULONG id = 0; id < unknown_ids; ++id) add_property(out, set, id, node);
        }
        return out;
    }

    // What the filter answers, it answers whatever node a request names.
    bool is_filters(const GUID& set, ULONG id) const {
        return std::any_of(filter_.properties.begin(), filter_.properties.end(),
                           [&](const auto& p) { return p.id == id && IsEqualGUID(p.set, set); });
    }

    void add_property(std::vector<report::GraphProperty>& out, const GUID& set, ULONG id, ULONG node) {
        if (node != KSFILTER_NODE && is_filters(set, id)) return;
        if (const auto access = client_.access(set, id, node)) out.push_back({set, id, *access});
    }

    // The sets that the filter lists when it is asked for the support of no set in particular.
    std::vector<GUID> unknown_sets() {
        std::vector<GUID> out;
        Answer list = client_.request(GUID_NULL, 0, KSPROPERTY_TYPE_SETSUPPORT, {}, 0);
        if (list.bytes.empty()) return out;
        list = client_.request(GUID_NULL, 0, KSPROPERTY_TYPE_SETSUPPORT, {}, list.bytes.size());
        for (std::size_t at = 0;
             list.ok() && at + sizeof(GUID) <= list.bytes.size() && out.size() < item_limit;
             at += sizeof(GUID)) {
            const GUID set = list.at<GUID>(at);
            const auto known = report::known_property_sets();
            if (std::none_of(known.begin(), known.end(),
                             [&](const auto& k) { return IsEqualGUID(k.set, set); }))
                out.push_back(set);
        }
        return out;
    }

    FilterClient client_;
    GraphFilter& filter_;
};

// What all interfaces of a filter have in common: their links without the class, "ROOT#MEDIA#0000#\\Uart".
// Kernel and user mode begin a link with four characters each, "\\??\\" and "\\\\?\\".
std::string filter_of(std::string link) {
    const std::size_t begin = link.find("#{");
    const std::size_t end = link.find('}');
    if (begin != std::string::npos && end != std::string::npos && begin < end)
        link.erase(begin, end + 1 - begin);
    return link.substr(std::min<std::size_t>(4, link.size()));
}

// The filters that clients see, with the classes of their interfaces. A second one of a name is told from the
// first.
std::vector<GraphFilter> visible_filters() {
    std::vector<GraphFilter> filters;
    for (unsigned i = 0;; ++i) {
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(i, nullptr);
        if (entry == nullptr) return filters;
        const std::string name = narrow(entry->reference);
        const std::string link = narrow(entry->link);
        if (name.empty()) continue;
        auto filter = std::find_if(filters.begin(), filters.end(),
                                   [&](const auto& f) { return filter_of(f.link) == filter_of(link); });
        if (filter == filters.end()) {
            const auto same = std::count_if(filters.begin(), filters.end(), [&](const auto& f) {
                return f.name == name || f.name.starts_with(name + " #");
            });
            filters.emplace_back();
            filter = filters.end() - 1;
            filter->name = same == 0 ? name : fmt::format("{} #{}", name, same + 1);
            filter->link = link;
        }
        filter->interfaces.push_back(entry->class_guid);
    }
}

void name_ends_of_wires(Graph& graph) {
    for (GraphFilter& filter : graph.filters) {
        for (GraphPin& pin : filter.pins) {
            if (!pin.wire) continue;
            for (const GraphFilter& other : graph.filters) {
                if (filter_of(other.link) == filter_of(pin.wire->link)) pin.wire->filter = other.name;
            }
        }
    }
}

}  // namespace

report::Graph inspect(Machine& machine) {
    Graph graph;
    graph.driver = machine.driver_path();
    graph.filters = visible_filters();
    for (GraphFilter& filter : graph.filters) Questioner(machine.state(), filter).ask();
    name_ends_of_wires(graph);
    return graph;
}

Result<Inspection> inspect(const MachineConfig& config) {
    Machine machine = PORTICO_TRY(Machine::create(config));
    fill_media_categories();
    if (const Status status = machine.start(); !status.ok()) return driver_error(machine, status);
    Inspection inspection;
    inspection.graph = inspect(machine);
    if (machine.bug_checked()) return driver_error(machine, {});
    inspection.findings = machine.findings();
    return inspection;
}

}  // namespace portico::machine
