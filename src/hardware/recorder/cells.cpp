#include "hardware/recorder/cells.h"

#include <algorithm>

namespace portico::hardware::recorder {

void Cell::reset(Nanoseconds now_ns) {
    value = script.value & bits();
    since_ns = now_ns;
    next = 0;
}

std::uint32_t Cell::at(Nanoseconds now_ns) const {
    if (script.counts_every_ns == never_ns || now_ns <= since_ns) return value;
    const auto ticks = static_cast<std::uint64_t>((now_ns - since_ns) / script.counts_every_ns);
    return static_cast<std::uint32_t>(value + ticks * script.step) & bits();
}

std::uint32_t Cell::read(Nanoseconds now_ns) {
    if (!script.values.empty()) {
        const std::uint32_t given = script.values[next];
        if (next + 1 < script.values.size()) {
            ++next;
        } else if (script.repeats) {
            next = 0;
        }
        return given & bits();
    }
    const std::uint32_t given = at(now_ns);
    if ((given & script.read_clears) != 0) clear_bits(script.read_clears, now_ns);
    return given;
}

void Cell::write(std::uint32_t given, std::uint32_t touched, Nanoseconds now_ns) {
    const std::uint32_t changes = script.writable & touched & ~script.write_clears;
    value = ((at(now_ns) & ~changes) | (given & changes)) & bits();
    value &= ~(given & script.write_clears & touched);
    since_ns = now_ns;
}

void Cell::set_bits(std::uint32_t set, Nanoseconds now_ns) {
    value = (at(now_ns) | set) & bits();
    since_ns = now_ns;
}

void Cell::clear_bits(std::uint32_t cleared, Nanoseconds now_ns) {
    value = at(now_ns) & ~cleared;
    since_ns = now_ns;
}

void Space::build(const std::vector<RegisterScript>& scripts, std::uint32_t extent, Counts counts) {
    cells_.clear();
    cells_.reserve(extent);
    cell_at_.assign(extent, 0);
    for (const RegisterScript& script : scripts) {
        const std::uint32_t entries = counts == Counts::bytes ? script.width : 1;
        if (script.at + entries > extent) continue;  // told by Recorder::check
        Cell cell;
        cell.script = script;
        cells_.push_back(std::move(cell));
        std::fill_n(cell_at_.begin() + script.at, entries, static_cast<std::uint16_t>(cells_.size()));
    }
}

Cell& Space::need(std::uint32_t at, std::uint32_t value) {
    if (Cell* const there = find(at)) return *there;
    Cell cell;
    cell.script.at = at;
    cell.script.value = value;
    cells_.push_back(std::move(cell));
    cell_at_[at] = static_cast<std::uint16_t>(cells_.size());
    return cells_.back();
}

}  // namespace portico::hardware::recorder
