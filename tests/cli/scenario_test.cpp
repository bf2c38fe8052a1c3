// play and record with a scenario: what happens meanwhile, what the report says of it, and its replay.
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Scenarios : ::testing::Test {
    Folder folder;
    // Three seconds of notes, 10 ms each.
    Scenarios() { folder.write("song.mid", notes(300)); }

    nlohmann::json json(const std::string& scenario, Arguments more = {}, const std::string& verb = "play") {
        folder.write("s.txt", scenario);
        Arguments arguments{verb, "song.mid", "--scenario", "s.txt", "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ended ended = run(folder, arguments);
        EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
        const auto parsed = nlohmann::json::parse(ended.out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << ended.out << ended.err;
        return parsed;
    }
};

std::vector<std::string> names(const nlohmann::json& report) {
    std::vector<std::string> out;
    for (const auto& step : report.at("scenario")) out.push_back(step.at("name"));
    return out;
}

TEST_F(Scenarios, AfterASurpriseTheRestIsNotPlayed) {
    const auto report = json("1s surprise-remove  # pulled out\n");
    EXPECT_EQ(names(report), std::vector<std::string>{"STATUS_SUCCESS"});
    EXPECT_EQ(report["scenario"][0]["step"], "surprise-remove");
    EXPECT_NEAR(report["scenario"][0]["at_ns"].get<double>(), 1e9, 1e6);
    EXPECT_FALSE(report["complete"]);
    EXPECT_GT(report["matched"].get<int>(), 150);
    EXPECT_LT(report["matched"].get<int>(), 230);
    EXPECT_THAT(report["findings"], IsEmpty()) << "nobody's fault";
    EXPECT_TRUE(report["disturbed"]);
}

TEST_F(Scenarios, SleepAndResumeGoOnWithTheSong) {
    const auto report = json("1s sleep S3\n1.5s resume\n");
    EXPECT_EQ(names(report), (std::vector<std::string>{"STATUS_SUCCESS", "STATUS_SUCCESS"}));
    EXPECT_GE(report["matched"].get<int>(), 598) << "what was on the wire may be cut off";
    EXPECT_THAT(report["findings"], IsEmpty());
    EXPECT_GT(report["simulated_ns"].get<double>(), 3.4e9);
}

TEST_F(Scenarios, TheClientClosesAndOpensAgain) {
    const auto report = json("1s close\n1.1s disable\n1.2s enable\n1.5s open\n");
    EXPECT_THAT(names(report), Not(Contains(Not("STATUS_SUCCESS"))));
    EXPECT_GT(report["matched"].get<int>(), 450);
    EXPECT_LT(report["matched"].get<int>(), 530) << "what was due meanwhile is left out";
    EXPECT_THAT(report["findings"], IsEmpty());
}

TEST_F(Scenarios, ARebalanceWithAPinOpenIsRefusedAndTheSongGoesOn) {
    const auto report = json("1s rebalance port=0x320 irq=5\n2s query-remove\n");
    EXPECT_EQ(names(report), (std::vector<std::string>{"STATUS_DEVICE_BUSY", "STATUS_DEVICE_BUSY"}));
    EXPECT_THAT(report["scenario"][0]["message"].get<std::string>(), HasSubstr("query-stop"));
    EXPECT_TRUE(report["complete"]);
    EXPECT_FALSE(report["disturbed"]);
}

TEST_F(Scenarios, TheDeviceMovesBetweenClosingAndOpening) {
    const auto report = json("1s close\n1s rebalance port=0x320 irq=5\n1s open\n");
    EXPECT_THAT(names(report), Not(Contains(Not("STATUS_SUCCESS"))));
    EXPECT_GT(report["matched"].get<int>(), 580);
}

TEST_F(Scenarios, APulledDeviceComesBack) {
    const auto report = json("1s surprise-remove\n1.2s close\n1.3s replug\n1.4s open\n");
    EXPECT_THAT(names(report), Not(Contains(Not("STATUS_SUCCESS"))));
    EXPECT_GT(report["matched"].get<int>(), 480);
    EXPECT_THAT(report["findings"], IsEmpty());
}

TEST_F(Scenarios, ACableHasThemToo) {
    const auto report = json("1s power D3\n1.2s power D0\n2s close\n2.1s open\n", {"--driver", "cable"});
    EXPECT_THAT(names(report), Not(Contains(Not("STATUS_SUCCESS"))));
    EXPECT_GT(report["matched"].get<int>(), 530)
        << "from 2.1 s of the song on, but for what the sleep delayed";
    EXPECT_THAT(report["findings"], IsEmpty());
}

TEST_F(Scenarios, RequestsGoToAFilter) {
    // KSPROPERTY_PIN_CTYPES, and a property that there is none.
    const auto report = json(
        "1s ioctl Uart 0x2F0003 --in 60749a5c1cfdd2118fb800c04fb998b00000000001000000 --out 4\n"
        "1s ioctl Uart 0x2F0003 --in 00 --out 4\n1s ioctl Nothing 1\n");
    EXPECT_NE(names(report)[1], "STATUS_SUCCESS");
    EXPECT_EQ(names(report)[2], "STATUS_OBJECT_NAME_NOT_FOUND");
    EXPECT_TRUE(report["complete"]);
}

TEST_F(Scenarios, RecordingLosesWhatCameMeanwhile) {
    const auto slept = json("1s sleep S3\n2s resume\n", {}, "record");
    EXPECT_GT(slept["matched"].get<int>(), 350);
    EXPECT_LT(slept["matched"].get<int>(), 450);
    EXPECT_THAT(slept["findings"], IsEmpty());
    const auto pulled = json("1s surprise-remove\n", {}, "record");
    EXPECT_GT(pulled["matched"].get<int>(), 150);
    EXPECT_LT(pulled["matched"].get<int>(), 250);
    EXPECT_THAT(pulled["findings"], IsEmpty());
    const auto back = json("1s surprise-remove\n1s close\n2s replug\n2s open\n", {}, "record");
    EXPECT_GT(back["matched"].get<int>(), 350);
    EXPECT_LT(back["matched"].get<int>(), 450);
}

TEST_F(Scenarios, TheReportNamesTheSteps) {
    folder.write("s.txt", "0.5s power D3\n0.75s power D0\n1s stop\n");
    const Ended ended = run(folder, {"play", "song.mid", "--scenario", "s.txt"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("scenario         0.500 s  power D3  STATUS_SUCCESS"),
                      HasSubstr("1.000 s  stop      STATUS_DEVICE_BUSY"), HasSubstr("findings     none")));
}

TEST_F(Scenarios, ABadFileIsRefusedBeforeAnythingIsWritten) {
    folder.write("bad.txt", "1s resume\n2s explode\n");
    const Ended ended = run(folder, {"play", "song.mid", "-o", "out.mid", "--scenario", "bad.txt"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(ended.one_line());
    EXPECT_THAT(ended.err, StartsWith("portico: bad.txt:2:4: 'explode' is no step; there are query-stop, "));
    EXPECT_FALSE(folder.has("out.mid"));
    for (const char* const name : {"nothing.txt", "."}) {
        const Ended missing = run(folder, {"play", "song.mid", "--scenario", name});
        EXPECT_EQ(missing.code, 2);
        EXPECT_TRUE(missing.one_line());
        EXPECT_THAT(missing.err, HasSubstr("cannot be read"));
    }
    const Ended same = run(folder, {"play", "song.mid", "-o", "bad.txt", "--scenario", "bad.txt"});
    EXPECT_EQ(same.code, 2);
    EXPECT_THAT(same.err, HasSubstr("the scenario"));
}

// What the driver does wrong after a step is found again by the replay, which needs no scenario file.
TEST_F(Scenarios, AReplayHasItsScenario) {
    folder.write("s.txt", "1s close\n1s disable\n1s enable\n1s open\n");
    const Ended first = run(folder, {"play", "song.mid", "--driver", PORTICO_DRIVERS "broken_pool-leak.so",
                                     "--scenario", "s.txt", "--seed", "3"});
    EXPECT_EQ(first.code, 1) << first.out << first.err;
    std::string replay;
    for (const std::string& name : folder.names()) {
        if (name.ends_with(".replay")) replay = name;
    }
    ASSERT_FALSE(replay.empty()) << first.out;
    EXPECT_EQ(nlohmann::json::parse(folder.text(replay))["scenario"], folder.text("s.txt"));
    folder.write("s.txt", "");
    const Ended again = run(folder, {"replay", replay});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.err, HasSubstr("the same end as recorded"));
    EXPECT_THAT(again.out, HasSubstr("disable"));
}

}  // namespace
}  // namespace portico::cli_test
