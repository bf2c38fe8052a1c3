// Any bytes as a driver image in ELF, or changes to a correct one, which reach what lies behind the first
// checks.
#include "changed_image.h"
#include "loader/elf_file.h"

namespace loader = portico::loader;

namespace {

const portico::fuzz::CorrectImage& correct() {
    static const auto* const image = [] {
        auto* const made = new portico::fuzz::CorrectImage{portico::fuzz::bytes_of(PORTICO_FUZZ_IMAGE), {}};
        const auto parsed = loader::parse_elf(made->bytes, PORTICO_FUZZ_IMAGE);
        PORTICO_CHECK(parsed.ok());
        Elf64_Ehdr header;
        std::memcpy(&header, made->bytes.data(), sizeof header);
        made->regions = {0, header.e_phoff, header.e_shoff};
        for (const auto& section : parsed->sections) made->regions.push_back(section.offset);
        return made;
    }();
    return *image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::fuzz::load(
        correct(),
        "\x7f"
        "ELF",
        "fuzz.so", data, size, [](loader::Image& image) {
            PORTICO_CHECK(image.exported("DriverEntry") == nullptr ||
                          image.contains(reinterpret_cast<std::uint64_t>(image.exported("DriverEntry"))));
        });
    return 0;
}
