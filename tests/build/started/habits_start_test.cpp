// A driver that is written as the field writes them, built in each of its ways and started in a machine.
#include "../habits_driver.h"

#include <chrono>

#include "portico/gtest.h"
#include "support/requires.h"

namespace portico::build {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void start(const std::string& image) {
    Machine m =
        Machine::create({.devices = {mpu401({.port = 0x330, .irq = 9})}, .driver = image, .seed = 7}).value();
    ASSERT_OK(m.start());
    auto pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    m.run_until([&] { return m.device("mpu401").wire().size() == 3; }, 10ms);
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(HabitsDriver, BuildsFromItsDdkFilesAndStarts) {
    const Said built = tool("-o out/habits.so -D SHORT_WCHAR .");
    ASSERT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(built.output, HasSubstr("left out: card.rc (resources), fast.asm (for another processor)"));
    start(path("out/habits.so"));
    REQUIRES("FLD-050");
    REQUIRES("FLD-051");
    REQUIRES("FLD-052");
    REQUIRES("FLD-053");
    REQUIRES("FLD-055");
}

TEST_F(HabitsDriver, BuildsFromTwoFoldersFreeAndStarts) {
    const Said built = tool("-o habits.so --config free unk card/sources");
    ASSERT_EQ(built.exit, 0) << built.output;
    start(path("habits.so"));
}

TEST_F(HabitsDriver, BuildsFromItsVcxprojAndStarts) {
    write("card/card.rc", "");
    const Said built =
        run_shell("cd '" + folder.string() + "' && " PORTICO " build card/CARD.vcxproj -o habits.so");
    ASSERT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(built.output, HasSubstr("names the library mystery.lib, which Portico does not know"));
    EXPECT_THAT(built.output,
                HasSubstr("left out: card.rc (resources), card.inf (installation), card.def (exports)"));
    EXPECT_THAT(built.output, HasSubstr("habits.so: 4 sources"));
    start(path("habits.so"));
}

TEST_F(HabitsDriver, BuildsAsASysToo) {
    const Said built = tool("-o habits.sys .");
    ASSERT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(read("habits.sys").substr(0, 2), "MZ");
}

}  // namespace
}  // namespace portico::build
