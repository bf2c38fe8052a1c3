#include "loader/debug_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "loader/debug_frames.h"
#include "loader/image_format.h"

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
void hide_linkage_names(std::span<std::byte> abbreviations) {
    constexpr std::byte DW_AT_linkage_name{0x6e}, reserved{0x05};
    Abbreviations(abbreviations).each_attribute([&](std::byte& code) {
        if (code == DW_AT_linkage_name) code = reserved;
    });
}

void hide_linkage_names(const ElfFile& file, std::vector<std::byte>& bytes) {
    const auto* const section = file.section(".debug_abbrev");
    if (section == nullptr || section->loaded() || (section->flags & SHF_COMPRESSED) != 0) return;
    hide_linkage_names(std::span(bytes).subspan(section->offset, section->file.size()));
}

// An ELF file put together section by section.
class ElfWriter {
  public:
    ElfWriter() : sections_(1) {}

    void add(const std::string& name, std::uint32_t type, std::uint64_t flags, std::uint64_t address,
             std::uint64_t size, Bytes content, std::uint32_t link = 0, std::uint64_t entry_size = 0) {
        Elf64_Shdr header{};
        header.sh_name = name_of(name);
        header.sh_type = type;
        header.sh_flags = flags;
        header.sh_addr = address;
        header.sh_size = size;
        header.sh_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + content_.size();
        header.sh_link = link;
        header.sh_addralign = 1;
        header.sh_entsize = entry_size;
        sections_.push_back(header);
        content_.insert(content_.end(), content.begin(), content.end());
    }
    std::uint32_t next_index() const { return static_cast<std::uint32_t>(sections_.size()); }

    std::vector<std::byte> finish(std::uint64_t base, std::uint64_t span) {
        const auto index = next_index();
        name_of(".shstrtab");
        add(".shstrtab", SHT_STRTAB, 0, 0, names_.size(), std::as_bytes(std::span(names_)));
        Elf64_Phdr whole{PT_LOAD, PF_R | PF_X, 0, base, base, 0, span, 4096};
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_DYN;
        header.e_machine = EM_X86_64;
        header.e_version = EV_CURRENT;
        header.e_phoff = sizeof header;
        header.e_shoff = sizeof header + sizeof whole + content_.size();
        header.e_ehsize = sizeof header;
        header.e_phentsize = sizeof whole;
        header.e_phnum = 1;
        header.e_shentsize = sizeof(Elf64_Shdr);
        header.e_shnum = static_cast<std::uint16_t>(sections_.size());
        header.e_shstrndx = static_cast<std::uint16_t>(index);
        std::vector<std::byte> file;
        const auto append = [&](Bytes bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
        append(std::as_bytes(std::span(&header, 1)));
        append(std::as_bytes(std::span(&whole, 1)));
        append(content_);
        append(std::as_bytes(std::span(sections_)));
        return file;
    }

  private:
    std::uint32_t name_of(const std::string& name) {
        const auto known = names_.find('\0' + name + '\0');
        if (known != std::string::npos) return static_cast<std::uint32_t>(known + 1);
        const auto at = static_cast<std::uint32_t>(names_.size());
        names_ += name + '\0';
        return at;
    }

    std::vector<Elf64_Shdr> sections_;
    std::vector<std::byte> content_;
    std::string names_ = std::string(1, '\0');
};

// Its functions, in the order of their addresses: each ends where the next begins.
void add_symbols(const PeFile& file, ElfWriter& elf) {
    auto functions = file.symbols;
    std::sort(functions.begin(), functions.end(),
              [](const PeSymbol& a, const PeSymbol& b) { return a.address < b.address; });
    std::vector<Elf64_Sym> symbols(1);
    std::string strings(1, '\0');
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const auto& function = functions[i];
        Elf64_Sym symbol{};
        symbol.st_name = static_cast<Elf64_Word>(strings.size());
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        for (std::size_t s = 0; s < file.layout.sections.size(); ++s) {
            const auto& section = file.layout.sections[s];
            if (function.address - section.address >= section.size) continue;
            symbol.st_shndx = static_cast<Elf64_Section>(s + 1);
            const auto end = section.address + section.size;
            symbol.st_size =
                (i + 1 < functions.size() ? std::min(functions[i + 1].address, end) : end) - function.address;
        }
        symbol.st_value = function.address;
        symbols.push_back(symbol);
        strings += function.name + '\0';
    }
    const auto table = std::as_bytes(std::span(symbols));
    elf.add(".symtab", SHT_SYMTAB, 0, 0, table.size(), table, elf.next_index() + 1, sizeof(Elf64_Sym));
    elf.add(".strtab", SHT_STRTAB, 0, 0, strings.size(), std::as_bytes(std::span(strings)));
}

}  // namespace

std::string variable_name(std::string_view mangled, char separator) {
    mangled.remove_prefix(std::min(mangled.size(), initialiser_prefix.size()));
    if (mangled.starts_with('?')) mangled.remove_prefix(1);
    mangled = mangled.substr(0, mangled.find(std::string(2, separator)));
    std::string name;
    while (!mangled.empty()) {
        const auto last = mangled.rfind(separator);
        if (!name.empty()) name += "::";
        name += last == std::string_view::npos ? mangled : mangled.substr(last + 1);
        mangled = last == std::string_view::npos ? std::string_view{} : mangled.substr(0, last);
    }
    return name;
}

std::vector<std::byte> debug_file_of(const PeFile& file) {
    if (file.debug_sections.empty() && file.symbols.empty()) return {};
    ElfWriter elf;
    for (const auto& section : file.layout.sections) {
        const bool code = section.kind == SectionKind::code || section.kind == SectionKind::paged_code ||
                          section.kind == SectionKind::init_code;
        elf.add(section.name, SHT_NOBITS, SHF_ALLOC | (code ? SHF_EXECINSTR : 0), section.address,
                section.size, {});
    }
    for (const auto& section : file.debug_sections) {
        std::vector<std::byte> content(section.content.begin(), section.content.end());
        if (section.name == ".debug_abbrev") hide_linkage_names(content);
        elf.add(section.name, SHT_PROGBITS, 0, 0, content.size(), content);
    }
    if (const auto frames = debug_frames_of(file); !frames.empty())
        elf.add(".debug_frame", SHT_PROGBITS, 0, 0, frames.size(), frames);
    add_symbols(file, elf);
    return elf.finish(file.layout.base, file.layout.span);
}

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

// More tell nothing new.
constexpr std::size_t constructors_max = 256;

std::vector<std::string> constructor_names(const ElfFile& file) {
    std::vector<std::string> names;
    const auto* const table = file.section(".symtab");
    if (table != nullptr && table->link < file.sections.size()) {
        const auto strings = file.sections[table->link].file;
        for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table->file.size(); at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, table->file.data() + at, sizeof symbol);
            if (symbol.st_name >= strings.size()) continue;
            const auto* const text = reinterpret_cast<const char*>(strings.data()) + symbol.st_name;
            const std::string_view name(
                text, strnlen(text, std::min(strings.size() - symbol.st_name, symbol_name_length_max)));
            if (name.starts_with(initialiser_prefix)) names.push_back(variable_name(name, '$'));
            if (names.size() == constructors_max) break;
        }
    }
    if (names.empty()) names.emplace_back("(unnamed)");
    return names;
}

}  // namespace portico::loader
