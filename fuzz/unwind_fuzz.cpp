// Damaged unwind data: .pdata and .xdata of a .sys, code that may be an epilogue, .eh_frame of a .so, and a
// stack, all of the input's making. Nothing outside the image and the stack is read, and every step ends.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "nt/seh/pe_unwind.h"

namespace {

using namespace portico;
using namespace portico::nt::seh;

constexpr std::size_t image_size = 4096;
constexpr std::size_t stack_size = 1024;

// On the heap, so that AddressSanitizer sees a byte too many.
struct World {
    std::unique_ptr<std::uint8_t[]> image{new std::uint8_t[image_size]};
    std::unique_ptr<std::uint64_t[]> stack{new std::uint64_t[stack_size / 8]};
    std::uint64_t base() const { return reinterpret_cast<std::uint64_t>(image.get()); }
    StackView view() const {
        const auto low = reinterpret_cast<std::uint64_t>(stack.get());
        return {low, low + stack_size};
    }
};

std::uint64_t readable_base = 0;

bool readable(std::uint64_t address, std::uint64_t size) {
    return address >= readable_base && address <= readable_base + image_size &&
           size <= readable_base + image_size - address;
}

// The stack holds addresses of the stack and of the image, as it would.
void fill_stack(const World& world, const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i < stack_size / 8; ++i) {
        const std::uint8_t seed = size == 0 ? 0 : data[i % size];
        world.stack[i] = (seed & 1) != 0 ? world.view().low + seed * 4u : world.base() + seed * 16u;
    }
}

CONTEXT start(const World& world, const std::uint8_t* data, std::size_t size) {
    CONTEXT context{};
    for (unsigned i = 0; i < 16; ++i) (&context.Rax)[i] = world.view().low + (size > i ? data[i] * 4u : 0);
    context.Rsp = world.view().low + (size != 0 ? data[0] & ~7u : 0);
    context.Rip = world.base() + (size > 2 ? (data[1] | data[2] << 8) % image_size : 0);
    return context;
}

void walk_tables(const World& world, CONTEXT context, std::uint32_t rows) {
    UnwindImage image;
    image.range = {world.base(), image_size};
    image.functions = reinterpret_cast<const RUNTIME_FUNCTION*>(world.image.get());
    image.function_count = rows;
    image.tables = true;
    image.readable = readable;
    for (unsigned frames = 0; frames < 64; ++frames) {
        if (!image.range.contains(context.Rip)) return;
        const RUNTIME_FUNCTION* const function = find_function(image, context.Rip);
        const std::uint64_t before = context.Rsp;
        VirtualUnwind result;
        KNONVOLATILE_CONTEXT_POINTERS pointers{};
        const bool done = function == nullptr
                              ? leave_leaf(world.view(), context)
                              : virtual_unwind(image, world.view(), UNW_FLAG_EHANDLER, context.Rip, *function,
                                               context, result, &pointers);
        if (!done || context.Rsp <= before) return;
        if (result.handler != nullptr)
            PORTICO_CHECK(image.range.contains(reinterpret_cast<std::uint64_t>(result.handler)));
    }
}

void walk_cfi(const World& world, CONTEXT context) {
    const CfiModule module{world.base(), world.base() + image_size, world.base()};
    for (unsigned frames = 0; frames < 64; ++frames) {
        const std::uint64_t before = context.Rsp;
        if (!step_cfi(module, world.view(), frames != 0, context)) return;
        PORTICO_CHECK(context.Rsp > before);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const World world;
    readable_base = world.base();
    std::memset(world.image.get(), 0, image_size);
    const std::size_t header = std::min<std::size_t>(size, 32);
    std::memcpy(world.image.get(), data + header, std::min(size - header, image_size));
    fill_stack(world, data, header);
    const CONTEXT context = start(world, data, header);
    walk_tables(world, context, size > 3 ? data[3] % 64 : 0);
    walk_cfi(world, context);
    return 0;
}
