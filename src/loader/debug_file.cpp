#include "loader/debug_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace portico::loader {
namespace {

template <class T>
T read(const std::vector<std::byte>& bytes, std::uint64_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <class T>
void write(std::vector<std::byte>& bytes, std::uint64_t offset, const T& value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

bool is_loaded(const ElfFile& file, std::uint32_t section) {
    return section < file.sections.size() && section != SHN_UNDEF && file.sections[section].loaded();
}

void move_headers(const ElfFile& file, std::uint64_t shift, std::vector<std::byte>& bytes) {
    const auto header = read<Elf64_Ehdr>(bytes, 0);
    for (std::uint32_t i = 0; i < file.sections.size(); ++i) {
        if (!is_loaded(file, i)) continue;
        const auto offset = header.e_shoff + std::uint64_t{i} * sizeof(Elf64_Shdr);
        auto section = read<Elf64_Shdr>(bytes, offset);
        section.sh_addr += shift;
        write(bytes, offset, section);
    }
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto offset = header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr);
        auto segment = read<Elf64_Phdr>(bytes, offset);
        if (segment.p_memsz == 0) continue;
        segment.p_vaddr += shift;
        segment.p_paddr += shift;
        write(bytes, offset, segment);
    }
}

void move_symbols(const ElfFile& file, const SectionHeader& table, std::uint64_t shift,
                  std::vector<std::byte>& bytes) {
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.file.size(); at += sizeof(Elf64_Sym)) {
        auto symbol = read<Elf64_Sym>(bytes, table.offset + at);
        if (!is_loaded(file, symbol.st_shndx)) continue;
        symbol.st_value += shift;
        write(bytes, table.offset + at, symbol);
    }
}

// Absolute addresses in the debug section that `table` relocates. `symbols` is the table's unmoved symbol
// table.
void move_addresses(const ElfFile& file, const SectionHeader& table, std::uint64_t shift,
                    std::vector<std::byte>& bytes) {
    if (table.info >= file.sections.size() || table.link >= file.sections.size()) return;
    const auto& target = file.sections[table.info];
    const auto& symbols = file.sections[table.link];
    if (target.loaded() || symbols.type != SHT_SYMTAB) return;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Rela) <= table.file.size(); at += sizeof(Elf64_Rela)) {
        Elf64_Rela entry;
        std::memcpy(&entry, table.file.data() + at, sizeof entry);
        const auto index = ELF64_R_SYM(entry.r_info);
        if (ELF64_R_TYPE(entry.r_info) != R_X86_64_64 ||
            (index + 1) * sizeof(Elf64_Sym) > symbols.file.size())
            continue;
        Elf64_Sym symbol;
        std::memcpy(&symbol, symbols.file.data() + index * sizeof symbol, sizeof symbol);
        const bool fits = target.file.size() >= sizeof(std::uint64_t) &&
                          entry.r_offset <= target.file.size() - sizeof(std::uint64_t);
        if (!fits || !is_loaded(file, symbol.st_shndx)) continue;
        const auto offset = target.offset + entry.r_offset;
        write(bytes, offset, read<std::uint64_t>(bytes, offset) + shift);
    }
}

// Reads the abbreviations of .debug_abbrev (DWARF 5, 7.5.3).
class Abbreviations {
  public:
    explicit Abbreviations(std::span<std::byte> bytes) : bytes_(bytes) {}

    // Calls visit(byte of the attribute's code) for each attribute whose code takes one byte; stops at
    // damage.
    template <class Visit>
    void each_attribute(Visit visit) {
        while (at_ < bytes_.size()) {
            if (number() == 0) continue;  // the end of a unit's table
            number();                     // tag
            ++at_;                        // has children
            while (at_ < bytes_.size()) {
                const auto code_at = at_;
                const auto code = number(), form = number();
                if (form == DW_FORM_implicit_const) number();
                if (code == 0 && form == 0) break;
                if (code < 0x80) visit(bytes_[code_at]);
            }
        }
    }

  private:
    static constexpr std::uint64_t DW_FORM_implicit_const = 0x21;

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; at_ < bytes_.size(); shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
            if (shift < 64) value |= (byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        return 0;
    }

    std::span<std::byte> bytes_;
    std::size_t at_ = 0;
};

// gdb 13 shows linkage names that it cannot demangle, and Microsoft's it cannot: without them it composes
// Class::Method.
void hide_linkage_names(const ElfFile& file, std::vector<std::byte>& bytes) {
    constexpr std::byte DW_AT_linkage_name{0x6e}, reserved{0x05};
    const auto* const section = file.section(".debug_abbrev");
    if (section == nullptr || section->loaded() || (section->flags & SHF_COMPRESSED) != 0) return;
    Abbreviations abbreviations(std::span(bytes).subspan(section->offset, section->file.size()));
    abbreviations.each_attribute([&](std::byte& code) {
        if (code == DW_AT_linkage_name) code = reserved;
    });
}

// "?member$Class$$2HA$$YAXXZ" and "variable$$YAXXZ", as they follow ??__E in the mangled name of an
// initialiser.
std::string variable_name(std::string_view mangled) {
    if (mangled.starts_with('?')) mangled.remove_prefix(1);
    mangled = mangled.substr(0, mangled.find("$$"));
    std::string name;
    while (!mangled.empty()) {
        const auto last = mangled.rfind('$');
        if (!name.empty()) name += "::";
        name += last == std::string_view::npos ? mangled : mangled.substr(last + 1);
        mangled = last == std::string_view::npos ? std::string_view{} : mangled.substr(0, last);
    }
    return name;
}

}  // namespace

std::vector<std::byte> debug_file_of(const ElfFile& file, std::uint64_t shift) {
    std::vector<std::byte> bytes(file.bytes.begin(), file.bytes.end());
    hide_linkage_names(file, bytes);
    if (shift == 0) return bytes;
    move_headers(file, shift, bytes);
    for (const auto& section : file.sections) {
        if (section.type == SHT_SYMTAB || section.type == SHT_DYNSYM)
            move_symbols(file, section, shift, bytes);
        if (section.type == SHT_RELA && !section.loaded()) move_addresses(file, section, shift, bytes);
    }
    return bytes;
}

std::vector<std::string> constructor_names(const ElfFile& file) {
    constexpr std::string_view initialiser = "??__E";
    std::vector<std::string> names;
    const auto* const table = file.section(".symtab");
    if (table != nullptr && table->link < file.sections.size()) {
        const auto strings = file.sections[table->link].file;
        for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table->file.size(); at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, table->file.data() + at, sizeof symbol);
            if (symbol.st_name >= strings.size()) continue;
            const auto* const text = reinterpret_cast<const char*>(strings.data()) + symbol.st_name;
            const std::string_view name(text, strnlen(text, strings.size() - symbol.st_name));
            if (name.starts_with(initialiser))
                names.push_back(variable_name(name.substr(initialiser.size())));
        }
    }
    if (names.empty()) names.emplace_back("(unnamed)");
    return names;
}

}  // namespace portico::loader
