// Any bytes as a .sys: refused with one line, or loaded, asked about, reset and unloaded. An input
// that begins with MZ is taken as it is; any other is a list of changes to a correct image, which reach what
// lies behind the first checks.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "loader/loader.h"
#include "loader/pe_file.h"
#include "loader/pe_format.h"

namespace loader = portico::loader;
namespace pe = portico::loader::pe;

namespace {

struct Base {
    std::vector<std::byte> bytes;
    std::vector<std::uint64_t> regions;  // where in it a change may begin
};

template <class T>
T read(const std::vector<std::byte>& bytes, std::uint64_t offset) {
    T value;
    PORTICO_CHECK(offset + sizeof value <= bytes.size());
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

// Headers, sections, and the tables that the data directories name.
std::vector<std::uint64_t> regions_of(const std::vector<std::byte>& bytes) {
    const std::uint64_t at = read<std::uint32_t>(bytes, 0x3c);
    const auto header = read<pe::FileHeader>(bytes, at + 4);
    const std::uint64_t directories = at + 24 + sizeof(pe::OptionalHeader);
    const std::uint64_t sections = at + 24 + header.SizeOfOptionalHeader;
    std::vector<std::uint64_t> regions{0, at, at + 24, directories, sections};
    for (unsigned i = 0; i < header.NumberOfSections; ++i) {
        const auto section = read<pe::SectionHeader>(bytes, sections + i * sizeof(pe::SectionHeader));
        regions.push_back(section.PointerToRawData);
        for (unsigned d = 0; d < pe::directory_count; ++d) {
            const auto directory =
                read<pe::DataDirectory>(bytes, directories + d * sizeof(pe::DataDirectory));
            const auto offset = directory.VirtualAddress - section.VirtualAddress;
            if (directory.Size != 0 && offset < section.SizeOfRawData)
                regions.push_back(section.PointerToRawData + offset);
        }
    }
    return regions;
}

const Base& base() {
    static const auto* const correct = [] {
        std::ifstream file(PORTICO_FUZZ_IMAGE, std::ios::binary);
        const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
        auto* const made = new Base;
        made->bytes.resize(text.size());
        std::memcpy(made->bytes.data(), text.data(), text.size());
        PORTICO_CHECK(loader::parse_pe(made->bytes, PORTICO_FUZZ_IMAGE).ok());
        made->regions = regions_of(made->bytes);
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
    image.discard_init_code();
    image.reset_statics();
    const auto range = image.range();
    for (auto address = range.base; address < range.end(); address += 1024) {
        PORTICO_CHECK(loader::image_at(address) == &image);
        const auto* const section = image.section_at(address);
        PORTICO_CHECK(!image.is_paged_code(address) || section->kind == loader::SectionKind::paged_code);
    }
    PORTICO_CHECK(image.contains(reinterpret_cast<std::uint64_t>(image.exported("DriverEntry"))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::byte> bytes(size);
    if (size >= 2 && std::memcmp(data, "MZ", 2) == 0) {
        std::memcpy(bytes.data(), data, size);
    } else {
        bytes = changed(data, size);
    }
    const auto loaded = loader::load_memory(bytes, "fuzz.sys", {find_export});
    if (!loaded.ok()) {
        const auto& line = loaded.error().message;
        PORTICO_CHECK(line.rfind("fuzz.sys: ", 0) == 0 && line.find('\n') == std::string::npos);
        return 0;
    }
    use(**loaded);
    loader::unload(*loaded);
    return 0;
}
