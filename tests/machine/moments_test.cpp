// Every transition of Plug and Play and power at every moment of a stream's life (VF-024, lifecycle.md): the
// correct drivers break no rule, no request is stuck, every handle closes, and the device plays again.
#include <gmock/gmock.h>

#include "moments.h"
#include "nt/io/file.h"
#include "support/requires.h"

namespace moments_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using nt::io::PnpAction;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Bytes = std::vector<std::uint8_t>;

// ---- what happens ----

struct Transition {
    const char* name;
    // As a thread of the system asks for it; what it comes to.
    NTSTATUS (*begin)(nt::io::DeviceNode& node);
    // The client's pins are closed: the device is to be in D0 and started again.
    void (*undo)(Machine& m);
};

NTSTATUS set_system(SYSTEM_POWER_STATE state) {
    nt::io::PnpRequest request;
    request.action = PnpAction::set_system_power;
    request.system_power = state;
    return nt::io::perform(request);
}

NTSTATUS set_device(nt::io::DeviceNode& node, DEVICE_POWER_STATE state) {
    nt::io::PnpRequest request;
    request.action = PnpAction::set_device_power;
    request.node = &node;
    request.device_power = state;
    return nt::io::perform(request);
}

NTSTATUS stop(nt::io::DeviceNode& node) {
    const NTSTATUS status = perform(PnpAction::query_stop, node);
    return NT_SUCCESS(status) ? perform(PnpAction::stop, node) : status;
}

// What is opened while the device is stopped waits for its start (LC-051).
NTSTATUS stop_for_a_while(nt::io::DeviceNode& node) {
    const NTSTATUS status = stop(node);
    if (!NT_SUCCESS(status)) return status;
    nt::ke::delay(KernelMode, false, -20'000);
    return perform(PnpAction::start, node);
}

NTSTATUS rebalance(nt::io::DeviceNode& node) {
    const NTSTATUS status = stop(node);
    return NT_SUCCESS(status) ? perform(PnpAction::start, node) : status;
}

NTSTATUS ask_and_cancel(nt::io::DeviceNode& node) {
    for (const auto& [query, cancel] : {std::pair(PnpAction::query_stop, PnpAction::cancel_stop),
                                        std::pair(PnpAction::query_remove, PnpAction::cancel_remove)}) {
        if (!NT_SUCCESS(perform(query, node))) continue;
        nt::ke::stall(3'000);
        perform(cancel, node);
    }
    return STATUS_SUCCESS;
}

NTSTATUS disable_and_enable(nt::io::DeviceNode& node) {
    const NTSTATUS status = perform(PnpAction::disable, node);
    return NT_SUCCESS(status) ? perform(PnpAction::enable, node) : status;
}

// The hardware is gone first, as when somebody pulls it.
NTSTATUS surprise(nt::io::DeviceNode& node) {
    for (MachineDevice& device : machine::current()->devices) {
        if (device.node == &node && device.model) device.model->remove(sim::this_processor->at_ns);
    }
    return perform(PnpAction::surprise_remove, node);
}

NTSTATUS down_and_up(nt::io::DeviceNode& node) {
    const NTSTATUS down = set_device(node, PowerDeviceD3);
    nt::ke::stall(20'000);
    const NTSTATUS up = set_device(node, PowerDeviceD0);
    return NT_SUCCESS(down) ? up : down;
}

NTSTATUS sleep_and_resume(nt::io::DeviceNode&) {
    const NTSTATUS slept = set_system(PowerSystemSleeping3);
    nt::ke::stall(20'000);
    const NTSTATUS resumed = set_system(PowerSystemWorking);
    return NT_SUCCESS(slept) ? resumed : slept;
}

void nothing(Machine&) {}

const Transition transitions[] = {
    {"stop", stop_for_a_while, nothing},
    {"rebalance", rebalance, nothing},
    {"ask_and_cancel", ask_and_cancel, nothing},
    {"disable_and_enable", disable_and_enable, nothing},
    {"surprise_remove", surprise, [](Machine& m) { EXPECT_OK(m.replug()); }},
    {"D3", [](nt::io::DeviceNode& node) { return set_device(node, PowerDeviceD3); },
     [](Machine& m) { EXPECT_OK(m.set_power(0)); }},
    {"down_and_up", down_and_up, nothing},
    {"S1", [](nt::io::DeviceNode&) { return set_system(PowerSystemSleeping1); },
     [](Machine& m) { EXPECT_OK(m.resume()); }},
    {"S4", [](nt::io::DeviceNode&) { return set_system(PowerSystemHibernate); },
     [](Machine& m) { EXPECT_OK(m.resume()); }},
    {"sleep_and_resume", sleep_and_resume, nothing},
};

// ---- when ----

struct World {
    Machine& m;
    std::string filter;
    const MachineDevice& device;

    void receive(const Bytes& bytes) { m.device(device.config.name).receive(bytes); }
};

// A client at work; where a pin cannot be opened or is refused because of the transition, it goes on.
struct Moment {
    const char* name;
    void (*work)(World& world);
};

std::optional<Pin> opened(World& world, Pin::Direction direction, Pin::State state) {
    auto pin = world.m.filter(world.filter).open(direction);
    if (!pin.ok()) return std::nullopt;
    (void)pin.value().set_state(state);
    return std::move(pin).value();
}

Bytes sysex(std::size_t size) {
    Bytes bytes(size, 0x11);
    bytes.front() = 0xF0;
    bytes.back() = 0xF7;
    return bytes;
}

void in_state(World& world, Pin::State state) {
    const auto pin = opened(world, Pin::Render, state);
    world.m.run_for(100us);
}

void queue_data(World& world) {
    auto pin = opened(world, Pin::Render, Pin::State::Run);
    if (!pin) return;
    for (int i = 0; i < 8; ++i) {
        const Bytes note{0x90, static_cast<std::uint8_t>(i), 100};
        (void)pin->write_at(std::chrono::milliseconds(i / 2), note);
    }
    world.m.run_for(2ms);
}

void write_sysex(World& world) {
    auto pin = opened(world, Pin::Render, Pin::State::Run);
    if (!pin) return;
    (void)pin->write(sysex(600));
    world.m.run_for(5ms);
}

void read(World& world) {
    auto pin = opened(world, Pin::Capture, Pin::State::Run);
    if (!pin) return;
    world.receive({0x90, 60, 100, 0x80, 60, 0});
    world.m.run_for(1ms);
    (void)pin->take_captured();
}

void cancel(World& world) {
    auto pin = opened(world, Pin::Render, Pin::State::Run);
    if (!pin) return;
    for (int i = 0; i < 4; ++i) (void)pin->write_at(500ms, Bytes{0xF8});
    (void)pin->cancel();
}

void change_states(World& world) {
    auto pin = opened(world, Pin::Render, Pin::State::Run);
    for (int i = 0; pin && i < 3; ++i) {
        (void)pin->stop();
        (void)pin->run();
    }
}

void use_two_pins(World& world) {
    auto out = opened(world, Pin::Render, Pin::State::Run);
    auto in = opened(world, Pin::Capture, Pin::State::Run);
    if (out) (void)out->write({0x90, 60, 100});
    world.receive({0xF8});
    world.m.run_for(500us);
    if (in) in->close();
}

// A kernel client on a thread of its own comes and goes beside the other.
void share(World& world) {
    const std::u16string path = world.m.state().filter_path(world.filter);
    client::KsClient kernel{KernelMode};
    kernel.reset(world.m.state().client.process());
    const test::Meanwhile beside(100, [&] {
        for (int i = 0; i < 3 && !path.empty(); ++i) {
            HANDLE filter = nullptr, pin = nullptr;
            if (!NT_SUCCESS(kernel.open_filter(path, &filter))) continue;
            if (NT_SUCCESS(kernel.create_pin(filter, 0, &pin))) {
                kernel.set_state(pin, KSSTATE_RUN);
                kernel.set_state(pin, KSSTATE_STOP);
                kernel.close(pin);
            }
            kernel.close(filter);
        }
    });
    read(world);
    change_states(world);
    EXPECT_TRUE(world.m.run_until([&] { return beside.done(); }, 10s)) << "the other client is stuck";
}

const Moment moments[] = {
    {"opened_and_closed", [](World& world) { in_state(world, Pin::State::Stop); }},
    {"ACQUIRE", [](World& world) { in_state(world, Pin::State::Acquire); }},
    {"PAUSE", [](World& world) { in_state(world, Pin::State::Pause); }},
    {"RUN_with_data_queued", queue_data},
    {"in_a_SysEx", write_sysex},
    {"read_pending", read},
    {"cancelled", cancel},
    {"state_changes", change_states},
    {"two_pins", use_two_pins},
    {"two_clients", share},
};

// ---- the driver that it happens to ----

struct Driver {
    const char* name;
    const char* image;
    const char* filter;
    bool hardware;
};
const Driver drivers[] = {{"mpu401", MPU401_IMAGE, "Uart", true}, {"cable", CABLE_IMAGE, "Cable", false}};

Machine machine_for(const Driver& driver, Schedule schedule, std::uint64_t seed) {
    MachineConfig config;
    config.devices = {driver.hardware ? portico::mpu401() : virtual_device()};
    config.driver = driver.image;
    config.schedule = schedule;
    config.seed = seed;
    config.print_findings = false;
    // Costs more of the host's time than all else; one of the two schedules has it.
    config.force_irql_checking = schedule == Schedule::ordered;
    return Machine::create(std::move(config)).value();
}

// A note from a render pin to the wire or to the cable's other end.
void expect_to_play(Machine& m, const Driver& driver) {
    auto in = m.filter(driver.filter).open(Pin::Capture);
    ASSERT_TRUE(in.ok()) << in.error().message;
    ASSERT_OK(in.value().run());
    auto out = m.filter(driver.filter).open(Pin::Render);
    ASSERT_TRUE(out.ok()) << out.error().message;
    ASSERT_OK(out.value().run());
    ASSERT_OK(out.value().write({0x90, 61, 101}));
    ASSERT_OK(out.value().drain());
    m.run_for(20ms);
    if (!driver.hardware) {
        EXPECT_THAT(in.value().take_captured(), SizeIs(1));
        return;
    }
    const Bytes wire = m.device("mpu401").wire();
    ASSERT_GE(wire.size(), 3u);
    EXPECT_EQ(Bytes(wire.end() - 3, wire.end()), (Bytes{0x90, 61, 101}));
}

// What became of the transition.
NTSTATUS run_one(const Driver& driver, const Transition& transition, const Moment& moment,
                 Nanoseconds after_ns, Schedule schedule, std::uint64_t seed) {
    SCOPED_TRACE(std::string(driver.name) + ", " + transition.name + " at " + moment.name + " after " +
                 std::to_string(after_ns) + " ns, seed " + std::to_string(seed));
    Machine m = machine_for(driver, schedule, seed);
    EXPECT_OK(m.start());
    const MachineDevice& device = m.state().devices.front();
    NTSTATUS status = STATUS_PENDING;
    test::Meanwhile other(after_ns, [&] { status = transition.begin(*device.node); });
    World world{m, driver.filter, device};
    moment.work(world);
    EXPECT_TRUE(m.run_until([&] { return other.done(); }, 5s)) << "the transition is stuck";
    EXPECT_FALSE(m.state().client.stuck());
    m.run_for(100ms);
    EXPECT_THAT(m.findings(), IsEmpty()) << ::testing::PrintToString(m.findings());
    EXPECT_THAT(m.state().pins, IsEmpty());
    if (NT_SUCCESS(status)) transition.undo(m);
    expect_to_play(m, driver);
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty()) << ::testing::PrintToString(m.findings());
    return status;
}

struct Moments : ::testing::TestWithParam<std::tuple<unsigned, unsigned>> {
    const Driver& driver = drivers[std::get<0>(GetParam())];
    const Transition& transition = transitions[std::get<1>(GetParam())];
    int succeeded = 0;
    int refused = 0;

    void run(const Moment& moment, Nanoseconds after_ns, Schedule schedule, std::uint64_t seed) {
        const NTSTATUS status = run_one(driver, transition, moment, after_ns, schedule, seed);
        ++(NT_SUCCESS(status) ? succeeded : refused);
    }
    // It came at moments of both kinds: with the client's pins open, and without.
    void expect_both() const {
        EXPECT_GT(succeeded, 20);
        const bool may_be_refused = transition.begin == stop_for_a_while || transition.begin == rebalance ||
                                    transition.begin == disable_and_enable;
        EXPECT_EQ(refused > 20, may_be_refused) << refused << " of " << succeeded + refused;
    }
};

// With AddressSanitizer, which takes ten times as long, half of them.
#ifdef PORTICO_ASAN
constexpr Nanoseconds steps = 2;
constexpr std::uint64_t seeds = 14;
#else
constexpr Nanoseconds steps = 4;
constexpr std::uint64_t seeds = 28;
#endif

// From the first instruction of the opening to the close, in steps that do not repeat its own.
TEST_P(Moments, InNTsOrder) {
    for (const Moment& moment : moments) {
        for (Nanoseconds after_ns = 50; after_ns < 3'000'000 && !HasFailure();
             after_ns = after_ns * (steps + 1) / steps + 133) {
            run(moment, after_ns, Schedule::ordered, 1);
        }
    }
    expect_both();
    REQUIRES("VF-024"), REQUIRES("LC-050"), REQUIRES("LC-061"), REQUIRES("VF-031"), REQUIRES("VF-034");
    EXPECT_FALSE(HasFailure());
}

TEST_P(Moments, InAnyOrder) {
    for (const Moment& moment : moments) {
        for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
            const auto after_ns = static_cast<Nanoseconds>(seed * 1'700);
            run(moment, after_ns, seed % 3 == 0 ? Schedule::pct : Schedule::random, seed);
        }
    }
    expect_both();
    REQUIRES("VF-024");
    EXPECT_FALSE(HasFailure());
}

INSTANTIATE_TEST_SUITE_P(All, Moments,
                         ::testing::Combine(::testing::Range(0u, 2u),
                                            ::testing::Range(0u, unsigned{std::size(transitions)})),
                         [](const auto& info) {
                             return std::string(drivers[std::get<0>(info.param)].name) + "_" +
                                    transitions[std::get<1>(info.param)].name;
                         });

}  // namespace
}  // namespace moments_test
