// rewrite_file IN OUT...: the text that the driver build makes of a source with __try, once for each name that it is
// to have.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "build/seh_rewrite.h"

int main(int argc, char** argv) {
    using namespace portico::build;
    if (argc < 3) return 2;
    const std::string path = argv[1];
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const Tokens all = tokenize(text);
    const Tokens code = code_tokens(text, all);
    const auto partners = bracket_partners(text, all, code);
    Edits edits;
    const auto done = rewrite_seh({path, Language::c, text, all, code, partners}, edits);
    if (!done.ok()) {
        std::fprintf(stderr, "%s\n", done.error().message.c_str());
        return 1;
    }
    for (int i = 2; i < argc; ++i) {
        std::ofstream out(argv[i], std::ios::binary);
        out << "#line 1 \"" << path << "\"\n" << edits.apply(text);
        if (!out.flush()) return 1;
    }
    return 0;
}
