// What a capture pin delivered, as one stream of bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "portico/portico.h"

namespace portico {

inline std::vector<std::uint8_t> bytes_of(const std::vector<CapturedMessage>& messages) {
    std::vector<std::uint8_t> all;
    for (const CapturedMessage& message : messages)
        all.insert(all.end(), message.bytes.begin(), message.bytes.end());
    return all;
}

}  // namespace portico
