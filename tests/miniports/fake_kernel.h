// The little of Windows that the UART miniport needs, with nothing simulated but a clock and an MPU-401: what
// the miniport does is then seen call by call.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <portcls.h>
#include <stdunk.h>

#include "support/com_fakes.h"

namespace portico::miniports_test {

inline std::uint64_t now_us = 0;

// MP-001..MP-014, as far as a driver can tell.
struct FakeMpu {
    bool present = true;
    bool uart_mode = false;
    bool answers = true;
    UCHAR answer = 0xFE;
    std::uint64_t answer_delay_us = 100;
    bool refuses_output = false;      // DRR stays 1
    bool refuses_until_read = false;  // DRR stays 1 while input waits (MP-014)
    std::uint64_t byte_us = 320;
    std::size_t fifo_depth = 1;

    std::vector<std::uint64_t> output_until;  // when each byte in the transmit FIFO will have left
    std::vector<UCHAR> wire;
    std::vector<UCHAR> commands;
    std::deque<std::pair<std::uint64_t, UCHAR>> input;

    void receive(UCHAR byte) { input.emplace_back(now_us, byte); }
    bool input_ready() const { return !input.empty() && input.front().first <= now_us; }
    std::size_t output_held();
    UCHAR read(unsigned offset);
    void write(unsigned offset, UCHAR value);
};

using test::Counted;

class FakeGroup : public Counted<IServiceGroup> {
  public:
    IMP_IServiceGroup
};

class FakePort : public Counted<IPortMidi> {
  public:
    std::vector<PSERVICEGROUP> notified;
    std::vector<PSERVICEGROUP> registered;
    IMP_IPortMidi
};

class FakeSync : public Counted<IInterruptSync> {
  public:
    INTERRUPTSYNCMODE mode{};
    ULONG resource_index = ~0u;
    PINTERRUPTSYNCROUTINE routine = nullptr;
    PVOID context = nullptr;
    bool first = false;
    bool connected = false;
    bool inside = false;
    IMP_IInterruptSync

        // The line rises: what Windows would do in mode Normal.
        NTSTATUS
        interrupt() {
        return routine(this, context);
    }
};

class FakeResources : public Counted<IResourceList> {
  public:
    ULONG ports = 1;
    ULONG interrupts = 1;
    ULONG dmas = 0;
    CM_PARTIAL_RESOURCE_DESCRIPTOR port{};
    FakeResources();
    IMP_IResourceList
};

struct FakeKernel {
    std::vector<std::string> broken_contracts;  // what PorticoBrokenContract was told
    FakeMpu mpu;
    FakePort port;
    FakeGroup group;
    FakeSync sync;
    FakeResources resources;
    std::size_t blocks = 0;  // pool blocks that are allocated
    bool fail_group = false;
};

// The kernel that the image is bound to; one at a time.
extern FakeKernel* kernel;

// A fresh kernel, the image's miniport made by PorticoCreateMiniport, and the checks of a clean end.
class UartTest : public ::testing::Test {
  protected:
    UartTest();
    ~UartTest() override;

    NTSTATUS init(PUNKNOWN adapter = nullptr);
    PMINIPORTMIDISTREAM open(bool capture);
    void run(PMINIPORTMIDISTREAM stream);
    void stop(PMINIPORTMIDISTREAM stream);
    void settle();  // the answer to the last command comes, and interrupts

    FakeKernel state;
    PMINIPORTMIDI miniport = nullptr;
    PSERVICEGROUP init_group = nullptr;
};

NTSTATUS create_miniport(PUNKNOWN* unknown, REFCLSID class_id);

}  // namespace portico::miniports_test
