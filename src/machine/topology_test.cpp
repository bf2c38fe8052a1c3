#include "machine/topology_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ksmedia.h"
#include "machine/filter_client.h"
#include "machine/inspect.h"
#include "machine/media_categories.h"
#include "machine/run.h"
#include "report/graph_words.h"

namespace portico::machine {
namespace {

using report::GraphFilter;
using report::GraphNode;
using report::GraphPin;

bool same_set(const report::GraphProperty& property, const GUID& set) {
    return IsEqualGUID(property.set, set);
}

// A property whose value is one LONG or BOOL a channel: it can be read, and what was read can be set again.
bool is_channel_level(const report::GraphProperty& property) {
    if (!same_set(property, KSPROPSETID_Audio)) return false;
    constexpr ULONG ids[] = {KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_AUDIO_MUTE,
                             KSPROPERTY_AUDIO_BASS,        KSPROPERTY_AUDIO_MID,
                             KSPROPERTY_AUDIO_TREBLE,      KSPROPERTY_AUDIO_BASS_BOOST,
                             KSPROPERTY_AUDIO_AGC,         KSPROPERTY_AUDIO_LOUDNESS};
    return std::find(std::begin(ids), std::end(ids), property.id) != std::end(ids);
}

class AccessTest {
  public:
    AccessTest(FilterClient& client, const GraphNode& node, TopologyCheck& check)
        : client_(client), node_(node), check_(check) {}

    void run(const report::GraphProperty& property) {
        name_ = fmt::format("{} of node {}", report::property_name(property.set, property.id), node_.id);
        description(property);
        if (is_channel_level(property)) level(property);
    }

  private:
    void fault(std::string_view text) { check_.faults.push_back(fmt::format("{} {}.", name_, text)); }

    // FD-058: the description's access flags are those of the short answer, and its size is true.
    void description(const report::GraphProperty& property) {
        const NodeInstance instance{node_.id};
        const Answer answer = client_.request(property.set, property.id,
                                              KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_TOPOLOGY,
                                              bytes_of(instance), sizeof(KSPROPERTY_DESCRIPTION));
        if (!answer.ok()) return;  // a handler may answer the short form alone
        const auto told = answer.at<KSPROPERTY_DESCRIPTION>();
        constexpr ULONG both = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
        if (answer.bytes.size() < sizeof told) return fault("answers with half a KSPROPERTY_DESCRIPTION");
        if ((told.AccessFlags & both) != (property.access & both))
            fault("has other access flags in its description than alone");
        if (told.DescriptionSize < sizeof told) fault("has a description that is smaller than its header");
    }

    // The access flags are true: what can be got can be set, when they say so, and not otherwise.
    void level(const report::GraphProperty& property) {
        ChannelInstance instance{};
        instance.node = node_.id;
        const Answer got =
            client_.request(property.set, property.id, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY,
                            bytes_of(instance), sizeof(LONG));
        const bool may_get = (property.access & KSPROPERTY_TYPE_GET) != 0;
        if (may_get && !got.ok()) fault("says that it can be got, but a get fails");
        if (!may_get && got.ok()) fault("says that it cannot be got, but a get succeeds");
        if (!got.ok() || got.bytes.size() < sizeof(LONG)) return;
        const Answer set =
            client_.request(property.set, property.id, KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_TOPOLOGY,
                            bytes_of(instance), sizeof(LONG), got.bytes);
        const bool may_set = (property.access & KSPROPERTY_TYPE_SET) != 0;
        if (may_set && !set.ok()) fault("says that it can be set, but setting what it had fails");
        if (!may_set && set.ok()) fault("says that it cannot be set, but a set succeeds");
    }

    FilterClient& client_;
    const GraphNode& node_;
    TopologyCheck& check_;
    std::string name_;
};

// A stream pin makes a format of each of its own ranges of music: the one that a client would open it with.
void check_formats(FilterClient& client, const GraphPin& pin, TopologyCheck& check) {
    for (const report::GraphRange& range : pin.ranges) {
        if (!IsEqualGUID(range.range.MajorFormat, KSDATAFORMAT_TYPE_MUSIC)) continue;
        const std::size_t size = sizeof range.range + range.rest.size();
        const PinInstance instance{pin.id};
        const KSMULTIPLE_ITEM item{static_cast<ULONG>(sizeof(KSMULTIPLE_ITEM) + size), 1};
        std::vector<std::uint8_t> behind;
        const auto add = [&](std::span<const std::uint8_t> bytes) {
            behind.insert(behind.end(), bytes.begin(), bytes.end());
        };
        add(bytes_of(instance));
        add(bytes_of(item));
        add(bytes_of(range.range));
        add(range.rest);
        const std::string text = fmt::format("A range of pin {} ({})", pin.id, report::range_text(range));
        const Answer answer = client.get(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, behind);
        if (!answer.ok()) {
            check.faults.push_back(
                fmt::format("{} does not intersect with itself: {}.", text, status_name(answer.status)));
            continue;
        }
        const auto format = answer.at<KSDATAFORMAT>();
        if (format.FormatSize != answer.bytes.size() || format.FormatSize < sizeof format)
            check.faults.push_back(fmt::format("{} gives a format whose size is wrong.", text));
        if (!IsEqualGUID(format.MajorFormat, range.range.MajorFormat))
            check.faults.push_back(fmt::format("{} gives a format of another kind.", text));
    }
}

struct Ink {
    const char* passed;
    const char* warned;
    const char* failed;
    const char* off;
};

Ink ink(bool colour) {
    if (!colour) return {"", "", "", ""};
    return {"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[0m"};
}

}  // namespace

std::vector<TopologyCheck> check_filters(Machine& machine, const report::Graph& graph) {
    std::vector<TopologyCheck> checks;
    for (const GraphFilter& filter : graph.filters) {
        std::vector<TopologyCheck> own = check_filter(filter, graph);
        FilterClient client(machine.state(), widen(filter.link));
        own.push_back({filter.name, "formats made of the ranges", "FF-020", {}, {}});
        for (const GraphPin& pin : filter.pins) {
            if (pin.global_instances.PossibleCount != 0) check_formats(client, pin, own.back());
        }
        own.push_back({filter.name, "access flags true", "FD-058", {}, {}});
        for (const GraphNode& node : filter.nodes) {
            AccessTest test(client, node, own.back());
            for (const report::GraphProperty& property : node.properties) test.run(property);
        }
        checks.insert(checks.end(), own.begin(), own.end());
    }
    return checks;
}

Result<TopologyReport> topology_test(const MachineConfig& config) {
    Machine machine = PORTICO_TRY(Machine::create(config));
    fill_media_categories();
    if (const Status status = machine.start(); !status.ok()) return driver_error(machine, status);
    TopologyReport report;
    report.checks = check_filters(machine, inspect(machine));
    if (machine.bug_checked()) return driver_error(machine, {});
    report.findings = machine.findings();
    return report;
}

std::size_t count_of(const std::vector<TopologyCheck>& checks, TopologyCheck::Outcome outcome) {
    return static_cast<std::size_t>(std::count_if(
        checks.begin(), checks.end(), [&](const auto& check) { return check.outcome() == outcome; }));
}

std::string topology_text(const std::vector<TopologyCheck>& checks, bool colour) {
    const Ink colours = ink(colour);
    std::size_t width = 0;
    for (const TopologyCheck& check : checks) width = std::max(width, check.filter.size());
    std::string out;
    for (const TopologyCheck& check : checks) {
        const auto outcome = check.outcome();
        const bool failed = outcome == TopologyCheck::Outcome::failed;
        const bool warned = outcome == TopologyCheck::Outcome::warned;
        out += fmt::format("  {}{}{}  {:<{}}  {:<40} {}\n",
                           failed   ? colours.failed
                           : warned ? colours.warned
                                    : colours.passed,
                           failed   ? "FAILED"
                           : warned ? "warned"
                                    : "passed",
                           colours.off, report::plain(check.filter), width, check.name, check.requirement);
        for (const auto* list : {&check.faults, &check.warnings}) {
            for (const std::string& text : *list) out += fmt::format("            {}\n", report::plain(text));
        }
    }
    const std::size_t failures = count_of(checks, TopologyCheck::Outcome::failed);
    return out + fmt::format("\n  {}{} passed, {} warned, {} failed{}\n",
                             failures == 0 ? colours.passed : colours.failed,
                             count_of(checks, TopologyCheck::Outcome::passed),
                             count_of(checks, TopologyCheck::Outcome::warned), failures, colours.off);
}

std::string topology_json(const std::vector<TopologyCheck>& checks) {
    using nlohmann::json;
    json object{{"passed", count_of(checks, TopologyCheck::Outcome::passed)},
                {"warned", count_of(checks, TopologyCheck::Outcome::warned)},
                {"failed", count_of(checks, TopologyCheck::Outcome::failed)},
                {"checks", json::array()}};
    constexpr const char* words[] = {"passed", "warned", "failed"};
    for (const TopologyCheck& check : checks) {
        object["checks"].push_back({{"filter", check.filter},
                                    {"name", check.name},
                                    {"requirement", check.requirement},
                                    {"outcome", words[static_cast<int>(check.outcome())]},
                                    {"faults", check.faults},
                                    {"warnings", check.warnings}});
    }
    return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace portico::machine
