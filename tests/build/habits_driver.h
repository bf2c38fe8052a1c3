// tests/build/projects/habits as its author's Windows keeps it: CR LF, Windows-1252, names in other letters.
#pragma once

#include "build_test.h"

namespace portico::build {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

class HabitsDriver : public AuthorsFolder {
  protected:
    void SetUp() override {
        AuthorsFolder::SetUp();
        const std::filesystem::path habits =
            std::filesystem::path(PORTICO_SOURCE_DIR) / "tests/build/projects/habits";
        for (const auto& entry : std::filesystem::recursive_directory_iterator(habits)) {
            if (!entry.is_regular_file()) continue;
            std::string name = std::filesystem::relative(entry.path(), habits).string();
            replace_all(name, "inc/", "Inc/");
            replace_all(name, "unknown.cpp", "UNKNOWN.CPP");
            std::ifstream file(entry.path(), std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(file), {}};
            if (name.ends_with(".cpp") || name.ends_with(".CPP")) {
                replace_all(text, "\n", "\r\n");
                replace_all(text, "\xC3\xA9", "\xE9");
                replace_all(text, "\xC2\xA9", "\xA9");
            }
            write(name, text);
        }
    }
};

}  // namespace portico::build
