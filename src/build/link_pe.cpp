// An image as Windows would load it. What Microsoft's linker does for a driver: code and data that stay in
// memory, INIT that does not. Nothing is left out or merged, so that both images of a driver hold the same.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "build/files.h"
#include "build/link.h"

namespace portico::build {
namespace {

constexpr std::string_view import_pointer = "__imp_";

class PeLink {
  public:
    PeLink(const Installation& installation, const LinkOptions& options, const std::string& output,
           const std::vector<std::string>& objects)
        : installation_(installation),
          options_(options),
          output_(output),
          objects_(objects),
          scratch_(output) {}

    Result<void> run() {
        if (options_.asan) return Error{"--asan needs an image that ends in .so; a .sys cannot have it"};
        imports_ = options_.imports.empty() ? installation_.imports : options_.imports;
        PORTICO_TRY_VOID(read_symbols());
        PORTICO_TRY_VOID(check_entry());
        PORTICO_TRY_VOID(read_modules());
        PORTICO_TRY_VOID(check_imports(installation_, options_.name, {unknown_.begin(), unknown_.end()}));
        PORTICO_TRY_VOID(make_import_libraries());
        return link();
    }

  private:
    // What the objects and archives define, and what they want.
    Result<void> read_symbols() {
        Arguments arguments{PORTICO_TRY(find_tool("llvm-nm")), "--format=posix", "--quiet"};
        arguments.insert(arguments.end(), objects_.begin(), objects_.end());
        const Outcome outcome = PORTICO_TRY(build::run(arguments));
        if (outcome.exit != 0) return Error{output_ + ": " + std::string(trim(outcome.output))};
        for (const std::string& line : split(outcome.output, "\n")) {
            const auto words = split(line, " ");
            if (words.size() < 2) continue;
            (words[1] == "U" ? wanted_ : defined_).insert(words[0]);
        }
        return {};
    }

    Result<void> check_entry() const {
        if (!options_.needs_entry || defined_.contains(options_.entry)) return {};
        const bool mangled = std::any_of(defined_.begin(), defined_.end(), [this](const std::string& name) {
            return name.starts_with("?" + options_.entry + "@@");
        });
        return entry_missing(options_, mangled);
    }

    Result<void> read_modules() {
        std::set<std::string> exported;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(imports_, error)) {
            if (suffix_of(entry.path().string()) != ".def") continue;
            modules_.push_back(entry.path().string());
            for (const std::string& line : split(PORTICO_TRY(read_file(modules_.back())), "\r\n"))
                exported.insert(split(line, " \t")[0]);
        }
        std::sort(modules_.begin(), modules_.end());
        if (modules_.empty())
            return Error{imports_ + ": no .def files of the kernel's modules there (--imports DIR)",
                         ExitCode::missing};
        for (const std::string& name : wanted_) {
            const std::string plain =
                name.starts_with(import_pointer) ? name.substr(import_pointer.size()) : name;
            if (exported.contains(plain) || defined_.contains(plain) || plain.starts_with("__guard_") ||
                plain == "__ImageBase")
                continue;
            unknown_.insert(plain);
        }
        return {};
    }

    // One for each module of the kernel, where the installation has none; and one for the names that no
    // module has: the loader lists those.
    Result<void> make_import_libraries() {
        for (const std::string& definitions : modules_) {
            const std::string module = stem_of(definitions);
            const std::string made = imports_ + "/" + module + ".lib";
            std::error_code error;
            if (std::filesystem::exists(made, error)) {
                libraries_.push_back(made);
            } else {
                PORTICO_TRY_VOID(make_import_library(definitions, module, module + ".lib"));
            }
        }
        if (unknown_.empty()) return {};
        std::string definitions = "EXPORTS\n";
        for (const std::string& name : unknown_) definitions += name + "\n";
        const std::string file = scratch_.file("unknown.def");
        PORTICO_TRY_VOID(write_file(file, definitions));
        return make_import_library(file, "ntoskrnl.exe", "unknown.lib");
    }

    Result<void> make_import_library(const std::string& definitions, const std::string& module,
                                     const std::string& name) {
        libraries_.push_back(scratch_.file(name));
        return link_step({PORTICO_TRY(find_tool("llvm-dlltool")), "-m", "i386:x86-64", "-d", definitions,
                          "-D", module, "-l", libraries_.back()},
                         output_);
    }

    Result<void> link() {
        const std::string image = scratch_.file("new");
        Arguments arguments{PORTICO_TRY(find_tool("lld-link")),
                            "/nologo",
                            "/driver",
                            "/subsystem:native",
                            "/entry:" + options_.entry,
                            "/nodefaultlib",
                            "/debug:dwarf",
                            "/Brepro",
                            "/opt:noref,noicf,nolldtailmerge",
                            "/base:" + image_base(options_.name),
                            "/include:_load_config_used",
                            "/section:.text,ERP",
                            "/section:.rdata,RP",
                            "/section:.data,RWP",
                            "/section:INIT,ERD",
                            "/out:" + image};
        if (!options_.needs_entry) arguments.push_back("/noentry");
        // The driver library has as instructions (ports.S) what the kernel exports as functions: it comes
        // first.
        arguments.insert(arguments.end(), objects_.begin(), objects_.end());
        arguments.insert(arguments.end(), libraries_.begin(), libraries_.end());
        PORTICO_TRY_VOID(link_step(arguments, output_));
        if (::rename(image.c_str(), output_.c_str()) != 0) return Error{output_ + ": cannot be written"};
        return {};
    }

    const Installation& installation_;
    const LinkOptions& options_;
    const std::string& output_;
    const std::vector<std::string>& objects_;
    Scratch scratch_;
    std::string imports_;
    std::set<std::string> defined_, wanted_, unknown_;
    std::vector<std::string> modules_, libraries_;
};

}  // namespace

Result<void> link_pe(const Installation& installation, const LinkOptions& options, const std::string& output,
                     const std::vector<std::string>& objects) {
    return PeLink(installation, options, output, objects).run();
}

}  // namespace portico::build
