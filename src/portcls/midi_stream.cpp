#include "portcls/midi_stream.h"

#include <algorithm>

#include "portcls/capture.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {

// So many successful reads in one service are a driver that never says "nothing more" (MS-034).
constexpr unsigned read_limit = 65'536;

void write_contract(PMINIPORTMIDISTREAM stream, ULONG asked, ULONG written) {
    if (written > asked) {
        PORTICO_PROBE(contract, "MS-050", stream,
                      "IMiniportMidiStream::Write reported more bytes than it was given.");
    } else if (written != asked && written % 4 != 0) {
        PORTICO_PROBE(
            contract, "MS-041", stream,
            "IMiniportMidiStream::Write took a part of the message that is no multiple of four bytes: it "
            "takes all of it, or four, eight and so on, or none.");
    }
}

// Time that a call to the miniport took, beyond which all other messages of the port are late (MS-055).
class PromptCall {
  public:
    PromptCall(const void* object, const char* text)
        : object_(object), text_(text), begun_ns_(sim::this_processor->at_ns) {}
    ~PromptCall() {
        if (sim::this_processor->at_ns - begun_ns_ > call_ns_max) [[unlikely]]
            PORTICO_PROBE(contract, "MS-055", object_, text_);
    }
    PromptCall(const PromptCall&) = delete;
    PromptCall& operator=(const PromptCall&) = delete;

  private:
    // A message of three bytes is on the wire for so long.
    static constexpr Nanoseconds call_ns_max = 960'000;

    const void* object_;
    const char* text_;
    Nanoseconds begun_ns_;
};

}  // namespace

MidiStream* MidiStream::create(PMINIPORTMIDISTREAM stream) {
    auto* const made = make<MidiStream>(NonPagedPool, stream);
    if (made == nullptr) drop_reference(stream);
    return made;
}

void MidiStream::destroy() {
    unmake(this);
}

NTSTATUS MidiStream::set_format(PKSDATAFORMAT format) {
    nt::DriverCall call("IMiniportMidiStream::SetFormat", method_of(stream_.get(), 3));
    return call.returned(stream_->SetFormat(format));
}

NTSTATUS MidiStream::set_state(KSSTATE next) {
    nt::DriverCall call("IMiniportMidiStream::SetState", method_of(stream_.get(), 4));
    return call.returned(stream_->SetState(next));
}

NTSTATUS MidiStream::write(const Outgoing& message, ULONG& written) {
    ULONG said = 0;
    NTSTATUS status;
    {
        PromptCall prompt(
            stream_.get(),
            "IMiniportMidiStream::Write took longer than a message is on the wire: everything "
            "else that the port has to send waits. Take all of it, a multiple of four bytes or none, and "
            "be called again.");
        nt::DriverCall call("IMiniportMidiStream::Write", method_of(stream_.get(), 6));
        status = call.returned(stream_->Write(const_cast<std::uint8_t*>(message.bytes), message.size, &said));
    }
    if (!NT_SUCCESS(status)) return status;
    write_contract(stream_.get(), message.size, said);
    written = std::min(said, message.size);  // MS-049
    return status;
}

bool MidiStream::is_stuck(LONGLONG busy_100ns) {
    if (busy_100ns <= busy_limit_100ns) return false;
    PORTICO_PROBE(contract, "MS-044", stream_.get(),
                  "IMiniportMidiStream::Write took nothing for a second: not busy, broken.");
    return true;
}

// MS-032: again and again until nothing is left.
bool MidiStream::collect(Capture& capture) {
    for (unsigned reads = 0; reads < read_limit; ++reads) {
        ULONG count = 0;  // MS-037
        const auto size = static_cast<ULONG>(read_buffer_.size());
        NTSTATUS status;
        {
            PromptCall prompt(
                stream_.get(),
                "IMiniportMidiStream::Read took longer than a message is on the wire: everything "
                "else that the port has to do waits.");
            nt::DriverCall call("IMiniportMidiStream::Read", method_of(stream_.get(), 5));
            status = call.returned(stream_->Read(read_buffer_.data(), size, &count));
        }
        if (!NT_SUCCESS(status) || count == 0) return true;  // MS-036
        if (count > size) {
            PORTICO_PROBE(contract, "MS-033", stream_.get(),
                          "IMiniportMidiStream::Read reported more bytes than fit.");
            count = size;
        }
        capture.take(read_buffer_.data(), count);
    }
    PORTICO_PROBE(contract, "MS-034", stream_.get(),
                  "IMiniportMidiStream::Read never reported that nothing is left.");
    return false;
}

}  // namespace portico::portcls
