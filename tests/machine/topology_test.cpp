// What filters look like to a client, and what the topology test makes of them.
#include "machine/topology_test.h"

#include <nlohmann/json.hpp>

#include "machine/inspect.h"
#include "portico/gtest.h"
#include "report/graph_words.h"
#include "support/requires.h"

namespace portico::machine::topology_tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Outcome = TopologyCheck::Outcome;

MachineConfig driver(const char* image) {
    MachineConfig config;
    config.driver = image;
    config.print_findings = false;
    return config;
}

MachineConfig sound_card() {
    MachineConfig config = driver(SOUNDCARD_IMAGE);
    config.devices = {mpu401()};
    return config;
}

std::vector<TopologyCheck> test_of(const MachineConfig& config) {
    auto report = topology_test(config);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
    return report.ok() ? report.value().checks : std::vector<TopologyCheck>();
}

// Names of the checks with that outcome, of the mixer with the fault.
std::vector<std::string> names_of(const std::vector<TopologyCheck>& checks, Outcome outcome) {
    std::vector<std::string> names;
    for (const TopologyCheck& check : checks) {
        if (check.outcome() == outcome) names.push_back(check.name);
    }
    return names;
}

std::vector<TopologyCheck> with_fault(std::uint32_t fault) {
    MachineConfig config = driver(TOPOLOGY_FAULTS_IMAGE);
    config.registry = {{"", "Fault", fault}};
    return test_of(config);
}

std::vector<std::string> failed(std::uint32_t fault) {
    return names_of(with_fault(fault), Outcome::failed);
}

TEST(Inspect, SeesTheFiltersOfASoundCard) {
    const auto seen = inspect(sound_card());
    ASSERT_TRUE(seen.ok()) << seen.error().message;
    EXPECT_THAT(seen.value().findings, IsEmpty());
    const report::Graph& graph = seen.value().graph;
    ASSERT_EQ(graph.filters.size(), 2u);
    const report::GraphFilter& uart = graph.filters[0];
    const report::GraphFilter& mixer = graph.filters[1];
    EXPECT_EQ(uart.name, "Uart");
    EXPECT_EQ(mixer.name, "Topology");
    EXPECT_THAT(uart.failures, IsEmpty());
    EXPECT_THAT(mixer.failures, IsEmpty());
    ASSERT_EQ(uart.pins.size(), 4u);
    REQUIRES("FD-017");
    EXPECT_EQ(uart.pins[0].data_flow, ULONG{KSPIN_DATAFLOW_IN});
    EXPECT_EQ(uart.pins[2].data_flow, ULONG{KSPIN_DATAFLOW_OUT});
    EXPECT_EQ(uart.pins[2].communication, ULONG{KSPIN_COMMUNICATION_SINK});
    EXPECT_EQ(uart.pins[1].communication, ULONG{KSPIN_COMMUNICATION_NONE});
    EXPECT_EQ(uart.pins[0].global_instances.PossibleCount, 1u);
    EXPECT_EQ(report::range_text(uart.pins[0].ranges.at(0)),
              "MUSIC/MIDI/NONE: technology PORT, channel mask 0xffff");
    REQUIRES("FD-020");
    ASSERT_EQ(mixer.nodes.size(), 5u);
    EXPECT_EQ(report::guid_name(mixer.nodes[2].type, "KSNODETYPE_"), "SUM");
    ASSERT_EQ(mixer.nodes[0].properties.size(), 1u);
    EXPECT_EQ(report::property_name(mixer.nodes[0].properties[0].set, mixer.nodes[0].properties[0].id),
              "KSPROPERTY_AUDIO_VOLUMELEVEL");
    EXPECT_EQ(mixer.nodes[0].properties[0].access, ULONG{KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET});
    REQUIRES("FD-030");
    ASSERT_EQ(mixer.connections.size(), 7u);
    EXPECT_EQ(mixer.connections[6].FromNode, 4u);
    EXPECT_EQ(mixer.connections[6].ToNode, KSFILTER_NODE);
    EXPECT_EQ(mixer.connections[6].ToNodePin, 2u);
    REQUIRES("FN-062"), REQUIRES("CX-023");
    ASSERT_TRUE(uart.pins[1].wire.has_value());
    EXPECT_EQ(uart.pins[1].wire->filter, "Topology");
    EXPECT_EQ(uart.pins[1].wire->pin, 0u);
    ASSERT_TRUE(mixer.pins[0].wire.has_value());
    EXPECT_EQ(mixer.pins[0].wire->filter, "Uart");
    EXPECT_EQ(mixer.pins[0].wire->pin, 1u);
    EXPECT_FALSE(mixer.pins[1].wire.has_value());
}

TEST(Inspect, ADriverThatDoesNotStartIsAnError) {
    EXPECT_FALSE(inspect(driver("/nowhere/driver.so")).ok());
    const auto none = inspect(driver(SOUNDCARD_IMAGE));  // without resources
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().exit, ExitCode::findings);
}

TEST(TopologyTest, CorrectDriversPass) {
    REQUIRES("VF-022");
    EXPECT_THAT(names_of(test_of(sound_card()), Outcome::failed), IsEmpty());
    EXPECT_THAT(names_of(test_of(driver(CABLE_IMAGE)), Outcome::failed), IsEmpty());
    EXPECT_THAT(failed(0), IsEmpty());
    EXPECT_THAT(names_of(with_fault(0), Outcome::warned), IsEmpty());
}

TEST(TopologyTest, FindsWhatIsWrong) {
    REQUIRES("VF-022");
    EXPECT_THAT(failed(1), Contains("no orphan pins"));
    EXPECT_THAT(failed(2), Contains("no orphan nodes"));
    EXPECT_THAT(failed(6), Contains("a path from each bridge pin"));
    EXPECT_THAT(failed(7), ElementsAre("required properties there"));
    EXPECT_THAT(failed(8), ElementsAre("access flags true"));
    EXPECT_THAT(failed(9), ElementsAre("data ranges valid"));
    EXPECT_THAT(failed(12), Contains("data flow valid"));
    EXPECT_THAT(failed(13), Contains("data ranges valid"));
    REQUIRES("FD-020");
    EXPECT_THAT(failed(10), ElementsAre("node types valid, nodes told apart"));
    REQUIRES("FD-013"), REQUIRES("FD-012");
    EXPECT_THAT(failed(11), ElementsAre("instance counts consistent"));
    REQUIRES("FD-031");
    EXPECT_THAT(failed(3), Contains("connections between what is there"));
    EXPECT_THAT(failed(4), Contains("connections between what is there"));
    EXPECT_THAT(failed(5), ElementsAre("node inputs and outputs valid"));
}

TEST(TopologyTest, WarnsOfWhatPublishedDriversDo) {
    REQUIRES("FD-016");
    EXPECT_THAT(failed(14), IsEmpty());
    EXPECT_THAT(names_of(with_fault(14), Outcome::warned), ElementsAre("pins told apart"));
    EXPECT_THAT(failed(15), IsEmpty());
    EXPECT_THAT(names_of(with_fault(15), Outcome::warned), ElementsAre("node inputs and outputs valid"));
}

TEST(TopologyTest, SaysWhatItFound) {
    const std::vector<TopologyCheck> checks = with_fault(7);
    const std::string text = topology_text(checks, false);
    EXPECT_THAT(text, HasSubstr("FAILED  Topology  required properties there"));
    EXPECT_THAT(text, HasSubstr("Missing on node 1 (VOLUME Line Volume): KSPROPERTY_AUDIO_VOLUMELEVEL."));
    EXPECT_THAT(text, HasSubstr("14 passed, 0 warned, 1 failed\n"));
    EXPECT_THAT(topology_text(checks, true), HasSubstr("\x1b[31mFAILED\x1b[0m"));
    const auto json = nlohmann::json::parse(topology_json(checks));
    EXPECT_EQ(json["failed"], 1);
    EXPECT_EQ(json["checks"].size(), 15u);
}

}  // namespace
}  // namespace portico::machine::topology_tests
