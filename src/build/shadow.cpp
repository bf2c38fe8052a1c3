#include "build/shadow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <set>

#include "build/decode.h"
#include "build/message_compiler.h"
#include "build/passes.h"
#include "build/seh_rewrite.h"
#include "build/trace_macros.h"

namespace portico::build {
namespace {

// In this order: what takes code out comes before what looks at functions.
constexpr std::array<ShadowPass, 8> passes{take_out_asm,         mark_operators_new, widen_loop_variables,
                                           paste_function_names, rewrite_seh,        declare_tentative_arrays,
                                           place_functions,      inject_friends};

// Bounds of what one driver may include.
constexpr std::size_t files_max = 20000;

struct Parsed {
    Parsed(const std::string& path, Language language, std::string text, const ShadowFacts& facts)
        : text(std::move(text)),
          all(tokenize(this->text)),
          code(code_tokens(this->text, all)),
          partners(bracket_partners(this->text, all, code)),
          source{path, language, this->text, all, code, partners, facts} {}
    Parsed(const Parsed&) = delete;
    Parsed& operator=(const Parsed&) = delete;

    std::string text;
    Tokens all;
    Tokens code;
    std::vector<std::uint32_t> partners;
    ShadowSource source;
};

struct File {
    std::string path;  // as the disk spells it
    std::string included_by;
    std::string bytes;
    std::string decoded;
};

class ShadowMaker {
  public:
    ShadowMaker(const ShadowRequest& request, FileFinder& finder)
        : request_(request), finder_(finder), facts_(request.facts) {}

    Result<Shadow> run() {
        for (const std::string& source : request_.sources) {
            if (suffix_of(source) != ".c" && !is_assembler(source)) language_ = Language::cxx;
        }
        for (const std::string& source : request_.sources) add(source, {});
        for (const std::string& header : request_.forced_includes) follow(header, {}, {}, 0);
        while (!waiting_.empty()) {
            const std::string path = waiting_.front();
            waiting_.pop_front();
            PORTICO_TRY_VOID(read(files_.at(path)));
        }
        PORTICO_TRY_VOID(supply_trace_headers());
        PORTICO_TRY_VOID(supply_message_headers());
        PORTICO_TRY_VOID(write_files());
        result_.facts = request_.folder + "/facts";
        PORTICO_TRY_VOID(
            write_if_different(result_.facts, fmt::format("{} {}\n{}{}", facts_.pastes_function_name,
                                                          facts_.skip_asm, seh_macros(), traces_.header())));
        PORTICO_TRY_VOID(write_overlays());
        return std::move(result_);
    }

  private:
    std::string seh_macros() const {
        std::string lines;
        for (const std::string& name : facts_.seh.whole) lines += fmt::format("__try in {}\n", name);
        for (const auto& [name, word] : facts_.seh.words) lines += fmt::format("{} is {}\n", name, word);
        return lines;
    }

    static bool is_assembler(const std::string& path) {
        return suffix_of(path) == ".s" || suffix_of(path) == ".asm";
    }

    void add(const std::string& path, const std::string& included_by) {
        if (files_.size() >= files_max || !files_.emplace(path, File{path, included_by, {}, {}}).second)
            return;
        waiting_.push_back(path);
    }

    Result<void> read(File& file) {
        auto bytes = read_file(file.path);
        if (!bytes.ok())
            return request_.sources.empty() || !file.included_by.empty() ? Result<void>{} : bytes.error();
        file.bytes = std::move(bytes).value();
        file.decoded = decode_source(file.bytes);
        const Parsed parsed(file.path, language_, file.decoded, facts_);
        facts_.pastes_function_name |= pastes_function_name(parsed.source);
        traces_.look_at(parsed.source);
        find_seh_macros(parsed.source, facts_.seh);
        for (const Token& token : parsed.all) {
            if (token.kind != TokenKind::directive) continue;
            const std::string_view directive = text_of(file.decoded, token);
            if (directive_name(directive) != "include") continue;
            const std::string_view rest = directive_rest(directive);
            const std::size_t end =
                rest.size() < 2 ? std::string_view::npos : rest.find(rest[0] == '<' ? '>' : '"', 1);
            if (end == std::string_view::npos || (rest[0] != '<' && rest[0] != '"')) continue;
            follow(std::string(rest.substr(1, end - 1)), file.path,
                   rest[0] == '<' ? std::string{} : file.path, token.line);
        }
        return {};
    }

    // `quoted_in`: the file whose folder is looked through first, then the folders of those that include it,
    // as Microsoft's compiler does.
    void follow(const std::string& name, const std::string& includer, std::string quoted_in,
                std::uint32_t line) {
        for (int depth = 0; !quoted_in.empty() && depth < 64; ++depth) {
            if (found_in(folder_of(quoted_in), name, includer)) return;
            const auto file = files_.find(quoted_in);
            quoted_in = file == files_.end() ? std::string{} : file->second.included_by;
        }
        for (const std::string& folder : request_.includes) {
            if (found_in(folder, name, includer)) return;
        }
        for (const std::string& folder : request_.ddk) {
            if (!finder_.find(absolute_path(name, folder)).empty()) return;
        }
        if (includer.empty()) return;
        if (const std::string messages = message_file(name, includer); !messages.empty()) {
            messages_.emplace(absolute_path(name, folder_of(includer)), messages);
        } else if (suffix_of(name) == ".tmh" || traces_.generates(name)) {
            supplied_.emplace(absolute_path(name, folder_of(includer)), name);
        } else {
            result_.missing.push_back({name, includer, line});
        }
    }

    bool found_in(const std::string& folder, const std::string& name, const std::string& includer) {
        const std::string path = finder_.find(absolute_path(name, folder));
        if (path.empty() || !is_file(path)) return false;
        add(path, includer);
        return true;
    }

    // The file that the message compiler makes the header of: the project's, or one beside the includer or in
    // a folder that is searched. Empty: none.
    std::string message_file(const std::string& header, const std::string& includer) const {
        if (suffix_of(header) != ".h") return {};
        const std::string stem = stem_of(absolute_path(header, folder_of(includer)));
        for (const std::string& path : request_.messages) {
            if (same_letters(stem_of(path), stem)) return path;
        }
        std::vector<std::string> folders{folder_of(includer)};
        folders.insert(folders.end(), request_.includes.begin(), request_.includes.end());
        for (const std::string& folder : folders) {
            const std::string path = finder_.find(absolute_path(stem + ".mc", folder));
            if (!path.empty() && is_file(path)) return path;
        }
        return {};
    }

    Result<void> supply_message_headers() {
        for (const auto& [header, path] : messages_) {
            const std::string text = decode_source(PORTICO_TRY(read_file(path)));
            const std::string shadow = fmt::format("{}/{}", request_.folder, name_of(header));
            PORTICO_TRY_VOID(write_if_different(shadow, PORTICO_TRY(compile_messages(path, text))));
            generated_[header] = shadow;
            result_.supplied.push_back(header);
        }
        return {};
    }

    Result<void> supply_trace_headers() {
        for (const auto& [path, name] : supplied_) {
            const std::string shadow = fmt::format("{}/{}", request_.folder, name_of(name));
            PORTICO_TRY_VOID(write_if_different(shadow, traces_.header()));
            generated_[path] = shadow;
            result_.supplied.push_back(path);
        }
        return {};
    }

    Result<void> write_files() {
        std::set<std::string> taken;
        for (const auto& [path, file] : files_) {
            if (is_assembler(path)) continue;
            const Language language = suffix_of(path) == ".c" ? Language::c : language_;
            std::string text = PORTICO_TRY(shadow_of(path, file.decoded, language, facts_));
            if (text == file.bytes) continue;
            std::string name = name_of(path);
            for (int i = 2; !taken.insert(lower(name)).second; ++i)
                name = fmt::format("{}.{}", name_of(path), i);
            const std::string shadow = request_.folder + "/" + name;
            PORTICO_TRY_VOID(write_if_different(shadow, text));
            shadows_[path] = shadow;
        }
        return {};
    }

    struct Entry {
        std::string path;
        std::string content;  // file that has it
    };

    static std::string overlay(const std::vector<Entry>& entries, bool external_names) {
        std::string text =
            "{ \"version\": 0, \"case-sensitive\": \"false\", \"use-external-names\": false, \"roots\": [\n";
        std::string_view separator = " ";
        for (const Entry& entry : entries) {
            text += fmt::format(
                "{}{{ \"type\": \"directory\", \"name\": {}, \"contents\": [ {{ \"type\": \"file\", "
                "\"name\": {}, "
                "\"use-external-name\": {}, \"external-contents\": {} }} ] }}\n",
                separator, quoted(folder_of(entry.path)), quoted(name_of(entry.path)), external_names,
                quoted(entry.content));
            separator = ",";
        }
        return text + "] }\n";
    }

    // Two layers: the upper one finds a file in any spelling of case and gives it the name that the disk has,
    // so that messages and dependencies spell it so; the lower one has other contents under that name. Of two
    // files whose names differ in case only the disk finds each.
    Result<void> write_overlays() {
        std::map<std::string, int> spellings;
        std::vector<Entry> names, contents;
        std::set<std::string> paths = ddk_files();
        for (const auto& [path, file] : files_) paths.insert(path);
        for (const auto& [path, shadow] : shadows_) {
            paths.insert(path);
            contents.push_back({path, shadow});
        }
        for (const auto& [path, file] : generated_) names.push_back({path, file});
        for (const std::string& path : paths) ++spellings[lower(path)];
        for (const std::string& path : paths) {
            if (spellings[lower(path)] == 1) names.push_back({path, path});
        }
        PORTICO_TRY_VOID(write_if_different(request_.folder + "/contents.yaml", overlay(contents, false)));
        return write_if_different(request_.folder + "/names.yaml", overlay(names, true));
    }

    std::set<std::string> ddk_files() {
        std::set<std::string> files;
        for (const std::string& folder : request_.ddk) {
            for (const std::string& name : finder_.names(folder)) {
                const std::string path = folder + "/" + name;
                if (is_file(path)) files.insert(path);
                if (!is_folder(path)) continue;
                for (const std::string& inner : finder_.names(path)) {
                    if (is_file(path + "/" + inner)) files.insert(path + "/" + inner);
                }
            }
        }
        return files;
    }

    static std::string quoted(const std::string& text) {
        std::string result = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
        return result + '"';
    }

    const ShadowRequest& request_;
    FileFinder& finder_;
    ShadowFacts facts_;
    Language language_ = Language::c;
    std::map<std::string, File> files_;
    std::deque<std::string> waiting_;
    TraceMacros traces_;
    std::map<std::string, std::string> supplied_;   // path -> name as included
    std::map<std::string, std::string> messages_;   // path of the header -> message text file
    std::map<std::string, std::string> generated_;  // path -> file that takes its place
    std::map<std::string, std::string> shadows_;    // path -> file of the shadow
    Shadow result_;
};

}  // namespace

Result<std::string> shadow_of(const std::string& path, std::string bytes, Language language,
                              const ShadowFacts& facts) {
    std::string text = decode_source(std::move(bytes));
    auto parsed = std::make_unique<Parsed>(path, language, std::move(text), facts);
    for (const ShadowPass pass : passes) {
        Edits edits;
        PORTICO_TRY_VOID(pass(parsed->source, edits));
        if (!edits.empty())
            parsed = std::make_unique<Parsed>(path, language, edits.apply(parsed->text), facts);
    }
    return std::move(parsed->text);
}

Arguments overlay_flags(const std::string& folder) {
    return {"-ivfsoverlay", folder + "/contents.yaml", "-ivfsoverlay", folder + "/names.yaml"};
}

Result<Shadow> make_shadow(const ShadowRequest& request, FileFinder& finder) {
    return ShadowMaker(request, finder).run();
}

}  // namespace portico::build
