// What mapping, binding and describing an image need to know, whatever its format. Addresses are as linked;
// all of them were proved to lie inside the image.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/address_map.h"

namespace portico::loader {

using Bytes = std::span<const std::byte>;

// Each image lies in one of these parts of sim::image_range.
constexpr std::uint64_t slot_size = 16 * sim::MiB;

constexpr std::uint64_t page_down(std::uint64_t address) {
    return address & ~(sim::page_size - 1);
}
constexpr std::uint64_t page_up(std::uint64_t address) {
    return page_down(address + sim::page_size - 1);
}

enum class SectionKind : std::uint8_t { code, paged_code, init_code, constant, data, paged_data };

// `file` bytes and then zeroes, at `address`; no two on one page.
struct Segment {
    std::uint64_t address;
    std::uint64_t memory_size;
    Bytes file;
    bool writable;
    bool executable;
    std::uint64_t end() const { return address + memory_size; }
};

struct LayoutSection {
    std::string name;
    std::uint64_t address;
    std::uint64_t size;
    SectionKind kind;
};

struct Import {
    std::string name;       // "KeSetEvent", "#12"
    std::string module{};   // "ntoskrnl.exe"; empty: the format does not say
    bool optional = false;  // null when nobody implements it
    bool foreign = false;   // of a module that Portico does not stand for, so nobody can implement it
};

// Eight bytes that get an import's address, or what they mean where the image lies, plus `addend`.
struct Fixup {
    static constexpr std::uint32_t own_address = UINT32_MAX;
    std::uint64_t address;
    std::uint64_t addend;
    std::uint32_t import = own_address;
};

// Eight bytes that the system fills in.
struct Patch {
    std::uint64_t address;
    std::uint64_t value;
};

// A row of a PE image's exception table: addresses relative to the image's base (RUNTIME_FUNCTION of ntdef).
struct RuntimeFunction {
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t unwind_info;
};

struct LayoutExport {
    std::string name;
    std::uint64_t address;
};

struct Layout {
    std::string name;
    std::uint32_t flags = 0;        // image_flag_*
    std::uint64_t base = 0;         // lowest address, page aligned
    std::uint64_t span = 0;         // to the end of the last page
    std::uint64_t preferred = 0;    // where it goes when that is free; not 0 and not `base`: it can be moved
    bool movable = true;            // false: it has no relocations
    std::uint64_t relro_begin = 0;  // whole pages that become read-only once relocated
    std::uint64_t relro_end = 0;
    bool windows = false;           // a .sys: frames are found by its exception table, or are leaves
    std::vector<Segment> segments;  // ascending
    std::vector<LayoutSection> sections;
    std::vector<LayoutExport> exports;
    std::vector<Import> imports;
    std::vector<Fixup> fixups;
    std::vector<Patch> patches;
    std::vector<std::string> constructors;  // variables that only a constructor would make ready
    std::uint64_t unwind_header = 0;        // .eh_frame_hdr, and the read-only segment that holds it; 0: none
    std::uint64_t unwind_base = 0;
    std::uint64_t unwind_size = 0;
    std::uint64_t functions = 0;  // the RUNTIME_FUNCTION table of a PE image, and how many it has
    std::uint64_t function_count = 0;
};

}  // namespace portico::loader
