// The pool: allocation by type, flags and tag, alignment, zeroing, misuse, and what is known of a block.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "support/requires.h"

#ifdef PORTICO_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace ex_pool_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ULONG tag = 'tseT';
constexpr POOL_TYPE nonpaged_zeroed = static_cast<POOL_TYPE>(NonPagedPoolNx | POOL_ZERO_ALLOCATION);

std::uint64_t number(const void* address) {
    return reinterpret_cast<std::uint64_t>(address);
}

bool filled(const void* memory, std::size_t size, unsigned char value) {
    const auto* const bytes = static_cast<const unsigned char*>(memory);
    for (std::size_t i = 0; i < size; ++i) {
        if (bytes[i] != value) return false;
    }
    return true;
}

TEST(ExPool, TypesLieInTheirRanges) {
    Kernel kernel;
    void* const nonpaged = ExAllocatePoolWithTag(NonPagedPoolNx, 100, tag);
    void* const paged = ExAllocatePoolWithTag(PagedPool, 100, tag);
    EXPECT_TRUE(sim::nonpaged_range.contains(nonpaged));
    EXPECT_TRUE(sim::paged_range.contains(paged));
    EXPECT_TRUE(ex::owns(nonpaged));
    EXPECT_TRUE(ex::owns(static_cast<char*>(paged) + 99));
    EXPECT_FALSE(ex::owns(static_cast<char*>(paged) + 100));
    ExFreePoolWithTag(nonpaged, tag);
    ExFreePool(paged);
    EXPECT_FALSE(ex::owns(nonpaged));
}

// ExAllocatePoolWithTag: 16-byte alignment, a page from PAGE_SIZE on, no page crossed by less.
TEST(ExPool, AlignmentAndPages) {
    Kernel kernel;
    for (std::size_t size : {1u, 8u, 15u, 16u, 17u, 48u, 100u, 255u, 256u, 500u, 1000u, 1343u, 2031u, 2032u,
                             2033u, 4000u, 4080u, 4095u}) {
        for (int i = 0; i < 40; ++i) {
            const auto at = number(ExAllocatePoolWithTag(NonPagedPoolNx, size, tag));
            ASSERT_NE(at, 0u);
            EXPECT_EQ(at % 16, 0u) << size;
            EXPECT_EQ(at / PAGE_SIZE, (at + size - 1) / PAGE_SIZE) << size;
        }
    }
    for (std::size_t size : {4096u, 4097u, 8192u, 100'000u}) {
        EXPECT_EQ(number(ExAllocatePoolWithTag(PagedPool, size, tag)) % PAGE_SIZE, 0u);
    }
    for (std::size_t size : {1u, 60u, 70u, 200u, 600u, 1500u}) {
        EXPECT_EQ(number(ExAllocatePoolWithTag(NonPagedPoolCacheAligned, size, tag)) % 64, 0u);
        EXPECT_EQ(number(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, size, tag)) % 64, 0u);
    }
}

TEST(ExPool, BlocksDoNotOverlap) {
    Kernel kernel;
    std::set<std::pair<std::uint64_t, std::uint64_t>> live;
    sim::Random random(7);
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (int i = 0; i < 4000; ++i) {
        if (blocks.size() > 300 || (!blocks.empty() && random.below(3) == 0)) {
            const auto k = random.below(blocks.size());
            live.erase({number(blocks[k].first), blocks[k].second});
            ASSERT_TRUE(
                filled(blocks[k].first, blocks[k].second, static_cast<unsigned char>(blocks[k].second)));
            ExFreePoolWithTag(blocks[k].first, tag);
            blocks[k] = blocks.back();
            blocks.pop_back();
            continue;
        }
        const std::size_t size = random.below(8) == 0 ? random.below(20'000) + 1 : random.below(700) + 1;
        void* const block =
            ExAllocatePoolWithTag(random.below(2) == 0 ? PagedPool : NonPagedPoolNx, size, tag);
        ASSERT_NE(block, nullptr);
        std::memset(block, static_cast<int>(size & 0xFF), size);
        const auto next = live.lower_bound({number(block), 0});
        if (next != live.end()) {
            ASSERT_GE(next->first, number(block) + size);
        }
        if (next != live.begin()) {
            const auto before = std::prev(next);
            ASSERT_LE(before->first + before->second, number(block));
        }
        live.insert({number(block), size});
        blocks.emplace_back(block, size);
    }
}

TEST(ExPool, WhatFreshMemoryHolds) {
    Kernel kernel;
    for (std::size_t size : {40u, 3000u, 50'000u}) {
        EXPECT_TRUE(filled(ExAllocatePoolWithTag(NonPagedPoolNx, size, tag), size, ex::uninitialised_fill));
        EXPECT_TRUE(filled(ExAllocatePoolWithTag(nonpaged_zeroed, size, tag), size, 0));
        EXPECT_TRUE(filled(ExAllocatePoolZero(PagedPool, size, tag), size, 0));
        EXPECT_TRUE(filled(ExAllocatePool2(POOL_FLAG_PAGED, size, tag), size, 0));
        EXPECT_TRUE(filled(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, size, tag), size,
                           ex::uninitialised_fill));
        EXPECT_TRUE(filled(ExAllocatePool3(POOL_FLAG_NON_PAGED, size, tag, nullptr, 0), size, 0));
    }
}

// ExAllocatePool2: NULL for tag 0 and for invalid POOL_FLAGS; unknown optional flags are ignored.
TEST(ExPool, FlagsOfExAllocatePool2) {
    Kernel kernel;
    MisuseLog misuse;
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0), nullptr);
    EXPECT_EQ(ExAllocatePool2(0, 16, tag), nullptr);
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, tag), nullptr);
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x40000000, 16, tag), nullptr);
    EXPECT_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RESERVED1, 16, tag), nullptr);
    EXPECT_NE(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x4000000000000000ull, 16, tag), nullptr);
    EXPECT_NE(ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_USE_QUOTA, 16, tag), nullptr);
    POOL_EXTENDED_PARAMETER parameter{};
    parameter.Type = PoolExtendedParameterPriority;
    parameter.Priority = LowPoolPriority;
    EXPECT_NE(ExAllocatePool3(POOL_FLAG_PAGED, 16, tag, &parameter, 1), nullptr);
    parameter.Type = PoolExtendedParameterSecurePool;
    EXPECT_EQ(ExAllocatePool3(POOL_FLAG_PAGED, 16, tag, &parameter, 1), nullptr);
    parameter.Optional = 1;
    EXPECT_NE(ExAllocatePool3(POOL_FLAG_PAGED, 16, tag, &parameter, 1), nullptr);
    EXPECT_EQ(misuse.size(), 0u);
}

TEST(ExPool, TagsAreCheckedWhenFreed) {
    Kernel kernel;
    MisuseLog misuse;
    ExFreePoolWithTag(ExAllocatePoolWithTag(PagedPool, 8, tag), tag);
    ExFreePoolWithTag(ExAllocatePoolWithTag(PagedPool, 8, tag), 0);
    ExFreePool(ExAllocatePool(PagedPool, 8));
    ExFreePoolWithTag(ExAllocatePool(PagedPool, 8), 'enoN');
    ExFreePoolWithTag(ExAllocatePoolWithTag(PagedPool, 8, tag | PROTECTED_POOL), tag | PROTECTED_POOL);
    EXPECT_EQ(misuse.size(), 0u);
    void* const block = ExAllocatePoolWithTag(PagedPool, 8, tag);
    ExFreePoolWithTag(block, 'rehO');
    ASSERT_EQ(misuse.size(), 1u);
    EXPECT_EQ(misuse.last().code, BAD_POOL_CALLER);
    EXPECT_EQ(misuse.last().detail & 0xFFFFFFFF, 0x0Au);
    EXPECT_EQ(misuse.last().detail >> 32, ULONG{'rehO'});
    EXPECT_EQ(misuse.last().address, number(block));
    EXPECT_FALSE(ex::owns(block));
    ExFreePool(ExAllocatePoolWithTag(PagedPool, 8, tag | PROTECTED_POOL));
    EXPECT_EQ(misuse.size(), 2u);
}

TEST(ExPool, FreeingWhatIsNotABlock) {
    Kernel kernel;
    MisuseLog misuse;
    auto* const block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag));
    const auto expect = [&](std::uint64_t detail) {
        ASSERT_EQ(misuse.size(), 1u);
        EXPECT_EQ(misuse.last().code, BAD_POOL_CALLER);
        EXPECT_EQ(misuse.last().detail, detail) << misuse.last().text;
        misuse.clear();
    };
    ExFreePool(block + 16);
    expect(0x99);
    ExFreePool(nullptr);
    expect(0x46);
    ExFreePool(reinterpret_cast<void*>(sim::user_range.base + 0x20000));
    expect(0x40);
    ExFreePool(reinterpret_cast<void*>(sim::nonpaged_range.base + sim::nonpaged_range.size - 4096));
    expect(0x41);
    ExFreePool(reinterpret_cast<void*>(sim::paged_range.base + sim::paged_range.size - 4096));
    expect(0x50);
    ExFreePool(reinterpret_cast<void*>(sim::stack_range.base + 64));
    expect(0x42);
    EXPECT_TRUE(ex::owns(block));
    ExFreePool(block);
    ExFreePool(block);
    expect(0x07);
}

// A freed block is known for a while: a double free is never taken for someone else's free.
TEST(ExPool, TheSystemsOwnBlocksAreNotTheDriversToFree) {
    Kernel kernel;
    MisuseLog misuse;
    void* const own = ex::allocate_internal(NonPagedPool, 64, tag);
    ExFreePool(own);
    EXPECT_THAT(misuse.codes(), ElementsAre(0xC2u));
    EXPECT_EQ(misuse.last().detail, 0x99u);
    EXPECT_EQ(misuse.last().address, number(own));
    EXPECT_TRUE(ex::owns(own));
    ex::free(own, tag);
    void* const given = ex::allocate_for_driver(PagedPool, 64, tag);
    ExFreePool(given);
    EXPECT_FALSE(ex::owns(given));
    EXPECT_EQ(misuse.size(), 1u);
}

TEST(ExPool, FreedMemoryIsNotReusedAtOnce) {
    Kernel kernel;
    MisuseLog misuse;
    for (std::size_t size : {16u, 200u, 1000u, 9000u}) {
        void* const block = ExAllocatePoolWithTag(NonPagedPoolNx, size, tag);
        ExFreePool(block);
        if (size < 4096) {
            EXPECT_NE(ExAllocatePoolWithTag(NonPagedPoolNx, size, tag), block);
        }
        ex::PoolBlock known;
        ASSERT_TRUE(ex::find_block(block, known));
        EXPECT_FALSE(known.live);
        ExFreePool(block);
        EXPECT_EQ(misuse.size(), 1u);
        EXPECT_EQ(misuse.last().detail, 0x07u);
        misuse.clear();
    }
}

#ifndef PORTICO_ASAN
TEST(ExPool, WritingPastTheEndIsSeenAtFree) {
    Kernel kernel;
    MisuseLog misuse;
    for (std::size_t size : {1u, 16u, 40u, 2032u, 4096u, 5000u}) {
        auto* const block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, size, tag));
        block[size] = 0;
        ExFreePool(block);
        ASSERT_EQ(misuse.size(), 1u) << size;
        EXPECT_EQ(misuse.last().code, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
        EXPECT_EQ(misuse.last().detail, reinterpret_cast<std::uint64_t>(block) + size)
            << "the first damaged byte";
        EXPECT_EQ(misuse.last().subject.size, size);
        misuse.clear();
    }
}

TEST(ExPool, WritingAfterFreeIsSeenLater) {
    Kernel kernel;
    MisuseLog misuse;
    auto* const block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag));
    ExFreePool(block);
    EXPECT_EQ(block[10], static_cast<char>(ex::freed_fill));
    block[10] = 1;
    ex::check_freed_blocks();
    ASSERT_EQ(misuse.size(), 1u);
    EXPECT_EQ(misuse.last().code, 0xD5u);
    EXPECT_EQ(misuse.last().address, number(block));
    EXPECT_NE(misuse.last().subject.last.frames[0], 0u);
    block[63] = 1;
    for (int i = 0; i < 64; ++i) ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
    EXPECT_EQ(misuse.size(), 1u);  // fresh blocks first: nothing was reused
    for (int i = 0; i < 64; ++i) ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag));
    EXPECT_EQ(misuse.size(), 2u);
}
#else
TEST(ExPool, AddressSanitizerSeesWhatNobodyOwns) {
    Kernel kernel;
    for (std::size_t size : {1u, 16u, 40u, 2032u, 4096u, 5000u}) {
        auto* const block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, size, tag));
        EXPECT_EQ(__asan_region_is_poisoned(block, size), nullptr) << size;
        EXPECT_TRUE(__asan_address_is_poisoned(block + size)) << size;
        ExFreePool(block);
        EXPECT_TRUE(__asan_address_is_poisoned(block)) << size;
    }
}
#endif

TEST(ExPool, IrqlRules) {
    Kernel kernel;
    MisuseLog misuse;
    const auto old = ke::raise(DISPATCH_LEVEL);
    void* const nonpaged = ExAllocatePoolWithTag(NonPagedPoolNx, 10, tag);
    EXPECT_THAT(misuse.codes(), IsEmpty());
    ExFreePool(nonpaged);
    EXPECT_THAT(misuse.codes(), IsEmpty());
    void* const paged = ExAllocatePoolWithTag(PagedPool, 10, tag);
    ASSERT_EQ(misuse.size(), 1u);
    EXPECT_EQ(misuse.last().detail, 0x08u | std::uint64_t{DISPATCH_LEVEL} << 32);
    ExFreePool(paged);
    ASSERT_EQ(misuse.size(), 2u);
    EXPECT_EQ(misuse.last().detail, 0x09u | std::uint64_t{DISPATCH_LEVEL} << 32);
    ke::lower(old);
}

TEST(ExPool, ZeroSizeAndZeroTag) {
    Kernel kernel;
    MisuseLog misuse;
    void* const block = ExAllocatePoolWithTag(PagedPool, 0, tag);
    EXPECT_NE(block, nullptr);
    EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
    ExFreePool(block);
    EXPECT_EQ(misuse.size(), 1u);
    ExFreePool(ExAllocatePoolWithTag(PagedPool, 4, 0));
    ASSERT_EQ(misuse.size(), 2u);
    EXPECT_EQ(misuse.last().detail, 0x9Bu);
}

TEST(ExPool, ExhaustionAndRaising) {
    Kernel kernel;
    EXPECT_EQ(ExAllocatePoolWithTag(NonPagedPoolNx, 300 * sim::MiB, tag), nullptr);
    EXPECT_EQ(ExAllocatePoolWithTag(NonPagedPoolNx, ~SIZE_T{0}, tag), nullptr);
    EXPECT_EQ(ExAllocatePoolWithQuotaTag(static_cast<POOL_TYPE>(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE),
                                         300 * sim::MiB, tag),
              nullptr);
    ex::refuse_allocation = [](std::size_t, ULONG) { return true; };
    EXPECT_EQ(ExAllocatePoolWithTag(PagedPool, 8, tag), nullptr);
    EXPECT_NE(ex::allocate_internal(PagedPool, 8, tag), nullptr);
    EXPECT_TRUE(kernel.run_to_bug_check([] { ExAllocatePoolWithQuotaTag(PagedPool, 8, tag); }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, KMODE_EXCEPTION_NOT_HANDLED);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<std::uint32_t>(STATUS_INSUFFICIENT_RESOURCES));
}

TEST(ExPool, LeaksAreToldWithTheirMaker) {
    Kernel kernel;
    void* const block = ExAllocatePoolWithTag(PagedPool, 77, tag);
    ex::allocate_internal(PagedPool, 5, tag);
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    ASSERT_EQ(left.all.size(), 1u);
    EXPECT_EQ(left.all[0].kind, LeftKind::pool_block);
    EXPECT_EQ(left.all[0].address, number(block));
    EXPECT_EQ(left.all[0].size, 77u);
    EXPECT_EQ(left.all[0].tag, tag);
    EXPECT_NE(left.all[0].made.frames[0], 0u);
    // A driver's range that the maker does not lie in has left nothing.
    LeftLog other;
    ex::for_each_left({sim::image_range.base, 0x10000}, LeftLog::visit, &other);
    EXPECT_THAT(other.all, IsEmpty());
    REQUIRES("LC-058");
}

TEST(ExPool, OriginsTellTheInnermostDriver) {
    Origin origin{};
    origin.frames = {0x400000, sim::image_range.base + 0x2000, sim::image_range.base + 0x90000};
    EXPECT_TRUE(ex::made_by(origin, {sim::image_range.base, 0x10000}));
    EXPECT_FALSE(ex::made_by(origin, {sim::image_range.base + 0x90000, 0x10000}));
    EXPECT_TRUE(ex::made_by(origin, {}));
    EXPECT_FALSE(ex::made_by(Origin{}, {sim::image_range.base, 0x10000}));
}

// The same run has the same addresses and the same contents, whatever ran before it in the process.
TEST(ExPool, ResetRepeatsAddressesAndContents) {
    const auto run = [] {
        Kernel kernel;
        std::vector<std::uint64_t> trace;
        sim::Random random(3);
        std::vector<void*> blocks;
        for (int i = 0; i < 500; ++i) {
            const std::size_t size = random.below(6000) + 1;
            blocks.push_back(ExAllocatePoolWithTag(PagedPool, size, tag));
            trace.push_back(number(blocks.back()));
            if (random.below(2) == 0) {
                ExFreePool(blocks[random.below(blocks.size())]);
                blocks.clear();
            }
        }
        return trace;
    };
    const auto first = run();
    {
        Kernel kernel;
        void* const block = ExAllocatePoolWithTag(PagedPool, 100'000, tag);
        std::memset(block, 0x5A, 100'000);
        ExAllocatePoolWithTag(PagedPool, 100'000, tag);
        ExFreePool(block);  // leaves a hole
    }
    EXPECT_EQ(first, run());
}

#ifndef PORTICO_ASAN
TEST(ExPool, ResetLeavesNoOldContents) {
    std::uint64_t address = 0;
    {
        Kernel kernel;
        address = number(ExAllocatePoolWithTag(PagedPool, 20'000, tag));
        std::memset(reinterpret_cast<void*>(address), 0x5A, 20'000);
    }
    Kernel kernel;
    EXPECT_TRUE(filled(reinterpret_cast<void*>(address), 20'000, 0));
}
#endif

TEST(ExPool, MakeAndDestroyHostObjects) {
    Kernel kernel;
    struct Thing {
        explicit Thing(int v) : value(v) {}
        int value;
    };
    const auto before = ex::pool_use(false);
    Thing* const thing = ex::make<Thing>(NonPagedPool, tag, 42);
    ASSERT_NE(thing, nullptr);
    EXPECT_EQ(thing->value, 42);
    EXPECT_EQ(ex::pool_use(false).blocks, before.blocks + 1);
    ex::destroy(thing);
    EXPECT_EQ(ex::pool_use(false).blocks, before.blocks);
    EXPECT_EQ(ex::pool_use(false).bytes, before.bytes);
}

}  // namespace
}  // namespace ex_pool_test
