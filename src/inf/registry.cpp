#include "inf/registry.h"

#include <fmt/format.h>

#include <optional>

#include "inf/text.h"

namespace portico::inf {
namespace {

// FLG_ADDREG_*
constexpr std::uint32_t binary = 0x1;
constexpr std::uint32_t no_clobber = 0x2;
constexpr std::uint32_t delete_value = 0x4;
constexpr std::uint32_t append = 0x8;
constexpr std::uint32_t key_only = 0x10;
constexpr std::uint32_t overwrite_only = 0x20;
constexpr std::uint32_t which_view = 0x4000 | 0x1000 | 0x2000;  // 32-bit or 64-bit key, common key
constexpr std::uint32_t delete_regs = 0x8000;                   // bits of DelReg, told apart by this one
constexpr std::uint32_t type_mask = 0xFFFF0001;

constexpr std::uint32_t reg_none = 0;
constexpr std::uint32_t reg_sz = 1;
constexpr std::uint32_t reg_expand_sz = 2;
constexpr std::uint32_t reg_binary = 3;
constexpr std::uint32_t reg_dword = 4;
constexpr std::uint32_t reg_multi_sz = 7;

std::optional<std::uint32_t> type_of(std::uint32_t flags) {
    switch (flags & type_mask) {
        case 0:
            return reg_sz;
        case 0x00010000:
            return reg_multi_sz;
        case 0x00020000:
            return reg_expand_sz;
        case binary:
            return reg_binary;
        case 0x00010000 | binary:
            return reg_dword;
        case 0x00020000 | binary:
            return reg_none;
        default:
            // The upper half is the type itself, the data bytes.
            if ((flags & binary) == 0 || flags >> 16 < 4) return std::nullopt;
            return flags >> 16;
    }
}

class LineReader {
  public:
    LineReader(const Line& line, Problems& problems) : line_(line), problems_(problems) {}

    std::optional<RegistryEntry> read() {
        if (!root()) return std::nullopt;
        entry_.key = line_.at(1);
        entry_.name = line_.at(2);
        std::uint64_t flags = 0;
        if (line_.has(3)) {
            const auto given = number_of(line_.at(3));
            if (!given || *given > UINT32_MAX)
                return wrong(
                    fmt::format("'{}' are no flags; write them as 0x00010001", line_.at(3).substr(0, 40)));
            flags = *given;
        }
        if (!meaning(static_cast<std::uint32_t>(flags)) || !data()) return std::nullopt;
        return std::move(entry_);
    }

  private:
    std::nullopt_t wrong(std::string what) {
        problems_.add(line_.number, std::move(what));
        return std::nullopt;
    }

    bool root() {
        using Root = RegistryEntry::Root;
        struct Known {
            const char* name;
            Root root;
        };
        constexpr Known roots[] = {{"HKR", Root::relative},
                                   {"HKLM", Root::machine},
                                   {"HKCR", Root::classes},
                                   {"HKU", Root::other},
                                   {"HKCU", Root::other}};
        for (const Known& known : roots) {
            if (!line_.key.empty() || !equal(line_.at(0), known.name)) continue;
            entry_.root = known.root;
            return true;
        }
        wrong(fmt::format("'{}' is no root of the registry; a line is: HKR,subkey,name,flags,value",
                          (line_.key.empty() ? line_.at(0) : line_.key).substr(0, 40)));
        return false;
    }

    bool meaning(std::uint32_t flags) {
        using What = RegistryEntry::What;
        constexpr std::uint32_t known = type_mask | no_clobber | delete_value | append | key_only |
                                        overwrite_only | which_view | delete_regs;
        const auto type = type_of(flags);
        if (!type || (flags & ~known) != 0) {
            wrong(fmt::format("flags {:#x} mean nothing in AddReg", flags));
            return false;
        }
        entry_.type = *type;
        entry_.only_new = (flags & no_clobber) != 0;
        entry_.only_existing = (flags & overwrite_only) != 0;
        entry_.what = (flags & key_only) != 0       ? What::key_only
                      : (flags & delete_value) != 0 ? What::remove
                      : (flags & append) != 0       ? What::append
                                                    : What::set;
        if (entry_.what == What::append && entry_.type != reg_multi_sz) {
            wrong("FLG_ADDREG_APPEND (0x8) is for REG_MULTI_SZ (0x10000) alone");
            return false;
        }
        return true;
    }

    bool data() {
        if (entry_.what == RegistryEntry::What::remove || entry_.what == RegistryEntry::What::key_only)
            return true;
        switch (entry_.type) {
            case reg_sz:
            case reg_expand_sz:
                entry_.text = line_.at(4);
                return true;
            case reg_multi_sz:
                for (std::size_t i = 4; i < line_.values.size(); ++i) {
                    if (!line_.values[i].empty()) entry_.texts.push_back(line_.values[i]);
                }
                return true;
            case reg_dword:
                return line_.values.size() == 8 ? bytes() : dword();
            default:
                return bytes();
        }
    }

    // Decimal, or hexadecimal with 0x; negative ones are written, too.
    bool dword() {
        const std::string& text = line_.at(4);
        const bool negative = text.starts_with('-');
        const auto value = number_of(std::string_view(text).substr(negative ? 1 : 0));
        if (!value || *value > (negative ? 0x80000000ull : UINT32_MAX) || line_.values.size() > 5) {
            wrong(fmt::format("'{}' is no REG_DWORD; write a number, or four bytes", text.substr(0, 40)));
            return false;
        }
        append_number(static_cast<std::uint32_t>(negative ? 0 - *value : *value));
        return true;
    }

    void append_number(std::uint32_t value) {
        for (unsigned shift = 0; shift < 32; shift += 8)
            entry_.bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }

    // Hexadecimal, one a value.
    bool bytes() {
        for (std::size_t i = 4; i < line_.values.size(); ++i) {
            if (line_.values[i].empty() && line_.values.size() == 5) break;
            const auto byte = hexadecimal(line_.values[i]);
            if (!byte || *byte > 0xFF) {
                wrong(fmt::format("'{}' is no byte; write two hexadecimal digits for each",
                                  line_.values[i].substr(0, 40)));
                return false;
            }
            entry_.bytes.push_back(static_cast<std::uint8_t>(*byte));
        }
        return true;
    }

    const Line& line_;
    Problems& problems_;
    RegistryEntry entry_;
};

}  // namespace

std::vector<RegistryEntry> read_add_reg(const Section& section, Problems& problems) {
    std::vector<RegistryEntry> entries;
    for (const Line& line : section.lines) {
        if (auto entry = LineReader(line, problems).read()) entries.push_back(std::move(*entry));
    }
    return entries;
}

}  // namespace portico::inf
