#include "build/link.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/print.h"
#include "build/files.h"
#include "build/known_names.h"

namespace portico::build {
namespace {

// What the tool chain's own code refers to without a declaration in any header.
bool is_compilers_own(const std::string& name) {
    static const std::vector<std::string_view> known{
        "_GLOBAL_OFFSET_TABLE_", "memcpy", "memset", "memmove", "memcmp", "__chkstk"};
    return name.starts_with("__asan") || name.starts_with("__llvm_prof") || name.starts_with("portico_") ||
           std::find(known.begin(), known.end(), name) != known.end();
}

std::string with_at_signs(const std::string& name) {
    std::string result = name;
    for (std::size_t i = 1; i < result.size(); ++i) {
        if (result[i] == '$' && result[i - 1] != '?') result[i] = '@';
    }
    return result;
}

// The declaration that a mangled name stands for.
std::string readable(const std::string& symbol) {
    const std::string mangled = with_at_signs(symbol);
    const auto tool = find_tool("llvm-undname");
    if (!tool.ok()) return mangled;
    const auto said = run({*tool, mangled});
    if (!said.ok() || said->exit != 0) return mangled;
    const auto lines = split(said->output, "\n");
    return lines.size() > 1 ? lines[1] : mangled;
}

// POSIX's cksum.
std::uint32_t checksum(std::string_view text) {
    std::uint32_t crc = 0;
    const auto add = [&crc](std::uint8_t byte) {
        crc ^= static_cast<std::uint32_t>(byte) << 24;
        for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x80000000u) != 0 ? 0x04C11DB7u : 0);
    };
    for (const char c : text) add(static_cast<std::uint8_t>(c));
    for (std::size_t length = text.size(); length != 0; length >>= 8) add(static_cast<std::uint8_t>(length));
    return ~crc;
}

}  // namespace

Scratch::~Scratch() {
    for (const std::string& file : files_) ::unlink(file.c_str());
}

std::string Scratch::file(const std::string& suffix) {
    return files_.emplace_back(prefix_ + "." + suffix);
}

std::string image_base(const std::string& name) {
    return fmt::format("0x{:x}", 0x6a0000000000ull + checksum(name) % 4096 * 0x1000000ull);
}

Result<void> link_step(const Arguments& arguments, const std::string& output) {
    const Outcome outcome = PORTICO_TRY(run(arguments));
    if (outcome.exit == 0) return {};
    print(stderr, outcome.output);
    return Error{output + ": not linked (above)", ExitCode::findings};
}

Result<void> check_imports(const Installation& installation, const std::string& name,
                           const std::vector<std::string>& imports) {
    std::string undefined;
    for (const std::string& import : imports) {
        if (import.starts_with('?')) undefined += (undefined.empty() ? "" : "; ") + readable(import);
    }
    if (!undefined.empty())
        return Error{fmt::format("{}: declared and used, but defined nowhere: {}", name, undefined),
                     ExitCode::findings};
    std::string declared;
    for (const std::string& header : ddk_texts(installation)) declared += header;
    std::vector<std::string> unknown;
    for (const std::string& import : imports) {
        if (!is_compilers_own(import) && !has_word(declared, import)) unknown.push_back(import);
    }
    if (unknown.empty()) return {};
    const KnownNames known(installation);
    for (const std::string& import : unknown)
        print(stderr, fmt::format("{}: warning: {}; calling it will be a finding\n", name,
                                  unknown_name(import, known)));
    return {};
}

Error entry_missing(const LinkOptions& options, bool has_cxx_linkage) {
    if (has_cxx_linkage)
        return {fmt::format("{}: {} has C++ linkage; declare it extern \"C\"", options.name, options.entry)};
    return {fmt::format("{}: no source defines {}", options.name, options.entry)};
}

Result<void> check_image_name(const std::string& name) {
    const auto allowed = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    };
    if (!name.empty() && std::all_of(name.begin(), name.end(), allowed)) return {};
    return Error{fmt::format("a driver's name has letters, digits, '.', '_' and '-' only, not '{}'", name)};
}

Result<void> link_image(const Installation& installation, const LinkOptions& options,
                        const std::string& output, const std::vector<std::string>& objects) {
    PORTICO_TRY_VOID(check_image_name(options.name));
    PORTICO_TRY_VOID(make_folder(folder_of(output)));
    return options.format == ImageFormat::elf ? link_elf(installation, options, output, objects)
                                              : link_pe(installation, options, output, objects);
}

}  // namespace portico::build
