#include "loader/loader.h"

#include <fcntl.h>
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
#include "loader/debug_file.h"
#include "loader/gdb_jit.h"
#include "loader/hash.h"
#include "loader/image_format.h"
#include "loader/stubs.h"
#include "loader/unwind_images.h"
#include "nt/ddi.h"

namespace portico::loader {

namespace {

constexpr std::uint64_t slot_size = 16 * sim::MiB;
constexpr std::uint64_t page_up(std::uint64_t size) {
    return (size + sim::page_size - 1) & ~(sim::page_size - 1);
}

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

void* map_at(std::uint64_t address, std::uint64_t size) {
    void* const wanted = reinterpret_cast<void*>(address);
    void* const got = ::mmap(wanted, size, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == wanted) return got;
    if (got != MAP_FAILED) ::munmap(got, size);  // a kernel that does not know the flag
    return nullptr;
}

// Where the image goes: at its linked address, or in the next slot of the image range that is free. The same
// loads in the same order give the same addresses in every process.
std::uint64_t map_image(const ElfFile& file, std::uint64_t size) {
    const auto fits = [&](std::uint64_t address) {
        return sim::image_range.contains(address) && size <= sim::image_range.end() - address;
    };
    if (fits(file.base) && map_at(file.base, size) != nullptr) return file.base;
    const auto slots = sim::image_range.size / slot_size;
    const auto first =
        sim::image_range.contains(file.base) ? (file.base - sim::image_range.base) / slot_size + 1 : 0;
    for (std::uint64_t i = 0; i < slots; ++i) {
        const auto address = sim::image_range.base + (first + i) % slots * slot_size;
        if (fits(address) && map_at(address, size) != nullptr) return address;
    }
    return 0;
}

}  // namespace

class ImageBuilder {
  public:
    ImageBuilder(const ElfFile& file, const std::string& label, const LoadOptions& options)
        : file_(file), label_(label), find_export_(options.find_export), image_(new Image) {}

    Result<std::unique_ptr<Image>> build() {
        image_->name_ = file_.name;
        image_->path_ = label_;
        image_->flags_ = file_.image_flags;
        image_->hash_ = Xxh64::of(file_.bytes);
        if (image_->asan() && find_asan_adapter("__asan_load8") == nullptr) {
            return Error{
                label_ +
                ": built with AddressSanitizer, but this portico was not; build the driver without --asan"};
        }
        find_missing();
        PORTICO_TRY_VOID(map());
        copy_segments();
        bind();
        relocate();
        keep_statics();
        describe();
        protect();
        image_->file_ = debug_file_of(file_, shift_);
        answer_unwinder();
        image_->jit_ = std::make_unique<JitEntry>();
        register_image(*image_->jit_, image_->file_);
        return std::move(image_);
    }

  private:
    static const char* import_name(const DynamicSymbol& symbol) {
        return symbol.name.data() + import_prefix.size();
    }
    static bool is_import(const DynamicSymbol& symbol) { return !symbol.defined && !symbol.name.empty(); }

    std::uint64_t resolve(const DynamicSymbol& symbol) const {
        const void* const found = find_export_(import_name(symbol));
        return reinterpret_cast<std::uint64_t>(found != nullptr ? found
                                                                : find_asan_adapter(import_name(symbol)));
    }

    void find_missing() {
        for (const auto& symbol : file_.symbols) {
            if (!is_import(symbol) || symbol.weak || resolve(symbol) != 0) continue;
            image_->missing_.push_back(
                std::make_unique<MissingImport>(MissingImport{import_name(symbol), image_.get()}));
        }
    }

    Result<void> map() {
        const auto size = file_.span + page_up(image_->missing_.size() * stub_size);
        const auto address = map_image(file_, size);
        if (address == 0)
            return Error{label_ + ": no room for it in the address range of images; unload others",
                         ExitCode::missing};
        image_->range_ = {address, size};
        shift_ = address - file_.base;
        set_access({address, size}, PROT_READ | PROT_WRITE);
        return {};
    }

    static void set_access(sim::AddressRange range, int access) {
        if (range.size == 0) return;
        PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(range.base), range.size, access) == 0);
    }

    std::byte* memory(std::uint64_t linked) const { return reinterpret_cast<std::byte*>(linked + shift_); }

    void copy_segments() const {
        for (const auto& segment : file_.segments) {
            if (!segment.file.empty())
                std::memcpy(memory(segment.address), segment.file.data(), segment.file.size());
        }
    }

    void bind() {
        addresses_.reserve(file_.symbols.size());
        auto stub = reinterpret_cast<std::byte*>(image_->range_.base + file_.span);
        auto missing = image_->missing_.begin();
        for (const auto& symbol : file_.symbols) {
            std::uint64_t address = 0;
            if (symbol.defined) {
                address = symbol.value + shift_;
                image_->exports_.push_back({std::string(symbol.name), address});
            } else if (is_import(symbol)) {
                address = resolve(symbol);
                if (address == 0 && !symbol.weak) {
                    write_stub(stub, missing->get());
                    address = (*missing++)->stub = reinterpret_cast<std::uint64_t>(stub);
                    stub += stub_size;
                }
            }
            addresses_.push_back(address);
        }
    }

    void relocate() const {
        for (const auto& entry : file_.relocations) {
            const auto base = entry.type == R_X86_64_RELATIVE ? shift_ : addresses_[entry.symbol];
            const std::uint64_t value = base + static_cast<std::uint64_t>(entry.addend);
            std::memcpy(memory(entry.address), &value, sizeof value);
        }
    }

    bool is_relro(const Segment& segment) const {
        return segment.address >= file_.relro_begin && segment.address < file_.relro_end;
    }

    // What of a writable segment stays writable.
    sim::AddressRange statics_of(const Segment& segment) const {
        const auto begin = is_relro(segment) ? std::min(file_.relro_end, segment.end()) : segment.address;
        return {begin + shift_, segment.end() - begin};
    }

    void keep_statics() {
        for (const auto& segment : file_.segments) {
            const auto range = statics_of(segment);
            if (!segment.writable || range.size == 0) continue;
            const auto initialised_end = std::max(segment.address + shift_ + segment.file.size(), range.base);
            const auto begin = reinterpret_cast<const std::byte*>(range.base);
            std::vector<std::byte> pristine(begin, begin + (initialised_end - range.base));
            image_->statics_.push_back({range, std::move(pristine)});
        }
    }

    void describe() {
        for (const auto& section : file_.sections) {
            if (!section.loaded() || section.size == 0) continue;
            image_->sections_.push_back({std::string(section.name),
                                         {section.address + shift_, section.size},
                                         kind_of(section, file_)});
        }
        describe_unwinding();
        const auto* const constructors = file_.section(constructor_section);
        if (constructors != nullptr && constructors->size != 0)
            image_->constructors_ = constructor_names(file_);
    }

    void describe_unwinding() {
        const auto* const header = file_.section(".eh_frame_hdr");
        if (header == nullptr || !header->loaded()) return;
        for (const auto& segment : file_.segments) {
            if (segment.writable || header->address < segment.address || header->address >= segment.end())
                continue;
            image_->unwind_header_ = header->address + shift_;
            image_->unwind_range_ = {segment.address + shift_, segment.memory_size};
        }
    }

    void protect() const {
        set_access(image_->range_, PROT_NONE);
        for (const auto& segment : file_.segments) {
            const auto begin = (segment.address + shift_) & ~(sim::page_size - 1);
            const int access =
                PROT_READ | (segment.writable ? PROT_WRITE : 0) | (segment.executable ? PROT_EXEC : 0);
            set_access({begin, page_up(segment.end() + shift_) - begin}, access);
        }
        set_access({file_.relro_begin + shift_, file_.relro_end - file_.relro_begin}, PROT_READ);
        set_access({image_->range_.base + file_.span, image_->range_.size - file_.span},
                   PROT_READ | PROT_EXEC);
    }

    const ElfFile& file_;
    const std::string& label_;
    const void* (*find_export_)(const char*);
    std::unique_ptr<Image> image_;
    std::uint64_t shift_ = 0;
    std::vector<std::uint64_t> addresses_;  // of file_.symbols, as loaded
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

}  // namespace

Result<Image*> load_file(const std::string& path, const LoadOptions& given) {
    const auto options = complete(given);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        if (auto* const loaded = loaded_from(FileIdentity(status), options)) return loaded->image.get();
    }
    const auto content = PORTICO_TRY(read_file(path));
    auto* const image = PORTICO_TRY(load_memory(content.bytes, path, options));
    loaded_as(image)->file = content.identity;
    return image;
}

Result<Image*> load_memory(Bytes bytes, const std::string& label, const LoadOptions& given) {
    const auto options = complete(given);
    auto& all = registry();
    const auto hash = Xxh64::of(bytes);
    for (const auto& loaded : all.images) {
        if (loaded.image->hash() == hash && loaded.find_export == options.find_export)
            return loaded.image.get();
    }
    const auto file = PORTICO_TRY(parse_elf(bytes, label));
    auto image = PORTICO_TRY(ImageBuilder(file, label, options).build());
    image->become_pageable();
    all.images.push_back({std::move(image), options.find_export, {}});
    ++all.generation;
    return all.images.back().image.get();
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

std::string missing_import_hint(const std::string& name) {
    if (name.starts_with("Wdf")) return "KMDF drivers are not supported";
    if (name == "atexit") return "an object of static storage has a destructor; no driver can have that";
    if (name == "__C_specific_handler") return "structured exception handling is not supported yet";
    return {};
}

}  // namespace portico::loader
