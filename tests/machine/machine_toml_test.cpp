// A machine written as TOML is the same machine when it is read again.
#include <gmock/gmock.h>

#include "machine/machine_file.h"

namespace portico::machine::machine_toml_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MachineConfig parsed(const std::string& text, const std::string& path = "machine.toml",
                     Ends* ends = nullptr) {
    MachineConfig config;
    Ends unused;
    const auto result = parse_machine(text, path, config, ends == nullptr ? unused : *ends);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
    return config;
}

constexpr const char* whole = R"(
driver = "cable"
seed = 7
processors = 3
exact_sequencer = true
registry_files = ["a.reg", "/b.reg"]
[[device]]
model = "mpu401"
name = "first"
port = 0x300
ack_uart_reset = true
ack_delay = "250us"
resources = [{ port = 0x300, length = 2 }, { irq = 5, latched = true, shared = true }, { memory = 0xF0000000, length = 16 }, { dma = 1 }]
[[device]]
hardware_id = "ROOT\\NONE"
[registry]
"" = "unnamed"
Number = 4294967295
Text = "é"
Bytes = [0, 255]
Texts = ["a", "b"]
[registry.Settings.Deep]
Value = 1
[ends]
out = ["a.wav", "/tmp/b.mid"]
synth = "font.sf2"
in = "in.mid"
)";

TEST(MachineFile, SaysEverything) {
    Ends ends;
    const MachineConfig config = parsed(whole, "folder/machine.toml", &ends);
    EXPECT_EQ(config.driver, "cable");
    EXPECT_EQ(config.seed, 7u);
    EXPECT_EQ(config.processors, 3u);
    EXPECT_TRUE(config.exact_sequencer);
    EXPECT_THAT(config.registry_files, ElementsAre("folder/a.reg", "/b.reg"));
    ASSERT_EQ(config.devices.size(), 2u);
    const DeviceConfig& first = config.devices[0];
    EXPECT_EQ(first.name, "first");
    EXPECT_EQ(first.parameters.at("port"), "768");
    EXPECT_EQ(first.parameters.at("ack_uart_reset"), "true");
    ASSERT_EQ(first.resources.size(), 4u);
    EXPECT_EQ(first.resources[1].kind, Resource::Kind::interrupt);
    EXPECT_TRUE(first.resources[1].latched && first.resources[1].shared);
    EXPECT_EQ(first.resources[2].base, 0xF0000000u);
    EXPECT_EQ(config.devices[1].hardware_id, "ROOT\\NONE");
    ASSERT_EQ(config.registry.size(), 6u);
    EXPECT_THAT(ends.outputs, ElementsAre("folder/a.wav", "/tmp/b.mid"));
    EXPECT_EQ(ends.synth, "folder/font.sf2");
    EXPECT_EQ(ends.input, "folder/in.mid");
}

TEST(MachineFile, WrittenIsTheSameMachineAgain) {
    const MachineConfig config = parsed(whole);
    const std::string text = machine_toml(config);
    const MachineConfig again = parsed(text);
    EXPECT_EQ(machine_toml(again), text);
    EXPECT_EQ(again.processors, config.processors);
    EXPECT_EQ(again.exact_sequencer, config.exact_sequencer);
    ASSERT_EQ(again.devices.size(), config.devices.size());
    EXPECT_EQ(again.devices[0].parameters, config.devices[0].parameters);
    EXPECT_EQ(again.devices[0].resources.size(), config.devices[0].resources.size());
    ASSERT_EQ(again.registry.size(), config.registry.size());
    for (std::size_t i = 0; i < again.registry.size(); ++i) {
        EXPECT_EQ(again.registry[i].key, config.registry[i].key);
        EXPECT_EQ(again.registry[i].name, config.registry[i].name);
        EXPECT_EQ(again.registry[i].value, config.registry[i].value);
    }
}

TEST(MachineFile, DriverWithAnExtensionIsAPathFromItsFolder) {
    EXPECT_EQ(parsed("driver = \"mine.so\"", "folder/m.toml").driver, "folder/mine.so");
    EXPECT_EQ(parsed("driver = \"../mine\"", "folder/m.toml").driver, "mine");
    EXPECT_EQ(parsed("driver = \"/abs/mine.so\"", "folder/m.toml").driver, "/abs/mine.so");
    EXPECT_EQ(parsed("driver = \"mpu401\"", "folder/m.toml").driver, "mpu401");
}

}  // namespace
}  // namespace portico::machine::machine_toml_test
