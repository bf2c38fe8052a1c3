// The parts of the PE32+ format that the loader reads (Microsoft's "PE Format"): names and offsets as there.
#pragma once

#include <cstdint>

namespace portico::loader::pe {

struct FileHeader {
    std::uint16_t Machine;
    std::uint16_t NumberOfSections;
    std::uint32_t TimeDateStamp;
    std::uint32_t PointerToSymbolTable;
    std::uint32_t NumberOfSymbols;
    std::uint16_t SizeOfOptionalHeader;
    std::uint16_t Characteristics;
};
constexpr std::uint16_t machine_amd64 = 0x8664;
constexpr std::uint16_t relocations_stripped = 0x0001;
constexpr std::uint16_t executable_image = 0x0002;
constexpr std::uint16_t dll = 0x2000;

struct DataDirectory {
    std::uint32_t VirtualAddress;
    std::uint32_t Size;
};
enum Directory : unsigned {
    directory_exception = 3,
    directory_relocation = 5,
    directory_tls = 9,
    directory_load_config = 10,
    directory_import = 1,
    directory_delay_import = 13,
    directory_clr = 14,
    directory_count = 16,
};

struct OptionalHeader {
    std::uint16_t Magic;
    std::uint16_t LinkerVersion;
    std::uint32_t SizeOfCode;
    std::uint32_t SizeOfInitializedData;
    std::uint32_t SizeOfUninitializedData;
    std::uint32_t AddressOfEntryPoint;
    std::uint32_t BaseOfCode;
    std::uint64_t ImageBase;
    std::uint32_t SectionAlignment;
    std::uint32_t FileAlignment;
    std::uint16_t Versions[6];
    std::uint32_t Win32VersionValue;
    std::uint32_t SizeOfImage;
    std::uint32_t SizeOfHeaders;
    std::uint32_t CheckSum;
    std::uint16_t Subsystem;
    std::uint16_t DllCharacteristics;
    std::uint64_t StackAndHeap[4];
    std::uint32_t LoaderFlags;
    std::uint32_t NumberOfRvaAndSizes;
};
static_assert(sizeof(OptionalHeader) == 112);
constexpr std::uint16_t magic_pe32 = 0x10b;
constexpr std::uint16_t magic_pe32_plus = 0x20b;

struct SectionHeader {
    char Name[8];
    std::uint32_t VirtualSize;
    std::uint32_t VirtualAddress;
    std::uint32_t SizeOfRawData;
    std::uint32_t PointerToRawData;
    std::uint32_t PointerToRelocations;
    std::uint32_t PointerToLinenumbers;
    std::uint16_t NumberOfRelocations;
    std::uint16_t NumberOfLinenumbers;
    std::uint32_t Characteristics;
};
static_assert(sizeof(SectionHeader) == 40);
constexpr std::uint32_t section_discardable = 0x02000000;
constexpr std::uint32_t section_executable = 0x20000000;
constexpr std::uint32_t section_writable = 0x80000000;
constexpr unsigned section_limit = 96;  // Windows'

struct ImportDescriptor {
    std::uint32_t OriginalFirstThunk;
    std::uint32_t TimeDateStamp;
    std::uint32_t ForwarderChain;
    std::uint32_t Name;
    std::uint32_t FirstThunk;
};
constexpr std::uint64_t import_by_ordinal = 1ull << 63;

struct RelocationBlock {
    std::uint32_t VirtualAddress;
    std::uint32_t SizeOfBlock;
};
constexpr unsigned relocation_absolute = 0;  // pads a block
constexpr unsigned relocation_dir64 = 10;

// IMAGE_LOAD_CONFIG_DIRECTORY64: offsets of the fields used.
constexpr std::uint32_t load_config_security_cookie = 0x58;
constexpr std::uint32_t load_config_guard_check = 0x70;
constexpr std::uint32_t load_config_guard_dispatch = 0x78;
constexpr std::uint32_t load_config_guard_xfg_check = 0x118;
constexpr std::uint32_t load_config_guard_xfg_dispatch = 0x120;
constexpr std::uint32_t load_config_guard_xfg_table_dispatch = 0x128;

// IMAGE_SYMBOL: 18 bytes, unaligned.
constexpr std::size_t symbol_size = 18;

}  // namespace portico::loader::pe
