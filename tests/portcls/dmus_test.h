// A MIDI port over a DirectMusic miniport of the test's own, and a client process that opens its pins.
#pragma once

#include "dmusbuff.h"
#include "pin_test.h"
#include "scripted_dmus.h"

namespace portico::test {

// A DMUS_EVENTHEADER record, padded; `count` what it says of itself.
inline Bytes event_record(LONGLONG delta_100ns, const Bytes& midi, DWORD count, DWORD channel_group = 1) {
    const DMUS_EVENTHEADER header{count, channel_group, delta_100ns, DMUS_EVENT_STRUCTURED};
    Bytes out(DMUS_EVENT_SIZE(midi.size()));
    std::memcpy(out.data(), &header, sizeof header);
    std::copy(midi.begin(), midi.end(), out.begin() + sizeof header);
    return out;
}
inline Bytes event_record(LONGLONG delta_100ns, const Bytes& midi) {
    return event_record(delta_100ns, midi, static_cast<DWORD>(midi.size()));
}

struct DmusTest : MidiPinTest {
    static constexpr ULONG midi_render = 0, dmus_render = 1, capture = 2, wave_sink = 3;

    DmusTest() {
        on_start = [this](PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
            PPORT port = nullptr;
            NTSTATUS status = PcNewPort(&port, class_id);
            if (!NT_SUCCESS(status)) return status;
            status = port->Init(device, irp, &dmus, &adapter_object, resources);
            if (NT_SUCCESS(status)) status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Dmus"), port);
            port->Release();
            given_resources = resources;
            return status;
        };
    }
    // A pin of the DirectMusic format.
    static Connect direct_music(ULONG pin) {
        Connect request(pin);
        request.format.SubFormat = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
        return request;
    }
    HANDLE open_direct_music(ULONG pin) {
        HANDLE out = nullptr;
        EXPECT_EQ(create(direct_music(pin), &out), STATUS_SUCCESS);
        return out;
    }
    // The newest stream of a pin that is opened and set running.
    ScriptedMxf& running(const Connect& request) {
        if (filter == nullptr) start_device_and_filter();
        EXPECT_EQ(create(request, &pin), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        started_100ns = nt::ke::exact_time_100ns();
        return *dmus.streams.back();
    }
    // On the client's thread at DISPATCH_LEVEL: what a driver does in a DPC.
    void as_driver(std::function<void()> body) {
        client([&] { return at_irql(DISPATCH_LEVEL, body), STATUS_SUCCESS; });
    }
    Sent write_events(HANDLE file, const Bytes& events, const HeaderOptions& options = {}) {
        return send(file, IOCTL_KS_WRITE_STREAM, header(events.size(), options), events);
    }

    ScriptedDmus dmus;
    FakeSink adapter_object;
    CLSID class_id = CLSID_PortDMus;
    PRESOURCELIST given_resources = nullptr;
    HANDLE pin = nullptr;
    LONGLONG started_100ns = 0;
};

}  // namespace portico::test
