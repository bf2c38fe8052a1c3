// Cutting C and C++ into tokens, edits of the text, and partners of brackets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/edits.h"
#include "build/tokens.h"

namespace portico::build {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(std::string_view text, const Tokens& tokens) {
    std::vector<std::string> result;
    for (const Token& token : tokens) result.emplace_back(text_of(text, token));
    return result;
}
std::vector<std::string> all_of(std::string_view text) {
    return texts(text, tokenize(text));
}
std::vector<std::string> code_of(std::string_view text) {
    return texts(text, code_tokens(text, tokenize(text)));
}

TEST(Tokens, AreNamesNumbersAndPunctuators) {
    EXPECT_THAT(all_of("a->b::c >>= 0x1F+1.5e+3'000;"),
                ElementsAre("a", "->", "b", "::", "c", ">", ">", "=", "0x1F", "+", "1.5e+3'000", ";"));
}

TEST(Tokens, QuotesHoldWhatTheyHold) {
    EXPECT_THAT(all_of(R"(L"a\"//b" u8'x' '\'' "/*")"),
                ElementsAre(R"(L"a\"//b")", "u8'x'", R"('\'')", R"("/*")"));
    EXPECT_THAT(all_of("R\"x(a)\" \"\nb)x\" c"), ElementsAre("R\"x(a)\" \"\nb)x\"", "c"));
    EXPECT_THAT(all_of("R\"plain\" c"), ElementsAre("R", "\"plain\"", "c"));
}

TEST(Tokens, AnOpenQuoteEndsWithItsLine) {
    EXPECT_THAT(all_of("don't do\nthat"), ElementsAre("don", "'t do", "that"));
    EXPECT_THAT(all_of("\"a\\\nb\" c"), ElementsAre("\"a\\\nb\"", "c"));
}

TEST(Tokens, CommentsAndDirectivesAreOneEach) {
    EXPECT_THAT(all_of("a // b \\\n c\nd /* e\nf */ g"),
                ElementsAre("a", "// b \\\n c", "d", "/* e\nf */", "g"));
    EXPECT_THAT(all_of("  #define A \\\n b /* c\n d */ e // \"\n#error don't\nf"),
                ElementsAre("#define A \\\n b /* c\n d */ e // \"", "#error don't", "f"));
    EXPECT_THAT(all_of("/* x */ #if 1\na # b"), ElementsAre("/* x */", "#if 1", "a", "#", "b"));
}

TEST(Tokens, KnowTheirLines) {
    const std::string_view text = "a\r\nb\rc \\\n d\n\n/*\n*/ e";
    std::vector<std::uint32_t> lines;
    for (const Token& token : tokenize(text)) lines.push_back(token.line);
    EXPECT_THAT(lines, ElementsAre(1, 2, 3, 4, 6, 7));
}

TEST(Tokens, DirectivesHaveANameAndARest) {
    EXPECT_EQ(directive_name("# /* x */ pragma  once"), "pragma");
    EXPECT_EQ(directive_rest("#include  <a\\b.h>  // c"), "<a\\b.h>");
    EXPECT_EQ(directive_name("#"), "");
    EXPECT_EQ(directive_rest("#"), "");
}

TEST(Tokens, CodeIsWithoutWhatNobodyCompiles) {
    EXPECT_THAT(code_of("a\n#if 0\nb\n#if 1\nc\n#endif\n#else\nd\n#endif\ne /* f */"),
                ElementsAre("a", "d", "e"));
}

TEST(Tokens, AnyBytesAreTaken) {
    const std::string bytes("\x00\x01\\\xff\"", 5);
    EXPECT_EQ(all_of(bytes).size(), 5u);
    EXPECT_THAT(all_of(""), IsEmpty());
    EXPECT_THAT(all_of("/*"), ElementsAre("/*"));
}

std::vector<std::uint32_t> partners_of(std::string_view text) {
    const Tokens all = tokenize(text);
    return bracket_partners(text, all, code_tokens(text, all));
}

TEST(Brackets, ArePartners) {
    EXPECT_THAT(partners_of("{([])}"), ElementsAre(5, 4, 3, 2, 1, 0));
    EXPECT_THAT(partners_of("(}{)}"), ElementsAre(no_partner, no_partner, 4, no_partner, 2));
}

TEST(Brackets, OfTheBranchesOfAConditionalCloseTogether) {
    // Both branches open the braces that one brace behind them closes.
    EXPECT_THAT(partners_of("#if X\na {\n#else\nb {\n#endif\n}"),
                ElementsAre(no_partner, 4, no_partner, no_partner, 1));
}

TEST(Edit, KeepsLines) {
    Edits edits;
    edits.insert(2, "X");
    EXPECT_TRUE(edits.replace(2, 5, "Y"));
    edits.insert(0, "<");
    edits.insert(2, "Z");
    EXPECT_FALSE(edits.replace(4, 6, "no"));
    EXPECT_FALSE(edits.replace(1, 3, "no"));
    EXPECT_EQ(edits.apply("abc\nde"), "<abXZY\ne");
}

}  // namespace
}  // namespace portico::build
