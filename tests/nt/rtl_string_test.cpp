// Counted strings and conversions: return values and edges as documented for the RtlXxx functions.
#include <gtest/gtest.h>

#include <string>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/pool.h"
#include "nt/ob/ob.h"
#include "support/requires.h"

namespace rtl_string_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;

UNICODE_STRING counted(const char16_t* text) {
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, text);
    return string;
}

STRING counted(const char* text) {
    STRING string;
    RtlInitString(&string, text);
    return string;
}

std::u16string text_of(const UNICODE_STRING& string) {
    return {string.Buffer, string.Length / sizeof(WCHAR)};
}
std::string text_of(const STRING& string) {
    return {string.Buffer, string.Length};
}

// A counted string over its own buffer, filled with a mark that shows what was not written.
template <std::size_t size>
struct Room {
    WCHAR buffer[size + 1];
    UNICODE_STRING string{0, size * sizeof(WCHAR), buffer};
    Room() { std::fill(std::begin(buffer), std::end(buffer), u'#'); }
};

struct RtlString : ::testing::Test {
    Kernel kernel;
    void in_kernel(const std::function<void()>& body) { ASSERT_TRUE(kernel.run(body)); }
};

TEST_F(RtlString, InitCountsAndBounds) {
    in_kernel([] {
        UNICODE_STRING string = counted(u"Midi");
        EXPECT_EQ(string.Length, 8);
        EXPECT_EQ(string.MaximumLength, 10);
        RtlInitUnicodeString(&string, nullptr);
        EXPECT_EQ(string.Length, 0);
        EXPECT_EQ(string.MaximumLength, 0);
        EXPECT_EQ(string.Buffer, nullptr);
        const std::u16string longest(32766, u'x');
        const std::u16string too_long(32767, u'x');
        EXPECT_EQ(RtlInitUnicodeStringEx(&string, longest.c_str()), STATUS_SUCCESS);
        EXPECT_EQ(string.Length, 65532);
        EXPECT_EQ(string.MaximumLength, 65534);
        EXPECT_EQ(RtlInitUnicodeStringEx(&string, too_long.c_str()), STATUS_NAME_TOO_LONG);
        RtlInitUnicodeString(&string, too_long.c_str());
        EXPECT_EQ(string.Length, 65532);
        STRING narrow = counted("abc");
        EXPECT_EQ(narrow.Length, 3);
        EXPECT_EQ(narrow.MaximumLength, 4);
        EXPECT_EQ(RtlInitAnsiStringEx(&narrow, std::string(65535, 'x').c_str()), STATUS_NAME_TOO_LONG);
    });
}

TEST_F(RtlString, CopyCutsAndEndsWhereThereIsRoom) {
    in_kernel([] {
        const UNICODE_STRING abc = counted(u"abc");
        Room<4> four;
        RtlCopyUnicodeString(&four.string, &abc);
        EXPECT_EQ(std::u16string(four.buffer, 5), std::u16string(u"abc\0#", 5));
        Room<3> three;
        RtlCopyUnicodeString(&three.string, &abc);
        EXPECT_EQ(std::u16string(three.buffer, 4), u"abc#");
        Room<2> two;
        RtlCopyUnicodeString(&two.string, &abc);
        EXPECT_EQ(two.string.Length, 4);
        EXPECT_EQ(std::u16string(two.buffer, 3), u"ab#");
        RtlCopyUnicodeString(&two.string, nullptr);
        EXPECT_EQ(two.string.Length, 0);
    });
}

TEST_F(RtlString, AppendAllOrNothing) {
    in_kernel([] {
        Room<6> room;
        const UNICODE_STRING abc = counted(u"abc");
        EXPECT_EQ(RtlAppendUnicodeStringToString(&room.string, &abc), STATUS_SUCCESS);
        EXPECT_EQ(room.buffer[3], 0);
        EXPECT_EQ(RtlAppendUnicodeToString(&room.string, u"defg"), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(text_of(room.string), u"abc");
        EXPECT_EQ(RtlAppendUnicodeToString(&room.string, u"def"), STATUS_SUCCESS);
        EXPECT_EQ(text_of(room.string), u"abcdef");
        EXPECT_EQ(room.buffer[6], u'#') << "no room for an end";
        EXPECT_EQ(RtlAppendUnicodeToString(&room.string, nullptr), STATUS_SUCCESS);
        char bytes[4];
        STRING narrow{0, 4, bytes};
        EXPECT_EQ(RtlAppendAsciizToString(&narrow, "ab"), STATUS_SUCCESS);
        const STRING more = counted("cd");
        EXPECT_EQ(RtlAppendStringToString(&narrow, &more), STATUS_SUCCESS);
        EXPECT_EQ(RtlAppendStringToString(&narrow, &more), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(text_of(narrow), "abcd");
    });
}

TEST_F(RtlString, ComparesByDifferenceThenLength) {
    in_kernel([] {
        const UNICODE_STRING abc = counted(u"abc");
        const UNICODE_STRING upper = counted(u"ABC");
        const UNICODE_STRING longer = counted(u"abcd");
        EXPECT_EQ(RtlCompareUnicodeString(&abc, &upper, FALSE), 32);
        EXPECT_EQ(RtlCompareUnicodeString(&abc, &upper, TRUE), 0);
        EXPECT_LT(RtlCompareUnicodeString(&abc, &longer, FALSE), 0);
        EXPECT_TRUE(RtlEqualUnicodeString(&abc, &upper, TRUE));
        EXPECT_FALSE(RtlEqualUnicodeString(&abc, &upper, FALSE));
        EXPECT_TRUE(RtlPrefixUnicodeString(&upper, &longer, TRUE));
        EXPECT_FALSE(RtlPrefixUnicodeString(&upper, &longer, FALSE));
        EXPECT_FALSE(RtlPrefixUnicodeString(&longer, &abc, TRUE));
        const UNICODE_STRING end = counted(u"CD");
        EXPECT_TRUE(RtlSuffixUnicodeString(&end, &longer, TRUE));
        const STRING a = counted("Port\xE4");
        const STRING b = counted("PORT\xC4");
        EXPECT_TRUE(RtlEqualString(&a, &b, TRUE)) << "letters of the code page";
        EXPECT_GT(RtlCompareString(&a, &b, FALSE), 0);
        EXPECT_TRUE(RtlPrefixString(&b, &a, TRUE));
    });
}

TEST_F(RtlString, CaseIsTheKernelsTable) {
    in_kernel([] {
        const struct {
            WCHAR lower;
            WCHAR upper;
        } pairs[] = {{u'a', u'A'},   {0xE9, 0xC9},   {0xFF, 0x178},    {0x101, 0x100},
                     {0x3C9, 0x3A9}, {0x44F, 0x42F}, {0x1E01, 0x1E00}, {0xFF5A, 0xFF3A}};
        for (const auto& pair : pairs) {
            EXPECT_EQ(RtlUpcaseUnicodeChar(pair.lower), pair.upper);
            EXPECT_EQ(RtlDowncaseUnicodeChar(pair.upper), pair.lower);
        }
        // Letters whose partner has another partner keep to themselves.
        for (const WCHAR alone :
             {u'1', WCHAR{0x131}, WCHAR{0x17F}, WCHAR{0xB5}, WCHAR{0xDF}, WCHAR{0x1C5}, WCHAR{0x3042}}) {
            EXPECT_EQ(RtlUpcaseUnicodeChar(alone), alone);
        }
        EXPECT_EQ(RtlUpcaseUnicodeChar(0x3C2), 0x3A3) << "but for the final sigma";
        EXPECT_EQ(RtlDowncaseUnicodeChar(0x3A3), 0x3C3);
        // Every upper-case letter comes back from its lower-case one.
        for (unsigned c = 0; c < 0x10000; ++c) {
            const auto lower = RtlDowncaseUnicodeChar(static_cast<WCHAR>(c));
            if (lower != c) EXPECT_EQ(RtlUpcaseUnicodeChar(lower), c);
        }
        EXPECT_EQ(RtlUpperChar('\xE4'), '\xC4');
        EXPECT_EQ(RtlUpperChar('\xFF'), '\x9F');
        EXPECT_EQ(RtlUpperChar('\xDF'), '\xDF');
    });
}

TEST_F(RtlString, AllocatedStringsAreTheCallersPool) {
    in_kernel([] {
        const auto before = ex::pool_use(true).blocks;
        const UNICODE_STRING abc = counted(u"abc");
        UNICODE_STRING upper{};
        ASSERT_EQ(RtlUpcaseUnicodeString(&upper, &abc, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(upper), u"ABC");
        EXPECT_EQ(upper.MaximumLength, 6);
        EXPECT_EQ(ex::pool_use(true).blocks, before + 1);
        ex::PoolBlock block;
        ASSERT_TRUE(ex::find_block(upper.Buffer, block));
        EXPECT_FALSE(block.internal);
        EXPECT_EQ(block.tag, 0x67727453u) << "Strg";
        RtlFreeUnicodeString(&upper);
        EXPECT_EQ(upper.Buffer, nullptr);
        RtlFreeUnicodeString(&upper);
        EXPECT_EQ(ex::pool_use(true).blocks, before);
        Room<2> small;
        EXPECT_EQ(RtlUpcaseUnicodeString(&small.string, &abc, FALSE), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(RtlDowncaseUnicodeString(&upper, &abc, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(upper), u"abc");
        RtlFreeUnicodeString(&upper);
    });
}

TEST_F(RtlString, ExhaustedPool) {
    in_kernel([] {
        ex::refuse_allocation = [](std::size_t, ULONG) { return true; };
        const UNICODE_STRING abc = counted(u"abc");
        const STRING narrow = counted("abc");
        UNICODE_STRING made{};
        STRING bytes{};
        EXPECT_EQ(RtlUpcaseUnicodeString(&made, &abc, TRUE), STATUS_NO_MEMORY);
        EXPECT_EQ(RtlDuplicateUnicodeString(0, &abc, &made), STATUS_NO_MEMORY);
        EXPECT_EQ(RtlAnsiStringToUnicodeString(&made, &narrow, TRUE), STATUS_NO_MEMORY);
        EXPECT_EQ(RtlUnicodeStringToAnsiString(&bytes, &abc, TRUE), STATUS_NO_MEMORY);
        EXPECT_EQ(RtlStringFromGUID(GUID{}, &made), STATUS_NO_MEMORY);
        EXPECT_FALSE(RtlCreateUnicodeString(&made, u"abc"));
        ex::refuse_allocation = nullptr;
    });
}

TEST_F(RtlString, DuplicateByFlags) {
    in_kernel([] {
        const UNICODE_STRING abc = counted(u"abc");
        const UNICODE_STRING empty{0, 0, nullptr};
        UNICODE_STRING copy{};
        ASSERT_EQ(RtlDuplicateUnicodeString(0, &abc, &copy), STATUS_SUCCESS);
        EXPECT_EQ(copy.MaximumLength, 6);
        RtlFreeUnicodeString(&copy);
        ASSERT_EQ(RtlDuplicateUnicodeString(RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE, &abc, &copy),
                  STATUS_SUCCESS);
        EXPECT_EQ(copy.MaximumLength, 8);
        EXPECT_EQ(copy.Buffer[3], 0);
        RtlFreeUnicodeString(&copy);
        EXPECT_EQ(RtlDuplicateUnicodeString(1, &empty, &copy), STATUS_SUCCESS);
        EXPECT_EQ(copy.Buffer, nullptr);
        EXPECT_EQ(RtlDuplicateUnicodeString(3, &empty, &copy), STATUS_SUCCESS);
        ASSERT_NE(copy.Buffer, nullptr);
        EXPECT_EQ(copy.Buffer[0], 0);
        RtlFreeUnicodeString(&copy);
        EXPECT_EQ(RtlDuplicateUnicodeString(2, &abc, &copy), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlDuplicateUnicodeString(4, &abc, &copy), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlDuplicateUnicodeString(0, nullptr, &copy), STATUS_INVALID_PARAMETER);
        const UNICODE_STRING odd{3, 4, const_cast<PWCH>(u"ab")};
        EXPECT_EQ(RtlValidateUnicodeString(0, &odd), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlValidateUnicodeString(1, &abc), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlValidateUnicodeString(0, nullptr), STATUS_SUCCESS);
    });
}

TEST_F(RtlString, HashIsX65599) {
    in_kernel([] {
        const UNICODE_STRING lower = counted(u"ab");
        const UNICODE_STRING upper = counted(u"AB");
        ULONG hash = 0;
        EXPECT_EQ(RtlHashUnicodeString(&upper, FALSE, HASH_STRING_ALGORITHM_X65599, &hash), STATUS_SUCCESS);
        EXPECT_EQ(hash, 65u * 65599u + 66u);
        ULONG folded = 0;
        EXPECT_EQ(RtlHashUnicodeString(&lower, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &folded), STATUS_SUCCESS);
        EXPECT_EQ(folded, hash);
        EXPECT_EQ(RtlHashUnicodeString(&lower, TRUE, HASH_STRING_ALGORITHM_INVALID, &hash),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(RtlString, CodePageAndBack) {
    in_kernel([] {
        const UNICODE_STRING wide = counted(u"a\x00E9\x20AC\x0416");
        char bytes[8] = "#######";
        STRING narrow{0, 8, bytes};
        EXPECT_EQ(RtlxUnicodeStringToAnsiSize(&wide), 5u);
        EXPECT_EQ(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(narrow), "a\xE9\x80?");
        EXPECT_EQ(bytes[4], 0);
        narrow.MaximumLength = 3;
        EXPECT_EQ(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(text_of(narrow), "a\xE9");
        UNICODE_STRING back{};
        const STRING source = counted("a\x80");
        EXPECT_EQ(RtlxAnsiStringToUnicodeSize(&source), 6u);
        ASSERT_EQ(RtlAnsiStringToUnicodeString(&back, &source, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(back), u"a\x20AC");
        EXPECT_EQ(back.MaximumLength, 6);
        RtlFreeUnicodeString(&back);
        Room<2> small;
        EXPECT_EQ(RtlAnsiStringToUnicodeString(&small.string, &source, FALSE), STATUS_BUFFER_OVERFLOW);
        const std::string huge(40000, 'x');
        const STRING too_long{40000, 40000, const_cast<PCHAR>(huge.data())};
        EXPECT_EQ(RtlAnsiStringToUnicodeString(&back, &too_long, TRUE), STATUS_INVALID_PARAMETER_2);
        ULONG size = 0;
        char part[3];
        EXPECT_EQ(RtlUnicodeToMultiByteN(part, 3, &size, u"abcdef", 12), STATUS_SUCCESS);
        EXPECT_EQ(size, 3u);
    });
}

TEST_F(RtlString, Utf8) {
    in_kernel([] {
        const char16_t text[] = u"a\x00E9\x20AC\xD834\xDD1E";
        const ULONG bytes = sizeof text - 2;
        ULONG size = 0;
        char utf8[16];
        EXPECT_EQ(RtlUnicodeToUTF8N(nullptr, 0, &size, text, bytes), STATUS_SUCCESS);
        EXPECT_EQ(size, 10u);
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 10, &size, text, bytes), STATUS_SUCCESS);
        EXPECT_EQ(std::string(utf8, size), "a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E");
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 9, &size, text, bytes), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(size, 6u) << "whole characters only";
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 16, &size, u"\xD834", 2), STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(std::string(utf8, size), "\xEF\xBF\xBD");
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 16, &size, nullptr, 2), STATUS_INVALID_PARAMETER_4);
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 16, nullptr, text, 2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(RtlUnicodeToUTF8N(utf8, 16, &size, text, 3), STATUS_INVALID_PARAMETER_5);
        WCHAR back[8];
        EXPECT_EQ(RtlUTF8ToUnicodeN(back, sizeof back, &size, "a\xC3\xA9\xF0\x9D\x84\x9E", 7),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(back, size / 2), u"a\x00E9\xD834\xDD1E");
        EXPECT_EQ(RtlUTF8ToUnicodeN(back, 6, &size, "a\xC3\xA9\xF0\x9D\x84\x9E", 7), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(RtlUTF8ToUnicodeN(back, sizeof back, &size, "\xC0\x80z\xED\xA0\x80", 6),
                  STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(std::u16string(back, size / 2), u"\xFFFD\xFFFDz\xFFFD\xFFFD\xFFFD")
            << "overlong and surrogate bytes";
    });
}

TEST_F(RtlString, Utf8CountedStrings) {
    in_kernel([] {
        const UNICODE_STRING wide = counted(u"\x20AC");
        STRING utf8{};
        ASSERT_EQ(RtlUnicodeStringToUTF8String(&utf8, &wide, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(utf8), "\xE2\x82\xAC");
        EXPECT_EQ(utf8.MaximumLength, 4);
        UNICODE_STRING back{};
        ASSERT_EQ(RtlUTF8StringToUnicodeString(&back, &utf8, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(text_of(back), u"\x20AC");
        Room<1> small;
        EXPECT_EQ(RtlUTF8StringToUnicodeString(&small.string, &utf8, FALSE), STATUS_BUFFER_OVERFLOW);
        RtlFreeUnicodeString(&back);
        RtlFreeUTF8String(&utf8);
    });
}

}  // namespace
}  // namespace rtl_string_test
