// The same program, seed and input give the same trace, line for line, whatever the host does meanwhile.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "simulation.h"

namespace portico::test {
namespace {

constexpr Nanoseconds end_ns = 20 * millisecond_ns;

// A device with a status register that is ready now and then, and an interrupt each time.
class Ticker : public sim::BusDevice {
  public:
    explicit Ticker(sim::IrqLine& line) : source_(line, "ticker") {}
    void start() { alarm_.at(20'000); }
    std::uint32_t read(std::uint32_t offset, unsigned, Nanoseconds now) override {
        if (offset == 0) return ready_;
        ready_ = 0;
        source_.lower(now);
        return static_cast<std::uint32_t>(count_ & 0xff);
    }
    void write(std::uint32_t, unsigned, std::uint32_t value, Nanoseconds now) override {
        if (value == 1) alarm_.at(now + 7'000);
    }
    bool read_has_no_effect(std::uint32_t offset) const override { return offset == 0; }
    bool ready() const { return ready_ != 0; }

  private:
    std::uint32_t ready_ = 0;
    std::uint64_t count_ = 0;
    sim::IrqSource source_;
    Alarm alarm_{[this](Nanoseconds due_ns) {
        ++count_;
        ready_ = 1;
        source_.raise(due_ns);
        alarm_.at(due_ns + 100'000 + static_cast<Nanoseconds>(scheduler.random.below(50'000)));
    }};
};

// Threads that compute, poll, spin, sleep and wake each other on two processors, over a device that
// interrupts.
class Program {
  public:
    Program(std::uint64_t seed, sim::Policy* policy) : simulation_(2, seed) {
        if (policy != nullptr) scheduler.policy = policy;
        EXPECT_TRUE(sim::bus.claim_ports(0x100, 2, ticker_));
        scheduler.lines[5].connect(
            [](void* self, sim::IrqLine&) { return static_cast<Program*>(self)->serve(); }, this, ~0u);
        ticker_.start();
        sleeper_ = &simulation_.start("sleeper", {12}, [this] { sleep(); });
        for (int i = 0; i < 3; ++i) simulation_.start("worker", [this] { compute(); });
        simulation_.start("poller", [this] { poll(); });
    }

    // `slice_ns` 0: in one go.
    std::vector<std::string> run(Nanoseconds slice_ns) {
        if (slice_ns == 0) simulation_.run(end_ns);
        for (Nanoseconds at = slice_ns; slice_ns != 0 && at <= end_ns; at += slice_ns) simulation_.run(at);
        return text_.lines();
    }
    int served() const { return served_; }

  private:
    bool serve() {
        if (!ticker_.ready()) return false;
        sim::bus.read_port(0x101, 1);
        ++served_;
        if (sleeper_->state == sim::Thread::State::waiting) scheduler.make_ready(*sleeper_);
        return true;
    }
    void sleep() {
        for (;;) {
            scheduler.block();
            sim::point(500);
        }
    }
    void compute() {
        for (;;) {
            sim::point(50 + static_cast<Nanoseconds>(scheduler.random.below(3'000)));
            scheduler.raise_irql(sim::dispatch_level);
            scheduler.spin(&lock_);
            lock_ = 1;
            sim::point(400);
            lock_ = 0;
            scheduler.release_spinners(&lock_);
            scheduler.lower_irql(sim::passive_level);
            if (scheduler.random.below(8) == 0) scheduler.yield();
            if (scheduler.random.below(50) == 0) scheduler.stall(2'000);
        }
    }
    void poll() {
        for (;;) {
            for (int i = 0; i < 5; ++i) sim::bus.read_port(0x100, 1);
            sim::bus.write_port(0x100, 1, 1);
            scheduler.yield();
        }
    }

    Simulation simulation_;
    TraceText text_;
    Ticker ticker_{scheduler.lines[5]};
    sim::Thread* sleeper_ = nullptr;
    std::uint64_t lock_ = 0;
    int served_ = 0;
};

std::vector<std::string> trace_of(std::uint64_t seed, Nanoseconds slice_ns = 0) {
    Program program(seed, nullptr);
    auto lines = program.run(slice_ns);
    EXPECT_GT(program.served(), 100);
    EXPECT_GT(lines.size(), 5'000u);
    return lines;
}

void expect_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], b[i]) << "line " << i;
}

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

// ---- exploring policies ----

TEST(Exploring, AsksThePolicyAtEveryPoint) {
    RandomPolicy policy(1);
    Program program(1, &policy);
    program.run(0);
    EXPECT_GT(policy.choices, 10'000u);
}

TEST(Exploring, TheSameSeedChoosesTheSameAndAnotherDiffers) {
    const auto explore = [](std::uint64_t seed, Nanoseconds slice_ns) {
        RandomPolicy policy(seed);
        return Program(1, &policy).run(slice_ns);
    };
    const auto once = explore(5, 0);
    expect_same(once, explore(5, 0));
    EXPECT_NE(once, explore(6, 0));
    EXPECT_NE(once, trace_of(1));
}

TEST(Exploring, TheHostsSlicingIsNoChoice) {
    const auto explore = [](Nanoseconds slice_ns) {
        RandomPolicy policy(5);
        return Program(1, &policy).run(slice_ns);
    };
    // Processors may differ in time, so the unsliced run may lack what another processor still did before the
    // limit.
    const auto sliced = explore(millisecond_ns);
    expect_same(sliced, explore(500'000));
    expect_same(explore(0), explore(millisecond_ns));
}

// A race that NT's order never shows: both threads read before either writes.
TEST(Exploring, FindsALostUpdate) {
    const auto total = [](sim::Policy* policy) {
        Simulation simulation;
        if (policy != nullptr) scheduler.policy = policy;
        int counter = 0;
        const auto increment = [&] {
            for (int i = 0; i < 3; ++i) {
                sim::point(10'000);
                const int seen = counter;
                sim::point(50);
                counter = seen + 1;
            }
        };
        simulation.start("a", {8, 1}, increment);
        simulation.start("b", {8, 2}, [&] {
            sim::point(5'000);
            increment();
        });
        simulation.run(second_ns);
        return counter;
    };
    EXPECT_EQ(total(nullptr), 6);
    bool lost = false;
    for (std::uint64_t seed = 0; seed < 200 && !lost; ++seed) {
        RandomPolicy policy(seed);
        lost = total(&policy) < 6;
    }
    EXPECT_TRUE(lost);
}

TEST(Exploring, AStallGoesOnThoughAnotherProcessorLags) {
    class First : public sim::Policy {
      public:
        bool explores() const override { return true; }
        unsigned choose_processor(std::uint32_t candidates, unsigned) override {
            ++choices;
            return static_cast<unsigned>(__builtin_ctz(candidates));
        }
        int choices = 0;
    } first;
    Simulation simulation;
    scheduler.policy = &first;
    bool stalled = false;
    simulation.start("stalls", {8, 1}, [&] {
        scheduler.stall(50 * millisecond_ns);
        stalled = true;
    });
    simulation.start("lags", {8, 2}, [&] { sim::point(50); });
    simulation.run(second_ns);
    EXPECT_TRUE(stalled);
    EXPECT_LT(first.choices, 100);
}

}  // namespace
}  // namespace portico::test
