// GUIDs as bytes, on both sides, against the texts of docs/spec.
#include <cctype>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include <portcls.h>
#include <dmusicks.h>

#include "driver_image.h"
#include "guid_list.h"
#include "support/requires.h"

namespace guid_test {
namespace {

std::string text_of(const GUID& guid) {
    char text[40];
    std::snprintf(text, sizeof(text), "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", guid.Data1,
                  guid.Data2, guid.Data3, guid.Data4[0], guid.Data4[1], guid.Data4[2], guid.Data4[3],
                  guid.Data4[4], guid.Data4[5], guid.Data4[6], guid.Data4[7]);
    return text;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

TEST(Guid, BytesOnTheHost) {
#define EXPECT_GUID(requirement, name, text)        \
    EXPECT_EQ(text_of(name), upper(text)) << #name; \
    REQUIRES(requirement);
    GUID_LIST(EXPECT_GUID)
}

TEST(Guid, BytesInADriver) {
    const portico::ddk_test::Image image;
    ULONG index = 0;
#define EXPECT_DRIVER_GUID(requirement, name, text) \
    EXPECT_EQ(text_of(*image.objects.guid(index++)), upper(text)) << #name;
    GUID_LIST(EXPECT_DRIVER_GUID)
}

TEST(Guid, OldSpellingsStandBesideTheRightNames) {
    static_assert(std::is_same_v<IAdapterPowerManagment, IAdapterPowerManagement>);
    static_assert(std::is_same_v<PADAPTERPOWERMANAGMENT, PADAPTERPOWERMANAGEMENT>);
    EXPECT_EQ(&IID_IAdapterPowerManagment, &IID_IAdapterPowerManagement);
    REQUIRES("FLD-050");
}

TEST(Guid, StaticPartsAndObjectAgree) {
    static const GUID by_static = {STATICGUIDOF(KSCATEGORY_AUDIO)};
    EXPECT_TRUE(IsEqualGUIDAligned(by_static, KSCATEGORY_AUDIO));
    EXPECT_FALSE(IsEqualGUIDAligned(KSCATEGORY_RENDER, KSCATEGORY_AUDIO));
}

}  // namespace
}  // namespace guid_test
