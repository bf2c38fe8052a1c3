#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nt/rtl/debug_output.h"
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

TEST_F(Pages, HaveTheRuleInOneSentence) {
    EXPECT_THAT(report::page(finding_, options_),
                HasSubstr("Rule fault: A driver touches memory that is there"));
    finding_.rule = "PM-033";
    const char* const sentence = "The registered group should be the same one that Init outputs.";
    EXPECT_THAT(report::page(finding_, options_),
                HasSubstr(std::string("Requirement PM-033 (docs/spec/interfaces.md): ") + sentence));
    EXPECT_EQ(nlohmann::json::parse(report::page_json(finding_, options_))["demands"], sentence);
}

// Code of this program stands for a driver's: its source is where the compiler found it.
__attribute__((noinline)) void walk_here(nt::Stack& stack) {
    nt::capture_stack(stack);
    __asm__ volatile("");  // the call above is none that ends the function
}

TEST_F(Pages, ShowTheStacksOfAllProcessors) {
    sim::scheduler.reset(2, 1);
    finding_.rule = "irql-ddi";  // the innermost address is one that is returned to
    walk_here(finding_.stack);
    walk_here(finding_.others[1]);
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(
        text, ::testing::ContainsRegex("\n  stack +portico::test::[^\n]*walk_here +report_test.cpp:[0-9]+"));
    EXPECT_THAT(text, ::testing::ContainsRegex(
                          "\n  processor 1 +portico::test::[^\n]*walk_here +report_test.cpp:[0-9]+"));
    const auto json = nlohmann::json::parse(report::page_json(finding_, options_));
    ASSERT_EQ(json["other_processors"].size(), 1u);
    EXPECT_EQ(json["other_processors"][0]["processor"], 1);
    EXPECT_GT(json["other_processors"][0]["stack"].size(), 1u);
    EXPECT_THAT(json["stack"][0]["file"].get<std::string>(), ::testing::EndsWith("report_test.cpp"));
}

TEST_F(Pages, TellWhatIsConcernedWithItsHistory) {
    finding_.subject = {"pool block", 0x6b0000001000, 4096, 'lbaC'};
    nt::capture_origin(finding_.subject.made);
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr("  concerns     pool block at 0x6B0000001000, 4096 bytes, tag 'Cabl'\n"));
    EXPECT_THAT(text, ::testing::ContainsRegex(
                          "    made +portico::test::[^\n]*Pages_TellWhatIs[^\n]* report_test.cpp:[0-9]+"));
    const auto json = nlohmann::json::parse(report::page_json(finding_, options_));
    EXPECT_EQ(json["subject"]["kind"], "pool block");
    EXPECT_EQ(json["subject"]["tag"], "Cabl");
    EXPECT_GT(json["subject"]["made"].size(), 0u);
    EXPECT_EQ(json["subject"]["last"].size(), 0u);
}

TEST_F(Pages, GiveTheNameOfAnIrqlToIrqlsOnly) {
    finding_.parameter_names = {"kind: wait at raised IRQL", "current IRQL", "tag freed with, or IRQL",
                                nullptr};
    finding_.parameters = {0x3B, 2, 2, 0};
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr("current IRQL (DISPATCH_LEVEL)\n"));
    EXPECT_THAT(text, HasSubstr("kind: wait at raised IRQL\n"));
    EXPECT_THAT(text, HasSubstr("tag freed with, or IRQL\n"));
}

// What is left at unload: its making is told once.
TEST_F(Pages, TellAStackOnce) {
    finding_.rule = "left-behind";
    finding_.subject = {"pool block", 0x6b0000001000, 4096};
    finding_.subject.made.frames = {0x1111, 0x2222};
    finding_.stack.frames = {0x1111, 0x2222};
    finding_.stack.count = 2;
    EXPECT_THAT(report::page(finding_, options_), ::testing::Not(HasSubstr("\n  stack ")));
    finding_.stack.count = 1;
    EXPECT_THAT(report::page(finding_, options_), HasSubstr("\n  stack "));
}

TEST_F(Pages, LetNoTextMoveTheCursor) {
    std::strcpy(finding_.text, "says \x1b[2J and\r\n more");
    const std::string text = report::page(finding_, options_);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_THAT(text, HasSubstr("  says  [2J and   more\n"));
}

TEST_F(Pages, AreColouredWhenAsked) {
    EXPECT_EQ(report::page(finding_, options_).find('\x1b'), std::string::npos);
    options_.colour = true;
    EXPECT_THAT(report::page(finding_, options_), HasSubstr("\x1b[1;97;44m BUG CHECK"));
}

TEST_F(Pages, OfFindingsAndAdviceSayWhatTheyAre) {
    finding_.severity = nt::Severity::finding;
    finding_.parameter_names = {"address", nullptr, nullptr, nullptr};
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr(" FINDING 0x000000D1"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("reserved")));
    finding_.severity = nt::Severity::advice;
    finding_.code = 0;
    EXPECT_THAT(report::page(finding_, options_), ::testing::StartsWith(" ADVICE  "));
    EXPECT_EQ(nlohmann::json::parse(report::page_json(finding_, options_))["severity"], "advice");
}

TEST_F(Pages, ShowNoMoreEventsThanAsked) {
    options_.event_count = 3;
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr("  last events  "));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("port 0x330")));
    EXPECT_THAT(text, HasSubstr("card<1> sends 40"));
    EXPECT_EQ(nlohmann::json::parse(report::page_json(finding_, options_))["events"].size(), 3u);
}

TEST_F(Pages, JsonSurvivesBytesThatAreNoText) {
    std::strcpy(finding_.text, "says \xff\xfe");
    EXPECT_TRUE(nlohmann::json::accept(report::page_json(finding_, options_)));
}

TEST_F(Pages, EventsTellWhatTheDriverPrinted) {
    nt::rtl::debug_output().reset();
    nt::rtl::debug_output().add(0, 0, "hello\n");
    sim::trace.add({990'000, nullptr, 0, 0, 4, TraceKind::debug_print, 0, 0});
    sim::trace.add({990'100, nullptr, 7, 0, 4, TraceKind::debug_print, 0, 0});
    finding_.trace_end = sim::trace.count();
    const std::string text = report::page(finding_, options_);
    EXPECT_THAT(text, HasSubstr("prints \"hello\"\n"));
    EXPECT_THAT(text, HasSubstr("prints to the debugger\n"));
}

// A driver's bytes are Windows-1252; what becomes of them is text, for traces in JSON, too.
TEST_F(Pages, WhatTheDriverPrintsIsUtf8) {
    nt::rtl::debug_output().reset();
    nt::rtl::debug_output().add(0, 0, "caf\xE9");
    nt::rtl::debug_output().add(0, 0, (std::string(79, 'x') + "\xC3\xA9").c_str());
    EXPECT_EQ(report::event_text({0, nullptr, 0, 0, 0, TraceKind::debug_print, 0, 0}),
              "prints \"caf\xC3\xA9\"");
    EXPECT_EQ(report::event_text({0, nullptr, 1, 0, 0, TraceKind::debug_print, 0, 0}),
              "prints \"" + std::string(79, 'x') + "\"");
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
