// IAllocatorMXF: the events and buffers of one DirectMusic stream, and the account of where each of them is
// (AL-001..AL-005, MX-021). All are part of the object; nothing is allocated for an event.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "dmusicks.h"
#include "portcls/com_object.h"

namespace portico::portcls {

// `Limit` things with numbers, free or out.
template <unsigned Limit>
class FreeNumbers {
  public:
    FreeNumbers() {
        for (unsigned i = 0; i < Limit; ++i) free_[i] = static_cast<std::uint16_t>(Limit - 1 - i);
    }
    unsigned out_count() const { return Limit - free_count_; }
    bool is_out(unsigned number) const { return out_[number]; }
    // Limit when none is free.
    unsigned take() {
        if (free_count_ == 0) return Limit;
        const unsigned number = free_[--free_count_];
        out_[number] = true;
        return number;
    }
    void give(unsigned number) {
        out_[number] = false;
        free_[free_count_++] = static_cast<std::uint16_t>(number);
    }

  private:
    std::array<std::uint16_t, Limit> free_;
    std::bitset<Limit> out_;
    unsigned free_count_ = Limit;
};

class AllocatorMxf final : public ComObject<IAllocatorMXF> {
  public:
    // Bounds (docs/limits.md). Beyond them: STATUS_INSUFFICIENT_RESOURCES.
    static constexpr unsigned event_limit = 256;
    static constexpr unsigned buffer_limit = 32;
    static constexpr USHORT buffer_size = 512;

    static AllocatorMxf* create();  // null without memory

    AllocatorMxf();

    PORTICO_IMXF(PORTICO_OVERRIDE)
    PORTICO_IAllocatorMXF(PORTICO_OVERRIDE)

        // Portico's own calls, which are no calls of the driver. IRQL: <= DISPATCH_LEVEL.
        //
        // Zeroed but for cbStruct; null when all are out.
        PDMUS_KERNEL_EVENT take_event();
    PBYTE take_buffer();
    void give_back_buffer(PBYTE buffer);
    // Takes back a chain with its packages and buffers, whichever allocator's each of them is.
    void recycle(PDMUS_KERNEL_EVENT chain);
    // The stream is gone: tells of what it did not give back. Nothing is handed out any more.
    void close();

    // An event that some stream's allocator handed out and has not got back.
    static bool is_handed_out(const DMUS_KERNEL_EVENT* event);
    // Bytes that may be read at a pbData that the driver set: the rest of an allocator's buffer, or whatever
    // lies there in the machine's memory (AL-005).
    static ULONG readable(const BYTE* data, ULONG count);

  private:
    void* find_interface(const GUID& id) override;
    void destroy() override;

    static AllocatorMxf* owner_of_event(const DMUS_KERNEL_EVENT* event, unsigned& number);
    static AllocatorMxf* owner_of_buffer(const BYTE* buffer, unsigned& number);
    static bool take_back(PDMUS_KERNEL_EVENT event);
    static void take_back_buffer(const DMUS_KERNEL_EVENT& event);

    FreeNumbers<event_limit> events_;
    FreeNumbers<buffer_limit> buffers_;
    bool closed_ = false;
    AllocatorMxf* next_ = nullptr;
    std::array<DMUS_KERNEL_EVENT, event_limit> event_memory_;
    alignas(8) std::array<std::array<BYTE, buffer_size>, buffer_limit> buffer_memory_;
};

void reset_allocators();

}  // namespace portico::portcls
