// Every function that published drivers were seen to call is there: the driver ddi_surface refers to each
// name of docs/spec/ddi-surface.md (surface.cmake).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/loader.h"
#include "portico/gtest.h"

namespace surface_test {
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

// The driver checks for itself what it calls, as ELF image and as .sys.
class SurfaceCard : public ::testing::TestWithParam<const char*> {};

TEST_P(SurfaceCard, FindsWhatThePagesSay) {
    MachineConfig config;
    config.driver = std::string(SURFACE_CARD) + GetParam();
    config.devices = {mpu401({.port = 0x330, .irq = 9})};
    config.print_findings = false;
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(m.set_power(0));
    const std::string said = m.debug_output();
    EXPECT_THAT(said, ::testing::Not(::testing::HasSubstr("FAILED")));
    EXPECT_THAT(said, ::testing::HasSubstr("surface: 73 hold\n"));
    EXPECT_THAT(said, ::testing::HasSubstr("surface: power D3\nsurface: power D0\n"));
    EXPECT_THAT(m.filters(), ::testing::ElementsAre("Uart"));
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Images, SurfaceCard, ::testing::Values(".so", ".sys"),
                         [](const auto& info) { return std::string(info.param + 1); });

}  // namespace
}  // namespace surface_test
