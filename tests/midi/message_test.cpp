#include <gtest/gtest.h>

#include <vector>

#include "midi/message.h"
#include "midi/note_balance.h"

namespace portico::midi {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Message, SizesFollowTheStatus) {
    for (unsigned status = 0; status < 256; ++status) {
        unsigned size = 0;
        if (status >= 0x80 && status < 0xF0) size = status >= 0xC0 && status < 0xE0 ? 2 : 3;
        if (status > 0xF0 && status != 0xF7) size = 1;
        if (status == 0xF1 || status == 0xF3) size = 2;
        if (status == 0xF2) size = 3;
        EXPECT_EQ(message_size(static_cast<std::uint8_t>(status)), size) << status;
    }
}

TEST(Message, NamesNotes) {
    EXPECT_EQ(note_name(60), "C4");
    EXPECT_EQ(note_name(0), "C-1");
    EXPECT_EQ(note_name(127), "G9");
    EXPECT_EQ(note_name(70), "A#4");
}

TEST(Message, IsDescribed) {
    EXPECT_EQ(describe(Bytes{0x90, 60, 100}), "note on, channel 1, C4, velocity 100");
    EXPECT_EQ(describe(Bytes{0x8F, 61, 0}), "note off, channel 16, C#4, velocity 0");
    EXPECT_EQ(describe(Bytes{0x90, 60, 0}), "note off, channel 1, C4, velocity 0");
    EXPECT_EQ(describe(Bytes{0xB1, 7, 99}), "volume, channel 2, 99");
    EXPECT_EQ(describe(Bytes{0xB1, 20, 99}), "controller 20, channel 2, 99");
    EXPECT_EQ(describe(Bytes{0xC0, 19}), "program, channel 1, 19");
    EXPECT_EQ(describe(Bytes{0xE0, 0, 64}), "pitch bend, channel 1, +0");
    EXPECT_EQ(describe(Bytes{0xE0, 0, 0}), "pitch bend, channel 1, -8192");
    EXPECT_EQ(describe(Bytes{0xF0, 0x7E, 0xF7}), "sysex, 3 bytes");
    EXPECT_EQ(describe(Bytes{0xF0, 0x7E}), "sysex, 2 bytes, no end");
    EXPECT_EQ(describe(Bytes{1, 0xF7}), "data, 2 bytes, ends a sysex");
    EXPECT_EQ(describe(Bytes{0xF4}), "undefined status F4");
    EXPECT_EQ(describe(Bytes{0x90, 1}), "incomplete message, 2 of 3 bytes");
    EXPECT_EQ(describe(Bytes{}), "nothing");
    EXPECT_EQ(hex(Bytes{0xF0, 1, 0xF7}), "F0 01 F7");
}

TEST(Message, AnyThreeBytesHaveADescription) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned size = 1; size <= 3; ++size) {
            const Bytes bytes(size, static_cast<std::uint8_t>(first));
            EXPECT_FALSE(describe(bytes).empty());
            EXPECT_FALSE(describe(Bytes{static_cast<std::uint8_t>(first), 127, 127}).empty());
        }
    }
}

TEST(NoteBalance, CountsByChannelAndKey) {
    NoteBalance balance;
    balance.add(Bytes{0x90, 60, 100});
    balance.add(Bytes{0x90, 60, 90});
    balance.add(Bytes{0x91, 60, 90});
    balance.add(Bytes{0x80, 60, 0});
    balance.add(Bytes{0x91, 60, 0});
    EXPECT_EQ(balance.note_ons(), 3u);
    EXPECT_EQ(balance.note_offs(), 2u);
    EXPECT_EQ(balance.held(), 1u);
    EXPECT_FALSE(balance.balanced());
    unsigned visits = 0;
    balance.for_each_held([&](unsigned channel, unsigned key, unsigned count) {
        ++visits;
        EXPECT_EQ(channel, 0u);
        EXPECT_EQ(key, 60u);
        EXPECT_EQ(count, 1u);
    });
    EXPECT_EQ(visits, 1u);
    balance.add(Bytes{0x80, 60, 64});
    EXPECT_TRUE(balance.balanced());
    balance.add(Bytes{0x80, 61, 64});
    EXPECT_EQ(balance.unmatched_offs(), 1u);
    EXPECT_FALSE(balance.balanced());
}

TEST(NoteBalance, ControllersAndResetRelease) {
    NoteBalance balance;
    for (const std::uint8_t controller : {120, 123, 124, 127}) {
        balance.add(Bytes{0x95, 60, 100});
        balance.add(Bytes{0x96, 60, 100});
        balance.add(Bytes{0xB5, controller, 0});
        EXPECT_EQ(balance.held(), 1u);
        balance.add(Bytes{0x86, 60, 0});
    }
    EXPECT_EQ(balance.released(), 4u);
    balance.add(Bytes{0x90, 60, 100});
    balance.add(Bytes{0xB0, 121, 0});
    EXPECT_EQ(balance.held(), 1u);
    balance.add(Bytes{0xFF});
    EXPECT_TRUE(balance.balanced());
}

}  // namespace
}  // namespace portico::midi
