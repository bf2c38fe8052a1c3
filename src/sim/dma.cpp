#include "sim/dma.h"

#include <algorithm>
#include <cstring>

namespace portico::sim {
namespace {

// A device writes wherever it was told to, memory that was freed included: that is the driver's affair, not a
// fault of Portico's.
[[gnu::no_sanitize("address")]] void copy(volatile std::uint8_t* to, const volatile std::uint8_t* from,
                                          std::uint64_t size) {
    for (std::uint64_t i = 0; i < size; ++i) to[i] = from[i];
}

// Calls `piece(memory, offset, size)` for each run of memory; null memory where there is none.
template <class Piece>
bool for_each_run(std::uint64_t physical, std::uint32_t size, Piece&& piece) {
    constexpr std::uint64_t page = 4096;
    bool whole = true;
    for (std::uint32_t done = 0; done < size;) {
        std::uint64_t run = page - (physical + done) % page;
        void* const memory = physical_memory == nullptr ? nullptr : physical_memory(physical + done, &run);
        const auto here = static_cast<std::uint32_t>(std::min<std::uint64_t>(run, size - done));
        piece(static_cast<std::uint8_t*>(memory), done, here);
        whole &= memory != nullptr;
        done += here;
    }
    return whole;
}

}  // namespace

PhysicalMemory physical_memory = nullptr;
DmaController dma;

bool read_physical(std::uint64_t physical, void* to, std::uint32_t size) {
    auto* const bytes = static_cast<std::uint8_t*>(to);
    return for_each_run(physical, size, [&](std::uint8_t* memory, std::uint32_t at, std::uint32_t count) {
        if (memory == nullptr) {
            std::memset(bytes + at, 0xff, count);
        } else {
            copy(bytes + at, memory, count);
        }
    });
}

bool write_physical(std::uint64_t physical, const void* from, std::uint32_t size) {
    const auto* const bytes = static_cast<const std::uint8_t*>(from);
    return for_each_run(physical, size, [&](std::uint8_t* memory, std::uint32_t at, std::uint32_t count) {
        if (memory != nullptr) copy(memory, bytes + at, count);
    });
}

void DmaController::reset() {
    channels_ = {};
}

void DmaController::start(unsigned channel, const Program& program) {
    Channel& c = channels_[channel];
    c.program = program;
    c.moved = 0;
    c.started = program.size != 0;
    c.terminal_count = false;
}

void DmaController::stop(unsigned channel) {
    channels_[channel].started = false;
    channels_[channel].moved = channels_[channel].program.size;
}

std::uint32_t DmaController::remaining(unsigned channel, Nanoseconds now_ns) {
    Channel& c = channels_[channel];
    catch_up(c, now_ns);
    return c.program.size - c.moved;
}

bool DmaController::take_terminal_count(unsigned channel, Nanoseconds now_ns) {
    Channel& c = channels_[channel];
    catch_up(c, now_ns);
    const bool reached = c.terminal_count;
    c.terminal_count = false;
    return reached;
}

void DmaController::connect(unsigned channel, CatchUp catch_up, void* device) {
    channels_[channel].catch_up = catch_up;
    channels_[channel].device = device;
}

void DmaController::disconnect(unsigned channel, const void* device) {
    if (channels_[channel].device == device) connect(channel, nullptr, nullptr);
}

std::uint32_t DmaController::move(unsigned channel, void* buffer, std::uint32_t size, bool to_device) {
    Channel& c = channels_[channel];
    auto* const bytes = static_cast<std::uint8_t*>(buffer);
    std::uint32_t done = 0;
    while (done < size && c.started && c.program.to_device == to_device) {
        const std::uint32_t here = std::min(size - done, c.program.size - c.moved);
        if (to_device) {
            read_physical(c.program.physical + c.moved, bytes + done, here);
        } else {
            write_physical(c.program.physical + c.moved, bytes + done, here);
        }
        done += here;
        c.moved += here;
        if (c.moved < c.program.size) continue;
        c.terminal_count = true;
        if (c.program.reloads) {
            c.moved = 0;
        } else {
            c.started = false;
        }
    }
    return done;
}

}  // namespace portico::sim
