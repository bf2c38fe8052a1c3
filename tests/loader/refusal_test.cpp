// Files that are no images, and images that lie about themselves: each is refused with one line that names
// the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <functional>
#include <random>

#include "host.h"
#include "loader/image_format.h"

namespace portico::loader::test::refusal_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string refusal(const std::vector<std::byte>& bytes) {
    const auto loaded = load_memory(bytes, "bad.so", options);
    return loaded.ok() ? "loaded" : loaded.error().message;
}

std::string refusal_of_file(const std::string& path) {
    const auto loaded = load_file(path, options);
    if (loaded.ok()) return "loaded";
    EXPECT_THAT(loaded.error().message, StartsWith(path + ": "));
    EXPECT_THAT(loaded.error().message, Not(HasSubstr("\n")));
    EXPECT_EQ(loaded.error().exit, ExitCode::bad_input);
    return loaded.error().message;
}

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto span = std::as_bytes(std::span(text));
    return {span.begin(), span.end()};
}

// A correct image to spoil.
class Spoiled : public ::testing::Test {
  protected:
    std::vector<std::byte> bytes = read_bytes(path_of("loader_sample"));

    template <class T>
    T& at(std::uint64_t offset) {
        PORTICO_CHECK(offset + sizeof(T) <= bytes.size());
        return *reinterpret_cast<T*>(bytes.data() + offset);
    }
    Elf64_Ehdr& header() { return at<Elf64_Ehdr>(0); }
    Elf64_Phdr& program(unsigned index) {
        return at<Elf64_Phdr>(header().e_phoff + index * sizeof(Elf64_Phdr));
    }
    Elf64_Phdr& program_of(std::uint32_t type, unsigned skip = 0) {
        for (unsigned i = 0; i < header().e_phnum; ++i) {
            if (program(i).p_type == type && skip-- == 0) return program(i);
        }
        throw std::runtime_error("no such program header");
    }
    Elf64_Shdr& section(unsigned index) {
        return at<Elf64_Shdr>(header().e_shoff + index * sizeof(Elf64_Shdr));
    }
    std::uint64_t file_offset(std::string_view section_name) {
        const auto file = parse_elf(bytes, "sample");
        PORTICO_CHECK(file.ok() && file->section(section_name) != nullptr);
        return file->section(section_name)->offset;
    }
    Elf64_Dyn& dynamic(std::int64_t tag) {
        for (auto offset = program_of(PT_DYNAMIC).p_offset;; offset += sizeof(Elf64_Dyn)) {
            if (at<Elf64_Dyn>(offset).d_tag == tag) return at<Elf64_Dyn>(offset);
        }
    }
};

TEST(Refusal, WhatIsNoFile) {
    EXPECT_THAT(refusal_of_file("/no/such/driver.so"), HasSubstr("No such file"));
    EXPECT_THAT(refusal_of_file("/tmp"), HasSubstr("not a file"));
    EXPECT_THAT(refusal_of_file("/dev/null"), HasSubstr("not a file"));
}

TEST(Refusal, WhatIsNoImage) {
    EXPECT_THAT(refusal({}), HasSubstr("empty"));
    EXPECT_THAT(refusal(bytes_of("#include <portcls.h>\n")), HasSubstr("not a driver image"));
    EXPECT_THAT(refusal(bytes_of("\x7f")), HasSubstr("not a driver image"));
    EXPECT_THAT(refusal(bytes_of("\x7f"
                                 "ELF")),
                HasSubstr("cut off"));
}

TEST(Refusal, WhatOtherToolsBuilt) {
    EXPECT_THAT(refusal_of_file("/proc/self/exe"), HasSubstr("not a shared object"));
    EXPECT_THAT(refusal_of_file("/lib/x86_64-linux-gnu/libc.so.6"),
                HasSubstr("not built by portico's tool chain"));
    EXPECT_THAT(refusal_of_file(PORTICO_DRIVERS "/loader_sample.objects/drivers_sample.cpp.o"),
                HasSubstr("an object file"));
}

TEST(Refusal, ThreadLocalVariables) {
    EXPECT_THAT(refusal_of_file(path_of("loader_thread_local")), HasSubstr("thread-local"));
}

TEST(Refusal, HandlersOfExceptionTables) {
    EXPECT_THAT(refusal_of_file(path_of("loader_table_seh")),
                HasSubstr("calls __C_specific_handler, which handles"));
}

TEST_F(Spoiled, Header) {
    const auto good = bytes;
    const auto spoil = [&](const std::function<void()>& change) {
        bytes = good;
        change();
        return refusal(bytes);
    };
    EXPECT_THAT(spoil([&] { header().e_ident[EI_CLASS] = ELFCLASS32; }), HasSubstr("another machine"));
    EXPECT_THAT(spoil([&] { header().e_ident[EI_DATA] = ELFDATA2MSB; }), HasSubstr("another machine"));
    EXPECT_THAT(spoil([&] { header().e_machine = EM_AARCH64; }), HasSubstr("another machine"));
    EXPECT_THAT(spoil([&] { header().e_version = 9; }), HasSubstr("ELF version 9"));
    EXPECT_THAT(spoil([&] { header().e_type = ET_EXEC; }), HasSubstr("not a shared object"));
    EXPECT_THAT(spoil([&] { header().e_type = ET_CORE; }), HasSubstr("not a shared object"));
    EXPECT_THAT(spoil([&] { header().e_phnum = 0; }), HasSubstr("no program headers"));
    EXPECT_THAT(spoil([&] { header().e_phentsize = 8; }), HasSubstr("no program headers"));
    EXPECT_THAT(spoil([&] { header().e_phoff = bytes.size() - 8; }),
                HasSubstr("program headers lie outside"));
    EXPECT_THAT(spoil([&] { header().e_phoff = ~0ull - 8; }), HasSubstr("program headers lie outside"));
    EXPECT_THAT(spoil([&] { header().e_shnum = 0; }), HasSubstr("no sections"));
    EXPECT_THAT(spoil([&] { header().e_shoff = bytes.size() - 1; }), HasSubstr("section headers"));
    EXPECT_THAT(spoil([&] { header().e_shoff = ~0ull; }), HasSubstr("section headers"));
    EXPECT_THAT(spoil([&] { header().e_shentsize = 1; }), HasSubstr("section headers"));
    EXPECT_THAT(spoil([&] { header().e_shstrndx = 0xfff0; }), HasSubstr("section names"));
}

TEST_F(Spoiled, Segments) {
    const auto good = bytes;
    const auto spoil = [&](const std::function<void(Elf64_Phdr&)>& change, unsigned index = 1) {
        bytes = good;
        change(program_of(PT_LOAD, index));
        return refusal(bytes);
    };
    EXPECT_THAT(spoil([&](auto& h) { h.p_offset = bytes.size() - 1; }), HasSubstr("outside the file"));
    EXPECT_THAT(spoil([](auto& h) { h.p_offset = ~0ull; }), HasSubstr("outside the file"));
    EXPECT_THAT(spoil([](auto& h) { h.p_filesz = ~0ull; }), HasSubstr("larger in the file"));
    EXPECT_THAT(spoil([](auto& h) { h.p_filesz = h.p_memsz + 1; }), HasSubstr("larger in the file"));
    EXPECT_THAT(spoil([](auto& h) { h.p_vaddr = 1ull << 60; }), HasSubstr("outside the address space"));
    EXPECT_THAT(spoil([](auto& h) { h.p_vaddr = ~0ull; }), HasSubstr("outside the address space"));
    EXPECT_THAT(spoil([](auto& h) { h.p_memsz = ~0ull; }), HasSubstr("outside the address space"));
    EXPECT_THAT(spoil([](auto& h) { h.p_memsz = 1ull << 40; }, 3), HasSubstr("address space"));
    EXPECT_THAT(spoil([](auto& h) { h.p_memsz = 1ull << 40; }), HasSubstr("overlaps"));
    EXPECT_THAT(spoil([&](auto& h) { h.p_vaddr = program_of(PT_LOAD, 0).p_vaddr; }), HasSubstr("overlaps"));
    EXPECT_THAT(spoil([](auto& h) { h.p_flags = PF_R | PF_W | PF_X; }), HasSubstr("writable and executable"));
    EXPECT_THAT(spoil([](auto& h) { h.p_type = PT_TLS; }), HasSubstr("thread-local"));
}

TEST_F(Spoiled, NoSegmentsAtAll) {
    for (unsigned i = 0; i < header().e_phnum; ++i) {
        if (program(i).p_type == PT_LOAD) program(i).p_type = PT_NULL;
    }
    EXPECT_THAT(refusal(bytes), HasSubstr("nothing in it is to be loaded"));
}

TEST_F(Spoiled, ReadOnlyData) {
    const auto good = bytes;
    program_of(PT_GNU_RELRO).p_vaddr = 0x1000;
    EXPECT_THAT(refusal(bytes), HasSubstr("read-only data"));
    bytes = good;
    program_of(PT_GNU_RELRO).p_memsz = ~0ull;
    EXPECT_THAT(refusal(bytes), HasSubstr("read-only data"));
}

TEST_F(Spoiled, Note) {
    const auto good = bytes;
    const auto note = file_offset(".note.portico");
    const auto spoil = [&](std::uint64_t offset, std::uint32_t value) {
        bytes = good;
        at<std::uint32_t>(note + offset) = value;
        return refusal(bytes);
    };
    EXPECT_THAT(spoil(0, 0xffffffff), HasSubstr("not built by portico"));
    EXPECT_THAT(spoil(4, 0xffffffff), HasSubstr("not built by portico"));
    EXPECT_THAT(spoil(4, 3), HasSubstr("not built by portico"));
    EXPECT_THAT(spoil(8, 77), HasSubstr("not built by portico"));
    EXPECT_THAT(spoil(12, 0), HasSubstr("not built by portico"));
    EXPECT_THAT(spoil(20, image_abi + 1), HasSubstr("another version of portico's tool chain"));
    EXPECT_THAT(spoil(28, 0x0a0a0a0a), HasSubstr("name in it is damaged"));
    EXPECT_THAT(spoil(28, 0), HasSubstr("name in it is damaged"));
}

TEST_F(Spoiled, DynamicSection) {
    const auto good = bytes;
    const auto spoil = [&](std::int64_t tag, std::uint64_t value) {
        bytes = good;
        dynamic(tag).d_un.d_val = value;
        return refusal(bytes);
    };
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{0x6a0000000001}, ~std::uint64_t{0}}) {
        EXPECT_THAT(spoil(DT_RELA, value), HasSubstr("relocations lie outside"));
        EXPECT_THAT(spoil(DT_SYMTAB, value), HasSubstr("symbol table lies outside"));
        EXPECT_THAT(spoil(DT_STRTAB, value), HasSubstr("string table"));
        EXPECT_THAT(spoil(DT_HASH, value), HasSubstr("hash table lies outside"));
    }
    EXPECT_THAT(spoil(DT_RELASZ, ~0ull), HasSubstr("relocations lie outside"));
    EXPECT_THAT(spoil(DT_RELASZ, 25), HasSubstr("relocations lie outside"));
    EXPECT_THAT(spoil(DT_RELAENT, 16), HasSubstr("relocations of 16 bytes"));
    EXPECT_THAT(spoil(DT_SYMENT, 16), HasSubstr("symbols of 16 bytes"));
    EXPECT_THAT(spoil(DT_STRSZ, 0), HasSubstr("string table"));
    EXPECT_THAT(spoil(DT_STRSZ, ~0ull), HasSubstr("string table"));
    bytes = good;
    dynamic(DT_FLAGS).d_tag = DT_NEEDED;
    EXPECT_THAT(refusal(bytes), HasSubstr("not built by portico"));
    bytes = good;
    dynamic(DT_FLAGS).d_tag = DT_INIT;
    EXPECT_THAT(refusal(bytes), HasSubstr("not built by portico"));
    bytes = good;
    program_of(PT_DYNAMIC).p_vaddr = 0;
    EXPECT_THAT(refusal(bytes), HasSubstr("no dynamic section"));
    bytes = good;
    program_of(PT_DYNAMIC).p_filesz = 2 * sizeof(Elf64_Dyn);
    EXPECT_THAT(refusal(bytes), HasSubstr("has no end"));
}

TEST_F(Spoiled, Symbols) {
    const auto good = bytes;
    const auto symbols = file_offset(".dynsym"), hash = file_offset(".hash");
    at<std::uint32_t>(hash + 4) = 0x7fffffff;
    EXPECT_THAT(refusal(bytes), HasSubstr("symbol table lies outside"));
    bytes = good;
    at<Elf64_Sym>(symbols + sizeof(Elf64_Sym)).st_name = 0x7fffffff;
    EXPECT_THAT(refusal(bytes), HasSubstr("name of symbol 1"));
    bytes = good;
    for (std::uint64_t i = 1; at<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym)).st_shndx == SHN_UNDEF; ++i) {
        at<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym)).st_name += 1;  // "t_HostAdd"
    }
    EXPECT_THAT(refusal(bytes), HasSubstr("not built by portico"));
    bytes = good;
    for (std::uint64_t i = 1; i < at<std::uint32_t>(hash + 4); ++i) {
        at<Elf64_Sym>(symbols + i * sizeof(Elf64_Sym)).st_value ^= 1ull << 45;
    }
    EXPECT_THAT(refusal(bytes), HasSubstr("lies outside the image"));
}

// Each symbol's would be looked at to its end.
TEST_F(Spoiled, LongNameOfASymbol) {
    const std::vector<std::byte> name(symbol_name_length_max + 1, std::byte{'s'});
    unsigned last = 0;
    for (unsigned i = 0; i < header().e_phnum; ++i) {
        if (program(i).p_type == PT_LOAD) last = i;
    }
    program(last).p_offset = bytes.size();
    program(last).p_filesz = program(last).p_memsz = name.size() + 1;
    const std::uint64_t address = program(last).p_vaddr;
    dynamic(DT_STRTAB).d_un.d_ptr = address;
    dynamic(DT_STRSZ).d_un.d_val = name.size() + 1;
    bytes.insert(bytes.end(), name.begin(), name.end());
    bytes.push_back(std::byte{0});
    EXPECT_THAT(refusal(bytes), HasSubstr("the name of symbol 0 is longer than 16383 bytes"));
}

TEST_F(Spoiled, Relocations) {
    const auto good = bytes;
    const auto table = file_offset(".rela.dyn");
    const auto spoil = [&](const std::function<void(Elf64_Rela&)>& change) {
        bytes = good;
        change(at<Elf64_Rela>(table));
        return refusal(bytes);
    };
    for (const std::uint64_t type :
         {R_X86_64_COPY, R_X86_64_IRELATIVE, R_X86_64_TPOFF64, R_X86_64_PC32, 4711}) {
        EXPECT_THAT(spoil([&](auto& r) { r.r_info = ELF64_R_INFO(0, type); }), HasSubstr("unknown type"));
    }
    EXPECT_THAT(spoil([](auto& r) { r.r_info = ELF64_R_INFO(100000, R_X86_64_64); }),
                HasSubstr("names symbol 100000"));
    EXPECT_THAT(spoil([](auto& r) { r.r_offset = 0; }), HasSubstr("writes outside"));
    EXPECT_THAT(spoil([](auto& r) { r.r_offset = ~0ull - 3; }), HasSubstr("writes outside"));
    EXPECT_THAT(spoil([&](auto& r) {
                    r.r_offset = program_of(PT_LOAD, 0).p_vaddr + program_of(PT_LOAD, 0).p_memsz - 7;
                }),
                HasSubstr("writes outside"));
    EXPECT_THAT(spoil([](auto& r) { r.r_info = 0; }), "loaded");
}

TEST_F(Spoiled, Sections) {
    const auto good = bytes;
    const auto spoil = [&](const std::function<void(Elf64_Shdr&)>& change, unsigned index = 1) {
        bytes = good;
        change(section(index));
        return refusal(bytes);
    };
    EXPECT_THAT(spoil([](auto& s) { s.sh_offset = ~0ull; }), HasSubstr("section 1 lies outside the file"));
    EXPECT_THAT(spoil([](auto& s) { s.sh_name = 0x7fffffff; }), HasSubstr("section 1 has no name"));
    EXPECT_THAT(spoil([](auto& s) { s.sh_addr = 0x1000; }), HasSubstr("section 1 lies outside the image"));
    EXPECT_THAT(spoil([](auto& s) {
                    s.sh_type = SHT_NOBITS;
                    s.sh_size = ~0ull;
                }),
                HasSubstr("section 1 lies outside the image"));
    EXPECT_THAT(spoil([](auto& s) { s.sh_size = 0; }, header().e_shstrndx), HasSubstr("section names"));
}

// INIT and PAGE go out of memory by pages: nothing else may lie there, least of all what Portico writes to.
TEST_F(Spoiled, SectionsThatGoOutOfMemory) {
    const auto good = bytes;
    const auto index_of = [&](std::string_view name) {
        const auto file = parse_elf(bytes, "sample");
        return static_cast<unsigned>(file->section(name) - file->sections.data());
    };
    const auto become_init = [&](std::string_view name) -> Elf64_Shdr& {
        bytes = good;
        auto& found = section(index_of(name));
        const auto names = section(header().e_shstrndx).sh_offset;
        std::memcpy(&at<char[5]>(names + found.sh_name), "INIT", 5);
        found.sh_flags |= SHF_EXECINSTR;
        return found;
    };
    become_init(".data");
    EXPECT_THAT(refusal(bytes), HasSubstr("section INIT shares its pages with others"));
    const auto text = become_init(".text").sh_addr;
    EXPECT_EQ(refusal(bytes), "loaded");
    become_init(".text");
    section(index_of(".data")).sh_addr = text;
    EXPECT_THAT(refusal(bytes), HasSubstr("section INIT shares its pages with others"));
}

// Whatever is cut off is noticed: only bytes behind everything that is used may be missing.
TEST_F(Spoiled, CutOffAnywhere) {
    const auto good = bytes;
    for (std::size_t size = 0; size < good.size(); size += size < 4096 ? 1 : 97) {
        bytes.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        ASSERT_NE(refusal(bytes), "loaded") << size;
    }
}

// Damage to any byte leads to a refusal or to an image that can be asked about and unloaded.
TEST_F(Spoiled, DamagedAnywhere) {
    const auto good = bytes;
    std::mt19937 random(1);
    const std::uint64_t tables[] = {file_offset(".dynsym"), file_offset(".rela.dyn"), file_offset(".dynamic"),
                                    header().e_shoff, 0};
    for (int round = 0; round < 3000; ++round) {
        bytes = good;
        for (int change = 0; change < 1 + round % 3; ++change) {
            const auto offset = tables[random() % std::size(tables)] + random() % 600;
            if (offset < bytes.size())
                bytes[offset] = static_cast<std::byte>(random() % 2 != 0 ? 0xff : random());
        }
        const auto loaded = load_memory(bytes, "damaged.so", options);
        if (!loaded.ok()) {
            ASSERT_THAT(loaded.error().message, StartsWith("damaged.so: "));
            continue;
        }
        (*loaded)->reset_statics();
        (*loaded)->is_paged_code((*loaded)->range().base);
        unload(*loaded);
    }
}

}  // namespace
}  // namespace portico::loader::test::refusal_test
