// Objects on both sides of the border between Microsoft's C++ ABI and the host's: slots, arguments, results;
// and the library that every driver is linked with (src/driverlib).
#include <algorithm>

#include <gtest/gtest.h>

#include "driver_image.h"
#include "slot_of.h"
#include "support/requires.h"

const char* last_method;
Crossing* crossing;

namespace portico::ddk_test::driver_objects_test {
namespace {

class DriverObjectsTest : public ::testing::TestWithParam<std::string> {
  protected:
    Image image{GetParam()};
};

// Any method, called by its slot. All arguments are a pointer to memory: one may be that of a struct result.
void call_slot(void* object, int slot) {
    using Method =
        void(NTAPI*)(void*, void*, void*, void*, void*, void*, void*, void*, void*, void*, void*, void*);
    ULONGLONG scratch[4];
    const auto vftable = *static_cast<Method**>(object);
    vftable[slot](object, scratch, scratch, scratch, scratch, scratch, scratch, scratch, scratch, scratch,
                  scratch, scratch);
}

TEST_P(DriverObjectsTest, VftablesHaveTheHostsSlots) {
    int methods = 0;
#define EXPECT_SAME_SLOT(type, method, parameters)                       \
    *image.objects.last_method = "none";                                 \
    call_slot(object, slot_of(&Interface::method));                      \
    EXPECT_STREQ(*image.objects.last_method, #method) << interface_name; \
    ++methods;
#define EXPECT_SAME_VFTABLE(Name)                                       \
    {                                                                   \
        using Interface = Name;                                         \
        const char* const interface_name = #Name;                       \
        void* const object = image.objects.recorders[interface_##Name]; \
        METHODS_##Name(EXPECT_SAME_SLOT)                                \
    }
    ALL_INTERFACES(EXPECT_SAME_VFTABLE)
    EXPECT_GT(methods, 250);
    REQUIRES("IU-003");
}

TEST_P(DriverObjectsTest, ArgumentsAndResultsReachTheDriver) {
    Crossing out{};
    call_everything(&image.objects.callees, &out);
    EXPECT_EQ(out.physical_address, kPhysicalAddress);
    REQUIRES("DC-010");
    const Crossing& in = *image.objects.crossing;
    EXPECT_EQ(in.power_state, PowerDeviceD2);
    REQUIRES("PN-005");
    EXPECT_EQ(in.new_stream_stream, reinterpret_cast<void*>(0x1111));
    EXPECT_EQ(in.new_stream_pin, 3u);
    EXPECT_EQ(in.new_stream_capture, TRUE);
    EXPECT_EQ(in.new_stream_group, reinterpret_cast<void*>(0x2222));
    EXPECT_EQ(in.dmus_prefetch, reinterpret_cast<void*>(0x3333));
    EXPECT_EQ(in.dmus_stream_type, DMUS_STREAM_MIDI_CAPTURE);
    EXPECT_EQ(in.event_id, kEventId);
    EXPECT_EQ(in.pin_event, TRUE);
    EXPECT_EQ(in.node_id, kNodeId);
    EXPECT_EQ(in.delay, kDelay);
}

TEST_P(DriverObjectsTest, ArgumentsAndResultsReachTheHost) {
    CrossingDma dma;
    CrossingPower power;
    CrossingMidi midi;
    CrossingDMus dmus;
    CrossingEvents events;
    CrossingGroup group;
    Crossing in{};
    crossing = &in;
    const Callees callees = {&dma, &power, &midi, &dmus, &events, &group};
    image.objects.call(&callees);
    EXPECT_EQ(image.objects.crossing->physical_address, kPhysicalAddress)
        << "what the driver got from the host";
    EXPECT_EQ(in.power_state, PowerDeviceD2);
    EXPECT_EQ(in.new_stream_stream, reinterpret_cast<void*>(0x1111));
    EXPECT_EQ(in.new_stream_pin, 3u);
    EXPECT_EQ(in.new_stream_group, reinterpret_cast<void*>(0x2222));
    EXPECT_EQ(in.dmus_prefetch, reinterpret_cast<void*>(0x3333));
    EXPECT_EQ(in.event_id, kEventId);
    EXPECT_EQ(in.node_id, kNodeId);
    EXPECT_EQ(in.delay, kDelay);
    crossing = nullptr;
}

TEST_P(DriverObjectsTest, UnknownCountsDelegatesAndDeletes) {
    const std::size_t blocks_before = pool.size();
    Recorder<IUnknown> outer;
    UnknownFacts facts{};
    image.objects.use_unknown(&facts, &outer);
    EXPECT_EQ(facts.create_status, STATUS_SUCCESS);
    EXPECT_EQ(facts.bytes_not_zero, 0u);
    REQUIRES("IU-015");
    EXPECT_EQ(facts.count_after_create, 1u);
    EXPECT_TRUE(facts.outer_is_self);
    EXPECT_TRUE(facts.outer_is_given);
    EXPECT_EQ(facts.query_unknown, STATUS_SUCCESS);
    EXPECT_EQ(facts.query_other, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(facts.other_pointer, nullptr);
    EXPECT_EQ(facts.destructions, 1u);
    EXPECT_EQ(facts.resurrected_destructions, 1u) << "a destructor that touches its own count";
    EXPECT_EQ(pool.size(), blocks_before);
    REQUIRES("IU-014");
}

TEST_P(DriverObjectsTest, CreationWithoutMemoryIsAStatus) {
    Recorder<IUnknown> outer;
    UnknownFacts facts{};
    out_of_memory = true;
    image.objects.use_unknown(&facts, &outer);
    out_of_memory = false;
    EXPECT_EQ(facts.create_without_memory, STATUS_INSUFFICIENT_RESOURCES);
    REQUIRES("IU-014");
}

TEST_P(DriverObjectsTest, PoolOperatorsUseTypeAndTag) {
    const struct {
        POOL_TYPE type;
        ULONG tag;
        SIZE_T bytes;
    } expected[] = {{NonPagedPool, 0x774E6350, 4},
                    {PagedPool, 0x74736554, 4},
                    {NonPagedPool, 0x774E6350, 16},
                    {PagedPool, 0x74736554, 16}};
    for (ULONG form = 0; form < 4; ++form) {
        void* const memory = image.objects.allocate(form);
        ASSERT_EQ(pool.count(memory), 1u);
        const Block block = pool[memory];
        EXPECT_EQ(block.type, expected[form].type) << form;
        EXPECT_EQ(block.tag, expected[form].tag) << form;
        EXPECT_EQ(block.bytes, expected[form].bytes) << form;
        const auto* const bytes = static_cast<const unsigned char*>(memory);
        EXPECT_TRUE(std::all_of(bytes, bytes + block.bytes, [](unsigned char byte) { return byte == 0; }))
            << form;
        image.objects.release(memory, form);
        EXPECT_EQ(pool.count(memory), 0u) << form;
    }
    REQUIRES("IU-017");
    REQUIRES("FLD-055");
}

TEST_P(DriverObjectsTest, BigFramesAreProbed) {
    ULONG expected = 0;
    for (ULONG i = 0; i < 40000; ++i) expected += static_cast<UCHAR>(3 + i);
    EXPECT_EQ(image.objects.big_frame(3), expected);
}

TEST(DriverLibrary, ADriversOwnDeleteWins) {
    freed_with_tag = 0;
    ULONG own_deletes = 0;
    EXPECT_EQ(start("ddk_own_operators", &own_deletes), STATUS_SUCCESS);
    EXPECT_EQ(own_deletes, 3u);
    EXPECT_EQ(freed_with_tag, 3);
    EXPECT_TRUE(pool.empty());
    REQUIRES("FLD-055");
}

INSTANTIATE_TEST_SUITE_P(Builds, DriverObjectsTest, ::testing::Values("ddk_objects", "ddk_objects_free"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace portico::ddk_test::driver_objects_test
