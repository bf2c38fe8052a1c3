// A PCI function in front of a device model: its configuration space, and base address registers (BARs)
// through which the model's register blocks are reached, as I/O ports or as memory.
#pragma once

#include <array>
#include <memory>

#include "hardware/device.h"

namespace portico::hardware {

class Pci final : public Device, public ConfigSpace {
  public:
    static constexpr unsigned bar_limit = 6;
    static constexpr unsigned block_limit = 8;  // of a BAR
    enum class Space : std::uint8_t { port, memory };

    struct Options {
        std::uint32_t vendor_id = 0x1274;
        std::uint32_t device_id = 0x1371;
        std::uint32_t subsystem_vendor_id = 0x1274;
        std::uint32_t subsystem_id = 0x1371;
        std::uint32_t revision = 0x02;
        std::uint32_t class_code = 0x040100;  // multimedia, audio
        std::uint32_t bus = 0;
        std::uint32_t slot = 3;
        std::uint32_t function = 0;
        std::uint32_t pin = 1;  // INTA
        Space bars = Space::port;
        // Where the firmware puts them; no_limit: where the model's own parameters say, or somewhere in
        // memory.
        std::uint32_t bar0 = no_limit;
        std::uint32_t bar1 = no_limit;
        std::uint32_t bar2 = no_limit;
        std::uint32_t bar3 = no_limit;
        std::uint32_t bar4 = no_limit;
        std::uint32_t bar5 = no_limit;
    };

    static const Model model;

    Pci(const char* name, std::unique_ptr<Device> behind);

    Result<void> set(std::string_view key, const Value& value) override;
    std::string text(std::string_view key) const override;
    bool takes_tree(std::string_view key) const override;
    std::optional<TreeError> set_tree(std::string_view key, const Tree& tree) override;
    Result<void> check() override;
    Resources resources() override;
    MidiWire* wire() override { return behind_->wire(); }
    std::vector<Counter> counters() const override;
    std::vector<Access> accesses() const override { return behind_->accesses(); }

    ConfigSpace* config_space() override { return this; }
    void read_config(std::uint32_t offset, std::span<std::uint8_t> bytes) const override;
    void write_config(std::uint32_t offset, std::span<const std::uint8_t> bytes, Nanoseconds now_ns) override;
    unsigned bus_number() const override { return options_.bus; }
    unsigned slot() const override { return options_.slot; }
    unsigned function() const override { return options_.function; }

    Device& behind() { return *behind_; }

  private:
    // A register block of the model at an offset in the BAR.
    struct Block {
        std::uint32_t at = 0;
        std::uint32_t range = 0;  // which of the model's, ports first
        std::uint32_t length = 0;
        sim::BusDevice* registers = nullptr;
    };
    // What a BAR decodes. Between its blocks nothing answers.
    class Bar final : public sim::BusDevice {
      public:
        std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
        void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
        bool read_has_no_effect(std::uint32_t offset) const override;

        Space space = Space::port;
        std::uint32_t size = 0;  // a power of two; 0: there is no such BAR
        std::array<Block, block_limit> blocks{};
        unsigned block_count = 0;

      private:
        const Block* find(std::uint32_t offset, unsigned width) const;
    };
    // A BAR as the machine file describes it.
    struct BarPlan {
        Space space = Space::port;
        std::uint32_t size = 0;  // 0: as large as it must be
        std::array<Block, block_limit> blocks{};
        unsigned block_count = 0;
    };

    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;
    void line_behind(Device& inner, bool asserted, Nanoseconds now_ns) override;
    bool lets_master() const override;

    std::optional<TreeError> take_bar(const Tree& tree);
    Result<void> lay_out(const std::vector<Range>& ranges);
    std::uint32_t wanted_base(unsigned bar, std::uint32_t own) const;
    void fill_config();
    void put(std::uint32_t offset, unsigned width, std::uint32_t value);
    std::uint32_t get(std::uint32_t offset, unsigned width) const;
    std::uint8_t writable_bits(std::uint32_t offset) const;
    void update_decode();
    void update_line(Nanoseconds now_ns);
    void list_ranges(Resources& out, bool io, bool memory);

    Options options_;
    std::unique_ptr<Device> behind_;
    std::array<BarPlan, bar_limit> plans_{};
    unsigned plan_count_ = 0;  // 0: one BAR for each range of the model
    std::array<Bar, bar_limit> bars_{};
    std::array<std::uint32_t, bar_limit> firmware_bases_{};
    std::array<std::uint8_t, ConfigSpace::size> config_{};
    bool behind_asserts_ = false;
    std::uint64_t conflicts_ = 0;
    std::uint64_t config_writes_ = 0;
};

}  // namespace portico::hardware
