// A pin's queue of requests: order, cancelling at every moment, ending.
#include <memory>

#include "ks/stream_queue.h"
#include "ks_test.h"
#include "support/requires.h"

namespace portico::ks {
namespace {

using test::Packets;
using test::TestIrp;

struct StreamQueueTest : test::KsTest {
    StreamQueue queue{[](void* self) { ++static_cast<StreamQueueTest*>(self)->first_cancelled; }, this};
    int first_cancelled = 0;
    Packets packets{{12}};

    std::unique_ptr<TestIrp> add() {
        auto irp = make();
        queue.add(begin(*irp));
        return irp;
    }
    std::unique_ptr<TestIrp> make() {
        return std::make_unique<TestIrp>(packets.request(IOCTL_KS_WRITE_STREAM));
    }
    static StreamRequest* begin(PIRP irp) {
        StreamRequest* request = nullptr;
        EXPECT_EQ(StreamRequest::begin_write(irp, &request), STATUS_SUCCESS);
        return request;
    }
    void end_first(NTSTATUS status) {
        StreamRequest* const request = queue.take_first();
        ASSERT_NE(request, nullptr);
        StreamQueue::end(request, status, request->data_total, IO_NO_INCREMENT);
    }
};

TEST_F(StreamQueueTest, RequestsEndInOrder) {
    run([&] {
        const auto first = add(), second = add();
        EXPECT_EQ(queue.first().irp, static_cast<PIRP>(*first));
        end_first(STATUS_SUCCESS);
        EXPECT_TRUE(first->ended && !second->ended);
        EXPECT_EQ(first->information, 12u);
        end_first(STATUS_UNSUCCESSFUL);
        EXPECT_EQ(second->status, STATUS_UNSUCCESSFUL);
        EXPECT_TRUE(queue.empty());
    });
}

TEST_F(StreamQueueTest, CancellingTakesOneOutAndTellsOfTheFirst) {
    run([&] {
        const auto first = add(), second = add(), third = add();
        EXPECT_TRUE(nt::io::cancel(*second));
        EXPECT_EQ(second->status, STATUS_CANCELLED);
        EXPECT_EQ(first_cancelled, 0);
        EXPECT_TRUE(nt::io::cancel(*first));
        EXPECT_EQ(first->status, STATUS_CANCELLED);
        EXPECT_EQ(first_cancelled, 1);
        EXPECT_EQ(queue.first().irp, static_cast<PIRP>(*third));
        end_first(STATUS_SUCCESS);
    });
}

TEST_F(StreamQueueTest, WhatComesAfterACancelledOneIsMarked) {
    run([&] {
        const auto first = add(), second = add(), third = add();
        REQUIRES("SP-018");
        EXPECT_FALSE(queue.first().after_gap);
        EXPECT_TRUE(nt::io::cancel(*second));
        end_first(STATUS_SUCCESS);
        EXPECT_TRUE(queue.first().after_gap);
        const auto fourth = add();
        EXPECT_TRUE(nt::io::cancel(*fourth));
        const auto fifth = add(), sixth = add();
        end_first(STATUS_SUCCESS);
        EXPECT_TRUE(queue.first().after_gap) << "the last one was cancelled before it came";
        end_first(STATUS_SUCCESS);
        EXPECT_FALSE(queue.first().after_gap);
        end_first(STATUS_SUCCESS);
    });
}

TEST_F(StreamQueueTest, CancelledBeforeItCameItEndsAtOnce) {
    run([&] {
        const auto irp = make();
        EXPECT_FALSE(nt::io::cancel(*irp)) << "there is no routine yet";
        queue.add(begin(*irp));
        EXPECT_EQ(irp->status, STATUS_CANCELLED);
        EXPECT_TRUE(queue.empty());
    });
}

TEST_F(StreamQueueTest, TheFirstInUseIsOnlyMarked) {
    run([&] {
        const auto first = add(), second = add();
        queue.use_first(true);
        EXPECT_TRUE(nt::io::cancel(*first));
        EXPECT_FALSE(first->ended);
        EXPECT_EQ(queue.first().end_status, STATUS_CANCELLED);
        EXPECT_TRUE(nt::io::cancel(*second)) << "the others are not in use";
        EXPECT_TRUE(second->ended);
        queue.use_first(false);
        end_first(queue.first().end_status);
        EXPECT_EQ(first->status, STATUS_CANCELLED);
        EXPECT_EQ(first_cancelled, 0);
    });
}

TEST_F(StreamQueueTest, MarkingLeavesWhatWasMarkedBefore) {
    run([&] {
        const auto first = add(), second = add();
        queue.use_first(true);
        nt::io::cancel(*first);
        queue.mark_all(STATUS_DEVICE_NOT_CONNECTED);
        queue.use_first(false);
        EXPECT_EQ(queue.first().end_status, STATUS_CANCELLED);
        end_first(STATUS_CANCELLED);
        EXPECT_EQ(queue.first().end_status, STATUS_DEVICE_NOT_CONNECTED);
        end_first(STATUS_DEVICE_NOT_CONNECTED);
        EXPECT_EQ(second->status, STATUS_DEVICE_NOT_CONNECTED);
    });
}

// IoCancelIrp has taken the routine and not called it yet: the request is that routine's.
TEST_F(StreamQueueTest, WhatIsBeingCancelledIsNotTaken) {
    run([&] {
        const auto irp = add();
        PIRP const raw = *irp;
        const sim::Irql irql = nt::io::acquire_cancel_lock();
        const PDRIVER_CANCEL routine = raw->CancelRoutine;
        raw->CancelRoutine = nullptr;
        raw->Cancel = TRUE;
        raw->CancelIrql = irql;
        EXPECT_EQ(queue.take_first(), nullptr);
        EXPECT_TRUE(queue.empty());
        EXPECT_FALSE(irp->ended);
        routine(nullptr, raw);
        REQUIRES("PI-010");
        EXPECT_EQ(irp->status, STATUS_CANCELLED);
        EXPECT_EQ(first_cancelled, 0);
    });
}

}  // namespace
}  // namespace portico::ks
