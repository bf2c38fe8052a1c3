// Interlocked operations, S-lists, lists under a lock, lookaside lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"

namespace ex_list_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using ::testing::ElementsAre;

constexpr ULONG tag = 'tseT';

// A driver's own list stops the system in the driver's name; this one is not in a driver.
TEST(ExList, APorticoListWhoseLinksDisagreeIsNotSaidToBeTheDrivers) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run_to_bug_check([] {
        LIST_ENTRY head;
        LIST_ENTRY entry;
        InitializeListHead(&head);
        InsertTailList(&head, &entry);
        RemoveEntryList(&entry);
        RemoveEntryList(&entry);
    }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, KERNEL_SECURITY_CHECK_FAILURE);
    EXPECT_STREQ(bug_check()->rule, "stumble");
}

TEST(ExInterlocked, ReturnsAsDocumented) {
    Kernel kernel;
    LONG value = 5;
    EXPECT_EQ(InterlockedIncrement(&value), 6);
    EXPECT_EQ(InterlockedDecrement(&value), 5);
    EXPECT_EQ(InterlockedExchange(&value, 9), 5);
    EXPECT_EQ(InterlockedExchangeAdd(&value, -4), 9);
    EXPECT_EQ(InterlockedAdd(&value, 1), 6);
    EXPECT_EQ(InterlockedCompareExchange(&value, 1, 5), 6);
    EXPECT_EQ(value, 6);
    EXPECT_EQ(InterlockedCompareExchange(&value, 1, 6), 6);
    EXPECT_EQ(value, 1);
    EXPECT_EQ(InterlockedOr(&value, 6), 1);
    EXPECT_EQ(InterlockedAnd(&value, 3), 7);
    EXPECT_EQ(InterlockedXor(&value, 1), 3);
    EXPECT_EQ(value, 2);
    value = MAXLONG;
    EXPECT_EQ(InterlockedIncrement(&value), LONG(MINLONG));
    EXPECT_EQ(InterlockedDecrement(&value), MAXLONG);
    LONG bits[2] = {0, 0};
    EXPECT_EQ(InterlockedBitTestAndSet(bits, 35), 0);
    EXPECT_EQ(bits[1], 8);
    EXPECT_EQ(InterlockedBitTestAndSet(bits, 35), 1);
    EXPECT_EQ(InterlockedBitTestAndReset(bits, 35), 1);
    EXPECT_EQ(InterlockedBitTestAndReset(bits, 35), 0);
    EXPECT_EQ(InterlockedBitTestAndSet(&bits[1], -1), 0);
    EXPECT_EQ(static_cast<ULONG>(bits[0]), 0x80000000u);
    SHORT half = -1;
    EXPECT_EQ(InterlockedIncrement16(&half), 0);
    EXPECT_EQ(InterlockedCompareExchange16(&half, 7, 0), 0);
    CHAR byte = 0x0F;
    EXPECT_EQ(InterlockedExchange8(&byte, 3), 0x0F);
    EXPECT_EQ(InterlockedOr8(&byte, 4), 3);
    LONG64 wide = 1ll << 40;
    EXPECT_EQ(InterlockedExchangeAdd64(&wide, 2), 1ll << 40);
    EXPECT_EQ(InterlockedAdd64(&wide, 1), (1ll << 40) + 3);
    EXPECT_EQ(InterlockedBitTestAndReset64(&wide, 40), 1);
    EXPECT_EQ(wide, 3);
    void* pointer = &wide;
    EXPECT_EQ(InterlockedCompareExchangePointer(&pointer, nullptr, &half), &wide);
    EXPECT_EQ(InterlockedExchangePointer(&pointer, &half), &wide);
    alignas(16) LONG64 pair[2] = {1, 2};
    LONG64 expected[2] = {1, 3};
    EXPECT_FALSE(InterlockedCompareExchange128(pair, 20, 10, expected));
    EXPECT_THAT(expected, ElementsAre(1, 2));
    EXPECT_TRUE(InterlockedCompareExchange128(pair, 20, 10, expected));
    EXPECT_THAT(pair, ElementsAre(10, 20));
}

// Each is a point where the other processors may run (FLD-023).
TEST(ExInterlocked, LetsTimeGoOn) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        LONG value = 0;
        const auto before = sim::this_processor->at_ns;
        for (int i = 0; i < 10; ++i) InterlockedIncrement(&value);
        EXPECT_GE(sim::this_processor->at_ns - before, 500);
    }));
}

struct alignas(16) Node {
    SLIST_ENTRY entry;
    int value;
};

TEST(ExSList, LastInFirstOutWithDepthAndSequence) {
    Kernel kernel;
    SLIST_HEADER head;
    InitializeSListHead(&head);
    Node nodes[3] = {};
    EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
    EXPECT_EQ(InterlockedPushEntrySList(&head, &nodes[0].entry), nullptr);
    EXPECT_EQ(InterlockedPushEntrySList(&head, &nodes[1].entry), &nodes[0].entry);
    EXPECT_EQ(ExInterlockedPushEntrySList(&head, &nodes[2].entry, nullptr), &nodes[1].entry);
    EXPECT_EQ(QueryDepthSList(&head), 3);
    EXPECT_EQ(head.HeaderX64.Sequence, 3u);
    EXPECT_EQ(FirstEntrySList(&head), &nodes[2].entry);
    EXPECT_EQ(InterlockedPopEntrySList(&head), &nodes[2].entry);
    EXPECT_EQ(ExInterlockedPopEntrySList(&head, nullptr), &nodes[1].entry);
    EXPECT_EQ(ExQueryDepthSList(&head), 1);
    InterlockedPushEntrySList(&head, &nodes[2].entry);
    EXPECT_EQ(InterlockedFlushSList(&head), &nodes[2].entry);
    EXPECT_EQ(nodes[2].entry.Next, &nodes[0].entry);
    EXPECT_EQ(QueryDepthSList(&head), 0);
    EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
}

TEST(ExSList, OverwrittenEntriesAreTold) {
    Kernel kernel;
    MisuseLog misuse;
    SLIST_HEADER head;
    InitializeSListHead(&head);
    Node node{};
    InterlockedPushEntrySList(&head, &node.entry);
    node.entry.Next = reinterpret_cast<PSLIST_ENTRY>(0xDDDDDDDDDDDDDDDDull);
    EXPECT_EQ(InterlockedPopEntrySList(&head), &node.entry);
    EXPECT_EQ(InterlockedPopEntrySList(&head), nullptr);
    EXPECT_THAT(misuse.codes(), ElementsAre(PAGE_FAULT_IN_NONPAGED_AREA));
}

TEST(ExSList, MisalignedEntriesRaise) {
    Kernel kernel;
    SLIST_HEADER head;
    InitializeSListHead(&head);
    Node nodes[2];
    EXPECT_TRUE(kernel.run_to_bug_check([&] {
        InterlockedPushEntrySList(&head, reinterpret_cast<PSLIST_ENTRY>(reinterpret_cast<char*>(nodes) + 8));
    }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<std::uint32_t>(STATUS_DATATYPE_MISALIGNMENT));
}

TEST(ExInterlockedLists, UnderALock) {
    Kernel kernel;
    KSPIN_LOCK lock = 0;
    LIST_ENTRY head;
    LIST_ENTRY a;
    LIST_ENTRY b;
    LIST_ENTRY c;
    InitializeListHead(&head);
    EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), nullptr);
    EXPECT_EQ(ExInterlockedInsertTailList(&head, &b, &lock), nullptr);
    EXPECT_EQ(ExInterlockedInsertHeadList(&head, &a, &lock), &b);
    EXPECT_EQ(ExInterlockedInsertTailList(&head, &c, &lock), &b);
    EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), &a);
    EXPECT_EQ(ExInterlockedRemoveHeadList(&head, &lock), &b);
    SINGLE_LIST_ENTRY single{};
    SINGLE_LIST_ENTRY x{};
    SINGLE_LIST_ENTRY y{};
    EXPECT_EQ(ExInterlockedPushEntryList(&single, &x, &lock), nullptr);
    EXPECT_EQ(ExInterlockedPushEntryList(&single, &y, &lock), &x);
    EXPECT_EQ(ExInterlockedPopEntryList(&single, &lock), &y);
    ULONG number = 5;
    EXPECT_EQ(ExInterlockedAddUlong(&number, 3, &lock), 5u);
    EXPECT_EQ(number, 8u);
    LARGE_INTEGER wide;
    wide.QuadPart = 10;
    LARGE_INTEGER one;
    one.QuadPart = 1;
    EXPECT_EQ(ExInterlockedAddLargeInteger(&wide, one, &lock).QuadPart, 10);
    EXPECT_EQ(wide.QuadPart, 11);
    EXPECT_EQ(lock, 0u);
}

TEST(ExLookaside, KeepsAFewFreedBlocks) {
    Kernel kernel;
    NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 100, tag, 0);
    EXPECT_EQ(list.L.Size, 100u);
    EXPECT_EQ(list.L.Depth, 4);
    EXPECT_EQ(list.L.Tag, tag);
    void* blocks[6];
    for (void*& block : blocks) {
        block = ExAllocateFromNPagedLookasideList(&list);
        EXPECT_TRUE(sim::nonpaged_range.contains(block));
    }
    EXPECT_EQ(list.L.AllocateMisses, 6u);
    for (void* block : blocks) ExFreeToNPagedLookasideList(&list, block);
    EXPECT_EQ(ExQueryDepthSList(&list.L.ListHead), 4);
    EXPECT_EQ(list.L.FreeMisses, 2u);
    EXPECT_EQ(ExAllocateFromNPagedLookasideList(&list), blocks[3]);
    EXPECT_EQ(list.L.TotalAllocates, 7u);
    ExFreeToNPagedLookasideList(&list, blocks[3]);
    ExDeleteNPagedLookasideList(&list);
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_TRUE(left.all.empty());
}

TEST(ExLookaside, PagedListAndExList) {
    Kernel kernel;
    PAGED_LOOKASIDE_LIST paged;
    ExInitializePagedLookasideList(&paged, nullptr, nullptr, 0, 1, tag, 0);
    EXPECT_EQ(paged.L.Size, sizeof(PVOID));
    void* const block = ExAllocateFromPagedLookasideList(&paged);
    EXPECT_TRUE(sim::paged_range.contains(block));
    ExFreeToPagedLookasideList(&paged, block);
    ExDeletePagedLookasideList(&paged);
    LOOKASIDE_LIST_EX list;
    EXPECT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, NonPagedPoolNx, 0, 64, tag, 1),
              STATUS_INVALID_PARAMETER_8);
    EXPECT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, NonPagedPoolNx, 3, 64, tag, 0),
              STATUS_INVALID_PARAMETER_5);
    ASSERT_EQ(ExInitializeLookasideListEx(&list, nullptr, nullptr, NonPagedPoolNx, 0, 64, tag, 0),
              STATUS_SUCCESS);
    void* const other = ExAllocateFromLookasideListEx(&list);
    ExFreeToLookasideListEx(&list, other);
    EXPECT_EQ(ExQueryDepthSList(&list.L.ListHead), 1);
    ExFlushLookasideListEx(&list);
    EXPECT_EQ(ExQueryDepthSList(&list.L.ListHead), 0);
    EXPECT_FALSE(ex::owns(other));
    ExDeleteLookasideListEx(&list);
}

int custom_allocations = 0;
PVOID NTAPI custom_allocate(POOL_TYPE type, SIZE_T size, ULONG pool_tag) {
    ++custom_allocations;
    return ExAllocatePoolWithTag(type, size, pool_tag);
}
VOID NTAPI custom_free(PVOID buffer) {
    --custom_allocations;
    ExFreePool(buffer);
}

TEST(ExLookaside, OwnRoutinesAndMisuse) {
    Kernel kernel;
    MisuseLog misuse;
    custom_allocations = 0;
    NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, custom_allocate, custom_free, 0, 32, tag, 0);
    void* const block = ExAllocateFromNPagedLookasideList(&list);
    EXPECT_EQ(custom_allocations, 1);
    ExFreeToNPagedLookasideList(&list, block);
    EXPECT_EQ(custom_allocations, 1);
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_TRUE(left.has(LeftKind::lookaside_list));
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(custom_allocations, 0);
    EXPECT_EQ(misuse.size(), 0u);
    ExDeleteNPagedLookasideList(&list);
    EXPECT_EQ(misuse.size(), 1u);
}

}  // namespace
}  // namespace ex_list_test
