#include "loader/image.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "loader/debug_file.h"
#include "loader/gdb_jit.h"
#include "loader/image_format.h"
#include "loader/layout.h"
#include "loader/stubs.h"
#include "nt/mm/mm.h"
#include "sim/paging.h"

namespace portico::loader {
namespace {

// From here on giving pages back to the host is cheaper than clearing them.
constexpr std::uint64_t discard_bytes_min = 128 << 10;

void clear(std::uint64_t begin, std::uint64_t end) {
    const auto first_page = (begin + sim::page_size - 1) & ~(sim::page_size - 1),
               last_page = end & ~(sim::page_size - 1);
    if (end - begin < discard_bytes_min) {
        std::memset(reinterpret_cast<void*>(begin), 0, end - begin);
        return;
    }
    std::memset(reinterpret_cast<void*>(begin), 0, first_page - begin);
    PORTICO_CHECK(::madvise(reinterpret_cast<void*>(first_page), last_page - first_page, MADV_DONTNEED) == 0);
    std::memset(reinterpret_cast<void*>(last_page), 0, end - last_page);
}

// How a section that can be paged is mapped; PROT_NONE: it cannot.
int access_of(const Section& section) {
    if (section.kind == SectionKind::paged_code) return PROT_READ | PROT_EXEC;
    return section.kind == SectionKind::paged_data ? PROT_READ | PROT_WRITE : PROT_NONE;
}

// PAGE and INIT sections share their pages with nothing else (src/build/link_elf.cpp).
sim::AddressRange pages_of(const Section& section) {
    const std::uint64_t begin = page_down(section.range.base);
    return {begin, page_up(section.range.end()) - begin};
}

}  // namespace

Image::~Image() {
    if (jit_ != nullptr) forget_image(*jit_);
    if (range_.size == 0) return;
    for (const auto& section : sections_) {
        if (access_of(section) != PROT_NONE) sim::paging.remove(pages_of(section));
    }
    ::munmap(reinterpret_cast<void*>(range_.base), range_.size);
    nt::mm::image_unmapped();
}

Bytes Image::debug_file() const {
    if (debug_file_) return *debug_file_;
    debug_file_.emplace();
    if (windows_) {
        if (const auto file = parse_pe(file_, path_); file.ok()) debug_file_ = debug_file_of(*file);
    } else if (const auto file = parse_elf(file_, path_); file.ok()) {
        debug_file_ = debug_file_of(*file, range_.base - linked_base_);
    }
    return *debug_file_;
}

// What gdb is given has no addresses but its own: a PE image that moved would be shown in the wrong place.
void Image::show_to_gdb() {
    if (jit_ != nullptr || (windows_ && range_.base != linked_base_) || debug_file().empty()) return;
    jit_ = std::make_unique<JitEntry>();
    register_image(*jit_, debug_file());
}

void Image::become_pageable() const {
    for (const auto& section : sections_) {
        if (section.range.base % sim::page_size != 0) continue;
        if (const int access = access_of(section)) sim::paging.add(pages_of(section), access);
    }
}

bool Image::checked() const {
    return (flags_ & image_flag_checked) != 0;
}
bool Image::asan() const {
    return (flags_ & image_flag_asan) != 0;
}

void* Image::exported(std::string_view name) const {
    for (const auto& entry : exports_) {
        if (entry.name == name) return reinterpret_cast<void*>(entry.address);
    }
    return nullptr;
}

Result<void*> Image::entry(std::string_view name) const {
    if (void* const address = exported(name)) return address;
    return Error{path_ + ": the image has no " + std::string(name) +
                 "; a source must define it as extern \"C\""};
}

const Section* Image::section_at(std::uint64_t address) const {
    for (const auto& section : sections_) {
        if (section.range.contains(address)) return &section;
    }
    return nullptr;
}

bool Image::kind_is(std::uint64_t address, SectionKind kind) const {
    const auto* const section = section_at(address);
    return section != nullptr && section->kind == kind;
}

const RuntimeFunction* Image::function_at(std::uint64_t address) const {
    if (!contains(address)) return nullptr;
    const auto offset = address - range_.base;
    const auto next =
        std::upper_bound(functions_.begin(), functions_.end(), offset,
                         [](std::uint64_t at, const RuntimeFunction& f) { return at < f.begin; });
    if (next == functions_.begin()) return nullptr;
    const auto& row = *(next - 1);
    return offset < row.end ? &row : nullptr;
}

const MissingImport* Image::missing_import_at(std::uint64_t address) const {
    if (missing_.empty() || !contains(address)) return nullptr;
    std::uint64_t index = (address - missing_[0]->stub) / sim::page_size;
    if (address >= missing_[0]->code) index = (address - missing_[0]->code) / stub_size;
    return address < missing_[0]->stub || index >= missing_.size() ? nullptr : missing_[index].get();
}

bool Image::is_readable(std::uint64_t address, std::uint64_t size) const {
    const Section* const section = section_at(address);
    if (section == nullptr || is_discarded(address)) return false;
    return size <= section->range.end() - address;
}

void Image::set_init_access(int access) {
    for (const auto& section : sections_) {
        if (section.kind != SectionKind::init_code) continue;
        const sim::AddressRange pages = pages_of(section);
        PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(pages.base), pages.size, access) == 0);
    }
}

void Image::discard_init_code() {
    if (init_code_.empty()) set_init_access(PROT_NONE);
    for (const auto& code : init_code_) code->discard();
    init_discarded_ = true;
}

// A process with one machine never comes here. The INIT section of a .sys may hold constants, which must be
// missed, too; that of a .so does not (src/build/link_elf.cpp).
void Image::bring_init_code_back() {
    for (const auto& code : init_code_) code->restore();
    if (!init_code_.empty()) return;
    set_init_access(PROT_READ | PROT_EXEC);
    if (windows_) return;
    for (const auto& section : sections_) {
        if (section.kind != SectionKind::init_code) continue;
        auto code = InitCode::take_over(pages_of(section));
        if (code == nullptr) return;
        init_code_.push_back(std::move(code));
    }
}

void Image::reset_statics() {
    if (std::exchange(init_discarded_, false)) bring_init_code_back();
    for (const auto& part : statics_) {
        if (!part.pristine.empty()) {
            std::memcpy(reinterpret_cast<void*>(part.range.base), part.pristine.data(), part.pristine.size());
        }
        clear(part.range.base + part.pristine.size(), part.range.end());
    }
}

}  // namespace portico::loader
