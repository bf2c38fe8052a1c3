// What somebody probably meant who misspelt a word.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace portico {

// How many letters differ, are missing or too many; `limit` + 1 stands for more than `limit`, and for a word
// that is very long.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// `word`, or the one of `candidates` that was probably meant; empty when none is near.
std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace portico
