#include <gmock/gmock.h>

#include <cstring>

#include "adapter_test.h"
#include "nt/mm/mm.h"
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

TEST_F(DmaChannelTest, RefusesWhatItIsNotMadeFor) {
    started([&] {
        PDMACHANNEL channel = nullptr;
        REQUIRES("FN-111");
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, PagedPool, &description, fdo), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-111"));
        description.Master = FALSE;
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, fdo), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(channel, nullptr);
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, node->pdo),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-110"));
        EXPECT_EQ(live_object_count(), 0u);
    });
}

}  // namespace
}  // namespace portico::portcls
