// For tests with GoogleTest: matchers, and what makes a failing test say how to play it again.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>

#include "portico/gtest_names.h"
#include "portico/portico.h"

namespace portico {

namespace detail {

class TestNameListener : public ::testing::EmptyTestEventListener {
    void OnTestStart(const ::testing::TestInfo& test) override {
        set_current_test(std::string(test.test_suite_name()) + "." + test.name(),
                         ::testing::internal::GetArgvs().front());
    }
    void OnTestEnd(const ::testing::TestInfo&) override { set_current_test("", ""); }
};

// A replay that cannot be played is wrong input to the program, not a failure of the test.
inline void refuse_replay(const std::string& line) {
    std::fprintf(stderr, "portico: %s\n", line.c_str());
    std::fflush(nullptr);
    std::_Exit(2);
}

inline const bool listening = [] {
    set_replay_refused(refuse_replay);
    ::testing::UnitTest::GetInstance()->listeners().Append(new TestNameListener);
    return true;
}();

}  // namespace detail

inline void PrintTo(const Status& status, std::ostream* out) {
    *out << (status.ok() ? "success" : status.message);
}
inline void PrintTo(const Finding& finding, std::ostream* out) {
    *out << finding;
}

// EXPECT_THAT(m.findings(), Contains(FindingOf("wait-raised"))).
inline auto FindingOf(const std::string& rule) {
    return ::testing::Field("rule", &Finding::rule, rule);
}
// ... with Windows' bug-check code.
inline auto BugCheck(std::uint32_t code) {
    return ::testing::AllOf(::testing::Field("severity", &Finding::severity, Finding::Severity::bug_check),
                            ::testing::Field("code", &Finding::code, code));
}
// ... at a line of the driver's source.
inline auto FoundAt(const std::string& file, unsigned line) {
    return ::testing::AllOf(::testing::Field("file", &Finding::file, ::testing::EndsWith(file)),
                            ::testing::Field("line", &Finding::line, line));
}

}  // namespace portico

// A Status or Result that must be a success; prints why it is not.
#define PORTICO_OK_(EXPRESSION, FAIL)                                                              \
    if (const auto portico_status = ::portico::detail::as_status(EXPRESSION); portico_status.ok()) \
        ;                                                                                          \
    else                                                                                           \
        FAIL() << #EXPRESSION << ": " << portico_status.message

#define ASSERT_OK(EXPRESSION) PORTICO_OK_(EXPRESSION, FAIL)
#define EXPECT_OK(EXPRESSION) PORTICO_OK_(EXPRESSION, ADD_FAILURE)

namespace portico::detail {
inline Status as_status(Status status) {
    return status;
}
template <class T>
Status as_status(const Result<T>& result) {
    return result.ok() ? Status{} : Status{-1, result.error().message};
}
}  // namespace portico::detail
