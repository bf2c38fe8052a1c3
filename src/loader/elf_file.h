// A driver file taken apart and checked: everything that mapping, binding and symbol look-up rely on has been
// proved to lie inside the file and inside the image before anything of it is used. Pure: no memory is mapped
// here.
#pragma once

#include <elf.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loader/layout.h"

namespace portico::loader {

struct SectionHeader {
    std::string_view name;
    std::uint64_t address;  // as linked; 0 when not loaded
    std::uint64_t size;
    std::uint64_t offset;  // in the file
    std::uint32_t type;
    std::uint64_t flags;
    std::uint32_t link;
    std::uint32_t info;
    Bytes file;  // empty for SHT_NOBITS
    bool loaded() const { return (flags & SHF_ALLOC) != 0; }
};

struct DynamicSymbol {
    std::string_view name;
    std::uint64_t value;  // as linked
    bool defined;
    bool weak;
};

struct Relocation {
    std::uint64_t address;  // of the eight bytes to write, as linked; they lie inside one segment
    std::uint32_t type;     // R_X86_64_RELATIVE or one of those that store symbol + addend
    std::uint32_t symbol;   // index into `symbols`
    std::int64_t addend;
};

struct ElfFile {
    Bytes bytes;                    // must outlive this
    std::string name;               // the driver's, from the tool chain's note
    std::uint32_t image_flags = 0;  // image_flag_*
    std::uint64_t base = 0;         // lowest linked address, page aligned
    std::uint64_t span = 0;         // to the end of the last page
    std::uint64_t relro_begin = 0;  // whole pages that become read-only once relocated
    std::uint64_t relro_end = 0;
    std::vector<Segment> segments;  // each PT_LOAD
    std::vector<SectionHeader> sections;
    std::vector<DynamicSymbol> symbols;
    std::vector<Relocation> relocations;

    const SectionHeader* section(std::string_view name) const;
};

// Refuses what is not a well-formed image of the tool chain; the error line begins with `label` and says why.
Result<ElfFile> parse_elf(Bytes bytes, const std::string& label);

// What of it the loader needs to know.
Layout layout_of(const ElfFile& file);

}  // namespace portico::loader
