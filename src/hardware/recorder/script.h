// What a machine file says of a recorder (FLD-060, docs/device-models.md): registers, index/data pairs,
// banks, a MIDI wire and DMA on any of them. Offsets count from the recorder's base, indices from 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "hardware/device.h"

namespace portico::hardware::recorder {

constexpr std::uint32_t offset_limit = 4096;  // of the range, and of an index
constexpr std::size_t register_limit = 512;   // of a list
constexpr std::size_t value_limit = 1024;     // of a sequence
constexpr std::size_t pair_limit = 8;
constexpr std::size_t bank_limit = 16;
constexpr std::size_t setter_limit = 16;  // registers whose bits time sets
constexpr std::uint32_t none = no_limit;

// [[device.register]]
struct RegisterScript {
    std::uint32_t at = 0;
    std::uint32_t width = 1;                 // bytes: 1, 2, 4
    std::uint32_t value = 0;                 // after a reset
    std::uint32_t writable = 0xffffffff;     // bits that a write sets
    std::uint32_t read_clears = 0;           // bits that a read clears
    std::uint32_t write_clears = 0;          // bits that writing a one clears
    Nanoseconds counts_every_ns = never_ns;  // the value advances with time,
    std::uint32_t step = 1;                  // by this
    std::uint32_t sets = 0;                  // bits that time sets,
    Nanoseconds sets_every_ns = never_ns;    // this often
    std::uint32_t interrupt = 0;             // bits that assert the line
    bool repeats = false;                    // the sequence begins again; else its last value stays
    bool polled = false;                     // equal reads may jump to the next event
    std::vector<std::uint32_t> values;       // what reads give, one after the other
    unsigned line = 0;
};

// [[device.pair]]
struct PairScript {
    std::uint32_t index = 0;
    std::uint32_t data = 1;
    std::uint32_t mask = 0xff;  // bits of the index register that count
    bool increments = false;    // after each access of the data register
    std::vector<RegisterScript> registers;
    unsigned line = 0;
};

// [[device.bank]]: what offsets lead to while a register has a value.
struct BankScript {
    std::uint32_t at = 0;  // the register that chooses
    std::uint32_t mask = 0xff;
    std::uint32_t equals = 0;
    std::uint32_t first = 0;  // the offsets that it opens
    std::uint32_t length = 1;
    bool behind = false;                    // onto the model behind the recorder
    std::uint32_t range = 0;                // its register block, ports first,
    std::uint32_t from = 0;                 // from this offset on
    std::vector<RegisterScript> registers;  // or onto registers of its own, whose `at` counts from `first`
    unsigned line = 0;
};

// [device.midi]
struct MidiScript {
    std::uint32_t transmit = none;
    std::uint32_t receive = none;
    std::uint32_t status = none;
    std::uint32_t enable = none;  // a register whose bits let interrupts through; none: all are
    std::uint32_t pair = none;    // the four above are indices of this pair
    std::uint32_t takes = 0;      // status bit: the transmit FIFO has room
    bool takes_low = false;       // it is 0 then
    std::uint32_t has = 0;        // status bit: a byte waits
    bool has_low = false;
    std::uint32_t overrun = 0;  // status bit: a byte was lost; a read of the status clears it
    std::uint32_t enables_receive = 0xffffffff;  // bits of `enable`
    std::uint32_t enables_transmit = 0;
    std::uint32_t transmit_depth = 1;  // beside the byte on the wire
    std::uint32_t receive_depth = 16;
    Nanoseconds byte_time_ns = 320'000;
    unsigned line = 0;
};

// [device.dma]: a bus master's transfer.
struct DmaScript {
    enum class Moves : std::uint8_t { from_memory, to_memory };
    std::uint32_t at = 0;          // the register that begins it,
    std::uint32_t begins = 1;      // with these bits; they clear when it has ended
    std::uint32_t address = none;  // 4-byte registers: physical address,
    std::uint32_t length = none;   // bytes
    Moves moves = Moves::from_memory;
    bool wire = false;  // the bytes are the MIDI wire's; else they move at `rate` and count up from `fill`
    std::uint32_t rate = 176'400;  // bytes a second
    std::uint32_t fill = 0;
    std::uint32_t done_at = none;  // a register whose bits are set at the end
    std::uint32_t done = 0;
    unsigned line = 0;
};

struct Script {
    std::vector<RegisterScript> registers;
    std::vector<PairScript> pairs;
    std::vector<BankScript> banks;
    std::optional<MidiScript> midi;
    std::optional<DmaScript> dma;
};

constexpr std::string_view script_keys[] = {"register", "pair", "bank", "midi", "dma"};

// Takes what one of script_keys says.
std::optional<TreeError> take(Script& script, std::string_view key, const Tree& tree);

// What a script's tables have.
std::span<const TableKind> table_kinds();

}  // namespace portico::hardware::recorder
