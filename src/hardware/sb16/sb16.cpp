#include "hardware/sb16/sb16.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace portico::hardware {
namespace {

namespace port {
constexpr std::uint32_t mixer_index = 0x4;
constexpr std::uint32_t mixer_data = 0x5;
constexpr std::uint32_t reset = 0x6;
constexpr std::uint32_t old_fm = 0x8;  // two ports: the FM synthesizer's first array
constexpr std::uint32_t read_data = 0xa;
constexpr std::uint32_t write_data = 0xc;
constexpr std::uint32_t read_status = 0xe;  // reading it acknowledges the 8-bit interrupt
constexpr std::uint32_t acknowledge_16 = 0xf;
constexpr std::uint32_t count = 0x10;
}  // namespace port

using Options = Sb16::Options;

constexpr const char* chips[] = {"sb16", "ess"};

constexpr std::array parameters{
    hexadecimal<&Options::port>("port", 0x100, 0xfff0, "base of the sixteen ports of DSP, mixer and FM"),
    hexadecimal<&Options::midi_port>("midi_port", 0x100, 0xfffe, "base of the two ports of the MPU-401"),
    hexadecimal<&Options::fm_port>("fm_port", 0x100, 0xfffc, "base of the four ports of the FM synthesizer"),
    number<&Options::irq>("irq", 0, sim::irq_line_count - 1, "interrupt line of all parts"),
    number<&Options::dma8>("dma8", 0, 3, "DMA channel for 8-bit samples"),
    number<&Options::dma16>("dma16", 0, 7, "DMA channel for 16-bit samples"),
    choice<&Options::chip>("chip", chips, "Sound Blaster 16, or ESS AudioDrive with its extended commands"),
    hexadecimal<&Options::version>("version", 0x0100, 0xffff, "what the DSP says: major << 8 | minor"),
    duration<&Options::reset_delay_ns>("reset_delay", 0, second_ns, "from a reset to the ready byte"),
    duration<&Options::command_time_ns>("command_time", 0, millisecond_ns,
                                        "how long the DSP is busy after each byte"),
};

constexpr Options defaults;

// Register 80h has a bit for each line that a card can choose, 81h for each channel.
std::uint8_t interrupt_bits(std::uint32_t irq) {
    constexpr std::uint8_t lines[] = {9, 5, 7, 10};
    for (unsigned i = 0; i < std::size(lines); ++i) {
        if (irq == lines[i] || (irq == 2 && i == 0)) return static_cast<std::uint8_t>(1u << i);
    }
    return 0;
}
std::uint8_t dma_bits(const Options& options) {
    return static_cast<std::uint8_t>(1u << options.dma8 | 1u << options.dma16);
}

}  // namespace

const Model Sb16::model{
    "sb16", "Sound Blaster 16: DSP, mixer, MPU-401 and OPL3 with one interrupt", parameters, &defaults,
    [](const char* name) -> std::unique_ptr<Device> { return std::make_unique<Sb16>(name); }};

Sb16::Sb16(const char* name, const Options& options)
    : Device(model, name, &options_),
      options_(options),
      mpu_(name),
      fm_(name),
      dsp_(setup_, mpu_, interrupt, this) {
    put_behind(mpu_);
    put_behind(fm_);
}

Result<void> Sb16::check() {
    if (options_.dma16 != sim::dma_cascade) return {};
    return Error{
        fmt::format("{}: dma16 = 4 is not possible; that channel joins the two controllers", name())};
}

Resources Sb16::resources() {
    Resources needs;
    needs.ports = {
        {options_.port, port::count, this}, {options_.midi_port, 2, &mpu_}, {options_.fm_port, 4, &fm_}};
    needs.irq = options_.irq;
    needs.dma = {options_.dma8};
    if (options_.dma16 != options_.dma8) needs.dma.push_back(options_.dma16);
    return needs;
}

std::vector<Counter> Sb16::counters() const {
    std::vector<Counter> all = mpu_.counters();
    const std::vector<Counter> fm = fm_.counters();
    all.insert(all.end(), fm.begin(), fm.end());
    all.insert(all.end(), {{"DSP commands", dsp_.commands()},
                           {"DSP commands unknown", dsp_.unknown_commands()},
                           {"DSP written while busy", dsp_.written_while_busy()},
                           {"DSP resets too short", dsp_.short_resets()},
                           {"wave bytes", dsp_.wave_bytes()}});
    return all;
}

// ---- power ----

void Sb16::start(Nanoseconds now_ns, Start why) {
    setup_ = {options_.chip, options_.version, options_.reset_delay_ns, options_.command_time_ns,
              options_.dma8, options_.dma16};
    pending_ = 0;
    if (why == Start::power_on) {
        dsp_.power_on();
    } else {
        dsp_.restart();
    }
    mixer_.power_on(interrupt_bits(options_.irq), dma_bits(options_));
    start_behind(mpu_, now_ns, why);
    start_behind(fm_, now_ns, why);
}

void Sb16::stop(Nanoseconds now_ns) {
    dsp_.stop();
    stop_behind(mpu_, now_ns);
    stop_behind(fm_, now_ns);
}

// ---- registers ----

std::uint32_t Sb16::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    if (width != 1) return read_bytes(*this, offset, width, now_ns);
    switch (offset) {
        case port::mixer_index:
            return mixer_.chosen();
        case port::mixer_data:
            return mixer_.read(pending_);
        case port::read_data:
            return dsp_.read_data();
        case port::write_data:
            return dsp_.write_status(now_ns);
        case port::read_status: {
            const std::uint8_t status = dsp_.read_status();
            acknowledge(sb16::irq_8bit, now_ns);
            return status;
        }
        case port::acknowledge_16:
            acknowledge(sb16::irq_16bit, now_ns);
            return 0xff;
        case port::old_fm:
        case port::old_fm + 1:
            return fm_.read(offset - port::old_fm, 1, now_ns);
        default:
            return offset < 4 ? fm_.read(offset, 1, now_ns) : 0xff;
    }
}

void Sb16::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    if (width != 1) return write_bytes(*this, offset, width, value, now_ns);
    const auto byte = static_cast<std::uint8_t>(value);
    switch (offset) {
        case port::mixer_index:
            return mixer_.choose(byte);
        case port::mixer_data:
            mixer_.write(byte);
            return update_line(now_ns);
        case port::reset:
            return dsp_.write_reset(byte, now_ns);
        case port::write_data:
            return dsp_.write(byte, now_ns);
        case port::old_fm:
        case port::old_fm + 1:
            return fm_.write(offset - port::old_fm, 1, value, now_ns);
        default:
            if (offset < 4) fm_.write(offset, 1, value, now_ns);
    }
}

bool Sb16::read_has_no_effect(std::uint32_t offset) const {
    return offset != port::read_data && offset != port::read_status && offset != port::acknowledge_16;
}

// ---- the interrupt ----

void Sb16::interrupt(void* self, std::uint8_t which, Nanoseconds now_ns) {
    auto& card = *static_cast<Sb16*>(self);
    card.pending_ |= which;
    card.update_line(now_ns);
}

void Sb16::acknowledge(std::uint8_t which, Nanoseconds now_ns) {
    if ((pending_ & which) == 0) return;
    pending_ &= static_cast<std::uint8_t>(~which);
    update_line(now_ns);
}

// The FM synthesizer's pin leads nowhere on this card.
void Sb16::line_behind(Device& inner, bool asserted, Nanoseconds now_ns) {
    if (&inner != &mpu_) return;
    pending_ = static_cast<std::uint8_t>(asserted ? pending_ | sb16::irq_mpu : pending_ & ~sb16::irq_mpu);
    update_line(now_ns);
}

// A driver that chooses another line than the card has been wired to hears nothing.
bool Sb16::routed() const {
    const std::uint8_t own = interrupt_bits(options_.irq);
    return own == 0 || (mixer_.at(sb16::interrupt_setup) & own) != 0;
}

void Sb16::update_line(Nanoseconds now_ns) {
    set_line(pending_ != 0 && routed(), now_ns);
}

}  // namespace portico::hardware
