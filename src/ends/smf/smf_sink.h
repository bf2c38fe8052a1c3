#pragma once

#include "ends/message_sink.h"
#include "ends/output_file.h"
#include "midi/smf.h"

namespace portico::ends {

// A type 0 MIDI file; messages stand at the time of their first byte. `origin_ns` is where the file begins.
class SmfSink : public MessageSink {
  public:
    SmfSink(OutputFile file, Nanoseconds origin_ns) : file_(std::move(file)), origin_ns_(origin_ns) {}

  private:
    Result<void> message(const WireMessage& message) override;
    Result<void> end(Nanoseconds end_ns) override;

    OutputFile file_;
    Nanoseconds origin_ns_;
    midi::smf::Recorder recorder_;
};

}  // namespace portico::ends
