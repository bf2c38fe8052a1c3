// What the README shows is what the program does.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "program.h"

namespace portico::cli_test {
namespace {

std::string source_text(const std::string& name) {
    std::ifstream file(PORTICO_SOURCE_DIR "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// When the way of a note changes, the picture does: copy what the test names.
TEST(Readme, PictureIsWhatPlayDraws) {
    Folder folder;
    const Ended ended = run(
        folder, {"play", PORTICO_SOURCE_DIR "/examples/music/prelude.mid", "-q", "--timeline", "note.svg"});
    ASSERT_EQ(ended.code, 0) << ended.err;
    const std::string drawn = folder.text("note.svg");
    if (drawn == source_text("docs/one-note.svg")) return;
    const std::string kept = PORTICO_BINARY_DIR "/one-note.svg";
    std::ofstream(kept) << drawn;
    ADD_FAILURE() << "docs/one-note.svg is not what play draws now; look at " << kept << " and copy it there";
}

// The first lines of the page, but for what differs from one build to the next: addresses, hashes, lines.
TEST(Readme, PageIsWhatTheBrokenDriverGets) {
    Folder folder;
    const Ended ended = run(folder, {"play", PORTICO_SOURCE_DIR "/examples/music/prelude.mid", "-q",
                                     "--driver", PORTICO_BINARY_DIR "/drivers/broken_null-read.so"});
    ASSERT_EQ(ended.code, 1);
    const std::string readme = source_text("README.md");
    std::istringstream page(ended.err);
    unsigned seen = 0;
    for (std::string line; std::getline(page, line) && line.find("parameters") == std::string::npos;) {
        const std::size_t end = line.find_last_not_of(' ');
        if (end == std::string::npos || line.find("miniport.cpp:") != std::string::npos) continue;
        EXPECT_NE(readme.find(line.substr(0, end + 1)), std::string::npos) << line;
        ++seen;
    }
    EXPECT_GE(seen, 8u);
}

}  // namespace
}  // namespace portico::cli_test
