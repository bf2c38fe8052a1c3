#include "loader/pe_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "loader/hash.h"
#include "loader/image_format.h"
#include "loader/pe_format.h"
#include "loader/pe_imports.h"
#include "loader/pe_reader.h"
#include "loader/pe_symbols.h"
#include "sim/address_map.h"

namespace portico::loader {
namespace {

const char* machine_name(std::uint16_t machine) {
    switch (machine) {
        case 0x14c:
            return "32-bit x86";
        case 0xAA64:
            return "ARM64";
        case 0x1c0:
        case 0x1c2:
        case 0x1c4:
            return "32-bit ARM";
        case 0x200:
            return "Itanium";
        default:
            return nullptr;
    }
}

// Drivers are named by their file, as on Windows.
std::string name_of(const std::string& label) {
    auto name = std::filesystem::path(label).stem().string().substr(0, image_name_length_max);
    for (char& c : name) {
        if (c <= 0x20 || c >= 0x7f) c = '_';
    }
    return name.empty() ? "driver" : name;
}

class PeParser : private PeReader {
  public:
    PeParser(Bytes bytes, const std::string& label) : PeReader(bytes, label) {
        file_.layout.name = name_of(label);
    }

    Result<PeFile> run() {
        PORTICO_TRY_VOID(headers());
        PORTICO_TRY_VOID(purpose());
        PORTICO_TRY_VOID(sizes());
        PORTICO_TRY_VOID(sections());
        PORTICO_TRY_VOID(refused_directories());
        PORTICO_TRY_VOID(entry());
        PORTICO_TRY_VOID(read_imports(*this, file_.layout));
        PORTICO_TRY_VOID(relocations());
        PORTICO_TRY_VOID(functions());
        PORTICO_TRY_VOID(load_config());
        read_symbols(bytes_, file_header_, section_headers_, base(), file_.symbols);
        constructors();
        choose_place();
        return std::move(file_);
    }

  private:
    Result<void> headers() {
        std::uint32_t at = 0;
        if (!read(0x3c, at)) return refuse("cut off inside its DOS header");
        if (!inside(at, 4)) return refuse("cut off, or a program of DOS: it has no PE header");
        const auto* const signature = reinterpret_cast<const char*>(bytes_.data()) + at;
        if (std::memcmp(signature, "PE\0\0", 4) != 0) {
            if (std::memcmp(signature, "LE", 2) == 0 || std::memcmp(signature, "NE", 2) == 0)
                return refuse("a driver of 16-bit Windows (VxD); Portico runs WDM drivers built for x64");
            return refuse("it has no PE header; damaged, or a program of DOS");
        }
        if (!read(at + 4, file_header_)) return refuse("cut off inside its PE header");
        if (file_header_.Machine != pe::machine_amd64) {
            const char* const name = machine_name(file_header_.Machine);
            if (name == nullptr)
                return refuse("built for an unknown machine ({:#x}); build it for x64", file_header_.Machine);
            return refuse("built for {}; build the driver for x64", name);
        }
        const std::uint64_t optional_at = at + 4 + sizeof file_header_;
        if (!read(optional_at, optional_) || file_header_.SizeOfOptionalHeader < sizeof optional_)
            return refuse("cut off inside its PE header");
        if (optional_.Magic != pe::magic_pe32_plus)
            return refuse("not PE32+ (magic {:#x}); damaged", optional_.Magic);
        directory_count_ = std::min<std::uint32_t>(optional_.NumberOfRvaAndSizes, pe::directory_count);
        if (file_header_.SizeOfOptionalHeader <
            sizeof optional_ + directory_count_ * sizeof(pe::DataDirectory))
            return refuse("its data directories do not fit into its header");
        for (unsigned i = 0; i < directory_count_; ++i) {
            if (!read(optional_at + sizeof optional_ + i * sizeof(pe::DataDirectory), directories_[i]))
                return refuse("cut off inside its data directories");
        }
        sections_at_ = optional_at + file_header_.SizeOfOptionalHeader;
        return {};
    }

    // Windows' subsystems: 1 is native, which drivers are.
    Result<void> purpose() const {
        if ((file_header_.Characteristics & pe::executable_image) == 0)
            return refuse("an image that the linker found errors in");
        if (directory(pe::directory_clr).VirtualAddress != 0) return refuse("a .NET program, not a driver");
        switch (optional_.Subsystem) {
            case 1:
                return {};
            case 2:
            case 3:
                if ((file_header_.Characteristics & pe::dll) != 0)
                    return refuse("a library of user mode (DLL), not a driver");
                return refuse("a program of user mode (EXE), not a driver");
            case 10:
            case 11:
            case 12:
            case 13:
                return refuse("a program for the firmware (EFI), not a driver");
            default:
                return refuse("subsystem {}, not a driver; link it with /SUBSYSTEM:NATIVE /DRIVER",
                              optional_.Subsystem);
        }
    }

    Result<void> sizes() {
        const auto alignment = optional_.SectionAlignment;
        if (alignment < sim::page_size || (alignment & (alignment - 1)) != 0) {
            return refuse(
                "sections aligned to {} bytes share pages, so they cannot be protected; link without /ALIGN",
                alignment);
        }
        if (optional_.SizeOfImage == 0 || optional_.SizeOfImage > image_span_bytes_max) {
            return refuse("takes {} bytes of address space; images of more than {} are refused",
                          optional_.SizeOfImage, image_span_bytes_max);
        }
        if (base() % sim::page_size != 0 || base() >= 1ull << 62)
            return refuse("based at {:#x}, which is no page", base());
        if (!inside(0, optional_.SizeOfHeaders) || optional_.SizeOfHeaders == 0 ||
            page_up(optional_.SizeOfHeaders) > optional_.SizeOfImage)
            return refuse("its headers do not lie inside the file and the image (cut off?)");
        auto& layout = file_.layout;
        layout.windows = true;
        layout.base = base();
        layout.span = page_up(optional_.SizeOfImage);
        layout.segments.push_back(
            {base(), optional_.SizeOfHeaders, bytes_.first(optional_.SizeOfHeaders), false, false});
        return {};
    }

    Result<void> sections() {
        if (file_header_.NumberOfSections == 0) return refuse("it has no sections");
        if (file_header_.NumberOfSections > pe::section_limit)
            return refuse("{} sections; Windows loads no image of more than {}",
                          file_header_.NumberOfSections, pe::section_limit);
        std::uint64_t end = page_up(optional_.SizeOfHeaders);
        for (unsigned i = 0; i < file_header_.NumberOfSections; ++i) {
            pe::SectionHeader header;
            if (!read(sections_at_ + i * sizeof header, header))
                return refuse("cut off inside its section headers");
            section_headers_.push_back(header);
            PORTICO_TRY_VOID(section(header, section_name(bytes_, file_header_, header), end));
        }
        return {};
    }

    Result<void> section(const pe::SectionHeader& header, const std::string& name, std::uint64_t& end) {
        const std::uint64_t size = header.VirtualSize != 0 ? header.VirtualSize : header.SizeOfRawData;
        if (header.VirtualAddress % optional_.SectionAlignment != 0 || header.VirtualAddress < end)
            return refuse("section {} overlaps what is before it, or lies at no multiple of the alignment",
                          name);
        if (header.VirtualAddress + size > optional_.SizeOfImage)
            return refuse("section {} lies outside the image", name);
        // Windows reads whole disk sectors.
        const std::uint64_t offset = header.PointerToRawData & ~511u;
        const std::uint64_t raw =
            header.PointerToRawData == 0 ? 0 : std::min<std::uint64_t>(header.SizeOfRawData, page_up(size));
        if (!inside(offset, raw)) return refuse("section {} lies outside the file (cut off?)", name);
        end = page_up(header.VirtualAddress + size);
        if (size == 0) return {};
        const Bytes content = bytes_.subspan(offset, std::min(raw, size));
        if (name.starts_with(".debug_")) {
            file_.debug_sections.push_back({name, content});
            return {};
        }
        return loaded_section(header, name, size, content);
    }

    Result<void> loaded_section(const pe::SectionHeader& header, const std::string& name, std::uint64_t size,
                                Bytes content) {
        const bool executable = (header.Characteristics & pe::section_executable) != 0;
        const bool writable = (header.Characteristics & pe::section_writable) != 0;
        const bool init =
            name == "INIT" || (executable && (header.Characteristics & pe::section_discardable) != 0);
        const bool has_entry = optional_.AddressOfEntryPoint - header.VirtualAddress < size;
        if (executable && content.empty()) return packed(name, "has code, but nothing of it in the file");
        // Microsoft's linker once made INIT both; it is never written.
        if (executable && writable && has_entry && !init)
            return packed(name, "holds the entry point and is writable");
        auto kind = SectionKind::constant;
        const bool paged = name.starts_with("PAGE");
        if (executable) {
            kind = paged ? SectionKind::paged_code : init ? SectionKind::init_code : SectionKind::code;
        } else if (writable) {
            kind = paged ? SectionKind::paged_data : SectionKind::data;
        }
        auto& layout = file_.layout;
        const auto address = base() + header.VirtualAddress;
        layout.segments.push_back({address, size, content, writable && !executable, executable});
        layout.sections.push_back({name, address, size, kind});
        return {};
    }

    Error packed(const std::string& name, const char* why) const {
        return refuse("packed: section {} {}; load the driver as its linker made it", name, why);
    }

    Result<void> refused_directories() const {
        if (directory(pe::directory_tls).VirtualAddress != 0)
            return refuse("has thread-local variables, which kernel drivers cannot have");
        if (directory(pe::directory_delay_import).VirtualAddress != 0)
            return refuse("has delay-loaded imports, which kernel drivers cannot have");
        return {};
    }

    Result<void> entry() {
        if (optional_.AddressOfEntryPoint == 0)
            return refuse("it has no entry point; link it with /ENTRY:DriverEntry or /DRIVER");
        const auto address = base() + optional_.AddressOfEntryPoint;
        const auto* const segment = segment_at(address, 1);
        if (segment == nullptr || !segment->executable) return refuse("its entry point lies in no code");
        file_.layout.exports.push_back({"DriverEntry", address});
        return {};
    }

    Result<void> relocations() {
        const auto& where = directory(pe::directory_relocation);
        file_.layout.movable = (file_header_.Characteristics & pe::relocations_stripped) == 0;
        if (where.Size == 0) return {};
        const auto table = at(where.VirtualAddress, where.Size);
        if (table.empty()) return refuse("its relocations lie outside the image");
        file_.layout.fixups.reserve(file_.layout.fixups.size() + table.size() / sizeof(std::uint16_t));
        for (std::size_t offset = 0; table.size() - offset >= sizeof(pe::RelocationBlock);) {
            pe::RelocationBlock block;
            std::memcpy(&block, table.data() + offset, sizeof block);
            if (block.SizeOfBlock == 0) break;
            if (block.SizeOfBlock < sizeof block || block.SizeOfBlock > table.size() - offset)
                return refuse("its relocations are damaged, {:#x} bytes into them", offset);
            PORTICO_TRY_VOID(
                relocation_block(block.VirtualAddress,
                                 table.subspan(offset + sizeof block, block.SizeOfBlock - sizeof block)));
            offset += block.SizeOfBlock;
        }
        return {};
    }

    Result<void> relocation_block(std::uint32_t page, Bytes entries) {
        for (std::size_t i = 0; i + 2 <= entries.size(); i += 2) {
            std::uint16_t entry = 0;
            std::memcpy(&entry, entries.data() + i, sizeof entry);
            const unsigned type = entry >> 12;
            const auto address = base() + page + (entry & 0xfff);
            if (type == pe::relocation_absolute) continue;
            if (type != pe::relocation_dir64)
                return refuse("relocation of type {} at {:#x}; x64 has none but DIR64", type, address);
            const auto* const segment = segment_at(address, sizeof(std::uint64_t));
            if (segment == nullptr) return refuse("a relocation writes outside the image, at {:#x}", address);
            std::uint64_t linked = 0;
            const auto offset = address - segment->address;
            if (offset < segment->file.size())
                std::memcpy(&linked, segment->file.data() + offset,
                            std::min<std::size_t>(sizeof linked, segment->file.size() - offset));
            file_.layout.fixups.push_back({address, linked});
        }
        return {};
    }

    Result<void> functions() {
        const auto& where = directory(pe::directory_exception);
        if (where.Size == 0) return {};
        constexpr std::size_t row = 12;
        const auto table = at(where.VirtualAddress, where.Size);
        if (table.empty() || where.VirtualAddress % 4 != 0)
            return refuse("its exception table lies outside the image");
        std::uint32_t end = 0;
        for (std::size_t i = 0; i + row <= table.size(); i += row) {
            std::uint32_t fields[3];
            std::memcpy(fields, table.data() + i, sizeof fields);
            // A linker pads the table with zeroes.
            if (fields[0] == 0 && fields[1] == 0) break;
            if (fields[0] < end || fields[1] <= fields[0] || fields[1] > optional_.SizeOfImage ||
                !unwind_info_inside(fields[2] & ~3u))
                return refuse("its exception table is damaged in row {}", i / row);
            end = fields[1];
            ++file_.layout.function_count;
        }
        file_.layout.functions = base() + where.VirtualAddress;
        return {};
    }

    // Four bytes, the codes, and a row of another function when it is chained to it.
    bool unwind_info_inside(std::uint32_t address, unsigned depth = 0) const {
        const auto header = at(address, 4);
        if (header.empty() || depth == unwind_chain_max) return false;
        const auto codes = std::to_integer<std::uint32_t>(header[2]);
        const std::uint32_t size = 4 + 2 * (codes + codes % 2);
        const bool chained = (std::to_integer<unsigned>(header[0]) >> 3 & 4u) != 0;
        if (!chained) return !at(address, size).empty();
        const auto row = at(address, size + sizeof(RuntimeFunction));
        if (row.empty()) return false;
        RuntimeFunction function;
        std::memcpy(&function, row.data() + size, sizeof function);
        return unwind_info_inside(function.unwind_info & ~3u, depth + 1);
    }

    // What the system fills in before DriverEntry: the stack cookie, and where guarded calls (CFG) go.
    Result<void> load_config() {
        const auto& where = directory(pe::directory_load_config);
        if (where.VirtualAddress == 0) return {};
        const auto size_field = at(where.VirtualAddress, 4);
        std::uint32_t size = 0;
        if (!size_field.empty()) std::memcpy(&size, size_field.data(), sizeof size);
        const auto table = at(where.VirtualAddress, size);
        if (table.empty()) return refuse("its load configuration lies outside the image");
        const auto functions = guard_functions();
        // Any value but the linker's will do; of 48 bits, so that no string reaches its upper end.
        const std::uint64_t cookie = (0x6EBA5C1D2F37 ^ base() >> 12 ^ optional_.SizeOfImage) & 0xFFFFFFFFFFFF;
        PORTICO_TRY_VOID(patch(table, pe::load_config_security_cookie, cookie));
        PORTICO_TRY_VOID(patch(table, pe::load_config_guard_check, functions.check));
        PORTICO_TRY_VOID(patch(table, pe::load_config_guard_dispatch, functions.dispatch));
        PORTICO_TRY_VOID(patch(table, pe::load_config_guard_xfg_check, functions.check));
        PORTICO_TRY_VOID(patch(table, pe::load_config_guard_xfg_dispatch, functions.dispatch));
        return patch(table, pe::load_config_guard_xfg_table_dispatch, functions.dispatch);
    }

    Result<void> patch(Bytes table, std::uint32_t field, std::uint64_t value) {
        std::uint64_t address = 0;
        if (table.size() < field + sizeof address) return {};
        std::memcpy(&address, table.data() + field, sizeof address);
        if (address == 0) return {};
        if (segment_at(address, sizeof value) == nullptr)
            return refuse("its load configuration names {:#x}, which lies outside the image", address);
        file_.layout.patches.push_back({address, value});
        return {};
    }

    // .CRT keeps pointers to what would construct static objects.
    void constructors() {
        const auto found = std::find_if(file_.layout.sections.begin(), file_.layout.sections.end(),
                                        [](const LayoutSection& section) { return section.name == ".CRT"; });
        if (found == file_.layout.sections.end()) return;
        const auto pointers = at(static_cast<std::uint32_t>(found->address - base()), 1);
        const auto* const segment = segment_at(found->address, 1);
        if (pointers.empty() || std::all_of(segment->file.begin(), segment->file.end(),
                                            [](std::byte byte) { return byte == std::byte{0}; }))
            return;
        file_.layout.constructors = constructed_variables(file_.symbols);
    }

    // Where its linker put it, when that is a place for images; else where its name says, so that the same
    // driver lies at the same addresses in every run.
    void choose_place() {
        auto& layout = file_.layout;
        layout.preferred = layout.base;
        if (sim::image_range.contains(layout.base) || !layout.movable) return;
        const auto hash = Xxh64::of(std::as_bytes(std::span(layout.name)));
        layout.preferred = sim::image_range.base + hash % (sim::image_range.size / slot_size) * slot_size;
    }

    std::uint64_t base() const { return optional_.ImageBase; }

    PeFile& file_ = parsed_;
    std::uint64_t sections_at_ = 0;
};

}  // namespace

bool is_pe(Bytes bytes) {
    return bytes.size() >= 2 && std::memcmp(bytes.data(), "MZ", 2) == 0;
}

Result<PeFile> parse_pe(Bytes bytes, const std::string& label) {
    if (bytes.size() > image_file_bytes_max) {
        return Error{label + fmt::format(": {} bytes; images of more than {} are refused", bytes.size(),
                                         image_file_bytes_max)};
    }
    return PeParser(bytes, label).run();
}

}  // namespace portico::loader
