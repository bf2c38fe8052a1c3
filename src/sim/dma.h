// Memory as devices see it: by physical address for bus masters, by channel for devices at the system's DMA
// controllers (two 8237s). What has no memory reads as all ones and takes no write.
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"

namespace portico::sim {

// The executive's: the memory at a physical address and how many bytes of it lie together; null: there is
// none.
using PhysicalMemory = void* (*)(std::uint64_t physical, std::uint64_t* run);
extern PhysicalMemory physical_memory;

// A bus master's accesses. False: some of it was no memory.
bool read_physical(std::uint64_t physical, void* to, std::uint32_t size);
bool write_physical(std::uint64_t physical, const void* from, std::uint32_t size);

constexpr unsigned dma_channel_count = 8;
constexpr unsigned dma_cascade = 4;  // joins the two controllers

class DmaController {
  public:
    // ---- for the executive ----

    struct Program {
        std::uint64_t physical = 0;
        std::uint32_t size = 0;  // bytes
        bool to_device = false;
        bool reloads = false;  // auto-initialise: begins again after its last byte
    };
    void reset();
    void start(unsigned channel, const Program& program);
    void stop(unsigned channel);
    bool started(unsigned channel) const { return channels_[channel].started; }
    // Bytes that are still to be moved, as of `now_ns`: the program's size at first. After the last byte 0,
    // or the size again when it reloads.
    std::uint32_t remaining(unsigned channel, Nanoseconds now_ns);
    // The last byte was moved since the question before.
    bool take_terminal_count(unsigned channel, Nanoseconds now_ns);

    // ---- for devices ----

    // The device moves data on the channel as time goes on, and does not need an event for each byte: it is
    // asked to catch up before anybody looks. Null: nothing under way.
    using CatchUp = void (*)(void* device, Nanoseconds now_ns);
    void connect(unsigned channel, CatchUp catch_up, void* device);
    void disconnect(unsigned channel, const void* device);
    // Moves up to `size` bytes, in the direction that the device means; as many as the channel grants: 0 when
    // it is stopped or programmed for the other direction.
    std::uint32_t read(unsigned channel, void* to, std::uint32_t size) {
        return move(channel, to, size, true);
    }
    std::uint32_t write(unsigned channel, const void* from, std::uint32_t size) {
        return move(channel, const_cast<void*>(from), size, false);
    }

  private:
    struct Channel {
        Program program;
        std::uint32_t moved = 0;
        bool started = false;
        bool terminal_count = false;
        CatchUp catch_up = nullptr;
        void* device = nullptr;
    };
    std::uint32_t move(unsigned channel, void* buffer, std::uint32_t size, bool to_device);
    void catch_up(Channel& channel, Nanoseconds now_ns) {
        if (channel.catch_up != nullptr) channel.catch_up(channel.device, now_ns);
    }

    std::array<Channel, dma_channel_count> channels_{};
};

extern DmaController dma;

}  // namespace portico::sim
