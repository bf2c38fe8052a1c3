// What the headers of Portico declare.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "build/toolchain.h"

namespace portico::build {

class KnownNames {
  public:
    explicit KnownNames(const Installation& installation);

    bool knows(std::string_view name) const;
    // The known name that a person most likely meant; none when nothing is near.
    std::optional<std::string> nearest(std::string_view name) const;

  private:
    std::vector<std::string> names_;  // sorted
};

// The text of every header.
std::vector<std::string> ddk_texts(const Installation& installation);
bool has_word(std::string_view text, std::string_view word);

// Whether a function of this name is the kernel's or the C run time's rather than the driver's own.
bool looks_like_ddi(std::string_view name);

// "not known to Portico: NAME", with the nearest known name.
std::string unknown_name(std::string_view name, const KnownNames& known);

}  // namespace portico::build
