// The base of every device model: its name, parameters, resources, and how it comes and goes. A model adds
// registers (sim::BusDevice) and behaviour in time (sim::Event). It knows no kernel: ports, registers and a
// line are all that passes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hardware/parameters.h"
#include "hardware/tree.h"
#include "sim/bus.h"
#include "sim/irq_line.h"

namespace portico::hardware {

class Device;
class MidiWire;

// A kind of table in a device's description.
struct TableKind {
    const char* name;  // as a machine file heads it
    std::span<const Parameter> parameters;
    const void* defaults;
};

// A kind of device, by which machine files name it.
struct Model {
    const char* name;     // "mpu401"
    const char* summary;  // one phrase
    std::span<const Parameter> parameters;
    const void* defaults;                                 // its Options with nothing set
    std::unique_ptr<Device> (*create)(const char* name);  // null: it must stand in front of another
    // In front of another device, as "pci:mpu401"; null: it cannot.
    std::unique_ptr<Device> (*create_front)(const char* name, std::unique_ptr<Device> behind) = nullptr;
    // What its lists and tables have; null: it has none.
    std::span<const TableKind> (*tables)() = nullptr;
};

// What the device takes of the machine. The machine makes the resource lists of the device's node from it.
struct Range {
    std::uint64_t base;
    std::uint64_t length;
    sim::BusDevice* registers;
};
struct Resources {
    std::vector<Range> ports;
    std::vector<Range> memory;
    std::optional<unsigned> irq;
    std::vector<unsigned> dma;  // channels of the system's DMA controllers
};

// The configuration space of a device on a PCI bus.
class ConfigSpace {
  public:
    static constexpr std::uint32_t size = 256;
    virtual ~ConfigSpace() = default;
    // `offset` + the span's size is at most `size`. At any time, also while the device sleeps; a removed
    // device reads all ones.
    virtual void read_config(std::uint32_t offset, std::span<std::uint8_t> bytes) const = 0;
    virtual void write_config(std::uint32_t offset, std::span<const std::uint8_t> bytes,
                              Nanoseconds now_ns) = 0;
    virtual unsigned bus_number() const = 0;
    virtual unsigned slot() const = 0;  // "device number"
    virtual unsigned function() const = 0;
};

// One access of a driver, as a model that keeps a record has seen it.
struct Access {
    Nanoseconds at_ns;
    std::uint32_t offset;
    std::uint32_t value;
    std::uint8_t width;  // bytes
    bool is_write;
};

// A number for reports and tests: "bytes sent" 128.
struct Counter {
    const char* name;
    std::uint64_t value;
};

class Device {
  public:
    virtual ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const char* name() const { return name_; }  // lives as long as the process
    const Model& model() const { return model_; }

    // Parameters, before power_on(). Errors are one line with device, key and what is possible.
    virtual Result<void> set(std::string_view key, const Value& value);
    virtual std::string text(std::string_view key) const;  // empty: no such key
    // Parameters that are a list or a table: only some models have any. Not set: what is wrong, and where.
    virtual bool takes_tree(std::string_view key) const;
    virtual std::optional<TreeError> set_tree(std::string_view key, const Tree& tree);
    // After the last parameter: what only all of them together can be wrong about. One line.
    virtual Result<void> check() { return {}; }
    virtual Resources resources() = 0;

    // Claims the resources and starts as after power-on at `now_ns`. `line` is the one that resources() asks
    // for, null when none. May be called again, also after Scheduler::reset() and Bus::reset(): the device
    // starts anew. The error names what is taken; nothing is claimed then.
    Result<void> power_on(sim::Bus& bus, sim::IrqLine* line, Nanoseconds now_ns);
    // Gives up all resources.
    void power_off();
    // The bus' reset signal: registers as after power-on, resources kept.
    void reset(Nanoseconds now_ns);
    // Surprise removal (MP-011, MP-012): every register reads all ones, writes go nowhere, the line and wires
    // are quiet.
    void remove(Nanoseconds now_ns);
    // The device's power state as its bus sets it, 0 to 3 for D0 to D3. Outside D0 no register answers: reads
    // give all ones, writes go nowhere, the line is quiet (LC-041). In D3 everything is forgotten, as in
    // reset().
    void set_power(unsigned d_state, Nanoseconds now_ns);
    unsigned power_state() const { return power_state_; }

    bool powered() const { return front_ != nullptr ? front_->powered() : bus_ != nullptr; }
    bool removed() const { return front_ != nullptr ? front_->removed() : removed_; }

    // Called when the device removes itself (a fault plan): the machine tells its plug-and-play manager.
    using Removed = void (*)(void* context, Device& device, Nanoseconds now_ns);
    void on_removed(Removed removed, void* context) {
        removed_callback_ = removed;
        removed_context_ = context;
    }

    // Called when somebody accesses a register outside D0 (LC-039). `offset` counts from its range's begin.
    using Asleep = void (*)(const Device& device, std::uint32_t offset, bool is_write);
    void on_access_asleep(Asleep asleep) { asleep_callback_ = asleep; }

    virtual MidiWire* wire() { return nullptr; }
    virtual std::vector<Counter> counters() const { return {}; }
    virtual ConfigSpace* config_space() { return nullptr; }
    // The newest accesses, oldest first; empty for models that keep no record.
    virtual std::vector<Access> accesses() const { return {}; }

  protected:
    // `options` is the structure that the model's parameters belong to.
    Device(const Model& model, const char* name, void* options);

    enum class Start : std::uint8_t { power_on, reset };
    // All registers as after power-on; the line is low and no event of the model is due. Logs and counts
    // begin anew at power-on only.
    virtual void start(Nanoseconds now_ns, Start why) = 0;
    // Cancels every event and forgets what is under way: power, reset and removal.
    virtual void stop(Nanoseconds now_ns) = 0;

    void set_line(bool asserted, Nanoseconds now_ns) {
        asserting_ = asserted;
        if (front_ != nullptr) return front_->line_behind(*this, asserted, now_ns);
        if (asserted && power_state_ == 0) {
            line_.raise(now_ns);
        } else {
            line_.lower(now_ns);
        }
    }
    Nanoseconds powered_on_ns() const { return front_ != nullptr ? front_->powered_on_ns() : powered_on_ns_; }
    // The device may access memory by itself: what stands in front of it lets it.
    bool may_master() const { return front_ == nullptr || front_->lets_master(); }

    // ---- for a device that has others inside or behind it: those are on no bus of their own ----

    void put_behind(Device& inner) { inner.front_ = this; }
    static void start_behind(Device& inner, Nanoseconds now_ns, Start why) {
        inner.asserting_ = false;
        inner.start(now_ns, why);
    }
    static void stop_behind(Device& inner, Nanoseconds now_ns) { inner.stop(now_ns); }
    // An inner device's line changed.
    virtual void line_behind(Device& inner, bool asserted, Nanoseconds now_ns) {
        (void)inner, (void)asserted, (void)now_ns;
    }
    virtual bool lets_master() const { return may_master(); }
    // The device answers at other addresses, of the same registers, from now on; none: nowhere. `edit`
    // changes the ranges in place and must not make them more than resources() named. False: something else
    // is there, and the device answers nowhere.
    template <class Edit>
    bool move_ranges(Edit&& edit) {
        const bool claims = powered() && !removed_;
        if (claims) release();
        edit(claimed_);
        if (!claims || claim(power_state_ == 0 ? nullptr : &sleeping_)) return true;
        release();
        claimed_.ports.clear();
        claimed_.memory.clear();
        return false;
    }
    std::optional<unsigned> claimed_irq() const { return claimed_.irq; }

  private:
    // What answers where the device was.
    class Gone final : public sim::BusDevice {
      public:
        std::uint32_t read(std::uint32_t, unsigned width, Nanoseconds) override;
        void write(std::uint32_t, unsigned, std::uint32_t, Nanoseconds) override {}
        bool read_has_no_effect(std::uint32_t) const override { return true; }
    };

    // What answers outside D0.
    class SleepingRegisters final : public sim::BusDevice {
      public:
        explicit SleepingRegisters(const Device& device) : device_(device) {}
        std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds) override;
        void write(std::uint32_t offset, unsigned, std::uint32_t, Nanoseconds) override;
        bool read_has_no_effect(std::uint32_t) const override { return true; }

      private:
        const Device& device_;
    };

    bool claim(sim::BusDevice* instead);
    void release();

    const Model& model_;
    const char* name_;
    void* options_;
    Device* front_ = nullptr;  // the device that this one is a part of
    sim::Bus* bus_ = nullptr;
    sim::IrqSource line_;
    Resources claimed_;
    Gone gone_;
    SleepingRegisters sleeping_{*this};
    bool removed_ = false;
    bool asserting_ = false;  // what the model wants of the line
    unsigned power_state_ = 0;
    Nanoseconds powered_on_ns_ = 0;
    Removed removed_callback_ = nullptr;
    void* removed_context_ = nullptr;
    Asleep asleep_callback_ = nullptr;
};

// For byte-wide models: what a wider access does on an 8-bit bus, one byte after the other, lowest first.
template <class Model>
std::uint32_t read_bytes(Model& model, std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) value |= (model.read(offset + i, 1, now_ns) & 0xff) << (8 * i);
    return value;
}
template <class Model>
void write_bytes(Model& model, std::uint32_t offset, unsigned width, std::uint32_t value,
                 Nanoseconds now_ns) {
    for (unsigned i = 0; i < width; ++i) model.write(offset + i, 1, value >> (8 * i) & 0xff, now_ns);
}

// A copy of `name` that is never freed: traces refer to devices by it. Bounded; null when there are too many
// names.
const char* lasting_name(std::string_view name);

}  // namespace portico::hardware
