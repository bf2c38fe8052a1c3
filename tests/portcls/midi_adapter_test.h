// A started adapter with a MIDI port over the test's miniport, and a client in the kernel.
#pragma once

#include "adapter_test.h"
#include "client/ks_client.h"
#include "fake_midi.h"
#include "nt/io/interfaces.h"
#include "nt/ps/ps.h"

namespace portico::test::port {

struct MidiAdapterTest : AdapterTest {
    FakeMidi midi{log};
    FakeSink adapter_object;
    PPORTMIDI port = nullptr;  // one reference, the test's, until let_go()
    NTSTATUS init_result = STATUS_PENDING;

    // Starts the device: a port is made, bound to the miniport and registered as "Uart".
    void start_with_port() {
        on_start = [this](PDEVICE_OBJECT, PIRP irp, PRESOURCELIST resources) {
            make_port();
            init_result = port->Init(fdo, irp, &midi, &adapter_object, resources);
            return NT_SUCCESS(init_result) ? PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), port)
                                           : STATUS_SUCCESS;
        };
        ASSERT_EQ(perform(nt::io::PnpAction::start), STATUS_SUCCESS);
    }
    void make_port() {
        PPORT made = nullptr;
        ASSERT_EQ(PcNewPort(&made, CLSID_PortMidi), STATUS_SUCCESS);
        port = static_cast<PPORTMIDI>(made);
    }
    // A port on the started device, from a thread of the test's.
    NTSTATUS init_here() {
        make_port();
        return port->Init(fdo, nullptr, &midi, nullptr, nullptr);
    }
    void started(std::function<void()> body) {
        ASSERT_EQ(perform(nt::io::PnpAction::start), STATUS_SUCCESS);
        run(std::move(body));
    }
    void let_go() { std::exchange(port, nullptr)->Release(); }
    static PSERVICEGROUP make_group() {
        PSERVICEGROUP group = nullptr;
        EXPECT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        return group;
    }
    static int references(PSERVICEGROUP group) { return portcls::live_object_at(group)->references; }
};

// A client in the kernel with the filter and pins of it open.
struct Client {
    client::KsClient ks{KernelMode};
    HANDLE filter = nullptr;
    Client() {
        ks.reset(nt::ps::system_process());
        nt::io::DeviceInterface* const link = nt::io::visible_interface(0, nullptr);
        EXPECT_NE(link, nullptr);
        EXPECT_EQ(ks.open_filter(link->link, &filter), STATUS_SUCCESS);
    }
    HANDLE pin(ULONG id) {
        HANDLE made = nullptr;
        EXPECT_EQ(ks.create_pin(filter, id, &made), STATUS_SUCCESS);
        return made;
    }
    ~Client() { ks.close(filter); }
};

}  // namespace portico::test::port
