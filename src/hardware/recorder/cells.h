// The registers of a recorder as they are at run time: spaces of cells, each with its value and how it
// changes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/nanoseconds.h"
#include "hardware/recorder/script.h"
#include "sim/events.h"

namespace portico::hardware::recorder {

// What besides its value an access of a cell means.
enum class Role : std::uint8_t {
    transmit = 1,
    receive = 2,
    status = 4,
    dma = 8,
    pair_data = 16,
};

struct Cell {
    RegisterScript script;
    std::uint32_t value = 0;
    Nanoseconds since_ns = 0;  // when a counting value was `value`
    std::uint32_t next = 0;    // of script.values
    std::uint8_t roles = 0;
    std::uint8_t pair = 0;  // Role::pair_data

    bool has(Role role) const { return (roles & static_cast<std::uint8_t>(role)) != 0; }
    void add(Role role) { roles |= static_cast<std::uint8_t>(role); }
    std::uint32_t bits() const { return script.width >= 4 ? ~0u : (1u << (8 * script.width)) - 1; }

    void reset(Nanoseconds now_ns);
    std::uint32_t at(Nanoseconds now_ns) const;
    // What a read gives, and what it changes.
    std::uint32_t read(Nanoseconds now_ns);
    // `touched`: the bits of the bytes that were written.
    void write(std::uint32_t given, std::uint32_t touched, Nanoseconds now_ns);
    void set_bits(std::uint32_t bits, Nanoseconds now_ns);
    void clear_bits(std::uint32_t bits, Nanoseconds now_ns);
};

// Cells by offset (each byte of a register leads to it) or by index (one entry a register).
class Space {
  public:
    enum class Counts : std::uint8_t { bytes, registers };

    void build(const std::vector<RegisterScript>& scripts, std::uint32_t extent, Counts counts);
    // A cell of one byte where there is none.
    Cell& need(std::uint32_t at, std::uint32_t value);
    // Null: nothing is there.
    Cell* find(std::uint32_t at) {
        return at < cell_at_.size() && cell_at_[at] != 0 ? &cells_[cell_at_[at] - 1u] : nullptr;
    }
    const Cell* find(std::uint32_t at) const { return const_cast<Space*>(this)->find(at); }
    std::vector<Cell>& cells() { return cells_; }
    std::uint32_t extent() const { return static_cast<std::uint32_t>(cell_at_.size()); }

  private:
    std::vector<Cell> cells_;             // never more than `extent`: reserved, so that pointers stay
    std::vector<std::uint16_t> cell_at_;  // from 1; 0: none
};

}  // namespace portico::hardware::recorder
