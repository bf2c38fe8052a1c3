#include <gmock/gmock.h>

#include <cstring>

#include "adapter_test.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "sim/dma.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using ::testing::ElementsAre;

struct DmaChannelTest : test::AdapterTest {
    DEVICE_DESCRIPTION description{};
    DmaChannelTest() {
        description.Version = DEVICE_DESCRIPTION_VERSION;
        description.Master = TRUE;
        description.Dma32BitAddresses = TRUE;
        description.InterfaceType = PCIBus;
        description.MaximumLength = 128 * 1024;
    }
    void started(std::function<void()> body) {
        ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
        run(std::move(body));
    }
    PDMACHANNEL make() {
        PDMACHANNEL channel = nullptr;
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, fdo), STATUS_SUCCESS);
        return channel;
    }
    static std::uint64_t physical(PDMACHANNEL channel) {
        PHYSICAL_ADDRESS result{};
        EXPECT_EQ(channel->PhysicalAddress(&result), &result);
        return static_cast<std::uint64_t>(result.QuadPart);
    }
};

TEST_F(DmaChannelTest, HasABufferInContiguousMemory) {
    started([&] {
        PDMACHANNEL const channel = make();
        REQUIRES("FN-110"), REQUIRES("DC-001");
        EXPECT_EQ(channel->MaximumBufferSize(), 128u * 1024);
        EXPECT_EQ(channel->SystemAddress(), nullptr);
        EXPECT_EQ(channel->AllocateBuffer(128 * 1024 + 1, nullptr), STATUS_INVALID_PARAMETER);
        REQUIRES("DC-004");
        PHYSICAL_ADDRESS constraint{};
        constraint.QuadPart = 0xFFFF;
        ASSERT_EQ(channel->AllocateBuffer(48 * 1024, &constraint), STATUS_SUCCESS);
        const std::uint64_t begin = physical(channel);
        EXPECT_EQ(begin & ~0xFFFFull, (begin + 48 * 1024 - 1) & ~0xFFFFull);
        EXPECT_EQ(nt::mm::memory_at(begin), channel->SystemAddress());
        REQUIRES("DC-005");
        EXPECT_EQ(channel->BufferSize(), 48u * 1024);
        channel->SetBufferSize(1000);
        EXPECT_EQ(channel->BufferSize(), 1000u);
        EXPECT_EQ(channel->AllocatedBufferSize(), 48u * 1024);
        REQUIRES("DC-003");
        EXPECT_FALSE(NT_SUCCESS(channel->AllocateBuffer(4096, nullptr)));
        EXPECT_THAT(Contracts::take(), ElementsAre("DC-003"));
        char text[8] = "channel";
        channel->CopyTo(channel->SystemAddress(), text, 8);
        char back[8] = {};
        channel->CopyFrom(back, channel->SystemAddress(), 8);
        EXPECT_STREQ(back, "channel");
        channel->FreeBuffer();
        EXPECT_EQ(channel->AllocatedBufferSize(), 0u);
        EXPECT_EQ(channel->AllocateBuffer(4096, nullptr), STATUS_SUCCESS);
        EXPECT_NE(channel->GetAdapterObject(), nullptr);
        const std::uint64_t address = physical(channel);
        REQUIRES("DC-006");
        EXPECT_EQ(channel->Release(), 0u);
        PDMACHANNEL const next = make();
        ASSERT_EQ(next->AllocateBuffer(4096, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(physical(next), address) << "the buffer went with its object";
        next->Release();
    });
}

TEST_F(DmaChannelTest, ASlaveChannelTransfersItsBuffer) {
    description.Master = FALSE;
    description.DmaChannel = 1;
    description.InterfaceType = Isa;
    description.Dma32BitAddresses = FALSE;
    started([&] {
        PDMACHANNEL const channel = make();
        PVOID found = nullptr;
        REQUIRES("DC-002");
        ASSERT_EQ(channel->QueryInterface(IID_IDmaChannelSlave, &found), STATUS_SUCCESS);
        auto* const slave = static_cast<PDMACHANNELSLAVE>(found);
        EXPECT_EQ(slave->Start(4096, TRUE), STATUS_INVALID_PARAMETER) << "it has no buffer";
        EXPECT_THAT(Contracts::take(), ElementsAre("DC-007"));
        ASSERT_EQ(slave->AllocateBuffer(8192, nullptr), STATUS_SUCCESS);
        REQUIRES("DC-010");
        EXPECT_LT(physical(slave), 0x1000000u) << "what an ISA controller reaches";
        EXPECT_EQ(slave->ReadCounter(), 0u);
        REQUIRES("DC-007");
        EXPECT_EQ(slave->Start(8193, TRUE), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("DC-007"));
        EXPECT_EQ(slave->Start(8000, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(slave->Start(8000, TRUE), STATUS_UNSUCCESSFUL);
        EXPECT_THAT(Contracts::take(), ElementsAre("DC-007"));
        EXPECT_EQ(slave->ReadCounter(), 8000u) << "no device moves data";
        EXPECT_EQ(sim::dma.remaining(1, 0), 8000u);
        EXPECT_EQ(slave->TransferCount(), 8000u);
        REQUIRES("DC-009");
        const Nanoseconds before_ns = sim::scheduler.now_ns();
        EXPECT_FALSE(NT_SUCCESS(slave->WaitForTC(1009)));
        const Nanoseconds waited_ns = sim::scheduler.now_ns() - before_ns;
        EXPECT_GE(waited_ns, 1000 * microsecond_ns);
        EXPECT_LT(waited_ns, 1009 * microsecond_ns);
        EXPECT_EQ(slave->Stop(), STATUS_SUCCESS);
        EXPECT_EQ(slave->WaitForTC(1000), STATUS_SUCCESS) << "there is nothing to wait for";
        EXPECT_EQ(slave->Start(4096, FALSE), STATUS_SUCCESS);
        slave->FreeBuffer();
        EXPECT_THAT(Contracts::take(), ElementsAre("DC-007")) << "its transfer was under way";
        EXPECT_EQ(slave->ReadCounter(), 0u);
        slave->Release();
        EXPECT_EQ(channel->Release(), 0u);
    });
}

// A device that takes a byte each microsecond.
struct Player {
    Nanoseconds begun_ns = sim::this_processor->at_ns;
    std::vector<std::uint8_t> heard;
    Player() { sim::dma.connect(1, catch_up, this); }
    ~Player() { sim::dma.disconnect(1, this); }
    static void catch_up(void* self, Nanoseconds now_ns) {
        auto& player = *static_cast<Player*>(self);
        const auto due = static_cast<std::size_t>((now_ns - player.begun_ns) / microsecond_ns);
        for (std::uint8_t byte = 0; player.heard.size() < due && sim::dma.read(1, &byte, 1) == 1;)
            player.heard.push_back(byte);
    }
};

TEST_F(DmaChannelTest, ASlaveChannelsCounterFollowsTheDeviceRoundAndRound) {
    description.Master = FALSE;
    description.DmaChannel = 1;
    description.InterfaceType = Isa;
    description.Dma32BitAddresses = FALSE;
    started([&] {
        auto* const slave = static_cast<PDMACHANNELSLAVE>(make());
        ASSERT_EQ(slave->AllocateBuffer(4096, nullptr), STATUS_SUCCESS);
        auto* const buffer = static_cast<std::uint8_t*>(slave->SystemAddress());
        for (unsigned i = 0; i < 4096; ++i) buffer[i] = static_cast<std::uint8_t>(i * 3);
        ASSERT_EQ(slave->Start(1000, TRUE), STATUS_SUCCESS);
        Player player;
        REQUIRES("DC-008");
        EXPECT_EQ(slave->ReadCounter(), 1000u);
        nt::ke::stall(300 * microsecond_ns);
        const ULONG later = slave->ReadCounter();
        EXPECT_LE(later, 700u);
        EXPECT_GT(later, 690u);
        EXPECT_EQ(slave->WaitForTC(2000), STATUS_SUCCESS) << "it went round";
        const ULONG again = slave->ReadCounter();
        EXPECT_LE(again, 1000u) << "reloaded";
        EXPECT_GT(again, 900u);
        EXPECT_EQ(slave->WaitForTC(100), STATUS_UNSUCCESSFUL);
        ASSERT_GT(player.heard.size(), 1001u);
        EXPECT_EQ(player.heard[999], buffer[999]);
        EXPECT_EQ(player.heard[1000], buffer[0]);
        EXPECT_EQ(slave->Stop(), STATUS_SUCCESS);
        EXPECT_EQ(slave->ReadCounter(), 0u);
        const std::size_t heard = player.heard.size();
        nt::ke::stall(300 * microsecond_ns);
        Player::catch_up(&player, sim::this_processor->at_ns);
        EXPECT_EQ(player.heard.size(), heard);
        slave->Release();
    });
}

TEST_F(DmaChannelTest, WaitsForATransferAtPassiveLevelOnly) {
    static std::string violated;
    violated.clear();
    auto* const before = nt::irql_violation;
    nt::irql_violation = [](const nt::Ddi& ddi) { violated = ddi.name; };
    description.Master = FALSE;
    description.DmaChannel = 1;
    started([&] {
        auto* const slave = static_cast<PDMACHANNELSLAVE>(make());
        test::at_irql(DISPATCH_LEVEL, [&] { slave->WaitForTC(10); });
        REQUIRES("DC-009");
        EXPECT_EQ(violated, "IDmaChannelSlave::WaitForTC");
        slave->Release();
    });
    nt::irql_violation = before;
}

TEST_F(DmaChannelTest, RefusesWhatItIsNotMadeFor) {
    started([&] {
        PDMACHANNEL channel = nullptr;
        REQUIRES("FN-111");
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, PagedPool, &description, fdo), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-111"));
        description.Master = FALSE;
        description.DmaChannel = 4;  // joins the two controllers
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, fdo),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(channel, nullptr);
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, node->pdo),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-110"));
        EXPECT_EQ(live_object_count(), 0u);
    });
}

}  // namespace
}  // namespace portico::portcls
