// How a driver reaches hardware: I/O ports and device registers in physical memory. A device model claims
// ranges here and sees nothing of the kernel; the kernel's HAL sees nothing of the device (design, section
// 2).
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "sim/trace.h"

namespace portico::sim {

// A model of a device, as seen from its registers. `offset` counts from the claimed base; `width` is 1, 2 or
// 4 bytes; `now_ns` is the accessing processor's time.
class BusDevice {
  public:
    virtual ~BusDevice() = default;
    virtual std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) = 0;
    virtual void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) = 0;
    // True when reading that register changes nothing: equal reads in a row may then jump to the next event.
    // Asked when the range is claimed, for its first 64 offsets.
    virtual bool read_has_no_effect(std::uint32_t offset) const {
        (void)offset;
        return false;
    }
};

class Bus {
  public:
    static constexpr unsigned range_limit = 128;
    // What one access to a port costs the processor. ISA: about 1 us.
    Nanoseconds port_access_ns = 1'000;
    // What one access to a memory-mapped register costs.
    Nanoseconds register_access_ns = 200;

    // A port or address that no model claims was read or written (FLD-025).
    void (*unclaimed)(std::uint64_t address, bool is_port, bool is_write) = nullptr;

    // False: the range overlaps another one, is empty, or there is no room.
    [[nodiscard]] bool claim_ports(std::uint32_t base, std::uint32_t length, BusDevice& device);
    [[nodiscard]] bool claim_memory(std::uint64_t base, std::uint64_t length, BusDevice& device);
    // Gives up every range of the device: from now on its addresses read as all ones.
    void release(BusDevice& device);
    void reset();

    std::uint32_t read_port(std::uint32_t port, unsigned width);
    void write_port(std::uint32_t port, unsigned width, std::uint32_t value);
    std::uint32_t read_memory(std::uint64_t address, unsigned width);
    void write_memory(std::uint64_t address, unsigned width, std::uint32_t value);

  private:
    struct Range {
        std::uint64_t base = 0;
        std::uint64_t length = 0;
        BusDevice* device = nullptr;
        std::uint64_t pollable = 0;  // bit per offset: read_has_no_effect()
    };
    static constexpr std::uint32_t table_size = 0x10000;
    struct Space {
        std::array<Range, range_limit> ranges{};
        unsigned count = 0;
        unsigned last = 0;
        std::uint8_t* table = nullptr;  // of the first table_size addresses: which range, from 1; 0 none
        Range* find(std::uint64_t address, unsigned width);
        Range* search(std::uint64_t address, unsigned width);
        void fill_table(const Range& range, std::uint8_t entry);
        void clear();
    };
    // Equal reads in a row of one register whose reading has no effect.
    struct Poll {
        std::uint64_t address = 0;
        std::uint32_t value = 0;
        unsigned count = 0;
    };

    static bool claim(Space& space, std::uint64_t base, std::uint64_t length, BusDevice& device);
    [[gnu::always_inline]] std::uint32_t read(Space& space, std::uint64_t address, unsigned width,
                                              Nanoseconds cost_ns, TraceKind kind);
    [[gnu::always_inline]] void write(Space& space, std::uint64_t address, unsigned width,
                                      std::uint32_t value, Nanoseconds cost_ns, TraceKind kind);
    [[gnu::noinline]] std::uint32_t read_unclaimed(std::uint64_t address, unsigned width, TraceKind kind);
    void count_poll(std::uint64_t address, std::uint32_t value);

    // A driver may go round many devices' ports: what one costs must not depend on how many there are.
    std::array<std::uint8_t, table_size> port_table_{};
    Space ports_{.table = port_table_.data()};
    Space memory_;
    Poll poll_;
};

extern Bus bus;

}  // namespace portico::sim
