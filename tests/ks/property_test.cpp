// Property requests taken apart and answered from tables, without a port.
#include "ks/property.h"

#include "ks/property_capture.h"
#include "ks/user_memory.h"
#include "ks_test.h"
#include "support/requires.h"

namespace portico::ks {
namespace {

using test::TestIrp;

constexpr GUID set_a{1, 2, 3, {4}}, set_b{5, 6, 7, {8}};

struct Target {
    ULONG value = 7;
};

NTSTATUS get_value(void* target, PropertyRequest& request) {
    return answer(request, static_cast<Target*>(target)->value);
}
NTSTATUS set_value(void* target, PropertyRequest& request) {
    std::memcpy(&static_cast<Target*>(target)->value, request.value, sizeof(ULONG));
    return STATUS_SUCCESS;
}
NTSTATUS get_list(void*, PropertyRequest& request) {
    static const ULONG64 items[] = {1, 2, 3};
    return answer_items(request, items, 3, sizeof items[0]);
}

const PropertyItem items[] = {
    {0, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET, sizeof(ULONG), get_value, set_value},
    {9, KSPROPERTY_TYPE_GET, 0, get_list, nullptr, 8},
};
const PropertySet sets[] = {{&set_a, items, 2}, {&set_b, nullptr, 0}};

struct PropertyTest : test::KsTest {
    struct Outcome {
        NTSTATUS status;
        ULONG_PTR information;
    };
    // An IRP of the kernel's, which its sender takes back.
    Outcome send(const GUID& set, ULONG id, ULONG verb, std::vector<char> instance, void* out, ULONG room) {
        KSPROPERTY property{};
        property.Set = set;
        property.Id = id;
        property.Flags = verb;
        std::vector<char> input(sizeof property + instance.size());
        std::memcpy(input.data(), &property, sizeof property);
        if (!instance.empty()) std::memcpy(input.data() + sizeof property, instance.data(), instance.size());
        const auto size = static_cast<ULONG>(input.size());
        TestIrp irp({IOCTL_KS_PROPERTY, input.data(), size, out, room, KernelMode});
        void* const before = static_cast<PIRP>(irp)->AssociatedIrp.SystemBuffer;
        PropertyRequest request;
        NTSTATUS status = capture_property(irp, request);
        if (NT_SUCCESS(status)) {
            const FoundProperty found = find_property(sets, request.property);
            status =
                found.item == nullptr ? STATUS_NOT_FOUND : answer_property(*found.item, &target, request);
        }
        complete_property(irp, request.own_buffer, status, request.returned);
        EXPECT_TRUE(irp.ended);
        EXPECT_EQ(static_cast<PIRP>(irp)->AssociatedIrp.SystemBuffer, before);
        return {irp.status, irp.information};
    }
    Target target;
};

TEST_F(PropertyTest, GetsAndSets) {
    run([&] {
        ULONG value = 0;
        REQUIRES("FD-057");
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_GET, {}, &value, 4).information, 4u);
        EXPECT_EQ(value, 7u) << "in the sender's memory, though no I/O manager ends this IRP";
        value = 9;
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_SET, {}, &value, 4).status, STATUS_SUCCESS);
        EXPECT_EQ(target.value, 9u);
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_SET, {}, &value, 3).status, STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_SET, {}, nullptr, 0).status, STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_GET, {}, nullptr, 0).status, STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(send(set_a, 0, KSPROPERTY_TYPE_GET, {}, nullptr, 4).status, STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_SET, {}, &value, 4).status, STATUS_INVALID_DEVICE_REQUEST);
    });
}

TEST_F(PropertyTest, Lists) {
    run([&] {
        REQUIRES("PR-002");
        std::uint64_t list[4] = {};
        const std::vector<char> instance(8);
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_GET, instance, list, 32).information, 32u);
        KSMULTIPLE_ITEM header;
        std::memcpy(&header, list, sizeof header);
        EXPECT_EQ(header.Size, 32u);
        EXPECT_EQ(header.Count, 3u);
        EXPECT_EQ(list[3], 3u);
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_GET, instance, nullptr, 0).information, 32u);
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_GET, instance, list, 31).status, STATUS_BUFFER_TOO_SMALL);
        ULONG size = 0;
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_GET, instance, &size, 4).information, 4u);
        EXPECT_EQ(size, 32u);
        EXPECT_EQ(send(set_a, 9, KSPROPERTY_TYPE_GET, {7}, list, 32).status, STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(PropertyTest, FindsItems) {
    KSPROPERTY property{};
    property.Set = set_a;
    property.Id = 9;
    EXPECT_EQ(find_property(sets, property).item, &items[1]);
    property.Id = 1;
    REQUIRES("PR-014"), REQUIRES("PR-019");
    EXPECT_EQ(find_property(sets, property).item, nullptr);
    EXPECT_TRUE(find_property(sets, property).set_supported);
    property.Set = set_b;
    EXPECT_TRUE(find_property(sets, property).set_known);
    EXPECT_FALSE(find_property(sets, property).set_supported);
    property.Set = GUID{};
    EXPECT_FALSE(find_property(sets, property).set_known);
}

TEST_F(PropertyTest, VerbsComeAlone) {
    REQUIRES("FD-051");
    for (const ULONG verb :
         {0x1u, 0x2u, 0x100u, 0x200u, 0x400u, 0x800u, 0x1000u, 0x2000u, 0x4000u, 0x8000u, 0x10000u})
        EXPECT_TRUE(is_single_verb(verb)) << verb;
    for (const ULONG verb : {0x0u, 0x3u, 0x4u, 0x201u, 0x20000u, 0x10000000u, ~0u})
        EXPECT_FALSE(is_single_verb(verb)) << verb;
}

}  // namespace
}  // namespace portico::ks
