// A client that sends a cable driver's running render and capture pins whatever an input says: any KS stream
// packets, in any order, between changes of state, resets, cancels and the passing of time.
#pragma once

#include "machine_input.h"

namespace portico::fuzz {

constexpr std::size_t data_limit = 2'048;

// Which fields of a header come from the input; the others are what they should be.
enum Field : std::uint8_t {
    raw_size = 1,
    raw_time = 2,
    raw_extent = 4,
    raw_used = 8,
    raw_data = 16,
    raw_flags = 32,
    more = 64
};

struct Sent {
    PIO_STATUS_BLOCK status;
    KSSTREAM_HEADER* headers;
    std::size_t headers_size;
    NTSTATUS returned;
    bool is_read;
};

// Packets: what kind of packets a pin of which filter takes. Has filter, render_pin, capture_pin,
// record_header (bytes), create_pin() and record().
template <class Packets>
class PacketSession : ClientSession {
  public:
    static constexpr unsigned step_limit = 48;

    explicit PacketSession(Machine& machine)
        : ClientSession(machine), path_(m_.filter_path(Packets::filter)) {
        call([&] { return m_.ks.open_filter(path_, &filter_); });
        open(0);
        open(1);
    }

    void step(Input& in) {
        const auto what = in.take<std::uint8_t>();
        HANDLE& pin = pins_[what >> 7];
        switch (what & 7) {
            case 0:
            case 1:
            case 2:
                return send(in, pin, (what & 7) != 2);
            case 3:
                return send(in, pin, (what & 8) != 0);
            case 4:
                return ignore(
                    [&] { return m_.ks.set_state(pin, static_cast<KSSTATE>(in.take<std::uint8_t>() % 5)); });
            case 5:
                return ignore([&] { return m_.ks.cancel(pin); });
            case 6:
                return machine_.run_for(std::chrono::microseconds(in.take<std::uint16_t>()));
            default:
                return rare(in, pin, what >> 7);
        }
    }

    // Every request ends when its pin is closed, and what was read is sound.
    void finish() {
        for (HANDLE& pin : pins_) close(pin);
        ignore([&] { return m_.ks.close(filter_); });
        for (const Sent& sent : sent_) {
            const NTSTATUS status = sent.returned == STATUS_PENDING ? sent.status->Status : sent.returned;
            PORTICO_CHECK(status != STATUS_PENDING);
            if (sent.is_read && NT_SUCCESS(status)) check_read(sent);
        }
    }

  private:
    template <class Body>
    void ignore(Body&& body) {
        call(body);
    }
    void open(unsigned index) {
        PORTICO_CHECK(NT_SUCCESS(call([&] {
            const ULONG id = index == 0 ? Packets::render_pin : Packets::capture_pin;
            const NTSTATUS status = Packets::create_pin(m_.ks, filter_, id, &pins_[index]);
            return NT_SUCCESS(status) ? m_.ks.set_state(pins_[index], KSSTATE_RUN) : status;
        })));
    }
    void close(HANDLE& pin) {
        PORTICO_CHECK(NT_SUCCESS(call([&] { return m_.ks.close(pin); })));
    }
    void rare(Input& in, HANDLE& pin, unsigned index) {
        if (in.take<std::uint8_t>() % 4 == 0) {
            close(pin);
            return open(index);
        }
        const auto value = in.take<std::uint32_t>();
        Bytes reset(sizeof value);
        std::memcpy(reset.data(), &value, sizeof value);
        reset.resize(in.take<std::uint8_t>() % 8);
        ignore([&] { return m_.ks.control(pin, IOCTL_KS_RESET_STATE, reset, {}, nullptr); });
    }

    KSSTREAM_HEADER make_header(Input& in, std::uint8_t raw, std::uint8_t* data, std::size_t size) {
        KSSTREAM_HEADER h{};
        h.Size = (raw & raw_size) != 0 ? in.take<ULONG>() : sizeof h;
        h.PresentationTime = {0, 1, 1};
        if ((raw & raw_time) != 0) in.fill(&h.PresentationTime, sizeof h.PresentationTime);
        h.FrameExtent = (raw & raw_extent) != 0 ? in.take<ULONG>() : static_cast<ULONG>(size);
        h.DataUsed = (raw & raw_used) != 0 ? in.take<ULONG>() : static_cast<ULONG>(size);
        h.Data = (raw & raw_data) != 0 ? reinterpret_cast<PVOID>(in.take<std::uint64_t>()) : data;
        h.OptionsFlags = (raw & raw_flags) != 0 ? in.take<ULONG>() : 0;
        return h;
    }

    // Headers and data in memory of the client's that nothing uses again.
    void send(Input& in, HANDLE pin, bool is_write) {
        const std::size_t size = in.take<std::uint16_t>() % data_limit;
        const bool as_record = in.take<std::uint8_t>() % 2 == 0;
        Bytes data = in.bytes(is_write ? size % 256 : 0);
        if (as_record) data = Packets::record(data, in.take<std::uint8_t>());
        data.resize(std::max(data.size(), is_write ? 0 : size));
        Bytes headers;
        const auto memory = static_cast<std::uint8_t*>(m_.ks.heap().allocate(64 + 8 * 64 + data_limit + 512));
        PORTICO_CHECK(memory != nullptr);
        std::uint8_t* const bytes = memory + 64 + 8 * 64;
        std::uint8_t raw;
        do {
            raw = in.take<std::uint8_t>();
            const KSSTREAM_HEADER h = make_header(in, raw, bytes, data.size());
            headers.resize(headers.size() + sizeof h);
            std::memcpy(headers.data() + headers.size() - sizeof h, &h, sizeof h);
        } while ((raw & more) != 0 && headers.size() < 8 * sizeof(KSSTREAM_HEADER));
        if ((raw & 128) != 0)
            headers.resize(headers.size() - in.take<std::uint8_t>() % sizeof(KSSTREAM_HEADER));
        std::copy(headers.begin(), headers.end(), memory + 64);
        std::copy(data.begin(), data.end(), bytes);
        auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
        status->Status = STATUS_PENDING;
        NTSTATUS returned = STATUS_UNSUCCESSFUL;
        ignore([&] {
            return returned = nt::io::device_io_control(
                       pin, {}, is_write ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM, nullptr, 0,
                       memory + 64, static_cast<ULONG>(headers.size()), status, UserMode);
        });
        sent_.push_back(
            {status, reinterpret_cast<KSSTREAM_HEADER*>(memory + 64), headers.size(), returned, !is_write});
    }
    // Two headers may name the same memory, so the first alone says what its data are, when it is the only
    // one.
    static void check_read(const Sent& sent) {
        const KSSTREAM_HEADER& h = *sent.headers;
        PORTICO_CHECK(sent.status->Information >= sizeof h && sent.status->Information <= sent.headers_size);
        PORTICO_CHECK(h.DataUsed >= Packets::record_header && h.DataUsed <= h.FrameExtent);
        PORTICO_CHECK((h.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0);
    }

    std::u16string path_;
    HANDLE filter_ = nullptr;
    HANDLE pins_[2] = {};
    std::vector<Sent> sent_;
};

}  // namespace portico::fuzz
