#include "portcls/resource_list.h"

#include <gtest/gtest.h>

#include <cstring>

#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;

struct ThreeResources {
    ULONG count = 1;
    INTERFACE_TYPE bus = Isa;
    ULONG bus_number = 0;
    CM_PARTIAL_RESOURCE_LIST head{1, 1, 3, {}};
    CM_PARTIAL_RESOURCE_DESCRIPTOR more[2] = {};

    explicit ThreeResources(ULONG base) {
        head.PartialDescriptors[0].Type = CmResourceTypePort;
        head.PartialDescriptors[0].u.Port.Start.QuadPart = base;
        head.PartialDescriptors[0].u.Port.Length = 2;
        more[0].Type = CmResourceTypeInterrupt;
        more[0].u.Interrupt.Level = more[0].u.Interrupt.Vector = 9;
        more[1].Type = CmResourceTypePort;
        more[1].u.Port.Start.QuadPart = base + 0x58;
        more[1].u.Port.Length = 4;
    }
    CM_RESOURCE_LIST* list() { return reinterpret_cast<CM_RESOURCE_LIST*>(this); }
};

struct ResourceListTest : test::PortclsTest {
    ThreeResources translated{0x330};
    ThreeResources raw{0x1330};

    PRESOURCELIST make_list() {
        PRESOURCELIST list = nullptr;
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, translated.list(), raw.list()),
                  STATUS_SUCCESS);
        return list;
    }
};

TEST_F(ResourceListTest, FindsEntriesByTypeInBothLists) {
    run([&] {
        PRESOURCELIST const list = make_list();
        REQUIRES("RL-001"), REQUIRES("RL-002"), REQUIRES("FN-090");
        EXPECT_EQ(list->NumberOfEntries(), 3u);
        REQUIRES("RL-003"), REQUIRES("RL-013");
        EXPECT_EQ(list->NumberOfPorts(), 2u);
        EXPECT_EQ(list->NumberOfInterrupts(), 1u);
        EXPECT_EQ(list->NumberOfDmas(), 0u);
        REQUIRES("RL-004"), REQUIRES("RL-005"), REQUIRES("RL-006");
        EXPECT_EQ(list->FindTranslatedPort(1)->u.Port.Start.QuadPart, 0x388);
        EXPECT_EQ(list->FindUntranslatedPort(1)->u.Port.Start.QuadPart, 0x1388);
        EXPECT_EQ(list->FindTranslatedPort(2), nullptr);
        EXPECT_EQ(list->FindTranslatedMemory(0), nullptr);
        list->Release();
    });
}

TEST_F(ResourceListTest, CopiesItsLists) {
    run([&] {
        PRESOURCELIST const list = make_list();
        translated.head.PartialDescriptors[0].u.Port.Start.QuadPart = 0;
        REQUIRES("FN-091");
        EXPECT_EQ(list->FindTranslatedPort(0)->u.Port.Start.QuadPart, 0x330);
        REQUIRES("RL-010");
        ASSERT_NE(list->TranslatedList(), nullptr);
        EXPECT_EQ(list->TranslatedList()->List[0].InterfaceType, Isa);
        EXPECT_EQ(list->TranslatedList()->List[0].PartialResourceList.Count, 3u);
        EXPECT_EQ(
            list->UntranslatedList()->List[0].PartialResourceList.PartialDescriptors[0].u.Port.Start.QuadPart,
            0x1330);
        REQUIRES("FLD-004");
        list->FindTranslatedPort(0)->u.Port.Length = 1;
        EXPECT_EQ(list->FindTranslatedPort(0)->u.Port.Length, 1u) << "an edited descriptor stays edited";
        list->Release();
    });
}

TEST_F(ResourceListTest, AnEmptyListIsAnObject) {
    run([&] {
        PRESOURCELIST list = nullptr;
        ASSERT_EQ(PcNewResourceList(&list, nullptr, PagedPool, nullptr, nullptr), STATUS_SUCCESS);
        REQUIRES("RL-011");
        ASSERT_NE(list, nullptr);
        EXPECT_EQ(list->NumberOfEntries(), 0u);
        EXPECT_EQ(list->FindTranslatedPort(0), nullptr);
        ASSERT_NE(list->TranslatedList(), nullptr);
        EXPECT_EQ(list->TranslatedList()->Count, 0u);
        list->Release();
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, translated.list(), nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list, nullptr);
    });
}

TEST_F(ResourceListTest, AFullListTakesNoMore) {
    run([&] {
        PRESOURCELIST const list = make_list();
        REQUIRES("RL-009");
        EXPECT_EQ(list->AddEntry(&translated.more[0], &raw.more[0]), STATUS_INSUFFICIENT_RESOURCES);
        list->Release();
    });
}

TEST_F(ResourceListTest, ASublistIsFilledFromItsParent) {
    run([&] {
        PRESOURCELIST const list = make_list();
        PRESOURCELIST sublist = nullptr;
        REQUIRES("FN-092");
        ASSERT_EQ(PcNewResourceSublist(&sublist, nullptr, PagedPool, list, 2), STATUS_SUCCESS);
        EXPECT_EQ(sublist->NumberOfEntries(), 0u);
        REQUIRES("RL-008");
        EXPECT_EQ(sublist->AddPortFromParent(list, 1), STATUS_SUCCESS);
        EXPECT_EQ(sublist->FindTranslatedPort(0)->u.Port.Start.QuadPart, 0x388);
        EXPECT_EQ(sublist->FindUntranslatedPort(0)->u.Port.Start.QuadPart, 0x1388);
        EXPECT_EQ(sublist->AddPortFromParent(list, 2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(sublist->AddDmaFromParent(list, 0), STATUS_INVALID_PARAMETER);
        REQUIRES("RL-007");
        EXPECT_EQ(sublist->AddEntry(&translated.more[0], &raw.more[0]), STATUS_SUCCESS);
        EXPECT_EQ(sublist->NumberOfInterrupts(), 1u);
        EXPECT_EQ(sublist->AddInterruptFromParent(list, 0), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(sublist->TranslatedList()->List[0].InterfaceType, Isa);
        EXPECT_EQ(sublist->TranslatedList()->List[0].PartialResourceList.Count, 2u);

        EXPECT_EQ(list->Release(), 1u) << "the sublist holds its parent";
        EXPECT_EQ(sublist->Release(), 0u);
        EXPECT_EQ(live_object_count(), 0u);
        EXPECT_TRUE(Contracts::take().empty());
    });
}

TEST_F(ResourceListTest, ADevicesOwnDataIsCopiedWithIt) {
    run([&] {
        struct {
            CM_RESOURCE_LIST list;
            char data[6];
        } from{};
        from.list.Count = 1;
        from.list.List[0].PartialResourceList.Count = 1;
        auto& descriptor = from.list.List[0].PartialResourceList.PartialDescriptors[0];
        descriptor.Type = CmResourceTypeDeviceSpecific;
        descriptor.u.DeviceSpecificData.DataSize = 6;
        std::memcpy(&descriptor + 1, "sixth", 6);
        PRESOURCELIST list = nullptr;
        ASSERT_EQ(PcNewResourceList(&list, nullptr, NonPagedPool, &from.list, &from.list), STATUS_SUCCESS);
        PRESOURCELIST sublist = nullptr;
        ASSERT_EQ(PcNewResourceSublist(&sublist, nullptr, NonPagedPool, list, 1), STATUS_SUCCESS);
        ASSERT_EQ(sublist->AddDeviceSpecificFromParent(list, 0), STATUS_SUCCESS);
        EXPECT_STREQ(reinterpret_cast<const char*>(sublist->FindTranslatedDeviceSpecific(0) + 1), "sixth");
        sublist->Release();
        list->Release();
    });
}

TEST_F(ResourceListTest, ItsDescriptorsAreNotTheDriversToFree) {
    static int misuses;
    misuses = 0;
    nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) { ++misuses; };
    run([&] {
        PRESOURCELIST const list = make_list();
        const auto* const port = list->FindTranslatedPort(0);
        const auto start = port->u.Port.Start.QuadPart;
        REQUIRES("RL-016");
        ExFreePool(const_cast<PCM_PARTIAL_RESOURCE_DESCRIPTOR>(port));
        EXPECT_EQ(misuses, 1);
        EXPECT_EQ(list->FindTranslatedPort(0)->u.Port.Start.QuadPart, start) << "the list has not suffered";
        list->Release();
        EXPECT_EQ(misuses, 1);
    });
    nt::probes.pool_misuse = nullptr;
}

TEST_F(ResourceListTest, RefusesListsThatCannotBeOnes) {
    run([&] {
        translated.head.Count = 100'000;
        PRESOURCELIST list = nullptr;
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, translated.list(), raw.list()),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list, nullptr);
        EXPECT_EQ(PcNewResourceList(nullptr, nullptr, PagedPool, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        REQUIRES("FN-071");
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"FN-071"});
    });
}

TEST_F(ResourceListTest, TellsOfSublistsThatBreakTheirContract) {
    run([&] {
        PRESOURCELIST const list = make_list();
        PRESOURCELIST const other = make_list();
        PRESOURCELIST sublist = nullptr;
        REQUIRES("FN-093");
        ASSERT_EQ(PcNewResourceSublist(&sublist, nullptr, PagedPool, list, 1), STATUS_SUCCESS);
        EXPECT_EQ(sublist->AddPortFromParent(other, 0), STATUS_SUCCESS);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"FN-093"});
        sublist->Release();
        ASSERT_EQ(PcNewResourceSublist(&sublist, nullptr, PagedPool, list, 0), STATUS_SUCCESS);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"FN-093"});
        sublist->Release();
        other->Release();
        list->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
