// A PE file's bytes, by offset in the file and by address in the image.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string>

#include "loader/pe_file.h"
#include "loader/pe_format.h"
#include "sim/address_map.h"

namespace portico::loader {

class PeReader {
  public:
    PeReader(Bytes bytes, const std::string& label) : bytes_(bytes), label_(label) {}

    template <class... Args>
    Error refuse(fmt::format_string<Args...> format, Args&&... args) const {
        return {label_ + ": " + fmt::format(format, std::forward<Args>(args)...)};
    }

    bool inside(std::uint64_t offset, std::uint64_t size) const {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }

    // False: it lies outside the file.
    template <class T>
    bool read(std::uint64_t offset, T& value) const {
        if (!inside(offset, sizeof value)) return false;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return true;
    }

    const pe::DataDirectory& directory(unsigned index) const { return directories_[index]; }

    // The segment that holds all of the bytes; null: they lie in none.
    const Segment* segment_at(std::uint64_t address, std::uint64_t size) const {
        for (const auto& segment : parsed_.layout.segments) {
            const auto offset = address - segment.address;
            if (offset < segment.memory_size && size <= segment.memory_size - offset) return &segment;
        }
        return nullptr;
    }

    // The file's bytes at an address relative to the image, when `size` of them lie in one segment.
    Bytes at(std::uint32_t address, std::uint64_t size) const {
        const auto* const segment = segment_at(optional_.ImageBase + address, size);
        if (segment == nullptr) return {};
        const auto offset = optional_.ImageBase + address - segment->address;
        if (offset > segment->file.size() || size > segment->file.size() - offset) return {};
        return segment->file.subspan(offset, size);
    }

    // A zero-terminated string of printable characters, of at most `length_max`; empty: there is none.
    std::string text_at(std::uint32_t address, std::size_t length_max) const {
        const auto* const segment = segment_at(optional_.ImageBase + address, 1);
        if (segment == nullptr) return {};
        std::string text;
        for (auto at = optional_.ImageBase + address - segment->address; at < segment->file.size(); ++at) {
            const auto c = std::to_integer<unsigned char>(segment->file[at]);
            if (c == 0) return text;
            if (c <= 0x20 || c >= 0x7f || text.size() == length_max) return {};
            text += static_cast<char>(c);
        }
        return {};
    }

    std::uint64_t image_base() const { return optional_.ImageBase; }

  protected:
    Bytes bytes_;
    const std::string& label_;
    PeFile parsed_;
    pe::FileHeader file_header_{};
    pe::OptionalHeader optional_{};
    std::uint32_t directory_count_ = 0;
    std::array<pe::DataDirectory, pe::directory_count> directories_{};
    std::vector<pe::SectionHeader> section_headers_;
};

}  // namespace portico::loader
