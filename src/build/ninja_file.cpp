#include "build/ninja_file.h"

#include <fmt/format.h>

#include "build/files.h"
#include "build/shadow.h"

namespace portico::build {
namespace {

std::string ninja_path(const std::string& path) {
    std::string result;
    for (const char c : path) {
        if (c == '$' || c == ' ' || c == ':') result += '$';
        result += c;
    }
    return result;
}

std::string shell_word(const std::string& word) {
    std::string result = " '";
    for (const char c : word) {
        if (c == '\'') {
            result += "'\\''";
        } else {
            if (c == '$') result += '$';
            result += c;
        }
    }
    return result + "'";
}

std::string words(const Arguments& arguments) {
    std::string result;
    for (const std::string& argument : arguments) result += shell_word(argument);
    return result;
}

Arguments link_flags(const CompileOptions& options) {
    Arguments result{"--config", options.config == Config::checked ? "checked" : "free"};
    if (options.asan) result.push_back("--asan");
    return result;
}

Arguments compile_flags(const CompileOptions& options) {
    Arguments result = link_flags(options);
    if (options.coverage) result.push_back("--coverage");
    if (options.format == ImageFormat::pe) result.push_back("--sys");
    if (options.skip_asm) result.push_back("--no-asm");
    if (options.short_wchar) result.push_back("--short-wchar");
    if (options.language)
        result.insert(result.end(), {"--language", *options.language == Language::c ? "c" : "c++"});
    for (const std::string& folder : options.includes) result.insert(result.end(), {"-I", folder});
    for (const std::string& macro : options.macros)
        result.insert(result.end(), {macro.substr(0, 2), macro.substr(2)});
    for (const std::string& header : options.forced_includes)
        result.insert(result.end(), {"--include", header});
    for (const std::string& option : options.options) result.insert(result.end(), {"--option", option});
    return result;
}

std::string compile_edge(const NinjaPlan& plan, const PlannedSource& source) {
    Arguments flags = compile_flags(source.options);
    std::string further = ninja_path(plan.installation.tool);
    if (!source.overlay.empty()) {
        flags.insert(flags.end(), {"--overlay", source.overlay});
        further += " " + ninja_path(source.facts);
    }
    return fmt::format("build {0}: compile {1} | {2}\n  flags ={3}\n  depfile = {0}.d\n  deps = gcc\n",
                       ninja_path(source.object), ninja_path(source.path), further, words(flags));
}

// Made by Portico's own build for the usual ways of compiling.
std::string ready_library(const NinjaPlan& plan) {
    const CompileOptions& options = plan.common;
    if (options.asan || !options.options.empty()) return {};
    const std::string path = fmt::format("{}/{}{}.a", plan.installation.libraries,
                                         options.config == Config::checked ? "checked" : "free",
                                         options.format == ImageFormat::pe ? "-sys" : "");
    return is_file(path) ? path : std::string{};
}

std::string json(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

}  // namespace

std::string ninja_text(const NinjaPlan& plan) {
    const std::string tool = shell_word(plan.installation.tool);
    Arguments link = link_flags(plan.common);
    link.insert(link.end(), {"--name", plan.name, "--entry", plan.entry});
    if (!plan.needs_entry) link.push_back("--no-entry");
    if (!plan.imports.empty()) link.insert(link.end(), {"--imports", plan.imports});
    std::string text = fmt::format(
        "builddir = {}\n"
        "rule compile\n  command ={} compile $flags -MF $out.d -o $out $in\n  description = compile $in\n"
        "rule archive\n  command ={} archive -o $out $in\n  description = archive $out\n"
        "rule link\n  command ={} link{} -o $out $in\n  description = link $out\n",
        ninja_path(plan.objects), tool, tool, tool, words(link));
    std::string inputs;
    for (const PlannedSource& source : plan.sources) {
        text += compile_edge(plan, source);
        inputs += " " + ninja_path(source.object);
    }
    std::string library = ready_library(plan);
    if (library.empty()) {
        library = plan.objects + "/driverlib.a";
        std::string members;
        for (const std::string& path : plan.installation.driverlib_sources()) {
            CompileOptions options;
            options.config = plan.common.config;
            options.format = plan.common.format;
            options.asan = plan.common.asan;
            options.options = plan.common.options;
            const PlannedSource source{
                path, plan.objects + "/driverlib/" + name_of(path) + ".o", {}, options, {}};
            text += compile_edge(plan, source);
            members += " " + ninja_path(source.object);
        }
        text += fmt::format("build {}: archive{}\n", ninja_path(library), members);
    }
    return text + fmt::format("build {}: link{} {} | {}\n", ninja_path(plan.output), inputs,
                              ninja_path(library), ninja_path(plan.installation.tool));
}

Result<void> write_compile_commands(const NinjaPlan& plan, const Installation& installation) {
    const std::string clang = PORTICO_TRY(find_tool("clang"));
    std::string path = folder_of(plan.output) + "/compile_commands.json";
    std::vector<std::string> entries;
    if (is_file(path)) {
        const std::string old = PORTICO_TRY(read_file(path));
        if (!old.empty() && old.find("-ivfsoverlay") == std::string::npos)
            path = plan.objects + "/compile_commands.json";
        for (std::string line : split(old, "\n")) {
            if (line.ends_with(',')) line.pop_back();
            if (line.starts_with('{') && line.find("-ivfsoverlay") != std::string::npos &&
                line.find(json(plan.objects)) == std::string::npos)
                entries.push_back(line);
        }
    }
    for (const PlannedSource& source : plan.sources) {
        std::string arguments = json(clang);
        for (const std::string& flag : clang_flags(installation, source.options, source.path))
            arguments += ", " + json(flag);
        for (const std::string& word : overlay_flags(source.overlay)) arguments += ", " + json(word);
        arguments += ", \"-c\", " + json(source.path);
        entries.push_back(
            fmt::format("{{ \"directory\": {}, \"file\": {}, \"output\": {}, \"arguments\": [{}] }}",
                        json(plan.objects), json(source.path), json(source.object), arguments));
    }
    std::string text = "[\n";
    for (std::size_t i = 0; i < entries.size(); ++i)
        text += entries[i] + (i + 1 < entries.size() ? ",\n" : "\n");
    return write_if_different(path, text + "]\n");
}

}  // namespace portico::build
