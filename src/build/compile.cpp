// Compiling one source. What clang does not take although Microsoft's compiler did, and what only the
// compiler can find, is mended after its first try: calls of functions that nobody declares, and loops'
// variables used behind their loops.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <regex>
#include <set>

#include "base/print.h"
#include "build/elf_object.h"
#include "build/files.h"
#include "build/known_names.h"
#include "build/shadow.h"
#include "build/toolchain.h"

namespace portico::build {
namespace {

constexpr int tries_max = 12;

struct Diagnostic {
    std::string path;
    std::uint32_t line;
    std::string place;  // "PATH:LINE:COLUMN"
    std::string kind;   // "error", "warning", ...
    std::string text;
};

std::vector<Diagnostic> diagnostics_of(const std::string& output) {
    static const std::regex form(R"(^(.+?):(\d+):(\d+): (fatal error|error|warning): (.*)$)");
    std::vector<Diagnostic> result;
    for (std::size_t begin = 0; begin < output.size();) {
        const std::size_t end = std::min(output.find('\n', begin), output.size());
        const std::string line = output.substr(begin, std::min<std::size_t>(end - begin, 2000));
        begin = end + 1;
        std::smatch match;
        if (line.find("error: ") == std::string::npos && line.find("warning: ") == std::string::npos)
            continue;
        if (!std::regex_match(line, match, form)) continue;
        result.push_back({match[1],
                          static_cast<std::uint32_t>(std::strtoul(match[2].str().c_str(), nullptr, 10)),
                          match[1].str() + ":" + match[2].str() + ":" + match[3].str(), match[4], match[5]});
    }
    return result;
}

// The text between the first pair of quotes behind `prefix`; empty if the text does not begin so.
std::string quoted_behind(const std::string& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return {};
    const std::size_t begin = prefix.size();
    const std::size_t end = text.find('\'', begin);
    return end == std::string::npos ? std::string{} : text.substr(begin, end - begin);
}

class Compilation {
  public:
    Compilation(const Installation& installation, const CompileOptions& options, const CompileFiles& files)
        : installation_(installation), options_(options), files_(files), overlay_(files.overlay) {
        // The shadow knows whole paths, and clang may see another current folder through a symbolic link.
        files_.source = absolute_path(files.source);
        for (std::string& folder : options_.includes) folder = absolute_path(folder);
    }

    ~Compilation() {
        std::error_code error;
        // A header that was made there is what the object depends on.
        if (!has_made_headers_) std::filesystem::remove_all(own_shadow(), error);
        ::unlink(stubs().c_str());
        ::unlink(raw().c_str());
    }

    Result<int> run() {
        const std::string clang = PORTICO_TRY(find_tool("clang"));
        if (!is_file(files_.source)) return Error{files_.source + ": no such file"};
        if (overlay_.empty()) PORTICO_TRY_VOID(make_own_shadow());
        Outcome outcome;
        for (int i = 0; i < tries_max; ++i) {
            outcome = PORTICO_TRY(build::run(command(clang)));
            if (outcome.exit == 0 || !PORTICO_TRY(mend(outcome.output))) break;
        }
        print(stderr, outcome.output);
        tell_unknown(outcome.output, outcome.exit == 0);
        if (outcome.exit != 0) return 1;
        if (options_.format == ImageFormat::elf) PORTICO_TRY_VOID(replace_at_signs(raw()));
        if (::rename(raw().c_str(), files_.object.c_str()) != 0)
            return Error{files_.object + ": cannot be written"};
        return 0;
    }

  private:
    std::string raw() const { return files_.object + ".raw"; }
    std::string own_shadow() const { return files_.object + ".shadow"; }
    std::string stubs() const { return files_.object + ".unknown.h"; }

    Arguments command(const std::string& clang) const {
        Arguments arguments{clang};
        if (!files_.depfile.empty())
            arguments.insert(arguments.end(), {"-MD", "-MF", files_.depfile, "-MT", files_.object});
        const Arguments flags = clang_flags(installation_, options_, files_.source);
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        if (!unknown_called_.empty()) arguments.insert(arguments.end(), {"-include", stubs()});
        const Arguments overlay = overlay_flags(overlay_);
        arguments.insert(arguments.end(), overlay.begin(), overlay.end());
        arguments.insert(arguments.end(), {"-c", files_.source, "-o", raw()});
        return arguments;
    }

    Result<void> make_own_shadow() {
        ShadowRequest request;
        request.sources = {files_.source};
        request.includes = options_.includes;
        request.forced_includes = options_.forced_includes;
        request.ddk = installation_.ddk_folders();
        request.folder = own_shadow();
        request.facts.skip_asm = options_.skip_asm;
        request.facts.used_after_loop = used_after_loop_;
        FileFinder finder;
        overlay_ = request.folder;
        const auto made = make_shadow(request, finder);
        if (!made.ok()) return made.error();
        has_made_headers_ = !made->supplied.empty();
        return {};
    }

    // False: nothing that could be mended, or nothing new.
    Result<bool> mend(const std::string& output) {
        const std::size_t unknown = unknown_called_.size(), loops = used_after_loop_.size();
        for (const Diagnostic& found : diagnostics_of(output)) {
            const std::string name = quoted_behind(found.text, "use of undeclared identifier '");
            if (name.empty()) continue;
            if (looks_like_ddi(name) && is_called(found, name)) {
                unknown_called_.emplace(name, found.place);
            } else if (std::find(used_after_loop_.begin(), used_after_loop_.end(),
                                 std::pair(name, found.line)) == used_after_loop_.end()) {
                used_after_loop_.emplace_back(name, found.line);
            }
        }
        if (loops != used_after_loop_.size()) PORTICO_TRY_VOID(make_own_shadow());
        if (unknown != unknown_called_.size()) PORTICO_TRY_VOID(write_file(stubs(), stub_declarations()));
        return loops != used_after_loop_.size() || unknown != unknown_called_.size();
    }

    static bool is_called(const Diagnostic& found, const std::string& name) {
        const auto text = read_file(found.path);
        if (!text.ok()) return false;
        const Tokens tokens = tokenize(*text);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (tokens[i].kind == TokenKind::directive &&
                text_of(*text, tokens[i]).find(name) != std::string::npos && tokens[i].line <= found.line)
                return true;  // in a macro
            if (tokens[i].line == found.line && text_of(*text, tokens[i]) == name && i + 1 < tokens.size() &&
                text_of(*text, tokens[i + 1]) == "(")
                return true;
        }
        return false;
    }

    // Eight bytes come back in a register, and become whatever the driver makes of them.
    std::string stub_declarations() const {
        if (options_.language == Language::c || suffix_of(files_.source) == ".c") return {};
        std::string text =
            "struct PorticoUnknownResult {\n    unsigned long long value;\n"
            "    template <class T> operator T() const { return (T)value; }\n};\nextern \"C\" {\n";
        for (const auto& [name, place] : unknown_called_) text += "PorticoUnknownResult " + name + "(...);\n";
        return text + "}\n";
    }

    const KnownNames& known() {
        if (!known_) known_ = std::make_unique<KnownNames>(installation_);
        return *known_;
    }

    void tell_unknown(const std::string& output, bool compiled) {
        if (compiled) {
            for (const auto& [name, place] : unknown_called_)
                print(stderr, fmt::format("{}: warning: {}; calling it will be a finding\n", place,
                                          unknown_name(name, known())));
        }
        std::set<std::string> told;
        for (const Diagnostic& found : diagnostics_of(output)) {
            for (const char* prefix : {"use of undeclared identifier '", "unknown type name '",
                                       "implicit declaration of function '"}) {
                const std::string name = quoted_behind(found.text, prefix);
                if (name.empty() || known().knows(name) || !told.insert(name).second) continue;
                print(stderr, fmt::format("{}: note: {}\n", found.place, unknown_name(name, known())));
            }
        }
    }

    const Installation& installation_;
    CompileOptions options_;
    CompileFiles files_;
    std::string overlay_;
    bool has_made_headers_ = false;
    std::map<std::string, std::string> unknown_called_;  // name -> place
    std::vector<std::pair<std::string, std::uint32_t>> used_after_loop_;
    std::unique_ptr<KnownNames> known_;
};

}  // namespace

Result<int> compile(const Installation& installation, const CompileOptions& options,
                    const CompileFiles& files) {
    PORTICO_TRY_VOID(make_folder(folder_of(files.object)));
    return Compilation(installation, options, files).run();
}

}  // namespace portico::build
