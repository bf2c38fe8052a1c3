// What the fuzz targets of images share: inputs that are a list of changes to a correct image, and what is
// done with an image that was loaded.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "loader/loader.h"

namespace portico::fuzz {

struct CorrectImage {
    std::vector<std::byte> bytes;
    std::vector<std::uint64_t> regions;  // where in it a change may begin
};

inline std::vector<std::byte> bytes_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

// Each change: region, offset in it (2 bytes), how many bytes (0 cuts the file off there), the bytes.
inline std::vector<std::byte> changed(const CorrectImage& image, const std::uint8_t* data, std::size_t size) {
    auto bytes = image.bytes;
    while (size >= 4) {
        const std::uint64_t at = image.regions[data[0] % image.regions.size()] + data[1] + 256u * data[2];
        std::size_t count = data[3] % 9;
        data += 4;
        size -= 4;
        if (count == 0 && at < bytes.size()) bytes.resize(at);
        for (std::size_t i = 0; i < count && i < size && at + i < bytes.size(); ++i)
            bytes[at + i] = std::byte{data[i]};
        count = count < size ? count : size;
        data += count;
        size -= count;
    }
    return bytes;
}

inline const void* find_export(const char* name) {
    static const int somewhere = 0;
    return std::strlen(name) % 2 == 0 ? &somewhere : nullptr;
}

inline void use(loader::Image& image) {
    image.discard_init_code();
    image.reset_statics();
    const auto range = image.range();
    for (auto address = range.base; address < range.end(); address += 1024) {
        PORTICO_CHECK(loader::image_at(address) == &image);
        const auto* const section = image.section_at(address);
        PORTICO_CHECK(!image.is_paged_code(address) || section->kind == loader::SectionKind::paged_code);
    }
}

// An input that begins like a file of its kind is taken as it is. Refused with one line, or loaded, asked
// about, reset and unloaded. `check` sees the loaded image.
template <class Check>
void load(const CorrectImage& correct, std::string_view magic, const std::string& label,
          const std::uint8_t* data, std::size_t size, Check&& check) {
    std::vector<std::byte> bytes(size);
    if (size >= magic.size() && std::memcmp(data, magic.data(), magic.size()) == 0) {
        std::memcpy(bytes.data(), data, size);
    } else {
        bytes = changed(correct, data, size);
    }
    const auto loaded = loader::load_memory(bytes, label, {find_export});
    if (!loaded.ok()) {
        const auto& line = loaded.error().message;
        PORTICO_CHECK(line.rfind(label + ": ", 0) == 0 && line.find('\n') == std::string::npos);
        return;
    }
    use(**loaded);
    check(**loaded);
    loader::unload(*loaded);
}

}  // namespace portico::fuzz
