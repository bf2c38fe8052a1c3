// The ends that know only MIDI: smf and text.
#include <gmock/gmock.h>

#include "ends/back_ends.h"
#include "ends/smf/smf_source.h"
#include "ends_test.h"

namespace portico::ends {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Nanoseconds byte_ns = 320'000;

// As an MPU-401 sends: a byte each 320 us.
Nanoseconds send(EventSink& sink, Nanoseconds at_ns, const Bytes& bytes) {
    for (const auto byte : bytes) {
        at_ns += byte_ns;
        EXPECT_TRUE(is_ok(sink.write(at_ns, Bytes{byte})));
    }
    return at_ns;
}

struct Message {
    Nanoseconds at_ns;
    Bytes bytes;
    bool operator==(const Message& other) const { return at_ns == other.at_ns && bytes == other.bytes; }
};

std::ostream& operator<<(std::ostream& out, const Message& message) {
    return out << message.at_ns << " ns: " << midi::hex(message.bytes);
}

std::vector<Message> messages_of(const std::string& path) {
    auto source = SmfSource::open(path);
    EXPECT_TRUE(is_ok(source));
    std::vector<Message> messages;
    SourceEvent event;
    while ((*source)->next(event))
        messages.push_back({event.at_ns, Bytes(event.bytes.begin(), event.bytes.end())});
    return messages;
}

TEST(SmfSink, WritesMessagesAtTheirFirstByte) {
    const Folder folder;
    auto sink = open_output(folder.file("a.mid"));
    ASSERT_TRUE(is_ok(sink));
    send(**sink, 0, {0xC0, 5, 0x90, 60, 0xF8, 100, 60, 0});
    send(**sink, second_ns, {0xF0, 1, 2, 0xFE, 3, 0xF7, 0xF6});
    ASSERT_TRUE(is_ok((*sink)->finish(2 * second_ns)));
    EXPECT_THAT(folder.files(), ElementsAre("a.mid"));
    EXPECT_THAT(
        messages_of(folder.file("a.mid")),
        ElementsAre(Message{byte_ns, {0xC0, 5}}, Message{3 * byte_ns, {0x90, 60, 100}},
                    Message{5 * byte_ns, {0xF8}}, Message{7 * byte_ns, {0x90, 60, 0}},
                    Message{second_ns + byte_ns, {0xF0, 1, 2, 3, 0xF7}},
                    Message{second_ns + 4 * byte_ns, {0xFE}}, Message{second_ns + 7 * byte_ns, {0xF6}}));
}

TEST(SmfSink, KeepsALongSysExWhole) {
    const Folder folder;
    Bytes dump(200'000, 0x22);
    dump.front() = 0xF0;
    dump.back() = 0xF7;
    auto sink = open_output(folder.file("a.mid"));
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(0, dump)));
    ASSERT_TRUE(is_ok((*sink)->finish(0)));
    Bytes read_back;
    for (const auto& message : messages_of(folder.file("a.mid"))) {
        read_back.insert(read_back.end(), message.bytes.begin(), message.bytes.end());
    }
    EXPECT_EQ(read_back, dump);
    EXPECT_THAT((*SmfSource::open(folder.file("a.mid")))->warnings(), IsEmpty());
}

TEST(SmfSink, KeepsASysExThatNeverEnded) {
    const Folder folder;
    auto sink = open_output(folder.file("a.mid"));
    ASSERT_TRUE(is_ok(sink));
    send(**sink, 0, {0xF0, 1, 2, 0x90, 60, 100, 0xF0, 3});
    ASSERT_TRUE(is_ok((*sink)->finish(second_ns)));
    EXPECT_THAT(messages_of(folder.file("a.mid")),
                ElementsAre(Message{byte_ns, {0xF0, 1, 2}}, Message{4 * byte_ns, {0x90, 60, 100}},
                            Message{7 * byte_ns, {0xF0, 3}}));
}

TEST(SmfSink, BeginsAtItsOrigin) {
    const Folder folder;
    OutputOptions options;
    options.synth.origin_ns = second_ns;
    auto sink = open_output(folder.file("a.mid"), options);
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(3 * second_ns, Bytes{0x90, 60, 100})));
    ASSERT_TRUE(is_ok((*sink)->finish(4 * second_ns)));
    EXPECT_THAT(messages_of(folder.file("a.mid")), ElementsAre(Message{2 * second_ns, {0x90, 60, 100}}));
    EXPECT_EQ((*SmfSource::open(folder.file("a.mid")))->duration_ns(), 3 * second_ns);
}

TEST(SmfSink, AnEmptyRunIsAValidFile) {
    const Folder folder;
    auto sink = open_output(folder.file("a.mid"));
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->finish(0)));
    EXPECT_THAT(messages_of(folder.file("a.mid")), IsEmpty());
}

TEST(SmfSource, ReadsTheCorpus) {
    const std::string corpus = PORTICO_SOURCE_DIR "/fuzz/corpus/smf/";
    EXPECT_THAT(messages_of(corpus + "ok-type-0-one-note.mid"),
                ElementsAre(Message{0, {0x90, 60, 100}}, Message{500 * millisecond_ns, {0x80, 60, 64}}));
    auto bent = SmfSource::open(corpus + "bent-no-end-of-track.mid");
    ASSERT_TRUE(is_ok(bent));
    EXPECT_EQ((*bent)->warnings().size(), 1u);
}

TEST(SmfSource, SaysWhatItCannotOpen) {
    const Folder folder;
    EXPECT_EQ(line_of(SmfSource::open(folder.file("no.mid"))),
              folder.file("no.mid") + ": cannot open: No such file or directory");
    EXPECT_EQ(line_of(SmfSource::open(folder.path())), folder.path() + ": cannot read: Is a directory");
    save(folder.file("empty.mid"), "");
    EXPECT_EQ(line_of(SmfSource::open(folder.file("empty.mid"))),
              folder.file("empty.mid") + ": the file is empty");
}

TEST(TextSink, WritesALineForEachMessage) {
    const Folder folder;
    auto sink = open_output(folder.file("a.txt"));
    ASSERT_TRUE(is_ok(sink));
    send(**sink, 0, {0x90, 60, 100, 60, 0xFA, 0, 0xF0, 0x7E, 0x7F, 9, 1, 0xF7, 0xF4, 0xF0, 1, 0xC1, 7});
    ASSERT_TRUE(is_ok((*sink)->finish(second_ns)));
    EXPECT_EQ(load_text(folder.file("a.txt")),
              "     0.000320000  90 3C 64  note on, channel 1, C4, velocity 100\n"
              "     0.001600000  FA        start\n"
              "     0.001280000  90 3C 00  note off, channel 1, C4, velocity 0\n"
              "     0.002240000  F0 7E 7F 09 01 F7  sysex, 6 bytes\n"
              "     0.004160000  F4        undefined status F4\n"
              "     0.004480000  F0 01     sysex, 2 bytes, cut\n"
              "     0.005120000  C1 07     program, channel 2, 7\n");
}

TEST(TextSink, NamesThePartsOfALongSysEx) {
    const Folder folder;
    auto sink = open_output(folder.file("a.txt"));
    ASSERT_TRUE(is_ok(sink));
    Bytes dump(100'000, 0x22);
    dump.front() = 0xF0;
    dump.back() = 0xF7;
    ASSERT_TRUE(is_ok((*sink)->write(0, dump)));
    ASSERT_TRUE(is_ok((*sink)->finish(0)));
    const auto text = load_text(folder.file("a.txt"));
    EXPECT_THAT(text, ::testing::HasSubstr("  sysex, 65536 bytes, more follows\n"));
    EXPECT_THAT(text, ::testing::EndsWith("  sysex, 34464 bytes, the rest\n"));
}

TEST(TextSink, ASecondSysExHasABeginningOfItsOwn) {
    const Folder folder;
    auto sink = open_output(folder.file("a.txt"));
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(0, Bytes{0xF0, 1, 0xF7, 0xF0, 2, 0xF7})));
    ASSERT_TRUE(is_ok((*sink)->finish(0)));
    EXPECT_THAT(load_text(folder.file("a.txt")), ::testing::EndsWith("  sysex, 3 bytes\n"));
}

TEST(Outputs, AreChosenByExtensionInAnyCase) {
    const Folder folder;
    for (const char* name : {"a.mid", "b.MIDI", "c.smf", "d.Txt", "e.wav", "f.FLAC"}) {
        auto sink = open_output(folder.file(name));
        ASSERT_TRUE(is_ok(sink)) << name;
        EXPECT_TRUE(is_ok((*sink)->finish(0))) << name;
    }
    EXPECT_EQ(folder.files().size(), 6u);
}

TEST(Outputs, SayWhichExtensionsThereAre) {
    EXPECT_EQ(line_of(open_output("a.ogg")),
              "a.ogg: no kind of output ends in '.ogg'; use .wav, .flac, .mid or .txt");
    EXPECT_EQ(line_of(open_output("a")), "a: no kind of output ends in ''; use .wav, .flac, .mid or .txt");
}

TEST(Outputs, FailAtOnceWhereNothingCanBeWritten) {
    const Folder folder;
    for (const char* name : {"no/a.mid", "no/a.txt", "no/a.wav", "no/a.flac"}) {
        EXPECT_EQ(line_of(open_output(folder.file(name))),
                  folder.file(name) + ": cannot write: No such file or directory");
    }
}

}  // namespace
}  // namespace portico::ends
