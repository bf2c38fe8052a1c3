// Drivers that come along with a machine or an INF of their own: pcimidi, fmcard, portcable.
#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string drivers = std::string(PORTICO_SOURCE_DIR) + "/drivers/";

TEST(BundledPciMidi, GetsTheCardOfTheMachineFileBesideIt) {
    const Folder folder;
    const Ended tested = run(folder, {"topology-test", "--driver", "pcimidi"});
    EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
    const Ended played = run(folder, {"play", std::string(PORTICO_SOURCE_DIR) + "/examples/music/prelude.mid",
                                      "--driver", "pcimidi", "--filter", "MIDI1", "-o", "wire.mid"});
    EXPECT_EQ(played.code, 0) << played.err;
    EXPECT_GT(folder.bytes("wire.mid").size(), 1'000u);
}

// A chip without a wire: the song is played all the same, and nobody claims to have heard it.
TEST(BundledFmCard, PlaysWithoutAWire) {
    const Folder folder;
    const Ended played = run(folder, {"play", std::string(PORTICO_SOURCE_DIR) + "/examples/music/prelude.mid",
                                      "--driver", "fmcard"});
    EXPECT_EQ(played.code, 0) << played.out << played.err;
    EXPECT_THAT(played.out, AllOf(HasSubstr("heard        nothing"), HasSubstr("findings     none")));
}

TEST(BundledPortCable, MakesPortsByIoctl) {
    const Folder folder;
    const std::string inf = drivers + "portcable/portcable.inf";
    const Ended listed = run(folder, {"ioctl", "PortCable", "0x8042600a", "--driver", "portcable", "--inf",
                                      inf, "--out", "192", "--as", "admin", "-o", "ports.bin"});
    EXPECT_EQ(listed.code, 0) << listed.err;
    const Bytes ports = folder.bytes("ports.bin");
    ASSERT_EQ(ports.size(), 192u);
    EXPECT_EQ(ports[0], 'P');
    const std::string port = "41" + std::string(382, '0');
    const Ended made = run(
        folder, {"ioctl", "PortCable", "0x8042a000", "--driver", "portcable", "--in", port, "--as", "admin"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr("STATUS_SUCCESS"));
    const Ended refused =
        run(folder, {"ioctl", "PortCable", "0x8042a000", "--driver", "portcable", "--in", port});
    EXPECT_NE(refused.code, 0) << "a user does not open it for writing";
    EXPECT_THAT(refused.out + refused.err, HasSubstr("STATUS_ACCESS_DENIED"));
}

}  // namespace
}  // namespace portico::cli_test
