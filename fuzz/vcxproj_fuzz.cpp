// Any bytes as a .vcxproj: read, or refused with a line.
#include "project_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const portico::build::ProjectInput input;
    input.read("fuzz.vcxproj", data, size);
    return 0;
}
