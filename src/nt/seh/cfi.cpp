#include "nt/seh/cfi.h"

#include <elf.h>
#include <link.h>

#include <array>
#include <cstring>

namespace portico::nt::seh {
namespace {

// Encodings of pointers (DW_EH_PE_*).
constexpr std::uint8_t udata4 = 0x03;
constexpr std::uint8_t sdata4 = 0x0B;
constexpr std::uint8_t sdata8 = 0x0C;
constexpr std::uint8_t relative_to_place = 0x10;
constexpr std::uint8_t relative_to_header = 0x30;
constexpr std::uint8_t omitted = 0xFF;

constexpr unsigned rsp_number = 7;
constexpr unsigned return_number = 16;
constexpr unsigned xmm_number = 17;
constexpr unsigned register_count = 33;
constexpr unsigned state_depth = 8;

// Where a register's value in the caller is: where it was, or at the frame's address plus an offset.
struct Rule {
    bool saved = false;
    std::int64_t offset = 0;
};

struct Row {
    unsigned cfa_register = rsp_number;
    std::int64_t cfa_offset = 8;
    std::array<Rule, register_count> rules{};
};

class Reader {
  public:
    Reader(const CfiModule& module, std::uint64_t at) : module_(module), at_(at) {}

    bool ok() const { return ok_; }
    std::uint64_t at() const { return at_; }
    void seek(std::uint64_t at) { at_ = at; }

    template <class T>
    T take() {
        T value{};
        if (!module_.contains(at_) || sizeof(T) > module_.end - at_) {
            ok_ = false;
            return value;
        }
        std::memcpy(&value, reinterpret_cast<const void*>(at_), sizeof value);
        at_ += sizeof value;
        return value;
    }

    std::uint64_t uleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; ok_; shift += 7) {
            const auto byte = take<std::uint8_t>();
            if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
            if ((byte & 0x80) == 0) break;
        }
        return value;
    }

    std::int64_t sleb() {
        std::uint64_t value = 0;
        unsigned shift = 0;
        std::uint8_t byte = 0x80;
        while (ok_ && (byte & 0x80) != 0) {
            byte = take<std::uint8_t>();
            if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
            shift += 7;
        }
        if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
        return static_cast<std::int64_t>(value);
    }

    std::uint64_t encoded(std::uint8_t encoding, std::uint64_t header) {
        const std::uint64_t place = at_;
        std::uint64_t value = 0;
        switch (encoding & 0x0F) {
            case 0x00:
            case sdata8:
            case 0x04:
                value = take<std::uint64_t>();
                break;
            case udata4:
                value = take<std::uint32_t>();
                break;
            case sdata4:
                value = static_cast<std::uint64_t>(std::int64_t{take<std::int32_t>()});
                break;
            default:
                ok_ = false;
        }
        if ((encoding & 0x70) == relative_to_place) value += place;
        if ((encoding & 0x70) == relative_to_header) value += header;
        return value;
    }

  private:
    const CfiModule& module_;
    std::uint64_t at_;
    bool ok_ = true;
};

struct Description {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t code_alignment = 1;
    std::int64_t data_alignment = -8;
    std::uint8_t encoding = 0;
    bool augmented = false;
    std::uint64_t common = 0;
    std::uint64_t common_end = 0;
    std::uint64_t own = 0;
    std::uint64_t own_end = 0;
};

// The last entry of the sorted table that begins at or below the address.
std::uint64_t find_entry(const CfiModule& module, std::uint64_t address) {
    Reader r(module, module.header);
    const auto version = r.take<std::uint8_t>();
    const auto frame_encoding = r.take<std::uint8_t>();
    const auto count_encoding = r.take<std::uint8_t>();
    const auto table_encoding = r.take<std::uint8_t>();
    if (!r.ok() || version != 1 || count_encoding == omitted ||
        table_encoding != (relative_to_header | sdata4))
        return 0;
    r.encoded(frame_encoding, module.header);
    const std::uint64_t count = r.encoded(count_encoding, module.header);
    const std::uint64_t table = r.at();
    if (!r.ok() || count > (module.end - table) / 8) return 0;
    std::uint64_t low = 0;
    std::uint64_t high = count;
    const auto entry = [&](std::uint64_t index, unsigned half) {
        r.seek(table + index * 8 + half * 4);
        return module.header + static_cast<std::uint64_t>(std::int64_t{r.take<std::int32_t>()});
    };
    while (low < high) {
        const std::uint64_t middle = (low + high) / 2;
        if (entry(middle, 0) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return 0;
    const std::uint64_t found = entry(low - 1, 1);
    return r.ok() ? found : 0;
}

bool read_common(const CfiModule& module, std::uint64_t place, Description& d) {
    Reader r(module, place);
    const auto length = r.take<std::uint32_t>();
    d.common_end = r.at() + length;
    const auto id = r.take<std::uint32_t>();
    const auto version = r.take<std::uint8_t>();
    if (!r.ok() || length == ~0u || id != 0 || (version != 1 && version != 3)) return false;
    std::array<char, 8> augmentation{};
    for (char& c : augmentation) {
        c = static_cast<char>(r.take<std::uint8_t>());
        if (c == 0) break;
    }
    if (augmentation.back() != 0) return false;
    d.code_alignment = r.uleb();
    d.data_alignment = r.sleb();
    const std::uint64_t return_register = version == 1 ? r.take<std::uint8_t>() : r.uleb();
    if (return_register != return_number) return false;
    d.augmented = augmentation[0] == 'z';
    if (!d.augmented && augmentation[0] != 0) return false;
    std::uint64_t instructions = r.at();
    if (d.augmented) {
        const std::uint64_t size = r.uleb();
        instructions = r.at() + size;
        for (unsigned i = 1; augmentation[i] != 0; ++i) {
            if (augmentation[i] == 'R') d.encoding = r.take<std::uint8_t>();
            if (augmentation[i] == 'L') r.take<std::uint8_t>();
            if (augmentation[i] == 'P') r.encoded(r.take<std::uint8_t>() & 0x0F, 0);
        }
    }
    d.common = instructions;
    return r.ok() && d.common_end <= module.end && d.common <= d.common_end;
}

bool describe(const CfiModule& module, std::uint64_t address, Description& d) {
    const std::uint64_t place = find_entry(module, address);
    if (place == 0) return false;
    Reader r(module, place);
    const auto length = r.take<std::uint32_t>();
    const std::uint64_t id_place = r.at();
    d.own_end = id_place + length;
    const auto back = r.take<std::uint32_t>();
    if (!r.ok() || length == ~0u || back == 0 || d.own_end > module.end) return false;
    if (!read_common(module, id_place - back, d)) return false;
    d.begin = r.encoded(d.encoding, 0);
    d.end = d.begin + r.encoded(d.encoding & 0x0F, 0);
    if (d.augmented) {
        const std::uint64_t size = r.uleb();
        r.seek(r.at() + size);
    }
    d.own = r.at();
    return r.ok() && d.own <= d.own_end && address - d.begin < d.end - d.begin;
}

class Rows {
  public:
    Rows(const CfiModule& module, const Description& d, std::uint64_t address)
        : module_(module), d_(d), address_(address) {}

    bool find(Row& row) {
        if (!run(d_.common, d_.common_end)) return false;
        initial_ = row_;
        place_ = d_.begin;
        if (!run(d_.own, d_.own_end)) return false;
        row = row_;
        return true;
    }

  private:
    bool run(std::uint64_t begin, std::uint64_t end) {
        Reader r(module_, begin);
        while (r.ok() && r.at() < end && place_ <= address_) {
            if (!step(r)) return false;
        }
        return r.ok();
    }

    void advance(std::uint64_t units) { place_ += units * d_.code_alignment; }

    bool save(std::uint64_t number, std::int64_t offset) {
        if (number < register_count) row_.rules[number] = {true, offset * d_.data_alignment};
        return true;
    }
    bool restore(std::uint64_t number) {
        if (number < register_count) row_.rules[number] = initial_.rules[number];
        return true;
    }
    bool cfa(std::uint64_t number, std::int64_t offset) {
        row_.cfa_register = static_cast<unsigned>(number);
        row_.cfa_offset = offset;
        return number <= 15;
    }

    bool step(Reader& r) {
        const auto code = r.take<std::uint8_t>();
        const unsigned operand = code & 0x3F;
        switch (code >> 6) {
            case 1:
                advance(operand);
                return true;
            case 2:
                return save(operand, static_cast<std::int64_t>(r.uleb()));
            case 3:
                return restore(operand);
            default:
                return code <= 0x07 ? simple(code, r) : frame(code, r);
        }
    }

    bool simple(unsigned code, Reader& r) {
        switch (code) {
            case 0x00:  // nop
                return true;
            case 0x02:
                advance(r.take<std::uint8_t>());
                return true;
            case 0x03:
                advance(r.take<std::uint16_t>());
                return true;
            case 0x04:
                advance(r.take<std::uint32_t>());
                return true;
            case 0x05: {  // offset_extended
                const auto number = r.uleb();
                return save(number, static_cast<std::int64_t>(r.uleb()));
            }
            case 0x06:
                return restore(r.uleb());
            case 0x07: {  // undefined: of the return address, the outermost frame
                const auto number = r.uleb();
                if (number < register_count) row_.rules[number] = {};
                return number != return_number;
            }
            default:
                return false;
        }
    }

    bool frame(unsigned code, Reader& r) {
        const auto number = [&r] { return r.uleb(); };
        switch (code) {
            case 0x08:  // same_value
                return restore(number());
            case 0x0A:
                if (depth_ == state_depth) return false;
                remembered_[depth_++] = row_;
                return true;
            case 0x0B:
                if (depth_ == 0) return false;
                row_ = remembered_[--depth_];
                return true;
            case 0x0C: {
                const auto base = number();
                return cfa(base, static_cast<std::int64_t>(r.uleb()));
            }
            case 0x0D:
                return cfa(number(), row_.cfa_offset);
            case 0x0E:
                return cfa(row_.cfa_register, static_cast<std::int64_t>(r.uleb()));
            case 0x11: {
                const auto saved = number();
                return save(saved, r.sleb());
            }
            case 0x12: {
                const auto base = number();
                return cfa(base, r.sleb() * d_.data_alignment);
            }
            case 0x13:
                return cfa(row_.cfa_register, r.sleb() * d_.data_alignment);
            case 0x2E:  // GNU_args_size
                r.uleb();
                return true;
            default:  // expressions are not used by code that has frame pointers
                return false;
        }
    }

    const CfiModule& module_;
    const Description& d_;
    std::uint64_t address_;
    std::uint64_t place_ = 0;
    Row row_;
    Row initial_;
    std::array<Row, state_depth> remembered_;
    unsigned depth_ = 0;
};

// The registers of CONTEXT that DWARF's numbers 0 to 15 mean.
ULONG64& general(CONTEXT& context, unsigned number) {
    constexpr std::array<std::uint8_t, 16> order{0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};
    return (&context.Rax)[order[number]];
}

bool apply(const Row& row, const StackView& stack, CONTEXT& context) {
    CONTEXT caller = context;
    const std::uint64_t cfa = general(context, row.cfa_register) + static_cast<std::uint64_t>(row.cfa_offset);
    if (cfa <= context.Rsp || !stack.contains(cfa, 0)) return false;
    for (unsigned i = 0; i < register_count; ++i) {
        if (!row.rules[i].saved) continue;
        const std::uint64_t place = cfa + static_cast<std::uint64_t>(row.rules[i].offset);
        bool read;
        if (i == return_number)
            read = stack.read(place, caller.Rip);
        else if (i >= xmm_number)
            read = stack.read(place, caller.FltSave.XmmRegisters[i - xmm_number]);
        else
            read = stack.read(place, general(caller, i));
        if (!read) return false;
    }
    if (!row.rules[return_number].saved) return false;
    caller.Rsp = cfa;
    context = caller;
    return true;
}

struct FrameLookup {
    std::uint64_t address;
    CfiModule found;
};

int visit_module(dl_phdr_info* info, std::size_t, void* context) {
    auto& search = *static_cast<FrameLookup*>(context);
    CfiModule module;
    bool holds = false;
    for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
        const auto& header = info->dlpi_phdr[i];
        const std::uint64_t begin = info->dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_GNU_EH_FRAME) module.header = begin;
        if (header.p_type != PT_LOAD) continue;
        if (module.end == 0 || begin < module.begin) module.begin = begin;
        if (begin + header.p_memsz > module.end) module.end = begin + header.p_memsz;
        holds |= search.address - begin < header.p_memsz;
    }
    if (!holds) return 0;
    search.found = module;
    return 1;
}

}  // namespace

CfiModule host_module_at(std::uint64_t address) {
    FrameLookup search{address, {}};
    ::dl_iterate_phdr(visit_module, &search);
    return search.found;
}

bool is_portico(const CfiModule& module) {
    return module.contains(reinterpret_cast<std::uint64_t>(&step_cfi));
}

bool step_cfi(const CfiModule& module, const StackView& stack, bool returned, CONTEXT& context) {
    const std::uint64_t address = context.Rip - (returned ? 1 : 0);
    Description description;
    Row row;
    if (module.header == 0 || !describe(module, address, description)) return false;
    if (!Rows(module, description, address).find(row)) return false;
    return apply(row, stack, context);
}

}  // namespace portico::nt::seh
