// Which of a section's decorated names is for the simulated computer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inf/file.h"

namespace portico::inf {

// Windows for x64, as RtlGetVersion says it is.
constexpr unsigned os_major = 10;
constexpr unsigned os_minor = 0;
constexpr unsigned os_build = 22000;

struct Chosen {
    const Section* section = nullptr;  // null: there is none
    bool foreign = false;              // it is for another processor than x64, or says none
};

// The install section `base` with `suffix` (".HW", or nothing): "base.NTamd64.HW", "base.NT.HW", "base.HW",
// and at last what is for 32-bit Windows, as in INF files from before there was another.
Chosen install_section(const File& file, const std::string& base, std::string_view suffix = "");

// A line of [Manufacturer]: the models section and the decorations that it has, "NTamd64.10.0...16299".
Chosen models_section(const File& file, const Line& manufacturer);

}  // namespace portico::inf
