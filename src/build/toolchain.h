// How one source is compiled and an image linked: the only place that knows. Why each flag is there:
// toolchain.cpp; why each step: README.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "build/process.h"
#include "build/shadow_pass.h"

namespace portico::build {

enum class Config : std::uint8_t { checked, free };
enum class ImageFormat : std::uint8_t { elf, pe };

// Where the tool's own files are: in Portico's source tree, or installed beside it.
struct Installation {
    std::string tool;       // portico-build-driver itself
    std::string ddk;        // folder of the headers
    std::string driverlib;  // folder of the sources that every driver is linked with
    std::string
        libraries;  // folder of archives of them, ready made: checked.a, free.a, checked-sys.a, free-sys.a
    std::string imports;  // folder of the .def files of the kernel's modules
    std::vector<std::string> ddk_folders() const { return {ddk, ddk + "/crt"}; }
    std::vector<std::string> driverlib_sources() const;
};
Result<Installation> find_installation();

struct CompileOptions {
    Config config = Config::checked;
    ImageFormat format = ImageFormat::elf;
    bool asan = false;
    bool coverage = false;
    bool skip_asm = false;
    bool short_wchar = false;          // wchar_t is unsigned short, as DDK builds have it (FLD-051)
    std::optional<Language> language;  // instead of what the name says
    std::vector<std::string> includes;
    std::vector<std::string> macros;  // "-DNAME[=VALUE]" and "-UNAME", in order
    std::vector<std::string> forced_includes;
    std::vector<std::string> options;  // further flags for clang
};

// clang's flags for a source, without its name and the overlay.
Arguments clang_flags(const Installation& installation, const CompileOptions& options,
                      const std::string& source);

struct CompileFiles {
    std::string source;
    std::string object;
    std::string depfile;  // empty: none
    std::string overlay;  // folder of a shadow; empty: the source gets one of its own
};
// Prints what the compiler says. The exit code: 1 for a source with errors.
Result<int> compile(const Installation& installation, const CompileOptions& options,
                    const CompileFiles& files);

Result<void> archive(const std::string& output, const std::vector<std::string>& objects);

struct LinkOptions {
    Config config = Config::checked;
    ImageFormat format = ImageFormat::elf;
    bool asan = false;
    std::string name;
    std::string entry = "DriverEntry";
    bool needs_entry = true;
    std::string imports;  // instead of the installation's
};
Result<void> check_image_name(const std::string& name);

// The image appears whole or not at all.
Result<void> link_image(const Installation& installation, const LinkOptions& options,
                        const std::string& output, const std::vector<std::string>& objects);

}  // namespace portico::build
