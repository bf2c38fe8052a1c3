// Changes of a text that keep every line at its number.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace portico::build {

class Edits {
  public:
    // Offsets are those of the unchanged text. Insertions at one offset appear in the order in which they
    // were made, before a replacement that begins there. New text may hold ends of lines only if it brings
    // "#line" itself.
    void insert(std::uint32_t at, std::string text);
    // The ends of lines that the old text had and the new one has not are put behind the new one. A
    // replacement that overlaps an earlier one is dropped, and false returned.
    bool replace(std::uint32_t begin, std::uint32_t end, std::string text);
    bool empty() const { return edits_.empty(); }
    std::string apply(std::string_view text) const;

  private:
    struct Place {
        std::uint32_t begin;
        bool replaces;  // insertions come first
        auto operator<=>(const Place&) const = default;
    };
    struct Edit {
        std::uint32_t end;
        std::string text;
    };
    std::multimap<Place, Edit> edits_;
};

}  // namespace portico::build
