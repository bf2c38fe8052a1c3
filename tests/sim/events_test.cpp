#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "simulation.h"
#include "sim/random.h"

namespace portico::test {
namespace {

using ::testing::ElementsAre;

void ignore(void*, Nanoseconds) {}

TEST(Events, FireInOrderOfTimeThenOfScheduling) {
    Simulation simulation;
    std::vector<std::string> fired;
    Alarm late([&](Nanoseconds) { fired.push_back("late"); });
    Alarm first([&](Nanoseconds) { fired.push_back("first"); });
    Alarm second([&](Nanoseconds) { fired.push_back("second"); });
    Alarm early([&](Nanoseconds) { fired.push_back("early"); });
    late.at(300);
    first.at(200);
    second.at(200);
    early.at(100);
    simulation.run(1'000);
    EXPECT_THAT(fired, ElementsAre("early", "first", "second", "late"));
}

TEST(Events, MovingOnePutsItBehindThoseAlreadyAtThatTime) {
    Simulation simulation;
    std::vector<std::string> fired;
    Alarm a([&](Nanoseconds) { fired.push_back("a"); });
    Alarm b([&](Nanoseconds) { fired.push_back("b"); });
    a.at(200);
    b.at(200);
    a.at(200);
    simulation.run(1'000);
    EXPECT_THAT(fired, ElementsAre("b", "a"));
}

TEST(Events, ReceiveTheirOwnDueTime) {
    Simulation simulation;
    Nanoseconds seen = 0;
    Alarm alarm([&](Nanoseconds due_ns) { seen = due_ns; });
    alarm.at(123);
    simulation.start("busy", [&] { sim::point(1'000); });
    simulation.run(10'000);
    EXPECT_EQ(seen, 123);
}

TEST(Events, DueNowOrEarlierMoveOneNanosecondOn) {
    Simulation simulation;
    std::vector<Nanoseconds> fired;
    Alarm again([&](Nanoseconds due_ns) {
        fired.push_back(due_ns);
        if (fired.size() < 3) again.at(due_ns - 50);
    });
    again.at(100);
    simulation.run(1'000);
    EXPECT_THAT(fired, ElementsAre(100, 101, 102));
}

TEST(Events, CancelledOrDestroyedOnesDoNotFire) {
    Simulation simulation;
    bool fired = false;
    Alarm cancelled([&](Nanoseconds) { fired = true; });
    auto destroyed = std::make_unique<Alarm>([&](Nanoseconds) { fired = true; });
    cancelled.at(100);
    destroyed->at(100);
    EXPECT_TRUE(cancelled.event().scheduled());
    scheduler.events.cancel(cancelled.event());
    scheduler.events.cancel(cancelled.event());
    destroyed.reset();
    EXPECT_FALSE(cancelled.event().scheduled());
    EXPECT_TRUE(scheduler.events.empty());
    simulation.run(1'000);
    EXPECT_FALSE(fired);
}

TEST(Events, ResetForgetsThem) {
    Simulation simulation;
    Alarm alarm([](Nanoseconds) { FAIL(); });
    alarm.at(100);
    scheduler.reset(2, 1);
    EXPECT_FALSE(alarm.event().scheduled());
    simulation.run(1'000);
}

// Against a sorted map, over random scheduling, moving, cancelling and popping.
TEST(Events, QueueAgreesWithAModel) {
    sim::EventQueue queue;
    std::vector<std::unique_ptr<sim::Event>> events;
    for (int i = 0; i < 200; ++i) events.push_back(std::make_unique<sim::Event>(ignore, nullptr));
    std::map<std::pair<Nanoseconds, int>, sim::Event*> model;
    std::map<sim::Event*, std::pair<Nanoseconds, int>> where;
    sim::Random random(42);
    int sequence = 0;
    const auto forget = [&](sim::Event* event) {
        if (where.count(event) == 0) return;
        model.erase(where[event]);
        where.erase(event);
    };
    for (int step = 0; step < 20'000; ++step) {
        sim::Event* const event = events[random.below(events.size())].get();
        switch (random.below(4)) {
            case 0:
            case 1: {
                const auto due_ns = static_cast<Nanoseconds>(random.below(50));
                forget(event);
                queue.schedule(*event, due_ns);
                where[event] = {due_ns, sequence++};
                model[where[event]] = event;
                break;
            }
            case 2:
                queue.cancel(*event);
                forget(event);
                break;
            default:
                ASSERT_EQ(queue.empty(), model.empty());
                if (model.empty()) break;
                ASSERT_EQ(queue.next_due_ns(), model.begin()->first.first);
                sim::Event* const expected = model.begin()->second;
                ASSERT_EQ(&queue.pop(), expected);
                ASSERT_FALSE(expected->scheduled());
                forget(expected);
        }
    }
    queue.clear();
    for (auto& event : events) EXPECT_FALSE(event->scheduled());
}

TEST(EventsDeathTest, BeyondTheCapacityTheProcessEnds) {
    sim::EventQueue queue;
    std::vector<std::unique_ptr<sim::Event>> events;
    for (int i = 0; i <= sim::EventQueue::capacity; ++i) {
        events.push_back(std::make_unique<sim::Event>(ignore, nullptr));
        if (i < sim::EventQueue::capacity) queue.schedule(*events.back(), i);
    }
    EXPECT_DEATH(queue.schedule(*events.back(), 0), "size_ < capacity");
    queue.clear();
}

}  // namespace
}  // namespace portico::test
