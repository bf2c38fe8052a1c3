#include "portcls/property_request.h"

#include <gmock/gmock.h>

#include "ks/property_capture.h"
#include "nt/ex/pool.h"
#include "nt/io/irp.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PropertyRequestTest : test::PortclsTest {
    inline static std::function<NTSTATUS(PPCPROPERTY_REQUEST)> handler;
    inline static PPCPROPERTY_REQUEST kept = nullptr;
    NTSTATUS returned = STATUS_UNSUCCESSFUL;

    static NTSTATUS NTAPI call(PPCPROPERTY_REQUEST request) {
        kept = request;
        return handler(request);
    }
    // Sends one property request through a device-less IRP and gives its final status and length.
    struct Outcome {
        bool done = false;
        NTSTATUS status = STATUS_PENDING;
        ULONG_PTR length = 0;
    };
    static NTSTATUS NTAPI completed(PDEVICE_OBJECT, PIRP irp, PVOID context) {
        *static_cast<Outcome*>(context) = {true, irp->IoStatus.Status, irp->IoStatus.Information};
        nt::io::free_irp(irp);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    void send(Outcome& outcome) {
        static const PCPROPERTY_ITEM item{&IID_IUnknown, 3, PCPROPERTY_ITEM_FLAG_GET, call};
        PIRP const irp = nt::io::allocate_irp(2);
        IoSetCompletionRoutine(irp, completed, &outcome, TRUE, TRUE, TRUE);
        IoSetNextIrpStackLocation(irp);
        PCPROPERTY_REQUEST request{};
        request.PropertyItem = &item;
        request.ValueSize = 16;
        request.Irp = irp;
        const PropertyAnswer answer = call_property_handler(request, nullptr);
        if (answer.end != PropertyAnswer::End::later)
            ks::complete_property(irp, nullptr, answer.status, answer.information);
        returned = answer.end == PropertyAnswer::End::now ? answer.status : STATUS_PENDING;
    }
};

TEST_F(PropertyRequestTest, CompletesWithWhatTheHandlerReturned) {
    run([&] {
        handler = [](PPCPROPERTY_REQUEST request) {
            request->ValueSize = 4;
            return STATUS_SUCCESS;
        };
        Outcome outcome;
        send(outcome);
        REQUIRES("FD-056");
        EXPECT_EQ(returned, STATUS_SUCCESS);
        EXPECT_TRUE(outcome.done);
        EXPECT_EQ(outcome.length, 4u);
        EXPECT_FALSE(nt::ex::owns(kept)) << "the request is gone";
        EXPECT_EQ(pending_property_requests(), 0u);
    });
}

TEST_F(PropertyRequestTest, APendingRequestEndsWhenTheDriverSaysSo) {
    run([&] {
        handler = [](PPCPROPERTY_REQUEST) { return STATUS_PENDING; };
        Outcome outcome;
        send(outcome);
        REQUIRES("FD-059"), REQUIRES("FN-152");
        EXPECT_EQ(returned, STATUS_PENDING);
        EXPECT_FALSE(outcome.done);
        EXPECT_EQ(pending_property_requests(), 1u);
        EXPECT_TRUE(IoGetCurrentIrpStackLocation(kept->Irp)->Control & SL_PENDING_RETURNED);
        kept->ValueSize = 8;
        test::at_irql(DISPATCH_LEVEL, [&] {
            EXPECT_EQ(PcCompletePendingPropertyRequest(kept, STATUS_BUFFER_OVERFLOW), STATUS_SUCCESS);
        });
        EXPECT_TRUE(outcome.done);
        EXPECT_EQ(outcome.status, STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(outcome.length, 8u);
        EXPECT_EQ(pending_property_requests(), 0u);
        REQUIRES("FN-153");
        EXPECT_EQ(PcCompletePendingPropertyRequest(kept, STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-153")) << "once is enough";
    });
}

TEST_F(PropertyRequestTest, MayEndBeforeItsHandlerReturns) {
    run([&] {
        handler = [](PPCPROPERTY_REQUEST request) {
            EXPECT_EQ(PcCompletePendingPropertyRequest(request, STATUS_NO_MEMORY), STATUS_SUCCESS);
            return STATUS_PENDING;
        };
        Outcome outcome;
        send(outcome);
        EXPECT_EQ(returned, STATUS_PENDING);
        EXPECT_TRUE(outcome.done);
        EXPECT_EQ(outcome.status, STATUS_NO_MEMORY);
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
}

TEST_F(PropertyRequestTest, TellsOfRequestsThatAreCompletedWrongly) {
    run([&] {
        handler = [](PPCPROPERTY_REQUEST request) {
            PcCompletePendingPropertyRequest(request, STATUS_SUCCESS);
            return STATUS_SUCCESS;
        };
        Outcome outcome;
        send(outcome);
        REQUIRES("FN-154");
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-154"));
        EXPECT_EQ(outcome.status, STATUS_SUCCESS);

        handler = [](PPCPROPERTY_REQUEST) { return STATUS_PENDING; };
        Outcome second;
        send(second);
        EXPECT_EQ(PcCompletePendingPropertyRequest(kept, STATUS_PENDING), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-153"));
        EXPECT_FALSE(second.done);
        PcCompletePendingPropertyRequest(kept, STATUS_SUCCESS);
        EXPECT_TRUE(second.done);
    });
}

}  // namespace
}  // namespace portico::portcls
