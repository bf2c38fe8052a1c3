#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/chrome_trace.h"
#include "report/html.h"
#include "report/one_note.h"
#include "report/page.h"
#include "sim/scheduler.h"

namespace portico::test {
namespace {

using sim::TraceKind;
using sim::TraceRecord;
using ::testing::HasSubstr;

// A note-on that a timer's DPC writes to the device's port.
std::vector<TraceRecord> note_records() {
    return {
        {1000, "client", 4, 0, 4, TraceKind::thread_switch, 0, 0},
        {2000, "idle", 0, 0, 0, TraceKind::thread_switch, 0, 0},
        {10'000, "clock", 31, 0, 0, TraceKind::interrupt_enter, 0, 13},
        {10'000, "clock", 31, 1, 0, TraceKind::interrupt_leave, 0, 13},
        {10'000, nullptr, 1, 0, 0, TraceKind::dpc_enter, 0, 2},
        {10'050, "due", 0x90, 100, 0, TraceKind::message, 0, 2},
        {10'050, "IMiniportMidiStream::Write", 1, 0, 0, TraceKind::callback_enter, 0, 2},
        {11'000, nullptr, 0x331, 0xBF, 0, TraceKind::port_read, 0, 2},
        {12'000, nullptr, 0x330, 0x90, 0, TraceKind::port_write, 0, 2},
        {13'000, "IMiniportMidiStream::Write", 0, 0, 0, TraceKind::callback_leave, 0, 2},
        {13'000, nullptr, 1, 0, 0, TraceKind::dpc_leave, 0, 2},
        {332'000, "card<1>", 0x90, 12'000, 0, TraceKind::wire_out, 0, 0},
        {652'000, "card<1>", 0x3C, 332'000, 0, TraceKind::wire_out, 0, 0},
        {972'000, "card<1>", 0x40, 652'000, 0, TraceKind::wire_out, 0, 0},
    };
}

std::string chrome_trace(const std::vector<TraceRecord>& records, std::size_t piece) {
    std::string text;
    report::ChromeTrace trace(
        [](void* out, std::string_view more) { *static_cast<std::string*>(out) += more; }, &text);
    for (std::size_t i = 0; i < records.size(); i += piece)
        trace.add(&records[i], std::min(piece, records.size() - i));
    trace.finish();
    return text;
}

TEST(ChromeTraces, AreTheSameHoweverTheyArrive) {
    const auto records = note_records();
    EXPECT_EQ(chrome_trace(records, 1), chrome_trace(records, 100));
}

TEST(ChromeTraces, BeginAndEndEverySlice) {
    auto records = note_records();
    records.resize(8);  // in the middle of the driver's Write
    const auto json = nlohmann::json::parse(chrome_trace(records, 3));
    int open = 0;
    int begun = 0;
    for (const auto& event : json["traceEvents"]) {
        if (event["ph"] == "B") ++open, ++begun;
        if (event["ph"] == "E") --open;
        ASSERT_GE(open, 0);
    }
    EXPECT_EQ(open, 0);
    EXPECT_GE(begun, 5);
}

TEST(ChromeTraces, TimesOfALaneDoNotGoBack) {
    auto records = note_records();
    std::swap(records[1].at_ns, records[2].at_ns);
    std::map<std::string, double> last;
    const auto json = nlohmann::json::parse(chrome_trace(records, 100));
    for (const auto& event : json["traceEvents"]) {
        if (!event.contains("ts")) continue;
        double& lane = last[event["pid"].dump() + "/" + event["tid"].dump()];
        EXPECT_GE(event["ts"].get<double>(), lane);
        lane = event["ts"].get<double>();
    }
    EXPECT_GE(last.size(), 3u);
}

TEST(OneNote, TellsItsWay) {
    const auto records = note_records();
    const std::string svg = report::one_note_svg(records.data(), records.size());
    EXPECT_THAT(svg, HasSubstr("key C 4"));
    EXPECT_THAT(svg, HasSubstr("90 is written to 330h"));
    EXPECT_THAT(svg, HasSubstr("1.95 us from due to the first bit"));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(OneNote, NeedsANoteThatCameOut) {
    auto records = note_records();
    records.pop_back();
    EXPECT_EQ(report::one_note_svg(records.data(), records.size()), "");
    EXPECT_EQ(report::one_note_svg(nullptr, 0), "");
}

class Pages : public ::testing::Test {
  protected:
    Pages() {
        sim::trace.reset();
        for (const TraceRecord& record : note_records()) sim::trace.add(record);
        finding_.severity = nt::Severity::bug_check;
        finding_.rule = "fault";
        finding_.code = 0xD1;
        finding_.parameters = {0x2C, 2, 0, 0x1234};
        finding_.parameter_names = {"address", "IRQL", "access: 0 read, 1 write, 8 execute", "instruction"};
        std::strcpy(finding_.text, "The driver reads <nothing> & \"more\".");
        finding_.at_ns = 980'000;
        finding_.irql = 2;
        finding_.thread = 4;
        finding_.thread_name = "client";
        finding_.trace_end = sim::trace.count();
        options_.replay_line = "portico replay a.replay";
    }

    nt::Finding finding_;
    report::PageOptions options_;
};

TEST_F(Pages, TextSaysWhatIsKnown) {
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr("BUG CHECK 0x000000D1  DRIVER_IRQL_NOT_LESS_OR_EQUAL"));
    EXPECT_THAT(text, HasSubstr("  parameters   0x000000000000002C  address\n"
                                "               0x0000000000000002  IRQL (DISPATCH_LEVEL)\n"));
    EXPECT_THAT(
        text, HasSubstr("when         0.000 980 000 s  processor 0  DISPATCH_LEVEL  thread 4 \"client\"\n"));
    EXPECT_THAT(text, HasSubstr("port 0x330 <- 0x90"));
    EXPECT_THAT(text, HasSubstr("replay: portico replay a.replay"));
}

TEST_F(Pages, JsonIsComplete) {
    const auto json = nlohmann::json::parse(report::page_json(finding_, options_));
    EXPECT_EQ(json["severity"], "bug check");
    EXPECT_EQ(json["code"], 0xD1);
    EXPECT_EQ(json["name"], "DRIVER_IRQL_NOT_LESS_OR_EQUAL");
    EXPECT_EQ(json["text"], finding_.text);
    EXPECT_EQ(json["parameters"].size(), 4u);
    EXPECT_EQ(json["parameters"][0]["value"], 0x2C);
    EXPECT_EQ(json["thread"]["name"], "client");
    EXPECT_EQ(json["events"].size(), note_records().size());
    EXPECT_EQ(json["replay"], "portico replay a.replay");
}

TEST_F(Pages, HtmlEscapesAndMarksTheFinding) {
    const std::string html = report::page_html(finding_, options_);
    EXPECT_THAT(html, HasSubstr("reads &lt;nothing&gt; &amp; &quot;more&quot;."));
    EXPECT_EQ(html.find("<nothing>"), std::string::npos);
    EXPECT_THAT(html, HasSubstr("card&lt;1&gt; MIDI OUT"));
    EXPECT_THAT(html, HasSubstr(">bug check</text>"));
    EXPECT_TRUE(html.ends_with("</html>\n"));
}

}  // namespace
}  // namespace portico::test
