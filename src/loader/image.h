// A driver image in memory: where its parts lie, what it exports and lacks, and its statics as they were
// before any of its code ran.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "loader/coverage.h"
#include "loader/init_code.h"
#include "loader/layout.h"
#include "sim/address_map.h"

namespace portico::loader {

struct JitEntry;  // gdb_jit.h

struct Section {
    std::string name;
    sim::AddressRange range;
    SectionKind kind;
};

struct Export {
    std::string name;
    std::uint64_t address;
};

class Image;

// An import that nobody implements: its code tells its name and its caller when it is called.
struct MissingImport {
    // `name`: "KeFooBar", or "#12" when it is imported by its number. `module`: "ntoskrnl.exe"; empty when
    // the image does not say.
    MissingImport(const std::string& name, const std::string& module, Image* image)
        : name(name), label(module.empty() ? name : module + "!" + name), image(image) {}

    std::string name;
    std::string label;  // "ntoskrnl.exe!KeFooBar"
    Image* image;
    std::uint64_t stub = 0;  // what the image has of it: a page of its own that cannot be touched
    std::uint64_t code = 0;  // where a call of it goes on
};

class Image {
  public:
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
    ~Image();

    const std::string& name() const { return name_; }  // "mpu401"
    const std::string& path() const { return path_; }  // of the file, or what the embedding program calls it
    std::uint64_t hash() const { return hash_; }  // XXH64 of the file: replay files name the driver by it
    bool checked() const;
    bool asan() const;

    // Everything mapped for it, stubs included.
    sim::AddressRange range() const { return range_; }
    bool contains(std::uint64_t address) const { return range_.contains(address); }

    // "DriverEntry", "PorticoCreateMiniport"; null when it has none.
    void* exported(std::string_view name) const;
    // The same, or the line that says that the driver lacks it.
    Result<void*> entry(std::string_view name) const;

    const std::vector<Section>& sections() const { return sections_; }
    const Section* section_at(std::uint64_t address) const;  // null between sections
    bool is_paged_code(std::uint64_t address) const { return kind_is(address, SectionKind::paged_code); }
    bool is_init_code(std::uint64_t address) const { return kind_is(address, SectionKind::init_code); }

    const std::vector<std::unique_ptr<MissingImport>>& missing_imports() const { return missing_; }
    // The one whose page or code holds the address; null: none.
    const MissingImport* missing_import_at(std::uint64_t address) const;

    // Variables whose constructors Windows would never run, nor does the loader.
    const std::vector<std::string>& static_constructors() const { return constructors_; }

    // How its functions save registers and handle exceptions, sorted by address; empty for ELF images. Rows
    // and what they name lie inside the image.
    std::span<const RuntimeFunction> functions() const { return functions_; }
    bool windows() const { return windows_; }  // a .sys
    // The row of the function that holds the address; null: it is a leaf, or no function of the table.
    const RuntimeFunction* function_at(std::uint64_t address) const;
    // What the image's relative addresses are relative to.
    std::uint64_t base() const { return range_.base; }
    std::uint64_t linked_base() const { return linked_base_; }

    // All of the bytes lie in one section that is still there.
    bool is_readable(std::uint64_t address, std::uint64_t size) const;

    // INIT code goes, as Windows lets it when DriverEntry has returned. reset_statics() brings it back.
    void discard_init_code();
    // The address lies in INIT code that has gone.
    bool is_discarded(std::uint64_t address) const { return init_discarded_ && is_init_code(address); }

    // Its writable data as they were when it was loaded: what a new Machine starts with.
    void reset_statics();

    // Its PAGE sections go out of memory with the rest of what is pageable (sim/paging.h) until it is
    // unloaded.
    void become_pageable() const;

    // Where .eh_frame_hdr lies, and the read-only memory around it that unwinding may look at; empty without.
    std::uint64_t unwind_header() const { return unwind_header_; }
    sim::AddressRange unwind_range() const { return unwind_range_; }

    // An ELF file with symbols and debug information, for debuggers (libdw, gdb): of ELF images at the
    // address as loaded, of PE images as linked. Empty: nothing is known. Made at the first question: most
    // runs ask none.
    Bytes debug_file() const;
    // From now on gdb knows it, where it may (src/loader/gdb_jit.h).
    void show_to_gdb();

    // Where it counts what runs; none: it was built without --coverage.
    const std::optional<CoverageSections>& coverage() const { return coverage_; }

  private:
    friend class ImageBuilder;
    Image() = default;
    void set_init_access(int access);
    void bring_init_code_back();
    bool kind_is(std::uint64_t address, SectionKind kind) const;

    // Writable memory, and how it begins; the rest of it is zero.
    struct Statics {
        sim::AddressRange range;
        std::vector<std::byte> pristine;
    };

    std::string name_;
    std::string path_;
    std::uint64_t hash_ = 0;
    std::uint32_t flags_ = 0;
    sim::AddressRange range_{};
    std::uint64_t unwind_header_ = 0;
    sim::AddressRange unwind_range_{};
    Bytes file_;
    std::vector<std::byte> own_file_;  // empty: `file_` is somebody else's, who keeps it
    mutable std::optional<std::vector<std::byte>> debug_file_;
    std::vector<Section> sections_;
    std::vector<Export> exports_;
    std::vector<std::unique_ptr<MissingImport>> missing_;
    std::vector<std::string> constructors_;
    std::vector<Statics> statics_;
    std::span<const RuntimeFunction> functions_;
    std::optional<CoverageSections> coverage_;
    std::uint64_t linked_base_ = 0;
    bool windows_ = false;
    bool init_discarded_ = false;
    std::vector<std::unique_ptr<InitCode>> init_code_;  // empty: its pages' access changes
    std::unique_ptr<JitEntry> jit_;
};

}  // namespace portico::loader
