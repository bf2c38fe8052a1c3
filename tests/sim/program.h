// A program of everything that a simulation has, for comparing its traces.
#pragma once

#include <gtest/gtest.h>

#include "simulation.h"

namespace portico::test {

constexpr Nanoseconds program_end_ns = 20 * millisecond_ns;

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
        if (slice_ns == 0) simulation_.run(program_end_ns);
        for (Nanoseconds at = slice_ns; slice_ns != 0 && at <= program_end_ns; at += slice_ns)
            simulation_.run(at);
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

inline std::vector<std::string> trace_of(std::uint64_t seed, Nanoseconds slice_ns = 0) {
    Program program(seed, nullptr);
    auto lines = program.run(slice_ns);
    EXPECT_GT(program.served(), 100);
    EXPECT_GT(lines.size(), 5'000u);
    return lines;
}

inline void expect_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], b[i]) << "line " << i;
}

}  // namespace portico::test
