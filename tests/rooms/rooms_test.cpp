// The rooms include each other as the design allows, or as docs/decisions.md records.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "include_rules.h"

namespace portico::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string text_of(const fs::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
}

IncludeRules recorded_rules() {
    IncludeRules rules = rules_of_the_design();
    add_recorded_edges(text_of(fs::path(PORTICO_SOURCE_DIR) / "docs/decisions.md"), rules);
    return rules;
}

TEST(Rooms, IncludeWhatTheDesignAllows) {
    EXPECT_THAT(breaches(PORTICO_SOURCE_DIR, recorded_rules()), IsEmpty());
}

// A tree of sources with one file, in a folder of the test's own.
struct IncludeRulesTest : ::testing::Test {
    IncludeRulesTest() : root(fs::temp_directory_path() / ("portico_rooms_" + std::to_string(::getpid()))) {
        for (const char* room : {"base", "sim", "nt", "hardware", "miniports", "ends", "portcls", "ks"})
            fs::create_directories(root / "src" / room);
        put("include/ddk/wdm.h", "");
    }
    ~IncludeRulesTest() override { fs::remove_all(root); }
    void put(const fs::path& file, const std::string& text) {
        fs::create_directories((root / file).parent_path());
        std::ofstream(root / file) << text;
    }
    std::vector<std::string> check(const IncludeRules& rules = rules_of_the_design()) {
        return breaches(root, rules);
    }
    fs::path root;
};

TEST_F(IncludeRulesTest, AnEdgeDownwardsIsFine) {
    put("src/portcls/port.cpp",
        "#include \"ks/object.h\"\n#include \"sim/bus.h\"\n#include \"base/check.h\"\n#include <vector>\n");
    put("src/nt/pool.cpp", "#include \"wdm.h\"\n");
    EXPECT_THAT(check(), IsEmpty());
}

TEST_F(IncludeRulesTest, AnEdgeUpwardsIsTold) {
    put("src/nt/pool.cpp", "#include <cstring>\n#include \"portcls/adapter.h\"\n");
    EXPECT_THAT(check(), ElementsAre("src/nt/pool.cpp:2: nt may not include portcls/adapter.h"));
}

TEST_F(IncludeRulesTest, HardwareKnowsNoKernelAndMiniportsKnowNoHardware) {
    put("src/hardware/card.cpp", "#include \"nt/ke.h\"\n#  include <wdm.h>\n");
    put("src/miniports/uart.cpp", "#include <wdm.h>\n#include \"hardware/card.h\"\n#include <vector>\n");
    EXPECT_THAT(check(), ElementsAre("src/hardware/card.cpp:1: hardware may not include nt/ke.h",
                                     "src/hardware/card.cpp:2: hardware may not include wdm.h",
                                     "src/miniports/uart.cpp:2: miniports may not include hardware/card.h",
                                     "src/miniports/uart.cpp:3: miniports may not include vector"));
}

TEST_F(IncludeRulesTest, AWayAroundByARelativePathIsSeen) {
    put("src/sim/clock.h", "");
    put("drivers/card/card.cpp", "#include \"../../src/sim/clock.h\"\n");
    EXPECT_THAT(check(),
                ElementsAre("drivers/card/card.cpp:1: drivers may not include ../../src/sim/clock.h"));
}

TEST_F(IncludeRulesTest, LibrariesAreTheirRoomsOwn) {
    put("src/ends/wav.cpp", "#include <sndfile.h>\n");
    put("src/sim/wav.cpp", "#include <sndfile.h>\n");
    EXPECT_THAT(check(), ElementsAre("src/sim/wav.cpp:1: sim may not include sndfile.h"));
}

TEST_F(IncludeRulesTest, ARecordedEdgeIsFine) {
    put("src/sim/note.cpp", "#include \"midi/message.h\"\n#include \"ends/wav.h\"\n");
    fs::create_directories(root / "src/midi");
    IncludeRules rules = rules_of_the_design();
    add_recorded_edges("Because: `sim -> midi,\n  ends`.", rules);
    EXPECT_THAT(check(), ::testing::SizeIs(2));
    EXPECT_THAT(check(rules), IsEmpty());
}

}  // namespace
}  // namespace portico::test
