#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation.h"
#include "support/requires.h"

namespace portico::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Registers that remember; offset 0 reads without effect, the others with one.
class Registers : public sim::BusDevice {
  public:
    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now) override {
        accesses.push_back("r" + std::to_string(offset) + "/" + std::to_string(width));
        last_ns = now;
        return value;
    }
    void write(std::uint32_t offset, unsigned width, std::uint32_t written, Nanoseconds now) override {
        accesses.push_back("w" + std::to_string(offset) + "/" + std::to_string(width) + "=" +
                           std::to_string(written));
        last_ns = now;
    }
    bool read_has_no_effect(std::uint32_t offset) const override { return offset == 0; }

    std::uint32_t value = 0x5a;
    Nanoseconds last_ns = 0;
    std::vector<std::string> accesses;
};

class Buses : public ::testing::Test {
  protected:
    Simulation simulation{1};
    Registers registers;

    void run(std::function<void()> body) {
        simulation.start("t", std::move(body));
        simulation.run(scheduler.now_ns() + second_ns);
    }
};

TEST_F(Buses, AccessesReachTheDeviceByOffset) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 4, registers));
    ASSERT_TRUE(sim::bus.claim_memory(0xfed0'0000, 0x100, registers));
    run([&] {
        EXPECT_EQ(sim::bus.read_port(0x331, 1), 0x5au);
        sim::bus.write_port(0x332, 2, 0x1234);
        EXPECT_EQ(sim::bus.read_memory(0xfed0'0010, 4), 0x5au);
        sim::bus.write_memory(0xfed0'00fc, 4, 7);
    });
    EXPECT_THAT(registers.accesses, ElementsAre("r1/1", "w2/2=4660", "r16/4", "w252/4=7"));
}

TEST_F(Buses, AnAccessTakesItsTime) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    ASSERT_TRUE(sim::bus.claim_memory(0xfed0'0000, 4, registers));
    run([&] {
        const Nanoseconds begin_ns = now_ns();
        sim::bus.read_port(0x331, 1);
        EXPECT_EQ(now_ns(), begin_ns + 1'000);
        EXPECT_EQ(registers.last_ns, now_ns());
        sim::bus.write_memory(0xfed0'0000, 4, 0);
        EXPECT_EQ(now_ns(), begin_ns + 1'200);
        sim::bus.port_access_ns = 100;
        sim::bus.write_port(0x330, 1, 0);
        EXPECT_EQ(now_ns(), begin_ns + 1'300);
    });
}

TEST_F(Buses, RangesMayNotOverlap) {
    Registers other;
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    EXPECT_FALSE(sim::bus.claim_ports(0x331, 1, other));
    EXPECT_FALSE(sim::bus.claim_ports(0x32f, 2, other));
    EXPECT_FALSE(sim::bus.claim_ports(0x320, 0x40, other));
    EXPECT_FALSE(sim::bus.claim_ports(0x400, 0, other));
    EXPECT_FALSE(sim::bus.claim_memory(~0ull - 3, 8, other)) << "wraps around";
    EXPECT_TRUE(sim::bus.claim_ports(0x332, 2, other));
    EXPECT_TRUE(sim::bus.claim_memory(0x330, 2, other)) << "memory is another space";
}

TEST_F(Buses, ClaimsAreBounded) {
    unsigned claimed = 0;
    while (claimed < 1'000 && sim::bus.claim_ports(0x1000 + 8 * claimed, 8, registers)) ++claimed;
    EXPECT_EQ(claimed, sim::Bus::range_limit);
}

std::vector<std::string> unclaimed;
void note_unclaimed(std::uint64_t address, bool is_port, bool is_write) {
    unclaimed.push_back(std::to_string(address) + (is_port ? "p" : "m") + (is_write ? "w" : "r"));
}

TEST_F(Buses, WhatNobodyClaimsReadsAllOnes) {
    unclaimed.clear();
    sim::bus.unclaimed = note_unclaimed;
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    run([&] {
        REQUIRES("FLD-025");
        EXPECT_EQ(sim::bus.read_port(0x340, 1), 0xffu);
        EXPECT_EQ(sim::bus.read_port(0x340, 2), 0xffffu);
        EXPECT_EQ(sim::bus.read_memory(0x340, 4), 0xffffffffu);
        sim::bus.write_port(0x340, 1, 0);
        EXPECT_EQ(sim::bus.read_port(0x331, 2), 0xffffu) << "reaches past the device's range";
    });
    EXPECT_THAT(unclaimed, ElementsAre("832pr", "832pr", "832mr", "832pw", "817pr"));
    EXPECT_THAT(registers.accesses, IsEmpty());
}

TEST_F(Buses, AReleasedDeviceIsGoneAndOthersStay) {
    Registers other;
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    ASSERT_TRUE(sim::bus.claim_ports(0x340, 2, other));
    ASSERT_TRUE(sim::bus.claim_memory(0x1000, 2, registers));
    run([&] {
        sim::bus.read_port(0x331, 1);
        sim::bus.release(registers);
        EXPECT_EQ(sim::bus.read_port(0x331, 1), 0xffu);
        EXPECT_EQ(sim::bus.read_memory(0x1000, 1), 0xffu);
        EXPECT_EQ(sim::bus.read_port(0x340, 1), 0x5au);
    });
    EXPECT_THAT(registers.accesses, ElementsAre("r1/1"));
    EXPECT_TRUE(sim::bus.claim_ports(0x330, 2, other));
}

// Every port of many devices, above and below 64 Ki, before and after one of them has gone.
TEST_F(Buses, FindEachOfManyDevices) {
    constexpr unsigned count = 100;
    std::vector<Registers> devices(count);
    const auto base = [](unsigned i) { return i < 90 ? 0x100 + 16 * i : 0x20000 + 16 * i; };
    for (unsigned i = 0; i < count; ++i) {
        devices[i].value = i;
        ASSERT_TRUE(sim::bus.claim_ports(base(i), 3, devices[i]));
    }
    const auto check = [&](unsigned gone) {
        for (unsigned i = 0; i < count; ++i) {
            for (std::uint32_t offset = 1; offset < 4; ++offset) {
                const bool there = offset < 3 && i != gone;
                ASSERT_EQ(sim::bus.read_port(base(i) + offset, 1), there ? i : 0xffu) << i << " " << offset;
            }
        }
    };
    run([&] {
        check(~0u);
        sim::bus.release(devices[7]);
        check(7);
        ASSERT_TRUE(sim::bus.claim_ports(base(7), 3, devices[7]));
        check(~0u);
        sim::bus.reset();
        EXPECT_EQ(sim::bus.read_port(base(8), 1), 0xffu);
        EXPECT_EQ(sim::bus.read_port(base(95), 1), 0xffu);
    });
}

// ---- polling ----

TEST_F(Buses, TheFourthEqualReadInARowSkipsToTheNextEvent) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    Alarm change([&](Nanoseconds) { registers.value = 1; });
    change.at(500'000);
    std::vector<Nanoseconds> times;
    run([&] {
        while (sim::bus.read_port(0x330, 1) != 1) times.push_back(now_ns());
        times.push_back(now_ns());
    });
    EXPECT_THAT(times, ElementsAre(2'000, 3'000, 4'000, 500'000, 501'000));
}

TEST_F(Buses, PollingSkipsAMillisecondAtMost) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    run([&] {
        const Nanoseconds begin_ns = now_ns();
        for (int i = 0; i < 3; ++i) sim::bus.read_port(0x330, 1);
        sim::bus.read_port(0x330, 1);
        EXPECT_EQ(now_ns(), begin_ns + 4'000 + millisecond_ns);
        sim::bus.read_port(0x330, 1);
        EXPECT_EQ(now_ns(), begin_ns + 5'000 + 2 * millisecond_ns);
    });
}

TEST_F(Buses, ClockReadsInBetweenDoNotBreakTheRow) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    run([&] {
        for (int i = 0; i < 4; ++i) {
            sim::bus.read_port(0x330, 1);
            sim::point(sim::call_cost_ns);
        }
        EXPECT_GE(now_ns(), millisecond_ns);
    });
}

TEST_F(Buses, AWriteAnotherRegisterOrAnotherValueBreaksTheRow) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    run([&] {
        for (int i = 0; i < 12; ++i) {
            sim::bus.read_port(0x330, 1);
            if (i % 3 == 2) {
                sim::bus.write_port(0x331, 1, 0);
            }
        }
        for (int i = 0; i < 12; ++i) {
            sim::bus.read_port(0x330, 1);
            if (i % 3 == 2) sim::bus.read_port(0x331, 1);
        }
        for (std::uint32_t i = 0; i < 12; ++i) {
            registers.value = i;
            sim::bus.read_port(0x330, 1);
        }
        EXPECT_LT(now_ns(), 100'000);
    });
}

TEST_F(Buses, ARegisterWhoseReadingHasAnEffectNeverSkips) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    run([&] {
        for (int i = 0; i < 50; ++i) sim::bus.read_port(0x331, 1);
        EXPECT_EQ(now_ns(), 51'000);
    });
}

TEST_F(Buses, TheTraceShowsAReadWhenItHappened) {
    ASSERT_TRUE(sim::bus.claim_ports(0x330, 2, registers));
    Alarm later([&](Nanoseconds) { sim::record(sim::TraceKind::client, "later"); });
    later.at(500'000);
    TraceText text;
    run([&] {
        for (int i = 0; i < 4; ++i) sim::bus.read_port(0x330, 1);
        sim::bus.write_port(0x331, 1, 3);
    });
    const auto lines = text.lines();
    EXPECT_THAT(std::vector<std::string>(lines.begin() + 5, lines.begin() + 8),
                ElementsAre("5000 P0 irql0 T1 port-read - 816 90", "500000 P0 irql0 T1 client later 0 0",
                            "501000 P0 irql0 T1 port-write - 817 3"));
}

}  // namespace
}  // namespace portico::test
