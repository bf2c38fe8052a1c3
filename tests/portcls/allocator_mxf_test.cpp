// IAllocatorMXF: events, buffers, and what is told of those that go astray.
#include <cstring>

#include <gmock/gmock.h>

#include "portcls/allocator_mxf.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct AllocatorMxfTest : test::PortclsTest {
    PAllocatorMXF allocator = nullptr;
    AllocatorMxf* own = nullptr;

    void with_allocator(std::function<void()> body) {
        run([&] {
            allocator = own = AllocatorMxf::create();
            ASSERT_NE(own, nullptr);
            body();
            own->close();
            allocator->Release();
            EXPECT_EQ(live_object_count(), 0u);
        });
    }
    PDMUS_KERNEL_EVENT event() {
        PDMUS_KERNEL_EVENT out = nullptr;
        EXPECT_EQ(allocator->GetMessage(&out), STATUS_SUCCESS);
        return out;
    }
    PBYTE buffer() {
        PBYTE out = nullptr;
        EXPECT_EQ(allocator->GetBuffer(&out), STATUS_SUCCESS);
        return out;
    }
    PDMUS_KERNEL_EVENT with_buffer() {
        PDMUS_KERNEL_EVENT const made = event();
        made->cbEvent = 100;
        made->uData.pbData = buffer();
        return made;
    }
};

TEST_F(AllocatorMxfTest, AnswersItsInterfaces) {
    with_allocator([&] {
        for (const GUID& id : {IID_IUnknown, IID_IMXF, IID_IAllocatorMXF}) {
            PVOID out = nullptr;
            EXPECT_EQ(allocator->QueryInterface(id, &out), STATUS_SUCCESS);
            EXPECT_EQ(out, allocator);
            allocator->Release();
        }
        EXPECT_EQ(allocator->SetState(KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(allocator->ConnectOutput(allocator)));
        EXPECT_FALSE(NT_SUCCESS(allocator->DisconnectOutput(allocator)));
    });
}

TEST_F(AllocatorMxfTest, EventsComeZeroedWhateverTheyWereBefore) {
    with_allocator([&] {
        for (int i = 0; i < 300; ++i) {
            PDMUS_KERNEL_EVENT const e = event();
            REQUIRES("AL-002");
            EXPECT_EQ(e->cbStruct, 40);
            EXPECT_EQ(e->bReserved, 0);
            EXPECT_EQ(e->cbEvent, 0);
            EXPECT_EQ(e->usFlags, 0);
            EXPECT_EQ(e->ullPresTime100ns, 0);
            EXPECT_EQ(e->pNextEvt, nullptr);
            EXPECT_EQ(e->uData.pbData, nullptr);
            e->cbEvent = 3;
            e->usChannelGroup = 7;
            e->ullPresTime100ns = 99;
            e->uData.abData[0] = 0x90;
            EXPECT_EQ(allocator->PutMessage(e), STATUS_SUCCESS);
        }
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AllocatorMxfTest, BuffersHaveOneSizeAndCanBeWrittenWhole) {
    with_allocator([&] {
        const USHORT size = allocator->GetBufferSize();
        REQUIRES("AL-003");
        EXPECT_EQ(size, 512);
        std::vector<PBYTE> all;
        for (;;) {
            PBYTE out = nullptr;
            if (!NT_SUCCESS(allocator->GetBuffer(&out))) break;
            std::memset(out, static_cast<int>(all.size()), size);
            all.push_back(out);
        }
        EXPECT_EQ(all.size(), 32u);
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(all[i][0], i);
            EXPECT_EQ(all[i][size - 1], i) << "no two overlap";
            EXPECT_EQ(allocator->PutBuffer(all[i]), STATUS_SUCCESS);
        }
        REQUIRES("AL-001");
        EXPECT_EQ(test::at_irql(9, [&] { return allocator->GetBufferSize(); }), 512) << "at any IRQL";
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AllocatorMxfTest, TheNumberOfEventsIsBounded) {
    with_allocator([&] {
        PDMUS_KERNEL_EVENT chain = nullptr;
        unsigned count = 0;
        for (PDMUS_KERNEL_EVENT e = nullptr; NT_SUCCESS(allocator->GetMessage(&e)); ++count) {
            e->pNextEvt = chain;
            chain = e;
        }
        REQUIRES("AL-004");
        EXPECT_EQ(count, 256u);
        PDMUS_KERNEL_EVENT none = chain;
        EXPECT_EQ(allocator->GetMessage(&none), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(none, nullptr);
        allocator->PutMessage(chain);
        EXPECT_NE(event(), nullptr) << "the whole chain is back";
    });
    REQUIRES("MX-021");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "one event was kept";
}

TEST_F(AllocatorMxfTest, ALongEventsBufferComesBackWithIt) {
    with_allocator([&] {
        REQUIRES("AL-002");
        for (int i = 0; i < 100; ++i) allocator->PutMessage(with_buffer());
        PDMUS_KERNEL_EVENT const package = event();
        package->usFlags = DMUS_KEF_PACKAGE_EVENT;
        package->cbEvent = 100;  // says nothing of a buffer: it is a package
        package->uData.pPackageEvt = with_buffer();
        package->uData.pPackageEvt->pNextEvt = with_buffer();
        allocator->PutMessage(package);
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AllocatorMxfTest, WhatIsNotBackAtTheEndIsTold) {
    with_allocator([&] { buffer(); });
    REQUIRES("AL-002");
    EXPECT_THAT(Contracts::take(), ElementsAre("AL-002"));
    with_allocator([&] { with_buffer(); });
    REQUIRES("MX-021");
    EXPECT_THAT(Contracts::take(), ElementsAre("MX-021"));
}

TEST_F(AllocatorMxfTest, WhatComesBackTwiceOrFromNowhereIsToldAndNotBelieved) {
    with_allocator([&] {
        PDMUS_KERNEL_EVENT const a = event();
        allocator->PutMessage(a);
        allocator->PutMessage(a);
        REQUIRES("MX-021");
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-021"));
        DMUS_KERNEL_EVENT strange{};
        allocator->PutMessage(&strange);
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-021"));
        PDMUS_KERNEL_EVENT const b = event();
        allocator->PutMessage(reinterpret_cast<PDMUS_KERNEL_EVENT>(reinterpret_cast<PBYTE>(b) + 8));
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "inside an event";
        b->pNextEvt = reinterpret_cast<PDMUS_KERNEL_EVENT>(0x1230);
        allocator->PutMessage(b);
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-021")) << "a wild link is not followed";
        PDMUS_KERNEL_EVENT const c = with_buffer();
        allocator->PutBuffer(c->uData.pbData);
        allocator->PutMessage(c);
        REQUIRES("AL-002");
        EXPECT_THAT(Contracts::take(), ElementsAre("AL-002")) << "its buffer was back already";
        BYTE foreign[16];
        EXPECT_FALSE(NT_SUCCESS(allocator->PutBuffer(foreign)));
        EXPECT_THAT(Contracts::take(), ElementsAre("AL-002"));
        EXPECT_FALSE(NT_SUCCESS(allocator->PutMessage(nullptr)));
        EXPECT_FALSE(NT_SUCCESS(allocator->GetMessage(nullptr)));
        EXPECT_FALSE(NT_SUCCESS(allocator->GetBuffer(nullptr)));
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AllocatorMxfTest, IsWhereOutputWithoutASinkGoes) {
    with_allocator([&] {
        PMXF const output = allocator;
        REQUIRES("MX-023");
        EXPECT_EQ(output->PutMessage(with_buffer()), STATUS_SUCCESS);
    });
    EXPECT_THAT(Contracts::take(), IsEmpty()) << "nothing is lost";
}

TEST_F(AllocatorMxfTest, AForeignBufferIsNotRecycled) {
    with_allocator([&] {
        PDMUS_KERNEL_EVENT const e = event();
        BYTE foreign[16];
        e->cbEvent = 16;
        e->uData.pbData = foreign;
        allocator->PutMessage(e);
        PBYTE out = nullptr;
        REQUIRES("AL-005");
        for (unsigned i = 0; i < 32; ++i) {
            ASSERT_EQ(allocator->GetBuffer(&out), STATUS_SUCCESS);
            EXPECT_NE(out, foreign);
        }
        EXPECT_FALSE(NT_SUCCESS(allocator->GetBuffer(&out)));
    });
    EXPECT_THAT(Contracts::take(), ElementsAre("AL-002")) << "32 buffers are kept";
}

TEST_F(AllocatorMxfTest, AnEventMayComeBackThroughAnotherStreamsAllocator) {
    with_allocator([&] {
        AllocatorMxf* const other = AllocatorMxf::create();
        PAllocatorMXF(other)->PutMessage(with_buffer());
        other->close();
        PAllocatorMXF(other)->Release();
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AllocatorMxfTest, AnEventsReservedFieldsAreItsAllocators) {
    with_allocator([&] {
        PDMUS_KERNEL_EVENT const e = event();
        e->cbStruct = 0;
        allocator->PutMessage(e);
        REQUIRES("MX-038");
        EXPECT_THAT(Contracts::take(), ElementsAre("MX-038"));
    });
}

}  // namespace
}  // namespace portico::portcls
