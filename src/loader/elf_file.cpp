#include "loader/elf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "loader/debug_file.h"
#include "loader/image_format.h"
#include "sim/address_map.h"

namespace portico::loader {
namespace {

// Addresses above this are no user addresses on x86-64; sums below stay far from overflow.
constexpr std::uint64_t address_max = 1ull << 47;

SectionKind kind_of(const SectionHeader& section, const ElfFile& file) {
    const bool paged = section.name.starts_with("PAGE");
    if ((section.flags & SHF_EXECINSTR) != 0) {
        if (paged) return SectionKind::paged_code;
        return section.name.starts_with("INIT") ? SectionKind::init_code : SectionKind::code;
    }
    const bool relocated_only = section.address >= file.relro_begin && section.address < file.relro_end;
    if ((section.flags & SHF_WRITE) == 0 || relocated_only) return SectionKind::constant;
    return paged ? SectionKind::paged_data : SectionKind::data;
}

class ElfParser {
  public:
    ElfParser(Bytes bytes, const std::string& label) : bytes_(bytes), label_(label) { file_.bytes = bytes; }

    Result<ElfFile> run() {
        PORTICO_TRY_VOID(header());
        PORTICO_TRY_VOID(note());
        PORTICO_TRY_VOID(program_headers());
        PORTICO_TRY_VOID(dynamic());
        PORTICO_TRY_VOID(symbols());
        PORTICO_TRY_VOID(relocations(rela_, rela_size_));
        PORTICO_TRY_VOID(relocations(jump_, jump_size_));
        PORTICO_TRY_VOID(sections());
        return std::move(file_);
    }

  private:
    template <class... Args>
    Error refuse(fmt::format_string<Args...> format, Args&&... args) const {
        return {label_ + ": " + fmt::format(format, std::forward<Args>(args)...)};
    }
    Error foreign() const {
        return refuse(
            "not built by portico's tool chain; build the driver's sources with portico_add_driver() or "
            "portico-build-driver");
    }

    bool inside(std::uint64_t offset, std::uint64_t size) const {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }

    template <class T>
    T read(std::uint64_t offset) const {
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    Result<void> header() {
        if (bytes_.empty()) return refuse("the file is empty");
        if (bytes_.size() > image_file_bytes_max) {
            return refuse("{} bytes; images of more than {} are refused", bytes_.size(),
                          image_file_bytes_max);
        }
        if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) {
            if (is_windows_object()) return refuse("an object file or a library; link it as a driver (.sys)");
            return refuse("not a driver image: neither ELF (.so) nor PE (.sys)");
        }
        if (bytes_.size() < sizeof(Elf64_Ehdr)) return refuse("cut off inside its ELF header");
        header_ = read<Elf64_Ehdr>(0);
        return header_fields();
    }

    // COFF for x64, or an archive.
    bool is_windows_object() const {
        return bytes_.size() > 20 && (std::memcmp(bytes_.data(), "\x64\x86", 2) == 0 ||
                                      std::memcmp(bytes_.data(), "!<arch>\n", 8) == 0);
    }

    Result<void> header_fields() const {
        if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
            header_.e_machine != EM_X86_64) {
            return refuse("an image for another machine; drivers are built for x86-64");
        }
        if (header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT) {
            return refuse("unknown ELF version {}", header_.e_version);
        }
        if (header_.e_type == ET_REL) return refuse("an object file; link it with portico-build-driver");
        if (header_.e_type != ET_DYN) return refuse("not a shared object (ELF type {})", header_.e_type);
        if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0)
            return refuse("no program headers");
        if (!inside(header_.e_phoff, std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr))) {
            return refuse("its program headers lie outside the file");
        }
        return {};
    }

    Elf64_Phdr program_header(unsigned index) const {
        return read<Elf64_Phdr>(header_.e_phoff + std::uint64_t{index} * sizeof(Elf64_Phdr));
    }

    Result<void> program_headers() {
        for (unsigned i = 0; i < header_.e_phnum; ++i) {
            const auto header = program_header(i);
            if (header.p_type == PT_LOAD) PORTICO_TRY_VOID(segment(header, i));
            if (header.p_type == PT_TLS)
                return refuse("has thread-local variables, which kernel drivers cannot have");
            if (header.p_type == PT_DYNAMIC) dynamic_ = header;
            if (header.p_type == PT_GNU_RELRO) relro_ = header;
        }
        if (file_.segments.empty()) return refuse("nothing in it is to be loaded");
        file_.base = page_down(file_.segments.front().address);
        file_.span = page_up(file_.segments.back().end()) - file_.base;
        if (file_.span > image_span_bytes_max) {
            return refuse("takes {} bytes of address space; images of more than {} are refused", file_.span,
                          image_span_bytes_max);
        }
        return relro();
    }

    Result<void> segment(const Elf64_Phdr& header, unsigned index) {
        if (file_.segments.size() == image_segments_max)
            return refuse("more than {} segments", image_segments_max);
        if (header.p_memsz == 0) return {};
        if (header.p_filesz > header.p_memsz)
            return refuse("segment {} is larger in the file than in memory", index);
        if (!inside(header.p_offset, header.p_filesz))
            return refuse("segment {} lies outside the file (cut off?)", index);
        if (header.p_vaddr >= address_max || header.p_memsz >= address_max) {
            return refuse("segment {} lies outside the address space", index);
        }
        if ((header.p_flags & PF_W) != 0 && (header.p_flags & PF_X) != 0) {
            return refuse("segment {} is writable and executable", index);
        }
        if (!file_.segments.empty() && page_down(header.p_vaddr) < page_up(file_.segments.back().end())) {
            return refuse("segment {} overlaps the one before it", index);
        }
        file_.segments.push_back({header.p_vaddr, header.p_memsz,
                                  bytes_.subspan(header.p_offset, header.p_filesz),
                                  (header.p_flags & PF_W) != 0, (header.p_flags & PF_X) != 0});
        return {};
    }

    // Only whole pages inside one writable segment can be made read-only.
    Result<void> relro() {
        if (relro_.p_memsz == 0) return {};
        if (relro_.p_vaddr >= address_max || relro_.p_memsz >= address_max) {
            return refuse("its read-only data lie outside the address space");
        }
        const auto begin = page_down(relro_.p_vaddr), end = page_down(relro_.p_vaddr + relro_.p_memsz);
        for (const auto& segment : file_.segments) {
            if (segment.writable && begin == page_down(segment.address) && end <= page_up(segment.end())) {
                file_.relro_begin = begin;
                file_.relro_end = end;
                return {};
            }
        }
        return refuse("its read-only data lie in no segment");
    }

    // The bytes of the file at a linked address, when `size` of them lie in one segment.
    Bytes at(std::uint64_t address, std::uint64_t size) const {
        for (const auto& segment : file_.segments) {
            const auto offset = address - segment.address;
            if (offset <= segment.file.size() && size <= segment.file.size() - offset)
                return segment.file.subspan(offset, size);
        }
        return {};
    }

    bool in_memory(std::uint64_t address, std::uint64_t size) const {
        return std::any_of(file_.segments.begin(), file_.segments.end(), [&](const Segment& segment) {
            const auto offset = address - segment.address;
            return offset <= segment.memory_size && size <= segment.memory_size - offset;
        });
    }

    Result<void> note() {
        for (unsigned i = 0; i < header_.e_phnum; ++i) {
            const auto header = program_header(i);
            if (header.p_type != PT_NOTE) continue;
            if (!inside(header.p_offset, header.p_filesz)) return refuse("its notes lie outside the file");
            if (find_note(bytes_.subspan(header.p_offset, header.p_filesz))) return note_fields();
        }
        return foreign();
    }

    bool find_note(Bytes notes) {
        while (notes.size() >= sizeof(Elf64_Nhdr)) {
            Elf64_Nhdr header;
            std::memcpy(&header, notes.data(), sizeof header);
            const std::uint64_t owner = (std::uint64_t{header.n_namesz} + 3) & ~3ull;
            const std::uint64_t content = (std::uint64_t{header.n_descsz} + 3) & ~3ull;
            notes = notes.subspan(sizeof header);
            if (owner > notes.size() || header.n_descsz > notes.size() - owner) return false;
            if (header.n_type == note_type && header.n_namesz == note_owner.size() + 1 &&
                std::memcmp(notes.data(), note_owner.data(), note_owner.size()) == 0) {
                note_ = notes.subspan(owner, header.n_descsz);
                return true;
            }
            notes = notes.subspan(std::min<std::uint64_t>(owner + content, notes.size()));
        }
        return false;
    }

    Result<void> note_fields() {
        std::uint32_t fields[2];
        if (note_.size() < sizeof fields + 2) return foreign();
        std::memcpy(fields, note_.data(), sizeof fields);
        if (fields[0] != image_abi) {
            return refuse(
                "built by another version of portico's tool chain (image version {}, this is {}); build it "
                "again",
                fields[0], image_abi);
        }
        file_.image_flags = fields[1];
        const auto name = note_.subspan(sizeof fields);
        file_.name.assign(reinterpret_cast<const char*>(name.data()),
                          strnlen(reinterpret_cast<const char*>(name.data()), name.size()));
        const bool plain = std::all_of(file_.name.begin(), file_.name.end(),
                                       [](unsigned char c) { return c > 0x20 && c < 0x7f; });
        if (file_.name.empty() || file_.name.size() > image_name_length_max || !plain) {
            return refuse("the driver's name in it is damaged");
        }
        return {};
    }

    Result<void> dynamic() {
        const auto table = at(dynamic_.p_vaddr, dynamic_.p_filesz);
        if (table.size() < sizeof(Elf64_Dyn)) return refuse("no dynamic section inside a segment");
        for (std::size_t offset = 0; offset + sizeof(Elf64_Dyn) <= table.size();
             offset += sizeof(Elf64_Dyn)) {
            Elf64_Dyn entry;
            std::memcpy(&entry, table.data() + offset, sizeof entry);
            if (entry.d_tag == DT_NULL) return {};
            PORTICO_TRY_VOID(dynamic_entry(entry));
        }
        return refuse("its dynamic section has no end");
    }

    Result<void> dynamic_entry(const Elf64_Dyn& entry) {
        const auto value = entry.d_un.d_val;
        switch (entry.d_tag) {
            case DT_RELA:
                rela_ = value;
                break;
            case DT_RELASZ:
                rela_size_ = value;
                break;
            case DT_JMPREL:
                jump_ = value;
                break;
            case DT_PLTRELSZ:
                jump_size_ = value;
                break;
            case DT_SYMTAB:
                symbols_ = value;
                break;
            case DT_STRTAB:
                strings_ = value;
                break;
            case DT_STRSZ:
                strings_size_ = value;
                break;
            case DT_HASH:
                hash_ = value;
                break;
            case DT_RELAENT:
                if (value != sizeof(Elf64_Rela)) return refuse("relocations of {} bytes", value);
                break;
            case DT_SYMENT:
                if (value != sizeof(Elf64_Sym)) return refuse("symbols of {} bytes", value);
                break;
            case DT_PLTREL:
                if (value != DT_RELA) return refuse("relocations without addends");
                break;
            case DT_NEEDED:  // wants other libraries
            case DT_REL:
            case DT_INIT:  // wants code run at load
            case DT_INIT_ARRAY:
            case DT_PREINIT_ARRAY:
            case DT_FINI_ARRAY:
            case 36:  // DT_RELR
                return foreign();
            default:
                break;
        }
        return {};
    }

    Result<void> symbols() {
        const auto strings = at(strings_, strings_size_);
        if (strings.empty() || strings.back() != std::byte{0}) return refuse("its string table is damaged");
        const auto hash = at(hash_, 2 * sizeof(std::uint32_t));
        if (hash.empty()) return refuse("its symbol hash table lies outside the image");
        std::uint32_t counts[2];  // buckets, and chains: one for each symbol
        std::memcpy(counts, hash.data(), sizeof counts);
        const auto table = at(symbols_, std::uint64_t{counts[1]} * sizeof(Elf64_Sym));
        if (table.empty()) return refuse("its symbol table lies outside the image");
        file_.symbols.reserve(counts[1]);
        for (std::size_t i = 0; i < counts[1]; ++i) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, table.data() + i * sizeof symbol, sizeof symbol);
            PORTICO_TRY_VOID(add_symbol(symbol, strings, i));
        }
        return {};
    }

    Result<void> add_symbol(const Elf64_Sym& symbol, Bytes strings, std::size_t index) {
        if (symbol.st_name >= strings.size())
            return refuse("the name of symbol {} lies outside its string table", index);
        const bool defined = symbol.st_shndx != SHN_UNDEF;
        const auto* const text = reinterpret_cast<const char*>(strings.data()) + symbol.st_name;
        const std::string_view name(text, strnlen(text, symbol_name_length_max + 1));
        if (name.size() > symbol_name_length_max)
            return refuse("the name of symbol {} is longer than {} bytes", index, symbol_name_length_max);
        if (defined && symbol.st_value - file_.base >= file_.span)
            return refuse("symbol {} lies outside the image", name);
        if (!defined && !name.empty() && !name.starts_with(import_prefix)) return foreign();
        file_.symbols.push_back({name, symbol.st_value, defined, ELF64_ST_BIND(symbol.st_info) == STB_WEAK});
        return {};
    }

    Result<void> relocations(std::uint64_t address, std::uint64_t size) {
        if (size == 0) return {};
        const auto table = at(address, size);
        if (table.empty() || size % sizeof(Elf64_Rela) != 0)
            return refuse("its relocations lie outside the image");
        file_.relocations.reserve(file_.relocations.size() + size / sizeof(Elf64_Rela));
        for (std::size_t offset = 0; offset < size; offset += sizeof(Elf64_Rela)) {
            Elf64_Rela entry;
            std::memcpy(&entry, table.data() + offset, sizeof entry);
            PORTICO_TRY_VOID(add_relocation(entry));
        }
        return {};
    }

    Result<void> add_relocation(const Elf64_Rela& entry) {
        const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(entry.r_info));
        const auto symbol = static_cast<std::uint32_t>(ELF64_R_SYM(entry.r_info));
        switch (type) {
            case R_X86_64_NONE:
                return {};
            case R_X86_64_RELATIVE:
            case R_X86_64_64:
            case R_X86_64_GLOB_DAT:
            case R_X86_64_JUMP_SLOT:
                break;
            default:
                return refuse("relocation of unknown type {} at {:#x}", type, entry.r_offset);
        }
        if (symbol >= file_.symbols.size())
            return refuse("a relocation names symbol {} of {}", symbol, file_.symbols.size());
        if (!in_memory(entry.r_offset, sizeof(std::uint64_t))) {
            return refuse("a relocation writes outside the image, at {:#x}", entry.r_offset);
        }
        file_.relocations.push_back({entry.r_offset, type, symbol, entry.r_addend});
        return {};
    }

    Result<void> sections() {
        if (header_.e_shnum == 0)
            return refuse("it has no sections (stripped?); PAGE and INIT code cannot be told from the rest");
        if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shnum > image_sections_max ||
            !inside(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr))) {
            return refuse("its section headers are damaged or lie outside the file (cut off?)");
        }
        if (header_.e_shstrndx >= header_.e_shnum) return refuse("its section names are missing");
        const auto names = section_header(header_.e_shstrndx);
        if (!inside(names.sh_offset, names.sh_size) || names.sh_size == 0 ||
            bytes_[names.sh_offset + names.sh_size - 1] != std::byte{0}) {
            return refuse("its section names are damaged");
        }
        for (unsigned i = 0; i < header_.e_shnum; ++i) {
            PORTICO_TRY_VOID(
                add_section(section_header(i), bytes_.subspan(names.sh_offset, names.sh_size), i));
        }
        for (const auto& section : file_.sections) PORTICO_TRY_VOID(own_pages(section));
        return {};
    }

    // What goes out of memory takes nothing else with it (src/build/link_elf.cpp).
    Result<void> own_pages(const SectionHeader& section) const {
        const SectionKind kind = kind_of(section, file_);
        const bool code = kind == SectionKind::paged_code || kind == SectionKind::init_code;
        if (!section.loaded() || section.size == 0 || (!code && kind != SectionKind::paged_data)) return {};
        const auto begin = page_down(section.address), end = page_up(section.address + section.size);
        const bool inside = std::any_of(file_.segments.begin(), file_.segments.end(), [&](const Segment& s) {
            return begin >= page_down(s.address) && end <= page_up(s.end()) && s.executable == code &&
                   s.writable == !code;
        });
        const bool alone = std::none_of(file_.sections.begin(), file_.sections.end(), [&](const auto& other) {
            return &other != &section && other.loaded() && other.size != 0 && other.address < end &&
                   other.address + other.size > begin;
        });
        if (inside && alone) return {};
        return refuse("section {} shares its pages with others, or has not their access", section.name);
    }

    Elf64_Shdr section_header(unsigned index) const {
        return read<Elf64_Shdr>(header_.e_shoff + std::uint64_t{index} * sizeof(Elf64_Shdr));
    }

    Result<void> add_section(const Elf64_Shdr& header, Bytes names, unsigned index) {
        if (header.sh_name >= names.size()) return refuse("section {} has no name", index);
        const bool in_file = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
        if (in_file && !inside(header.sh_offset, header.sh_size)) {
            return refuse("section {} lies outside the file (cut off?)", index);
        }
        const bool loaded = (header.sh_flags & SHF_ALLOC) != 0 && header.sh_type != SHT_NULL;
        if (loaded && (header.sh_addr - file_.base > file_.span ||
                       header.sh_size > file_.base + file_.span - header.sh_addr)) {
            return refuse("section {} lies outside the image", index);
        }
        file_.sections.push_back(
            {reinterpret_cast<const char*>(names.data()) + header.sh_name, loaded ? header.sh_addr : 0,
             header.sh_type == SHT_NULL ? 0 : header.sh_size, header.sh_offset, header.sh_type,
             loaded ? header.sh_flags : header.sh_flags & ~std::uint64_t{SHF_ALLOC}, header.sh_link,
             header.sh_info, in_file ? bytes_.subspan(header.sh_offset, header.sh_size) : Bytes{}});
        return {};
    }

    Bytes bytes_;
    const std::string& label_;
    ElfFile file_;
    Elf64_Ehdr header_{};
    Elf64_Phdr dynamic_{};
    Elf64_Phdr relro_{};
    Bytes note_;
    std::uint64_t rela_ = 0, rela_size_ = 0, jump_ = 0, jump_size_ = 0;
    std::uint64_t symbols_ = 0, strings_ = 0, strings_size_ = 0, hash_ = 0;
};

bool is_import(const DynamicSymbol& symbol) {
    return !symbol.defined && !symbol.name.empty();
}

void add_symbols(const ElfFile& file, Layout& layout, std::vector<std::uint32_t>& imports) {
    for (const auto& symbol : file.symbols) {
        imports.push_back(static_cast<std::uint32_t>(layout.imports.size()));
        if (symbol.defined) layout.exports.push_back({std::string(symbol.name), symbol.value});
        if (is_import(symbol))
            layout.imports.push_back({symbol.name.data() + import_prefix.size(), {}, symbol.weak});
    }
}

void find_unwinding(const ElfFile& file, Layout& layout) {
    const auto* const header = file.section(".eh_frame_hdr");
    if (header == nullptr || !header->loaded()) return;
    for (const auto& segment : file.segments) {
        if (segment.writable || segment.executable ||
            header->address - segment.address >= segment.memory_size)
            continue;
        layout.unwind_header = header->address;
        layout.unwind_base = segment.address;
        layout.unwind_size = segment.memory_size;
    }
}

}  // namespace

Layout layout_of(const ElfFile& file) {
    Layout layout{.name = file.name, .flags = file.image_flags, .base = file.base, .span = file.span};
    layout.preferred = file.base;
    layout.relro_begin = file.relro_begin;
    layout.relro_end = file.relro_end;
    layout.segments = file.segments;
    std::vector<std::uint32_t> imports;  // of each symbol
    add_symbols(file, layout, imports);
    for (const auto& entry : file.relocations) {
        const auto& symbol = file.symbols[entry.symbol];
        const auto addend = static_cast<std::uint64_t>(entry.addend);
        const bool relative = entry.type == R_X86_64_RELATIVE;
        if (!relative && is_import(symbol)) {
            layout.fixups.push_back({entry.address, addend, imports[entry.symbol]});
        } else {
            layout.fixups.push_back({entry.address, relative ? addend : addend + symbol.value});
        }
    }
    for (const auto& section : file.sections) {
        if (!section.loaded() || section.size == 0) continue;
        layout.sections.push_back(
            {std::string(section.name), section.address, section.size, kind_of(section, file)});
    }
    find_unwinding(file, layout);
    const auto* const constructors = file.section(constructor_section);
    if (constructors != nullptr && constructors->size != 0) layout.constructors = constructor_names(file);
    return layout;
}

const SectionHeader* ElfFile::section(std::string_view wanted) const {
    const auto found = std::find_if(sections.begin(), sections.end(),
                                    [&](const SectionHeader& s) { return s.name == wanted; });
    return found == sections.end() ? nullptr : &*found;
}

Result<ElfFile> parse_elf(Bytes bytes, const std::string& label) {
    return ElfParser(bytes, label).run();
}

}  // namespace portico::loader
