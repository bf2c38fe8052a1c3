#include "report/graph.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "ksmedia.h"
#include "report/graph_words.h"

namespace portico::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

GraphPin pin(ULONG id, ULONG flow, ULONG communication, ULONG instances) {
    GraphPin made;
    made.id = id;
    made.data_flow = flow;
    made.communication = communication;
    made.global_instances = made.filter_instances = {instances, 0};
    GraphRange range;
    range.range.FormatSize = sizeof(KSDATARANGE);
    range.range.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    range.range.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
    range.range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    made.ranges.push_back(range);
    return made;
}

// A filter with a render pin, a volume and a bridge pin that is wired outside.
Graph example() {
    GraphFilter filter;
    filter.name = "Uart";
    filter.link = "\\??\\DEVICE#{class}\\Uart";
    filter.interfaces = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER};
    filter.pins = {pin(0, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, 1),
                   pin(1, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, 0)};
    filter.pins[0].name = "MIDI";
    filter.pins[1].wire = GraphWire{"", "\\??\\elsewhere", 4};
    GraphNode node;
    node.type = KSNODETYPE_VOLUME;
    node.name = "Master \"Volume\"";
    node.properties = {{KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_GET}};
    filter.nodes = {node};
    filter.connections = {{KSFILTER_NODE, 0, 0, 1}, {0, 0, KSFILTER_NODE, 1}};
    return {"driver.so", {filter}};
}

TEST(GraphWords, NameWhatKsHasNamesFor) {
    EXPECT_EQ(guid_name(KSNODETYPE_VOLUME, "KSNODETYPE_"), "VOLUME");
    EXPECT_EQ(guid_name(KSNODETYPE_SPEAKER, "KSCATEGORY_"), "SPEAKER");
    const GUID own{0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
    EXPECT_EQ(guid_name(own, "KSNODETYPE_"), "{12345678-9ABC-DEF0-0102-030405060708}");
    EXPECT_EQ(property_name(KSPROPSETID_Pin, 4), "KSPROPERTY_PIN_DATAINTERSECTION");
    EXPECT_EQ(property_name(KSPROPSETID_Pin, 99), "KSPROPSETID_Pin 99");
    EXPECT_EQ(property_name(own, 3), "{12345678-9ABC-DEF0-0102-030405060708} 3");
    EXPECT_EQ(instances_text({KSINSTANCE_INDETERMINATE, 2}), "2 of any");
    EXPECT_EQ(access_words(KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET), "get set");
}

TEST(GraphText, IsAligned) {
    const std::string text = graph_text(example(), false);
    EXPECT_THAT(text, HasSubstr("    interfaces  AUDIO, RENDER\n"));
    EXPECT_THAT(text, HasSubstr("\n      0  in    sink           0 of 1  MIDI  MUSIC/MIDI/NONE\n"));
    EXPECT_THAT(text, HasSubstr("-> \\??\\elsewhere pin 4\n"));
    EXPECT_THAT(text, HasSubstr("VOLUME  Master \"Volume\"  KSPROPERTY_AUDIO_VOLUMELEVEL (get)\n"));
    EXPECT_THAT(text, HasSubstr("pin 0                   -> node 0 VOLUME input 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(graph_text(example(), true), HasSubstr("\x1b[1mUart\x1b[0m"));
    EXPECT_EQ(graph_text({}, false), "  the driver registered no filter\n");
}

TEST(GraphText, TellsWhatWasNotAnswered) {
    Graph graph = example();
    graph.filters[0].failures = {{"KSPROPERTY_PIN_DATARANGES of pin 2", STATUS_INVALID_PARAMETER}};
    EXPECT_THAT(graph_text(graph, false),
                HasSubstr("KSPROPERTY_PIN_DATARANGES of pin 2: STATUS_INVALID_PARAMETER\n"));
}

TEST(GraphText, ADriversTextMovesNoCursor) {
    Graph graph = example();
    graph.filters[0].pins[0].name = "\x1b[2J";
    EXPECT_THAT(graph_text(graph, false), Not(HasSubstr("\x1b")));
    EXPECT_THAT(graph_dot(graph), Not(HasSubstr("\x1b")));
}

TEST(GraphJson, HasEverything) {
    const auto json = nlohmann::json::parse(graph_json(example()));
    EXPECT_EQ(json["driver"], "driver.so");
    const auto& filter = json["filters"][0];
    EXPECT_EQ(filter["pins"][1]["physical_connection"]["symbolic_link"], "\\??\\elsewhere");
    EXPECT_EQ(filter["pins"][1]["physical_connection"]["filter"], nullptr);
    EXPECT_EQ(filter["nodes"][0]["properties"][0]["access"], nlohmann::json::array({"get"}));
    EXPECT_EQ(filter["connections"][0]["from"]["pin"], 0);
    EXPECT_EQ(filter["connections"][0]["to"]["node"], 0);
}

TEST(GraphDot, DrawsPinsNodesAndWires) {
    const std::string dot = graph_dot(example());
    EXPECT_THAT(dot, HasSubstr("subgraph cluster_0"));
    EXPECT_THAT(dot, HasSubstr("f0p0 -> f0n0\n"));
    EXPECT_THAT(dot, HasSubstr("f0n0 -> f0p1\n"));
    EXPECT_THAT(dot, HasSubstr("<b>VOLUME</b><br/>Master &quot;Volume&quot;"));
    EXPECT_THAT(dot, HasSubstr("f0p1 -> outside_f0p1 ["));
}

}  // namespace
}  // namespace portico::report
