// The kernel's layouts in host mode; drivers/kernel_cxx.cpp and kernel_c.c assert the same list when they are
// built.
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "driver_image.h"
#include "kernel_facts.h"
#include "mingw.h"
#include "support/requires.h"

namespace kernel_layout_test {
namespace {

TEST(KernelLayout, SizesOffsetsAndNumbersAreWindows) {
#define EXPECT_FACT(value, expected) \
    EXPECT_EQ(static_cast<LONGLONG>(value), static_cast<LONGLONG>(expected)) << #value;
    KERNEL_FACTS(EXPECT_FACT)
}

// Where mingw-w64's headers are older than Windows 10, or leave out an alignment that Windows has.
const std::map<std::string, LONGLONG> mingw_differs = {
    {"sizeof(DEVICE_OBJECT)", 328},      // not aligned to 16 bytes
    {"sizeof(DEVICE_DESCRIPTION)", 40},  // version 2: before Windows 8
};

TEST(KernelLayout, SizesOffsetsAndNumbersAreMingws) {
    const struct {
        const char* name;
        LONGLONG value;
    } ours[] = {
#define NAMED(value, expected) {#value, static_cast<LONGLONG>(value)},
        KERNEL_SHARED_FACTS(NAMED)};
    std::ifstream file(PORTICO_BINARY_DIR "/oracle/kernel_numbers.bin", std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<LONGLONG> theirs(std::size(ours));
    ASSERT_GE(bytes.size(), theirs.size() * sizeof(LONGLONG));
    std::memcpy(theirs.data(), bytes.data(), theirs.size() * sizeof(LONGLONG));
    for (std::size_t i = 0; i < theirs.size(); ++i) {
        expect_as_mingw(mingw_differs, ours[i].name, ours[i].value, theirs[i]);
    }
}

IO_STACK_LOCATION three_locations[3];

IRP irp_in_the_middle() {
    IRP irp{};
    irp.StackCount = 3;
    irp.CurrentLocation = 2;
    irp.Tail.Overlay.CurrentStackLocation = &three_locations[1];
    return irp;
}

NTSTATUS NTAPI completion(PDEVICE_OBJECT, PIRP, PVOID) {
    return STATUS_SUCCESS;
}

TEST(IrpHelpers, CopyLeavesCompletionBehind) {
    IRP irp = irp_in_the_middle();
    PIO_STACK_LOCATION current = IoGetCurrentIrpStackLocation(&irp);
    *current = IO_STACK_LOCATION{};
    current->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    current->Flags = SL_INDEX_SPECIFIED;
    current->Control = SL_PENDING_RETURNED;
    current->Parameters.Others.Argument4 = current;
    current->Context = current;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(&irp);
    *next = IO_STACK_LOCATION{};
    next->Control = SL_ERROR_RETURNED;
    next->Context = next;
    IoCopyCurrentIrpStackLocationToNext(&irp);
    EXPECT_EQ(next->MajorFunction, IRP_MJ_DEVICE_CONTROL);
    EXPECT_EQ(next->Flags, SL_INDEX_SPECIFIED);
    EXPECT_EQ(next->Parameters.Others.Argument4, current);
    EXPECT_EQ(next->Control, 0);
    EXPECT_EQ(next->Context, next);
}

TEST(IrpHelpers, CompletionRoutineGoesToTheNextLocation) {
    IRP irp = irp_in_the_middle();
    int context = 0;
    for (unsigned when = 0; when < 8; ++when) {
        const BOOLEAN success = (when & 1) != 0;
        const BOOLEAN error = (when & 2) != 0;
        const BOOLEAN cancel = (when & 4) != 0;
        IoSetCompletionRoutine(&irp, completion, &context, success, error, cancel);
        EXPECT_EQ(three_locations[0].CompletionRoutine, &completion);
        EXPECT_EQ(three_locations[0].Context, &context);
        EXPECT_EQ(three_locations[0].Control,
                  (success ? 0x40 : 0) | (error ? 0x80 : 0) | (cancel ? 0x20 : 0));
    }
}

TEST(IrpHelpers, SkipAndSetNextMoveOneLocation) {
    IRP irp = irp_in_the_middle();
    IoSkipCurrentIrpStackLocation(&irp);
    EXPECT_EQ(irp.CurrentLocation, 3);
    EXPECT_EQ(IoGetCurrentIrpStackLocation(&irp), &three_locations[2]);
    IoSetNextIrpStackLocation(&irp);
    IoSetNextIrpStackLocation(&irp);
    EXPECT_EQ(irp.CurrentLocation, 1);
    EXPECT_EQ(IoGetCurrentIrpStackLocation(&irp), &three_locations[0]);
}

TEST(IrpHelpers, MarkPendingKeepsOtherControlBits) {
    IRP irp = irp_in_the_middle();
    three_locations[1].Control = SL_INVOKE_ON_ERROR;
    IoMarkIrpPending(&irp);
    EXPECT_EQ(three_locations[1].Control, SL_INVOKE_ON_ERROR | SL_PENDING_RETURNED);
}

// The driver's sources include headers inside extern "C", in another order and twice, and define GUIDs in two
// files.
TEST(KernelLayout, DriverFillsTheHostsDriverObject) {
    DRIVER_EXTENSION extension{};
    DRIVER_OBJECT driver{};
    driver.DriverExtension = &extension;
    ASSERT_EQ(portico::ddk_test::start("ddk_kernel", &driver), STATUS_SUCCESS);
    EXPECT_NE(driver.DriverUnload, nullptr);
    EXPECT_EQ(driver.DriverStartIo, nullptr);
    ASSERT_NE(extension.AddDevice, nullptr);
    EXPECT_EQ(extension.AddDevice(&driver, nullptr), STATUS_NOT_SUPPORTED);
    IRP irp = irp_in_the_middle();
    three_locations[1] = IO_STACK_LOCATION{};
    for (const PDRIVER_DISPATCH dispatch : driver.MajorFunction) {
        ASSERT_NE(dispatch, nullptr);
        EXPECT_EQ(dispatch(nullptr, &irp), STATUS_INVALID_DEVICE_REQUEST);
    }
    REQUIRES("FLD-050");
}

}  // namespace
}  // namespace kernel_layout_test
