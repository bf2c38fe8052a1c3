// printf by Windows' rules, and debug output (FLD-054).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "kernel.h"
#include "nt/findings.h"
#include "nt/rtl/debug_output.h"
#include "support/requires.h"

namespace rtl_format_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using ::testing::HasSubstr;

template <class F>
F* import(const char* name) {
    const void* const address = find_export(name);
    EXPECT_NE(address, nullptr) << name;
    return reinterpret_cast<F*>(const_cast<void*>(address));
}

using Sprintf = int NTAPI(char*, const char*, ...);
using Swprintf = int NTAPI(WCHAR*, const WCHAR*, ...);

template <class... A>
std::string print(const char* text, A... arguments) {
    char buffer[1200];
    const int length = import <Sprintf>("sprintf")(buffer, text, arguments...);
    EXPECT_EQ(buffer[length], 0);
    return {buffer, static_cast<std::size_t>(length)};
}
template <class... A>
std::u16string print_wide(const char16_t* text, A... arguments) {
    WCHAR buffer[200];
    const int length = import <Swprintf>("swprintf")(buffer, text, arguments...);
    return {buffer, static_cast<std::size_t>(length)};
}

TEST(RtlFormat, SizesAreThoseOfWindows) {
    EXPECT_EQ(print("%ld %lu %lx", 0x1'0000'0001LL, 5LL, -1LL), "1 5 ffffffff") << "long has 32 bits";
    EXPECT_EQ(print("%I64x %I64u %I32x %Ix %llX", ~0ull, 1ull, 0x1'0000'0001ull, ~0ull, 0xABCull),
              "ffffffffffffffff 1 1 ffffffffffffffff ABC");
    EXPECT_EQ(print("%hd %hu %hhx", 0x18000, 0x1FFFF, 0x1FF), "-32768 65535 ff");
    EXPECT_EQ(print("%zu %jd %td", 1ull, -2ll, 3ll), "1 -2 3");
    EXPECT_EQ(print("%I64d", INT64_MIN), "-9223372036854775808");
    REQUIRES("FLD-054");
}

TEST(RtlFormat, Pointers) {
    EXPECT_EQ(print("%p", reinterpret_cast<void*>(0xABCDEF)), "0000000000ABCDEF");
    EXPECT_EQ(print("%20p|", nullptr), "    0000000000000000|");
}

TEST(RtlFormat, TextOfBothWidths) {
    const char16_t* const wide = u"w\x00E9\x20AC\x0416";
    EXPECT_EQ(print("%s %S %ls %ws %hs %hS", "n", wide, wide, wide, "h", "h"),
              "n w\xE9\x80? w\xE9\x80? w\xE9\x80? h h");
    EXPECT_EQ(print("%c%C%lc%hc", 'a', u'b', u'c', 'd'), "abcd");
    EXPECT_EQ(print("%.2s|%5.1S|%-4s|%s", "abc", u"xyz", "l", nullptr), "ab|    x|l   |(null)");
    EXPECT_EQ(print_wide(u"%s %S %hs %ls %c %C", u"w", "n", "h", u"l", u'a', 'b'), u"w n h l a b");
    EXPECT_EQ(print_wide(u"%S", "\x80"), u"\x20AC");
    const char unended[3] = {'a', 'b', 'c'};
    EXPECT_EQ(print("%.3s", unended), "abc");
}

TEST(RtlFormat, CountedStrings) {
    UNICODE_STRING name{8, 8, const_cast<PWCH>(u"Midi0")};
    STRING narrow{2, 2, const_cast<PCHAR>("abc")};
    EXPECT_EQ(print("%wZ|%Z|%8wZ|%.1Z", &name, &narrow, &name, &narrow), "Midi|ab|    Midi|a");
    EXPECT_EQ(print_wide(u"%wZ|%Z", &name, &narrow), u"Midi|ab");
    UNICODE_STRING nothing{0, 0, nullptr};
    EXPECT_EQ(print("%wZ|%wZ", &nothing, nullptr), "(null)|(null)");
}

TEST(RtlFormat, OddFormats) {
    EXPECT_EQ(print("100%%|%y|%", 1), "100%|y|")
        << "an unknown conversion is printed, an unfinished one is not";
    int written = 99;
    EXPECT_EQ(print("a%nb%d", &written, 5), "ab5");
    EXPECT_EQ(written, 99) << "%n is switched off";
    EXPECT_EQ(print("%05s|%*d|%-*d|%.*d", "x", 4, 1, 4, 2, -1, 3), "0000x|   1|2   |3");
    EXPECT_EQ(print("%*d|", -4, 1), "1   |");
}

TEST(RtlFormat, FloatingPoint) {
    EXPECT_EQ(print("%f|%.0f|%e|%G|%08.2f|%+g", 1.5, 2.5, 12345.678, 0.00001, -3.14159, 100.0),
              "1.500000|2|1.234568e+04|1E-05|-0003.14|+100");
    EXPECT_EQ(print("%f|%5.1f|%05f", __builtin_inf(), -__builtin_inf(), __builtin_nan("")),
              "inf| -inf|  nan");
    EXPECT_EQ(print("%.0f", 1e308).size(), 309u);
    EXPECT_EQ(print("%.9999f", 1.0).size(), 342u) << "precision is bounded";
}

// Where Windows and Linux agree, the host's printf is the oracle.
TEST(RtlFormat, AgreesWithTheHostWhereWindowsDoes) {
    std::uint64_t state = 11;
    const auto random = [&](unsigned below) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        return static_cast<unsigned>(state >> 33) % below;
    };
    const char flags[] = "-+ #0";
    const char conversions[] = "diouxXeEfFgGc";
    for (int round = 0; round < 20000; ++round) {
        std::string text = "<%";
        for (const char flag : std::string(flags)) {
            if (random(3) == 0) text += flag;
        }
        if (random(2) == 0) text += std::to_string(random(14));
        const char conversion = conversions[random(sizeof conversions - 1)];
        if (conversion != 'c' && random(2) == 0) text += "." + std::to_string(random(12));
        const bool is_float = std::string("eEfFgG").find(conversion) != std::string::npos;
        const bool quad = !is_float && conversion != 'c' && random(2) == 0;
        const std::string ours = text + (quad ? "I64" : "") + conversion + ">";
        const std::string hosts = text + (quad ? "ll" : "") + conversion + ">";
        // A zero flag pads characters on Windows; C leaves it undefined.
        if (conversion == 'c' && text.find('0') != std::string::npos) continue;
        char expected[600];
        std::string got;
        const long long number = static_cast<long long>(state) >> random(64);
        if (is_float) {
            const double value = static_cast<double>(number) / 1024.0;
            std::snprintf(expected, sizeof expected, hosts.c_str(), value);
            got = print(ours.c_str(), value);
        } else if (quad) {
            std::snprintf(expected, sizeof expected, hosts.c_str(), number);
            got = print(ours.c_str(), number);
        } else {
            const int value =
                conversion == 'c' ? 'a' + static_cast<int>(random(26)) : static_cast<int>(number);
            std::snprintf(expected, sizeof expected, hosts.c_str(), value);
            got = print(ours.c_str(), value);
        }
        ASSERT_EQ(got, expected) << ours << " of " << number;
    }
}

// ---- debug output ----

std::string debug_text(std::uint64_t index) {
    return std::string(rtl::debug_output().text(index));
}

struct DebugOutputTest : ::testing::Test {
    Kernel kernel;
    void in_kernel(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }
};

TEST_F(DebugOutputTest, KeepsTextsWithTheirPlace) {
    in_kernel([] {
        UNICODE_STRING name{8, 8, const_cast<PWCH>(u"Midi")};
        KeStallExecutionProcessor(5);
        EXPECT_EQ(DbgPrint("%wZ %d %ws\n", &name, 7, u"\x20AC"), static_cast<ULONG>(STATUS_SUCCESS));
        const KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        DbgPrintEx(DPFLTR_IHVAUDIO_ID, DPFLTR_ERROR_LEVEL, "at %d", 2);
        KeLowerIrql(old);
    });
    auto& output = rtl::debug_output();
    ASSERT_EQ(output.count(), 2u);
    EXPECT_EQ(debug_text(0), "Midi 7 \xE2\x82\xAC\n") << "people read UTF-8";
    EXPECT_GE(output.at(0).at_ns, 5000);
    EXPECT_EQ(output.at(0).irql, 0);
    EXPECT_EQ(output.at(0).component, DPFLTR_DEFAULT_ID);
    EXPECT_EQ(debug_text(1), "at 2");
    EXPECT_EQ(output.at(1).irql, 2);
    EXPECT_EQ(output.at(1).component, DPFLTR_IHVAUDIO_ID);
    EXPECT_EQ(output.at(1).level, static_cast<std::uint32_t>(DPFLTR_ERROR_LEVEL));
}

TEST_F(DebugOutputTest, EachTextIsInTheTrace) {
    sim::trace.reset();
    in_kernel([] {
        DbgPrint("one");
        DbgPrint("two");
    });
    std::vector<std::uint64_t> indexes;
    for (auto i = sim::trace.first(); i < sim::trace.count(); ++i) {
        if (sim::trace.at(i).kind == sim::TraceKind::debug_print) indexes.push_back(sim::trace.at(i).a);
    }
    EXPECT_EQ(indexes, (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(DebugOutputTest, TextsAreCutAndOldOnesGiveWay) {
    in_kernel([] {
        DbgPrint("%s", std::string(2000, 'x').c_str());
        for (int i = 0; i < 5000; ++i) DbgPrint("%d %0300d", i, 0);
    });
    auto& output = rtl::debug_output();
    EXPECT_EQ(output.count(), 5001u);
    EXPECT_GT(output.first(), 0u);
    EXPECT_LE(output.count() - output.first(), rtl::DebugOutput::capacity);
    for (auto i = output.first(); i < output.count(); ++i) {
        const std::string begin = std::to_string(i - 1) + " 000";
        ASSERT_EQ(debug_text(i).substr(0, begin.size()), begin);
        ASSERT_EQ(output.at(i).length, std::to_string(i - 1).size() + 301);
    }
    rtl::debug_output().reset();
    in_kernel([] { DbgPrint("%s", std::string(2000, 'x').c_str()); });
    EXPECT_EQ(output.at(0).length, 512) << "DbgPrint transmits no more";
}

TEST_F(DebugOutputTest, FiltersCloseAndOpen) {
    in_kernel([] {
        EXPECT_EQ(DbgQueryDebugFilterState(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL), TRUE);
        EXPECT_EQ(DbgSetDebugFilterState(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(DbgQueryDebugFilterState(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL), FALSE);
        DbgPrintEx(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL, "not shown");
        DbgPrintEx(DPFLTR_IHVAUDIO_ID, DPFLTR_ERROR_LEVEL, "shown");
        EXPECT_EQ(DbgSetDebugFilterState(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL, TRUE), STATUS_SUCCESS);
        DbgPrintEx(DPFLTR_IHVAUDIO_ID, DPFLTR_INFO_LEVEL, "again");
        EXPECT_EQ(DbgSetDebugFilterState(9999, 0, FALSE), STATUS_INVALID_PARAMETER_1);
    });
    ASSERT_EQ(rtl::debug_output().count(), 2u);
    EXPECT_EQ(debug_text(0), "shown");
    EXPECT_EQ(debug_text(1), "again");
}

std::string violated;

// Wide text reads pageable tables.
TEST_F(DebugOutputTest, WideFormatsAboveApcLevelAreAViolation) {
    violated.clear();
    auto* const before = irql_violation;
    irql_violation = [](const Ddi& ddi) { violated += std::string(ddi.name) + ";"; };
    in_kernel([] {
        UNICODE_STRING name{8, 8, const_cast<PWCH>(u"Midi")};
        DbgPrint("%wZ", &name);
        const KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
        DbgPrint("%d %s %% %x", 1, "narrow", 2);
        EXPECT_EQ(violated, "");
        for (const char* text : {"%wZ", "%-8wZ", "%ws", "%S", "%lc", "%08.3C"}) {
            violated.clear();
            DbgPrint(text, &name, 0, 0);
            EXPECT_THAT(violated, HasSubstr("DbgPrint")) << text;
        }
        KeLowerIrql(old);
    });
    irql_violation = before;
}

TEST_F(DebugOutputTest, BreakpointsAndAssertionsStopTheMachine) {
    kernel.start([] {
        RtlAssert(const_cast<char*>("Count == 0"), const_cast<char*>("adapter.cpp"), 42,
                  const_cast<char*>("full"));
    });
    kernel.settle(second_ns);
    ASSERT_TRUE(sim::scheduler.frozen());
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, 0x1Eu);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<ULONG>(STATUS_ASSERTION_FAILURE));
    EXPECT_THAT(bug_check()->text, HasSubstr("Count == 0"));
    EXPECT_THAT(debug_text(0),
                HasSubstr("*** Assertion failed: full: Count == 0\n***   Source File: adapter.cpp, line 42"));
}

TEST_F(DebugOutputTest, BreakpointWithoutDebugger) {
    EXPECT_TRUE(KD_DEBUGGER_NOT_PRESENT);
    EXPECT_FALSE(KD_DEBUGGER_ENABLED);
    kernel.start([] { DbgBreakPoint(); });
    kernel.settle(second_ns);
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, 0x1Eu);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<ULONG>(STATUS_BREAKPOINT));
}

}  // namespace
}  // namespace rtl_format_test
