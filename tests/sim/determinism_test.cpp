// The same program, seed and input give the same trace, line for line, whatever the host does meanwhile.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

namespace portico::test {
namespace {

TEST(Determinism, TheSameProgramGivesTheSameTrace) {
    expect_same(trace_of(1), trace_of(1));
}

TEST(Determinism, TheSeedMatters) {
    EXPECT_NE(trace_of(1), trace_of(2));
}

TEST(Determinism, TheHostsSlicingOfTimeChangesNothing) {
    const auto whole = trace_of(3);
    expect_same(whole, trace_of(3, millisecond_ns));
    expect_same(whole, trace_of(3, 1'000));
}

// Another process takes the host's time while the program runs.
class Load {
  public:
    Load() : child_(::fork()) {
        if (child_ != 0) return;
        ::alarm(60);
        for (;;) asm volatile("");
    }
    ~Load() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

  private:
    ::pid_t child_;
};

TEST(Determinism, ALoadedHostChangesNothing) {
    const auto quiet = trace_of(4);
    Load a;
    Load b;
    Load c;
    for (int i = 0; i < 3; ++i) expect_same(quiet, trace_of(4));
}

}  // namespace
}  // namespace portico::test
