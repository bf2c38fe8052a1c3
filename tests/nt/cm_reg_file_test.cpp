// Registration files: what they say is in the registry afterwards; what is wrong in them is named with its
// line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernel.h"
#include "nt/cm/cm.h"

namespace cm_reg_file_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char16_t* vendor = u"\\Registry\\Machine\\Software\\Vendor";

struct Data {
    ULONG type = 0xFFFF;
    std::vector<unsigned char> bytes;
    std::u16string text() const {
        return {reinterpret_cast<const char16_t*>(bytes.data()), bytes.size() / 2};
    }
};

Data value_of(const char16_t* path, const char16_t* name) {
    Data data;
    data.bytes.resize(256);
    ULONG needed = 0;
    if (!NT_SUCCESS(
            cm::query_value(ob::string(path), ob::string(name), &data.type, data.bytes.data(), 256, &needed)))
        return {};
    data.bytes.resize(needed);
    return data;
}

std::string error_of(std::string_view text) {
    Kernel kernel;
    const auto result = cm::load_reg(text, "card.reg");
    return result.ok() ? "" : result.error().message;
}

TEST(CmRegFile, AllKindsOfValues) {
    Kernel kernel;
    const auto result = cm::load_reg(
        "Windows Registry Editor Version 5.00\r\n"
        "\r\n"
        "; a comment\r\n"
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Vendor]\r\n"
        "@=\"default\"\r\n"
        "\"Text\"=\"a \\\"b\\\" c:\\\\d\"\r\n"
        "\"Number\"=dword:0000033f\r\n"
        "\"Bytes\"=hex:01,02,\\\r\n"
        "  fe,FF\r\n"
        "\"Expand\"=hex(2):25,00,41,00,00,00\r\n"
        "\"Multi\"=hex(7):61,00,00,00,62,00,00,00,00,00\r\n"
        "\"Big\"=hex(b):88,77,66,55,44,33,22,11\r\n"
        "\"None\"=hex(0):\r\n"
        "\"Resources\"=hex(a):\r\n"
        "\r\n"
        "[HKLM\\System\\CurrentControlSet\\Services\\card\\Parameters]\r\n"
        "\"Irq\"=dword:9\r\n");
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(value_of(vendor, u"").text(), std::u16string(u"default\0", 8));
    EXPECT_EQ(value_of(vendor, u"Text").type, ULONG{REG_SZ});
    EXPECT_EQ(value_of(vendor, u"Text").text(), std::u16string(u"a \"b\" c:\\d\0", 11));
    EXPECT_THAT(value_of(vendor, u"Number").bytes, ElementsAre(0x3F, 3, 0, 0));
    EXPECT_THAT(value_of(vendor, u"Bytes").bytes, ElementsAre(1, 2, 0xFE, 0xFF));
    EXPECT_EQ(value_of(vendor, u"Bytes").type, ULONG{REG_BINARY});
    EXPECT_EQ(value_of(vendor, u"Expand").type, ULONG{REG_EXPAND_SZ});
    EXPECT_EQ(value_of(vendor, u"Multi").type, ULONG{REG_MULTI_SZ});
    EXPECT_EQ(value_of(vendor, u"Big").type, ULONG{REG_QWORD});
    EXPECT_EQ(value_of(vendor, u"None").type, ULONG{REG_NONE});
    EXPECT_TRUE(value_of(vendor, u"None").bytes.empty());
    EXPECT_EQ(value_of(vendor, u"Resources").type, ULONG{REG_RESOURCE_REQUIREMENTS_LIST});
    EXPECT_THAT(
        value_of(u"\\Registry\\Machine\\System\\ControlSet001\\Services\\card\\Parameters", u"irq").bytes,
        ElementsAre(9, 0, 0, 0));
}

TEST(CmRegFile, Utf16AndUtf8WithMarks) {
    const std::u16string text =
        u"Windows Registry Editor Version "
        u"5.00\n[HKEY_LOCAL_MACHINE\\Software\\Vendor]\n\"Name\"=\"Klavi\u00E4r \U0001F3B9\"\n";
    std::string little = "\xFF\xFE";
    std::string big = "\xFE\xFF";
    for (const char16_t c : text) {
        little += {static_cast<char>(c & 0xFF), static_cast<char>(c >> 8)};
        big += {static_cast<char>(c >> 8), static_cast<char>(c & 0xFF)};
    }
    const std::string utf8 =
        "\xEF\xBB\xBFWindows Registry Editor Version "
        "5.00\n[HKLM\\Software\\Vendor]\n\"Name\"=\"Klavi\xC3\xA4r \xF0\x9F\x8E\xB9\"\n";
    for (const std::string& bytes : {little, big, utf8}) {
        Kernel kernel;
        const auto result = cm::load_reg(bytes);
        ASSERT_TRUE(result.ok()) << result.error().message;
        EXPECT_EQ(value_of(vendor, u"Name").text(), std::u16string(u"Klavi\u00E4r \U0001F3B9") + u'\0');
    }
}

TEST(CmRegFile, DeletesKeysAndValues) {
    Kernel kernel;
    ASSERT_TRUE(cm::load_reg("Windows Registry Editor Version 5.00\n"
                             "[HKLM\\Software\\Vendor\\Old\\Deeper]\n\"x\"=\"y\"\n"
                             "[HKLM\\Software\\Vendor]\n\"Gone\"=\"1\"\n\"Kept\"=\"2\"\n\"Gone\"=-\n"
                             "[-HKLM\\Software\\Vendor\\Old]\n"
                             "[-HKLM\\Software\\NeverThere]\n")
                    .ok());
    EXPECT_FALSE(cm::key_exists(ob::string(u"\\Registry\\Machine\\Software\\Vendor\\Old")));
    EXPECT_EQ(value_of(vendor, u"Gone").type, 0xFFFFu);
    EXPECT_EQ(value_of(vendor, u"Kept").type, ULONG{REG_SZ});
}

TEST(CmRegFile, RegEdit4KeepsTextInBytes) {
    Kernel kernel;
    ASSERT_TRUE(cm::load_reg("REGEDIT4\n[HKLM\\Software\\Vendor]\n\"E\"=hex(2):25,41,00\n").ok());
    EXPECT_EQ(value_of(vendor, u"E").text(), std::u16string(u"%A\0", 3));
}

TEST(CmRegFile, ErrorsNameFileAndLine) {
    const std::string head = "Windows Registry Editor Version 5.00\n[HKLM\\Software\\Vendor]\n";
    EXPECT_THAT(error_of(""), HasSubstr("card.reg:1: "));
    EXPECT_THAT(error_of("hello\n"), HasSubstr("card.reg:1: is not a registration file"));
    EXPECT_THAT(error_of("Windows Registry Editor Version 5.00\n\"a\"=\"b\"\n"),
                HasSubstr("card.reg:2: a value stands before any key"));
    EXPECT_THAT(error_of(head + "[HKXX\\a]\n"), HasSubstr("card.reg:3: the key must begin with"));
    EXPECT_THAT(error_of(head + "[HKLM\\a\n"), HasSubstr("card.reg:3: the key's closing ]"));
    EXPECT_THAT(error_of(head + "\n\n\"a\n"), HasSubstr("card.reg:5: the closing \""));
    EXPECT_THAT(error_of(head + "\"a\"\n"), HasSubstr("card.reg:3: expected ="));
    EXPECT_THAT(error_of(head + "\"a\"=dword:123456789\n"), HasSubstr("card.reg:3: dword:"));
    EXPECT_THAT(error_of(head + "\"a\"=dword:\n"), HasSubstr("dword:"));
    EXPECT_THAT(error_of(head + "\"a\"=hex:01,\\\n 02,\\\n xx\n"), HasSubstr("card.reg:3: hex:"));
    EXPECT_THAT(error_of(head + "\"a\"=hex:01 02\n"), HasSubstr("comma"));
    EXPECT_THAT(error_of(head + "\"a\"=hex(zz):01\n"), HasSubstr("hex(type)"));
    EXPECT_THAT(error_of(head + "\"a\"=nonsense\n"), HasSubstr("card.reg:3: the value's data"));
    EXPECT_THAT(error_of(head + "\"a\"=\"b\" c\n"), HasSubstr("card.reg:3: text follows"));
    EXPECT_THAT(error_of(head + "nonsense\n"), HasSubstr("card.reg:3: expected"));
    EXPECT_THAT(error_of(head + "[HKLM\\Software\\" + std::string(300, 'x') + "]\n"),
                HasSubstr("card.reg:3: the key cannot be made"));
    EXPECT_EQ(error_of(head + "\"a\"=\"b\" ; fine\n"), "");
}

}  // namespace
}  // namespace cm_reg_file_test
