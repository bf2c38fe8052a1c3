#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "sim/trace.h"

namespace portico::test {
namespace {

using sim::Trace;
using sim::TraceKind;
using sim::TraceRecord;

TraceRecord record_of(std::uint64_t number) {
    return {static_cast<Nanoseconds>(number), "x", number, 0, 0, TraceKind::call, 0, 0};
}

TEST(Traces, KeepTheNewest) {
    auto trace = std::make_unique<Trace>();
    const std::uint64_t total = Trace::capacity + 100;
    for (std::uint64_t i = 0; i < total; ++i) trace->add(record_of(i));
    EXPECT_EQ(trace->count(), total);
    EXPECT_EQ(trace->first(), 100u);
    for (std::uint64_t i = trace->first(); i < trace->count(); ++i) ASSERT_EQ(trace->at(i).a, i);
}

struct Seen {
    std::vector<std::uint64_t> numbers;
    static void take(void* context, const TraceRecord* records, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i)
            static_cast<Seen*>(context)->numbers.push_back(records[i].a);
    }
};

TEST(Traces, DrainGetsEachRecordOnceInOrder) {
    auto trace = std::make_unique<Trace>();
    for (std::uint64_t i = 0; i < 10; ++i) trace->add(record_of(i));
    Seen seen;
    trace->set_drain(Seen::take, &seen);
    for (std::uint64_t i = 10; i < 3 * Trace::capacity + 7; ++i) trace->add(record_of(i));
    trace->flush();
    trace->flush();
    ASSERT_EQ(seen.numbers.size(), 3 * Trace::capacity - 3);
    for (std::uint64_t i = 0; i < seen.numbers.size(); ++i) ASSERT_EQ(seen.numbers[i], i + 10);
    trace->set_drain(nullptr, nullptr);
    trace->add(record_of(0));
    EXPECT_EQ(seen.numbers.size(), 3 * Trace::capacity - 3);
}

TEST(Traces, ResetDrainsWhatIsLeft) {
    auto trace = std::make_unique<Trace>();
    Seen seen;
    trace->set_drain(Seen::take, &seen);
    trace->add(record_of(1));
    trace->reset();
    EXPECT_THAT(seen.numbers, ::testing::ElementsAre(1u));
    EXPECT_EQ(trace->count(), 0u);
}

TEST(Traces, EveryKindHasItsName) {
    std::set<std::string> names;
    for (int kind = 0; kind <= static_cast<int>(TraceKind::finding); ++kind) {
        const char* const name = name_of(static_cast<TraceKind>(kind));
        EXPECT_STRNE(name, "unknown");
        EXPECT_TRUE(names.insert(name).second) << name;
    }
}

}  // namespace
}  // namespace portico::test
