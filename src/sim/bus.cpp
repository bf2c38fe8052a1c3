#include "sim/bus.h"

#include <algorithm>

#include "sim/scheduler.h"

namespace portico::sim {
namespace {

// The fourth equal read in a row jumps; never further than this, so that a driver's own time-out stays
// honest.
constexpr unsigned polls_before_jump = 4;
constexpr Nanoseconds jump_max_ns = millisecond_ns;

std::uint32_t all_ones(unsigned width) {
    return width >= 4 ? ~0u : (1u << (8 * width)) - 1;
}

}  // namespace

Bus bus;

inline Bus::Range* Bus::Space::find(std::uint64_t address, unsigned width) {
    if (table != nullptr && address < table_size) {
        const unsigned entry = table[address];
        if (entry == 0) return nullptr;
        Range& range = ranges[entry - 1];
        return width <= range.length - (address - range.base) ? &range : nullptr;
    }
    return search(address, width);
}

Bus::Range* Bus::Space::search(std::uint64_t address, unsigned width) {
    Range& hit = ranges[last];
    if (address - hit.base < hit.length && width <= hit.length - (address - hit.base)) return &hit;
    for (unsigned i = 0; i < count; ++i) {
        Range& range = ranges[i];
        if (address - range.base >= range.length || width > range.length - (address - range.base)) continue;
        last = i;
        return &range;
    }
    return nullptr;
}

void Bus::Space::fill_table(const Range& range, std::uint8_t entry) {
    if (table == nullptr || range.base >= table_size) return;
    std::fill_n(table + range.base, std::min(range.length, table_size - range.base), entry);
}

void Bus::Space::clear() {
    for (unsigned i = 0; i < count; ++i) fill_table(ranges[i], 0);
    std::fill_n(ranges.begin(), count, Range{});
    count = last = 0;
}

bool Bus::claim(Space& space, std::uint64_t base, std::uint64_t length, BusDevice& device) {
    if (length == 0 || space.count == range_limit || base + length < base) return false;
    for (unsigned i = 0; i < space.count; ++i) {
        const Range& other = space.ranges[i];
        if (base < other.base + other.length && other.base < base + length) return false;
    }
    std::uint64_t pollable = 0;
    for (std::uint32_t offset = 0; offset < std::min<std::uint64_t>(length, 64); ++offset) {
        if (device.read_has_no_effect(offset)) pollable |= 1ull << offset;
    }
    space.ranges[space.count++] = {base, length, &device, pollable};
    space.fill_table(space.ranges[space.count - 1], static_cast<std::uint8_t>(space.count));
    return true;
}

bool Bus::claim_ports(std::uint32_t base, std::uint32_t length, BusDevice& device) {
    return claim(ports_, base, length, device);
}

bool Bus::claim_memory(std::uint64_t base, std::uint64_t length, BusDevice& device) {
    return claim(memory_, base, length, device);
}

void Bus::release(BusDevice& device) {
    for (Space* space : {&ports_, &memory_}) {
        const auto ranges = space->ranges;
        const unsigned count = space->count;
        space->clear();
        for (unsigned i = 0; i < count; ++i) {
            if (ranges[i].device == &device) continue;
            space->ranges[space->count++] = ranges[i];
            space->fill_table(ranges[i], static_cast<std::uint8_t>(space->count));
        }
    }
}

void Bus::reset() {
    ports_.clear();
    memory_.clear();
    poll_ = Poll{};
    port_access_ns = 1'000;
    register_access_ns = 200;
}

void Bus::count_poll(std::uint64_t address, std::uint32_t value) {
    if (poll_.address != address || poll_.value != value) {
        poll_ = {address, value, 1};
    } else if (++poll_.count >= polls_before_jump) {
        poll_.count = polls_before_jump - 1;
        scheduler.skip_ahead(jump_max_ns);
    }
}

// What nobody claims reads as all ones.
std::uint32_t Bus::read_unclaimed(std::uint64_t address, unsigned width, TraceKind kind) {
    poll_ = Poll{};
    if (unclaimed != nullptr) unclaimed(address, kind == TraceKind::port_read, false);
    record(kind, nullptr, address, all_ones(width));
    return all_ones(width);
}

std::uint32_t Bus::read(Space& space, std::uint64_t address, unsigned width, Nanoseconds cost_ns,
                        TraceKind kind) {
    point(cost_ns);
    const Range* const range = space.find(address, width);
    if (range == nullptr) [[unlikely]]
        return read_unclaimed(address, width, kind);
    const auto offset = static_cast<std::uint32_t>(address - range->base);
    const bool pollable = offset < 64 && (range->pollable >> offset & 1) != 0;
    // The device may take itself off the bus.
    const std::uint32_t value = range->device->read(offset, width, this_processor->at_ns);
    record(kind, nullptr, address, value);
    if (pollable) {
        count_poll(address, value);
    } else {
        poll_.count = 0;
    }
    return value;
}

std::uint32_t Bus::read_port(std::uint32_t port, unsigned width) {
    return read(ports_, port, width, port_access_ns, TraceKind::port_read);
}

std::uint32_t Bus::read_memory(std::uint64_t address, unsigned width) {
    return read(memory_, address, width, register_access_ns, TraceKind::register_read);
}

void Bus::write(Space& space, std::uint64_t address, unsigned width, std::uint32_t value, Nanoseconds cost_ns,
                TraceKind kind) {
    point(cost_ns);
    poll_.count = 0;
    record(kind, nullptr, address, value);
    const Range* const range = space.find(address, width);
    if (range == nullptr) [[unlikely]] {
        if (unclaimed != nullptr) unclaimed(address, kind == TraceKind::port_write, true);
        return;
    }
    range->device->write(static_cast<std::uint32_t>(address - range->base), width, value,
                         this_processor->at_ns);
}

void Bus::write_port(std::uint32_t port, unsigned width, std::uint32_t value) {
    write(ports_, port, width, value, port_access_ns, TraceKind::port_write);
}

void Bus::write_memory(std::uint64_t address, unsigned width, std::uint32_t value) {
    write(memory_, address, width, value, register_access_ns, TraceKind::register_write);
}

}  // namespace portico::sim
