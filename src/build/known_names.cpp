#include "build/known_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "base/nearest.h"
#include "build/files.h"
#include "build/tokens.h"

namespace portico::build {
namespace {

void collect(const std::string& text, std::vector<std::string>& names) {
    for (const Token& token : tokenize(text)) {
        if (token.kind == TokenKind::identifier) {
            names.emplace_back(text_of(text, token));
        } else if (token.kind == TokenKind::directive && directive_name(text_of(text, token)) == "define") {
            const std::string_view rest = directive_rest(text_of(text, token));
            const std::size_t end = std::min(rest.find_first_of(" \t("), rest.size());
            names.emplace_back(rest.substr(0, end));
        }
    }
}

}  // namespace

std::vector<std::string> ddk_texts(const Installation& installation) {
    std::vector<std::string> result;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(installation.ddk, error)) {
        if (!entry.is_regular_file(error)) continue;
        if (auto text = read_file(entry.path().string()); text.ok()) result.push_back(std::move(*text));
    }
    return result;
}

bool has_word(std::string_view text, std::string_view word) {
    const auto part_of_name = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    };
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const bool begins = at == 0 || !part_of_name(text[at - 1]);
        const std::size_t end = at + word.size();
        if (begins && (end == text.size() || !part_of_name(text[end]))) return true;
    }
    return false;
}

KnownNames::KnownNames(const Installation& installation) {
    for (const std::string& text : ddk_texts(installation)) collect(text, names_);
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool KnownNames::knows(std::string_view name) const {
    return std::binary_search(names_.begin(), names_.end(), name, std::less<>());
}

std::optional<std::string> KnownNames::nearest(std::string_view name) const {
    // One letter in four may be wrong, but an addition to the end (Ex, WithTag) is no mistake of letters.
    std::size_t best = std::max<std::size_t>(2, name.size() / 4);
    std::optional<std::string> found;
    const std::string low = lower(name);
    for (const std::string& known : names_) {
        if (known.size() < 3) continue;
        const std::size_t away = edit_distance(low, lower(known), best);
        if (away > best || (found && away == best)) continue;
        best = away;
        found = known;
    }
    return found;
}

bool looks_like_ddi(std::string_view name) {
    static constexpr std::array<std::string_view, 41> families{
        "Ex",  "Ke",  "Io",  "Mm",  "Ob",  "Ps", "Rtl",  "Zw",  "Nt",  "Po",  "Hal", "Cm",   "Cc",    "Kd",
        "Dbg", "Se",  "Etw", "Wmi", "Pc",  "Ks", "Kc",   "Drm", "Pcw", "Pof", "Pep", "Fs",   "FsRtl", "Hv",
        "Iof", "Obf", "Exf", "Kf",  "Kei", "Tm", "Whea", "Csq", "Aux", "Pox", "Vf",  "Ntlm", "Usbd"};
    for (const std::string_view family : families) {
        if (name.size() > family.size() && name.starts_with(family) &&
            std::isupper(static_cast<unsigned char>(name[family.size()])) != 0)
            return true;
    }
    static constexpr std::array<std::string_view, 14> others{
        "Interlocked", "READ_", "WRITE_", "USBD_", "_Interlocked", "wcs",  "_wcs",
        "str",         "_str",  "mem",    "_mem",  "_snprintf",    "_vsn", "_snw"};
    return std::any_of(others.begin(), others.end(),
                       [name](std::string_view other) { return name.starts_with(other); });
}

std::string unknown_name(std::string_view name, const KnownNames& known) {
    const auto near = known.nearest(name);
    return "not known to Portico: " + std::string(name) + (near ? " (nearest: " + *near + ")" : "");
}

}  // namespace portico::build
