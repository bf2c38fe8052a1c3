// The same as stream_packet_fuzz with DMUS_EVENTHEADER packets, against the DirectMusic pins of the cable
// with an IMiniportDMus: no finding, so every event is back in the end, and no request without an end.
#include "dmusbuff.h"
#include "dmusprop.h"
#include "packet_session.h"

using portico::fuzz::Bytes;

namespace {

struct EventPackets {
    static constexpr const char* filter = "DMusCable";
    static constexpr ULONG render_pin = 1, capture_pin = 3;
    static constexpr ULONG record_header = sizeof(DMUS_EVENTHEADER);

    static NTSTATUS create_pin(portico::client::KsClient& ks, HANDLE filter_handle, ULONG id, HANDLE* pin) {
        return ks.create_pin(filter_handle, id, pin, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC);
    }
    // The lie's bits say what is wrong: its size, its group, its time.
    static Bytes record(const Bytes& midi, std::uint8_t lie) {
        DMUS_EVENTHEADER header{static_cast<DWORD>(midi.size()), 1, 0, DMUS_EVENT_STRUCTURED};
        if ((lie & 0xF0) == 0x10) header.cbEvent += lie & 15;
        if ((lie & 0xF0) == 0x20) header.dwChannelGroup <<= 8 + (lie & 15);
        if ((lie & 0xF0) == 0x30) header.rtDelta = LONGLONG{-1} << (4 * (lie & 15));
        Bytes out(DMUS_EVENT_SIZE(midi.size()));
        std::memcpy(out.data(), &header, sizeof header);
        if (!midi.empty()) std::memcpy(out.data() + sizeof header, midi.data(), midi.size());
        return out;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return portico::fuzz::run_session<portico::fuzz::PacketSession<EventPackets>>(data, size);
}
