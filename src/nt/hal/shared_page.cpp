#include "nt/hal/shared_page.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "nt/ke/ke.h"
#include "nt/rtl/rtl.h"
#include "sim/scheduler.h"
#include "wdm.h"

namespace portico::nt::hal {
namespace {

// Behind the shared data; nothing else of the machine is at addresses of the upper half.
constexpr std::uint64_t control_regions_address = 0xFFFFF78000010000;

// What KeQueryTimeIncrement() gives: the tick count counts these, whatever the clock's resolution.
constexpr LONGLONG tick_100ns = 156'250;

using Page = std::array<std::byte, 0x1000>;
Page page;  // for the moment of a read

template <class T>
void put(std::size_t offset, T value) {
    std::memcpy(page.data() + offset, &value, sizeof value);
}

// KSYSTEM_TIME: the upper half twice, so that a reader notices a change.
void put_time(std::size_t offset, LONGLONG time) {
    put(offset, static_cast<ULONG>(time));
    put(offset + 4, static_cast<LONG>(time >> 32));
    put(offset + 8, static_cast<LONG>(time >> 32));
}

// Offsets as ntddk.h's KUSER_SHARED_DATA has them.
void fill_shared_data() {
    page.fill(std::byte{0});
    const LONGLONG ticks = ke::exact_time_100ns() / tick_100ns;
    put<ULONG>(0x000, static_cast<ULONG>(ticks));
    put<ULONG>(0x004, 0x0FA00000);  // TickCountMultiplier: 15.625 ms a tick, in 2^-24 ms
    put_time(0x008, ke::interrupt_time_100ns());
    put_time(0x014, ke::system_time_100ns());
    constexpr char16_t root[] = u"C:\\WINDOWS";
    std::memcpy(page.data() + 0x030, root, sizeof root);
    const auto version = rtl::windows_version();
    put<ULONG>(0x260, version.build);
    put<ULONG>(0x264, 1);   // NtProductType: a workstation
    put<UCHAR>(0x268, 1);   // ProductTypeIsValid
    put<USHORT>(0x26a, 9);  // NativeProcessorArchitecture: x64
    put<ULONG>(0x26c, version.major);
    put<ULONG>(0x270, version.minor);
    constexpr std::size_t features = 0x274;
    for (const unsigned present :
         {2, 3, 6, 8, 10, 12, 14})  // cmpxchg8b, MMX, SSE, rdtsc, SSE2, NX, cmpxchg16b
        put<UCHAR>(features + present, 1);
    put<LONGLONG>(0x300, 10'000'000);  // QpcFrequency
    put_time(0x320, ticks);
    put<ULONG>(0x3c0, sim::scheduler.processor_count);
}

// Offsets as Windows x64's KPCR and the KPRCB in it have them.
void fill_control_region() {
    constexpr std::size_t prcb = 0x180;
    page.fill(std::byte{0});
    const sim::Processor& processor = *sim::this_processor;
    put<std::uint64_t>(0x018, control_region_address());         // Self
    put<std::uint64_t>(0x020, control_region_address() + prcb);  // CurrentPrcb
    put<UCHAR>(0x050, processor.irql);
    put<USHORT>(0x060, 1);  // MajorVersion
    put<USHORT>(0x062, 1);
    put<UCHAR>(prcb + 0x004, processor.index);  // LegacyNumber
    put<std::uint64_t>(prcb + 0x008, reinterpret_cast<std::uint64_t>(ke::current_thread()));
    put<ULONG>(prcb + 0x024, processor.index);  // Number
}

}  // namespace

std::uint64_t control_region_address() {
    return control_regions_address + sim::this_processor->index * control_region_size;
}

bool read_shared_page(std::uint64_t address, std::byte* to, std::size_t size) {
    std::uint64_t offset = address - shared_data_address;
    if (offset < page.size()) {
        fill_shared_data();
    } else {
        offset = address - control_region_address();
        if (offset >= page.size()) return false;
        fill_control_region();
    }
    const auto there = std::min<std::size_t>(size, page.size() - offset);
    std::memcpy(to, page.data() + offset, there);
    std::memset(to + there, 0, size - there);
    // No loop of reads is free.
    sim::this_processor->at_ns += sim::call_cost_ns;
    return true;
}

}  // namespace portico::nt::hal
