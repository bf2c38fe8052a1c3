// Headers in any order, in extern "C", several times, with GUIDs defined in several files; and each header
// alone: the building of the driver ddk_headers is the test, this asks what came of it.
#include <cstring>

#include <gtest/gtest.h>

#include "driver_image.h"
#include "support/requires.h"

namespace portico::ddk_test::headers_test {
namespace {

TEST(Headers, AnyOrderAndAnyNumberOfDefinitions) {
    const GUID* guids[3] = {};
    ASSERT_EQ(start("ddk_headers", guids), STATUS_SUCCESS);
    EXPECT_EQ(guids[0], guids[1]) << "one definition is left";
    EXPECT_EQ(std::memcmp(guids[0], &IID_IPortMidi, sizeof(GUID)), 0);
    EXPECT_EQ(std::memcmp(guids[2], &KSCATEGORY_AUDIO, sizeof(GUID)), 0);
    REQUIRES("FLD-050");
    REQUIRES("FN-170");
}

}  // namespace
}  // namespace portico::ddk_test::headers_test
