// An INF file as sections and lines, its strings put in place.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace portico::inf {

// What is wrong with a line; 0: with the whole file.
struct Problem {
    unsigned line = 0;
    std::string what;
};

// Told at most once a line and text, in the order of the lines; 20 are kept.
class Problems {
  public:
    static constexpr std::size_t limit = 20;
    void add(unsigned line, std::string what);
    const std::vector<Problem>& list() const { return list_; }
    bool empty() const { return list_.empty(); }
    // "FILE:LINE: what", a line each.
    std::string text(std::string_view file) const;

  private:
    std::vector<Problem> list_;
    std::size_t left_out_ = 0;
};

struct Line {
    unsigned number = 0;
    std::string key;  // before '='; empty: there is no '='
    std::vector<std::string> values;

    // The value at `index`; empty when the line has fewer.
    const std::string& at(std::size_t index) const;
    bool has(std::size_t index) const { return index < values.size() && !values[index].empty(); }
};

struct Section {
    unsigned number = 0;  // of its first line, "[name]"
    std::string name;     // as written
    std::vector<Line> lines;

    // The first line with that key; null: none.
    const Line* find(std::string_view key) const;
};

std::string lower(std::string_view text);  // ASCII letters
bool equal(std::string_view a, std::string_view b);
// The path of a directory by its number (DestinationDirs); null: the simulated computer has none.
const char* directory(std::string_view number);

class File {
  public:
    static constexpr std::size_t bytes_max = 1 << 20;
    static constexpr std::size_t line_max = 4096;  // characters, continuations included
    static constexpr std::size_t lines_max = 32768;
    static constexpr std::size_t values_max = 512;     // of a line
    static constexpr std::size_t text_max = 16 << 20;  // bytes of all values, their strings put in place

    // `bytes` as the file has them. What is wrong goes to `problems`.
    File(std::string_view bytes, Problems& problems);

    // Null: there is none.
    const Section* section(std::string_view name) const;

  private:
    void read(std::string_view text, Problems& problems);
    void take_line(std::string_view line, unsigned number, Problems& problems);
    void choose_strings(Problems& problems);
    void substitute(Problems& problems);
    std::string substituted(const std::string& text, unsigned line, Problems& problems);

    std::map<std::string, Section> sections_;  // by name in small letters
    Section* current_ = nullptr;
    std::size_t lines_ = 0;
    std::size_t text_ = 0;
    std::map<std::string, std::string> strings_;
};

}  // namespace portico::inf
