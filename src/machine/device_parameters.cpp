#include "machine/device_parameters.h"

#include <fmt/format.h>

#include "hardware/models.h"

namespace portico::machine {
namespace {

using hardware::Tree;
using hardware::TreeError;

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code < 0x20 || code == 0x7f) {
            out += fmt::format("\\u{:04X}", code);
        } else {
            out += c;
        }
    }
    return out + '"';
}

template <class List, class Text>
std::string joined(const List& list, const char* open, const char* close, Text&& text) {
    std::string out = open;
    for (const auto& item : list) {
        if (out.size() > 1) out += ", ";
        out += text(item);
    }
    return out + close;
}

unsigned line_of(const toml::node& node) {
    return node.source().begin.line;
}

std::optional<TreeError> list_of(const toml::array& array, Tree& tree) {
    auto& list = tree.value.emplace<Tree::List>();
    list.reserve(array.size());
    for (const toml::node& node : array) {
        if (auto wrong = tree_of(node, list.emplace_back())) return wrong;
    }
    return std::nullopt;
}

std::optional<TreeError> table_of(const toml::table& from, Tree& tree) {
    auto& table = tree.value.emplace<Tree::Table>();
    table.reserve(from.size());
    for (const auto& [key, node] : from) {
        table.push_back({std::string(key.str()), {}});
        if (auto wrong = tree_of(node, table.back().tree)) {
            if (wrong->key.empty()) wrong->key = std::string(key.str());
            return wrong;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<TreeError> tree_of(const toml::node& node, Tree& tree) {
    tree.line = line_of(node);
    if (const toml::array* const array = node.as_array()) return list_of(*array, tree);
    if (const toml::table* const table = node.as_table()) return table_of(*table, tree);
    if (node.is_boolean()) {
        tree.value = *node.value<bool>();
    } else if (node.is_integer()) {
        tree.value = *node.value<std::int64_t>();
    } else if (node.is_string()) {
        tree.value = *node.value<std::string>();
    } else {
        return TreeError{tree.line, "", "a number, a text, true, false, a list or a table is wanted"};
    }
    return std::nullopt;
}

std::optional<TreeError> parse_tree(const std::string& text, Tree& tree) {
    const toml::parse_result parsed = toml::parse("value = " + text);
    if (!parsed) {
        return TreeError{parsed.error().source().begin.line, "value",
                         std::string(parsed.error().description())};
    }
    return tree_of(*parsed.table().get("value"), tree);
}

std::string tree_text(const Tree& tree) {
    if (const auto* flag = std::get_if<bool>(&tree.value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&tree.value)) return fmt::format("{}", *number);
    if (const auto* text = std::get_if<std::string>(&tree.value)) return quoted(*text);
    if (const auto* list = std::get_if<Tree::List>(&tree.value)) return joined(*list, "[", "]", tree_text);
    return joined(std::get<Tree::Table>(tree.value), "{", "}", [](const Tree::Entry& entry) {
        return fmt::format("{} = {}", quoted(entry.key), tree_text(entry.tree));
    });
}

Result<void> set_parameter(hardware::Device& model, const std::string& key, const std::string& text) {
    if (!model.takes_tree(key)) return model.set(key, text);
    Tree tree;
    auto wrong = parse_tree(text, tree);
    if (!wrong) wrong = model.set_tree(key, tree);
    if (!wrong) return {};
    return Error{
        fmt::format("{}: {}, line {}: {}: {}", model.name(), key, wrong->line, wrong->key, wrong->message)};
}

Result<std::unique_ptr<hardware::Device>> make_model(const DeviceConfig& config) {
    auto model = PORTICO_TRY(hardware::create_device(config.model, config.name));
    for (const auto& [key, text] : config.parameters) PORTICO_TRY_VOID(set_parameter(*model, key, text));
    PORTICO_TRY_VOID(model->check());
    return model;
}

}  // namespace portico::machine
