#include "loader/loader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "loader/asan_adapters.h"
#include "loader/elf_file.h"
#include "loader/gdb_jit.h"
#include "loader/hash.h"
#include "loader/image_format.h"
#include "loader/places.h"
#include "loader/pe_file.h"
#include "loader/stubs.h"
#include "loader/unwind_images.h"
#include "nt/ddi.h"
#include "nt/hal/trap.h"

namespace portico::loader {

namespace {

void* map_at(std::uint64_t address, std::uint64_t size) {
    void* const wanted = reinterpret_cast<void*>(address);
    void* const got = ::mmap(wanted, size, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == wanted) return got;
    if (got != MAP_FAILED) ::munmap(got, size);  // a kernel that does not know the flag
    return nullptr;
}

// Where the image goes: where it wants to lie, or in the next slot of the image range that is free. The same
// loads in the same order give the same addresses in every process.
std::uint64_t map_image(const Layout& layout, std::uint64_t size) {
    const auto fits = [&](std::uint64_t address) {
        return sim::image_range.contains(address) && size <= sim::image_range.end() - address;
    };
    const auto wanted = layout.preferred;
    if (fits(wanted) && map_at(wanted, size) != nullptr) return wanted;
    if (!layout.movable) return 0;
    const auto slots = sim::image_range.size / slot_size;
    const auto first =
        sim::image_range.contains(wanted) ? (wanted - sim::image_range.base) / slot_size + 1 : 0;
    for (std::uint64_t i = 0; i < slots; ++i) {
        const auto address = sim::image_range.base + (first + i) % slots * slot_size;
        if (fits(address) && map_at(address, size) != nullptr) return address;
    }
    return 0;
}

}  // namespace

// A driver's file in memory.
struct FileBytes {
    Bytes all;
    std::vector<std::byte> own;  // what `all` are, unless somebody else keeps them
    std::uint64_t hash;
};

class ImageBuilder {
  public:
    ImageBuilder(const Layout& layout, const FileBytes& file, const std::string& label,
                 const LoadOptions& options)
        : layout_(layout), label_(label), find_export_(options.find_export), image_(new Image) {
        image_->name_ = layout.name;
        image_->path_ = label;
        image_->flags_ = layout.flags;
        image_->hash_ = file.hash;
        image_->file_ = file.all;
    }

    Result<void> place() {
        if (image_->asan() && find_asan_adapter("__asan_load8") == nullptr) {
            return Error{label_ +
                         ": built with AddressSanitizer, but this portico was not; build the driver without "
                         "--asan, or play it "
                         "with that of 'tools/build sanitized', build/sanitized/bin/portico"};
        }
        find_missing();
        return map();
    }

    std::unique_ptr<Image> build(FileBytes& file) {
        copy_segments();
        bind();
        fix_up();
        keep_statics();
        describe();
        find_coverage();
        protect();
        answer_unwinder();
        answer_for_images();
        image_->own_file_ = std::move(file.own);
        return std::move(image_);
    }

  private:
    std::uint64_t resolve(const Import& import) const {
        if (import.foreign) return 0;
        const void* const found = find_export_(import.name.c_str());
        return reinterpret_cast<std::uint64_t>(found != nullptr ? found
                                                                : find_asan_adapter(import.name.c_str()));
    }

    void find_missing() {
        addresses_.reserve(layout_.imports.size());
        for (const auto& import : layout_.imports) {
            addresses_.push_back(resolve(import));
            if (import.optional || addresses_.back() != 0) continue;
            image_->missing_.push_back(
                std::make_unique<MissingImport>(import.name, import.module, image_.get()));
        }
    }

    Result<void> map() {
        const auto size = layout_.span + missing_pages_size() + page_up(image_->missing_.size() * stub_size);
        const auto address = map_image(layout_, size);
        if (address == 0 && !layout_.movable) {
            return Error{label_ +
                         fmt::format(": linked for {:#x} and without relocations, so it cannot lie where "
                                     "drivers do; link it without /FIXED",
                                     layout_.base)};
        }
        if (address == 0)
            return Error{label_ + ": no room for it in the address range of images; unload others",
                         ExitCode::missing};
        image_->range_ = {address, size};
        shift_ = address - layout_.base;
        set_access({address, layout_.span}, PROT_READ | PROT_WRITE);
        set_access(stubs(), PROT_READ | PROT_WRITE);
        // One call instead of a fault for each page; what the kernel cannot do, the faults do.
        if (layout_.windows) ::madvise(reinterpret_cast<void*>(address), layout_.span, MADV_POPULATE_WRITE);
        return {};
    }

    // Behind the image lie a page for each missing import, and the code for their calls.
    std::uint64_t missing_pages_size() const { return image_->missing_.size() * sim::page_size; }
    sim::AddressRange stubs() const {
        const auto begin = image_->range_.base + layout_.span + missing_pages_size();
        return {begin, image_->range_.end() - begin};
    }

    static void set_access(sim::AddressRange range, int access) {
        if (range.size == 0) return;
        PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(range.base), range.size, access) == 0);
    }

    std::byte* memory(std::uint64_t linked) const { return reinterpret_cast<std::byte*>(linked + shift_); }

    void copy_segments() const {
        for (const auto& segment : layout_.segments) {
            if (!segment.file.empty())
                std::memcpy(memory(segment.address), segment.file.data(), segment.file.size());
        }
    }

    void bind() {
        std::uint64_t page = image_->range_.base + layout_.span;
        std::uint64_t code = stubs().base;
        auto missing = image_->missing_.begin();
        for (std::size_t i = 0; i < layout_.imports.size(); ++i) {
            if (addresses_[i] != 0 || layout_.imports[i].optional) continue;
            MissingImport& import = **missing++;
            write_stub(reinterpret_cast<std::byte*>(code), &import);
            addresses_[i] = import.stub = page;
            import.code = code;
            page += sim::page_size;
            code += stub_size;
        }
    }

    void write(std::uint64_t linked, std::uint64_t value) const {
        std::memcpy(memory(linked), &value, sizeof value);
    }

    void fix_up() const {
        for (const auto& fixup : layout_.fixups) {
            const auto base = fixup.import == Fixup::own_address ? shift_ : addresses_[fixup.import];
            write(fixup.address, base + fixup.addend);
        }
        for (const auto& patch : layout_.patches) write(patch.address, patch.value);
    }

    bool is_relro(const Segment& segment) const {
        return segment.address >= layout_.relro_begin && segment.address < layout_.relro_end;
    }

    // What of a writable segment stays writable.
    sim::AddressRange statics_of(const Segment& segment) const {
        const auto begin = is_relro(segment) ? std::min(layout_.relro_end, segment.end()) : segment.address;
        return {begin + shift_, segment.end() - begin};
    }

    void keep_statics() {
        for (const auto& segment : layout_.segments) {
            const auto range = statics_of(segment);
            if (!segment.writable || range.size == 0) continue;
            const auto initialised_end = std::max(segment.address + shift_ + segment.file.size(), range.base);
            const auto begin = reinterpret_cast<const std::byte*>(range.base);
            std::vector<std::byte> pristine(begin, begin + (initialised_end - range.base));
            image_->statics_.push_back({range, std::move(pristine)});
        }
    }

    void describe() {
        for (const auto& section : layout_.sections) {
            image_->sections_.push_back(
                {section.name, {section.address + shift_, section.size}, section.kind});
        }
        for (const auto& entry : layout_.exports)
            image_->exports_.push_back({entry.name, entry.address + shift_});
        image_->constructors_ = layout_.constructors;
        image_->linked_base_ = layout_.base;
        image_->windows_ = layout_.windows;
        if (layout_.function_count != 0) {
            image_->functions_ = {reinterpret_cast<const RuntimeFunction*>(layout_.functions + shift_),
                                  layout_.function_count};
        }
        image_->unwind_header_ = layout_.unwind_header == 0 ? 0 : layout_.unwind_header + shift_;
        image_->unwind_range_ = {layout_.unwind_base + shift_, layout_.unwind_size};
    }

    // By the names that clang gives its sections in ELF and PE files. None of an image's sections need be
    // mapped, so that is looked at.
    void find_coverage() {
        const auto version = mapped_section(".lprfver", ".lprfver");
        const auto counters = mapped_section("__llvm_prf_cnts", ".lprfc");
        const auto data = mapped_section("__llvm_prf_data", ".lprfd");
        auto names = mapped_section("__llvm_prf_names", ".lprfn");
        const bool writable =
            std::any_of(image_->statics_.begin(), image_->statics_.end(), [&](const auto& part) {
                return counters.base >= part.range.base && counters.end() <= part.range.end();
            });
        if (version.size < sizeof(std::uint64_t) || counters.size == 0 || data.size == 0 || names.size < 2 ||
            !writable)
            return;
        // In a PE file they begin behind a byte (src/driverlib/coverage.c).
        if (layout_.windows) names = {names.base + 1, names.size - 1};
        image_->coverage_ = CoverageSections{version, counters, data, names};
    }

    // Where the section lies; empty when there is none, or not all of it is in memory.
    sim::AddressRange mapped_section(std::string_view elf_name, std::string_view pe_name) const {
        for (const auto& section : layout_.sections) {
            if (section.name != (layout_.windows ? pe_name : elf_name)) continue;
            for (const auto& segment : layout_.segments) {
                if (section.address >= segment.address && section.address <= segment.end() &&
                    section.size <= segment.end() - section.address)
                    return {section.address + shift_, section.size};
            }
        }
        return {};
    }

    void protect() const {
        set_access(image_->range_, PROT_NONE);
        for (const auto& segment : layout_.segments) {
            const auto begin = (segment.address + shift_) & ~(sim::page_size - 1);
            const int access =
                PROT_READ | (segment.writable ? PROT_WRITE : 0) | (segment.executable ? PROT_EXEC : 0);
            set_access({begin, page_up(segment.end() + shift_) - begin}, access);
        }
        set_access({layout_.relro_begin + shift_, layout_.relro_end - layout_.relro_begin}, PROT_READ);
        set_access(stubs(), PROT_READ | PROT_EXEC);
    }

    const Layout& layout_;
    const std::string& label_;
    const void* (*find_export_)(const char*);
    std::unique_ptr<Image> image_;
    std::uint64_t shift_ = 0;
    std::vector<std::uint64_t> addresses_;  // of layout_.imports
};

namespace {

// Which state of which file: a build writes a new one. Asking costs a microsecond, reading and hashing many.
struct FileIdentity {
    explicit FileIdentity(const struct stat& s)
        : numbers{s.st_dev,
                  s.st_ino,
                  static_cast<std::uint64_t>(s.st_size),
                  static_cast<std::uint64_t>(s.st_mtim.tv_sec),
                  static_cast<std::uint64_t>(s.st_mtim.tv_nsec),
                  static_cast<std::uint64_t>(s.st_ctim.tv_sec),
                  static_cast<std::uint64_t>(s.st_ctim.tv_nsec)} {}
    bool operator==(const FileIdentity&) const = default;
    std::array<std::uint64_t, 7> numbers;
};

struct Loaded {
    std::unique_ptr<Image> image;
    const void* (*find_export)(const char*);
    std::optional<FileIdentity> file;  // the one it was last loaded from
};

struct Registry {
    std::vector<Loaded> images;
    std::uint64_t generation = 0;
};

// Never destroyed: a driver's image may be needed by whatever runs while the process ends.
Registry& registry() {
    static auto* const all = new Registry;
    return *all;
}

struct FileContent {
    std::vector<std::byte> bytes;
    FileIdentity identity;
};

Result<FileContent> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Error{path + ": cannot open it: " + std::strerror(errno)};
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(fd);
        return Error{path + ": not a file"};
    }
    if (static_cast<std::uint64_t>(status.st_size) > image_file_bytes_max) {
        ::close(fd);
        return Error{path + ": too large for a driver image"};
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    ssize_t got = 1;
    while (have < bytes.size() && got > 0) {
        got = ::read(fd, bytes.data() + have, bytes.size() - have);
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    const int error = errno;
    ::close(fd);
    if (got < 0) return Error{path + ": cannot read it: " + std::strerror(error)};
    bytes.resize(have);
    return FileContent{std::move(bytes), FileIdentity(status)};
}

// Its code, or code of another driver that it gives the address to, may touch what it maps.
bool maps_registers(const Layout& layout) {
    return std::any_of(layout.imports.begin(), layout.imports.end(), [](const Import& import) {
        return import.name.starts_with("MmMapIoSpace") || import.name == "MmGetSystemRoutineAddress";
    });
}

// Its functions would name the handler in tables that an ELF image does not have: no exception would come
// there.
Result<void> no_table_handlers(const Layout& layout, const std::string& label) {
    for (const Import& import : layout.imports) {
        if (import.name == "__C_specific_handler" || import.name.starts_with("__GSHandlerCheck"))
            return Error{
                label + ": calls " + import.name +
                ", which handles exceptions in a .sys only; build it with portico build, or as a .sys"};
    }
    return {};
}

Result<std::unique_ptr<Image>> load_elf(FileBytes& bytes, const std::string& label,
                                        const LoadOptions& options) {
    const auto file = PORTICO_TRY(parse_elf(bytes.all, label));
    const auto layout = layout_of(file);
    PORTICO_TRY_VOID(no_table_handlers(layout, label));
    if (maps_registers(layout)) nt::hal::prepare_traps();
    ImageBuilder builder(layout, bytes, label, options);
    PORTICO_TRY_VOID(builder.place());
    return builder.build(bytes);
}

Result<std::unique_ptr<Image>> load_pe(FileBytes& bytes, const std::string& label,
                                       const LoadOptions& options) {
    const auto file = PORTICO_TRY(parse_pe(bytes.all, label));
    nt::hal::prepare_traps();
    ImageBuilder builder(file.layout, bytes, label, options);
    PORTICO_TRY_VOID(builder.place());
    return builder.build(bytes);
}

LoadOptions complete(LoadOptions options) {
    if (options.find_export == nullptr) options.find_export = nt::find_export;
    return options;
}

Loaded* loaded_from(const FileIdentity& file, const LoadOptions& options) {
    for (auto& loaded : registry().images) {
        if (loaded.file == file && loaded.find_export == options.find_export) return &loaded;
    }
    return nullptr;
}

Loaded* loaded_as(const Image* image) {
    for (auto& loaded : registry().images) {
        if (loaded.image.get() == image) return &loaded;
    }
    return nullptr;
}

Image* loaded_before(std::uint64_t hash, const LoadOptions& options) {
    for (const auto& loaded : registry().images) {
        if (loaded.image->hash() == hash && loaded.find_export == options.find_export)
            return loaded.image.get();
    }
    return nullptr;
}

Result<Image*> load_new(FileBytes bytes, const std::string& label, const LoadOptions& options) {
    auto image =
        PORTICO_TRY(is_pe(bytes.all) ? load_pe(bytes, label, options) : load_elf(bytes, label, options));
    image->become_pageable();
    if (is_debugged()) image->show_to_gdb();
    auto& all = registry();
    all.images.push_back({std::move(image), options.find_export, {}});
    ++all.generation;
    return all.images.back().image.get();
}

}  // namespace

Result<Image*> load_file(const std::string& path, const LoadOptions& given) {
    const auto options = complete(given);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        if (auto* const loaded = loaded_from(FileIdentity(status), options)) return loaded->image.get();
    }
    auto content = PORTICO_TRY(read_file(path));
    const Bytes bytes = content.bytes;
    const auto hash = Xxh64::of(bytes);
    Image* image = loaded_before(hash, options);
    if (image == nullptr)
        image = PORTICO_TRY(load_new({bytes, std::move(content.bytes), hash}, path, options));
    loaded_as(image)->file = content.identity;
    return image;
}

Result<Image*> load_memory(Bytes bytes, const std::string& label, const LoadOptions& given) {
    const auto options = complete(given);
    const auto hash = Xxh64::of(bytes);
    if (Image* const image = loaded_before(hash, options)) return image;
    if (options.bytes_stay) return load_new({bytes, {}, hash}, label, options);
    std::vector<std::byte> own(bytes.begin(), bytes.end());
    const Bytes copied = own;
    return load_new({copied, std::move(own), hash}, label, options);
}

void unload(Image* image) {
    auto& all = registry();
    const auto found = std::find_if(all.images.begin(), all.images.end(),
                                    [&](const Loaded& l) { return l.image.get() == image; });
    PORTICO_CHECK(found != all.images.end());
    all.images.erase(found);
    ++all.generation;
}

Image* image_at(std::uint64_t address) {
    if (!sim::image_range.contains(address)) return nullptr;
    for (const auto& loaded : registry().images) {
        if (loaded.image->contains(address)) return loaded.image.get();
    }
    return nullptr;
}

std::vector<Image*> images() {
    std::vector<Image*> all;
    for (const auto& loaded : registry().images) all.push_back(loaded.image.get());
    return all;
}

std::uint64_t generation() {
    return registry().generation;
}

extern "C" __attribute__((visibility("default"), used)) void portico_show_images() {
    for (const auto& loaded : registry().images) loaded.image->show_to_gdb();
}

std::string missing_import_hint(const std::string& name) {
    if (name.starts_with("Wdf")) return "KMDF drivers are not supported";
    if (name == "atexit") return "an object of static storage has a destructor; no driver can have that";
    if (name.starts_with("__GSHandlerCheck"))
        return "BufferOverflowK.lib has it, Windows' kernel does not; link it in";
    return {};
}

}  // namespace portico::loader
