// Every macro of the headers of include/ddk that is a number, against the one of mingw-w64's headers: both
// compilers write down all macros that their headers define (CMakeLists.txt), and what is a number in both
// must be the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace macros_test {
namespace {

using Macros = std::map<std::string, std::string, std::less<>>;

// "#define NAME text"; macros with parameters are none that are numbers.
Macros read_macros(const std::string& path) {
    Macros macros;
    std::ifstream file(path);
    constexpr std::string_view define = "#define ";
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(define)) continue;
        const std::size_t end = line.find_first_of(" (", define.size());
        if (end != std::string::npos && line[end] == ' ')
            macros[line.substr(define.size(), end - define.size())] = line.substr(end + 1);
    }
    return macros;
}

// What a macro's text comes to: numbers, other macros, casts to integers, and the operators that headers use.
class Evaluator {
  public:
    explicit Evaluator(const Macros& macros) : macros_(macros) {}

    std::optional<std::uint64_t> value_of(std::string_view name, int depth = 0) const {
        const auto found = macros_.find(name);
        if (found == macros_.end() || depth > 16) return std::nullopt;
        Text text{found->second, 0, depth};
        const auto value = sum(text);
        skip(text);
        return text.at == text.all.size() ? value : std::nullopt;
    }

  private:
    using Value = std::optional<std::uint64_t>;
    struct Text {
        std::string_view all;
        std::size_t at;
        int depth;
    };

    static void skip(Text& text) {
        while (text.at < text.all.size() && text.all[text.at] == ' ') ++text.at;
    }
    static bool take(Text& text, std::string_view what) {
        skip(text);
        if (!text.all.substr(text.at).starts_with(what)) return false;
        text.at += what.size();
        return true;
    }

    // The operators of one macro never need their precedence.
    Value sum(Text& text) const {
        Value value = unary(text);
        while (value) {
            const char* const operators[] = {"|", "<<", "+", "-", "&"};
            const auto* const one =
                std::find_if(std::begin(operators), std::end(operators),
                             [&](const char* candidate) { return take(text, candidate); });
            if (one == std::end(operators)) return value;
            const Value right = unary(text);
            if (!right) return std::nullopt;
            const std::string_view name = *one;
            value = name == "|"    ? *value | *right
                    : name == "<<" ? *value << (*right & 63)
                    : name == "+"  ? *value + *right
                    : name == "-"  ? *value - *right
                                   : *value & *right;
        }
        return value;
    }

    Value unary(Text& text) const {
        if (take(text, "~")) {
            const Value value = unary(text);
            return value ? Value(~*value) : value;
        }
        if (take(text, "-")) {
            const Value value = unary(text);
            return value ? Value(0 - *value) : value;
        }
        if (take(text, "(")) {
            if (is_cast(text)) return unary(text);
            const Value value = sum(text);
            return take(text, ")") ? value : std::nullopt;
        }
        return word(text);
    }

    // "NTSTATUS)" behind an opening parenthesis: taken.
    static bool is_cast(Text& text) {
        static constexpr std::string_view types[] = {
            "NTSTATUS", "HRESULT", "DWORD", "ULONG",  "LONG",        "USHORT", "UCHAR", "ULONG_PTR", "WORD",
            "BYTE",     "KIRQL",   "UINT",  "HANDLE", "ACCESS_MASK", "UINT32", "PVOID", "BOOLEAN"};
        const std::size_t end = text.all.find(')', text.at);
        if (end == std::string_view::npos) return false;
        const std::string_view inside = text.all.substr(text.at, end - text.at);
        if (std::find(std::begin(types), std::end(types), inside) == std::end(types)) return false;
        text.at = end + 1;
        return true;
    }

    Value word(Text& text) const {
        skip(text);
        const std::size_t begin = text.at;
        while (text.at < text.all.size() &&
               (std::isalnum(static_cast<unsigned char>(text.all[text.at])) != 0 || text.all[text.at] == '_'))
            ++text.at;
        std::string name(text.all.substr(begin, text.at - begin));
        if (name.empty()) return std::nullopt;
        if (std::isdigit(static_cast<unsigned char>(name[0])) != 0) return number(name);
        if (name == "_HRESULT_TYPEDEF_" || name == "_NDIS_ERROR_TYPEDEF_") return unary(text);
        return value_of(name, text.depth + 1);
    }

    static Value number(std::string digits) {
        for (const char* const suffix : {"i64", "I64", "l", "L", "u", "U", "l", "L", "u", "U"}) {
            if (digits.ends_with(suffix)) digits.resize(digits.size() - std::string_view(suffix).size());
        }
        std::size_t used = 0;
        const std::uint64_t value = digits.empty() ? 0 : std::stoull(digits, &used, 0);
        return !digits.empty() && used == digits.size() ? Value(value) : std::nullopt;
    }

    const Macros& macros_;
};

// A newer header than mingw's: the values of Windows 10's.
const std::map<std::string, std::string, std::less<>> newer = {
    {"CONNECT_CURRENT_VERSION", "CONNECT_MESSAGE_BASED_PASSIVE came"},
};

TEST(Macros, AreMingwsNumbers) {
    const Macros ours = read_macros(PORTICO_BINARY_DIR "/oracle/macros_ours.txt");
    const Macros theirs = read_macros(PORTICO_BINARY_DIR "/oracle/macros_mingw.txt");
    const Evaluator our_numbers(ours), their_numbers(theirs);
    unsigned compared = 0;
    for (const auto& [name, text] : ours) {
        if (name.starts_with('_') || !theirs.contains(name)) continue;
        const auto our = our_numbers.value_of(name), their = their_numbers.value_of(name);
        if (!our || !their) continue;
        ++compared;
        // A cast may have made one of them negative.
        const bool same =
            *our == *their || static_cast<std::uint32_t>(*our) == static_cast<std::uint32_t>(*their);
        EXPECT_NE(same, newer.contains(name)) << name << ": " << text << ", mingw: " << theirs.at(name);
    }
    EXPECT_GT(compared, 2400u);
}

TEST(Macros, AreEvaluatedAsHeadersMeanThem) {
    const Macros macros{{"A", "0x10L"},
                        {"B", "(A | 1)"},
                        {"C", "((NTSTATUS)0xC0000001L)"},
                        {"D", "(1 << 4)"},
                        {"E", "(~(ULONG)0)"},
                        {"F", "Unknown(3)"},
                        {"G", "\"text\""},
                        {"H", "H"},
                        {"I", "_HRESULT_TYPEDEF_(0x80004005L)"},
                        {"J", "0x100ui64x"},
                        {"K", "(A + 1) & ~0x1ULL"}};
    const Evaluator numbers(macros);
    EXPECT_EQ(numbers.value_of("A"), 16u);
    EXPECT_EQ(numbers.value_of("B"), 17u);
    EXPECT_EQ(numbers.value_of("C"), 0xC0000001u);
    EXPECT_EQ(numbers.value_of("D"), 16u);
    EXPECT_EQ(numbers.value_of("E"), ~std::uint64_t{0});
    EXPECT_EQ(numbers.value_of("I"), 0x80004005u);
    EXPECT_EQ(numbers.value_of("K"), 16u);
    for (const char* const name : {"F", "G", "H", "J", "None"})
        EXPECT_EQ(numbers.value_of(name), std::nullopt);
}

}  // namespace
}  // namespace macros_test
