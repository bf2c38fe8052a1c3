// How many instances of a pin there may be.
#include <gmock/gmock.h>

#include "pin_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Connect;
using test::MidiPinTest;
using ::testing::ElementsAre;

TEST_F(MidiPinTest, InstancesAreLimitedByFilterAndInAll) {
    miniport.pins[render_pin].descriptor.MaxFilterInstanceCount = 2;
    miniport.pins[render_pin].descriptor.MaxGlobalInstanceCount = 3;
    start_device_and_filter();
    HANDLE pins[4] = {};
    EXPECT_EQ(create(Connect(render_pin), &pins[0]), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(render_pin), &pins[1]), STATUS_SUCCESS);
    REQUIRES("FD-011"), REQUIRES("PI-007");
    EXPECT_EQ(create(Connect(render_pin)), STATUS_INSUFFICIENT_RESOURCES) << "two in a filter";
    HANDLE const first = filter;
    filter = open_filter();
    REQUIRES("LC-021");
    EXPECT_EQ(create(Connect(render_pin), &pins[2]), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(render_pin)), STATUS_INSUFFICIENT_RESOURCES) << "three in all";
    EXPECT_EQ(miniport.new_streams, 3u);
    close(pins[0]);
    EXPECT_EQ(create(Connect(render_pin), &pins[3]), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(capture_pin)), STATUS_SUCCESS) << "another pin has its own";
    close(first);
}

TEST_F(MidiPinTest, UnlimitedIsUnlimited) {
    auto& pin = miniport.pins[render_pin].descriptor;
    pin.MaxFilterInstanceCount = pin.MaxGlobalInstanceCount = KSINSTANCE_INDETERMINATE;
    start_device_and_filter();
    for (int i = 0; i < 100; ++i) EXPECT_NE(open_pin(render_pin), nullptr);
    REQUIRES("FD-011");
    EXPECT_EQ(miniport.new_streams, 100u);
}

// What the miniport makes of the counts; all the rest is passed on.
class ScriptedPinCount final : public test::Fake<IPinCount> {
  public:
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IPinCount);
    }
    void STDMETHODCALLTYPE PinCount(ULONG pin, PULONG necessary, PULONG current, PULONG possible,
                                    PULONG global_current, PULONG global_possible) override {
        asked.push_back({pin, *necessary, *current, *possible, *global_current, *global_possible});
        irql = nt::ke::current_irql();
        if (inside) inside();
        if (filter_possible != 0) *possible = filter_possible;
        if (all_possible != 0) *global_possible = all_possible;
        *global_current += others;
    }
    std::vector<std::vector<ULONG>> asked;
    ULONG filter_possible = 0, all_possible = 0, others = 0;
    sim::Irql irql = 0xFF;
    std::function<void()> inside;
};

TEST_F(MidiPinTest, TheMiniportMayCountOtherwise) {
    ScriptedPinCount counts;
    miniport.pin_count = &counts;
    miniport.pins[render_pin].descriptor.MinFilterInstanceCount = 1;
    start_device_and_filter();
    HANDLE first = nullptr;
    EXPECT_EQ(create(Connect(render_pin).bytes(), &first), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(render_pin)), STATUS_SUCCESS);
    REQUIRES("PC-002"), REQUIRES("PI-007");
    EXPECT_THAT(counts.asked,
                ElementsAre(ElementsAre(render_pin, 1, 0, 2, 0, 2), ElementsAre(render_pin, 1, 1, 2, 1, 2)));
    EXPECT_EQ(counts.irql, PASSIVE_LEVEL);
    counts.others = 1;
    REQUIRES("PC-004");
    EXPECT_EQ(create(Connect(render_pin)), STATUS_INSUFFICIENT_RESOURCES)
        << "one here and one of the miniport's own";
    counts.others = 0;
    counts.filter_possible = 1;
    EXPECT_EQ(create(Connect(render_pin)), STATUS_INSUFFICIENT_RESOURCES);
    counts.filter_possible = counts.all_possible = KSINSTANCE_INDETERMINATE;
    counts.others = 1'000;
    REQUIRES("PC-006");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(create(Connect(render_pin).bytes(), &first), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(render_bridge)), STATUS_INVALID_DEVICE_REQUEST) << "that cannot be counted away";
    EXPECT_EQ(miniport.new_streams, 7u);
    miniport.pin_count = nullptr;
}

TEST_F(MidiPinTest, PropertiesAskTheMiniportToo) {
    ScriptedPinCount counts;
    miniport.pin_count = &counts;
    start_device_and_filter();
    open_pin(render_pin);
    counts.asked.clear();
    counts.filter_possible = 7;
    counts.all_possible = 9;
    counts.others = 3;
    const auto get = [&](ULONG id, ULONG size) {
        KSPIN_CINSTANCES value{};
        EXPECT_EQ(client([&] { return ks.pin_property(filter, id, render_pin, &value, size); }),
                  STATUS_SUCCESS);
        return std::pair(value.PossibleCount, value.CurrentCount);
    };
    REQUIRES("PC-003"), REQUIRES("PC-004"), REQUIRES("PR-004");
    EXPECT_EQ(get(KSPROPERTY_PIN_CINSTANCES, 8), std::pair(7u, 1u));
    EXPECT_EQ(get(KSPROPERTY_PIN_GLOBALCINSTANCES, 8), std::pair(9u, 4u));
    EXPECT_EQ(get(KSPROPERTY_PIN_NECESSARYINSTANCES, 4).first, 0u);
    EXPECT_EQ(counts.asked.size(), 3u) << "each of them asks";
    miniport.pin_count = nullptr;
}

TEST_F(MidiPinTest, CountingMustNotMakeStreams) {
    ScriptedPinCount counts;
    miniport.pin_count = &counts;
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    counts.inside = [&] {
        ks.close(pin);
        counts.inside = nullptr;
    };
    KSPIN_CINSTANCES value{};
    const auto ask = [&] {
        return client([&] {
            return ks.pin_property(filter, KSPROPERTY_PIN_CINSTANCES, render_pin, &value, sizeof value);
        });
    };
    REQUIRES("PC-005");
    EXPECT_EQ(ask(), STATUS_SUCCESS);
    EXPECT_THAT(test::Contracts::take(), ElementsAre("PC-005"));
    EXPECT_EQ(ask(), STATUS_SUCCESS);
    EXPECT_THAT(test::Contracts::take(), ElementsAre());
    miniport.pin_count = nullptr;
}

}  // namespace
}  // namespace portico::portcls
