// Any bytes as a driver image: refused with one line, or loaded, asked about, reset and unloaded. An input
// that begins like an ELF file is taken as it is; any other is a list of changes to a correct image, which
// reach what lies behind the first checks.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "loader/elf_file.h"
#include "loader/loader.h"

namespace loader = portico::loader;

namespace {

struct Base {
    std::vector<std::byte> bytes;
    std::vector<std::uint64_t> regions;  // where in it a change may begin
};

const Base& base() {
    static const auto* const correct = [] {
        std::ifstream file(PORTICO_FUZZ_IMAGE, std::ios::binary);
        const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
        auto* const made = new Base;
        made->bytes.resize(text.size());
        std::memcpy(made->bytes.data(), text.data(), text.size());
        const auto parsed = loader::parse_elf(made->bytes, PORTICO_FUZZ_IMAGE);
        PORTICO_CHECK(parsed.ok());
        Elf64_Ehdr header;
        std::memcpy(&header, made->bytes.data(), sizeof header);
        made->regions = {0, header.e_phoff, header.e_shoff};
        for (const auto& section : parsed->sections) made->regions.push_back(section.offset);
        return made;
    }();
    return *correct;
}

// Each change: region, offset in it (2 bytes), how many bytes (0 cuts the file off there), the bytes.
std::vector<std::byte> changed(const std::uint8_t* data, std::size_t size) {
    auto bytes = base().bytes;
    while (size >= 4) {
        const std::uint64_t at = base().regions[data[0] % base().regions.size()] + data[1] + 256u * data[2];
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

const void* find_export(const char* name) {
    static const int somewhere = 0;
    return std::strlen(name) % 2 == 0 ? &somewhere : nullptr;
}

void use(loader::Image& image) {
    image.reset_statics();
    const auto range = image.range();
    for (auto address = range.base; address < range.end(); address += 1024) {
        PORTICO_CHECK(loader::image_at(address) == &image);
        const auto* const section = image.section_at(address);
        PORTICO_CHECK(!image.is_paged_code(address) || section->kind == loader::SectionKind::paged_code);
    }
    PORTICO_CHECK(image.exported("DriverEntry") == nullptr ||
                  image.contains(reinterpret_cast<std::uint64_t>(image.exported("DriverEntry"))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bool whole = size >= 4 && std::memcmp(data,
                                                "\x7f"
                                                "ELF",
                                                4) == 0;
    std::vector<std::byte> bytes(size);
    if (whole) {
        std::memcpy(bytes.data(), data, size);
    } else {
        bytes = changed(data, size);
    }
    const auto loaded = loader::load_memory(bytes, "fuzz.so", {find_export});
    if (!loaded.ok()) {
        const auto& line = loaded.error().message;
        PORTICO_CHECK(line.rfind("fuzz.so: ", 0) == 0 && line.find('\n') == std::string::npos);
        return 0;
    }
    use(**loaded);
    loader::unload(*loaded);
    return 0;
}
