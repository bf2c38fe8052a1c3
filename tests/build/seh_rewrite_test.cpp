// The text that the driver build makes of __try for a .so. What it does is tested by running it (tests/nt).
#include "build/seh_rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace portico::build {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// `header`: another file of the driver.
std::string rewritten(const std::string& text, const std::string& header = {}) {
    const std::string path = "driver.c";
    const auto parsed = [&](const std::string& source, auto&& use) {
        const Tokens all = tokenize(source);
        const Tokens code = code_tokens(source, all);
        const auto partners = bracket_partners(source, all, code);
        use(all, code, partners);
    };
    ShadowFacts facts;
    parsed(header, [&](const auto& all, const auto& code, const auto& partners) {
        find_seh_macros({path, Language::c, header, all, code, partners}, facts.seh);
    });
    Edits edits;
    parsed(text, [&](const auto& all, const auto& code, const auto& partners) {
        EXPECT_TRUE(rewrite_seh({path, Language::c, text, all, code, partners, facts}, edits).ok());
    });
    return edits.apply(text);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

// No word that a compiler would take for exception handling is left of the source.
void expect_done(const std::string& text) {
    static const std::regex keyword("\\b__?(try|except|finally)\\b");
    EXPECT_FALSE(std::regex_search(text, keyword)) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '{'), std::count(text.begin(), text.end(), '}')) << text;
}

TEST(SehRewrite, LeavesOtherTextAlone) {
    const std::string text = "int try_it(int retry) { /* __try { } */ return retry; } // __try\n";
    EXPECT_EQ(rewritten(text), text);
    const std::string exceptions = "void f() { try { g(); } catch (...) { } }\n";
    EXPECT_EQ(rewritten(exceptions), exceptions);
}

TEST(SehRewrite, MakesFramesOfBothForms) {
    const std::string except =
        rewritten("void f() { __try { g(); } __except (h(GetExceptionCode())) { i(); } }");
    expect_done(except);
    EXPECT_THAT(except,
                HasSubstr("PORTICO_SEH_TRY_EXCEPT { g(); } PORTICO_SEH_EXCEPT (h(GetExceptionCode())) "
                          "PORTICO_SEH_HANDLER  { PORTICO_SEH_HANDLER_BEGIN  i(); } PORTICO_SEH_END"));
    const std::string finally = rewritten("void f() { __try { g(); } __finally { i(); } }");
    expect_done(finally);
    EXPECT_THAT(finally,
                HasSubstr("PORTICO_SEH_TRY_FINALLY { g(); } PORTICO_SEH_FINALLY { "
                          "PORTICO_SEH_FINALLY_BEGIN  i();  PORTICO_SEH_FINALLY_END } PORTICO_SEH_END"));
}

TEST(SehRewrite, KnowsTheSpellingsOfOld) {
    expect_done(rewritten("void f() { _try { g(); } _except (1) { i(); } _try { } _finally { } }"));
    const std::string plain =
        rewritten("void f() { try { leave; } except (1) { } try { x = leave; } finally { } }");
    EXPECT_EQ(count(plain, "PORTICO_SEH_TRY_"), 2u);
    EXPECT_EQ(count(plain, " __leave;"), 1u);
    EXPECT_THAT(plain, HasSubstr("x = leave;"));
}

TEST(SehRewrite, KeepsLines) {
    const std::string text =
        "int f(int a)\r\n{\n  __try\n  {\n    g();\n  }\n  __except\n    (\n1)\n  {\n  }\n  return "
        "__LINE__;\n}\n";
    const std::string after = rewritten(text);
    EXPECT_EQ(count(after, "\n"), count(text, "\n"));
    const auto line_of = [](const std::string& all, const std::string& part) {
        return std::count(all.begin(), all.begin() + static_cast<long>(all.find(part)), '\n');
    };
    for (const char* part : {"g();", "1)", "__LINE__"})
        EXPECT_EQ(line_of(after, part), line_of(text, part)) << part;
}

TEST(SehRewrite, NestsInBodiesFiltersAndHandlers) {
    const std::string after = rewritten(
        "void f() { __try { __try { a(); } __finally { __try { b(); } __except (1) { c(); } }} __except "
        "(d()) { "
        "__try { e(); } __finally { g(); }} }");
    expect_done(after);
    EXPECT_EQ(count(after, "PORTICO_SEH_TRY_"), 4u);
    // The inner frame's scope ends before the outer block says that it is done.
    EXPECT_THAT(after, HasSubstr("c(); } PORTICO_SEH_END   PORTICO_SEH_FINALLY_END }"));
}

TEST(SehRewrite, MarksTheFunctionsThatHaveOne) {
    const std::string after = rewritten(
        "int a(void) { return 1; }\nint b(void) { __try { a(); } __finally { } return 2; }\nint c(void) { "
        "return 3; }");
    EXPECT_EQ(count(after, "PORTICO_SEH_FUNCTION "), 1u);
    EXPECT_LT(after.find("PORTICO_SEH_FUNCTION "), after.find("int c"));
    EXPECT_THAT(after, AllOf(HasSubstr("int b(void) PORTICO_SEH_FUNCTION {"),
                             HasSubstr("return 2; } PORTICO_SEH_FUNCTION_END")));
    const std::string in_class = rewritten(
        "namespace n { extern \"C\" { class C : public B { int m() const { __try { } __finally { } } int k() "
        "{ } }; } }");
    EXPECT_THAT(in_class, HasSubstr("int m() const PORTICO_SEH_FUNCTION {"));
    EXPECT_THAT(in_class, HasSubstr("} PORTICO_SEH_FUNCTION_END  int k()"));
    EXPECT_THAT(rewritten("static FORCEINLINE int f(void) { __try { } __finally { } }"),
                AllOf(HasSubstr("static __inline int f"), Not(HasSubstr("FORCEINLINE"))));
}

TEST(SehRewrite, WritesMacrosThatHoldAllOfIt) {
    const std::string after = rewritten(
        "#define SAFE(x) do { __try { x; } \\\n  __except (1) { bad(); } } while (0)\nint f(void) { "
        "SAFE(g()); }\n"
        "int h(void) { return 0; }\n");
    expect_done(after);
    EXPECT_EQ(count(after, "\n"), 4u);
    EXPECT_THAT(after, HasSubstr("int f(void) PORTICO_SEH_FUNCTION {"));
    EXPECT_THAT(after, HasSubstr("int h(void) { return 0; }"));
}

TEST(SehRewrite, KnowsTheMacrosOfOtherFiles) {
    const std::string header =
        "#define SAFE(x) __try { x; } __except (1) { }\n#define TRY __try\n#define FINALLY __finally\n";
    const std::string after =
        rewritten("int f(void) { SAFE(g()); }\nint h(void) { TRY { } FINALLY { } }", header);
    EXPECT_EQ(count(after, "PORTICO_SEH_FUNCTION "), 2u);
    EXPECT_EQ(count(after, "PORTICO_SEH_TRY_FINALLY"), 1u);
}

TEST(SehRewrite, TellsWhatItCannotWrite) {
    EXPECT_THAT(rewritten("#define TRY __try {\nint f(void) { TRY g(); } __except (1) { } }"),
                HasSubstr("_Static_assert(0, "));
    EXPECT_THAT(rewritten("int f(void) { __try g(); __except (1) { } }"), HasSubstr("_Static_assert(0, "));
    EXPECT_THAT(rewritten("int f(void) { __try { g(); } }"), HasSubstr("_Static_assert(0, "));
    EXPECT_THAT(rewritten("__try {"), HasSubstr("_Static_assert(0, "));
}

}  // namespace
}  // namespace portico::build
