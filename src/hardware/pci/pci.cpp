#include "hardware/pci/pci.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace portico::hardware {
namespace {

// A type 0 header, and the power management capability behind it.
namespace reg {
constexpr std::uint32_t vendor_id = 0x00;
constexpr std::uint32_t device_id = 0x02;
constexpr std::uint32_t command = 0x04;
constexpr std::uint32_t status = 0x06;
constexpr std::uint32_t revision = 0x08;
constexpr std::uint32_t class_code = 0x09;
constexpr std::uint32_t cache_line_size = 0x0c;
constexpr std::uint32_t latency_timer = 0x0d;
constexpr std::uint32_t bar0 = 0x10;
constexpr std::uint32_t bars_end = 0x28;
constexpr std::uint32_t subsystem_vendor_id = 0x2c;
constexpr std::uint32_t subsystem_id = 0x2e;
constexpr std::uint32_t capabilities = 0x34;
constexpr std::uint32_t interrupt_line = 0x3c;
constexpr std::uint32_t interrupt_pin = 0x3d;
constexpr std::uint32_t power_management = 0x40;
constexpr std::uint32_t power_state = 0x44;
}  // namespace reg

constexpr std::uint32_t decodes_ports = 0x0001;
constexpr std::uint32_t decodes_memory = 0x0002;
constexpr std::uint32_t bus_master = 0x0004;
constexpr std::uint32_t no_interrupts = 0x0400;
constexpr std::uint32_t command_bits = 0x0547;  // those that can be set
constexpr std::uint16_t has_interrupt = 0x0008;
constexpr std::uint16_t has_capabilities = 0x0010;
constexpr std::uint32_t power_management_id = 0x01;
constexpr std::uint32_t supports_d1_d2 = 0x0600'0000;
constexpr std::uint32_t pm_version_2 = 0x0002'0000;
constexpr std::uint32_t keeps_context = 0x08;  // No_Soft_Reset: D3 leaves the configuration as it is

constexpr std::uint32_t port_size_least = 4;
constexpr std::uint32_t memory_size_least = 16;
constexpr std::uint32_t size_most = 1u << 20;
constexpr std::uint32_t memory_base = 0x8000'0000;  // below lies the machine's memory
constexpr std::uint32_t memory_of_bars = 0xf000'0000;

using Options = Pci::Options;

constexpr const char* spaces[] = {"port", "memory"};

template <auto Bar>
constexpr Parameter bar_parameter(const char* key) {
    return [key] {
        Parameter p = number_or<Bar>("auto", key, 0, 0xffff'fff0, "where the firmware puts that BAR");
        p.hexadecimal = true;
        return p;
    }();
}

constexpr std::array parameters{
    hexadecimal<&Options::vendor_id>("vendor_id", 0, 0xfffe, "as the hardware ID's VEN_"),
    hexadecimal<&Options::device_id>("device_id", 0, 0xffff, "DEV_"),
    hexadecimal<&Options::subsystem_vendor_id>("subsystem_vendor_id", 0, 0xffff,
                                               "the second half of SUBSYS_"),
    hexadecimal<&Options::subsystem_id>("subsystem_id", 0, 0xffff, "the first half of SUBSYS_"),
    hexadecimal<&Options::revision>("revision", 0, 0xff, "REV_"),
    hexadecimal<&Options::class_code>("class_code", 0, 0xffffff, "CC_: class, subclass, interface"),
    number<&Options::bus>("bus", 0, 255, "number of the bus"),
    number<&Options::slot>("slot", 0, 31, "device number on it"),
    number<&Options::function>("function", 0, 7, "function of the device"),
    number<&Options::pin>("pin", 1, 4, "interrupt pin: INTA to INTD"),
    choice<&Options::bars>("bars", spaces, "what the BARs are, unless [[device.bar]] says it"),
    bar_parameter<&Options::bar0>("bar0"),
    bar_parameter<&Options::bar1>("bar1"),
    bar_parameter<&Options::bar2>("bar2"),
    bar_parameter<&Options::bar3>("bar3"),
    bar_parameter<&Options::bar4>("bar4"),
    bar_parameter<&Options::bar5>("bar5"),
};

constexpr Options defaults;

struct BarText {
    Pci::Space space = Pci::Space::port;
    std::uint32_t size = 0;
};
constexpr std::array bar_parameters{
    choice<&BarText::space>("space", spaces, "ports or memory"),
    hexadecimal<&BarText::size>("size", 0, size_most, "bytes, a power of two; 0: as many as are needed"),
};

struct BlockText {
    std::uint32_t range = 0;
    std::uint32_t at = 0;
};
constexpr std::array block_parameters{
    number<&BlockText::range>("range", 0, 15, "which of the model's register blocks, ports first"),
    hexadecimal<&BlockText::at>("at", 0, size_most - 1, "where it begins in the BAR"),
};
constexpr std::string_view bar_nested[] = {"block"};

std::span<const TableKind> table_kinds() {
    static constexpr BarText a_bar;
    static constexpr BlockText a_block;
    static constexpr std::array kinds{TableKind{"[[device.bar]]", bar_parameters, &a_bar},
                                      TableKind{"[[device.bar.block]]", block_parameters, &a_block}};
    return kinds;
}

std::uint32_t least_size(Pci::Space space) {
    return space == Pci::Space::port ? port_size_least : memory_size_least;
}

}  // namespace

const Model Pci::model{"pci",
                       "PCI function in front of another model, as \"pci:mpu401\"",
                       parameters,
                       &defaults,
                       nullptr,
                       [](const char* name, std::unique_ptr<Device> behind) -> std::unique_ptr<Device> {
                           return std::make_unique<Pci>(name, std::move(behind));
                       },
                       table_kinds};

Pci::Pci(const char* name, std::unique_ptr<Device> behind)
    : Device(model, name, &options_), behind_(std::move(behind)) {
    put_behind(*behind_);
}

// ---- parameters ----

Result<void> Pci::set(std::string_view key, const Value& value) {
    if (find_parameter(parameters, key) != nullptr) return Device::set(key, value);
    const std::string prefix = std::string(behind_->model().name) + '.';
    if (key.starts_with(prefix)) return behind_->set(key.substr(prefix.size()), value);
    return behind_->set(key, value);
}

std::string Pci::text(std::string_view key) const {
    return find_parameter(parameters, key) != nullptr ? Device::text(key) : behind_->text(key);
}

bool Pci::takes_tree(std::string_view key) const {
    return key == "bar" || behind_->takes_tree(key);
}

std::optional<TreeError> Pci::set_tree(std::string_view key, const Tree& tree) {
    if (key != "bar") return behind_->set_tree(key, tree);
    plan_count_ = 0;
    return for_each_item(tree, key, bar_limit, [&](const Tree& item) { return take_bar(item); });
}

std::optional<TreeError> Pci::take_bar(const Tree& tree) {
    BarText text;
    if (auto wrong = read_table(tree, "bar", bar_parameters, &text, bar_nested)) return wrong;
    if (text.size != 0 && (!std::has_single_bit(text.size) || text.size < least_size(text.space)))
        return TreeError{tree.line, "size",
                         fmt::format("a power of two from {} is wanted", least_size(text.space))};
    BarPlan plan{text.space, text.size, {}, 0};
    if (const Tree* const blocks = find_entry(tree, "block")) {
        auto wrong = for_each_item(*blocks, "block", block_limit, [&](const Tree& item) {
            BlockText block;
            auto error = read_table(item, "block", block_parameters, &block);
            plan.blocks[plan.block_count++] = {block.at, block.range, 0, nullptr};
            return error;
        });
        if (wrong) return wrong;
    }
    plans_[plan_count_++] = plan;
    return std::nullopt;
}

Result<void> Pci::check() {
    PORTICO_TRY_VOID(behind_->check());
    const Resources inner = behind_->resources();
    std::vector<Range> ranges = inner.ports;
    ranges.insert(ranges.end(), inner.memory.begin(), inner.memory.end());
    return lay_out(ranges);
}

// Fills the BARs from their plans and the model's ranges.
Result<void> Pci::lay_out(const std::vector<Range>& ranges) {
    bars_ = {};
    const unsigned count = plan_count_ != 0 ? plan_count_ : static_cast<unsigned>(ranges.size());
    if (count > bar_limit)
        return Error{fmt::format("{}: {} has {} register blocks; put several into one [[device.bar]]", name(),
                                 behind_->model().name, ranges.size())};
    for (unsigned i = 0; i < count; ++i) {
        BarPlan plan = plans_[i];
        if (plan_count_ == 0) plan = {options_.bars, 0, {Block{0, i, 0, nullptr}}, 1};
        Bar& bar = bars_[i];
        bar.space = plan.space;
        std::uint32_t end = least_size(plan.space);
        for (unsigned b = 0; b < plan.block_count; ++b) {
            Block block = plan.blocks[b];
            if (block.range >= ranges.size())
                return Error{fmt::format("{}: bar{}: {} has {} register blocks, no number {}", name(), i,
                                         behind_->model().name, ranges.size(), block.range)};
            block.length = static_cast<std::uint32_t>(ranges[block.range].length);
            block.registers = ranges[block.range].registers;
            end = std::max(end, block.at + block.length);
            bar.blocks[bar.block_count++] = block;
        }
        bar.size = plan.size != 0 ? plan.size : std::bit_ceil(end);
        if (end > bar.size)
            return Error{fmt::format("{}: bar{}: its blocks need {:#x} bytes, its size is {:#x}", name(), i,
                                     end, bar.size)};
        const std::uint64_t own = bar.block_count != 0 ? ranges[bar.blocks[0].range].base : 0;
        const std::uint32_t base = wanted_base(i, static_cast<std::uint32_t>(own));
        const std::uint64_t least = bar.space == Space::port ? 0x100 : memory_base;
        const std::uint64_t end_most = bar.space == Space::port ? 0x1'0000 : 0x1'0000'0000;
        if (base % bar.size != 0 || base < least || std::uint64_t{base} + bar.size > end_most) {
            return Error{
                fmt::format("{}: bar{} = {:#x} is not possible; give a multiple of {:#x} from {:#x} to {:#x}",
                            name(), i, base, bar.size, least, end_most - bar.size)};
        }
        firmware_bases_[i] = base;
    }
    return {};
}

std::uint32_t Pci::wanted_base(unsigned bar, std::uint32_t own) const {
    const std::uint32_t given[] = {options_.bar0, options_.bar1, options_.bar2,
                                   options_.bar3, options_.bar4, options_.bar5};
    if (given[bar] != no_limit) return given[bar];
    if (bars_[bar].space == Space::memory) {
        // A place of its own for every BAR of every function.
        const std::uint32_t index = (options_.slot * 8 + options_.function) * 8 + bar;
        return std::max(own & ~(bars_[bar].size - 1), memory_of_bars + index * size_most % 0x0f00'0000);
    }
    return own & ~(bars_[bar].size - 1);
}

Resources Pci::resources() {
    if (!powered()) (void)check();
    Resources needs = behind_->resources();
    needs.ports.clear();
    needs.memory.clear();
    needs.ports.reserve(bar_limit);  // BARs move without an allocation
    needs.memory.reserve(bar_limit);
    for (unsigned i = 0; i < bar_limit; ++i) {
        if (bars_[i].size == 0) continue;
        auto& list = bars_[i].space == Space::port ? needs.ports : needs.memory;
        list.push_back({firmware_bases_[i], bars_[i].size, &bars_[i]});
    }
    return needs;
}

std::vector<Counter> Pci::counters() const {
    std::vector<Counter> all = behind_->counters();
    all.push_back({"configuration writes", config_writes_});
    all.push_back({"BARs moved onto others", conflicts_});
    return all;
}

// ---- power ----

// The firmware has put the BARs where they are and lets them be decoded.
void Pci::start(Nanoseconds now_ns, Start why) {
    if (why == Start::power_on) {
        conflicts_ = config_writes_ = 0;
        fill_config();
    }
    start_behind(*behind_, now_ns, why);
}

void Pci::stop(Nanoseconds now_ns) {
    behind_asserts_ = false;
    stop_behind(*behind_, now_ns);
}

void Pci::fill_config() {
    config_.fill(0);
    put(reg::vendor_id, 2, options_.vendor_id);
    put(reg::device_id, 2, options_.device_id);
    put(reg::command, 2, decodes_ports | decodes_memory);
    put(reg::status, 2, 0x0200 | has_capabilities);  // medium DEVSEL timing
    put(reg::revision, 1, options_.revision);
    put(reg::class_code, 3, options_.class_code);
    put(reg::latency_timer, 1, 32);
    for (unsigned i = 0; i < bar_limit; ++i) {
        if (bars_[i].size != 0)
            put(reg::bar0 + 4 * i, 4, firmware_bases_[i] | (bars_[i].space == Space::port ? 1 : 0));
    }
    put(reg::subsystem_vendor_id, 2, options_.subsystem_vendor_id);
    put(reg::subsystem_id, 2, options_.subsystem_id);
    put(reg::capabilities, 1, reg::power_management);
    if (const auto irq = claimed_irq()) {
        put(reg::interrupt_line, 1, *irq);
        put(reg::interrupt_pin, 1, options_.pin);
    }
    put(reg::power_management, 4, power_management_id | pm_version_2 | supports_d1_d2);
    put(reg::power_state, 2, keeps_context);
}

// ---- configuration space ----

void Pci::put(std::uint32_t offset, unsigned width, std::uint32_t value) {
    for (unsigned i = 0; i < width; ++i) config_[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t Pci::get(std::uint32_t offset, unsigned width) const {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) value |= std::uint32_t{config_[offset + i]} << (8 * i);
    return value;
}

// The bits of a byte that a write changes.
std::uint8_t Pci::writable_bits(std::uint32_t offset) const {
    if (offset >= reg::bar0 && offset < reg::bars_end) {
        const Bar& bar = bars_[(offset - reg::bar0) / 4];
        if (bar.size == 0) return 0;
        return static_cast<std::uint8_t>(~(bar.size - 1) >> (8 * (offset % 4)));
    }
    switch (offset) {
        case reg::command:
        case reg::command + 1:
            return static_cast<std::uint8_t>(command_bits >> (8 * (offset - reg::command)));
        case reg::cache_line_size:
        case reg::latency_timer:
        case reg::interrupt_line:
            return 0xff;
        case reg::power_state:
            return 0x03;
        default:
            return 0;
    }
}

void Pci::read_config(std::uint32_t offset, std::span<std::uint8_t> bytes) const {
    if (removed() || !powered()) return std::fill(bytes.begin(), bytes.end(), std::uint8_t{0xff});
    std::copy_n(config_.begin() + offset, bytes.size(), bytes.begin());
    const auto fix = [&](std::uint32_t at, std::uint8_t bits, std::uint8_t value) {
        if (at < offset || at - offset >= bytes.size()) return;
        std::uint8_t& byte = bytes[at - offset];
        byte = static_cast<std::uint8_t>((byte & ~bits) | (value & bits));
    };
    fix(reg::status, has_interrupt, behind_asserts_ ? has_interrupt : 0);
    fix(reg::power_state, 0x03, static_cast<std::uint8_t>(power_state()));
}

void Pci::write_config(std::uint32_t offset, std::span<const std::uint8_t> bytes, Nanoseconds now_ns) {
    if (removed() || !powered()) return;
    ++config_writes_;
    const std::uint32_t end = offset + static_cast<std::uint32_t>(bytes.size());
    for (std::uint32_t at = offset; at < end; ++at) {
        const std::uint8_t bits = writable_bits(at);
        config_[at] = static_cast<std::uint8_t>((config_[at] & ~bits) | (bytes[at - offset] & bits));
    }
    if (offset <= reg::power_state && end > reg::power_state)
        set_power(config_[reg::power_state] & 3, now_ns);
    if (offset < reg::bars_end && end > reg::command) update_decode();
    update_line(now_ns);
}

// ---- what is decoded ----

void Pci::update_decode() {
    const std::uint32_t command = get(reg::command, 2);
    const bool moved = move_ranges([&](Resources& ranges) {
        ranges.ports.clear();
        ranges.memory.clear();
        list_ranges(ranges, (command & decodes_ports) != 0, (command & decodes_memory) != 0);
    });
    if (!moved) ++conflicts_;
}

void Pci::list_ranges(Resources& out, bool io, bool memory) {
    for (unsigned i = 0; i < bar_limit; ++i) {
        Bar& bar = bars_[i];
        if (bar.size == 0) continue;
        const std::uint32_t base = get(reg::bar0 + 4 * i, 4) & ~(bar.size - 1);
        const bool ports = bar.space == Space::port;
        if (!(ports ? io : memory) || base == 0) continue;
        // Where sizing leaves a BAR for a moment, there is no such port.
        if (ports && base > 0x1'0000 - bar.size) continue;
        (ports ? out.ports : out.memory).push_back({base, bar.size, &bar});
    }
}

void Pci::line_behind(Device&, bool asserted, Nanoseconds now_ns) {
    behind_asserts_ = asserted;
    update_line(now_ns);
}

void Pci::update_line(Nanoseconds now_ns) {
    set_line(behind_asserts_ && (get(reg::command, 2) & no_interrupts) == 0, now_ns);
}

bool Pci::lets_master() const {
    return may_master() && power_state() == 0 && (get(reg::command, 2) & bus_master) != 0;
}

// ---- registers ----

const Pci::Block* Pci::Bar::find(std::uint32_t offset, unsigned width) const {
    for (unsigned i = 0; i < block_count; ++i) {
        const Block& block = blocks[i];
        if (offset - block.at < block.length && width <= block.length - (offset - block.at)) return &block;
    }
    return nullptr;
}

std::uint32_t Pci::Bar::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    const Block* const block = find(offset, width);
    if (block != nullptr) return block->registers->read(offset - block->at, width, now_ns);
    return width >= 4 ? ~0u : (1u << (8 * width)) - 1;
}

void Pci::Bar::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    const Block* const block = find(offset, width);
    if (block != nullptr) block->registers->write(offset - block->at, width, value, now_ns);
}

bool Pci::Bar::read_has_no_effect(std::uint32_t offset) const {
    const Block* const block = find(offset, 1);
    return block == nullptr || block->registers->read_has_no_effect(offset - block->at);
}

}  // namespace portico::hardware
