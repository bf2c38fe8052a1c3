// Random sequences of open, state, property, event, stream, cancel and close on four handles of filters, pins
// and clocks, with any IOCTL of KS' device type and any buffers: memory of the client's, of the kernel's, of
// nobody's. No finding, no request without an end, and nothing of Portico's goes wrong.
#include "machine_input.h"

#include "sim/address_map.h"

using namespace portico;
using fuzz::Bytes;
using fuzz::Input;

namespace {

constexpr std::size_t slot_count = 4;
constexpr std::size_t buffer_size = 4'096;

const GUID sets[] = {KSPROPSETID_Pin,
                     KSPROPSETID_Topology,
                     KSPROPSETID_Connection,
                     KSPROPSETID_Stream,
                     KSPROPSETID_General,
                     KSPROPSETID_Clock,
                     KSPROPSETID_Audio,
                     KSPROPSETID_DrmAudioStream,
                     KSEVENTSETID_Connection,
                     KSEVENTSETID_Clock,
                     KSEVENTSETID_AudioControlChange,
                     GUID_NULL};
const ULONG codes[] = {IOCTL_KS_PROPERTY,     IOCTL_KS_ENABLE_EVENT, IOCTL_KS_DISABLE_EVENT, IOCTL_KS_METHOD,
                       IOCTL_KS_WRITE_STREAM, IOCTL_KS_READ_STREAM,  IOCTL_KS_RESET_STATE};

struct Sent {
    PIO_STATUS_BLOCK status;
    NTSTATUS returned;
};

class Session : fuzz::ClientSession {
  public:
    static constexpr unsigned step_limit = 64;

    explicit Session(Machine& machine) : ClientSession(machine), path_(m_.filter_path("Cable")) {}

    void step(Input& in) {
        const auto what = in.take<std::uint8_t>();
        HANDLE& slot = slots_[what >> 6];
        switch (what % 8) {
            case 0:
                return open(in, slot);
            case 1:
            case 2:
            case 3:
                return send(in, slot);
            case 4:
                return send_any(in, slot);
            case 5:
                return set_state(in, slot);
            case 6:
                if (what & 8) return machine_.run_for(std::chrono::microseconds(in.take<std::uint16_t>()));
                call([&] { return m_.ks.cancel(slot); });
                return;
            default:
                if (what & 8) return close(slot);
                return change_memory(in);
        }
    }
    void finish() {
        for (HANDLE& slot : slots_) close(slot);
        for (const Sent& sent : sent_) {
            const NTSTATUS status = sent.returned == STATUS_PENDING ? sent.status->Status : sent.returned;
            PORTICO_CHECK(status != STATUS_PENDING);
        }
    }

  private:
    void open(Input& in, HANDLE& slot) {
        close(slot);
        const auto how = in.take<std::uint8_t>();
        HANDLE const below = slots_[how >> 6];
        call([&] {
            if ((how & 8) != 0) return m_.ks.create_clock(below, &slot);
            return how % 2 == 0 ? m_.ks.open_filter(path_, &slot)
                                : m_.ks.create_pin(below, how / 2 % 4, &slot);
        });
    }
    void close(HANDLE& slot) {
        if (slot == nullptr) return;
        HANDLE const handle = std::exchange(slot, nullptr);
        PORTICO_CHECK(NT_SUCCESS(call([&] { return m_.ks.close(handle); })));
    }
    void set_state(Input& in, HANDLE slot) {
        const auto state = static_cast<KSSTATE>(in.take<std::uint8_t>() % 5);
        call([&] { return m_.ks.set_state(slot, state); });
    }
    // What stands there when a request comes may be something else when it is looked at.
    void change_memory(Input& in) {
        if (memory_ == nullptr) return;
        const std::size_t at = in.take<std::uint16_t>() % buffer_size;
        const Bytes bytes = in.bytes(std::min<std::size_t>(in.take<std::uint8_t>(), buffer_size - at));
        std::copy(bytes.begin(), bytes.end(), memory_ + at);
    }

    std::uint8_t* buffer(Input& in) {
        const auto where = in.take<std::uint8_t>();
        if (where >= 252) return reinterpret_cast<std::uint8_t*>(in.take<std::uint64_t>());
        if (where >= 248) return reinterpret_cast<std::uint8_t*>(sim::user_range.end() - where % 8);
        if (where >= 246) return nullptr;
        memory_ = static_cast<std::uint8_t*>(m_.ks.heap().allocate(buffer_size));
        PORTICO_CHECK(memory_ != nullptr);
        std::memset(memory_, 0, buffer_size);
        return memory_;
    }
    // A KSIDENTIFIER that may mean something, and a few bytes behind it.
    ULONG fill_identifier(Input& in, std::uint8_t* at) {
        KSIDENTIFIER id{};
        id.Set = sets[in.take<std::uint8_t>() % std::size(sets)];
        id.Id = in.take<std::uint8_t>() % 20;
        const auto flags = in.take<std::uint16_t>();
        id.Flags = (1u << (flags % 17)) | ((flags & 0x8000) != 0 ? 0x10000000u : 0) |
                   ((flags & 0x4000) != 0 ? in.take<ULONG>() : 0);
        const Bytes behind = in.bytes(in.take<std::uint8_t>());
        std::memcpy(at, &id, sizeof id);
        std::copy(behind.begin(), behind.end(), at + sizeof id);
        return static_cast<ULONG>(sizeof id + behind.size());
    }
    void submit(HANDLE slot, ULONG code, std::uint8_t* input, ULONG in_size, std::uint8_t* output,
                ULONG out_size) {
        auto* const status = static_cast<PIO_STATUS_BLOCK>(m_.ks.heap().allocate(sizeof(IO_STATUS_BLOCK)));
        PORTICO_CHECK(status != nullptr);
        status->Status = STATUS_PENDING;
        NTSTATUS returned = STATUS_UNSUCCESSFUL;
        call([&] {
            return returned = nt::io::device_io_control(slot, {}, code, input, in_size, output, out_size,
                                                        status, UserMode);
        });
        sent_.push_back({status, returned});
    }
    void send(Input& in, HANDLE slot) {
        const ULONG code = codes[in.take<std::uint8_t>() % std::size(codes)];
        std::uint8_t* const input = buffer(in);
        ULONG in_size = in.take<std::uint16_t>() % buffer_size;
        if (input == memory_ && input != nullptr) in_size = fill_identifier(in, input);
        std::uint8_t* const output = buffer(in);
        ULONG out_size = in.take<std::uint8_t>() % 3 == 0 ? in.take<std::uint16_t>() % buffer_size : 64;
        if (output == memory_ && output != nullptr) {
            const Bytes bytes = in.bytes(in.take<std::uint8_t>());
            std::copy(bytes.begin(), bytes.end(), output);
        }
        submit(slot, code, input, in_size, output, out_size);
    }
    void send_any(Input& in, HANDLE slot) {
        const ULONG code = 0x002F0000u | in.take<std::uint16_t>();
        std::uint8_t* const input = buffer(in);
        std::uint8_t* const output = buffer(in);
        submit(slot, code, input, in.take<std::uint16_t>() % buffer_size, output,
               in.take<std::uint16_t>() % buffer_size);
    }

    std::u16string path_;
    HANDLE slots_[slot_count] = {};
    std::uint8_t* memory_ = nullptr;  // what was sent last
    std::vector<Sent> sent_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run_session<Session>(data, size);
}
