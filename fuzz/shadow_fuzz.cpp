// Any bytes through the whole shadow: tokens, brackets, outline, every pass, as C and as C++, with everything
// asked for.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "build/shadow.h"
#include "build/trace_macros.h"

using namespace portico::build;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    ShadowFacts facts;
    facts.pastes_function_name = true;
    facts.skip_asm = size % 2 == 0;
    facts.used_after_loop = {{"i", 1}, {"i", 2}, {"j", 3}};
    for (const Language language : {Language::c, Language::cxx}) {
        const auto shadow = shadow_of("fuzz.cpp", text, language, facts);
        // A pass may refuse a source with a line, but never without one.
        if (!shadow.ok() && shadow.error().message.empty()) std::abort();
    }
    // Tokens cover the text in order.
    std::uint32_t end = 0;
    for (const Token& token : tokenize(text)) {
        if (token.begin < end || token.end <= token.begin || token.end > text.size()) std::abort();
        end = token.end;
    }
    return 0;
}
