// Accesses of a device's registers as bytes say them, with memory, DMA channels and a wire: whatever a driver
// does to a model, it neither crashes nor hangs.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "hardware/models.h"
#include "hardware/midi_wire.h"
#include "sim/bus.h"
#include "sim/dma.h"
#include "sim/scheduler.h"

namespace portico::fuzz {

class RegisterSession {
  public:
    explicit RegisterSession(hardware::Device& device) : device_(device) {
        sim::trace.set_drain(nullptr, nullptr);
        sim::trace.reset();
        sim::scheduler.hooks = {};
        sim::scheduler.reset(1, 1);
        sim::bus.reset();
        sim::bus.port_access_ns = sim::bus.register_access_ns = 0;
        sim::dma.reset();
        sim::physical_memory = [](std::uint64_t physical, std::uint64_t* run) -> void* {
            if (physical >= sizeof memory) return nullptr;
            *run = sizeof memory - physical;
            return memory + physical;
        };
    }
    ~RegisterSession() {
        device_.power_off();
        sim::physical_memory = nullptr;
        sim::scheduler.reset(1, 1);
        sim::bus.reset();
    }
    RegisterSession(const RegisterSession&) = delete;

    void run(const std::uint8_t* data, std::size_t size) {
        const auto needs = device_.resources();
        const auto on =
            device_.power_on(sim::bus, needs.irq ? &sim::scheduler.lines[*needs.irq] : nullptr, 0);
        if (!on.ok()) return;  // a script may put its registers where there is no room
        for (std::size_t at = 0; at + 4 <= size; at += 4) step(data + at, needs);
        run_for(10 * millisecond_ns);
        (void)device_.counters();
        (void)device_.accesses();
    }

  private:
    static inline std::uint8_t memory[0x10000];

    static void run_for(Nanoseconds duration_ns) {
        sim::scheduler.run(sim::scheduler.now_ns() + duration_ns, nullptr, nullptr);
    }

    // What, where, two bytes of value.
    void step(const std::uint8_t* bytes, const hardware::Resources& needs) {
        const unsigned what = bytes[0];
        const std::uint32_t value = bytes[2] | bytes[3] << 8 | bytes[2] << 16;
        const unsigned width = 1u << (what >> 4 & 3) % 3;
        switch (what & 15) {
            case 0:
                return run_for(value % 1000 * microsecond_ns);
            case 1:
                return sim::dma.start(bytes[1] % 8,
                                      {value, bytes[3] * 16u, (what & 16) != 0, (what & 32) != 0});
            case 2:
                if (device_.wire() != nullptr)
                    (void)device_.wire()->in.receive(bytes[2], sim::scheduler.now_ns());
                return;
            case 3:
                return device_.set_power(bytes[1] % 4, sim::scheduler.now_ns());
            case 4:
                return device_.reset(sim::scheduler.now_ns());
            case 5:
                return configure(bytes);
            default:
                return access((what & 1) != 0, bytes[1], width, value, needs);
        }
    }

    void configure(const std::uint8_t* bytes) {
        hardware::ConfigSpace* const space = device_.config_space();
        if (space == nullptr) return;
        const std::uint32_t offset = bytes[1];
        const std::uint8_t written[] = {bytes[2], bytes[3], bytes[2], bytes[3]};
        const std::uint32_t count = std::min<std::uint32_t>(4, hardware::ConfigSpace::size - offset);
        space->write_config(offset, std::span(written).first(count), sim::scheduler.now_ns());
        std::uint8_t read[4];
        space->read_config(offset, std::span(read).first(count));
    }

    static void access(bool is_write, std::uint32_t where, unsigned width, std::uint32_t value,
                       const hardware::Resources& needs) {
        const std::size_t ranges = needs.ports.size() + needs.memory.size();
        if (ranges == 0) return;
        const std::size_t chosen = where % ranges;
        const bool is_port = chosen < needs.ports.size();
        const auto& range = is_port ? needs.ports[chosen] : needs.memory[chosen - needs.ports.size()];
        const std::uint64_t address = range.base + where / ranges % range.length;
        const auto port = static_cast<std::uint32_t>(address);
        if (is_write) {
            is_port ? sim::bus.write_port(port, width, value) : sim::bus.write_memory(address, width, value);
        } else {
            is_port ? sim::bus.read_port(port, width) : sim::bus.read_memory(address, width);
        }
    }

    hardware::Device& device_;
};

}  // namespace portico::fuzz
