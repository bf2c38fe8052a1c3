// The passes of the shadow, each by what it makes of a text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/decode.h"
#include "build/shadow.h"
#include "support/requires.h"

namespace portico::build {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string cxx(const std::string& text, const ShadowFacts& facts = {}) {
    return shadow_of("driver.cpp", text, Language::cxx, facts).value();
}

TEST(Decode, KeepsWhatIsUtf8) {
    EXPECT_EQ(decode_source("// \xC3\xA9\r\n\"\xE2\x82\xAC\""), "// \xC3\xA9\r\n\"\xE2\x82\xAC\"");
}

TEST(Decode, Windows1252KeepsTheBytesOfLiteralsAndConvertsTheRest) {
    EXPECT_EQ(decode_source("// \xA9\n\"\xE9\" L\"\xE9\" '\x80' x\xFC"),
              "// \xC2\xA9\n\"\\351\" L\"\xC3\xA9\" '\\200' x\xC3\xBC");
    EXPECT_EQ(decode_source("#define T \"\xE9\" // \xE9\n"), "#define T \"\\351\" // \xC3\xA9\n");
}

TEST(Decode, Utf16OfEitherOrder) {
    EXPECT_EQ(decode_source(std::string("\xFF\xFE"
                                        "a\0\xE9\0\x3D\xD8\x00\xDE",
                                        10)),
              "a\xC3\xA9\xF0\x9F\x98\x80");
    EXPECT_EQ(decode_source(std::string("\xFE\xFF\0a\0b", 6)), "ab");
}

TEST(Decode, LoneCarriageReturnsEndLinesAndDosEndsFiles) {
    EXPECT_EQ(decode_source("a\rb\r\nc\x1A"), "a\nb\r\nc");
}

TEST(Friends, AreDeclaredBeforeTheClass) {
    const std::string text = cxx("int x;\n  class C : public B {\n  friend VOID F(C* c,\n    int i);\n};");
    EXPECT_EQ(text,
              "int x;\n  class C; VOID F ( C * c , int i ); \n#line 2\nclass C : public B {\n  friend VOID "
              "F(C* c,\n    int i);\n};");
    REQUIRES("FLD-053");
}

TEST(Friends, OfFunctionTypesToo) {
    EXPECT_THAT(cxx("typedef struct S { friend KDEFERRED_ROUTINE Dpc; } S;"),
                HasSubstr("struct S; KDEFERRED_ROUTINE Dpc; \n#line 1\ntypedef struct S {"));
}

TEST(Friends, LoseTheirStatic) {
    const std::string text = cxx("class C { friend static int F(C*); };");
    EXPECT_THAT(text, HasSubstr("class C; int F ( C * ); "));
    EXPECT_THAT(text, HasSubstr("friend  int F(C*);"));
    EXPECT_EQ(cxx("class C { static friend int F(C*); };"),
              "class C; int F ( C * ); \n#line 1\nclass C {  friend int F(C*); };");
}

TEST(Friends, StayUnderTheirConditions) {
    EXPECT_EQ(cxx("class C {\n#ifdef A\n  friend int F(X);\n#else\n  friend int G(Y);\n#endif\n};"),
              "class C; \n#ifdef A\n#line 1\nint F ( X ); \n#else\n#line 1\nint G ( Y ); \n#endif\n#line 1\n"
              "class C {\n#ifdef A\n  friend int F(X);\n#else\n  friend int G(Y);\n#endif\n};");
    // The conditional that the class begins in is not the friend's.
    EXPECT_THAT(cxx("#if A\nclass C {\n#else\nclass D {\n#endif\n  friend int F(X);\n};"),
                HasSubstr("class C; int F ( X ); \n#line 2\nclass C {"));
}

TEST(Friends, ThatNeedNoDeclarationGetNone) {
    for (const char* text :
         {"class C { friend class D; };", "class C { friend bool operator==(C, C); };",
          "class C { friend int D::F(C*); };", "class C { friend int F(C*) { return 1; } };",
          "template <class T> class C { friend int F(C<T>*); };",
          "class C { enum E { a }; friend int F(E); };",
          "class C { enum { a = 1, b }; friend int F(int x[b]); };",
          "class C { using T = int; friend int F(T); };", "class C { template <class T> friend T F(T); };",
          "class C { struct D { friend int F(D*); }; };"}) {
        EXPECT_EQ(cxx(text), text);
    }
}

// Each took time with the square of the length: hours, at this length.
TEST(LongTexts, AreReadOnce) {
#ifdef PORTICO_ASAN
    constexpr int shorter = 8;  // what is not optimised takes that much longer
#else
    constexpr int shorter = 1;
#endif
    const auto times = [](int count, const std::string& text) {
        std::string all;
        for (int i = 0; i < count / shorter; ++i) all += text;
        return all;
    };
    const std::string heads = times(400'000, "a{}") + "\nfriend alloc_text";
    EXPECT_EQ(cxx(heads), heads);
    const std::string brackets = times(4096, "(") + times(1'000'000, "]");
    EXPECT_EQ(cxx(brackets), brackets);
    const std::string raw = times(300'000, "R\"abc(x ");
    EXPECT_EQ(cxx(raw), raw);
    const std::string tries = cxx("void f() {" + times(60'000, "__try{}__except(1){}") + "}");
    EXPECT_THAT(tries.substr(0, 80), HasSubstr("void f() PORTICO_SEH_FUNCTION {PORTICO_SEH_TRY_EXCEPT{}"));
}

TEST(Functions, HaveTheirNamesWhereTheyArePasted) {
    ShadowFacts facts;
    facts.pastes_function_name = true;
    EXPECT_EQ(
        cxx("void C::F() const\n{ P(__FUNCTION__ \": x\"); Q(__FUNCTION__); }", facts),
        "void C::F() const\n\n#undef PORTICO_FUNCTION_NAME\n#define PORTICO_FUNCTION_NAME \"C::F\"\n#line 2\n"
        "{ P(PORTICO_FUNCTION_NAME \": x\"); Q(__FUNCTION__); }");
    EXPECT_EQ(cxx("#define D(x) P(__FUNCTION__ x, __FUNCTION__)\n", facts),
              "#define D(x) P(PORTICO_FUNCTION_NAME x, __FUNCTION__)\n");
    EXPECT_EQ(cxx("#define D(x) return __FUNCTION__\n", facts), "#define D(x) return __FUNCTION__\n");
}

TEST(Functions, AreFoundAmongAnnotationsAndInitialisers) {
    ShadowFacts facts;
    facts.pastes_function_name = true;
    for (const auto& [text, name] : std::initializer_list<std::pair<const char*, const char*>>{
             {"_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS A(int (*f)(int)) {}", "\"A\""},
             {"B::B(int x) : m(x), n(2) {}", "\"B::B\""},
             {"extern \"C\" { STDMETHODIMP_(ULONG) C::Get(void) {} }", "\"C::Get\""},
             {"struct S D(void) {}", "\"D\""},
             {"class E { int F() { return 1; } };", "\"E::F\""},
             {"B::~B() {}", "\"B::~B\""}}) {
        EXPECT_THAT(cxx(text, facts), HasSubstr(name)) << text;
    }
}

TEST(OperatorNew, ThrowsNothing) {
    EXPECT_EQ(cxx("void* operator new(size_t s, POOL_TYPE p);\nvoid* operator new[](size_t s) { return 0; }"),
              "void* operator new(size_t s, POOL_TYPE p) noexcept;\nvoid* operator new[](size_t s) noexcept "
              "{ return 0; }");
    EXPECT_EQ(cxx("class C { void* operator new(size_t); };"),
              "class C { void* operator new(size_t) noexcept; };");
    EXPECT_EQ(cxx("void* operator new(size_t) throw(std::bad_alloc);"),
              "void* operator new(size_t) noexcept;");
    for (const char* same : {"void* operator new(size_t) noexcept;", "void* operator new(size_t) throw();",
                             "void f() { g(::operator new(4)); operator new(5); }"}) {
        EXPECT_EQ(cxx(same), same);
    }
    REQUIRES("FLD-052");
}

TEST(Arrays, OfVisualCppSixAreDeclaredFirst) {
    EXPECT_EQ(cxx("static const T a[];\nstatic const T a[] = {1};\nstatic T b[2];"),
              "namespace { extern const T a[]; }\nnamespace { const T a[] = {1}; }\nstatic T b[2];");
    EXPECT_EQ(shadow_of("a.c", "static T a[]; static T a[] = {1};", Language::c, {}).value(),
              "static T a[]; static T a[] = {1};");
}

TEST(Loops, KeepTheirVariableWhereItIsMissed) {
    const std::string text = "int f() {\n  for (unsigned long i = 0; i < 4; i++) g();\n  return i;\n}";
    EXPECT_EQ(cxx(text), text);
    ShadowFacts facts;
    facts.used_after_loop = {{"i", 3}};
    EXPECT_EQ(cxx(text, facts), "int f() {\n  unsigned long i; for (i = 0; i < 4; i++) g();\n  return i;\n}");
    facts.used_after_loop = {{"i", 7}};
    EXPECT_EQ(cxx(text, facts), text);
}

TEST(AllocText, PlacesTheFunction) {
    EXPECT_EQ(
        cxx("#pragma alloc_text(PAGE, F, G)\n_A_(x) NTSTATUS F(int i)\n{}\nextern \"C\" NTSTATUS G() {}"),
        "#pragma alloc_text(PAGE, F, G)\n_A_(x) __declspec(code_seg(\"PAGE\")) NTSTATUS F(int i)\n{}\n"
        "extern \"C\" __declspec(code_seg(\"PAGE\")) NTSTATUS G() {}");
}

TEST(InlineAssembler, IsToldOrLeftOut) {
    const std::string block = "void f() {\n  _asm {\n    mov eax, 1 ; don't\n  }\n  __asm int 3\n  g();\n}";
    const std::string told = cxx(block);
    EXPECT_THAT(told, HasSubstr("#line 2\n#error inline assembler (_asm) is not for x64"));
    EXPECT_THAT(told, HasSubstr("#line 4\n;\n  \n#line 5\n#error"));
    ShadowFacts facts;
    facts.skip_asm = true;
    EXPECT_EQ(cxx(block, facts), "void f() {\n  ;\n\n\n  ;\n  g();\n}");
    EXPECT_EQ(cxx("#define BREAK __asm int 3\n", facts), "#define BREAK \n");
}

}  // namespace
}  // namespace portico::build
