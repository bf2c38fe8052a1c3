// Requests as the I/O manager would hand them to a filter, and what became of them.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "ks/stream_request.h"
#include "nt/io/irp.h"
#include "nt/kernel.h"

namespace portico::test {

// An IRP of the kernel's, completed into this object.
class TestIrp {
  public:
    explicit TestIrp(const nt::io::ControlRequest& request) {
        irp_ = nt::io::allocate_irp(2);
        IoSetNextIrpStackLocation(irp_);
        IoSetCompletionRoutine(irp_, completed, this, TRUE, TRUE, TRUE);
        IoSetNextIrpStackLocation(irp_);
        PIO_STACK_LOCATION const stack = IoGetCurrentIrpStackLocation(irp_);
        stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        EXPECT_EQ(nt::io::set_up_control(irp_, stack, request), STATUS_SUCCESS);
        irp_->RequestorMode = request.mode;
    }
    ~TestIrp() { nt::io::free_irp(irp_); }
    TestIrp(const TestIrp&) = delete;
    TestIrp& operator=(const TestIrp&) = delete;

    operator PIRP() const { return irp_; }
    bool ended = false;
    NTSTATUS status = STATUS_PENDING;
    ULONG_PTR information = 0;

  private:
    static NTSTATUS NTAPI completed(PDEVICE_OBJECT, PIRP irp, PVOID context) {
        auto& self = *static_cast<TestIrp*>(context);
        EXPECT_FALSE(self.ended) << "completed twice";
        self.ended = true;
        self.status = irp->IoStatus.Status;
        self.information = irp->IoStatus.Information;
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    PIRP irp_;
};

// Headers for data of these sizes, one behind the other in `data`.
struct Packets {
    explicit Packets(const std::vector<ULONG>& sizes) {
        std::size_t at = 0;
        for (const ULONG size : sizes) at += size;
        data.resize(at + 1);
        for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
        at = 0;
        for (const ULONG size : sizes) {
            KSSTREAM_HEADER header{};
            header.Size = sizeof header;
            header.PresentationTime = {0, 1, 1};
            header.FrameExtent = header.DataUsed = size;
            header.Data = data.data() + at;
            headers.push_back(header);
            at += size;
        }
    }
    nt::io::ControlRequest request(ULONG code, KPROCESSOR_MODE mode = KernelMode) {
        return {
            code, nullptr, 0, headers.data(), static_cast<ULONG>(headers.size() * sizeof(KSSTREAM_HEADER)),
            mode};
    }
    std::vector<KSSTREAM_HEADER> headers;
    std::vector<std::uint8_t> data;
};

class KsTest : public ::testing::Test {
  protected:
    KsTest() { ks::reset_stream_requests(); }
    void run(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }

    Kernel kernel;
};

}  // namespace portico::test
