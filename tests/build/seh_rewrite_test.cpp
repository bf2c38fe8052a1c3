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

std::string rewritten(const std::string& text) {
    const std::string path = "driver.c";
    const Tokens all = tokenize(text);
    const Tokens code = code_tokens(text, all);
    const auto partners = bracket_partners(text, all, code);
    Edits edits;
    EXPECT_TRUE(rewrite_seh({path, Language::c, text, all, code, partners}, edits).ok());
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
    const std::string except = rewritten("void f() { __try { g(); } __except (h(GetExceptionCode())) { i(); } }");
    expect_done(except);
    EXPECT_THAT(except, AllOf(HasSubstr("PORTICO_SEH_EXCEPT"), HasSubstr("{ g(); }"),
                              HasSubstr("PorticoSehFiltered(&PorticoSeh,  (h(GetExceptionCode())))")));
    const std::string finally = rewritten("void f() { __try { g(); } __finally { i(); } }");
    expect_done(finally);
    EXPECT_THAT(finally, AllOf(HasSubstr("PORTICO_SEH_FINALLY"), HasSubstr("i();  PorticoSehUnwound")));
}

TEST(SehRewrite, KnowsTheSpellingsOfOld) {
    expect_done(rewritten("void f() { _try { g(); } _except (1) { i(); } _try { } _finally { } }"));
    const std::string plain = rewritten("void f() { try { leave; } except (1) { } try { x = leave; } finally { } }");
    EXPECT_EQ(count(plain, "PorticoSehEnter"), 2u);
    EXPECT_EQ(count(plain, "goto PorticoSehEnd;"), 1u);
    EXPECT_THAT(plain, HasSubstr("x = leave;"));
}

TEST(SehRewrite, KeepsLines) {
    const std::string text =
        "int f(int a)\r\n{\n  __try\n  {\n    g();\n  }\n  __except\n    (\n1)\n  {\n  }\n  return __LINE__;\n}\n";
    const std::string after = rewritten(text);
    EXPECT_EQ(count(after, "\n"), count(text, "\n"));
    const auto line_of = [](const std::string& all, const std::string& part) {
        return std::count(all.begin(), all.begin() + static_cast<long>(all.find(part)), '\n');
    };
    for (const char* part : {"g();", "1)", "__LINE__"}) EXPECT_EQ(line_of(after, part), line_of(text, part)) << part;
}

TEST(SehRewrite, NestsInBodiesFiltersAndHandlers) {
    const std::string after = rewritten(
        "void f() { __try { __try { a(); } __finally { __try { b(); } __except (1) { c(); } }} __except (d()) { "
        "__try { e(); } __finally { g(); }} }");
    expect_done(after);
    EXPECT_EQ(count(after, "PorticoSehEnter"), 4u);
    // The inner frame's scope ends before the outer block says that it is done.
    EXPECT_THAT(after, HasSubstr("c(); } }  PorticoSehUnwound"));
}

TEST(SehRewrite, MarksTheFunctionsThatHaveOne) {
    const std::string after = rewritten(
        "int a(void) { return 1; }\nint b(void) { __try { a(); } __finally { } return 2; }\nint c(void) { return 3; }");
    EXPECT_EQ(count(after, "_Pragma(\"clang optimize off\")"), 1u);
    EXPECT_LT(after.find("optimize off"), after.find("int c"));
    EXPECT_THAT(after, AllOf(HasSubstr("int b(void) _Pragma(\"clang optimize off\") {"),
                             HasSubstr("return 2; } _Pragma(\"clang optimize on\")")));
    const std::string in_class = rewritten(
        "namespace n { extern \"C\" { class C : public B { int m() const { __try { } __finally { } } int k() { } }; } }");
    EXPECT_THAT(in_class, HasSubstr("int m() const _Pragma(\"clang optimize off\") {"));
    EXPECT_THAT(in_class, HasSubstr("} _Pragma(\"clang optimize on\") int k()"));
    EXPECT_THAT(rewritten("static FORCEINLINE int f(void) { __try { } __finally { } }"),
                AllOf(HasSubstr("static __inline int f"), Not(HasSubstr("FORCEINLINE"))));
}

TEST(SehRewrite, WritesMacrosThatHoldAllOfIt) {
    const std::string after = rewritten(
        "#define SAFE(x) do { __try { x; } \\\n  __except (1) { bad(); } } while (0)\nint f(void) { SAFE(g()); }\n"
        "int h(void) { return 0; }\n");
    expect_done(after);
    EXPECT_EQ(count(after, "\n"), 4u);
    EXPECT_THAT(after, HasSubstr("int f(void) _Pragma(\"clang optimize off\") {"));
    EXPECT_THAT(after, HasSubstr("int h(void) { return 0; }"));
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
