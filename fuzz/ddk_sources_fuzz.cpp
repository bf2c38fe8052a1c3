// Any bytes as a DDK's sources file: read, or refused with a line.
#include "project_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const portico::build::ProjectInput input;
    input.read("sources", data, size);
    return 0;
}
