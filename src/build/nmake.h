// Files for NMAKE, as far as the DDK's "sources" use it: macros, !-directives and their expressions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "build/files.h"

namespace portico::build {

class NmakeFile {
  public:
    explicit NmakeFile(FileFinder& finder) : finder_(finder) {}

    // Macros that name each other so often that no more is replaced; what was read is not whole.
    bool exhausted() const { return references_ >= references_max || bytes_ > bytes_max; }

    // NMAKE's names keep their case, but the DDK's are written in any: they are the same.
    void set(std::string_view name, std::string value) { macros_[lower(name)] = std::move(value); }
    bool defines(std::string_view name) const { return macros_.contains(lower(name)); }
    // With all references replaced; empty if it was never set.
    std::string value(std::string_view name) const;

    // Reads a file; more than one may follow another. Files that !INCLUDE names and the DDK has
    // ($(NTMAKEENV)\makefile.def) are passed over.
    Result<void> read(const std::string& path);
    const std::vector<std::string>& messages() const { return messages_; }

    std::string expand(std::string_view text) const;

  private:
    static constexpr std::size_t references_max = 1u << 20;
    static constexpr std::size_t bytes_max = 64u << 20;  // of all values that were ever assigned
    struct Line {
        std::string text;
        std::uint32_t number;
    };
    struct Branch {
        bool taken;   // one of the branches was
        bool active;  // this one is
        bool outer;   // the conditional itself stands in an active one
    };
    static std::vector<Line> logical_lines(const std::string& text);
    Result<void> take(const Line& line, const std::string& path);
    Result<void> directive(std::string_view text, const Line& line, const std::string& path);
    Result<bool> decide(std::string_view name, std::string_view rest, const std::string& place);
    Result<void> include(std::string_view name, const std::string& path, const std::string& place);
    void assign(std::string_view name, std::string_view value);
    std::string expand(std::string_view text, int depth) const;
    bool active() const { return branches_.empty() || branches_.back().active; }

    FileFinder& finder_;
    std::map<std::string, std::string> macros_;
    std::vector<Branch> branches_;
    std::vector<std::string> messages_;
    mutable std::size_t references_ = 0;
    std::size_t bytes_ = 0;
    int depth_ = 0;
    int files_ = 0;
};

}  // namespace portico::build
