// An image as an ELF shared object. What the steps are for: README.md.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "build/elf_object.h"
#include "build/files.h"
#include "build/link.h"

namespace portico::build {
namespace {

// Version of the contract between images and the loader (src/loader/image_format.h).
constexpr int image_abi = 1;

// PAGE and INIT stand on pages of their own, so that the loader can take their access away. Sections of these
// names that hold data (#pragma data_seg) must not share pages with code.
constexpr std::string_view code_script = R"(SECTIONS {
  /DISCARD/ : { *(.init_array .init_array.* .ctors .ctors.*) }
  PAGE : ALIGN(4096) { INPUT_SECTION_FLAGS(SHF_EXECINSTR & !SHF_WRITE) *(PAGE PAGE?*) . = ALIGN(4096); }
  INIT : ALIGN(4096) { INPUT_SECTION_FLAGS(SHF_EXECINSTR & !SHF_WRITE) *(INIT INIT?*) . = ALIGN(4096); }
} INSERT AFTER .text;
)";
constexpr std::string_view data_script = R"(SECTIONS {
  PAGEDATA : ALIGN(4096) { INPUT_SECTION_FLAGS(SHF_WRITE & !SHF_EXECINSTR) *(PAGE PAGE?*) . = ALIGN(4096); }
} INSERT AFTER .data;
)";
constexpr std::string_view exports = "{ global: DriverEntry; PorticoCreateMiniport; local: *; };\n";

// The linker script refers to .text and .data, whether or not the driver has any code or data outside PAGE.
std::string note(const LinkOptions& options, bool paged_data) {
    const int flags = (options.config == Config::checked ? 1 : 0) + (options.asan ? 2 : 0);
    return fmt::format(R"(.section .note.portico, "a", @note
.p2align 2
.long 8, 2f - 1f, 1
.asciz "Portico"
1: .long {}, {}
.asciz "{}"
2: .p2align 2
.text
int3
{}
.section .note.GNU-stack, "", @progbits
)",
                       image_abi, flags, options.name, paged_data ? ".data; .byte 0" : "");
}

class ElfLink {
  public:
    ElfLink(const Installation& installation, const LinkOptions& options, const std::string& output,
            const std::vector<std::string>& objects)
        : installation_(installation),
          options_(options),
          output_(output),
          objects_(objects),
          scratch_(output) {}

    Result<void> run() {
        lld_ = PORTICO_TRY(find_tool("ld.lld"));
        const std::string all = scratch_.file("all.o");
        Arguments join{lld_, "-r", "-o", all};
        join.insert(join.end(), objects_.begin(), objects_.end());
        PORTICO_TRY_VOID(link_step(join, output_));
        const ElfObject object = PORTICO_TRY(read_elf(all));
        PORTICO_TRY_VOID(check_entry(object));
        const std::string renamed = PORTICO_TRY(rename(all, object));
        return link(renamed, PORTICO_TRY(make_note(object)), has_paged_data(object));
    }

  private:
    static bool has_paged_data(const ElfObject& object) {
        return std::any_of(object.sections.begin(), object.sections.end(), [](const ElfSection& section) {
            return section.name.starts_with("PAGE") && section.writable;
        });
    }

    // Imports get a prefix: under their own names memcpy, memset or sqrt would mean the host's, whose calling
    // convention is another. Static constructors keep a section of their own: nothing runs them, on Windows
    // either, and the loader reports them. ASan's own constructor only looks for the host's run-time library.
    Result<std::string> rename(const std::string& all, const ElfObject& object) {
        std::set<std::string> imports;
        for (const ElfSymbol& symbol : object.symbols) {
            if (!symbol.defined && symbol.global && !symbol.name.empty() &&
                symbol.name != "_GLOBAL_OFFSET_TABLE_")
                imports.insert(symbol.name);
        }
        PORTICO_TRY_VOID(check_imports(installation_, options_.name, {imports.begin(), imports.end()}));
        std::string renames;
        for (const std::string& import : imports) renames += fmt::format("{0} nt_{0}\n", import);
        const std::string list = scratch_.file("imports"), renamed = scratch_.file("linked.o");
        PORTICO_TRY_VOID(write_file(list, renames));
        PORTICO_TRY_VOID(link_step(
            {PORTICO_TRY(find_tool("llvm-objcopy")), "--redefine-syms=" + list,
             "--remove-section=.init_array.1",
             "--rename-section=.init_array=.portico.ctors,alloc,readonly,data,contents", all, renamed},
            output_));
        return renamed;
    }

    Result<std::string> make_note(const ElfObject& object) {
        const std::string source = scratch_.file("note.s"), result = scratch_.file("note.o");
        PORTICO_TRY_VOID(write_file(source, note(options_, has_paged_data(object))));
        PORTICO_TRY_VOID(link_step({PORTICO_TRY(find_tool("clang")), "--target=x86_64-pc-windows-msvc-elf",
                                    "-c", source, "-o", result},
                                   output_));
        return result;
    }

    Result<void> link(const std::string& object, const std::string& note_object, bool paged_data) {
        const std::string script = scratch_.file("ld"), map = scratch_.file("map"),
                          image = scratch_.file("new");
        PORTICO_TRY_VOID(
            write_file(script, std::string(code_script) + std::string(paged_data ? data_script : "")));
        PORTICO_TRY_VOID(write_file(map, exports));
        Arguments arguments{lld_,
                            "-shared",
                            "-z",
                            "notext",
                            "-Bsymbolic",
                            "--eh-frame-hdr",
                            "--no-dependent-libraries",
                            "--build-id=sha1",
                            "--hash-style=sysv",
                            "--emit-relocs",
                            "--version-script=" + map,
                            "--image-base=" + image_base(options_.name),
                            "-T",
                            script};
        if (options_.entry != "DriverEntry") arguments.push_back("--defsym=DriverEntry=" + options_.entry);
        arguments.insert(arguments.end(), {object, note_object, "-o", image});
        PORTICO_TRY_VOID(link_step(arguments, output_));
        if (::rename(image.c_str(), output_.c_str()) != 0) return Error{output_ + ": cannot be written"};
        return {};
    }

    Result<void> check_entry(const ElfObject& object) const {
        bool mangled = false;
        for (const ElfSymbol& symbol : object.symbols) {
            if (symbol.defined && symbol.global &&
                (symbol.name == options_.entry || symbol.name == "PorticoCreateMiniport"))
                return {};
            mangled |= symbol.name.starts_with("?" + options_.entry + "$$");
        }
        if (!options_.needs_entry) return {};
        return entry_missing(options_, mangled);
    }

    const Installation& installation_;
    const LinkOptions& options_;
    const std::string& output_;
    const std::vector<std::string>& objects_;
    Scratch scratch_;
    std::string lld_;
};

}  // namespace

Result<void> link_elf(const Installation& installation, const LinkOptions& options, const std::string& output,
                      const std::vector<std::string>& objects) {
    return ElfLink(installation, options, output, objects).run();
}

}  // namespace portico::build
