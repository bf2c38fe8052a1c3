// Any IOCTL_KS_PROPERTY and IOCTL_KS_METHOD on a filter and its pins: set, id, flags, what follows them,
// sizes up to 4 KiB, buffers that are missing, not the client's, or one and the same. What is answered lies
// inside the buffer; the driver has no part in it, and nothing is left at the end.
#include "machine_input.h"
#include "nt/mm/mm.h"

using namespace portico;
using fuzz::Input;

namespace {

constexpr ULONG size_limit = 4096;
constexpr ULONG guard = 16;

const GUID sets[] = {KSPROPSETID_Pin,     KSPROPSETID_Topology, KSPROPSETID_Connection, KSPROPSETID_Stream,
                     KSPROPSETID_General, KSPROPSETID_Audio,    KSPROPSETID_Clock,      GUID{}};
constexpr ULONG verbs[] = {KSPROPERTY_TYPE_GET,
                           KSPROPERTY_TYPE_SET,
                           KSPROPERTY_TYPE_SETSUPPORT,
                           KSPROPERTY_TYPE_BASICSUPPORT,
                           KSPROPERTY_TYPE_RELATIONS,
                           KSPROPERTY_TYPE_SERIALIZESET,
                           KSPROPERTY_TYPE_UNSERIALIZESET,
                           KSPROPERTY_TYPE_DEFAULTVALUES};

class Session : fuzz::ClientSession {
  public:
    static constexpr unsigned step_limit = 64;

    explicit Session(Machine& machine) : ClientSession(machine) {
        const std::u16string path = m_.filter_path("Cable");
        call([&] {
            memory_ = static_cast<std::uint8_t*>(nt::mm::allocate_user(*m_.client.process(), 16 * 1024));
            PORTICO_CHECK(NT_SUCCESS(m_.ks.open_filter(path, &files_[0])));
            PORTICO_CHECK(NT_SUCCESS(m_.ks.create_pin(files_[0], 0, &files_[1])));
            return m_.ks.create_pin(files_[0], 2, &files_[2]);
        });
    }
    void step(Input& in) {
        const auto how = in.take<std::uint8_t>();
        HANDLE const file = files_[how % 3];
        std::uint8_t* const input = memory_ + 64;
        std::uint8_t* output = (how & 0x40) != 0 ? input : memory_ + 8192;
        const ULONG in_size = lay_out(in, input);
        const ULONG out_size = in.take<std::uint16_t>() % (size_limit + 1);
        if (output != input) std::memset(output, 0xA5, out_size + guard);
        void* const in_at = (how & 0x0C) == 0x0C ? missing(in) : input;
        if ((how & 0x30) == 0x30) output = static_cast<std::uint8_t*>(missing(in));
        const ULONG code =
            (how & 0x80) != 0 && in.take<std::uint8_t>() < 32 ? IOCTL_KS_METHOD : IOCTL_KS_PROPERTY;
        send(file, code, in_at, in_size, output, out_size);
        if (output == memory_ + 8192) {
            for (ULONG i = 0; i < guard; ++i) PORTICO_CHECK(output[out_size + i] == 0xA5);
        }
    }
    void finish() {
        for (HANDLE const file : {files_[2], files_[1], files_[0]}) call([&] { return m_.ks.close(file); });
    }

  private:
    // A property that there is, or anything.
    static ULONG lay_out(Input& in, std::uint8_t* to) {
        KSP_PIN property{};
        const auto kind = in.take<std::uint8_t>();
        property.Property.Set = sets[kind % std::size(sets)];
        if (kind >= 240) in.fill(&property.Property.Set, sizeof(GUID));
        property.Property.Id = kind >= 224 ? in.take<ULONG>() : in.take<std::uint8_t>() % 20;
        property.Property.Flags = verbs[in.take<std::uint8_t>() % std::size(verbs)];
        const auto flags = in.take<std::uint8_t>();
        if (flags >= 240) property.Property.Flags = in.take<ULONG>();
        if (flags % 4 == 1) property.Property.Flags |= KSPROPERTY_TYPE_TOPOLOGY;
        property.PinId = in.take<std::uint8_t>() % 6;
        std::memcpy(to, &property, sizeof property);
        const fuzz::Bytes more = in.bytes(in.take<std::uint8_t>());
        std::copy(more.begin(), more.end(), to + sizeof property);
        const auto size = in.take<std::uint16_t>();
        return size % 4 == 0 ? size / 4 % (size_limit + 1)
                             : static_cast<ULONG>(sizeof property + more.size());
    }
    void* missing(Input& in) const {
        switch (in.take<std::uint8_t>() % 4) {
            case 0:
                return nullptr;
            case 1:
                return memory_ + 16 * 1024 - 8;  // its end lies outside
            case 2:
                return const_cast<GUID*>(sets);  // not the client's
            default:
                return reinterpret_cast<void*>(~std::uintptr_t{7});
        }
    }
    void send(HANDLE file, ULONG code, void* in, ULONG in_size, void* out, ULONG out_size) {
        auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory_);
        *status = {};
        const NTSTATUS returned = call([&] {
            return nt::io::device_io_control(file, {}, code, in, in_size, out, out_size, status, UserMode);
        });
        PORTICO_CHECK(returned != STATUS_PENDING);
        PORTICO_CHECK(returned == STATUS_BUFFER_OVERFLOW || status->Information <= out_size);
    }

    std::uint8_t* memory_ = nullptr;
    HANDLE files_[3] = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run_session<Session>(data, size);
}
