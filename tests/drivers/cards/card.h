// A machine with a sound card under its driver: what its chips have been told, and what its nodes answer.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "hardware/opl3/opl3.h"
#include "hardware/sb16/sb16.h"
#include "ksmedia.h"
#include "machine/filter_client.h"
#include "machine/machine_file.h"
#include "machine/state.h"
#include "machine/topology_test.h"
#include "portico/gtest.h"

namespace portico::cards_test {

using Bytes = std::vector<std::uint8_t>;

// The machine of examples/machines/NAME.toml, with the image that this build has made.
inline MachineConfig example(const std::string& name, const char* image) {
    MachineConfig config;
    machine::Ends ends;
    const auto read =
        machine::read_machine_file(PORTICO_SOURCE_DIR "/examples/machines/" + name + ".toml", config, ends);
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    config.driver = image;
    config.print_findings = false;
    return config;
}

inline Machine started(MachineConfig config) {
    Machine m = Machine::create(std::move(config)).value();
    const Status status = m.start();
    EXPECT_TRUE(status.ok()) << status.message;
    return m;
}

// What the first device's model is.
template <class Model>
Model& model_of(Machine& m) {
    auto* const model = dynamic_cast<Model*>(m.state().devices.at(0).model.get());
    EXPECT_NE(model, nullptr);
    return *model;
}

inline hardware::Opl3& chip_of(Machine& m) {
    hardware::Device* const model = m.state().devices.at(0).model.get();
    if (auto* const card = dynamic_cast<hardware::Sb16*>(model)) return card->fm();
    return model_of<hardware::Opl3>(m);
}

// The channels whose keys are on.
inline std::vector<hardware::opl3::Channel> keyed(Machine& m) {
    std::vector<hardware::opl3::Channel> on;
    for (unsigned i = 0; i < hardware::opl3::channel_count; ++i) {
        const auto channel = hardware::opl3::channel_at(chip_of(m).registers(), i);
        if (channel.key_on) on.push_back(channel);
    }
    return on;
}

inline hardware::opl3::Operator carrier_of(Machine& m, const hardware::opl3::Channel& channel) {
    return hardware::opl3::operator_at(chip_of(m).registers(), channel.operators[1]);
}

inline double frequency_hz(double note) {
    return 440 * std::exp2((note - 69) / 12);
}

// Sends bytes on a pin that runs, and lets the machine play them.
inline void play(Machine& m, Pin& pin, const Bytes& bytes) {
    ASSERT_OK(pin.write(bytes));
    ASSERT_OK(pin.drain());
    m.run_for(std::chrono::milliseconds(1));
}

// A property of a node of KSPROPSETID_Audio, of one channel.
class NodeClient {
  public:
    NodeClient(Machine& m, const char* filter) : client_(m.state(), m.state().filter_path(filter)) {}

    machine::Answer get(ULONG node, ULONG id, LONG channel) {
        const machine::ChannelInstance instance{node, 0, channel};
        return client_.request(KSPROPSETID_Audio, id, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY,
                               machine::bytes_of(instance), sizeof(LONG));
    }
    std::optional<LONG> value(ULONG node, ULONG id, LONG channel) {
        const machine::Answer answer = get(node, id, channel);
        if (!answer.ok()) return std::nullopt;
        return answer.at<LONG>();
    }
    NTSTATUS set(ULONG node, ULONG id, LONG channel, LONG value) {
        const machine::ChannelInstance instance{node, 0, channel};
        return client_
            .request(KSPROPSETID_Audio, id, KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_TOPOLOGY,
                     machine::bytes_of(instance), sizeof value, machine::bytes_of(value))
            .status;
    }
    // The stepped range of its basic support: least, most, step.
    std::vector<LONG> range(ULONG node, ULONG id) {
        const machine::NodeInstance instance{node};
        const machine::Answer answer =
            client_.request(KSPROPSETID_Audio, id, KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_TOPOLOGY,
                            machine::bytes_of(instance), 256);
        const std::size_t at = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER);
        if (!answer.ok() || answer.bytes.size() < at + sizeof(KSPROPERTY_STEPPING_LONG)) return {};
        const auto stepping = answer.at<KSPROPERTY_STEPPING_LONG>(at);
        return {stepping.Bounds.SignedMinimum, stepping.Bounds.SignedMaximum,
                static_cast<LONG>(stepping.SteppingDelta)};
    }

  private:
    machine::FilterClient client_;
};

// Checks of the topology test that did not pass, a line each.
inline std::vector<std::string> topology_faults(const MachineConfig& config) {
    const auto report = machine::topology_test(config);
    if (!report.ok()) return {report.error().message};
    std::vector<std::string> faults;
    for (const machine::TopologyCheck& check : report.value().checks) {
        for (const std::string& fault : check.faults) faults.push_back(check.filter + ": " + fault);
    }
    for (const Finding& finding : report.value().findings) faults.push_back(finding.text);
    return faults;
}

}  // namespace portico::cards_test
