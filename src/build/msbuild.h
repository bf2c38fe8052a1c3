// MSBuild's expressions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "build/files.h"

namespace portico::build {

// Longer values are cut off.
constexpr std::size_t property_bytes_max = 1u << 16;

// "%20" is a blank: characters that mean something to MSBuild are written so.
std::string unescaped(std::string_view text);

class MsbuildProperties {
  public:
    explicit MsbuildProperties(FileFinder& finder) : finder_(finder) {}

    void set(std::string_view name, std::string value) { values_[lower(name)] = std::move(value); }
    const std::string& get(std::string_view name) const;  // empty if it was never set

    // "$(Name)" with its value. "%(Name)" and "%(Type.Name)" with that of `metadata` (names in lower case),
    // if there is one. Calls of functions, "$([MSBuild]::...)", give nothing.
    std::string expand(std::string_view text,
                       const std::map<std::string, std::string>* metadata = nullptr) const;

    // ==, !=, <, <=, >, >=, and, or, !, ( ), Exists(), HasTrailingSlash(). Relative paths start in `folder`.
    Result<bool> condition(std::string_view text, const std::string& folder) const;

  private:
    FileFinder& finder_;
    std::map<std::string, std::string> values_;
};

}  // namespace portico::build
