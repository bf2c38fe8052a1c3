#include "hardware/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace portico::hardware {
namespace {

std::string unknown_key(std::string_view what, std::string_view key, std::span<const Parameter> parameters,
                        std::span<const std::string_view> nested) {
    std::vector<std::string_view> keys(nested.begin(), nested.end());
    for (const Parameter& parameter : parameters) keys.emplace_back(parameter.key);
    const std::string meant = nearest(key, keys);
    if (!meant.empty()) return fmt::format("a {} has no such key; did you mean {}?", what, meant);
    return fmt::format("a {} has no such key; it has {}", what, fmt::join(keys, ", "));
}

std::optional<Value> scalar(const Tree& tree) {
    if (const auto* flag = std::get_if<bool>(&tree.value)) return *flag;
    if (const auto* number = std::get_if<std::int64_t>(&tree.value)) return *number;
    if (const auto* text = std::get_if<std::string>(&tree.value)) return *text;
    return std::nullopt;
}

}  // namespace

std::optional<TreeError> read_table(const Tree& tree, std::string_view what,
                                    std::span<const Parameter> parameters, void* options,
                                    std::span<const std::string_view> nested) {
    const auto* const table = std::get_if<Tree::Table>(&tree.value);
    if (table == nullptr) return TreeError{tree.line, std::string(what), "a table is wanted"};
    for (const auto& [key, value] : *table) {
        if (std::find(nested.begin(), nested.end(), key) != nested.end()) continue;
        if (find_parameter(parameters, key) == nullptr)
            return TreeError{value.line, key, unknown_key(what, key, parameters, nested)};
        const std::optional<Value> given = scalar(value);
        if (!given) return TreeError{value.line, key, "a number, a text, true or false is wanted"};
        const auto set = set_parameter(parameters, options, what, key, *given);
        if (!set.ok()) return TreeError{value.line, key, set.error().message};
    }
    return std::nullopt;
}

const Tree* find_entry(const Tree& tree, std::string_view key) {
    const auto* const table = std::get_if<Tree::Table>(&tree.value);
    if (table == nullptr) return nullptr;
    const auto found =
        std::find_if(table->begin(), table->end(), [&](const auto& e) { return e.key == key; });
    return found == table->end() ? nullptr : &found->tree;
}

}  // namespace portico::hardware
