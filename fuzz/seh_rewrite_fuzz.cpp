// Any bytes as a driver's source with __try: the pass ends, keeps every line, and what it wrote it leaves
// alone.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "build/seh_rewrite.h"

namespace {

std::string rewritten(const std::string& text) {
    using namespace portico::build;
    const std::string path = "driver.c";
    const Tokens all = tokenize(text);
    const Tokens code = code_tokens(text, all);
    const auto partners = bracket_partners(text, all, code);
    Edits edits;
    PORTICO_CHECK(rewrite_seh({path, Language::cxx, text, all, code, partners}, edits).ok());
    return edits.apply(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::string after = rewritten(text);
    PORTICO_CHECK(std::count(after.begin(), after.end(), '\n') == std::count(text.begin(), text.end(), '\n'));
    PORTICO_CHECK(after.size() >= text.size() || text.find("try") != std::string::npos);
    return 0;
}
