#pragma once

#include <string>

#include "ends/message_sink.h"
#include "ends/output_file.h"

namespace portico::ends {

// A line for each message: seconds at its first byte, its bytes in hexadecimal, its name.
class TextSink : public MessageSink {
  public:
    TextSink(OutputFile file, Nanoseconds origin_ns) : file_(std::move(file)), origin_ns_(origin_ns) {}

  private:
    Result<void> message(const WireMessage& message) override;
    Result<void> end(Nanoseconds end_ns) override;
    Result<void> flush();

    OutputFile file_;
    Nanoseconds origin_ns_;
    std::string lines_;  // not yet written
};

}  // namespace portico::ends
