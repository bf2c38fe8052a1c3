// Device registers in physical memory. What MmMapIoSpace gave for them leads back to the bus; ordinary memory
// is read and written as such.
#include "nt/ddi.h"
#include "nt/mm/mm.h"
#include "sim/bus.h"
#include "wdm.h"

namespace portico::nt::hal {
namespace {

template <class T>
T bus_read(std::uint64_t physical) {
    if constexpr (sizeof(T) == 8) {
        // The simulated bus has 32 data lines.
        const std::uint64_t low = sim::bus.read_memory(physical, 4);
        return static_cast<T>(low | static_cast<std::uint64_t>(sim::bus.read_memory(physical + 4, 4)) << 32);
    } else {
        return static_cast<T>(sim::bus.read_memory(physical, sizeof(T)));
    }
}

template <class T>
void bus_write(std::uint64_t physical, T value) {
    if constexpr (sizeof(T) == 8) {
        sim::bus.write_memory(physical, 4, static_cast<std::uint32_t>(value));
        sim::bus.write_memory(physical + 4, 4, static_cast<std::uint32_t>(value >> 32));
    } else {
        sim::bus.write_memory(physical, sizeof(T), value);
    }
}

template <class T>
T read(volatile T* address) {
    std::uint64_t physical = 0;
    if (mm::translate_io(address, &physical)) return bus_read<T>(physical);
    sim::point(sim::call_cost_ns);
    return *address;
}

template <class T>
void write(volatile T* address, T value) {
    std::uint64_t physical = 0;
    if (mm::translate_io(address, &physical)) return bus_write<T>(physical, value);
    sim::point(sim::call_cost_ns);
    *address = value;
}

// The BUFFER forms go through one register again and again.
template <class T>
void read_buffer(volatile T* address, T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) buffer[i] = read(address);
}

template <class T>
void write_buffer(volatile T* address, const T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) write(address, buffer[i]);
}

}  // namespace
}  // namespace portico::nt::hal

using namespace portico::nt;

extern "C" {

UCHAR NTAPI READ_REGISTER_UCHAR(volatile UCHAR* Register) {
    return hal::read(Register);
}
USHORT NTAPI READ_REGISTER_USHORT(volatile USHORT* Register) {
    return hal::read(Register);
}
ULONG NTAPI READ_REGISTER_ULONG(volatile ULONG* Register) {
    return hal::read(Register);
}
ULONG64 NTAPI READ_REGISTER_ULONG64(volatile ULONG64* Register) {
    return hal::read(Register);
}
VOID NTAPI READ_REGISTER_BUFFER_UCHAR(volatile UCHAR* Register, PUCHAR Buffer, ULONG Count) {
    hal::read_buffer(Register, Buffer, Count);
}
VOID NTAPI READ_REGISTER_BUFFER_USHORT(volatile USHORT* Register, PUSHORT Buffer, ULONG Count) {
    hal::read_buffer(Register, Buffer, Count);
}
VOID NTAPI READ_REGISTER_BUFFER_ULONG(volatile ULONG* Register, PULONG Buffer, ULONG Count) {
    hal::read_buffer(Register, Buffer, Count);
}
VOID NTAPI READ_REGISTER_BUFFER_ULONG64(volatile ULONG64* Register, PULONG64 Buffer, ULONG Count) {
    hal::read_buffer(Register, Buffer, Count);
}
VOID NTAPI WRITE_REGISTER_UCHAR(volatile UCHAR* Register, UCHAR Value) {
    hal::write(Register, Value);
}
VOID NTAPI WRITE_REGISTER_USHORT(volatile USHORT* Register, USHORT Value) {
    hal::write(Register, Value);
}
VOID NTAPI WRITE_REGISTER_ULONG(volatile ULONG* Register, ULONG Value) {
    hal::write(Register, Value);
}
VOID NTAPI WRITE_REGISTER_ULONG64(volatile ULONG64* Register, ULONG64 Value) {
    hal::write(Register, Value);
}
VOID NTAPI WRITE_REGISTER_BUFFER_UCHAR(volatile UCHAR* Register, PUCHAR Buffer, ULONG Count) {
    hal::write_buffer(Register, Buffer, Count);
}
VOID NTAPI WRITE_REGISTER_BUFFER_USHORT(volatile USHORT* Register, PUSHORT Buffer, ULONG Count) {
    hal::write_buffer(Register, Buffer, Count);
}
VOID NTAPI WRITE_REGISTER_BUFFER_ULONG(volatile ULONG* Register, PULONG Buffer, ULONG Count) {
    hal::write_buffer(Register, Buffer, Count);
}
VOID NTAPI WRITE_REGISTER_BUFFER_ULONG64(volatile ULONG64* Register, PULONG64 Buffer, ULONG Count) {
    hal::write_buffer(Register, Buffer, Count);
}

}  // extern "C"

EXPORT(READ_REGISTER_UCHAR, READ_REGISTER_UCHAR);
EXPORT(READ_REGISTER_USHORT, READ_REGISTER_USHORT);
EXPORT(READ_REGISTER_ULONG, READ_REGISTER_ULONG);
EXPORT(READ_REGISTER_ULONG64, READ_REGISTER_ULONG64);
EXPORT(READ_REGISTER_BUFFER_UCHAR, READ_REGISTER_BUFFER_UCHAR);
EXPORT(READ_REGISTER_BUFFER_USHORT, READ_REGISTER_BUFFER_USHORT);
EXPORT(READ_REGISTER_BUFFER_ULONG, READ_REGISTER_BUFFER_ULONG);
EXPORT(READ_REGISTER_BUFFER_ULONG64, READ_REGISTER_BUFFER_ULONG64);
EXPORT(WRITE_REGISTER_UCHAR, WRITE_REGISTER_UCHAR);
EXPORT(WRITE_REGISTER_USHORT, WRITE_REGISTER_USHORT);
EXPORT(WRITE_REGISTER_ULONG, WRITE_REGISTER_ULONG);
EXPORT(WRITE_REGISTER_ULONG64, WRITE_REGISTER_ULONG64);
EXPORT(WRITE_REGISTER_BUFFER_UCHAR, WRITE_REGISTER_BUFFER_UCHAR);
EXPORT(WRITE_REGISTER_BUFFER_USHORT, WRITE_REGISTER_BUFFER_USHORT);
EXPORT(WRITE_REGISTER_BUFFER_ULONG, WRITE_REGISTER_BUFFER_ULONG);
EXPORT(WRITE_REGISTER_BUFFER_ULONG64, WRITE_REGISTER_BUFFER_ULONG64);
