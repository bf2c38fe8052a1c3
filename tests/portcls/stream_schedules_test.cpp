// Streams whose clients write, read, cancel, stop and close while the device works, under schedules that a
// seed chooses.
#include <gmock/gmock.h>

#include "midi_test.h"
#include "sim/exploring.h"
#include "sim/random.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::Contracts;
using test::header;
using test::header_at_ms;
using test::record;
using test::ScriptedMiniport;
using test::ScriptedStream;
using test::Sent;
using ::testing::IsEmpty;

// Several threads of one client process, each with requests of its own.
struct StreamSchedules : test::MidiTest, ::testing::WithParamInterface<std::uint64_t> {
    StreamSchedules() : policy(GetParam()), random(GetParam()) {
        nt::probes.irp = [](nt::IrpFault fault, PIRP) { faults.push_back(fault); };
        nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) {
            ++damaged;
        };
        faults.clear();
        damaged = 0;
    }
    ~StreamSchedules() override {
        sim::scheduler.policy = nullptr;
        nt::probes.irp = nullptr;
        nt::probes.pool_misuse = nullptr;
    }

    void explore() { sim::scheduler.policy = &policy; }
    // A thread of the system with kernel handles to a file: what it sends, it sends as the kernel.
    void worker(std::function<void()> body) {
        ++working;
        start([this, body = std::move(body)] {
            body();
            --working;
        });
    }
    void write_all(client::KsClient& client, HANDLE pin, std::vector<Sent>& sent) {
        const Bytes data = record(0, {0xF0, 1, 2, 3, 4, 5, 6, 7, 0xF7});
        for (Sent& s : sent) {
            const Bytes head = header_at_ms(data.size(), static_cast<LONGLONG>(random.below(3)));
            s.returned = send_inside(client, pin, IOCTL_KS_WRITE_STREAM, head, data, s);
            nt::ke::stall(random.below(4'000));
        }
    }
    // Waits for the end of a request; false: it never came.
    static bool ended(const Sent& sent) {
        if (sent.returned != STATUS_PENDING) return true;
        for (int i = 0; i < 3'000 && sent.pending(); ++i) test::let_pass(millisecond_ns);
        return !sent.pending();
    }

    // What cancels, clients and the device do to a pin at random moments.
    void disturb(client::KsClient& kernel, HANDLE pin) {
        for (int i = 0; i < 6; ++i) {
            nt::ke::stall(random.below(6'000));
            switch (random.below(4)) {
                case 0:
                    nt::io::cancel_file_io(pin, true, nullptr, KernelMode);
                    break;
                case 1:
                    kernel.set_state(pin, KSSTATE_PAUSE);
                    break;
                case 2:
                    kernel.set_state(pin, KSSTATE_RUN);
                    break;
                default:
                    test::at_irql(9, [&] { miniport.notify(); });
            }
        }
    }

    sim::RandomPolicy policy;
    sim::Random random;
    int working = 0;
    inline static std::vector<nt::IrpFault> faults;
    inline static int damaged;
};

TEST_P(StreamSchedules, WritesAreCancelledStoppedResetAndClosedWhileTheyAreDelivered) {
    miniport.stream_group =
        GetParam() % 2 == 0 ? ScriptedMiniport::StreamGroup::shared : ScriptedMiniport::StreamGroup::none;
    start_device_and_filter();
    explore();
    int lost = 0, wrong_ends = 0;
    run([&] {
        // The body's thread is a kernel client: its handles are the system's.
        client::KsClient kernel{KernelMode};
        kernel.reset(thread.process());
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(0, nullptr);
        for (int turn = 0; turn < 6; ++turn) {
            HANDLE own_filter = nullptr, pin = nullptr;
            ASSERT_EQ(kernel.open_filter(entry->link, &own_filter), STATUS_SUCCESS);
            ASSERT_EQ(kernel.create_pin(own_filter, render_pin, &pin), STATUS_SUCCESS);
            ScriptedStream& stream = miniport.newest();
            stream.on_write = [] { nt::ke::stall(700); };
            stream.usual_answer = {STATUS_SUCCESS, random.below(2) == 0 ? ~0u : 4u};
            ASSERT_EQ(kernel.set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
            std::vector<Sent> sent(8);
            int running = 2;
            worker([&] {
                write_all(kernel, pin, sent);
                --running;
            });
            worker([&] {
                disturb(kernel, pin);
                --running;
            });
            if (random.below(2) == 0) {
                nt::ke::stall(random.below(20'000));
                kernel.set_state(pin, KSSTATE_STOP);
            }
            while (running != 0) test::let_pass(millisecond_ns);
            kernel.set_state(pin, random.below(2) == 0 ? KSSTATE_PAUSE : KSSTATE_RUN);
            EXPECT_EQ(kernel.close(pin), STATUS_SUCCESS);
            EXPECT_EQ(kernel.close(own_filter), STATUS_SUCCESS);
            for (const Sent& s : sent) {
                lost += ended(s) ? 0 : 1;
                const NTSTATUS end = s.result();
                wrong_ends +=
                    end == STATUS_SUCCESS || end == STATUS_CANCELLED || end == STATUS_INVALID_DEVICE_STATE
                        ? 0
                        : 1;
            }
            EXPECT_FALSE(stream.overlapped);
            EXPECT_FALSE(stream.written_outside_run);
            EXPECT_EQ(stream.references, 0);
        }
        nt::ex::check_freed_blocks();
    });
    REQUIRES("MS-054"), REQUIRES("MS-053"), REQUIRES("PI-010"), REQUIRES("ST-005"), REQUIRES("SP-018");
    EXPECT_EQ(lost, 0) << "a request never ended";
    EXPECT_EQ(wrong_ends, 0);
    EXPECT_THAT(faults, IsEmpty()) << "an IRP was completed twice or wrongly";
    EXPECT_EQ(damaged, 0);
}

TEST_P(StreamSchedules, ReadsAreCancelledStoppedAndClosedWhileBytesCome) {
    miniport.stream_group =
        GetParam() % 2 == 0 ? ScriptedMiniport::StreamGroup::shared : ScriptedMiniport::StreamGroup::own;
    start_device_and_filter();
    explore();
    int lost = 0, wrong = 0;
    run([&] {
        client::KsClient kernel{KernelMode};
        kernel.reset(thread.process());
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(0, nullptr);
        for (int turn = 0; turn < 6; ++turn) {
            HANDLE own_filter = nullptr, pin = nullptr;
            ASSERT_EQ(kernel.open_filter(entry->link, &own_filter), STATUS_SUCCESS);
            ASSERT_EQ(kernel.create_pin(own_filter, capture_pin, &pin), STATUS_SUCCESS);
            ScriptedStream& stream = miniport.newest();
            stream.on_read = [] { nt::ke::stall(300); };
            ASSERT_EQ(kernel.set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
            std::vector<Sent> sent(10);
            int running = 3;
            worker([&] {
                const Bytes frame = header(64);
                for (Sent& s : sent) {
                    s.returned = send_inside(kernel, pin, IOCTL_KS_READ_STREAM, frame, Bytes(64), s);
                    nt::ke::stall(random.below(2'000));
                }
                --running;
            });
            worker([&] {
                for (std::uint8_t i = 0; i < 8; ++i) {
                    for (const std::uint8_t byte : {std::uint8_t{0x90}, i, std::uint8_t{100}})
                        stream.input.push_back(byte);
                    test::at_irql(9, [&] { miniport.port->Notify(nullptr); });
                    nt::ke::stall(random.below(3'000));
                }
                --running;
            });
            worker([&] {
                for (int i = 0; i < 4; ++i) {
                    nt::ke::stall(random.below(6'000));
                    if (random.below(2) == 0) {
                        nt::io::cancel_file_io(pin, true, nullptr, KernelMode);
                    } else {
                        kernel.set_state(pin, random.below(2) == 0 ? KSSTATE_PAUSE : KSSTATE_RUN);
                    }
                }
                --running;
            });
            while (running != 0) test::let_pass(millisecond_ns);
            EXPECT_EQ(kernel.close(pin), STATUS_SUCCESS);
            EXPECT_EQ(kernel.close(own_filter), STATUS_SUCCESS);
            std::uint8_t newest = 0;
            for (const Sent& s : sent) {
                lost += ended(s) ? 0 : 1;
                if (s.result() == STATUS_CANCELLED) continue;
                // Whole, and in order.
                const Bytes message = s.result() == STATUS_SUCCESS ? s.record() : Bytes{};
                wrong += message.size() != 3 || message[0] != 0x90 || message[1] < newest ? 1 : 0;
                if (message.size() == 3) newest = message[1];
            }
            EXPECT_EQ(stream.references, 0);
        }
        nt::ex::check_freed_blocks();
    });
    REQUIRES("PI-010"), REQUIRES("CA-006"), REQUIRES("SG-008");
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(wrong, 0);
    EXPECT_THAT(faults, IsEmpty());
    EXPECT_EQ(damaged, 0);
}

TEST_P(StreamSchedules, StatesChangeOneAfterTheOther) {
    start_device_and_filter();
    explore();
    int inside = 0, together = 0, wrong_steps = 0;
    run([&] {
        client::KsClient kernel{KernelMode};
        kernel.reset(thread.process());
        HANDLE own_filter = nullptr, pins[2] = {};
        ASSERT_EQ(kernel.open_filter(nt::io::visible_interface(0, nullptr)->link, &own_filter),
                  STATUS_SUCCESS);
        for (HANDLE& pin : pins) ASSERT_EQ(kernel.create_pin(own_filter, render_pin, &pin), STATUS_SUCCESS);
        for (std::size_t i = 0; i < 2; ++i) {
            ScriptedStream& stream = miniport.stream(i);
            stream.on_state = [&](KSSTATE next) {
                together += inside++ == 0 ? 0 : 1;
                wrong_steps += next - stream.state == 1 || next - stream.state == -1 ? 0 : 1;
                nt::ke::stall(400);
                --inside;
            };
        }
        for (int w = 0; w < 3; ++w) {
            worker([&] {
                for (int i = 0; i < 10; ++i) {
                    kernel.set_state(pins[random.below(2)], static_cast<KSSTATE>(random.below(4)));
                }
            });
        }
        while (working != 0) test::let_pass(millisecond_ns);
        for (HANDLE const pin : pins) kernel.close(pin);
        kernel.close(own_filter);
    });
    REQUIRES("PI-011"), REQUIRES("MS-021");
    EXPECT_EQ(together, 0);
    EXPECT_EQ(wrong_steps, 0);
}

// One pin closes while the device's service goes on with the others.
TEST_P(StreamSchedules, PinsComeAndGoWhileTheDeviceIsServed) {
    miniport.stream_group = ScriptedMiniport::StreamGroup::none;
    auto& descriptor = miniport.pins[render_pin].descriptor;
    descriptor.MaxFilterInstanceCount = descriptor.MaxGlobalInstanceCount = KSINSTANCE_INDETERMINATE;
    start_device_and_filter();
    explore();
    run([&] {
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(0, nullptr);
        client::KsClient kernel{KernelMode};
        kernel.reset(thread.process());
        for (int w = 0; w < 3; ++w) {
            worker([&] {
                for (int turn = 0; turn < 5; ++turn) {
                    HANDLE own_filter = nullptr, pin = nullptr;
                    ASSERT_EQ(kernel.open_filter(entry->link, &own_filter), STATUS_SUCCESS);
                    ASSERT_EQ(kernel.create_pin(own_filter, render_pin, &pin), STATUS_SUCCESS);
                    miniport.newest().usual_answer = {STATUS_SUCCESS, 0};
                    miniport.newest().on_write = [] { nt::ke::stall(400); };
                    kernel.set_state(pin, KSSTATE_RUN);
                    Sent sent{};
                    const Bytes data = record(0, {0xF8});
                    sent.returned =
                        send_inside(kernel, pin, IOCTL_KS_WRITE_STREAM, header(data.size()), data, sent);
                    nt::ke::stall(random.below(5'000));
                    EXPECT_EQ(kernel.close(own_filter), STATUS_SUCCESS) << "the pin keeps it";
                    EXPECT_EQ(kernel.close(pin), STATUS_SUCCESS);
                    EXPECT_TRUE(ended(sent));
                }
            });
        }
        worker([&] {
            for (int i = 0; i < 40; ++i) {
                test::at_irql(9, [&] { miniport.port->Notify(nullptr); });
                nt::ke::stall(random.below(2'000));
            }
        });
        while (working != 0) test::let_pass(millisecond_ns);
        nt::ex::check_freed_blocks();
    });
    REQUIRES("PM-013"), REQUIRES("PI-010"), REQUIRES("MS-054");
    for (const auto& stream : miniport.streams) {
        EXPECT_FALSE(stream->overlapped);
        EXPECT_EQ(stream->references, 0);
    }
    EXPECT_THAT(faults, IsEmpty());
    EXPECT_EQ(damaged, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamSchedules, ::testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace portico::portcls
