#include <portico/gtest.h>

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

portico::MachineConfig my_card() {
    return {.devices = {portico::mpu401({.port = 0x330, .irq = 9})}, .driver = DRIVER_IMAGE, .seed = 7};
}

TEST(MyCard, PlaysANote) {
    portico::Machine m = portico::Machine::create(my_card()).value();
    ASSERT_OK(m.start());
    auto pin = m.filter("Uart").open(portico::Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    m.run_until([&] { return m.device("mpu401").wire().size() == 3; }, 10ms);
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    m.surprise_remove();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MyCard, HearsANote) {
    portico::Machine m = portico::Machine::create(my_card()).value();
    ASSERT_OK(m.start());
    auto pin = m.filter("Uart").open(portico::Pin::Capture).value();
    ASSERT_OK(pin.run());
    m.device("mpu401").receive({0x90, 60, 100, 62, 0});
    m.run_for(5ms);
    const auto captured = pin.take_captured();
    ASSERT_EQ(captured.size(), 2u);
    EXPECT_THAT(captured[0].bytes, ElementsAre(0x90, 60, 100));
    EXPECT_THAT(captured[1].bytes, ElementsAre(0x90, 62, 0));  // running status is expanded
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MyCard, LeavesNothingBehind) {
    portico::Machine m = portico::Machine::create(my_card()).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
