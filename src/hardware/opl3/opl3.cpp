#include "hardware/opl3/opl3.h"

#include <algorithm>
#include <array>

#include "sim/scheduler.h"

namespace portico::hardware {
namespace {

constexpr unsigned timer1_preset = 0x02;
constexpr unsigned timer2_preset = 0x03;
constexpr unsigned timer_control = 0x04;
constexpr unsigned new_mode_register = 0x105;
constexpr std::uint8_t irq_reset = 0x80;
constexpr std::uint8_t opl2_status_bits = 0x06;  // OP-002

using Options = Opl3::Options;

constexpr const char* chips[] = {"opl3", "opl2"};

constexpr std::array parameters{
    hexadecimal<&Options::port>("port", 0x100, 0xfffc, "base of the four I/O ports; two of an opl2"),
    number_or<&Options::irq>("none", "irq", 0, sim::irq_line_count - 1, "interrupt line of the timers"),
    choice<&Options::chip>("chip", chips, "YMF262 or YM3812"),
    duration<&Options::address_wait_ns>("address_wait", 0, millisecond_ns,
                                        "what the chip needs after an address: sooner is counted"),
    duration<&Options::data_wait_ns>("data_wait", 0, millisecond_ns, "after data"),
};

constexpr Options defaults;

}  // namespace

const Model Opl3::model{
    "opl3", "Yamaha OPL3 or OPL2 FM synthesizer, registers and timers", parameters, &defaults,
    [](const char* name) -> std::unique_ptr<Device> { return std::make_unique<Opl3>(name); }};

Opl3::Opl3(const char* name, const Options& options)
    : Device(model, name, &options_),
      options_(options),
      timer1_{80 * microsecond_ns, 0x40, 0x40, 0x01,
              sim::Event(
                  [](void* self, Nanoseconds due_ns) {
                      auto& chip = *static_cast<Opl3*>(self);
                      chip.expired(chip.timer1_, due_ns);
                  },
                  this)},
      timer2_{320 * microsecond_ns, 0x20, 0x20, 0x02,
              sim::Event(
                  [](void* self, Nanoseconds due_ns) {
                      auto& chip = *static_cast<Opl3*>(self);
                      chip.expired(chip.timer2_, due_ns);
                  },
                  this)} {}

Resources Opl3::resources() {
    Resources needs{{{options_.port, options_.chip == Chip::opl2 ? 2u : 4u, this}}, {}, std::nullopt, {}};
    if (options_.irq != no_limit) needs.irq = options_.irq;
    return needs;
}

std::vector<Counter> Opl3::counters() const {
    return {{"registers written", count_},
            {"keys on", key_ons_},
            {"keys off", key_offs_},
            {"written too soon", too_soon_},
            {"written without effect", without_effect_}};
}

// OP-015
void Opl3::start(Nanoseconds, Start why) {
    registers_.fill(0);
    address_ = 0;
    flags_ = control_ = 0;
    ready_ns_ = 0;
    if (why == Start::power_on) count_ = key_ons_ = key_offs_ = too_soon_ = without_effect_ = 0;
}

void Opl3::stop(Nanoseconds) {
    sim::scheduler.events.cancel(timer1_.event);
    sim::scheduler.events.cancel(timer2_.event);
}

// ---- ports (OP-001, OP-002) ----

// Only the status can be read; it is at the first port.
std::uint32_t Opl3::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    if (width != 1) return read_bytes(*this, offset, width, now_ns);
    if (offset != 0) return 0xff;
    const unsigned interrupt = flags_ != 0 ? 0x80 : 0;
    return interrupt | flags_ | (options_.chip == Chip::opl2 ? opl2_status_bits : 0);
}

void Opl3::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    if (width != 1) return write_bytes(*this, offset, width, value, now_ns);
    if (now_ns < ready_ns_) ++too_soon_;
    if ((offset & 1) == 0) {
        write_address(offset >> 1, static_cast<std::uint8_t>(value), now_ns);
    } else {
        write_data(static_cast<std::uint8_t>(value), now_ns);
    }
}

// The latch is one: the port that the address came by chooses the array, whichever port the data comes by.
void Opl3::write_address(unsigned array, std::uint8_t value, Nanoseconds now_ns) {
    address_ = static_cast<std::uint16_t>(array << 8 | value);
    ready_ns_ = now_ns + options_.address_wait_ns;
}

// OP-011: outside OPL3 mode the second array has its mode register only, and the timers of the first.
void Opl3::write_data(std::uint8_t value, Nanoseconds now_ns) {
    ready_ns_ = now_ns + options_.data_wait_ns;
    unsigned index = address_;
    if (index >= 0x100 && index != new_mode_register && !new_mode()) {
        const unsigned low = index & 0xff;
        if (low < timer1_preset || low > timer_control) {
            ++without_effect_;
            return;
        }
        index = low;
    }
    write_register(index, value, now_ns);
}

void Opl3::write_register(unsigned index, std::uint8_t value, Nanoseconds now_ns) {
    note(index, value, now_ns);
    count_keys(index, registers_[index], value);
    registers_[index] = value;
    if (index == timer_control) write_control(value, now_ns);
}

// What a sound back end, the log and the trace get (OP-016).
void Opl3::note(unsigned index, std::uint8_t value, Nanoseconds now_ns) {
    const RegisterWrite write{now_ns, static_cast<std::uint16_t>(index), value};
    log_[count_++ & (log_capacity - 1)] = write;
    sim::record(sim::TraceKind::chip_write, name(), index, value);
    if (sink_ != nullptr) sink_(sink_context_, write);
}

void Opl3::count_keys(unsigned index, std::uint8_t before, std::uint8_t after) {
    const unsigned low = index & 0xff;
    if (low < 0xb0 || low > 0xb8 || ((before ^ after) & 0x20) == 0) return;
    ++((after & 0x20) != 0 ? key_ons_ : key_offs_);
}

// ---- timers (OP-003, OP-004) ----

void Opl3::write_control(std::uint8_t value, Nanoseconds now_ns) {
    if ((value & irq_reset) != 0) {
        flags_ = 0;
    } else {
        const std::uint8_t begun = value & ~control_;
        control_ = value;
        for (Timer* const timer : {&timer1_, &timer2_}) {
            if ((value & timer->start) == 0) {
                sim::scheduler.events.cancel(timer->event);
            } else if ((begun & timer->start) != 0) {
                run(*timer, registers_[timer == &timer1_ ? timer1_preset : timer2_preset], now_ns);
            }
        }
    }
    update_line(now_ns);
}

void Opl3::run(Timer& timer, std::uint8_t preset, Nanoseconds from_ns) {
    sim::scheduler.schedule(timer.event, from_ns + (256 - preset) * timer.step_ns);
}

// A masked timer goes on, and nobody hears of it.
void Opl3::expired(Timer& timer, Nanoseconds now_ns) {
    run(timer, registers_[&timer == &timer1_ ? timer1_preset : timer2_preset], now_ns);
    if ((control_ & timer.mask) != 0) return;
    flags_ |= timer.flag;
    update_line(now_ns);
}

}  // namespace portico::hardware
