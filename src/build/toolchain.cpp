#include "build/toolchain.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "build/files.h"

namespace portico::build {
namespace {

using Flags = std::vector<const char*>;

// Language: Microsoft's C++ as drivers were written for it. C++17 breaks such sources (throwing new,
// register, ++bool).
const Flags dialect{"-fms-extensions", "-fms-compatibility", "-fms-compatibility-version=19",
                    "-fno-exceptions", "-fno-threadsafe-statics"};
const Flags dialect_cxx{"-std=c++14", "-fdelayed-template-parsing", "-fno-rtti", "-Wno-c++11-narrowing",
                        "-Wno-writable-strings"};
// FLD-052: what MSVC promises and clang's optimiser would otherwise take away.
const Flags meaning{"-fno-delete-null-pointer-checks",
                    "-fno-strict-aliasing",
                    "-fwrapv",
                    "-fno-finite-loops",
                    "-Xclang",
                    "-fms-volatile"};
// FLD-051.
const Flags identity{"-D_AMD64_", "-D_WIN64", "-D_KERNEL_MODE"};
// Frames that the stack walker follows, debug information that libdw and gdb read.
const Flags machine{"-g", "-gdwarf-4", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer",
                    "-fasynchronous-unwind-tables"};
// Calls that reach the host anywhere in the address space; a .sys reaches it through its import table.
const Flags machine_elf{"--target=x86_64-pc-windows-msvc-elf", "-mcmodel=large"};
const Flags machine_pe{"--target=x86_64-pc-windows-msvc", "-DPORTICO_SYS"};
// Silent about what every driver does, loud about the rest.
const Flags quiet{"-Wno-microsoft",
                  "-Wno-ignored-pragma-intrinsic",
                  "-Wno-ignored-pragmas",
                  "-Wno-unknown-pragmas",
                  "-Wno-pragma-pack",
                  "-Wno-ignored-attributes",
                  "-Wno-multichar",
                  "-Wno-four-char-constants",
                  "-Wno-nonportable-include-path",
                  "-Wno-unused-command-line-argument",
                  "-Wno-undefined-bool-conversion",
                  "-Wno-tautological-undefined-compare"};
// The host's shadow is where Linux has it; red zones around globals would need constructors, which never run,
// and fake stacks would outlive the fibers that a bug check abandons.
const Flags asan{"-fsanitize=address",
                 "-mllvm",
                 "-asan-instrumentation-with-call-threshold=0",
                 "-mllvm",
                 "-asan-mapping-offset=0x7fff8000",
                 "-mllvm",
                 "-asan-globals=0",
                 "-mllvm",
                 "-asan-use-after-return=never",
                 "-mllvm",
                 "-asan-guard-against-version-mismatch=0"};
// The counters stay in the image, from which the loader writes them (src/loader/coverage.cpp).
const Flags coverage{"-fprofile-instr-generate", "-fcoverage-mapping"};
// What a name without a value of a function's becomes (function_name_pass.cpp) outside of any function.
const Flags shadow_macros{"-DPORTICO_FUNCTION_NAME=\"\""};
const Flags short_wchar_flags{"-Xclang", "-fno-wchar"};

void append(Arguments& arguments, const Flags& flags) {
    arguments.insert(arguments.end(), flags.begin(), flags.end());
}

void append_each(Arguments& arguments, const char* flag, const std::vector<std::string>& values) {
    for (const std::string& value : values) arguments.insert(arguments.end(), {flag, value});
}

bool is_assembler(const std::string& source) {
    return suffix_of(source) == ".s";
}

}  // namespace

std::vector<std::string> Installation::driverlib_sources() const {
    std::vector<std::string> sources;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(driverlib, error)) {
        const std::string suffix = suffix_of(entry.path().string());
        if (suffix == ".cpp" || suffix == ".c" || suffix == ".s") sources.push_back(entry.path().string());
    }
    std::sort(sources.begin(), sources.end());
    return sources;
}

// The program may be any that links this room: the tool stands beside it.
Result<Installation> find_installation() {
    std::error_code error;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    const std::string bin = folder_of(program);
    const std::string tool = bin + "/portico-build-driver";
    const std::string share = absolute_path(bin + "/../share/portico");
    if (is_folder(share + "/ddk") && is_folder(share + "/driverlib"))
        return Installation{tool, share + "/ddk", share + "/driverlib", share + "/libraries",
                            share + "/imports"};
    const std::string root = PORTICO_SOURCE_ROOT;
    if (is_folder(root + "/include/ddk") && program.starts_with(PORTICO_BINARY_ROOT "/"))
        return Installation{PORTICO_BINARY_ROOT "/bin/portico-build-driver", root + "/include/ddk",
                            root + "/src/driverlib", PORTICO_BINARY_ROOT "/libraries",
                            PORTICO_BINARY_ROOT "/imports"};
    return Error{"this installation is incomplete: no share/portico beside " + bin, ExitCode::missing};
}

Arguments clang_flags(const Installation& installation, const CompileOptions& options,
                      const std::string& source) {
    Arguments flags;
    append(flags, options.format == ImageFormat::elf ? machine_elf : machine_pe);
    append(flags, dialect);
    append(flags, meaning);
    append(flags, identity);
    append(flags, machine);
    append(flags, quiet);
    const bool c = options.language ? *options.language == Language::c : suffix_of(source) == ".c";
    if (is_assembler(source)) {
        flags.insert(flags.end(), {"-x", "assembler-with-cpp"});
        // What happens in the driver library's instructions is told of the line that called it.
        if (source.starts_with(installation.driverlib)) flags.emplace_back("-g0");
    } else if (c) {
        flags.insert(flags.end(), {"-x", "c", "-std=gnu11"});
    } else {
        flags.insert(flags.end(), {"-x", "c++"});
        append(flags, dialect_cxx);
        if (options.short_wchar) {
            append(flags, short_wchar_flags);
            append_each(flags, "-include", {installation.ddk + "/ddi/short_wchar.h"});
        }
    }
    if (options.config == Config::checked) {
        flags.insert(flags.end(), {"-DDBG=1", "-O0"});
    } else {
        flags.insert(flags.end(), {"-DDBG=0", "-O2"});
    }
    if (options.asan) append(flags, asan);
    if (options.coverage && !is_assembler(source)) append(flags, coverage);
    append(flags, shadow_macros);
    flags.insert(flags.end(),
                 {"-nostdlibinc", "-isystem", installation.ddk, "-isystem", installation.ddk + "/crt"});
    flags.insert(flags.end(), options.macros.begin(), options.macros.end());
    flags.insert(flags.end(), options.options.begin(), options.options.end());
    append_each(flags, "-I", options.includes);
    for (const std::string& header : options.forced_includes) {
        // clang would take "@name" for a file of further flags.
        append_each(flags, "-include", {(header.starts_with('@') ? "./" : "") + header});
    }
    return flags;
}

Result<void> archive(const std::string& output, const std::vector<std::string>& objects) {
    const std::string ar = PORTICO_TRY(find_tool("llvm-ar"));
    ::unlink(output.c_str());
    Arguments arguments{ar, "rcsD", output};
    arguments.insert(arguments.end(), objects.begin(), objects.end());
    if (PORTICO_TRY(run_through(arguments)) != 0)
        return Error{output + ": not written (above)", ExitCode::findings};
    return {};
}

}  // namespace portico::build
