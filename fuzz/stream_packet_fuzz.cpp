// Any KS stream packets, in any order, against a running render pin and a running capture pin of the cable
// driver, between changes of state, resets, cancels and the passing of time: no finding, no request without
// an end, and what is captured is whole MIDI.
#include "packet_session.h"

using portico::fuzz::Bytes;

namespace {

struct MusicPackets {
    static constexpr const char* filter = "Cable";
    static constexpr ULONG render_pin = 0, capture_pin = 2;
    static constexpr ULONG record_header = sizeof(KSMUSICFORMAT);

    static NTSTATUS create_pin(portico::client::KsClient& ks, HANDLE filter_handle, ULONG id, HANDLE* pin) {
        return ks.create_pin(filter_handle, id, pin);
    }
    static Bytes record(const Bytes& midi, std::uint8_t lie) {
        Bytes out(8 + ((midi.size() + 3) & ~std::size_t{3}));
        const ULONG count = static_cast<ULONG>(midi.size()) + (lie >= 250 ? lie - 250u : 0u);
        std::memcpy(out.data() + 4, &count, sizeof count);
        if (!midi.empty()) std::memcpy(out.data() + 8, midi.data(), midi.size());
        return out;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return portico::fuzz::run_session<portico::fuzz::PacketSession<MusicPackets>>(data, size);
}
