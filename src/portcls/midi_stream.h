// IMiniportMidiStream behind a pin: Write and Read (MS-030..MS-054).
#pragma once

#include <array>

#include "portcls/com.h"
#include "portcls/miniport_stream.h"

namespace portico::portcls {

class MidiStream final : public MiniportStream {
  public:
    // Takes over the caller's reference. Null without memory; then the reference is dropped.
    static MidiStream* create(PMINIPORTMIDISTREAM stream);

    explicit MidiStream(PMINIPORTMIDISTREAM stream) { stream_.adopt(stream); }

    void destroy() override;
    IUnknown* object() const override { return stream_.get(); }
    NTSTATUS set_format(PKSDATAFORMAT format) override;
    NTSTATUS set_state(KSSTATE next) override;
    NTSTATUS write(const Outgoing& message, ULONG& written) override;
    bool is_stuck(LONGLONG busy_100ns) override;
    bool collect(Capture& capture) override;

  private:
    Held<IMiniportMidiStream> stream_;
    alignas(8) std::array<std::uint8_t, 256> read_buffer_;
};

}  // namespace portico::portcls
