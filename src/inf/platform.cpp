#include "inf/platform.h"

#include <array>
#include <optional>
#include <tuple>

#include "inf/text.h"

namespace portico::inf {
namespace {

// TargetOSVersion: NT[architecture][.[major][.[minor][.[product type][.[suite mask][.[build]]]]]].
struct Decoration {
    std::string architecture;
    std::array<unsigned, 5> numbers{};  // major, minor, product type, suite mask, build; 0: any
};

std::optional<Decoration> parse(std::string_view text) {
    if (text.size() < 2 || !equal(text.substr(0, 2), "nt")) return std::nullopt;
    Decoration decoration;
    const std::size_t dot = std::min(text.find('.'), text.size());
    decoration.architecture = lower(text.substr(2, dot - 2));
    std::string_view rest = text.substr(dot);
    for (unsigned& number : decoration.numbers) {
        if (rest.empty()) break;
        rest.remove_prefix(1);
        const std::size_t end = std::min(rest.find('.'), rest.size());
        const std::string_view field = rest.substr(0, end);
        rest.remove_prefix(end);
        if (field.empty()) continue;
        const auto value = number_of(field);
        if (!value || *value > UINT32_MAX) return std::nullopt;
        number = static_cast<unsigned>(*value);
    }
    return decoration;
}

// A workstation, of whatever suite.
bool fits(const Decoration& decoration) {
    constexpr unsigned workstation = 1;
    const auto [major, minor, product, suite, build] = decoration.numbers;
    const bool not_newer = std::tuple(major, minor) <= std::tuple(os_major, os_minor) && build <= os_build;
    return (decoration.architecture.empty() || decoration.architecture == "amd64") && not_newer &&
           (product == 0 || product == workstation);
}

// The most special one wins.
auto rank(const Decoration& decoration) {
    return std::tuple(!decoration.architecture.empty(), decoration.numbers);
}

}  // namespace

Chosen install_section(const File& file, const std::string& base, std::string_view suffix) {
    for (const char* const decoration : {".ntamd64", ".nt", ""}) {
        if (const Section* const found = file.section(base + decoration + std::string(suffix)))
            return {found, false};
    }
    return {file.section(base + ".ntx86" + std::string(suffix)), true};
}

Chosen models_section(const File& file, const Line& manufacturer) {
    const std::string& base = manufacturer.at(0);
    std::optional<Decoration> best;
    Chosen chosen;
    bool decorated = false;
    for (std::size_t i = 1; i < manufacturer.values.size(); ++i) {
        const auto decoration = parse(manufacturer.values[i]);
        decorated = decorated || decoration;
        if (!decoration || !fits(*decoration) || (best && rank(*best) >= rank(*decoration))) continue;
        const Section* const section = file.section(base + "." + manufacturer.values[i]);
        if (section == nullptr) continue;
        best = decoration;
        chosen = {section, decoration->architecture.empty()};
    }
    if (chosen.section != nullptr) return chosen;
    chosen = {file.section(base), true};
    if (chosen.section == nullptr && decorated) chosen.section = file.section(base + ".ntx86");
    return chosen;
}

}  // namespace portico::inf
