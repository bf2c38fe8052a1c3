// A device on a test bench: powered, with its registers and its line at hand. The test is the driver; its own
// accesses take no simulated time unless it says so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hardware/midi_wire.h"
#include "sim/bus.h"
#include "sim/scheduler.h"

namespace portico::test {

using sim::scheduler;

class Machine {
  public:
    Machine() {
        sim::trace.set_drain(nullptr, nullptr);
        sim::trace.reset();
        scheduler.hooks = {};
        scheduler.reset(2, 1);
        sim::bus.reset();
        sim::bus.unclaimed = nullptr;
    }
    ~Machine() {
        scheduler.reset(1, 0);
        sim::bus.reset();
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    static Nanoseconds now_ns() { return scheduler.now_ns(); }
    static void run_for(Nanoseconds duration_ns) { scheduler.run(now_ns() + duration_ns, nullptr, nullptr); }
    static void run_until(Nanoseconds at_ns) { scheduler.run(at_ns, nullptr, nullptr); }
};

// Port accesses from the host, at the machine's time.
inline std::uint8_t in(std::uint32_t port) {
    sim::bus.port_access_ns = 0;
    return static_cast<std::uint8_t>(sim::bus.read_port(port, 1));
}
inline void out(std::uint32_t port, unsigned value) {
    sim::bus.port_access_ns = 0;
    sim::bus.write_port(port, 1, value);
}

inline std::vector<unsigned> bytes_of(const hardware::WireOut& wire) {
    std::vector<unsigned> bytes;
    for (std::uint64_t i = wire.first(); i < wire.count(); ++i) bytes.push_back(wire.at(i).byte);
    return bytes;
}
inline std::vector<Nanoseconds> times_of(const hardware::WireOut& wire) {
    std::vector<Nanoseconds> times;
    for (std::uint64_t i = wire.first(); i < wire.count(); ++i) times.push_back(wire.at(i).first_bit_ns);
    return times;
}

template <class Device>
std::uint64_t counter(const Device& device, const std::string& name) {
    for (const auto& counter : device.counters()) {
        if (name == counter.name) return counter.value;
    }
    return ~0ull;
}

// A driver's code: a thread of the machine, whose port accesses take a microsecond each.
class Driver {
  public:
    explicit Driver(std::function<void()> run) : run_(std::move(run)) {
        thread_.name = "driver";
        thread_.id = 1;
        sim::bus.port_access_ns = microsecond_ns;
        scheduler.start(
            thread_,
            [](void* self) {
                static_cast<Driver*>(self)->run_();
                static_cast<Driver*>(self)->done_ = true;
                scheduler.exit_thread();
            },
            this);
    }
    ~Driver() {
        if (!done_) thread_.fiber.release();
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    bool done() const { return done_; }

  private:
    std::function<void()> run_;
    bool done_ = false;
    sim::Thread thread_;
};

inline std::vector<std::string> trace_lines() {
    std::vector<std::string> lines;
    for (std::uint64_t i = sim::trace.first(); i < sim::trace.count(); ++i) {
        const sim::TraceRecord& r = sim::trace.at(i);
        lines.push_back(std::to_string(r.at_ns) + " P" + std::to_string(r.processor) + " " + name_of(r.kind) +
                        " " + (r.name == nullptr ? "-" : r.name) + " " + std::to_string(r.a) + " " +
                        std::to_string(r.b));
    }
    return lines;
}

}  // namespace portico::test
