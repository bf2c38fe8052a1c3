#include <map>
#include <set>

#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

struct Array {
    std::uint32_t begin;  // "static"
    std::uint32_t end;    // ';'
    std::string_view name;
    bool tentative;  // without size and without values
};

// "static T NAME[]" or "static T NAME[N] = ..."; the name is the one before the first bracket.
bool array_of(const ShadowSource& source, const DeclarationOutline& declaration, Array& array) {
    std::uint32_t begin = declaration.begin;
    // Macros without a semicolon may stand before it.
    while (begin < declaration.end && source.code_text(begin) != "static") {
        if (source.code_text(begin) == "(" || source.code_text(begin) == "=") return false;
        ++begin;
    }
    for (std::uint32_t i = begin; i < declaration.end; ++i) {
        const std::string_view word = source.code_text(i);
        if (word == "(" || word == "=" || word == ",") return false;
        if (word != "[") continue;
        if (i < begin + 3 || source.partners[i] == no_partner) return false;
        array = {begin, declaration.end, source.code_text(i - 1),
                 source.partners[i] == i + 1 && declaration.end == i + 2};
        return true;
    }
    return false;
}

}  // namespace

// Both become members of the unnamed namespace, where "extern" declares without leaving the file.
Result<void> declare_tentative_arrays(const ShadowSource& source, Edits& edits) {
    if (source.language != Language::cxx) return {};
    std::vector<Array> arrays;
    std::set<std::string_view> tentative;
    for (const DeclarationOutline& declaration : outline_of(source).declarations) {
        Array array{};
        if (!array_of(source, declaration, array)) continue;
        arrays.push_back(array);
        if (array.tentative) tentative.insert(array.name);
    }
    for (const Array& array : arrays) {
        if (!tentative.contains(array.name)) continue;
        const Token& keyword = source.code[array.begin];
        edits.replace(keyword.begin, keyword.end, array.tentative ? "namespace { extern" : "namespace {");
        edits.insert(source.code[array.end].end, " }");
    }
    return {};
}

}  // namespace portico::build
