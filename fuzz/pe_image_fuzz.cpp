// Any bytes as a .sys, or changes to a correct one, which reach what lies behind the first checks.
#include "changed_image.h"
#include "loader/pe_file.h"
#include "loader/pe_format.h"

namespace loader = portico::loader;
namespace pe = portico::loader::pe;

namespace {

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

const portico::fuzz::CorrectImage& correct() {
    static const auto* const image = [] {
        auto* const made = new portico::fuzz::CorrectImage{portico::fuzz::bytes_of(PORTICO_FUZZ_IMAGE), {}};
        PORTICO_CHECK(loader::parse_pe(made->bytes, PORTICO_FUZZ_IMAGE).ok());
        made->regions = regions_of(made->bytes);
        return made;
    }();
    return *image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::fuzz::load(correct(), "MZ", "fuzz.sys", data, size, [](loader::Image& image) {
        PORTICO_CHECK(image.contains(reinterpret_cast<std::uint64_t>(image.exported("DriverEntry"))));
    });
    return 0;
}
