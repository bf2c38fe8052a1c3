// What a scenario file says, and what is wrong with one that says nothing.
#include "machine/scenario.h"

#include <gmock/gmock.h>

#include "support/requires.h"

namespace scenario_test {
namespace {

using namespace portico;
using namespace portico::machine;
using Action = ScenarioStep::Action;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

Scenario parsed(std::string_view text) {
    auto scenario = parse_scenario(text, "s.txt");
    EXPECT_TRUE(scenario.ok()) << scenario.error().message;
    return scenario.ok() ? std::move(scenario).value() : Scenario();
}

TEST(Scenario, HasAStepALine) {
    const Scenario all = parsed(
        "# what happens\n"
        "\n"
        "2.5s surprise-remove   # pulled\r\n"
        "\t4s sleep S3\n"
        "6s\tresume\n"
        "300ms power D2\n"
        "1min exit-latency fast");
    ASSERT_THAT(all, SizeIs(5));
    EXPECT_EQ(all[0].at_ns, 300'000'000);
    EXPECT_EQ(all[0].action, Action::power);
    EXPECT_EQ(all[0].number, 2u);
    EXPECT_EQ(all[1].at_ns, 2'500'000'000);
    EXPECT_EQ(all[1].action, Action::surprise_remove);
    EXPECT_EQ(all[1].text, "surprise-remove");
    EXPECT_EQ(all[2].action, Action::sleep);
    EXPECT_EQ(all[2].number, 3u);
    EXPECT_EQ(all[2].text, "sleep S3");
    EXPECT_EQ(all[3].action, Action::resume);
    EXPECT_EQ(all[4].at_ns, 60'000'000'000);
    EXPECT_EQ(all[4].number, 1u);
}

TEST(Scenario, KnowsEveryStep) {
    const std::pair<const char*, Action> steps[] = {
        {"query-stop", Action::query_stop},
        {"cancel-stop", Action::cancel_stop},
        {"stop", Action::stop},
        {"start", Action::start},
        {"query-remove", Action::query_remove},
        {"cancel-remove", Action::cancel_remove},
        {"remove", Action::remove},
        {"disable", Action::disable},
        {"enable", Action::enable},
        {"replug", Action::replug},
        {"close", Action::close},
        {"open", Action::open},
        {"rebalance", Action::rebalance},
    };
    for (const auto& [name, action] : steps) {
        const Scenario one = parsed(std::string("1s ") + name);
        ASSERT_THAT(one, SizeIs(1)) << name;
        EXPECT_EQ(one[0].action, action) << name;
    }
}

TEST(Scenario, StepsOfOneTimeKeepTheirOrder) {
    const Scenario all = parsed("1s close\n0.5s stop\n1s disable\n1000ms open\n");
    std::vector<Action> order;
    for (const ScenarioStep& step : all) order.push_back(step.action);
    EXPECT_THAT(order, ElementsAre(Action::stop, Action::close, Action::disable, Action::open));
}

TEST(Scenario, ParametersAndRequests) {
    const Scenario all =
        parsed("3s rebalance device=card port=0x320 irq=5\n7s ioctl Uart 0x2F0003 --in 00fFa0 --out 8\n");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[0].device, "card");
    EXPECT_THAT(all[0].parameters, ElementsAre(std::pair("irq", "5"), std::pair("port", "0x320")));
    EXPECT_EQ(all[1].target, "Uart");
    EXPECT_EQ(all[1].code, 0x2F0003u);
    EXPECT_THAT(all[1].in, ElementsAre(0x00, 0xFF, 0xA0));
    EXPECT_EQ(all[1].out_size, 8u);
}

TEST(Scenario, TimesGoToTheNanosecond) {
    EXPECT_EQ(parsed("0s resume")[0].at_ns, 0);
    EXPECT_EQ(parsed("0.000000001s resume")[0].at_ns, 1);
    EXPECT_EQ(parsed("12.25us resume")[0].at_ns, 12'250);
    EXPECT_EQ(parsed("24.0000000000001s resume")[0].at_ns, 24'000'000'000);
}

struct Wrong {
    const char* text;
    const char* place;
    const char* what;
};

TEST(Scenario, SaysWhatIsWrongAndWhere) {
    const Wrong wrongs[] = {
        {"surprise-remove", "s.txt:1:1: ", "is no time"},
        {"\n 2.5 surprise-remove", "s.txt:2:2: ", "is no time"},
        {"2.5h resume", "s.txt:1:1: ", "is no time"},
        {"-1s resume", "s.txt:1:1: ", "is no time"},
        {"1..5s resume", "s.txt:1:1: ", "is no time"},
        {"1.s resume", "s.txt:1:1: ", "is no time"},
        {"99999999999999999999s resume", "s.txt:1:1: ", "is no time"},
        {"9223372036s resume", "s.txt:1:1: ", "is no time"},
        {"2s", "s.txt:1:3: ", "what happens is missing"},
        {"2s explode", "s.txt:1:4: ", "there are query-stop, "},
        {"2s resume now", "s.txt:1:11: ", "takes nothing more"},
        {"2s sleep", "s.txt:1:9: ", "S1, S2, S3 or S4"},
        {"2s sleep S5", "s.txt:1:10: ", "'S5' is none of S1, S2, S3 or S4"},
        {"2s sleep S3 deep", "s.txt:1:13: ", "takes one of"},
        {"2s power d3", "s.txt:1:10: ", "'d3' is none of D0, D1, D2 or D3"},
        {"2s exit-latency slow", "s.txt:1:17: ", "is none of instant, fast or responsive"},
        {"2s rebalance 0x320", "s.txt:1:14: ", "is no NAME=VALUE"},
        {"2s rebalance port=", "s.txt:1:14: ", "is no NAME=VALUE"},
        {"2s rebalance irq=5 irq=6", "s.txt:1:20: ", "'irq' is there twice"},
        {"2s ioctl Uart", "s.txt:1:14: ", "DEVICE CODE"},
        {"2s ioctl Uart x", "s.txt:1:15: ", "is no control code"},
        {"2s ioctl Uart 1 --in", "s.txt:1:21: ", "takes bytes in hexadecimal"},
        {"2s ioctl Uart 1 --in 123", "s.txt:1:22: ", "two digits each"},
        {"2s ioctl Uart 1 --out -1", "s.txt:1:23: ", "is no size"},
        {"2s ioctl Uart 1 --to 1", "s.txt:1:17: ", "is none of --in, --data, --out, --as"},
        {"2s resume\x01", "s.txt:1:10: ", "not plain text"},
        {"2s r\xC3\xA9sume", "s.txt:1:5: ", "not plain text"},
    };
    for (const Wrong& wrong : wrongs) {
        const auto scenario = parse_scenario(wrong.text, "s.txt");
        ASSERT_FALSE(scenario.ok()) << wrong.text;
        EXPECT_THAT(scenario.error().message, StartsWith(wrong.place)) << wrong.text;
        EXPECT_THAT(scenario.error().message, HasSubstr(wrong.what)) << wrong.text;
        EXPECT_EQ(scenario.error().exit, ExitCode::bad_input);
    }
}

TEST(Scenario, IsBounded) {
    std::string many;
    for (std::size_t i = 0; i <= scenario_steps_max; ++i) many += "1s resume\n";
    EXPECT_THAT(parse_scenario(many, "s.txt").error().message, HasSubstr("at most 4096 steps"));
    EXPECT_THAT(parse_scenario(std::string(scenario_bytes_max + 1, ' '), "s.txt").error().message,
                HasSubstr("at most 1 MiB"));
    EXPECT_THAT(parsed("# nothing\n"), IsEmpty());
    const auto long_word = parse_scenario("1s " + std::string(1000, 'x'), "s.txt");
    EXPECT_LT(long_word.error().message.size(), 500u);
}

}  // namespace
}  // namespace scenario_test
