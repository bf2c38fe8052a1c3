// .sys files that Windows or Portico could not run, and those that lie about themselves: one line each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "host.h"
#include "loader/debug_frames.h"
#include "loader/pe_file.h"
#include "loader/pe_format.h"

namespace portico::loader::test::pe_refusal_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A linker puts it anywhere.
typedef pe::ImportDescriptor UnalignedImportDescriptor __attribute__((aligned(1)));

class SpoiledPe : public ::testing::Test {
  protected:
    const std::vector<std::byte> good = read_bytes(sys_path_of("loader_sample"));
    std::vector<std::byte> bytes = good;

    template <class T>
    T& at(std::uint64_t offset) {
        PORTICO_CHECK(offset + sizeof(T) <= bytes.size());
        return *reinterpret_cast<T*>(bytes.data() + offset);
    }
    std::uint64_t pe_at() { return at<std::uint32_t>(0x3c); }
    pe::FileHeader& header() { return at<pe::FileHeader>(pe_at() + 4); }
    pe::OptionalHeader& optional() { return at<pe::OptionalHeader>(pe_at() + 24); }
    pe::DataDirectory& directory(unsigned index) {
        return at<pe::DataDirectory>(pe_at() + 24 + sizeof(pe::OptionalHeader) +
                                     index * sizeof(pe::DataDirectory));
    }
    pe::SectionHeader& section(unsigned index) {
        return at<pe::SectionHeader>(pe_at() + 24 + header().SizeOfOptionalHeader +
                                     index * sizeof(pe::SectionHeader));
    }
    pe::SectionHeader& section(const std::string& name) {
        for (unsigned i = 0; i < header().NumberOfSections; ++i) {
            if (std::string(section(i).Name, strnlen(section(i).Name, 8)) == name) return section(i);
        }
        throw std::runtime_error("no section " + name);
    }
    std::uint64_t file_offset(std::uint32_t address) {
        for (unsigned i = 0; i < header().NumberOfSections; ++i) {
            const auto& s = section(i);
            if (address - s.VirtualAddress < s.SizeOfRawData)
                return address - s.VirtualAddress + s.PointerToRawData;
        }
        throw std::runtime_error("no such address");
    }
    UnalignedImportDescriptor& import(unsigned index) {
        const auto offset = file_offset(directory(pe::directory_import).VirtualAddress) +
                            index * sizeof(pe::ImportDescriptor);
        PORTICO_CHECK(offset + sizeof(pe::ImportDescriptor) <= bytes.size());
        return *reinterpret_cast<UnalignedImportDescriptor*>(bytes.data() + offset);
    }
    void name_module(const std::string& name) {
        const auto offset = file_offset(import(0).Name);
        std::memcpy(bytes.data() + offset, name.c_str(), name.size() + 1);
    }

    std::string spoil(const std::function<void()>& change) {
        bytes = good;
        change();
        const auto loaded = load_memory(bytes, "bad.sys", options);
        if (loaded.ok()) return "loaded";
        EXPECT_THAT(loaded.error().message, StartsWith("bad.sys: "));
        EXPECT_EQ(loaded.error().message.find('\n'), std::string::npos);
        EXPECT_EQ(loaded.error().exit, ExitCode::bad_input);
        return loaded.error().message;
    }
};

TEST_F(SpoiledPe, Headers) {
    EXPECT_THAT(spoil([&] { bytes.resize(3); }), HasSubstr("cut off inside its DOS header"));
    EXPECT_THAT(spoil([&] { bytes.resize(pe_at() + 10); }), HasSubstr("cut off inside its PE header"));
    EXPECT_THAT(spoil([&] { at<std::uint32_t>(0x3c) = 0xfffffff0; }), HasSubstr("no PE header"));
    EXPECT_THAT(spoil([&] { at<std::uint32_t>(pe_at()) = 0x454c; }), HasSubstr("16-bit Windows"));
    EXPECT_THAT(spoil([&] { at<std::uint32_t>(pe_at()) = 0; }), HasSubstr("no PE header"));
    EXPECT_THAT(spoil([&] { optional().Magic = pe::magic_pe32; }), HasSubstr("not PE32+"));
    EXPECT_THAT(spoil([&] { header().SizeOfOptionalHeader = 100; }),
                HasSubstr("cut off inside its PE header"));
    EXPECT_THAT(spoil([&] { header().SizeOfOptionalHeader = 120; }), HasSubstr("directories do not fit"));
    EXPECT_THAT(spoil([&] { header().NumberOfSections = 0; }), HasSubstr("no sections"));
    EXPECT_THAT(spoil([&] { header().NumberOfSections = 97; }), HasSubstr("97 sections"));
    EXPECT_THAT(spoil([&] { header().Characteristics = 0; }), HasSubstr("linker found errors"));
    EXPECT_THAT(spoil([&] { optional().SizeOfHeaders = 0xffffffff; }), HasSubstr("headers do not lie"));
}

TEST_F(SpoiledPe, OtherMachinesAndPrograms) {
    EXPECT_THAT(spoil([&] { header().Machine = 0x14c; }),
                HasSubstr("built for 32-bit x86; build the driver for x64"));
    EXPECT_THAT(spoil([&] { header().Machine = 0xAA64; }), HasSubstr("built for ARM64"));
    EXPECT_THAT(spoil([&] { header().Machine = 0x1c4; }), HasSubstr("built for 32-bit ARM"));
    EXPECT_THAT(spoil([&] { header().Machine = 0x200; }), HasSubstr("built for Itanium"));
    EXPECT_THAT(spoil([&] { header().Machine = 0x1234; }), HasSubstr("unknown machine (0x1234)"));
    EXPECT_THAT(spoil([&] { optional().Subsystem = 2; }), HasSubstr("a program of user mode (EXE)"));
    EXPECT_THAT(spoil([&] { optional().Subsystem = 3, header().Characteristics |= pe::dll; }),
                HasSubstr("a library of user mode (DLL)"));
    EXPECT_THAT(spoil([&] { optional().Subsystem = 11; }), HasSubstr("firmware"));
    EXPECT_THAT(spoil([&] { optional().Subsystem = 16; }), HasSubstr("subsystem 16"));
    EXPECT_THAT(spoil([&] { directory(pe::directory_clr) = {0x1000, 72}; }), HasSubstr(".NET"));
    EXPECT_THAT(spoil([&] { directory(pe::directory_tls) = {0x1000, 40}; }), HasSubstr("thread-local"));
    EXPECT_THAT(spoil([&] {
                    directory(pe::directory_delay_import) = {0x1000, 64};
                }),
                HasSubstr("delay-loaded"));
    EXPECT_THAT(spoil([&] { bytes.assign(64, std::byte{0}), std::memcpy(bytes.data(), "\x64\x86", 2); }),
                HasSubstr("an object file"));
}

TEST_F(SpoiledPe, Imports) {
    EXPECT_THAT(spoil([&] { name_module("kernel32.dll"); }),
                HasSubstr("imports kernel32.dll, a library of user mode"));
    EXPECT_THAT(spoil([&] { name_module("WDFLDR.SYS"); }),
                HasSubstr("a KMDF driver (it imports WDFLDR.SYS)"));
    EXPECT_THAT(spoil([&] { import(0).Name = 0xfffffff0; }), HasSubstr("a module has no name"));
    EXPECT_THAT(spoil([&] { import(0).OriginalFirstThunk = 0xfffffff0; }),
                HasSubstr("no end inside the image"));
    EXPECT_THAT(spoil([&] { import(0).FirstThunk = 0xfffffff0; }),
                HasSubstr("import address table lies outside"));
    EXPECT_THAT(spoil([&] { import(0).OriginalFirstThunk = 0, import(0).TimeDateStamp = 1; }),
                HasSubstr("bound to one"));
    EXPECT_THAT(spoil([&] { directory(pe::directory_import).VirtualAddress = 0xfffffff0; }),
                HasSubstr("no end inside the image"));
    EXPECT_THAT(spoil([&] { at<std::uint64_t>(file_offset(import(0).OriginalFirstThunk)) = 0x7fffffff; }),
                HasSubstr("a name lies outside"));
}

TEST_F(SpoiledPe, ImportsOfOtherModulesAndByNumberAreMissing) {
    name_module("other.sys");
    auto loaded = load_memory(bytes, "other.sys", options);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_THAT((*loaded)->missing_imports()[0]->label, StartsWith("other.sys!"));
    bytes = good;
    at<std::uint64_t>(file_offset(import(0).OriginalFirstThunk)) = pe::import_by_ordinal | 12;
    loaded = load_memory(bytes, "number.sys", options);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    EXPECT_EQ((*loaded)->missing_imports()[0]->label, "ntoskrnl.exe!#12");
}

TEST_F(SpoiledPe, Sections) {
    EXPECT_THAT(spoil([&] { section(".text").PointerToRawData = 0xfffffe00; }),
                HasSubstr("outside the file (cut off?)"));
    EXPECT_THAT(spoil([&] { bytes.resize(section(".rdata").PointerToRawData + 16); }), HasSubstr("cut off"));
    EXPECT_THAT(spoil([&] { section(".rdata").VirtualAddress = 0x1000; }), HasSubstr("overlaps"));
    EXPECT_THAT(spoil([&] { section(".rdata").VirtualAddress += 8; }), HasSubstr("overlaps"));
    EXPECT_THAT(spoil([&] { section(".text").VirtualSize = 0xffffffff; }), HasSubstr("outside the image"));
    EXPECT_THAT(spoil([&] { section(".text").SizeOfRawData = 0; }), HasSubstr("packed"));
    EXPECT_THAT(spoil([&] { section(".text").Characteristics |= pe::section_writable; }),
                HasSubstr("packed"));
    EXPECT_THAT(spoil([&] { optional().SectionAlignment = 0x20; }), HasSubstr("share pages"));
    EXPECT_THAT(spoil([&] { optional().SizeOfImage = 0x7fffffff; }), HasSubstr("address space"));
    EXPECT_THAT(spoil([&] { optional().ImageBase += 8; }), HasSubstr("is no page"));
    EXPECT_THAT(spoil([&] { optional().AddressOfEntryPoint = 0; }), HasSubstr("no entry point"));
    EXPECT_THAT(spoil([&] { optional().AddressOfEntryPoint = section(".data").VirtualAddress; }),
                HasSubstr("in no code"));
}

TEST_F(SpoiledPe, Tables) {
    const auto relocation = [&]() -> pe::RelocationBlock& {
        return at<pe::RelocationBlock>(file_offset(directory(pe::directory_relocation).VirtualAddress));
    };
    EXPECT_THAT(spoil([&] { directory(pe::directory_relocation).VirtualAddress = 0xfffffff0; }),
                HasSubstr("relocations lie outside"));
    EXPECT_THAT(spoil([&] { relocation().SizeOfBlock = 7; }), HasSubstr("relocations are damaged"));
    EXPECT_THAT(spoil([&] { relocation().SizeOfBlock = 0xfffffff0; }), HasSubstr("relocations are damaged"));
    EXPECT_THAT(spoil([&] { relocation().VirtualAddress = 0xfffff000; }),
                HasSubstr("writes outside the image"));
    EXPECT_THAT(spoil([&] { (&relocation())[1].VirtualAddress = 0x3000; }),
                HasSubstr("relocation of type 3"));
    EXPECT_THAT(spoil([&] {
                    optional().ImageBase = 0x140000000;
                    header().Characteristics |= pe::relocations_stripped;
                    directory(pe::directory_relocation) = {};
                    directory(pe::directory_load_config) = {};
                }),
                HasSubstr("without relocations"));
    bytes = good;
    const auto exceptions = file_offset(directory(pe::directory_exception).VirtualAddress);
    EXPECT_THAT(spoil([&] { at<std::uint32_t>(exceptions + 4) = 0; }),
                HasSubstr("exception table is damaged in row 0"));
    EXPECT_THAT(spoil([&] { at<std::uint32_t>(exceptions + 8) = 0xfffffff0; }),
                HasSubstr("damaged in row 0"));
    EXPECT_THAT(spoil([&] { directory(pe::directory_exception).VirtualAddress = 0xfffffff0; }),
                HasSubstr("exception table lies outside"));
    EXPECT_THAT(spoil([&] { directory(pe::directory_load_config).VirtualAddress = 0xfffffff0; }),
                HasSubstr("load configuration lies outside"));
    bytes = good;
    const auto config = file_offset(directory(pe::directory_load_config).VirtualAddress);
    EXPECT_THAT(spoil([&] { at<std::uint64_t>(config + pe::load_config_security_cookie) = 8; }),
                HasSubstr("load configuration names 0x8"));
}

// A megabyte of symbols would have gigabytes of names.
TEST_F(SpoiledPe, SymbolsThatShareALongName) {
    constexpr std::uint32_t count = 20'000, length = 4000;
    header().PointerToSymbolTable = static_cast<std::uint32_t>(bytes.size());
    header().NumberOfSymbols = count;
    std::vector<std::byte> table(count * pe::symbol_size + 4 + length + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto* const symbol = table.data() + i * pe::symbol_size;
        const std::uint32_t words[3] = {0, 4, 0};
        const std::int16_t section = 1;
        std::memcpy(symbol, words, sizeof words);
        std::memcpy(symbol + 12, &section, sizeof section);
    }
    std::memset(table.data() + count * pe::symbol_size + 4, 's', length);
    bytes.insert(bytes.end(), table.begin(), table.end());
    const auto file = parse_pe(bytes, "long.sys");
    ASSERT_TRUE(file.ok()) << file.error().message;
    std::size_t names = 0;
    for (const PeSymbol& symbol : file->symbols) names += symbol.name.size();
    EXPECT_GT(names, length);
    EXPECT_LE(names, bytes.size() + length);
}

// So would functions that share a long chain of prologues.
TEST(PeFrames, FunctionsThatShareALongPrologue) {
    constexpr std::uint32_t functions = 20'000, chain = 30, info_size = 4 + 2 * 256 + sizeof(RuntimeFunction);
    std::vector<std::byte> image(chain * info_size + functions * sizeof(RuntimeFunction));
    for (std::uint32_t i = 0; i < chain; ++i) {
        auto* const info = image.data() + i * info_size;
        const std::uint8_t head[4] = {static_cast<std::uint8_t>(1 | (i + 1 < chain ? 4 << 3 : 0)), 255, 255,
                                      0};
        std::memcpy(info, head, sizeof head);
        std::memset(info + sizeof head, 3 << 4, 2 * 255);  // push rbx
        for (unsigned code = 0; code < 255; ++code) info[5 + 2 * code] = std::byte{3 << 4};
        const RuntimeFunction parent{0, 1, (i + 1) * info_size};
        std::memcpy(info + info_size - sizeof parent, &parent, sizeof parent);
    }
    for (std::uint32_t i = 0; i < functions; ++i) {
        const RuntimeFunction row{i, i + 1, 0};
        std::memcpy(image.data() + chain * info_size + i * sizeof row, &row, sizeof row);
    }
    PeFile file;
    file.layout.base = 0x6a0000000000;
    file.layout.segments.push_back({file.layout.base, image.size(), image, false, false});
    file.layout.functions = file.layout.base + chain * info_size;
    file.layout.function_count = functions;
    const std::size_t size = debug_frames_of(file).size();
    EXPECT_GT(size, 64u << 20);
    EXPECT_LT(size, 65u << 20);
}

TEST_F(SpoiledPe, AnyByteOfItsHeaders) {
    std::mt19937 random(7);
    for (unsigned i = 0; i < 500; ++i) {
        bytes = good;
        for (unsigned change = 0; change < 3; ++change)
            bytes[random() % 0x400] = static_cast<std::byte>(random());
        const auto loaded = load_memory(bytes, "bad.sys", options);
        if (loaded.ok()) {
            (*loaded)->reset_statics();
            unload(*loaded);
        }
    }
    EXPECT_TRUE(images().empty());
}

}  // namespace
}  // namespace portico::loader::test::pe_refusal_test
