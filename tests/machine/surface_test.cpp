// Every function that published drivers were seen to call is there: the driver ddi_surface refers to each
// name of docs/spec/ddi-surface.md (surface.cmake).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/loader.h"

namespace {

using namespace portico;

TEST(Surface, NoNameOfItIsMissing) {
    const auto image = loader::load_file(SURFACE_IMAGE);
    ASSERT_TRUE(image.ok()) << image.error().message;
    std::vector<std::string> missing;
    for (const auto& import : image.value()->missing_imports()) missing.push_back(import->name);
    EXPECT_THAT(missing, ::testing::IsEmpty());
    EXPECT_TRUE(image.value()->entry("DriverEntry").ok());
}

}  // namespace
