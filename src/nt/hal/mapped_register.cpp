// The bus is accessed by ordinary calls on the driver's stack, which may be interrupted, and left for another
// thread and come back. What is read is then the operand of a copy of the instruction; what a copy writes is
// written to the bus when it is done. From the end of a call to the copy, and from the copy to the next call,
// nothing of the machine runs: so the copy's memory and `pending` belong to no fiber.
#include "nt/hal/mapped_register.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/hal/instruction_copy.h"
#include "nt/hal/trap_frame.h"
#include "nt/mm/mm.h"
#include "sim/bus.h"

namespace portico::nt::hal {
namespace {

using Form = InstructionCopy::Form;
using BitChange = InstructionCopy::BitChange;

struct Access {
    std::uint64_t rip = 0;
    std::uint64_t physical = 0;
    InstructionCopy what;
};
Access pending;

// The bus has 32 data lines.
unsigned part_of(std::size_t left) {
    return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

void read_bus(std::uint64_t physical, void* data, unsigned width) {
    for (unsigned done = 0; done < width;) {
        const unsigned part = part_of(width - done);
        const std::uint32_t value = sim::bus.read_memory(physical + done, part);
        std::memcpy(static_cast<std::byte*>(data) + done, &value, part);
        done += part;
    }
}

void write_bus(std::uint64_t physical, const void* data, unsigned width) {
    for (unsigned done = 0; done < width;) {
        const unsigned part = part_of(width - done);
        std::uint32_t value = 0;
        std::memcpy(&value, static_cast<const std::byte*>(data) + done, part);
        sim::bus.write_memory(physical + done, part, value);
        done += part;
    }
}

// All of it lies in one mapping.
bool translate(std::uint64_t address, std::size_t width, std::uint64_t* physical) {
    std::uint64_t last = 0;
    return mm::translate_io(reinterpret_cast<const void*>(address), physical) &&
           mm::translate_io(reinterpret_cast<const void*>(address + width - 1), &last) &&
           last == *physical + width - 1;
}

// ---- one operand ----

// The copy has written its memory.
void write_operand(PorticoTrapFrame&) {
    const Access access = pending;
    std::array<std::byte, copy_memory_size> data;
    std::memcpy(data.data(), access.what.memory, access.what.width);
    write_bus(access.physical, data.data(), access.what.width);
}

void read_operand(PorticoTrapFrame& frame) {
    const Access access = pending;
    std::array<std::byte, copy_memory_size> data;
    read_bus(access.physical, data.data(), access.what.width);
    // Another instruction may have taken the copy's place meanwhile.
    const auto* const copy = copy_of(access.rip);
    PORTICO_CHECK(copy != nullptr && copy->code != 0);
    std::memcpy(copy->memory, data.data(), access.what.width);
    frame.return_address = copy->code;
    pending = access;
    on_trap_entry = write_operand;
}

// Intel's manual: the bit's number leads to the operand, which is `physical`, and to the bit in it; CF is the
// bit, and no other flag that is defined changes.
void test_bit(PorticoTrapFrame& frame) {
    const Access access = pending;
    const unsigned width = access.what.width;
    std::uint64_t value = 0;
    read_bus(access.physical, &value, width);
    const std::uint64_t bit = 1ull << (frame.registers[access.what.bit_register] & (width * 8 - 1));
    frame.flags = (frame.flags & ~carry_flag) | ((value & bit) != 0 ? carry_flag : 0);
    if (access.what.change == BitChange::none) return;
    if (access.what.change == BitChange::set) value |= bit;
    if (access.what.change == BitChange::reset) value &= ~bit;
    if (access.what.change == BitChange::complement) value ^= bit;
    write_bus(access.physical, &value, width);
}

// ---- strings ----

bool reads_source(Form form) {
    return form != Form::store_string;
}
bool writes_target(Form form) {
    return form != Form::load_string;
}

// One element, of which at least one side is a mapped register; false: none is.
bool transfer_element(const InstructionCopy& what, PorticoTrapFrame& frame) {
    const std::uint64_t source = frame.registers[rsi];
    const std::uint64_t target = frame.registers[rdi];
    std::uint64_t from = 0, to = 0;
    const bool bus_read = reads_source(what.form) && translate(source, what.width, &from);
    const bool bus_write = writes_target(what.form) && translate(target, what.width, &to);
    if (!bus_read && !bus_write) return false;
    std::uint64_t value = frame.registers[rax];
    if (bus_read) {
        read_bus(from, &value, what.width);
    } else if (reads_source(what.form)) {
        std::memcpy(&value, reinterpret_cast<const void*>(source), what.width);
    }
    if (bus_write) {
        write_bus(to, &value, what.width);
    } else if (writes_target(what.form)) {
        std::memcpy(reinterpret_cast<void*>(target), &value, what.width);
    } else {
        store(frame.registers[rax], value, what.width);
    }
    return true;
}

void transfer_string(PorticoTrapFrame& frame) {
    const Access access = pending;
    const auto& what = access.what;
    const std::uint64_t step = (frame.flags & direction_flag) != 0 ? -std::uint64_t{what.width} : what.width;
    for (std::uint64_t left = what.repeated ? frame.registers[rcx] : 1; left != 0; --left) {
        if (!transfer_element(what, frame)) {
            // The processor goes on with the rest by itself.
            frame.return_address = access.rip;
            return;
        }
        if (reads_source(what.form)) frame.registers[rsi] += step;
        if (writes_target(what.form)) frame.registers[rdi] += step;
        if (what.repeated) frame.registers[rcx] = left - 1;
    }
}

bool begin_string(gregset_t& registers, const InstructionCopy& what) {
    std::uint64_t physical = 0;
    const bool any = (reads_source(what.form) &&
                      translate(static_cast<std::uint64_t>(registers[REG_RSI]), what.width, &physical)) ||
                     (writes_target(what.form) &&
                      translate(static_cast<std::uint64_t>(registers[REG_RDI]), what.width, &physical));
    if (any) enter_from(registers, pending.rip + what.length, transfer_string);
    return any;
}

}  // namespace

bool begin_register_access(gregset_t& registers, std::uint64_t address) {
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const auto* const found = copy_of(rip);
    if (found == nullptr || found->form == Form::other) return false;
    const InstructionCopy& what = *found;
    pending = {rip, 0, what};
    if (what.form == Form::move_string || what.form == Form::store_string || what.form == Form::load_string)
        return begin_string(registers, what);
    if (!translate(address, what.width, &pending.physical)) return false;
    if (what.form == Form::bit) {
        enter_from(registers, rip + what.length, test_bit);
        return true;
    }
    if (what.code == 0) return false;
    if (what.reads) {
        enter_from(registers, rip + what.length, read_operand);
    } else {
        registers[REG_RIP] = static_cast<greg_t>(what.code);
        on_trap_entry = write_operand;
    }
    return true;
}

// ---- functions ----

bool move_on_bus(void* to, const void* from, std::size_t size) {
    std::uint64_t source = 0, target = 0;
    const bool read = mm::in_io_range(from), write = mm::in_io_range(to);
    if (size == 0) return true;
    if (read && !translate(reinterpret_cast<std::uint64_t>(from), size, &source)) return false;
    if (write && !translate(reinterpret_cast<std::uint64_t>(to), size, &target)) return false;
    for (std::size_t done = 0; done < size;) {
        const unsigned part = part_of(size - done);
        std::uint32_t value = 0;
        if (read)
            read_bus(source + done, &value, part);
        else
            std::memcpy(&value, static_cast<const std::byte*>(from) + done, part);
        if (write)
            write_bus(target + done, &value, part);
        else
            std::memcpy(static_cast<std::byte*>(to) + done, &value, part);
        done += part;
    }
    return true;
}

bool fill_on_bus(void* to, std::uint8_t value, std::size_t size) {
    std::uint64_t target = 0;
    if (size == 0) return true;
    if (!translate(reinterpret_cast<std::uint64_t>(to), size, &target)) return false;
    const std::uint32_t pattern = value * 0x01010101u;
    for (std::size_t done = 0; done < size;) {
        const unsigned part = part_of(size - done);
        write_bus(target + done, &pattern, part);
        done += part;
    }
    return true;
}

}  // namespace portico::nt::hal
