// Any bytes as a message text file: a header, or refused with a line.
#include <cstdint>
#include <cstdlib>

#include "build/decode.h"
#include "build/message_compiler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text =
        portico::build::decode_source(std::string(reinterpret_cast<const char*>(data), size));
    const auto header = portico::build::compile_messages("m.mc", text);
    if (!header.ok() && !header.error().message.starts_with("m.mc:")) std::abort();
    return 0;
}
