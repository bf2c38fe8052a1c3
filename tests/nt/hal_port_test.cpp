// Ports, registers, vectors and DMA.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_pnp.h"
#include "kernel.h"
#include "misuse.h"
#include "nt/ddi.h"
#include "nt/mm/mm.h"
#include "sim/bus.h"
#include "support/requires.h"

namespace portico::test::hal_port_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Chip final : sim::BusDevice {
    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds) override {
        reads.push_back(offset * 10 + width);
        return 0x11223344 + offset;
    }
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds) override {
        writes.push_back({offset, width, value});
    }
    std::vector<unsigned> reads;
    std::vector<std::array<std::uint32_t, 3>> writes;
};

template <class T>
T* port(std::uint64_t number) {
    return reinterpret_cast<T*>(number);
}

struct HalTest : ::testing::Test {
    Kernel kernel;
    Chip chip;
    HalTest() {
        sim::bus.reset();
        EXPECT_TRUE(sim::bus.claim_ports(0x330, 8, chip));
        EXPECT_TRUE(sim::bus.claim_memory(0xE0000000, 4096, chip));
    }
    ~HalTest() override { sim::bus.release(chip); }
};

TEST_F(HalTest, PortsInEveryWidth) {
    ASSERT_TRUE(kernel.run([&] {
        EXPECT_EQ(READ_PORT_UCHAR(port<UCHAR>(0x331)), 0x45);
        EXPECT_EQ(READ_PORT_USHORT(port<USHORT>(0x330)), 0x3344);
        EXPECT_EQ(READ_PORT_ULONG(port<ULONG>(0x330)), 0x11223344u);
        WRITE_PORT_UCHAR(port<UCHAR>(0x330), 0xAB);
        WRITE_PORT_USHORT(port<USHORT>(0x332), 0xABCD);
        WRITE_PORT_ULONG(port<ULONG>(0x334), 0xABCD1234);
        UCHAR bytes[3] = {1, 2, 3};
        WRITE_PORT_BUFFER_UCHAR(port<UCHAR>(0x331), bytes, 2);
        READ_PORT_BUFFER_UCHAR(port<UCHAR>(0x330), bytes, 3);
        EXPECT_THAT(bytes, ElementsAre(0x44, 0x44, 0x44));
    }));
    EXPECT_EQ(chip.writes.size(), 5u);
    EXPECT_EQ(chip.writes[0], (std::array<std::uint32_t, 3>{0, 1, 0xAB}));
    EXPECT_EQ(chip.writes[2], (std::array<std::uint32_t, 3>{4, 4, 0xABCD1234}));
    EXPECT_EQ(chip.writes[4], (std::array<std::uint32_t, 3>{1, 1, 2}));
    EXPECT_THAT(chip.reads, ElementsAre(11, 2, 4, 1, 1, 1));
}

TEST_F(HalTest, BufferFormsStayAtOnePort) {
    ASSERT_TRUE(kernel.run([&] {
        USHORT words[2] = {0x1234, 0x5678};
        ULONG longs[2] = {1, 2};
        WRITE_PORT_BUFFER_USHORT(port<USHORT>(0x332), words, 2);
        WRITE_PORT_BUFFER_ULONG(port<ULONG>(0x334), longs, 2);
        READ_PORT_BUFFER_USHORT(port<USHORT>(0x332), words, 2);
        READ_PORT_BUFFER_ULONG(port<ULONG>(0x334), longs, 2);
        EXPECT_THAT(words, ElementsAre(0x3346, 0x3346));
        EXPECT_THAT(longs, ElementsAre(0x11223348u, 0x11223348u));
    }));
    using Write = std::array<std::uint32_t, 3>;
    EXPECT_THAT(chip.writes,
                ElementsAre(Write{2, 2, 0x1234}, Write{2, 2, 0x5678}, Write{4, 4, 1}, Write{4, 4, 2}));
    EXPECT_THAT(chip.reads, ElementsAre(22, 22, 44, 44));
}

TEST_F(HalTest, IntrinsicsReachTheSameBus) {
    using In = UCHAR(NTAPI*)(USHORT);
    using Out = void(NTAPI*)(USHORT, UCHAR);
    using OutP = INT(NTAPI*)(USHORT, INT);
    ASSERT_TRUE(kernel.run([&] {
        REQUIRES("FLD-054");
        const auto in = reinterpret_cast<In>(const_cast<void*>(nt::find_export("__inbyte")));
        const auto out = reinterpret_cast<Out>(const_cast<void*>(nt::find_export("__outbyte")));
        const auto outp = reinterpret_cast<OutP>(const_cast<void*>(nt::find_export("_outp")));
        ASSERT_NE(in, nullptr);
        ASSERT_NE(out, nullptr);
        ASSERT_NE(outp, nullptr);
        EXPECT_EQ(in(0x330), 0x44);
        out(0x330, 5);
        EXPECT_EQ(outp(0x331, 6), 6);
    }));
    EXPECT_EQ(chip.writes.size(), 2u);
}

TEST_F(HalTest, UnclaimedReadsAsOnesWithAdvice) {
    static std::vector<std::uint64_t> told;
    told.clear();
    nt::probes.unclaimed_access = [](std::uint64_t address, bool is_port, bool is_write) {
        told.push_back(address * 4 + (is_port ? 2 : 0) + (is_write ? 1 : 0));
    };
    ASSERT_TRUE(kernel.run([&] {
        REQUIRES("FLD-025");
        EXPECT_EQ(READ_PORT_UCHAR(port<UCHAR>(0x200)), 0xFF);
        WRITE_PORT_UCHAR(port<UCHAR>(0x200), 1);
    }));
    EXPECT_THAT(told, ElementsAre(0x200u * 4 + 2, 0x200u * 4 + 3));
}

TEST_F(HalTest, RegistersThroughTheMapping) {
    ASSERT_TRUE(kernel.run([&] {
        PHYSICAL_ADDRESS physical;
        physical.QuadPart = 0xE0000000;
        auto* const mapped = static_cast<UCHAR*>(MmMapIoSpace(physical, 64, MmNonCached));
        ASSERT_NE(mapped, nullptr);
        EXPECT_EQ(READ_REGISTER_ULONG(reinterpret_cast<volatile ULONG*>(mapped + 4)), 0x11223348u);
        EXPECT_EQ(READ_REGISTER_USHORT(reinterpret_cast<volatile USHORT*>(mapped)), 0x3344);
        WRITE_REGISTER_UCHAR(mapped + 2, 9);
        WRITE_REGISTER_ULONG64(reinterpret_cast<volatile ULONG64*>(mapped + 8), 0x0000000200000001);
        MmUnmapIoSpace(mapped, 64);
        // Ordinary memory is itself.
        ULONG word = 5;
        WRITE_REGISTER_ULONG(&word, 6);
        EXPECT_EQ(READ_REGISTER_ULONG(&word), 6u);
    }));
    EXPECT_THAT(chip.writes,
                ElementsAre(std::array<std::uint32_t, 3>{2, 1, 9}, std::array<std::uint32_t, 3>{8, 4, 1},
                            std::array<std::uint32_t, 3>{12, 4, 2}));
}

TEST_F(HalTest, BufferFormsStayAtOneRegister) {
    ASSERT_TRUE(kernel.run([&] {
        PHYSICAL_ADDRESS physical;
        physical.QuadPart = 0xE0000000;
        auto* const mapped = static_cast<UCHAR*>(MmMapIoSpace(physical, 64, MmNonCached));
        auto* const word = reinterpret_cast<volatile USHORT*>(mapped + 2);
        auto* const large = reinterpret_cast<volatile ULONG64*>(mapped + 8);
        UCHAR bytes[2] = {1, 2};
        USHORT words[2] = {3, 4};
        ULONG64 larges[2] = {5, 6};
        WRITE_REGISTER_BUFFER_UCHAR(mapped + 1, bytes, 2);
        WRITE_REGISTER_BUFFER_USHORT(word, words, 2);
        READ_REGISTER_BUFFER_UCHAR(mapped + 1, bytes, 2);
        READ_REGISTER_BUFFER_USHORT(word, words, 2);
        READ_REGISTER_BUFFER_ULONG64(large, larges, 2);
        EXPECT_THAT(bytes, ElementsAre(0x45, 0x45));
        EXPECT_THAT(words, ElementsAre(0x3346, 0x3346));
        EXPECT_THAT(larges, ElementsAre(0x112233501122334Cu, 0x112233501122334Cu));
        MmUnmapIoSpace(mapped, 64);
    }));
    using Write = std::array<std::uint32_t, 3>;
    EXPECT_THAT(chip.writes, ElementsAre(Write{1, 1, 1}, Write{1, 1, 2}, Write{2, 2, 3}, Write{2, 2, 4}));
    EXPECT_THAT(chip.reads, ElementsAre(11, 11, 22, 22, 84, 124, 84, 124));
}

TEST_F(HalTest, AccessCostsSimulatedTime) {
    ASSERT_TRUE(kernel.run([&] {
        const Nanoseconds before_ns = sim::this_processor->at_ns;
        WRITE_PORT_UCHAR(port<UCHAR>(0x330), 1);
        EXPECT_EQ(sim::this_processor->at_ns - before_ns, sim::bus.port_access_ns);
    }));
}

TEST_F(HalTest, VectorsAndAddresses) {
    ASSERT_TRUE(kernel.run([&] {
        KIRQL irql = 0;
        KAFFINITY affinity = 0;
        EXPECT_EQ(HalGetInterruptVector(Isa, 0, 9, 9, &irql, &affinity), nt::ke::vector_of(9));
        EXPECT_EQ(irql, nt::ke::line_irql(9));
        EXPECT_NE(affinity, 0u);
        EXPECT_EQ(HalGetInterruptVector(Isa, 0, 99, 99, &irql, &affinity), 0u);
        PHYSICAL_ADDRESS from, to;
        from.QuadPart = 0x330;
        ULONG space = 1;
        EXPECT_TRUE(HalTranslateBusAddress(Isa, 0, from, &space, &to));
        EXPECT_EQ(to.QuadPart, 0x330);
        EXPECT_EQ(space, 1u);
    }));
}

// ---- DMA ----

DEVICE_DESCRIPTION master() {
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 8 * PAGE_SIZE;
    return description;
}

struct Dma {
    static std::vector<ULONG>& lengths() {
        static std::vector<ULONG> all;
        return all;
    }
    static PSCATTER_GATHER_LIST& list() {
        static PSCATTER_GATHER_LIST kept = nullptr;
        return kept;
    }
    static void NTAPI control(PDEVICE_OBJECT, PIRP, PSCATTER_GATHER_LIST given, PVOID) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        list() = given;
        lengths().clear();
        for (ULONG i = 0; i < given->NumberOfElements; ++i) lengths().push_back(given->Elements[i].Length);
    }
    static IO_ALLOCATION_ACTION NTAPI keep(PDEVICE_OBJECT, PIRP, PVOID, PVOID context) {
        ++*static_cast<int*>(context);
        return KeepObject;
    }
};

TEST(IoDma, CommonBuffersAndScatterGather) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        DEVICE_DESCRIPTION description = master();
        ULONG registers = 0;
        PDMA_ADAPTER const adapter = IoGetDmaAdapter(device, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        EXPECT_EQ(registers, 9u);
        PDMA_OPERATIONS const ops = adapter->DmaOperations;
        PHYSICAL_ADDRESS logical{};
        void* const common = ops->AllocateCommonBuffer(adapter, 2 * PAGE_SIZE, &logical, FALSE);
        ASSERT_NE(common, nullptr);
        EXPECT_EQ(static_cast<std::uint64_t>(logical.QuadPart), nt::mm::physical_of(common));
        EXPECT_EQ(nt::mm::physical_of(static_cast<char*>(common) + PAGE_SIZE), logical.QuadPart + PAGE_SIZE);
        ops->FreeCommonBuffer(adapter, 2 * PAGE_SIZE, logical, common, FALSE);

        auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPool, 3 * PAGE_SIZE, 'tset'));
        PMDL const mdl = IoAllocateMdl(buffer + 100, 2 * PAGE_SIZE, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        EXPECT_EQ(ops->GetScatterGatherList(adapter, device, mdl, buffer + 100, 2 * PAGE_SIZE, Dma::control,
                                            nullptr, TRUE),
                  STATUS_SUCCESS);
        ULONG total = 0;
        for (const ULONG length : Dma::lengths()) total += length;
        EXPECT_EQ(total, 2u * PAGE_SIZE);
        EXPECT_EQ(static_cast<std::uint64_t>(Dma::list()->Elements[0].Address.QuadPart),
                  nt::mm::physical_of(buffer + 100));
        ops->PutScatterGatherList(adapter, Dma::list(), TRUE);
        EXPECT_EQ(ops->GetScatterGatherList(adapter, device, mdl, buffer + 100, 3 * PAGE_SIZE, Dma::control,
                                            nullptr, TRUE),
                  STATUS_BUFFER_TOO_SMALL);
        {
            // A chain that leads back into itself.
            MisuseLog misuse;
            mdl->Next = mdl;
            EXPECT_EQ(ops->GetScatterGatherList(adapter, device, mdl, buffer + 100, 3 * PAGE_SIZE,
                                                Dma::control, nullptr, TRUE),
                      STATUS_BUFFER_TOO_SMALL);
            ULONG size = 0;
            EXPECT_EQ(
                ops->CalculateScatterGatherList(adapter, mdl, buffer + 100, 3 * PAGE_SIZE, &size, nullptr),
                STATUS_INVALID_PARAMETER);
            EXPECT_EQ(misuse.size(), 2u);
            mdl->Next = nullptr;
        }
        ULONG length = 2 * PAGE_SIZE;
        const PHYSICAL_ADDRESS mapped = ops->MapTransfer(adapter, mdl, nullptr, buffer + 100, &length, TRUE);
        EXPECT_EQ(static_cast<std::uint64_t>(mapped.QuadPart), nt::mm::physical_of(buffer + 100));
        EXPECT_EQ(length, Dma::lengths()[0]);
        EXPECT_TRUE(ops->FlushAdapterBuffers(adapter, mdl, nullptr, buffer + 100, length, TRUE));
        KeLowerIrql(irql);
        IoFreeMdl(mdl);
        ExFreePoolWithTag(buffer, 'tset');
        ops->PutDmaAdapter(adapter);
        description.Version = 9;
        EXPECT_EQ(IoGetDmaAdapter(device, &description, &registers), nullptr);
    }));
}

TEST(IoDma, ListsInTheDriversOwnMemory) {
    Kernel kernel;
    MisuseLog misuse;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        DEVICE_DESCRIPTION description = master();
        ULONG registers = 0;
        PDMA_ADAPTER const adapter = IoGetDmaAdapter(device, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        PDMA_OPERATIONS const ops = adapter->DmaOperations;
        auto* const buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPool, 3 * PAGE_SIZE, 'tset'));
        PMDL const mdl = IoAllocateMdl(buffer + 100, 2 * PAGE_SIZE, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        ULONG size = 0;
        EXPECT_EQ(
            ops->CalculateScatterGatherList(adapter, mdl, buffer + 100, 2 * PAGE_SIZE, &size, &registers),
            STATUS_SUCCESS);
        EXPECT_EQ(registers, 3u);
        alignas(SCATTER_GATHER_LIST) char memory[512];
        ASSERT_LE(size, sizeof memory);
        const auto build = [&](ULONG given) {
            return ops->BuildScatterGatherList(adapter, device, mdl, buffer + 100, 2 * PAGE_SIZE,
                                               Dma::control, nullptr, TRUE, memory, given);
        };
        EXPECT_EQ(build(sizeof(SCATTER_GATHER_LIST)), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(build(size), STATUS_SUCCESS);
        EXPECT_EQ(static_cast<void*>(Dma::list()), memory);
        ULONG total = 0;
        for (const ULONG length : Dma::lengths()) total += length;
        EXPECT_EQ(total, 2u * PAGE_SIZE);
        ops->PutScatterGatherList(adapter, Dma::list(), TRUE);
        KeLowerIrql(irql);
        IoFreeMdl(mdl);
        ExFreePoolWithTag(buffer, 'tset');
        ops->PutDmaAdapter(adapter);
    }));
    EXPECT_EQ(misuse.size(), 0u);
}

TEST(IoDma, ChannelsAreGivenInTurn) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const first = driver.device(u"\\Device\\First");
        PDEVICE_OBJECT const second = driver.device(u"\\Device\\Second");
        DEVICE_DESCRIPTION description{};
        description.DmaChannel = 1;
        description.InterfaceType = Isa;
        description.MaximumLength = PAGE_SIZE;
        ULONG registers = 0;
        PDMA_ADAPTER const adapter = IoGetDmaAdapter(first, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        PDMA_OPERATIONS const ops = adapter->DmaOperations;
        int one = 0;
        int two = 0;
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        EXPECT_EQ(ops->AllocateAdapterChannel(adapter, first, 1, Dma::keep, &one), STATUS_SUCCESS);
        EXPECT_EQ(ops->AllocateAdapterChannel(adapter, second, 1, Dma::keep, &two), STATUS_SUCCESS);
        EXPECT_EQ(one, 1);
        EXPECT_EQ(two, 0);
        ops->FreeAdapterChannel(adapter);
        EXPECT_EQ(two, 1);
        ops->FreeAdapterChannel(adapter);
        EXPECT_EQ(ops->AllocateAdapterChannel(adapter, first, registers + 1, Dma::keep, &one),
                  STATUS_INSUFFICIENT_RESOURCES);
        KeLowerIrql(irql);
        ops->PutDmaAdapter(adapter);
        description.DmaChannel = 4;
        EXPECT_EQ(IoGetDmaAdapter(first, &description, &registers), nullptr);
    }));
}

}  // namespace
}  // namespace portico::test::hal_port_test
