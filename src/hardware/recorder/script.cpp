#include "hardware/recorder/script.h"

#include <fmt/format.h>

namespace portico::hardware::recorder {
namespace {

constexpr std::uint32_t last_offset = offset_limit - 1;
constexpr std::uint32_t all_bits = 0xffffffff;
constexpr Nanoseconds least_period_ns = 10 * microsecond_ns;
constexpr Nanoseconds most_period_ns = 3'600 * second_ns;

// `none` and all bits are one number: masks are numbers only, offsets have a word for none.
template <auto Member>
constexpr Parameter offset(const char* key, const char* help) {
    Parameter p = number_or<Member>("none", key, 0, last_offset, help);
    p.hexadecimal = true;
    return p;
}
template <auto Member>
constexpr Parameter mask(const char* key, const char* help) {
    return hexadecimal<Member>(key, 0, all_bits, help);
}

using R = RegisterScript;
constexpr std::array register_parameters{
    hexadecimal<&R::at>("at", 0, last_offset, "offset or index"),
    number<&R::width>("width", 1, 4, "bytes: 1, 2 or 4"),
    mask<&R::value>("value", "content after a reset"),
    mask<&R::writable>("writable", "bits that a write sets"),
    mask<&R::read_clears>("read_clears", "bits that a read clears"),
    mask<&R::write_clears>("write_clears", "bits that writing a one clears"),
    duration_or<&R::counts_every_ns>("never", "counts_every", 1, most_period_ns,
                                     "how often the value advances"),
    mask<&R::step>("step", "by how much"),
    mask<&R::sets>("sets", "bits that time sets"),
    duration_or<&R::sets_every_ns>("never", "sets_every", least_period_ns, most_period_ns, "how often"),
    mask<&R::interrupt>("interrupt", "bits that assert the line"),
    flag<&R::repeats>("repeats", "`values` begins again; else its last stays"),
    flag<&R::polled>("polled", "reading changes nothing: equal reads may jump ahead"),
};
constexpr std::string_view register_nested[] = {"values"};

constexpr std::array pair_parameters{
    hexadecimal<&PairScript::index>("index", 0, last_offset, "offset of the index register"),
    hexadecimal<&PairScript::data>("data", 0, last_offset, "offset of the data register"),
    hexadecimal<&PairScript::mask>("mask", 0, last_offset, "bits of the index that count"),
    flag<&PairScript::increments>("increments", "the index, after each access of the data"),
};
constexpr std::string_view with_registers[] = {"register"};

using B = BankScript;
constexpr std::array bank_parameters{
    hexadecimal<&B::at>("at", 0, last_offset, "offset of the register that chooses"),
    mask<&B::mask>("mask", "bits of it that count"),
    mask<&B::equals>("equals", "what they are while the bank is open"),
    hexadecimal<&B::first>("first", 0, last_offset, "first offset that it opens"),
    number<&B::length>("length", 1, offset_limit, "how many"),
    flag<&B::behind>("behind", "onto the model behind the recorder"),
    number<&B::range>("range", 0, 15, "which of its register blocks, ports first"),
    hexadecimal<&B::from>("from", 0, last_offset, "from which offset of it on"),
};

using M = MidiScript;
constexpr std::array midi_parameters{
    offset<&M::transmit>("transmit", "writing it sends"),
    offset<&M::receive>("receive", "reading it takes a byte"),
    offset<&M::status>("status", "has the bits below"),
    offset<&M::enable>("enable", "lets interrupts through; none: always"),
    number_or<&M::pair>("none", "pair", 0, pair_limit - 1, "those four are indices of this pair"),
    mask<&M::takes>("takes", "status: the transmit FIFO has room"),
    flag<&M::takes_low>("takes_low", "the bit is 0 then"),
    mask<&M::has>("has", "status: a byte waits"),
    flag<&M::has_low>("has_low", "the bit is 0 then"),
    mask<&M::overrun>("overrun", "status: a byte was lost; reading clears"),
    mask<&M::enables_receive>("enables_receive", "bits of `enable`"),
    mask<&M::enables_transmit>("enables_transmit", "bits of `enable`; 0: no such interrupt"),
    number<&M::transmit_depth>("transmit_depth", 1, 256, "bytes beside the one on the wire"),
    number<&M::receive_depth>("receive_depth", 1, 256, "bytes the receive FIFO holds"),
    duration<&M::byte_time_ns>("byte_time", microsecond_ns, second_ns, "of one sent on the wire"),
};

using D = DmaScript;
constexpr const char* moves[] = {"from_memory", "to_memory"};
constexpr std::array dma_parameters{
    hexadecimal<&D::at>("at", 0, last_offset, "offset of the register that begins it"),
    mask<&D::begins>("begins", "with these bits; they clear at the end"),
    offset<&D::address>("address", "4 bytes: the physical address"),
    offset<&D::length>("length", "4 bytes: how many bytes"),
    choice<&D::moves>("moves", moves, "which way"),
    flag<&D::wire>("wire", "the bytes are the MIDI wire's"),
    number<&D::rate>("rate", 1, 10'000'000, "bytes a second, not of a wire"),
    hexadecimal<&D::fill>("fill", 0, 0xff, "first byte that goes to memory; the next count up"),
    offset<&D::done_at>("done_at", "offset of a register whose bits the end sets"),
    mask<&D::done>("done", "which"),
};

std::optional<TreeError> take_values(const Tree& tree, RegisterScript& script) {
    return for_each_item(tree, "values", value_limit, [&](const Tree& item) -> std::optional<TreeError> {
        const auto* const number = std::get_if<std::int64_t>(&item.value);
        if (number == nullptr || *number < 0 || *number > all_bits)
            return TreeError{item.line, "values", "numbers from 0 to 0xffffffff are wanted"};
        script.values.push_back(static_cast<std::uint32_t>(*number));
        return std::nullopt;
    });
}

std::optional<TreeError> take_register(const Tree& tree, RegisterScript& script) {
    script.line = tree.line;
    if (auto wrong = read_table(tree, "register", register_parameters, &script, register_nested))
        return wrong;
    if (script.width == 3) return TreeError{tree.line, "width", "a register has 1, 2 or 4 bytes"};
    if (script.at + script.width > offset_limit)
        return TreeError{tree.line, "at", fmt::format("registers end at {:#x}", offset_limit)};
    if (const Tree* const values = find_entry(tree, "values")) return take_values(*values, script);
    return std::nullopt;
}

bool overlap(const RegisterScript& a, const RegisterScript& b) {
    return a.at < b.at + b.width && b.at < a.at + a.width;
}

std::optional<TreeError> take_registers(const Tree& tree, std::vector<RegisterScript>& registers) {
    registers.clear();
    return for_each_item(tree, "register", register_limit, [&](const Tree& item) -> std::optional<TreeError> {
        RegisterScript script;
        if (auto wrong = take_register(item, script)) return wrong;
        for (const RegisterScript& other : registers) {
            if (overlap(script, other))
                return TreeError{item.line, "at",
                                 fmt::format("the register of line {} is there", other.line)};
        }
        registers.push_back(std::move(script));
        return std::nullopt;
    });
}

std::optional<TreeError> take_pair(const Tree& tree, PairScript& script) {
    script.line = tree.line;
    if (auto wrong = read_table(tree, "pair", pair_parameters, &script, with_registers)) return wrong;
    if (script.index == script.data) return TreeError{tree.line, "data", "index and data are two registers"};
    const Tree* const registers = find_entry(tree, "register");
    return registers == nullptr ? std::nullopt : take_registers(*registers, script.registers);
}

std::optional<TreeError> take_bank(const Tree& tree, BankScript& script) {
    script.line = tree.line;
    if (auto wrong = read_table(tree, "bank", bank_parameters, &script, with_registers)) return wrong;
    if (script.first + script.length > offset_limit)
        return TreeError{tree.line, "length", fmt::format("registers end at {:#x}", offset_limit)};
    const Tree* const registers = find_entry(tree, "register");
    if (registers == nullptr) return std::nullopt;
    if (script.behind) return TreeError{registers->line, "register", "a bank onto the model behind has none"};
    return take_registers(*registers, script.registers);
}

std::optional<TreeError> take_midi(const Tree& tree, std::optional<MidiScript>& script) {
    script.emplace().line = tree.line;
    return read_table(tree, "midi", midi_parameters, &*script);
}

std::optional<TreeError> take_dma(const Tree& tree, std::optional<DmaScript>& script) {
    script.emplace().line = tree.line;
    if (auto wrong = read_table(tree, "dma", dma_parameters, &*script)) return wrong;
    if (script->address == none) return TreeError{tree.line, "address", "a dma table needs it"};
    if (script->length == none) return TreeError{tree.line, "length", "a dma table needs it"};
    return std::nullopt;
}

}  // namespace

std::optional<TreeError> take(Script& script, std::string_view key, const Tree& tree) {
    if (key == "register") return take_registers(tree, script.registers);
    if (key == "midi") return take_midi(tree, script.midi);
    if (key == "dma") return take_dma(tree, script.dma);
    if (key == "pair") {
        script.pairs.clear();
        return for_each_item(tree, key, pair_limit,
                             [&](const Tree& item) { return take_pair(item, script.pairs.emplace_back()); });
    }
    script.banks.clear();
    return for_each_item(tree, key, bank_limit,
                         [&](const Tree& item) { return take_bank(item, script.banks.emplace_back()); });
}

std::span<const TableKind> table_kinds() {
    static const RegisterScript a_register;
    static const PairScript a_pair;
    static const BankScript a_bank;
    static const MidiScript a_midi;
    static const DmaScript a_dma;
    static const std::array help{
        TableKind{"[[device.register]]", register_parameters, &a_register},
        TableKind{"[[device.pair]]", pair_parameters, &a_pair},
        TableKind{"[[device.bank]]", bank_parameters, &a_bank},
        TableKind{"[device.midi]", midi_parameters, &a_midi},
        TableKind{"[device.dma]", dma_parameters, &a_dma},
    };
    return help;
}

}  // namespace portico::hardware::recorder
