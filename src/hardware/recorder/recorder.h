// A device that is described, not programmed: a machine file says what its registers do, and every access of
// the driver is kept (FLD-060). It can stand in front of another model and open that by its own registers.
#pragma once

#include <memory>

#include "base/ring.h"
#include "hardware/device.h"
#include "hardware/midi_wire.h"
#include "hardware/recorder/cells.h"

namespace portico::hardware {

class Recorder final : public sim::BusDevice, public Device {
  public:
    struct Options {
        std::uint32_t port = 0x300;
        std::uint32_t memory = no_limit;  // physical address: the registers are there, not at ports
        std::uint32_t length = 16;
        std::uint32_t irq = no_limit;
        std::uint32_t fill = 0xff;  // what a register is at first that the script does not name
    };
    // The newest accesses are kept.
    static constexpr std::uint64_t log_capacity = 4096;

    static const Model model;

    // `behind` may be null.
    Recorder(const char* name, std::unique_ptr<Device> behind);

    Result<void> set(std::string_view key, const Value& value) override;
    std::string text(std::string_view key) const override;
    bool takes_tree(std::string_view key) const override;
    std::optional<TreeError> set_tree(std::string_view key, const Tree& tree) override;
    Result<void> check() override;
    Resources resources() override;
    MidiWire* wire() override;
    std::vector<Counter> counters() const override;
    std::vector<Access> accesses() const override;

    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
    bool read_has_no_effect(std::uint32_t offset) const override;

  private:
    static constexpr std::uint32_t fifo_limit = 256;

    // Where an access goes: registers of the script, or of the model behind.
    struct Target {
        recorder::Space* space = nullptr;
        sim::BusDevice* behind = nullptr;
        std::uint32_t at = 0;
        std::uint32_t room = 0;  // bytes from there on
    };
    // Sets bits of a register again and again.
    struct Setter {
        Setter(Recorder& of, recorder::Cell& of_cell) : recorder(of), cell(of_cell) {}
        static void due(void* self, Nanoseconds due_ns);
        Recorder& recorder;
        recorder::Cell& cell;
        sim::Event event{due, this};
    };
    struct Transfer {
        bool active = false;
        std::uint64_t address = 0;
        std::uint32_t left = 0;
        std::uint64_t moved = 0;  // of all transfers
        std::uint8_t next_fill = 0;
        Nanoseconds begun_ns = 0;
        std::uint64_t since_begun = 0;
    };

    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;
    void line_behind(Device& inner, bool asserted, Nanoseconds now_ns) override;

    Result<void> check_extents() const;
    Result<void> check_behind() const;
    void build();
    void build_pairs();
    void build_roles();
    recorder::Cell& role_cell(std::uint32_t at);
    bool covered_by_bank(std::uint32_t offset) const;

    Target find_target(std::uint32_t offset, Nanoseconds now_ns);
    std::uint32_t read_space(recorder::Space& space, std::uint32_t at, unsigned width, Nanoseconds now_ns);
    void write_space(recorder::Space& space, std::uint32_t at, unsigned width, std::uint32_t value,
                     Nanoseconds now_ns);
    std::uint32_t read_cell(recorder::Cell& cell, Nanoseconds now_ns);
    void write_cell(recorder::Cell& cell, std::uint32_t value, std::uint32_t touched, Nanoseconds now_ns);
    recorder::Cell* indexed(unsigned pair, Nanoseconds now_ns);
    void advance_index(unsigned pair, Nanoseconds now_ns);
    void keep(std::uint32_t offset, unsigned width, std::uint32_t value, bool is_write, Nanoseconds now_ns);
    void update_line(Nanoseconds now_ns);
    bool midi_interrupts(Nanoseconds now_ns) const;

    // ---- the wire ----
    std::uint32_t status_bits(std::uint32_t value);
    bool takes_byte() const { return !wire_.out.busy() || tx_.size() < script_.midi->transmit_depth; }
    void transmit(std::uint8_t byte, Nanoseconds now_ns);
    std::uint32_t receive();
    static void byte_sent(void* self, Nanoseconds now_ns);
    static void byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns);

    // ---- DMA ----
    void begin_transfer(Nanoseconds now_ns);
    void move_bytes(Nanoseconds now_ns);
    void send_from_memory(Nanoseconds now_ns);
    void write_to_memory(std::uint8_t byte, Nanoseconds now_ns);
    void end_transfer(Nanoseconds now_ns);
    void arm_transfer(Nanoseconds now_ns);
    static void transfer_due(void* self, Nanoseconds now_ns);
    Nanoseconds byte_time_ns() const { return script_.midi ? script_.midi->byte_time_ns : midi_byte_ns; }

    Options options_;
    recorder::Script script_;
    std::unique_ptr<Device> behind_;
    std::vector<Range> behind_ranges_;
    bool behind_asserts_ = false;

    recorder::Space registers_;
    std::vector<recorder::Space> pairs_;
    std::vector<recorder::Space> banks_;
    std::vector<recorder::Cell*> interrupting_;
    std::vector<std::unique_ptr<Setter>> setters_;
    recorder::Cell* enable_ = nullptr;

    MidiWire wire_{byte_sent, byte_arrived, this};
    Ring<std::uint8_t, fifo_limit> tx_;
    Ring<std::uint8_t, fifo_limit> rx_;
    std::uint8_t last_received_ = 0xff;
    bool overrun_ = false;
    Transfer transfer_;
    sim::Event transfer_event_{transfer_due, this};

    std::uint64_t reads_ = 0;
    std::uint64_t writes_ = 0;
    std::uint64_t lost_in_ = 0;
    std::uint64_t lost_out_ = 0;
    std::uint64_t no_memory_ = 0;
    std::unique_ptr<Access[]> log_ = std::make_unique_for_overwrite<Access[]>(log_capacity);
};

}  // namespace portico::hardware
