// What a machine file says in more than one value: lists and tables, each value with its line. Models that
// are described rather than parametrised (recorder, pci) read their descriptions from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hardware/parameters.h"

namespace portico::hardware {

struct Tree {
    struct Entry;
    using List = std::vector<Tree>;
    using Table = std::vector<Entry>;
    std::variant<bool, std::int64_t, std::string, List, Table> value;
    unsigned line = 0;
};
struct Tree::Entry {
    std::string key;
    Tree tree;
};

struct TreeError {
    unsigned line;
    std::string key;
    std::string message;
};

// Reads a table into `options`, whose members `parameters` ties to keys. Keys of `nested` are left to the
// caller. An error names `what`, the kind of table.
std::optional<TreeError> read_table(const Tree& tree, std::string_view what,
                                    std::span<const Parameter> parameters, void* options,
                                    std::span<const std::string_view> nested = {});

// The entry of a table; null: the tree is no table, or has no such key.
const Tree* find_entry(const Tree& tree, std::string_view key);

// Calls `take(tree)` for each item of a list. The first error, also of a tree that is no list or has more
// than `most` items.
template <class Take>
std::optional<TreeError> for_each_item(const Tree& tree, std::string_view key, std::size_t most,
                                       Take&& take) {
    const auto* const list = std::get_if<Tree::List>(&tree.value);
    if (list == nullptr) return TreeError{tree.line, std::string(key), "a list is wanted"};
    if (list->size() > most) {
        return TreeError{tree.line, std::string(key), "at most " + std::to_string(most) + " are possible"};
    }
    for (const Tree& item : *list) {
        if (auto wrong = take(item)) return wrong;
    }
    return std::nullopt;
}

}  // namespace portico::hardware
