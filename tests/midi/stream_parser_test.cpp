#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <type_traits>
#include <vector>

#include "midi/serializer.h"
#include "midi/stream_parser.h"
#include "support/requires.h"

namespace portico::midi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

// The parser lives in pin and device objects and is copied with them; it owns nothing.
static_assert(std::is_trivially_copyable_v<StreamParser> && sizeof(StreamParser) <= 24);

// What came out, SysEx pieces joined again.
struct Parsed {
    std::vector<Bytes> messages;
    std::vector<SysExEnd> ends;
    std::uint64_t dropped = 0;
    std::size_t pieces = 0;
};

class Collector {
  public:
    void operator()(const StreamEvent& event) {
        if (event.kind == StreamEventKind::message) {
            parsed.messages.emplace_back(event.bytes, event.bytes + event.size);
            parsed.ends.push_back(SysExEnd::complete);
            return;
        }
        ++parsed.pieces;
        if (event.begins) sysex.clear();
        sysex.insert(sysex.end(), event.bytes, event.bytes + event.size);
        if (event.end == SysExEnd::open) return;
        parsed.messages.push_back(sysex);
        parsed.ends.push_back(event.end);
    }
    Parsed parsed;
    Bytes sysex;
};

// `piece` bytes at a time.
Parsed parse(const Bytes& bytes, std::size_t piece = SIZE_MAX) {
    StreamParser parser;
    Collector collector;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(piece, bytes.size() - at);
        parser.feed(std::span(bytes).subspan(at, size), collector);
        at += size;
    }
    collector.parsed.dropped = parser.dropped_bytes();
    return collector.parsed;
}

// The same rules once more, a byte at a time and with no thought of speed: what the parser is compared with.
class PlainParser {
  public:
    void take(std::uint8_t byte) {
        if (byte >= 0xF8) {
            messages.push_back({byte});
        } else if (sysex_) {
            sysex_byte(byte);
        } else if (byte >= 0x80) {
            status(byte);
        } else {
            data(byte);
        }
    }
    std::vector<Bytes> messages;

  private:
    void sysex_byte(std::uint8_t byte) {
        if (byte < 0x80 || byte == 0xF7) current_.push_back(byte);
        if (byte < 0x80) return;
        messages.push_back(current_);
        sysex_ = false;
        current_.clear();
        if (byte != 0xF7) status(byte);
    }
    void status(std::uint8_t byte) {
        current_.clear();
        running_ = 0;
        if (byte == 0xF7) return;
        current_ = {byte};
        sysex_ = byte == 0xF0;
        finish();
    }
    void data(std::uint8_t byte) {
        if (current_.empty() && running_ == 0) return;
        if (current_.empty()) current_ = {running_};
        current_.push_back(byte);
        finish();
    }
    void finish() {
        if (sysex_) return;
        const std::size_t sizes[] = {3, 3, 3, 3, 2, 2, 3};
        const std::uint8_t status = current_[0];
        std::size_t size = 1;
        if (status < 0xF0) size = sizes[(status >> 4) - 8];
        if (status == 0xF2) size = 3;
        if (status == 0xF1 || status == 0xF3) size = 2;
        if (current_.size() < size) return;
        messages.push_back(current_);
        running_ = status < 0xF0 ? status : 0;
        current_.clear();
    }
    Bytes current_;
    std::uint8_t running_ = 0;
    bool sysex_ = false;
};

// Mostly sense, with every kind of disorder mixed in.
Bytes random_stream(std::mt19937_64& random, std::size_t size) {
    Bytes bytes;
    while (bytes.size() < size) {
        const auto r = random();
        switch (r % 16) {
            case 0:
                bytes.push_back(static_cast<std::uint8_t>(r >> 8));
                break;
            case 1:
                bytes.push_back(static_cast<std::uint8_t>(0xF8 | (r >> 8 & 7)));
                break;
            case 2:
                bytes.push_back(static_cast<std::uint8_t>(0xF0 | (r >> 8 & 7)));
                break;
            case 3:
                bytes.push_back(0xF7);
                break;
            case 4:
            case 5:
                bytes.push_back(static_cast<std::uint8_t>(0x80 | (r >> 8 & 0x7F)));
                break;
            default:
                bytes.push_back(static_cast<std::uint8_t>(r >> 8 & 0x7F));
                break;
        }
    }
    return bytes;
}

TEST(StreamParser, TakesWholeMessagesAsTheyAre) {
    const auto parsed =
        parse({0x90, 60, 100, 0xC3, 5, 0xD3, 9, 0xE0, 0, 64, 0xA1, 60, 1, 0xB1, 7, 127, 0x80, 60, 0});
    EXPECT_THAT(parsed.messages,
                ElementsAre(Bytes{0x90, 60, 100}, Bytes{0xC3, 5}, Bytes{0xD3, 9}, Bytes{0xE0, 0, 64},
                            Bytes{0xA1, 60, 1}, Bytes{0xB1, 7, 127}, Bytes{0x80, 60, 0}));
    EXPECT_EQ(parsed.dropped, 0u);
}

TEST(StreamParser, ExpandsRunningStatus) {
    REQUIRES("SP-017");
    REQUIRES("MS-048");
    const auto parsed = parse({0x90, 60, 100, 60, 0, 64, 1, 0xC0, 1, 2, 0x93, 1, 2, 3, 4});
    EXPECT_THAT(parsed.messages,
                ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x90, 60, 0}, Bytes{0x90, 64, 1}, Bytes{0xC0, 1},
                            Bytes{0xC0, 2}, Bytes{0x93, 1, 2}, Bytes{0x93, 3, 4}));
}

TEST(StreamParser, PullsRealTimeOutOfMessages) {
    REQUIRES("CA-007");
    const auto parsed = parse({0x90, 0xF8, 60, 0xFE, 100, 0xFA, 61, 0xFF, 99});
    EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0xF8}, Bytes{0xFE}, Bytes{0x90, 60, 100}, Bytes{0xFA},
                                             Bytes{0xFF}, Bytes{0x90, 61, 99}));
    EXPECT_EQ(parsed.dropped, 0u);
}

TEST(StreamParser, PullsRealTimeOutOfSysEx) {
    REQUIRES("CA-007");
    const auto parsed = parse({0xF0, 0xF8, 1, 2, 0xF9, 0xFD, 3, 0xFE, 0xF7, 0xF8});
    EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0xF8}, Bytes{0xF9}, Bytes{0xFD}, Bytes{0xFE},
                                             Bytes{0xF0, 1, 2, 3, 0xF7}, Bytes{0xF8}));
}

TEST(StreamParser, UndefinedStatuses) {
    // F4 and F5 end running status, F9 and FD do not.
    const auto parsed = parse({0x90, 1, 2, 0xF9, 3, 4, 0xFD, 5, 6, 0xF4, 7, 8, 0x90, 1, 2, 0xF5, 9});
    EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0x90, 1, 2}, Bytes{0xF9}, Bytes{0x90, 3, 4}, Bytes{0xFD},
                                             Bytes{0x90, 5, 6}, Bytes{0xF4}, Bytes{0x90, 1, 2}, Bytes{0xF5}));
    EXPECT_EQ(parsed.dropped, 3u);
}

TEST(StreamParser, SystemCommonEndsRunningStatus) {
    const auto parsed =
        parse({0x90, 1, 2, 0xF1, 3, 4, 0xF2, 1, 2, 3, 0xF3, 4, 5, 0xF6, 6, 0x90, 7, 8, 0xF0, 0xF7, 9});
    EXPECT_THAT(parsed.messages,
                ElementsAre(Bytes{0x90, 1, 2}, Bytes{0xF1, 3}, Bytes{0xF2, 1, 2}, Bytes{0xF3, 4}, Bytes{0xF6},
                            Bytes{0x90, 7, 8}, Bytes{0xF0, 0xF7}));
    EXPECT_EQ(parsed.dropped, 5u);
}

TEST(StreamParser, DropsAndCountsStrayBytes) {
    const auto parsed = parse({1, 2, 0xF7, 0x90, 60, 0x90, 61, 5, 62, 0xC0, 7, 0xF7, 8});
    EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0x90, 61, 5}, Bytes{0xC0, 7}));
    // Two data bytes, F7, "90 60", the 62, F7, and 8, which F7 left without a status.
    EXPECT_EQ(parsed.dropped, 2u + 1 + 2 + 1 + 1 + 1);
}

TEST(StreamParser, EmptySysEx) {
    const auto parsed = parse({0xF0, 0xF7});
    EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0xF0, 0xF7}));
    EXPECT_THAT(parsed.ends, ElementsAre(SysExEnd::complete));
}

TEST(StreamParser, SysExCutByAnotherStatus) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, SIZE_MAX}) {
        const auto parsed = parse({0xF0, 1, 2, 3, 0x90, 60, 100, 0xF0, 4, 0xF0, 5, 0xF7}, piece);
        EXPECT_THAT(parsed.messages, ElementsAre(Bytes{0xF0, 1, 2, 3}, Bytes{0x90, 60, 100}, Bytes{0xF0, 4},
                                                 Bytes{0xF0, 5, 0xF7}));
        EXPECT_THAT(parsed.ends,
                    ElementsAre(SysExEnd::cut, SysExEnd::complete, SysExEnd::cut, SysExEnd::complete));
        EXPECT_EQ(parsed.dropped, 0u);
    }
}

TEST(StreamParser, LongSysExPointsIntoTheInput) {
    REQUIRES("CA-008");
    Bytes sysex(1 << 20, 0x55);
    sysex.front() = 0xF0;
    sysex.back() = 0xF7;
    StreamParser parser;
    const std::uint8_t* at = sysex.data();
    StreamEvent event;
    ASSERT_TRUE(parser.next(at, at + sysex.size(), event));
    EXPECT_EQ(event.bytes, sysex.data());
    EXPECT_EQ(event.size, sysex.size());
    EXPECT_TRUE(event.whole());

    const auto parsed = parse(sysex, 1000);
    EXPECT_THAT(parsed.messages, ElementsAre(sysex));
    EXPECT_EQ(parsed.pieces, (sysex.size() + 999) / 1000);
}

TEST(StreamParser, StopsAfterEachMessageAndKeepsIt) {
    const Bytes bytes = {0x90, 60, 100, 61, 101};
    StreamParser parser;
    const std::uint8_t* at = bytes.data();
    StreamEvent event;
    ASSERT_TRUE(parser.next(at, bytes.data() + bytes.size(), event));
    EXPECT_EQ(at, bytes.data() + 3);
    ASSERT_TRUE(parser.next(at, bytes.data() + bytes.size(), event));
    EXPECT_THAT(Bytes(event.bytes, event.bytes + event.size), ElementsAre(0x90, 61, 101));
    EXPECT_FALSE(parser.next(at, bytes.data() + bytes.size(), event));
}

TEST(StreamParser, CountsPendingBytes) {
    StreamParser parser;
    const auto nothing = [](const StreamEvent&) { FAIL(); };
    parser.feed(Bytes{0x90}, nothing);
    EXPECT_EQ(parser.pending_bytes(), 1u);
    parser.feed(Bytes{60}, nothing);
    EXPECT_EQ(parser.pending_bytes(), 2u);
    parser.feed(Bytes{100}, [](const StreamEvent&) {});
    EXPECT_EQ(parser.pending_bytes(), 0u);
    parser.feed(Bytes{60}, nothing);
    EXPECT_EQ(parser.pending_bytes(), 1u);
    parser.reset();
    EXPECT_EQ(parser.pending_bytes(), 0u);
    parser.feed(Bytes{60}, nothing);
    EXPECT_EQ(parser.dropped_bytes(), 1u);
}

TEST(StreamParser, AnyInputInAnyPiecesGivesWhatThePlainParserGives) {
    std::mt19937_64 random(2024);
    for (int round = 0; round < 300; ++round) {
        const Bytes bytes = random_stream(random, 1 + random() % 400);
        PlainParser plain;
        for (const auto byte : bytes) plain.take(byte);
        Bytes closed = bytes;
        // Ends an open SysEx in both.
        closed.push_back(0xF6);
        plain.take(0xF6);
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, SIZE_MAX}) {
            ASSERT_EQ(parse(closed, piece).messages, plain.messages)
                << "piece " << piece << ": " << hex(closed);
        }
    }
}

TEST(StreamParser, EveryByteIsDeliveredOrCounted) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        Bytes bytes = random_stream(random, 200);
        StreamParser parser;
        std::size_t delivered = 0, expanded = 0;
        const std::uint8_t* at = bytes.data();
        StreamEvent event;
        const std::uint8_t* const end = at + bytes.size();
        while (parser.next(at, end, event)) {
            delivered += event.size;
            const bool in_input = event.bytes >= bytes.data() && event.bytes < end;
            // A message put together ends at `at`; a status byte that is not there was expanded.
            if (!in_input && is_channel_status(event.bytes[0])) {
                auto back = at - 1;
                for (std::size_t data = event.size - 1; data > 0; --back) data -= is_real_time(*back) ? 0 : 1;
                while (back >= bytes.data() && is_real_time(*back)) --back;
                expanded += back < bytes.data() || !is_status(*back);
            }
        }
        EXPECT_EQ(delivered - expanded + parser.dropped_bytes() + parser.pending_bytes(), bytes.size());
    }
}

Bytes serialize(const std::vector<Bytes>& messages, RunningStatus running) {
    Serializer serializer(running);
    Bytes out;
    for (const auto& message : messages) {
        const std::size_t at = out.size();
        out.resize(at + message.size());
        out.resize(at + serializer.write(message, out.data() + at));
    }
    return out;
}

TEST(Serializer, LeavesOutRunningStatusWhereItMay) {
    const std::vector<Bytes> messages = {{0x90, 60, 100}, {0x90, 60, 0}, {0xF8}, {0x90, 1, 2},
                                         {0xF0, 0xF7},    {0x90, 1, 2},  {0xF6}, {0x90, 1, 2},
                                         {0xC0, 1},       {0xC0, 2}};
    EXPECT_EQ(
        serialize(messages, RunningStatus::omitted),
        (Bytes{0x90, 60, 100, 60, 0, 0xF8, 1, 2, 0xF0, 0xF7, 0x90, 1, 2, 0xF6, 0x90, 1, 2, 0xC0, 1, 2}));
    EXPECT_EQ(serialize(messages, RunningStatus::expanded).size(), 3u + 3 + 1 + 3 + 2 + 3 + 1 + 3 + 2 + 2);
}

TEST(Serializer, ParserGetsTheSameMessagesBack) {
    std::mt19937_64 random(99);
    for (int round = 0; round < 200; ++round) {
        const auto before = parse(random_stream(random, 300));
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < before.messages.size(); ++i) {
            if (before.ends[i] == SysExEnd::complete) messages.push_back(before.messages[i]);
        }
        EXPECT_EQ(parse(serialize(messages, RunningStatus::omitted)).messages, messages);
        EXPECT_EQ(parse(serialize(messages, RunningStatus::expanded)).messages, messages);
    }
}

TEST(Serializer, WritesTheStatusAgainAfterReset) {
    Serializer serializer(RunningStatus::omitted);
    std::uint8_t out[3];
    EXPECT_EQ(serializer.write(Bytes{0x90, 1, 2}, out), 3u);
    EXPECT_EQ(serializer.write(Bytes{0x90, 1, 2}, out), 2u);
    serializer.reset();
    EXPECT_EQ(serializer.write(Bytes{0x90, 1, 2}, out), 3u);
}

}  // namespace
}  // namespace portico::midi
