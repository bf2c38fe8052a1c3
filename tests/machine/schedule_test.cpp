// Schedules of a whole machine: what exploring finds, that it comes again by its seed, and what is no
// schedule.
#include "machine/schedule.h"

#include <set>

#include "machine/machine_file.h"
#include "portico/gtest.h"
#include "race.h"
#include "sim/trace.h"
#include "support/requires.h"

namespace schedule_test {
namespace {

using namespace portico;
using test::race;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Seeds up to `last` with which the driver's bug shows.
std::set<std::uint64_t> finding_seeds(Schedule schedule, std::uint64_t last) {
    std::set<std::uint64_t> seeds;
    for (std::uint64_t seed = 1; seed <= last; ++seed) {
        Machine m = Machine::create(race(schedule, seed)).value();
        (void)m.start();
        if (!m.bug_checked()) continue;
        EXPECT_THAT(m.findings(), Contains(BugCheck(0xC2)));
        seeds.insert(seed);
    }
    return seeds;
}

std::string page_of(Schedule schedule, std::uint64_t seed) {
    Machine m = Machine::create(race(schedule, seed)).value();
    (void)m.start();
    return m.bug_check_page();
}

TEST(Schedules, OnlyExploringFindsTheRace) {
    EXPECT_THAT(finding_seeds(Schedule::ordered, 10), IsEmpty());
    const auto random = finding_seeds(Schedule::random, 150);
    const auto pct = finding_seeds(Schedule::pct, 150);
    EXPECT_THAT(random, ::testing::Not(IsEmpty()));
    EXPECT_LT(random.size(), 150u);
    EXPECT_THAT(pct, ::testing::Not(IsEmpty()));
    EXPECT_LT(pct.size(), 150u);
    // The same seed finds it again, at the same instant in the same way.
    for (const auto& [schedule, seeds] : {std::pair{Schedule::random, random}, {Schedule::pct, pct}}) {
        if (seeds.empty()) continue;
        const std::string page = page_of(schedule, *seeds.begin());
        EXPECT_THAT(page, HasSubstr("BAD_POOL_CALLER"));
        EXPECT_EQ(page, page_of(schedule, *seeds.begin()));
    }
}

std::string trace_of(Schedule schedule, std::uint64_t seed) {
    std::string text;
    Machine m = Machine::create(race(schedule, seed)).value();
    sim::trace.set_drain(
        [](void* out, const sim::TraceRecord* records, std::uint64_t count) {
            for (std::uint64_t i = 0; i < count; ++i) {
                *static_cast<std::string*>(out) += std::to_string(records[i].at_ns) + " P" +
                                                   std::to_string(records[i].processor) + " " +
                                                   (records[i].name == nullptr ? "" : records[i].name) + "\n";
            }
        },
        &text);
    (void)m.start();
    sim::trace.set_drain(nullptr, nullptr);
    return text;
}

TEST(Schedules, TheSeedChoosesTheInterleaving) {
    for (const Schedule schedule : {Schedule::random, Schedule::pct}) {
        const std::string once = trace_of(schedule, 3);
        EXPECT_EQ(once, trace_of(schedule, 3));
        EXPECT_NE(once, trace_of(schedule, 4));
        EXPECT_NE(once, trace_of(Schedule::ordered, 3));
    }
    // NT's order does not depend on the seed.
    EXPECT_EQ(trace_of(Schedule::ordered, 3), trace_of(Schedule::ordered, 4));
}

TEST(Schedules, AreReadAndWrittenInWords) {
    for (const char* text : {"ordered", "random", "pct:1", "pct:16"}) {
        MachineConfig config;
        ASSERT_TRUE(machine::parse_schedule(text, config).ok()) << text;
        EXPECT_EQ(machine::schedule_text(config), text);
    }
    MachineConfig config;
    ASSERT_TRUE(machine::parse_schedule("pct", config).ok());
    EXPECT_EQ(machine::schedule_text(config), "pct:3");
    for (const char* text :
         {"", "Random", "pct:", "pct:0", "pct:17", "pct:3x", "pct:-1", "pct:99999999999"}) {
        const auto refused = machine::parse_schedule(text, config);
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_THAT(refused.error().message, HasSubstr("ordered, random, pct"));
    }
}

TEST(Schedules, AreAKeyOfMachineFiles) {
    MachineConfig config;
    machine::Ends ends;
    ASSERT_TRUE(machine::parse_machine("schedule = \"pct:5\"\n", "a.toml", config, ends).ok());
    EXPECT_EQ(config.schedule, Schedule::pct);
    EXPECT_EQ(config.pct_depth, 5u);
    const auto refused = machine::parse_machine("seed = 1\nschedule = 5\n", "a.toml", config, ends);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("a.toml:2: schedule: "));
    MachineConfig again;
    ASSERT_TRUE(machine::parse_machine(machine::machine_toml(config), "b.toml", again, ends).ok());
    EXPECT_EQ(machine::schedule_text(again), "pct:5");
}

TEST(Schedules, ADepthThatIsNoneIsRefused) {
    MachineConfig config = race(Schedule::pct, 1);
    config.pct_depth = 0;
    EXPECT_FALSE(Machine::create(config).ok());
    config.pct_depth = 17;
    EXPECT_FALSE(Machine::create(config).ok());
}

}  // namespace
}  // namespace schedule_test
