#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

// Behind the parameters: what says already that nothing is thrown, or at least something about it.
bool says_it(std::string_view word) {
    return word == "noexcept" || word == "throw";
}

// The ')' of the parameters of the declaration "operator new[] (...)" that begins at index; no_partner: there
// is none.
std::uint32_t parameters_end(const ShadowSource& source, std::uint32_t index) {
    std::uint32_t at = index + 2;
    if (source.code_text(at) == "[" && source.code_text(at + 1) == "]") at += 2;
    return source.code_text(at) == "(" ? source.partners[at] : no_partner;
}

}  // namespace

Result<void> mark_operators_new(const ShadowSource& source, Edits& edits) {
    if (source.language != Language::cxx || source.text.find("operator") == std::string_view::npos) return {};
    const Outline outline = outline_of(source);
    for (std::uint32_t i = 0; i + 2 < source.code.size(); ++i) {
        if (source.code_text(i) != "operator" || source.code_text(i + 1) != "new" || outline.in_function(i))
            continue;
        const std::uint32_t end = parameters_end(source, i);
        if (end == no_partner || end < i) continue;
        const std::string_view behind = source.code_text(end + 1);
        if (!says_it(behind)) {
            edits.insert(source.code[end].end, " noexcept");
        } else if (behind == "throw" && source.code_text(end + 2) == "(" &&
                   source.code_text(end + 3) != ")" && source.partners[end + 2] != no_partner) {
            edits.replace(source.code[end + 1].begin, source.code[source.partners[end + 2]].end, "noexcept");
        }
    }
    return {};
}

}  // namespace portico::build
