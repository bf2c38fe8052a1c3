// Every property that there is, with every size from nothing to 4 KiB, and with buffers that are missing.
#include <gmock/gmock.h>

#include "nt/mm/mm.h"
#include "property_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Ask;
using test::Bytes;
using test::bytes_of;
using test::Contracts;
using ::testing::IsEmpty;

constexpr ULONG size_limit = 4096;

struct Known {
    const GUID* set;
    ULONG count;  // ids, and one more that there is not
};

const GUID known_sets[] = {KSPROPSETID_Pin,    KSPROPSETID_Topology, KSPROPSETID_Connection,
                           KSPROPSETID_Stream, KSPROPSETID_Audio,    KSPROPSETID_General};
const Known known[] = {{&known_sets[0], 18}, {&known_sets[1], 5}, {&known_sets[2], 9},
                       {&known_sets[3], 12}, {&known_sets[4], 2}, {&known_sets[5], 2}};

struct PropertySweepTest : test::PropertyTest {
    // The requests of one property, all in one call of the client's.
    void sweep(HANDLE file, const GUID& set, ULONG id, ULONG verb) {
        Bytes input = Ask{set, id, verb, bytes_of(ULONG64{render_pin})}.input();
        input.resize(size_limit);
        client([&] {
            std::memcpy(memory + 64, input.data(), input.size());
            for (ULONG size = 0; size <= size_limit; size += size < 256 ? 1 : 61) {
                check(file, memory + 64, 32, memory + 8192, size);
                check(file, memory + 64, size, memory + 8192, 64);
                check(file, memory + 64, size, memory + 8192, size);
                check(file, nullptr, size, memory + 8192, size);
                check(file, memory + 64, size, nullptr, size);
                check(file, nullptr, size, nullptr, size);
            }
            return STATUS_SUCCESS;
        });
    }
    void check(HANDLE file, void* in, ULONG in_size, void* out, ULONG out_size) {
        auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
        *status = {};
        std::memset(memory + 8192 + out_size, 0xA5, 16);
        const NTSTATUS returned = nt::io::device_io_control(file, {}, IOCTL_KS_PROPERTY, in, in_size, out,
                                                            out_size, status, ks.mode());
        ++requests;
        ASSERT_NE(returned, STATUS_PENDING);
        if (returned != STATUS_BUFFER_OVERFLOW) {
            ASSERT_LE(status->Information, out_size);
        }
        for (int i = 0; i < 16; ++i) ASSERT_EQ(memory[8192 + out_size + i], 0xA5) << "behind the buffer";
    }
    void sweep_all(HANDLE file) {
        const ULONG verbs[] = {test::get,
                               test::put,
                               KSPROPERTY_TYPE_BASICSUPPORT,
                               KSPROPERTY_TYPE_SETSUPPORT,
                               KSPROPERTY_TYPE_RELATIONS,
                               KSPROPERTY_TYPE_SERIALIZESET,
                               KSPROPERTY_TYPE_UNSERIALIZESET,
                               test::get | KSPROPERTY_TYPE_TOPOLOGY};
        for (const Known& set : known) {
            for (ULONG id = 0; id < set.count; ++id) {
                for (const ULONG verb : verbs) sweep(file, *set.set, id, verb);
            }
        }
    }
    void prepare() {
        client([&] {
            memory = static_cast<std::uint8_t*>(nt::mm::allocate_user(*thread.process(), 16384));
            return STATUS_SUCCESS;
        });
    }
    std::uint8_t* memory = nullptr;
    unsigned requests = 0;
};

TEST_F(PropertySweepTest, OfAFilter) {
    start_device_and_filter();
    prepare();
    REQUIRES("VF-028"), REQUIRES("CL-013");
    sweep_all(filter);
    EXPECT_GT(requests, 500'000u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    EXPECT_EQ(miniport.new_streams, 0u);
}

TEST_F(PropertySweepTest, OfAPin) {
    start_device_and_filter();
    prepare();
    HANDLE const render = open_pin(render_pin);
    REQUIRES("VF-028");
    sweep_all(render);
    EXPECT_GT(requests, 500'000u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

}  // namespace
}  // namespace portico::portcls
