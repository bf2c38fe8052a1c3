// Device properties by DEVPROPKEY: what fits a type, what is stored, what deleting says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kernel.h"
#include "nt/io/properties.h"
#include "nt/io/property_types.h"

namespace portico::test::io_property_test {
namespace {

constexpr LCID neutral = 0;
constexpr LCID english = 0x0409;
constexpr LCID german = 0x0407;
constexpr nt::io::PropertyOwner owner{false, 3};
constexpr DEVPROPKEY key{{0x11, 0x22, 0x33, {0x44}}, 0x12345};

bool fits(DEVPROPTYPE type, const void* data, ULONG size, LCID lcid = neutral) {
    return nt::io::fits_property_type(type, lcid, data, size);
}

TEST(IoProperty, StringsEndWithOneNull) {
    EXPECT_TRUE(fits(DEVPROP_TYPE_STRING, u"abc", 8));
    EXPECT_TRUE(fits(DEVPROP_TYPE_STRING, u"", 2));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING, u"abc", 6));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING, u"a\0b", 8));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING, u"x", 1));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING | DEVPROP_TYPEMOD_ARRAY, u"x", 4));
    EXPECT_TRUE(fits(DEVPROP_TYPE_STRING_INDIRECT, u"@card.inf,%Name%", 34));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING_INDIRECT, u"@card.inf,%Name%", 34, english));
}

TEST(IoProperty, ListsEndWithTwo) {
    EXPECT_TRUE(fits(DEVPROP_TYPE_STRING_LIST, u"a\0b\0", 10));
    EXPECT_TRUE(fits(DEVPROP_TYPE_STRING_LIST, u"", 2));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING_LIST, u"a\0b", 8));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING_LIST, u"\0", 4));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING_LIST, u"a\0\0b\0", 12));
}

TEST(IoProperty, ValuesHaveTheirSize) {
    const ULONG numbers[3] = {1, 2, 3};
    EXPECT_TRUE(fits(DEVPROP_TYPE_UINT32, numbers, 4));
    EXPECT_FALSE(fits(DEVPROP_TYPE_UINT32, numbers, 3));
    EXPECT_TRUE(fits(DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_ARRAY, numbers, 12));
    EXPECT_FALSE(fits(DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_ARRAY, numbers, 10));
    EXPECT_FALSE(fits(DEVPROP_TYPE_UINT32 | DEVPROP_TYPEMOD_LIST, numbers, 4));
    EXPECT_FALSE(fits(DEVPROP_TYPE_UINT32 | 0x4000, numbers, 4));
    EXPECT_TRUE(fits(DEVPROP_TYPE_BINARY, numbers, 7));
    EXPECT_FALSE(fits(DEVPROP_TYPE_BINARY, numbers, 0));
    EXPECT_FALSE(fits(DEVPROP_TYPE_STRING_INDIRECT + 1, numbers, 4));
    EXPECT_FALSE(fits(DEVPROP_TYPE_EMPTY, numbers, 4));
    EXPECT_TRUE(fits(DEVPROP_TYPE_NULL, numbers, 0));
    const CHAR truths[3] = {DEVPROP_TRUE, DEVPROP_FALSE, 1};
    EXPECT_TRUE(fits(DEVPROP_TYPE_BOOLEAN, &truths[0], 1));
    EXPECT_TRUE(fits(DEVPROP_TYPE_BOOLEAN, &truths[1], 1));
    EXPECT_FALSE(fits(DEVPROP_TYPE_BOOLEAN, &truths[2], 1));
    const LONGLONG times[2] = {0x01D00000'00000000, -1};
    EXPECT_TRUE(fits(DEVPROP_TYPE_FILETIME, &times[0], 8));
    EXPECT_FALSE(fits(DEVPROP_TYPE_FILETIME, &times[1], 8));
}

struct Stored {
    NTSTATUS status = STATUS_PENDING;
    ULONG needed = 0x55555555;
    DEVPROPTYPE type = 0x55555555;
    unsigned char data[64];
};
Stored read(LCID lcid, ULONG size) {
    Stored result;
    std::memset(result.data, 0xAA, sizeof result.data);
    result.status = nt::io::get_property(owner, key, lcid, size == 0 ? nullptr : result.data, size,
                                         &result.needed, &result.type);
    return result;
}
NTSTATUS write(LCID lcid, DEVPROPTYPE type, const void* data, ULONG size) {
    return nt::io::set_property(owner, key, lcid, type, data, size);
}

TEST(IoProperty, StoredReadAndDeleted) {
    Kernel kernel;
    const ULONG number = 0x12345678;
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_EMPTY, nullptr, 0), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_UINT32, &number, 4), STATUS_SUCCESS);
    EXPECT_EQ(read(neutral, 0).status, STATUS_BUFFER_TOO_SMALL);
    const Stored small = read(neutral, 3);
    EXPECT_EQ(small.status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(small.needed, 4u);
    EXPECT_EQ(small.data[0], 0xAA);
    const Stored whole = read(neutral, 64);
    EXPECT_EQ(whole.status, STATUS_SUCCESS);
    EXPECT_EQ(whole.type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_UINT32));
    EXPECT_EQ(std::memcmp(whole.data, &number, 4), 0);
    EXPECT_EQ(whole.data[4], 0xAA);
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_UINT32, nullptr, 4), STATUS_SUCCESS);  // no data: deleted
    const Stored gone = read(neutral, 64);
    EXPECT_EQ(gone.status, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(gone.needed, 0u);
    EXPECT_EQ(gone.type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_EMPTY));
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_NULL, &number, 0), STATUS_SUCCESS);
    EXPECT_EQ(read(neutral, 0).status, STATUS_SUCCESS);
    EXPECT_EQ(read(neutral, 0).type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_NULL));
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_BOOLEAN, "\1", 1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(read(neutral, 0).type,
              static_cast<DEVPROPTYPE>(DEVPROP_TYPE_NULL));  // what does not fit changes nothing
    EXPECT_EQ(write(neutral, DEVPROP_TYPE_EMPTY, &number, 0), STATUS_SUCCESS);
    EXPECT_EQ(read(neutral, 0).status, STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(IoProperty, ADeviceThatIsGoneTakesItsOwnAlong) {
    Kernel kernel;
    const ULONG number = 5;
    nt::io::DeviceDescription description;
    const auto stored = [](nt::io::PropertyOwner of) {
        ULONG value = 0;
        ULONG needed = 0;
        DEVPROPTYPE type = 0;
        return nt::io::get_property(of, key, neutral, &value, sizeof value, &needed, &type);
    };
    EXPECT_TRUE(kernel.run([&] {
        nt::io::DeviceNode* const node = nt::io::add_node(description);
        nt::io::DeviceInterface* entry = nullptr;
        EXPECT_EQ(nt::io::register_interface(*node, GUID{1}, nullptr, &entry), STATUS_SUCCESS);
        for (const nt::io::PropertyOwner of :
             {nt::io::PropertyOwner{false, node->index}, nt::io::PropertyOwner{true, entry->index}}) {
            EXPECT_EQ(nt::io::set_property(of, key, neutral, DEVPROP_TYPE_UINT32, &number, sizeof number),
                      STATUS_SUCCESS);
            EXPECT_EQ(stored(of), STATUS_SUCCESS);
        }
        nt::io::forget_interfaces(*node);
        nt::io::free_node(*node);
        EXPECT_EQ(stored({true, entry->index}), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(stored({false, node->index}), STATUS_OBJECT_NAME_NOT_FOUND);
    }));
}

TEST(IoProperty, EachLanguageHasItsOwn) {
    Kernel kernel;
    EXPECT_EQ(write(english, DEVPROP_TYPE_STRING, u"Hello", 12), STATUS_SUCCESS);
    EXPECT_EQ(read(neutral, 64).status, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(write(german, DEVPROP_TYPE_STRING, u"Hallo!", 14), STATUS_SUCCESS);
    EXPECT_EQ(read(english, 64).needed, 12u);
    EXPECT_EQ(read(german, 64).needed, 14u);
    EXPECT_EQ(write(english, DEVPROP_TYPE_EMPTY, nullptr, 0), STATUS_SUCCESS);
    EXPECT_EQ(read(english, 64).status, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(read(german, 64).status, STATUS_SUCCESS);
}

}  // namespace
}  // namespace portico::test::io_property_test
