// What published drivers call, a driver here calls: every function and method of docs/spec/ddi-surface.md
// stands as a call in a driver of drivers/ or of the tests, whose own checks say what it did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace surface_calls_test {
namespace {

namespace fs = std::filesystem;

const fs::path root = PORTICO_SOURCE_DIR;

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The end of a comment, a string or a character that begins there; `at` for anything else.
std::size_t skipped(const std::string& text, std::size_t at) {
    if (text.compare(at, 2, "//") == 0) return std::min(text.find('\n', at), text.size());
    if (text.compare(at, 2, "/*") == 0) return std::min(text.find("*/", at), text.size() - 2) + 2;
    if (text[at] != '"' && text[at] != '\'') return at;
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != text[at] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
}

// Without comments, strings and blanks in front of an opening parenthesis.
std::string code_of(const std::string& text) {
    std::string code;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = skipped(text, at);
        if (end != at) {
            code += ' ';
            at = end;
            continue;
        }
        if (text[at] == '(') {
            while (!code.empty() && std::isspace(static_cast<unsigned char>(code.back())) != 0)
                code.pop_back();
        }
        code += text[at++];
    }
    return code;
}

// All drivers that the tests build and load.
std::string drivers_code() {
    std::vector<fs::path> folders{root / "drivers"};
    for (const auto& room : fs::directory_iterator(root / "tests")) {
        if (fs::is_directory(room.path() / "drivers")) folders.push_back(room.path() / "drivers");
    }
    std::string code;
    for (const fs::path& folder : folders) {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            const std::string suffix = entry.path().extension();
            if (suffix == ".c" || suffix == ".cpp" || suffix == ".h") code += code_of(read(entry.path()));
        }
    }
    return code;
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

enum class Call { function, method };

bool is_called(const std::string& code, const std::string& name, Call kind) {
    const std::string call = name + "(";
    for (std::size_t at = code.find(call); at != std::string::npos; at = code.find(call, at + 1)) {
        if (at == 0 || is_word(code[at - 1])) continue;
        const bool through = code[at - 1] == '.' || (code[at - 1] == '>' && at > 1 && code[at - 2] == '-');
        if (kind == Call::function || through) return true;
    }
    return false;
}

// The names in a chapter's lines "- **3:** Name Name".
std::vector<std::string> names_of(const std::string& chapter) {
    std::istringstream lines(read(root / "docs/spec/ddi-surface.md"));
    std::vector<std::string> names;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) inside = line == "## " + chapter;
        if (!inside || !line.starts_with("- **")) continue;
        std::istringstream words(line.substr(line.find(":**") + 3));
        for (std::string name; words >> name;) {
            if (!name.starts_with("Wdf")) names.push_back(name);
        }
    }
    return names;
}

std::vector<std::string> uncalled(const std::string& chapter, Call kind) {
    static const std::string code = drivers_code();
    std::vector<std::string> names = names_of(chapter);
    EXPECT_GT(names.size(), 40u) << chapter;
    std::erase_if(names, [&](const std::string& name) { return is_called(code, name, kind); });
    return names;
}

TEST(SurfaceCalls, EveryFunctionIsCalledByADriver) {
    EXPECT_THAT(
        uncalled("Functions and macros of ntoskrnl, hal, portcls, ks and the C run time", Call::function),
        ::testing::IsEmpty());
}

TEST(SurfaceCalls, EveryMethodIsCalledByADriver) {
    EXPECT_THAT(uncalled("COM methods called through interfaces", Call::method), ::testing::IsEmpty());
}

TEST(SurfaceCalls, EveryMacroIsUsedByADriver) {
    const std::string code = drivers_code();
    std::vector<std::string> unused;
    for (const std::string& name : names_of("stdunk and portcls macros")) {
        std::size_t at = code.find(name);
        while (at != std::string::npos && (is_word(code[at - 1]) || is_word(code[at + name.size()])))
            at = code.find(name, at + 1);
        if (at == std::string::npos) unused.push_back(name);
    }
    EXPECT_THAT(unused, ::testing::IsEmpty());
}

TEST(SurfaceCalls, TakesCommentsAndStringsForNoCalls) {
    const std::string code = code_of("// A(1)\n/* B(2) */ \"C(3)\" 'D' E (4); x->F(5); MyG(6);");
    for (const char* name : {"A", "B", "C", "G"}) EXPECT_FALSE(is_called(code, name, Call::function)) << name;
    EXPECT_TRUE(is_called(code, "E", Call::function));
    EXPECT_FALSE(is_called(code, "E", Call::method));
    EXPECT_TRUE(is_called(code, "F", Call::method));
}

}  // namespace
}  // namespace surface_calls_test
