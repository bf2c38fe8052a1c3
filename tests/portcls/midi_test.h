// A MIDI port with a miniport and streams of the test's own, and a client process that opens its pins.
#pragma once

#include <algorithm>

#include "adapter_test.h"
#include "client/client_thread.h"
#include "client/ks_client.h"
#include "nt/io/interfaces.h"
#include "portcls/sequencer.h"
#include "scripted_miniport.h"

namespace portico::test {

inline Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// A KSMUSICFORMAT record, padded; `count` what it says of itself.
inline Bytes record(ULONG delta_ms, const Bytes& midi, ULONG count) {
    Bytes out(8 + ((midi.size() + 3) & ~std::size_t{3}));
    std::memcpy(out.data(), &delta_ms, 4);
    std::memcpy(out.data() + 4, &count, 4);
    std::copy(midi.begin(), midi.end(), out.begin() + 8);
    return out;
}
inline Bytes record(ULONG delta_ms, const Bytes& midi) {
    return record(delta_ms, midi, static_cast<ULONG>(midi.size()));
}

struct HeaderOptions {
    LONGLONG time = 0;
    ULONG numerator = 1;
    ULONG denominator = 1;
    bool timed = false;
    std::uintptr_t data_offset = 0;
    ULONG size = sizeof(KSSTREAM_HEADER);
};

// A header for `used` bytes of data in a frame of as many.
inline Bytes header(std::size_t used, const HeaderOptions& options = {}) {
    KSSTREAM_HEADER h{};
    h.Size = options.size;
    h.PresentationTime = {options.time, options.numerator, options.denominator};
    h.FrameExtent = h.DataUsed = static_cast<ULONG>(used);
    h.Data = reinterpret_cast<PVOID>(options.data_offset);
    h.OptionsFlags = options.timed ? KSSTREAM_HEADER_OPTIONSF_TIMEVALID : 0;
    Bytes out(std::max<std::size_t>(options.size, sizeof h));
    std::memcpy(out.data(), &h, sizeof h);
    return out;
}
inline Bytes header_at_ms(std::size_t used, LONGLONG ms, std::uintptr_t data_offset = 0) {
    return header(used, {ms * 10'000, 1, 1, true, data_offset});
}

// A stream request under way: IRP_MJ_DEVICE_CONTROL with its status block, headers and data in the client's
// memory.
struct Sent {
    PIO_STATUS_BLOCK status;
    KSSTREAM_HEADER* headers;
    std::uint8_t* data;
    NTSTATUS returned;

    bool pending() const { return status->Status == STATUS_PENDING; }
    // What the request ended with, or STATUS_PENDING.
    NTSTATUS result() const { return returned == STATUS_PENDING ? status->Status : returned; }
    // A read's first record.
    Bytes record() const {
        if (headers->DataUsed < 8) return {};
        ULONG count;
        std::memcpy(&count, data + 4, 4);
        return Bytes(data + 8, data + 8 + count);
    }
    ULONG stamp_ms() const {
        ULONG stamp;
        std::memcpy(&stamp, data, 4);
        return stamp;
    }
};

class MidiTest : public AdapterTest {
  protected:
    static constexpr ULONG render_pin = 0, render_bridge = 1, capture_pin = 2, capture_bridge = 3;

    MidiTest() {
        portcls::sequencer_resolution = portcls::SequencerResolution::tick;
        on_start = [this](PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
            return start_device(device, irp, resources);
        };
        EXPECT_TRUE(thread.start("client", UserMode));
        ks.reset(thread.process());
    }
    ~MidiTest() override { portcls::sequencer_resolution = portcls::SequencerResolution::tick; }

    // The device started, and the filter opened.
    void start_device_and_filter() {
        ASSERT_EQ(perform(nt::io::PnpAction::start), STATUS_SUCCESS);
        filter = open_filter();
    }
    HANDLE open_filter() {
        HANDLE out = nullptr;
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(0, nullptr);
        if (entry == nullptr) return nullptr;
        const std::u16string path = entry->link;
        EXPECT_EQ(client([&] { return ks.open_filter(path, &out); }), STATUS_SUCCESS);
        return out;
    }
    HANDLE open_pin(ULONG pin_id) {
        HANDLE out = nullptr;
        EXPECT_EQ(client([&] { return ks.create_pin(filter, pin_id, &out); }), STATUS_SUCCESS);
        return out;
    }
    // A render or capture pin in RUN.
    HANDLE running_pin(ULONG pin_id) {
        HANDLE const pin = open_pin(pin_id);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        return pin;
    }

    // Runs on the client's thread.
    template <class Body>
    NTSTATUS client(Body&& body) {
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        EXPECT_TRUE(thread.call([&] { status = body(); })) << "the client's thread is stuck";
        return status;
    }
    NTSTATUS set_state(HANDLE pin, KSSTATE state) {
        return client([&] { return ks.set_state(pin, state); });
    }
    KSSTATE get_state(HANDLE pin) {
        KSSTATE state = KSSTATE_STOP;
        EXPECT_EQ(client([&] { return ks.get_state(pin, &state); }), STATUS_SUCCESS);
        return state;
    }
    NTSTATUS close(HANDLE handle) {
        return client([&] { return ks.close(handle); });
    }
    // Sent and not waited for. Data in the headers are offsets into `data`.
    Sent send(HANDLE pin, ULONG code, const Bytes& headers, const Bytes& data) {
        Sent sent{};
        client([&] { return sent.returned = send_inside(ks, pin, code, headers, data, sent); });
        return sent;
    }
    static NTSTATUS send_inside(client::KsClient& ks, HANDLE pin, ULONG code, const Bytes& headers,
                                const Bytes& data, Sent& sent) {
        const std::size_t data_at = 64 + ((headers.size() + 63) & ~std::size_t{63});
        auto* const memory = static_cast<std::uint8_t*>(ks.heap().allocate(data_at + data.size()));
        if (memory == nullptr) return STATUS_NO_MEMORY;
        sent.status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
        sent.status->Status = STATUS_PENDING;
        sent.headers = reinterpret_cast<KSSTREAM_HEADER*>(memory + 64);
        sent.data = memory + data_at;
        std::memcpy(memory + 64, headers.data(), headers.size());
        std::copy(data.begin(), data.end(), sent.data);
        for (std::size_t at = 64; at + sizeof(KSSTREAM_HEADER) <= 64 + headers.size();) {
            auto& h = *reinterpret_cast<KSSTREAM_HEADER*>(memory + at);
            h.Data = sent.data + reinterpret_cast<std::uintptr_t>(h.Data);
            if (h.Size < sizeof h || h.Size % 8 != 0) break;
            at += h.Size;
        }
        return nt::io::device_io_control(pin, {}, code, nullptr, 0, memory + 64,
                                         static_cast<ULONG>(headers.size()), sent.status, ks.mode());
    }
    // One record, now or at stream time.
    Sent write(HANDLE pin, const Bytes& midi) {
        return send(pin, IOCTL_KS_WRITE_STREAM, header(record(0, midi).size()), record(0, midi));
    }
    Sent write_at_ms(HANDLE pin, LONGLONG ms, const Bytes& midi) {
        return send(pin, IOCTL_KS_WRITE_STREAM, header_at_ms(record(0, midi).size(), ms), record(0, midi));
    }
    Sent read(HANDLE pin, std::size_t frame = 2056) {
        Bytes h = header(frame);
        const ULONG none = 0;
        std::memcpy(h.data() + offsetof(KSSTREAM_HEADER, DataUsed), &none, 4);
        return send(pin, IOCTL_KS_READ_STREAM, h, Bytes(frame));
    }
    void* client_cell() {
        void* cell = nullptr;
        client([&] { return cell = ks.heap().allocate(256), STATUS_SUCCESS; });
        return cell;
    }
    NTSTATUS reset_state(HANDLE pin, KSRESET value) {
        Bytes in(sizeof value);
        std::memcpy(in.data(), &value, sizeof value);
        return client([&] { return ks.control(pin, IOCTL_KS_RESET_STATE, in, {}, nullptr); });
    }
    NTSTATUS cancel(HANDLE file, PIO_STATUS_BLOCK only = nullptr) {
        return client([&] { return nt::io::cancel_file_io(file, true, only, ks.mode()); });
    }

    void pass_ms(Nanoseconds ms) {
        sim::scheduler.run(sim::scheduler.now_ns() + ms * millisecond_ns, nullptr, nullptr);
    }
    // Data come: the stream has them and the device interrupts.
    void receive(ScriptedStream& stream, const Bytes& bytes) {
        stream.input.insert(stream.input.end(), bytes.begin(), bytes.end());
        client([&] {
            at_irql(9, [&] { miniport.notify(); });
            return STATUS_SUCCESS;
        });
    }

    ScriptedMiniport miniport;
    client::ClientThread thread;
    client::KsClient ks{UserMode};
    HANDLE filter = nullptr;

  private:
    NTSTATUS start_device(PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
        PPORT port = nullptr;
        NTSTATUS status = PcNewPort(&port, CLSID_PortMidi);
        if (!NT_SUCCESS(status)) return status;
        status = port->Init(device, irp, &miniport, nullptr, resources);
        if (NT_SUCCESS(status)) status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Midi"), port);
        port->Release();
        return status;
    }
};

}  // namespace portico::test
