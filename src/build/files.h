// Files as a whole, and paths as drivers write them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace portico::build {

// Bytes of a source, a header or a project file; more is refused.
constexpr std::size_t text_file_bytes_max = 64u << 20;

Result<std::string> read_file(const std::string& path);
// Whole or not at all: it is written beside and renamed. Folders are made.
Result<void> write_file(const std::string& path, std::string_view content);
// Leaves a file alone that has this content already, so that nothing is built again because of it.
Result<void> write_if_different(const std::string& path, std::string_view content);
Result<void> make_folder(const std::string& path);

bool is_file(const std::string& path);
bool is_folder(const std::string& path);

// Absolute, with '/', without "." and "..", links as they are; relative paths start in `folder` (empty: the
// current one).
std::string absolute_path(std::string_view path, const std::string& folder = {});
std::string folder_of(std::string_view path);  // "." of a lone name
std::string name_of(std::string_view path);    // behind the last slash
std::string stem_of(std::string_view path);    // name without its last suffix
std::string suffix_of(std::string_view path);  // in lower case, with its dot
std::string lower(std::string_view text);
bool same_letters(std::string_view a, std::string_view b);  // in any case
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, std::string_view separators);  // without empty parts

// The words of a command line as Microsoft's compiler reads it: "a b" is one word, \" is a quotation mark.
std::vector<std::string> command_words(std::string_view line);

// Folders as Windows sees them: names in any case.
class FileFinder {
  public:
    // The path of the file or folder as the disk spells it, empty if there is none. `path` is absolute.
    std::string find(const std::string& path);
    // The names in a folder, sorted.
    std::vector<std::string> names(const std::string& folder);

  private:
    struct Listing {
        std::map<std::string, std::string> by_lower_name;
        bool exists;
    };
    const Listing& listing(const std::string& folder);
    std::map<std::string, Listing> folders_;
};

}  // namespace portico::build
