#include "miniports/image.h"

extern "C" const std::byte portico_miniports_begin[];
extern "C" const std::byte portico_miniports_end[];

namespace portico::miniports {

std::span<const std::byte> image() noexcept {
    return {portico_miniports_begin, portico_miniports_end};
}

}  // namespace portico::miniports
