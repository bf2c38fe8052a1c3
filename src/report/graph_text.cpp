#include <fmt/format.h>

#include <algorithm>

#include "report/graph_words.h"
#include "report/status_name.h"

namespace portico::report {
namespace {

struct Ink {
    const char* head;
    const char* dim;
    const char* bad;
    const char* off;
};

Ink ink(bool colour) {
    if (!colour) return {"", "", "", ""};
    return {"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"};
}

std::string names_of(const std::vector<GUID>& guids, std::string_view prefix) {
    std::string text;
    for (const GUID& guid : guids) text += (text.empty() ? "" : ", ") + guid_name(guid, prefix);
    return text.empty() ? "none" : text;
}

// Rows of cells, each column as wide as its widest cell; the last is not padded.
class Table {
  public:
    explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    std::string text(const Ink& colours) const {
        std::vector<std::size_t> widths(rows_.front().size());
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
        }
        std::string out;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t i = 0; i < row.size(); ++i)
                line += fmt::format("  {:<{}}", row[i], i + 1 == row.size() ? 0 : widths[i]);
            line.erase(line.find_last_not_of(' ') + 1);
            const bool first = &row == &rows_.front();
            out += fmt::format("  {}{}{}\n", first ? colours.dim : "", line, first ? colours.off : "");
        }
        return out;
    }

  private:
    std::vector<std::vector<std::string>> rows_;
};

std::string wire_text(const GraphPin& pin) {
    if (!pin.wire) return {};
    const std::string end = pin.wire->filter.empty() ? plain(pin.wire->link) : plain(pin.wire->filter);
    return fmt::format("{} {} pin {}", pin.data_flow == KSPIN_DATAFLOW_IN ? "<-" : "->", end, pin.wire->pin);
}

std::string pins_text(const GraphFilter& filter, const Ink& colours) {
    Table table({"pin", "flow", "communication", "open", "name", "data ranges", "wired to"});
    for (const GraphPin& pin : filter.pins) {
        const std::string first = pin.ranges.empty() ? "none" : range_text(pin.ranges.front());
        table.add({fmt::format("{:>3}", pin.id), std::string(data_flow_word(pin.data_flow)),
                   std::string(communication_word(pin.communication)), instances_text(pin.global_instances),
                   pin_title(pin), first, wire_text(pin)});
        for (std::size_t i = 1; i < pin.ranges.size(); ++i)
            table.add({"", "", "", "", "", range_text(pin.ranges[i]), ""});
    }
    return table.text(colours);
}

std::string nodes_text(const GraphFilter& filter, const Ink& colours) {
    if (filter.nodes.empty()) return {};
    Table table({"node", "type", "name", "properties"});
    for (const GraphNode& node : filter.nodes) {
        std::string properties;
        for (const GraphProperty& property : node.properties) {
            properties +=
                fmt::format("{}{} ({})", properties.empty() ? "" : ", ",
                            property_name(property.set, property.id), access_words(property.access));
        }
        table.add({fmt::format("{:>4}", node.id), guid_name(node.type, "KSNODETYPE_"), plain(node.name),
                   properties});
    }
    return "\n" + table.text(colours);
}

std::string end_text(const GraphFilter& filter, ULONG node, ULONG pin, bool from) {
    if (node == KSFILTER_NODE) return fmt::format("pin {}", pin);
    const std::string type =
        node < filter.nodes.size() ? guid_name(filter.nodes[node].type, "KSNODETYPE_") : "?";
    return fmt::format("node {} {} {} {}", node, type, from ? "output" : "input", pin);
}

std::string connections_text(const GraphFilter& filter, const Ink& colours) {
    if (filter.connections.empty()) return {};
    Table table({"connection", ""});
    for (const KSTOPOLOGY_CONNECTION& c : filter.connections) {
        table.add({end_text(filter, c.FromNode, c.FromNodePin, true),
                   "-> " + end_text(filter, c.ToNode, c.ToNodePin, false)});
    }
    return "\n" + table.text(colours);
}

// A set a line: what can be got only is named alone.
std::string properties_text(const GraphFilter& filter, const Ink& colours) {
    constexpr std::size_t width = 104;
    std::string out;
    std::string set, line;
    const auto flush = [&] {
        if (!line.empty()) out += fmt::format("    {}\n", line);
        line.clear();
    };
    for (const GraphProperty& property : filter.properties) {
        const std::string of = guid_name(property.set, "KSPROPSETID_");
        const bool known = property_name(property.set, property.id).starts_with("KSPROPERTY_");
        std::string word =
            known ? short_property_name(property.set, property.id) : fmt::format("{}", property.id);
        if (property.access != KSPROPERTY_TYPE_GET)
            word += fmt::format(" ({})", access_words(property.access));
        if (of != set) {
            flush();
            line = fmt::format("{:<12}", set = of);
        } else if (line.size() + word.size() + 1 > width) {
            flush();
            line = std::string(12, ' ');
        }
        line += (line.ends_with(' ') ? "" : " ") + word;
    }
    flush();
    return out.empty() ? out
                       : fmt::format("\n    {}properties of the filter{}\n{}", colours.dim, colours.off, out);
}

std::string failures_text(const GraphFilter& filter, const Ink& colours) {
    std::string out;
    for (const GraphFailure& failure : filter.failures) {
        const char* const name = status_name(failure.status);
        out += fmt::format(
            "    {}{}: {}{}\n", colours.bad, failure.request,
            *name != 0 ? name : fmt::format("0x{:08X}", static_cast<std::uint32_t>(failure.status)),
            colours.off);
    }
    return out.empty() ? out : fmt::format("\n    {}not answered{}\n{}", colours.dim, colours.off, out);
}

}  // namespace

std::string graph_text(const Graph& graph, bool colour) {
    const Ink colours = ink(colour);
    std::string out;
    for (const GraphFilter& filter : graph.filters) {
        if (!out.empty()) out += "\n";
        out += fmt::format("  {}{}{}\n    interfaces  {}\n    categories  {}\n    opened as   {}\n\n",
                           colours.head, plain(filter.name), colours.off,
                           names_of(filter.interfaces, "KSCATEGORY_"),
                           names_of(filter.categories, "KSCATEGORY_"), plain(filter.link));
        out += pins_text(filter, colours) + nodes_text(filter, colours) + connections_text(filter, colours) +
               properties_text(filter, colours) + failures_text(filter, colours);
    }
    return out.empty() ? "  the driver registered no filter\n" : out;
}

}  // namespace portico::report
