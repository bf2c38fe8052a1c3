// Trees as a machine file would say them, for tests of models that read them.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "hardware/tree.h"

namespace portico::test {

using hardware::Tree;

inline Tree scalar(int number) {
    return {std::int64_t{number}, 1};
}
inline Tree scalar(std::int64_t number) {
    return {number, 1};
}
inline Tree scalar(bool flag) {
    return {flag, 1};
}
inline Tree scalar(const char* text) {
    return {std::string(text), 1};
}

inline Tree list(std::initializer_list<Tree> items, unsigned line = 1) {
    return {Tree::List(items), line};
}
inline Tree numbers(std::initializer_list<std::int64_t> items) {
    Tree::List all;
    for (const std::int64_t item : items) all.push_back(scalar(item));
    return {std::move(all), 1};
}
inline Tree table(std::initializer_list<Tree::Entry> entries, unsigned line = 1) {
    return {Tree::Table(entries), line};
}

}  // namespace portico::test
