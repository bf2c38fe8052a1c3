#include "build/tool_main.h"

#include <fmt/format.h>

#include <cstdio>
#include <functional>

#include "base/print.h"
#include "build/build.h"
#include "build/files.h"

namespace portico::build {
namespace {

constexpr const char* program = "portico-build-driver";

constexpr std::string_view usage =
    R"(usage: portico-build-driver [build] -o OUT.so|OUT.sys [options] PATH...  compile what changed, and link
       portico-build-driver compile -o OBJECT [-MF DEPFILE] [options] SOURCE
       portico-build-driver archive -o ARCHIVE OBJECTS...
       portico-build-driver link -o OUT.so|OUT.sys [options] OBJECTS... ARCHIVES...
       portico-build-driver flags [options] SOURCE                  print clang's flags, one a line, as clangd reads
                                                                    them from compile_flags.txt
       portico-build-driver driverlib           print the sources of the library that every driver is linked with

  PATH                   a folder, a .vcxproj, a DDK "sources" file, or source files
  -I DIR                 a folder of headers (found in any spelling of upper and lower case)
  -D NAME[=VALUE], -U NAME
                         a macro
  --config checked|free  DBG=1 and no optimisation (default), or DBG=0 and optimised
  --asan                 AddressSanitizer; needs a Portico built with it
  --coverage             count what is executed, for llvm-cov
  --name NAME            the driver's name; default: OUT.so without folder and suffix
  --entry SYMBOL         instead of DriverEntry
  --no-entry             the image need not export DriverEntry
  --no-asm               leave inline assembler out
  --option FLAG          one more flag for clang
  --sys                  compile: an object of a Windows image (OUT.sys) instead of an ELF one
  --imports DIR          a .sys: the .def files of the kernel's modules; default: those of the installation
  -j N                   so many compilers at a time

example: portico-build-driver -o build/mpu401.so --config free -I inc src/adapter.cpp src/common.cpp
)";

int fail(const Error& error) {
    // What the compiler or linker said stands above.
    if (!error.message.empty()) print(stderr, fmt::format("{}: error: {}\n", program, error.message));
    return static_cast<int>(error.exit);
}

struct Invocation {
    std::string command;
    std::string output;
    std::string depfile;
    std::string overlay;
    std::string name;
    std::string entry = "DriverEntry";
    bool needs_entry = true;
    std::string imports;
    unsigned jobs = 0;
    CompileOptions compile;
    std::vector<std::string> inputs;
};

Error unknown(const std::string& option) {
    return {"unknown option " + option + " (try --help)"};
}

Result<void> take_value(const std::string& option, const std::string& value, Invocation& result) {
    CompileOptions& options = result.compile;
    if (option == "-o") {
        result.output = value;
    } else if (option == "-MF") {
        result.depfile = value;
    } else if (option == "-I") {
        options.includes.push_back(value);
    } else if (option == "-D" || option == "-U") {
        options.macros.push_back(option + value);
    } else if (option == "--option") {
        options.options.push_back(value);
    } else if (option == "--include") {
        options.forced_includes.push_back(value);
    } else if (option == "--overlay") {
        result.overlay = value;
    } else if (option == "--name") {
        result.name = value;
    } else if (option == "--entry") {
        result.entry = value;
    } else if (option == "-j") {
        result.jobs = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
        if (result.jobs == 0) return Error{"-j takes a number from 1, not '" + value + "'"};
    } else if (option == "--config") {
        if (value != "checked" && value != "free")
            return Error{"--config is checked or free, not '" + value + "'"};
        options.config = value == "free" ? Config::free : Config::checked;
    } else if (option == "--imports") {
        result.imports = value;
    } else {  // --language
        if (value != "c" && value != "c++") return Error{"--language is c or c++, not '" + value + "'"};
        options.language = value == "c" ? Language::c : Language::cxx;
    }
    return {};
}

bool takes_value(std::string_view option) {
    static constexpr std::string_view options[] = {
        "-o",        "-MF",    "-I",      "-D", "-U",       "--option",  "--include",
        "--overlay", "--name", "--entry", "-j", "--config", "--imports", "--language"};
    return std::find(std::begin(options), std::end(options), option) != std::end(options);
}

bool take_flag(const std::string& option, Invocation& result) {
    if (option == "--asan") return result.compile.asan = true;
    if (option == "--coverage") return result.compile.coverage = true;
    if (option == "--no-asm") return result.compile.skip_asm = true;
    if (option == "--short-wchar") return result.compile.short_wchar = true;
    if (option == "--sys") {
        result.compile.format = ImageFormat::pe;
        return true;
    }
    if (option == "--no-entry") {
        result.needs_entry = false;
        return true;
    }
    return false;
}

Result<Invocation> parse(const std::vector<std::string>& words) {
    Invocation result;
    std::size_t at = 0;
    static constexpr std::string_view commands[] = {"build",   "compile", "flags",
                                                    "archive", "link",    "driverlib"};
    result.command = "build";
    if (!words.empty() && std::find(std::begin(commands), std::end(commands), words[0]) != std::end(commands))
        result.command = words[at++];
    for (; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (takes_value(word)) {
            if (at + 1 == words.size()) return Error{word + " needs a value (try --help)"};
            PORTICO_TRY_VOID(take_value(word, words[++at], result));
        } else if (word.size() > 2 && word[0] == '-' &&
                   (word[1] == 'I' || word[1] == 'D' || word[1] == 'U' || word[1] == 'j')) {
            PORTICO_TRY_VOID(take_value(word.substr(0, 2), word.substr(2), result));
        } else if (word.size() > 1 && word[0] == '-') {
            if (!take_flag(word, result)) return unknown(word);
        } else {
            result.inputs.push_back(word);
        }
    }
    if (result.command == "driverlib") return result;
    if (result.output.empty() && result.command != "flags")
        return Error{"say where the result goes: -o FILE"};
    if (result.inputs.empty()) return Error{"no input files"};
    if (suffix_of(result.output) == ".sys") result.compile.format = ImageFormat::pe;
    if (result.compile.asan && result.compile.format == ImageFormat::pe)
        return Error{"--asan needs an image that ends in .so; a .sys cannot have it"};
    if (result.name.empty()) result.name = image_name(result.output);
    return result;
}

Result<int> run_compile(const Installation& installation, const Invocation& arguments) {
    if (arguments.inputs.size() != 1) return Error{arguments.command + " takes one source"};
    const std::string& source = arguments.inputs[0];
    if (!is_file(source)) return Error{source + ": no such file"};
    if (arguments.command == "flags") {
        for (const std::string& flag : clang_flags(installation, arguments.compile, source))
            print(stdout, flag + "\n");
        return 0;
    }
    return compile(installation, arguments.compile,
                   {source, arguments.output, arguments.depfile, arguments.overlay});
}

Result<int> run_build(const Invocation& arguments) {
    BuildRequest request;
    request.paths = arguments.inputs;
    request.output = arguments.output;
    request.name = arguments.name;
    request.entry = arguments.entry;
    request.needs_entry = arguments.needs_entry;
    request.compile = arguments.compile;
    request.imports = arguments.imports;
    request.jobs = arguments.jobs;
    const BuildReport report = PORTICO_TRY(build(request));
    for (const std::string& note : report.notes) print(stderr, fmt::format("{}: {}\n", program, note));
    return 0;
}

Result<int> run_command(const Invocation& arguments) {
    const Installation installation = PORTICO_TRY(find_installation());
    if (arguments.command == "driverlib") {
        for (const std::string& source : installation.driverlib_sources()) print(stdout, source + "\n");
        return 0;
    }
    if (arguments.command == "build") return run_build(arguments);
    outlive_interrupts();
    if (arguments.command == "compile" || arguments.command == "flags")
        return run_compile(installation, arguments);
    if (arguments.command == "archive") {
        PORTICO_TRY_VOID(archive(arguments.output, arguments.inputs));
        return 0;
    }
    const LinkOptions options{arguments.compile.config, arguments.compile.format, arguments.compile.asan,
                              arguments.name,           arguments.entry,          arguments.needs_entry,
                              arguments.imports};
    PORTICO_TRY_VOID(link_image(installation, options, arguments.output, arguments.inputs));
    return 0;
}

}  // namespace

int tool_main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty()) {
        print(stderr, usage);
        return static_cast<int>(ExitCode::bad_input);
    }
    if (words[0] == "-h" || words[0] == "--help" || words[0] == "help") {
        print(stdout, usage);
        return 0;
    }
    const auto arguments = parse(words);
    if (!arguments.ok()) return fail(arguments.error());
    const auto code = run_command(*arguments);
    return code.ok() ? *code : fail(code.error());
}

}  // namespace portico::build
