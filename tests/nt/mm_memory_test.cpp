// MDLs, physical and contiguous memory, device registers, user memory, probing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/pool.h"
#include "nt/mm/mdl.h"
#include "nt/mm/mm.h"
#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

namespace mm_memory_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using ::testing::ElementsAre;

constexpr ULONG tag = 'tseT';

PHYSICAL_ADDRESS physical(std::uint64_t address) {
    PHYSICAL_ADDRESS result;
    result.QuadPart = static_cast<LONGLONG>(address);
    return result;
}

TEST(MmPhysical, EveryAddressLeadsBack) {
    Kernel kernel;
    for (const sim::AddressRange range :
         {sim::nonpaged_range, sim::paged_range, sim::user_range, sim::stack_range, sim::image_range}) {
        for (const std::uint64_t offset : {0ull, 0x123ull, 0x5678ull, 0x12345ull}) {
            void* const address = reinterpret_cast<void*>(range.base + offset);
            const auto at = static_cast<std::uint64_t>(MmGetPhysicalAddress(address).QuadPart);
            EXPECT_EQ(at % PAGE_SIZE, offset % PAGE_SIZE);
            EXPECT_EQ(mm::memory_at(at), address);
        }
    }
    EXPECT_EQ(MmGetPhysicalAddress(nullptr).QuadPart, 0);
}

// Pages that follow each other in pool do not in physical memory; contiguous memory's do.
TEST(MmPhysical, OnlyContiguousMemoryIsContiguous) {
    Kernel kernel;
    auto* const block = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 16 * PAGE_SIZE, tag));
    auto* const contiguous =
        static_cast<char*>(MmAllocateContiguousMemory(16 * PAGE_SIZE, physical(~0ull >> 1)));
    for (int i = 0; i + 1 < 16; ++i) {
        EXPECT_NE(mm::physical_of(block + (i + 1) * PAGE_SIZE),
                  mm::physical_of(block + i * PAGE_SIZE) + PAGE_SIZE);
        EXPECT_EQ(mm::physical_of(contiguous + (i + 1) * PAGE_SIZE),
                  mm::physical_of(contiguous + i * PAGE_SIZE) + PAGE_SIZE);
    }
    MmFreeContiguousMemory(contiguous);
}

TEST(MmContiguous, LimitsAreKept) {
    Kernel kernel;
    MisuseLog misuse;
    void* const low = MmAllocateContiguousMemory(PAGE_SIZE, physical(0xFFFFFF));
    ASSERT_NE(low, nullptr);
    EXPECT_LE(mm::physical_of(low) + PAGE_SIZE - 1, 0xFFFFFFu);
    void* const high = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, physical(0x1400000),
                                                              physical(0x2000000), physical(0), MmCached);
    ASSERT_NE(high, nullptr);
    EXPECT_GE(mm::physical_of(high), 0x1400000u);
    // ISA DMA must not cross 64 KiB.
    for (int i = 0; i < 20; ++i) {
        void* const dma = MmAllocateContiguousMemorySpecifyCache(40'000, physical(0), physical(0xFFFFFF),
                                                                 physical(0x10000), MmNonCached);
        ASSERT_NE(dma, nullptr);
        const auto at = mm::physical_of(dma);
        EXPECT_EQ(at >> 16, (at + 39'999) >> 16);
    }
    EXPECT_EQ(MmAllocateContiguousMemory(PAGE_SIZE, physical(0x1000)), nullptr);
    EXPECT_EQ(MmAllocateContiguousMemory(64 * sim::MiB, physical(~0ull >> 1)), nullptr);
    EXPECT_TRUE(MmIsAddressValid(low));
    LeftLog left;
    mm::for_each_left({}, LeftLog::visit, &left);
    EXPECT_EQ(left.all.size(), 22u);
    MmFreeContiguousMemory(low);
    EXPECT_FALSE(MmIsAddressValid(low));
    MmFreeContiguousMemorySpecifyCache(high, PAGE_SIZE, MmCached);
    EXPECT_EQ(misuse.size(), 0u);
    MmFreeContiguousMemory(low);
    EXPECT_EQ(misuse.size(), 1u);
}

TEST(MmIoSpace, RegistersAreTranslatedMemoryIsItself) {
    Kernel kernel;
    MisuseLog misuse;
    void* const registers = MmMapIoSpace(physical(0xFEB01010), 0x30, MmNonCached);
    void* const others = MmMapIoSpace(physical(0xFEC00000), 0x2000, MmNonCached);
    ASSERT_NE(registers, nullptr);
    std::uint64_t at = 0;
    EXPECT_TRUE(mm::translate_io(registers, &at));
    EXPECT_EQ(at, 0xFEB01010u);
    EXPECT_TRUE(mm::translate_io(static_cast<char*>(others) + 0x1FFC, &at));
    EXPECT_EQ(at, 0xFEC01FFCu);
    EXPECT_EQ(MmGetPhysicalAddress(registers).QuadPart, 0xFEB01010);
    EXPECT_TRUE(MmIsAddressValid(registers));
    EXPECT_FALSE(mm::is_address_valid(registers));  // Portico itself must not touch them
    LeftLog left;
    mm::for_each_left({}, LeftLog::visit, &left);
    EXPECT_EQ(left.all.size(), 2u);
    MmUnmapIoSpace(registers, 0x31);
    EXPECT_EQ(misuse.size(), 1u);
    MmUnmapIoSpace(registers, 0x30);
    EXPECT_FALSE(mm::translate_io(registers, &at));
    EXPECT_TRUE(mm::translate_io(others, &at));
    EXPECT_EQ(misuse.size(), 1u);
    EXPECT_EQ(MmMapIoSpace(physical(0xFEB00000), 0, MmNonCached), nullptr);
    for (const SIZE_T size : {SIZE_T{1} << 44, ~SIZE_T{0} - 4095, ~SIZE_T{0}, SIZE_T{17} << 20})
        EXPECT_EQ(MmMapIoSpace(physical(0xFEB00010), size, MmNonCached), nullptr) << size;
    void* const memory = MmAllocateContiguousMemory(PAGE_SIZE, physical(~0ull >> 1));
    EXPECT_EQ(MmMapIoSpace(MmGetPhysicalAddress(memory), PAGE_SIZE, MmCached), memory);
}

TEST(MmMdl, SizesAndFields) {
    Kernel kernel;
    EXPECT_EQ(MmSizeOfMdl(reinterpret_cast<void*>(0x1000), PAGE_SIZE), sizeof(MDL) + 8);
    EXPECT_EQ(MmSizeOfMdl(reinterpret_cast<void*>(0x1FFF), 2), sizeof(MDL) + 16);
    EXPECT_EQ(MmSizeOfMdl(reinterpret_cast<void*>(0x1000), 0), sizeof(MDL));
    auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, tag));
    PMDL const mdl = MmCreateMdl(nullptr, buffer + 100, 2 * PAGE_SIZE);
    ASSERT_NE(mdl, nullptr);
    EXPECT_EQ(MmGetMdlByteCount(mdl), 2u * PAGE_SIZE);
    EXPECT_EQ(MmGetMdlByteOffset(mdl), 100u);
    EXPECT_EQ(MmGetMdlVirtualAddress(mdl), buffer + 100);
    MmBuildMdlForNonPagedPool(mdl);
    EXPECT_EQ(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL, MDL_SOURCE_IS_NONPAGED_POOL);
    EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer + 100);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(MmGetMdlPfnArray(mdl)[i], mm::physical_of(buffer + i * PAGE_SIZE) / PAGE_SIZE);
    }
    ExFreePool(mdl);
}

TEST(MmMdl, LockingPagedPool) {
    Kernel kernel;
    MisuseLog misuse;
    auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(PagedPool, 5000, tag));
    PMDL const mdl = mm::allocate_mdl(buffer, 5000);
    MmBuildMdlForNonPagedPool(mdl);
    EXPECT_EQ(misuse.size(), 1u);
    mm::initialize_mdl(mdl, buffer, 5000);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    EXPECT_NE(mdl->MdlFlags & MDL_PAGES_LOCKED, 0);
    EXPECT_NE(mdl->MdlFlags & MDL_WRITE_OPERATION, 0);
    LeftLog left;
    mm::for_each_left({}, LeftLog::visit, &left);
    ASSERT_EQ(left.all.size(), 1u);
    EXPECT_STREQ(left.all[0].what, "locked pages");
    EXPECT_EQ(MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority),
              buffer);
    EXPECT_NE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    EXPECT_EQ(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
    EXPECT_EQ(MmProtectMdlSystemAddress(mdl, 0), STATUS_INVALID_PAGE_PROTECTION);
    MmUnlockPages(mdl);
    EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    EXPECT_EQ(misuse.size(), 1u);
    MmUnlockPages(mdl);
    EXPECT_EQ(misuse.size(), 2u);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    EXPECT_EQ(mdl->MdlFlags & MDL_WRITE_OPERATION, 0);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    EXPECT_EQ(misuse.size(), 3u);
    mm::free_mdl(mdl);
    EXPECT_EQ(misuse.size(), 4u);
}

TEST(MmMdl, UserBuffersHaveASystemAddressOfTheirOwn) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    auto* const user = static_cast<char*>(mm::allocate_user(*client, 6000));
    ASSERT_NE(user, nullptr);
    EXPECT_TRUE(mm::is_user_address(user));
    EXPECT_TRUE(kernel.run([&] {
        const ps::Attach attach(*client, UserMode);
        PMDL const mdl = mm::allocate_mdl(user + 10, 5000);
        ASSERT_EQ(mm::probe_and_lock(mdl, UserMode, IoModifyAccess), STATUS_SUCCESS);
        EXPECT_EQ(mdl->Process, client);
        auto* const system = static_cast<char*>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
        ASSERT_NE(system, nullptr);
        EXPECT_FALSE(mm::is_user_address(system));
        std::strcpy(system, "through the system");
        EXPECT_STREQ(user + 10, "through the system");
        EXPECT_EQ(mm::physical_of(system), mm::physical_of(user + 10));
        EXPECT_EQ(MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, nullptr, FALSE, NormalPagePriority),
                  user + 10);
        MmUnlockPages(mdl);
        mm::initialize_mdl(mdl, user, 5000);
        EXPECT_EQ(mm::probe_and_lock(mdl, UserMode, IoReadAccess), STATUS_SUCCESS);
        EXPECT_EQ(client->locked_mdls, 1);
        MmUnlockPages(mdl);
        EXPECT_EQ(client->locked_mdls, 0);
        mm::initialize_mdl(mdl, user + 7000, 5000);
        EXPECT_EQ(mm::probe_and_lock(mdl, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
        mm::initialize_mdl(mdl, ExAllocatePoolWithTag(PagedPool, 100, tag), 100);
        EXPECT_EQ(mm::probe_and_lock(mdl, UserMode, IoReadAccess), STATUS_ACCESS_VIOLATION);
        mm::free_mdl(mdl);
    }));
}

TEST(MmMdl, BadPagesRaise) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run_to_bug_check([] {
        PMDL const mdl = mm::allocate_mdl(reinterpret_cast<void*>(sim::user_range.base + 0x500000), 100);
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<std::uint32_t>(STATUS_ACCESS_VIOLATION));
}

TEST(MmMdl, PartialMdls) {
    Kernel kernel;
    MisuseLog misuse;
    auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 4 * PAGE_SIZE, tag));
    PMDL const source = mm::allocate_mdl(buffer, 4 * PAGE_SIZE);
    PMDL const target = mm::allocate_mdl(buffer, 2 * PAGE_SIZE);
    MmBuildMdlForNonPagedPool(source);
    mm::build_partial(source, target, buffer + PAGE_SIZE + 16, 100);
    EXPECT_EQ(MmGetMdlByteCount(target), 100u);
    EXPECT_EQ(MmGetSystemAddressForMdlSafe(target, NormalPagePriority), buffer + PAGE_SIZE + 16);
    EXPECT_EQ(MmGetMdlPfnArray(target)[0], MmGetMdlPfnArray(source)[1]);
    mm::build_partial(source, target, buffer + 3 * PAGE_SIZE + 16, 0);
    EXPECT_EQ(MmGetMdlByteCount(target), PAGE_SIZE - 16u);
    EXPECT_EQ(misuse.size(), 0u);
    mm::build_partial(source, target, buffer + PAGE_SIZE, 3 * PAGE_SIZE);  // its target is too small
    mm::build_partial(source, target, buffer + 4 * PAGE_SIZE, 16);
    EXPECT_EQ(misuse.size(), 2u);
    mm::free_mdl(target);
    mm::free_mdl(source);
}

TEST(MmMdl, AdvanceMovesTheBeginning) {
    Kernel kernel;
    auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 4 * PAGE_SIZE, tag));
    PMDL const mdl = mm::allocate_mdl(buffer, 4 * PAGE_SIZE);
    MmBuildMdlForNonPagedPool(mdl);
    EXPECT_EQ(MmAdvanceMdl(mdl, 5 * PAGE_SIZE), STATUS_INVALID_PARAMETER_2);
    EXPECT_EQ(MmAdvanceMdl(mdl, PAGE_SIZE + 8), STATUS_SUCCESS);
    EXPECT_EQ(MmGetMdlVirtualAddress(mdl), buffer + PAGE_SIZE + 8);
    EXPECT_EQ(MmGetMdlByteCount(mdl), 3u * PAGE_SIZE - 8);
    EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer + PAGE_SIZE + 8);
    EXPECT_EQ(MmGetMdlPfnArray(mdl)[0], mm::physical_of(buffer + PAGE_SIZE) / PAGE_SIZE);
}

TEST(MmMdl, PagesWithoutAnAddress) {
    Kernel kernel;
    MisuseLog misuse;
    PMDL const mdl = MmAllocatePagesForMdl(physical(0), physical(0xFFFFFFFF), physical(0), 3 * PAGE_SIZE + 1);
    ASSERT_NE(mdl, nullptr);
    EXPECT_EQ(MmGetMdlByteCount(mdl), 4u * PAGE_SIZE);
    auto* const system = static_cast<char*>(
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority));
    ASSERT_NE(system, nullptr);
    EXPECT_FALSE(mm::is_user_address(system));
    EXPECT_EQ(system[4 * PAGE_SIZE - 1], 0);
    std::strcpy(system + PAGE_SIZE, "shared");
    auto* const user = static_cast<char*>(
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, nullptr, FALSE, NormalPagePriority));
    ASSERT_NE(user, nullptr);
    EXPECT_TRUE(mm::is_user_address(user));
    EXPECT_STREQ(user + PAGE_SIZE, "shared");
    MmUnmapLockedPages(user, mdl);
    MmUnmapLockedPages(system, mdl);
    EXPECT_EQ(misuse.size(), 0u);
    MmUnmapLockedPages(system, mdl);
    EXPECT_EQ(misuse.size(), 1u);
    MmFreePagesFromMdl(mdl);
    EXPECT_FALSE(MmIsAddressValid(system));
    MmFreePagesFromMdl(mdl);
    EXPECT_EQ(misuse.size(), 2u);
    ExFreePool(mdl);
    EXPECT_EQ(MmAllocatePagesForMdl(physical(0), physical(0xFFFFFF), physical(0), PAGE_SIZE), nullptr);
}

TEST(MmMdl, AsManyPagesAsThereAre) {
    Kernel kernel;
    constexpr SIZE_T too_much = SIZE_T{2} << 30;
    const auto allocate = [](SIZE_T bytes, ULONG flags) {
        return MmAllocatePagesForMdlEx(physical(0), physical(-1), physical(0), bytes, MmCached,
                                       flags | MM_DONT_ZERO_ALLOCATION);
    };
    EXPECT_EQ(allocate(too_much, MM_ALLOCATE_FULLY_REQUIRED), nullptr);
    PMDL const mdl = allocate(too_much, 0);
    ASSERT_NE(mdl, nullptr);
    const ULONG got = MmGetMdlByteCount(mdl);
    EXPECT_LT(got, too_much);
    EXPECT_GE(got, 32u << 20);
    const PFN_NUMBER* const frames = MmGetMdlPfnArray(mdl);
    EXPECT_EQ(std::count(frames, frames + got / PAGE_SIZE, PFN_NUMBER{0}), 0);
    EXPECT_EQ(allocate(PAGE_SIZE, 0), nullptr);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    PMDL const whole = allocate(32u << 20, MM_ALLOCATE_FULLY_REQUIRED);
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(MmGetMdlByteCount(whole), 32u << 20);
    MmFreePagesFromMdl(whole);
    ExFreePool(whole);
}

TEST(MmMdl, DescribesLessThanFourGigabytes) {
    Kernel kernel;
    constexpr ULONG most = 0u - PAGE_SIZE;
    EXPECT_EQ(IoAllocateMdl(nullptr, most + 1, FALSE, FALSE, nullptr), nullptr);
    PMDL const mdl = IoAllocateMdl(nullptr, most, FALSE, FALSE, nullptr);
    ASSERT_NE(mdl, nullptr);
    EXPECT_EQ(MmGetMdlByteCount(mdl), most);
    IoFreeMdl(mdl);
}

TEST(MmUser, MemoryBelongsToItsProcess) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    ps::Process* const other = ps::create_client_process("other");
    auto* const a = static_cast<char*>(mm::allocate_user(*client, 100));
    auto* const b = static_cast<char*>(mm::allocate_user(*other, 3 * PAGE_SIZE));
    auto* const c = static_cast<char*>(mm::allocate_user(*client, 100));
    EXPECT_EQ(a[0], 0);
    EXPECT_TRUE(mm::user_memory_valid(b, 3 * PAGE_SIZE));
    EXPECT_FALSE(mm::user_memory_valid(c, 2 * PAGE_SIZE));
    std::memset(a, 0x5A, 100);
    EXPECT_TRUE(kernel.run([&] { ps::end_process(*client, STATUS_SUCCESS); }));
    EXPECT_FALSE(mm::user_memory_valid(a, 1));
    EXPECT_TRUE(mm::user_memory_valid(b, 1));
    EXPECT_EQ(mm::allocate_user(*other, 100), a);  // the lowest free page, zeroed again
    EXPECT_EQ(a[0], 0);
    EXPECT_EQ(mm::allocate_user(*other, 300 * sim::MiB), nullptr);
    mm::free_user(b);
    EXPECT_FALSE(MmIsAddressValid(b));
}

TEST(MmUser, LockedPagesAtTheEndOfAProcess) {
    Kernel kernel;
    MisuseLog misuse;
    ps::Process* const client = ps::create_client_process("client");
    EXPECT_TRUE(kernel.run([&] {
        PMDL const mdl = mm::allocate_mdl(mm::allocate_user(*client, 100), 100);
        {
            const ps::Attach attach(*client, UserMode);
            EXPECT_EQ(mm::probe_and_lock(mdl, UserMode, IoReadAccess), STATUS_SUCCESS);
        }
        ps::end_process(*client, STATUS_SUCCESS);
    }));
    EXPECT_THAT(misuse.codes(), ElementsAre(PROCESS_HAS_LOCKED_PAGES));
}

TEST(MmUser, AForkedProcessHasItsOwn) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    auto* const memory = static_cast<char*>(mm::allocate_user(*client, 100));
    std::strcpy(memory, "parent");
    const pid_t child = ::fork();
    if (child == 0) {
        const bool kept = std::strcmp(memory, "parent") == 0;
        std::strcpy(memory, "child");
        ::_exit(kept ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_STREQ(memory, "parent");
}

TEST(MmProbe, UserAddressesOnly) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    auto* const user = static_cast<char*>(mm::allocate_user(*client, 100));
    void* const pool = ExAllocatePoolWithTag(PagedPool, 16, tag);
    EXPECT_EQ(mm::probe(user, 100, 1, true), STATUS_SUCCESS);
    EXPECT_EQ(mm::probe(user + 1, 8, 4, false), STATUS_DATATYPE_MISALIGNMENT);
    EXPECT_EQ(mm::probe(pool, 16, 1, false), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(mm::probe(pool, 0, 1, false), STATUS_SUCCESS);
    EXPECT_EQ(mm::probe(user, ~0ull, 1, false), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(mm::probe(user + 0x100000, 8, 1, false), STATUS_SUCCESS);  // reading is not tried
    EXPECT_EQ(mm::probe(user + 0x100000, 8, 1, true), STATUS_ACCESS_VIOLATION);
    ProbeForRead(user, 100, 1);
    ProbeForWrite(user, 100, 1);
    EXPECT_TRUE(kernel.run_to_bug_check([&] { ProbeForWrite(pool, 16, 1); }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<std::uint32_t>(STATUS_ACCESS_VIOLATION));
}

TEST(MmSection, MappedForTheSystemAndForAClient) {
    Kernel kernel;
    ps::Process* const client = ps::create_client_process("client");
    EXPECT_TRUE(kernel.run([&] {
        HANDLE section = nullptr;
        LARGE_INTEGER size;
        size.QuadPart = 5000;
        EXPECT_EQ(ZwCreateSection(&section, SECTION_ALL_ACCESS, nullptr, nullptr, PAGE_READWRITE, SEC_COMMIT,
                                  nullptr),
                  STATUS_INVALID_PARAMETER_4);
        EXPECT_EQ(ZwCreateSection(&section, SECTION_ALL_ACCESS, nullptr, &size, 3, SEC_COMMIT, nullptr),
                  STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(ZwCreateSection(&section, SECTION_ALL_ACCESS, nullptr, &size, PAGE_READWRITE, 0, nullptr),
                  STATUS_INVALID_PARAMETER_6);
        ASSERT_EQ(ZwCreateSection(&section, SECTION_ALL_ACCESS, nullptr, &size, PAGE_READWRITE, SEC_COMMIT,
                                  nullptr),
                  STATUS_SUCCESS);
        PVOID system = nullptr;
        SIZE_T view = 0;
        ASSERT_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &system, 0, 0, nullptr, &view, ViewUnmap, 0,
                                     PAGE_READWRITE),
                  STATUS_SUCCESS);
        EXPECT_EQ(view, 2u * PAGE_SIZE);
        EXPECT_FALSE(mm::is_user_address(system));
        std::strcpy(static_cast<char*>(system) + PAGE_SIZE, "shared");
        HANDLE process = nullptr;
        ObOpenObjectByPointer(client, OBJ_KERNEL_HANDLE, nullptr, PROCESS_ALL_ACCESS, *PsProcessType,
                              KernelMode, &process);
        PVOID user = nullptr;
        LARGE_INTEGER offset;
        offset.QuadPart = PAGE_SIZE;
        view = 16;
        ASSERT_EQ(
            ZwMapViewOfSection(section, process, &user, 0, 0, &offset, &view, ViewUnmap, 0, PAGE_READWRITE),
            STATUS_SUCCESS);
        EXPECT_TRUE(mm::is_user_address(user));
        EXPECT_STREQ(static_cast<char*>(user), "shared");
        offset.QuadPart = 17;
        EXPECT_EQ(
            ZwMapViewOfSection(section, process, &user, 0, 0, &offset, &view, ViewUnmap, 0, PAGE_READWRITE),
            STATUS_MAPPED_ALIGNMENT);
        view = 3 * PAGE_SIZE;
        EXPECT_EQ(
            ZwMapViewOfSection(section, process, &user, 0, 0, nullptr, &view, ViewUnmap, 0, PAGE_READWRITE),
            STATUS_INVALID_VIEW_SIZE);
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), user), STATUS_NOT_MAPPED_VIEW);
        ZwClose(section);
        EXPECT_TRUE(MmIsAddressValid(system));  // the views keep it
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), system), STATUS_SUCCESS);
        EXPECT_TRUE(MmIsAddressValid(system));
        ps::end_process(*client, STATUS_SUCCESS);
        EXPECT_FALSE(MmIsAddressValid(system));
    }));
}

int on_the_host = 0;

TEST(MmSystem, AddressesAndRoutines) {
    Kernel kernel;
    EXPECT_FALSE(MmIsAddressValid(nullptr));
    EXPECT_FALSE(MmIsAddressValid(reinterpret_cast<void*>(0xDDDDDDDDDDDDDDDDull)));
    EXPECT_FALSE(
        MmIsAddressValid(reinterpret_cast<void*>(sim::nonpaged_range.base + sim::nonpaged_range.size - 64)));
    EXPECT_TRUE(MmIsAddressValid(&on_the_host));
    EXPECT_FALSE(MmIsAddressValid(reinterpret_cast<void*>(sim::stack_range.base + 16)));  // a guard page
    EXPECT_TRUE(kernel.run([] {
        int on_the_stack = 0;
        EXPECT_TRUE(MmIsAddressValid(&on_the_stack));
    }));
    void* const pool = ExAllocatePoolWithTag(PagedPool, 16, tag);
    EXPECT_TRUE(MmIsAddressValid(pool));
    EXPECT_FALSE(MmIsNonPagedSystemAddressValid(pool));
    EXPECT_TRUE(MmIsNonPagedSystemAddressValid(ExAllocatePoolWithTag(NonPagedPoolNx, 16, tag)));
    UNICODE_STRING name = ob::string(u"ExAllocatePoolWithTag");
    EXPECT_EQ(MmGetSystemRoutineAddress(&name), reinterpret_cast<void*>(&ExAllocatePoolWithTag));
    name = ob::string(u"NoSuchRoutine");
    EXPECT_EQ(MmGetSystemRoutineAddress(&name), nullptr);
    EXPECT_EQ(MmLockPagableDataSection(&on_the_host), &on_the_host);
    EXPECT_EQ(MmQuerySystemSize(), MmLargeSystem);
    EXPECT_FALSE(MmIsThisAnNtAsSystem());
    void* const reserved = MmAllocateMappingAddress(5000, tag);
    auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(PagedPool, 4000, tag));
    PMDL const mdl = mm::allocate_mdl(buffer, 4000);
    mm::probe_and_lock(mdl, KernelMode, IoReadAccess);
    EXPECT_EQ(MmMapLockedPagesWithReservedMapping(reserved, tag, mdl, MmCached), buffer);
    MmUnmapReservedMapping(reserved, tag, mdl);
    MmFreeMappingAddress(reserved, tag);
    MisuseLog misuse;
    EXPECT_EQ(MmMapLockedPagesWithReservedMapping(reserved, tag, mdl, MmCached), nullptr);
    EXPECT_EQ(misuse.size(), 1u);
    mm::unlock_pages(mdl);
}

}  // namespace
}  // namespace mm_memory_test
