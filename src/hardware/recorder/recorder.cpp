#include "hardware/recorder/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace portico::hardware {
namespace {

using namespace recorder;

using Options = Recorder::Options;

constexpr Parameter memory_parameter() {
    Parameter p = number_or<&Options::memory>("none", "memory", 0x8000'0000, 0xffff'f000,
                                              "physical address of the registers, instead of ports");
    p.hexadecimal = true;
    return p;
}

constexpr std::array parameters{
    hexadecimal<&Options::port>("port", 0x100, 0xffff, "base of the I/O ports"),
    memory_parameter(),
    number<&Options::length>("length", 1, offset_limit, "how many"),
    number_or<&Options::irq>("none", "irq", 0, sim::irq_line_count - 1, "interrupt line"),
    hexadecimal<&Options::fill>("fill", 0, 0xff, "what registers without a script hold at first"),
};

constexpr Options defaults;

std::uint32_t ones(unsigned width) {
    return width >= 4 ? ~0u : (1u << (8 * width)) - 1;
}

}  // namespace

const Model Recorder::model{
    "recorder",
    "a device whose registers a machine file describes; keeps every access",
    parameters,
    &defaults,
    [](const char* name) -> std::unique_ptr<Device> { return std::make_unique<Recorder>(name, nullptr); },
    [](const char* name, std::unique_ptr<Device> behind) -> std::unique_ptr<Device> {
        return std::make_unique<Recorder>(name, std::move(behind));
    },
    table_kinds};

Recorder::Recorder(const char* name, std::unique_ptr<Device> behind)
    : Device(model, name, &options_), behind_(std::move(behind)) {
    if (behind_ != nullptr) put_behind(*behind_);
}

// ---- parameters ----

Result<void> Recorder::set(std::string_view key, const Value& value) {
    if (behind_ == nullptr) return Device::set(key, value);
    const std::string prefix = std::string(behind_->model().name) + '.';
    if (key.starts_with(prefix)) return behind_->set(key.substr(prefix.size()), value);
    return find_parameter(parameters, key) != nullptr ? Device::set(key, value) : behind_->set(key, value);
}

std::string Recorder::text(std::string_view key) const {
    const bool own = behind_ == nullptr || find_parameter(parameters, key) != nullptr;
    if (own) return Device::text(key);
    const std::string prefix = std::string(behind_->model().name) + '.';
    return behind_->text(key.starts_with(prefix) ? key.substr(prefix.size()) : key);
}

bool Recorder::takes_tree(std::string_view key) const {
    return std::find(std::begin(script_keys), std::end(script_keys), key) != std::end(script_keys);
}

std::optional<TreeError> Recorder::set_tree(std::string_view key, const Tree& tree) {
    return takes_tree(key) ? take(script_, key, tree) : Device::set_tree(key, tree);
}

Result<void> Recorder::check() {
    if (behind_ != nullptr) {
        PORTICO_TRY_VOID(behind_->check());
        const Resources inner = behind_->resources();
        behind_ranges_ = inner.ports;
        behind_ranges_.insert(behind_ranges_.end(), inner.memory.begin(), inner.memory.end());
    }
    PORTICO_TRY_VOID(check_extents());
    PORTICO_TRY_VOID(check_behind());
    build();
    if (setters_.size() <= setter_limit) return {};
    return Error{fmt::format("{}: time sets bits of {} registers; at most {} are possible", name(),
                             setters_.size(), setter_limit)};
}

Result<void> Recorder::check_extents() const {
    const auto outside = [&](std::uint32_t at, unsigned line, const char* what) {
        return Error{fmt::format("{}: the {} of line {} is at {:#x}; length is {}", name(), what, line, at,
                                 options_.length)};
    };
    const std::uint32_t length = options_.length;
    for (const RegisterScript& r : script_.registers) {
        if (r.at + r.width > length) return outside(r.at, r.line, "register");
    }
    for (const PairScript& pair : script_.pairs) {
        if (std::max(pair.index, pair.data) >= length)
            return outside(std::max(pair.index, pair.data), pair.line, "pair");
        for (const RegisterScript& r : pair.registers) {
            if (r.at > pair.mask) return outside(r.at, r.line, "indexed register");
        }
    }
    for (const BankScript& bank : script_.banks) {
        if (std::max(bank.at, bank.first + bank.length - 1) >= length)
            return outside(bank.first, bank.line, "bank");
        for (const RegisterScript& r : bank.registers) {
            if (r.at + r.width > bank.length) return outside(r.at, r.line, "bank's register");
        }
    }
    if (const auto& dma = script_.dma) {
        for (const std::uint32_t at : {dma->at, dma->address, dma->length, dma->done_at}) {
            if (at != none && at >= length) return outside(at, dma->line, "dma");
        }
    }
    const auto& midi = script_.midi;
    if (!midi) return {};
    if (midi->pair != none && midi->pair >= script_.pairs.size())
        return Error{fmt::format("{}: midi of line {}: there is no pair {}", name(), midi->line, midi->pair)};
    const std::uint32_t extent = midi->pair == none ? length : script_.pairs[midi->pair].mask + 1;
    for (const std::uint32_t at : {midi->transmit, midi->receive, midi->status, midi->enable}) {
        if (at != none && at >= extent) return outside(at, midi->line, "midi");
    }
    return {};
}

Result<void> Recorder::check_behind() const {
    const std::uint32_t space_end = options_.memory == no_limit ? 0x1'0000u : 0xffff'ffffu;
    const std::uint32_t base = options_.memory == no_limit ? options_.port : options_.memory;
    if (options_.length > space_end - base)
        return Error{fmt::format("{}: length = {} is too long at {:#x}", name(), options_.length, base)};
    for (const BankScript& bank : script_.banks) {
        if (!bank.behind) continue;
        if (behind_ == nullptr)
            return Error{
                fmt::format("{}: bank of line {}: there is no model behind; write \"recorder:MODEL\"", name(),
                            bank.line)};
        if (bank.range >= behind_ranges_.size())
            return Error{fmt::format("{}: bank of line {}: {} has {} register blocks, no number {}", name(),
                                     bank.line, behind_->model().name, behind_ranges_.size(), bank.range)};
        const std::uint64_t have = behind_ranges_[bank.range].length;
        if (std::uint64_t{bank.from} + bank.length > have)
            return Error{fmt::format("{}: bank of line {}: block {} of {} has {} registers", name(),
                                     bank.line, bank.range, behind_->model().name, have)};
    }
    return {};
}

// ---- building ----

bool Recorder::covered_by_bank(std::uint32_t offset) const {
    return std::any_of(script_.banks.begin(), script_.banks.end(),
                       [&](const BankScript& b) { return offset - b.first < b.length; });
}

void Recorder::build() {
    setters_.clear();
    interrupting_.clear();
    enable_ = nullptr;
    registers_.build(script_.registers, options_.length, Space::Counts::bytes);
    for (std::uint32_t at = 0; at < options_.length; ++at) {
        if (!covered_by_bank(at)) registers_.need(at, options_.fill);
    }
    for (const BankScript& bank : script_.banks) registers_.need(bank.at, options_.fill);
    banks_.assign(script_.banks.size(), {});
    for (std::size_t i = 0; i < banks_.size(); ++i) {
        if (script_.banks[i].behind) continue;
        banks_[i].build(script_.banks[i].registers, script_.banks[i].length, Space::Counts::bytes);
        for (std::uint32_t at = 0; at < banks_[i].extent(); ++at) banks_[i].need(at, options_.fill);
    }
    build_pairs();
    build_roles();
}

void Recorder::build_pairs() {
    pairs_.assign(script_.pairs.size(), {});
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const PairScript& pair = script_.pairs[i];
        pairs_[i].build(pair.registers, pair.mask + 1, Space::Counts::registers);
        for (std::uint32_t at = 0; at <= pair.mask; ++at) pairs_[i].need(at, options_.fill);
        registers_.need(pair.index, 0);
        Cell& data = registers_.need(pair.data, 0);
        data.add(Role::pair_data);
        data.pair = static_cast<std::uint8_t>(i);
    }
}

// A register of the wire, wherever the script puts it.
Cell& Recorder::role_cell(std::uint32_t at) {
    Space& space = script_.midi->pair == none ? registers_ : pairs_[script_.midi->pair];
    return space.need(at, options_.fill);
}

void Recorder::build_roles() {
    if (const auto& midi = script_.midi) {
        if (midi->transmit != none) role_cell(midi->transmit).add(Role::transmit);
        if (midi->receive != none) role_cell(midi->receive).add(Role::receive);
        if (midi->status != none) role_cell(midi->status).add(Role::status);
        if (midi->enable != none) enable_ = &role_cell(midi->enable);
    }
    if (const auto& dma = script_.dma) {
        registers_.need(dma->at, 0).add(Role::dma);
        registers_.need(dma->address, 0);
        registers_.need(dma->length, 0);
        if (dma->done_at != none) registers_.need(dma->done_at, 0);
    }
    const auto look_at = [&](Space& space) {
        for (Cell& cell : space.cells()) {
            if (cell.script.interrupt != 0) interrupting_.push_back(&cell);
            if (cell.script.sets != 0 && cell.script.sets_every_ns != never_ns)
                setters_.push_back(std::make_unique<Setter>(*this, cell));
        }
    };
    look_at(registers_);
    for (Space& space : pairs_) look_at(space);
    for (Space& space : banks_) look_at(space);
}

Resources Recorder::resources() {
    Resources needs;
    if (behind_ != nullptr) {
        needs = behind_->resources();
        needs.ports.clear();
        needs.memory.clear();
    }
    auto& list = options_.memory == no_limit ? needs.ports : needs.memory;
    list.push_back({options_.memory == no_limit ? options_.port : options_.memory, options_.length, this});
    if (options_.irq != no_limit) needs.irq = options_.irq;
    return needs;
}

MidiWire* Recorder::wire() {
    const bool own = script_.midi || (script_.dma && script_.dma->wire) || behind_ == nullptr;
    return own ? &wire_ : behind_->wire();
}

std::vector<Counter> Recorder::counters() const {
    std::vector<Counter> all;
    if (behind_ != nullptr) all = behind_->counters();
    all.insert(all.end(), {{"reads", reads_},
                           {"writes", writes_},
                           {"wire bytes sent", wire_.out.count()},
                           {"wire bytes received", wire_.in.count()},
                           {"received, lost", lost_in_},
                           {"written, lost", lost_out_},
                           {"DMA bytes", transfer_.moved},
                           {"DMA bytes without memory", no_memory_}});
    return all;
}

std::vector<Access> Recorder::accesses() const {
    std::vector<Access> all;
    const std::uint64_t count = reads_ + writes_;
    for (std::uint64_t i = count > log_capacity ? count - log_capacity : 0; i < count; ++i)
        all.push_back(log_[i & (log_capacity - 1)]);
    return all;
}

// ---- power ----

void Recorder::start(Nanoseconds now_ns, Start why) {
    for (Cell& cell : registers_.cells()) cell.reset(now_ns);
    for (Space& space : pairs_) {
        for (Cell& cell : space.cells()) cell.reset(now_ns);
    }
    for (Space& space : banks_) {
        for (Cell& cell : space.cells()) cell.reset(now_ns);
    }
    rx_.clear();
    tx_.clear();
    last_received_ = 0xff;
    overrun_ = behind_asserts_ = false;
    transfer_.active = false;
    if (why == Start::power_on) {
        reads_ = writes_ = lost_in_ = lost_out_ = no_memory_ = 0;
        transfer_.moved = 0;
        wire_.out.power_on(name());
    }
    wire_.in.power_on(name(), now_ns);
    for (const auto& setter : setters_)
        sim::scheduler.schedule(setter->event, now_ns + setter->cell.script.sets_every_ns);
    if (behind_ != nullptr) start_behind(*behind_, now_ns, why);
    update_line(now_ns);
}

void Recorder::stop(Nanoseconds now_ns) {
    for (const auto& setter : setters_) sim::scheduler.events.cancel(setter->event);
    sim::scheduler.events.cancel(transfer_event_);
    transfer_.active = false;
    wire_.out.cut();
    wire_.in.stop();
    if (behind_ != nullptr) stop_behind(*behind_, now_ns);
}

// ---- registers ----

void Recorder::keep(std::uint32_t offset, unsigned width, std::uint32_t value, bool is_write,
                    Nanoseconds now_ns) {
    log_[(reads_ + writes_) & (log_capacity - 1)] = {now_ns, offset, value, static_cast<std::uint8_t>(width),
                                                     is_write};
    ++(is_write ? writes_ : reads_);
}

// The first bank that is open there; else the registers themselves.
Recorder::Target Recorder::find_target(std::uint32_t offset, Nanoseconds now_ns) {
    for (std::size_t i = 0; i < script_.banks.size(); ++i) {
        const BankScript& bank = script_.banks[i];
        if (offset - bank.first >= bank.length) continue;
        if ((registers_.find(bank.at)->at(now_ns) & bank.mask) != bank.equals) continue;
        const std::uint32_t at = offset - bank.first;
        if (bank.behind)
            return {nullptr, behind_ranges_[bank.range].registers, bank.from + at, bank.length - at};
        return {&banks_[i], nullptr, at, bank.length - at};
    }
    return {&registers_, nullptr, offset, options_.length - offset};
}

std::uint32_t Recorder::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    const Target target = find_target(offset, now_ns);
    std::uint32_t value = ones(width);
    if (width <= target.room) {
        value = target.behind != nullptr ? target.behind->read(target.at, width, now_ns)
                                         : read_space(*target.space, target.at, width, now_ns);
    }
    if (!removed()) keep(offset, width, value, false, now_ns);
    return value;
}

void Recorder::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    keep(offset, width, value, true, now_ns);
    const Target target = find_target(offset, now_ns);
    if (width > target.room) return;
    if (target.behind != nullptr) {
        target.behind->write(target.at, width, value, now_ns);
    } else {
        write_space(*target.space, target.at, width, value, now_ns);
    }
}

// Register by register: an access may cover several, or a part of one.
std::uint32_t Recorder::read_space(Space& space, std::uint32_t at, unsigned width, Nanoseconds now_ns) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width;) {
        Cell* const cell = space.find(at + i);
        if (cell == nullptr) {
            value |= 0xffu << (8 * i++);
            continue;
        }
        const unsigned skipped = at + i - cell->script.at;
        const unsigned count = std::min(width - i, cell->script.width - skipped);
        value |= (read_cell(*cell, now_ns) >> (8 * skipped) & ones(count)) << (8 * i);
        i += count;
    }
    return value;
}

void Recorder::write_space(Space& space, std::uint32_t at, unsigned width, std::uint32_t value,
                           Nanoseconds now_ns) {
    for (unsigned i = 0; i < width;) {
        Cell* const cell = space.find(at + i);
        if (cell == nullptr) {
            ++i;
            continue;
        }
        const unsigned skipped = at + i - cell->script.at;
        const unsigned count = std::min(width - i, cell->script.width - skipped);
        const std::uint32_t piece = value >> (8 * i) & ones(count);
        write_cell(*cell, piece << (8 * skipped), ones(count) << (8 * skipped), now_ns);
        i += count;
    }
}

std::uint32_t Recorder::read_cell(Cell& cell, Nanoseconds now_ns) {
    if (cell.has(Role::pair_data)) {
        Cell* const inner = indexed(cell.pair, now_ns);
        const std::uint32_t value = inner == nullptr ? ones(cell.script.width) : read_cell(*inner, now_ns);
        advance_index(cell.pair, now_ns);
        return value;
    }
    std::uint32_t value = cell.read(now_ns);
    if (cell.has(Role::receive)) value = receive();
    if (cell.has(Role::status)) value = status_bits(value);
    update_line(now_ns);
    return value;
}

void Recorder::write_cell(Cell& cell, std::uint32_t value, std::uint32_t touched, Nanoseconds now_ns) {
    if (cell.has(Role::pair_data)) {
        Cell* const inner = indexed(cell.pair, now_ns);
        if (inner != nullptr) {
            sim::record(sim::TraceKind::chip_write, name(), inner->script.at, value);
            write_cell(*inner, value, touched, now_ns);
        }
        advance_index(cell.pair, now_ns);
        return;
    }
    cell.write(value, touched, now_ns);
    if (cell.has(Role::transmit)) transmit(static_cast<std::uint8_t>(value), now_ns);
    if (cell.has(Role::dma) && (value & touched & script_.dma->begins) != 0) begin_transfer(now_ns);
    update_line(now_ns);
}

Cell* Recorder::indexed(unsigned pair, Nanoseconds now_ns) {
    const PairScript& script = script_.pairs[pair];
    return pairs_[pair].find(registers_.find(script.index)->at(now_ns) & script.mask);
}

void Recorder::advance_index(unsigned pair, Nanoseconds now_ns) {
    const PairScript& script = script_.pairs[pair];
    if (!script.increments) return;
    Cell& index = *registers_.find(script.index);
    const std::uint32_t before = index.at(now_ns);
    index.value = ((before & ~script.mask) | ((before + 1) & script.mask)) & index.bits();
    index.since_ns = now_ns;
}

bool Recorder::read_has_no_effect(std::uint32_t offset) const {
    if (covered_by_bank(offset)) return false;
    const Cell* const cell = registers_.find(offset);
    if (cell == nullptr) return true;
    if (cell->has(Role::receive) || cell->has(Role::pair_data)) return false;
    if (cell->has(Role::status)) return script_.midi->overrun == 0 && cell->script.read_clears == 0;
    return cell->script.polled && cell->script.values.empty() && cell->script.read_clears == 0 &&
           cell->script.counts_every_ns == never_ns;
}

// ---- the line ----

void Recorder::line_behind(Device&, bool asserted, Nanoseconds now_ns) {
    behind_asserts_ = asserted;
    update_line(now_ns);
}

bool Recorder::midi_interrupts(Nanoseconds now_ns) const {
    const auto& midi = script_.midi;
    if (!midi) return false;
    const std::uint32_t enabled = enable_ == nullptr ? ~0u : enable_->at(now_ns);
    const bool receive = !rx_.empty() && (enabled & midi->enables_receive) != 0;
    return receive || ((enabled & midi->enables_transmit) != 0 && takes_byte());
}

void Recorder::update_line(Nanoseconds now_ns) {
    bool asserted = behind_asserts_ || midi_interrupts(now_ns);
    for (const Cell* const cell : interrupting_) asserted |= (cell->at(now_ns) & cell->script.interrupt) != 0;
    set_line(asserted, now_ns);
}

void Recorder::Setter::due(void* self, Nanoseconds due_ns) {
    auto& setter = *static_cast<Setter*>(self);
    setter.cell.set_bits(setter.cell.script.sets, due_ns);
    sim::scheduler.schedule(setter.event, due_ns + setter.cell.script.sets_every_ns);
    setter.recorder.update_line(due_ns);
}

}  // namespace portico::hardware
