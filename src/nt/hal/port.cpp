// Ports. Callable at any IRQL and no DDI points of their own: the bus counts the time and traces each access.
#include "nt/ddi.h"
#include "nt/hal/hal.h"
#include "nt/probes.h"
#include "sim/bus.h"
#include "wdm.h"

namespace portico::nt::hal {
namespace {

void report_unclaimed(std::uint64_t address, bool is_port, bool is_write) {
    PORTICO_PROBE(unclaimed_access, address, is_port, is_write);
}

// A driver's port is a pointer whose value is the number; x86 has 16 bits of them.
template <class T>
std::uint32_t number(const T* port) {
    return static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(port));
}

template <class T>
T read(const T* port) {
    return static_cast<T>(sim::bus.read_port(number(port), sizeof(T)));
}

template <class T>
void write(const T* port, T value) {
    sim::bus.write_port(number(port), sizeof(T), value);
}

template <class T>
void read_buffer(const T* port, T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) buffer[i] = read(port);
}

template <class T>
void write_buffer(const T* port, const T* buffer, ULONG count) {
    for (ULONG i = 0; i < count; ++i) write(port, buffer[i]);
}

}  // namespace

void reset() {
    sim::bus.unclaimed = report_unclaimed;
}

}  // namespace portico::nt::hal

using namespace portico::nt;

extern "C" {

UCHAR NTAPI READ_PORT_UCHAR(PUCHAR Port) {
    return hal::read(Port);
}
USHORT NTAPI READ_PORT_USHORT(PUSHORT Port) {
    return hal::read(Port);
}
ULONG NTAPI READ_PORT_ULONG(PULONG Port) {
    return hal::read(Port);
}
VOID NTAPI READ_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count) {
    hal::read_buffer(Port, Buffer, Count);
}
VOID NTAPI READ_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count) {
    hal::read_buffer(Port, Buffer, Count);
}
VOID NTAPI READ_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count) {
    hal::read_buffer(Port, Buffer, Count);
}
VOID NTAPI WRITE_PORT_UCHAR(PUCHAR Port, UCHAR Value) {
    hal::write(Port, Value);
}
VOID NTAPI WRITE_PORT_USHORT(PUSHORT Port, USHORT Value) {
    hal::write(Port, Value);
}
VOID NTAPI WRITE_PORT_ULONG(PULONG Port, ULONG Value) {
    hal::write(Port, Value);
}
VOID NTAPI WRITE_PORT_BUFFER_UCHAR(PUCHAR Port, PUCHAR Buffer, ULONG Count) {
    hal::write_buffer(Port, Buffer, Count);
}
VOID NTAPI WRITE_PORT_BUFFER_USHORT(PUSHORT Port, PUSHORT Buffer, ULONG Count) {
    hal::write_buffer(Port, Buffer, Count);
}
VOID NTAPI WRITE_PORT_BUFFER_ULONG(PULONG Port, PULONG Buffer, ULONG Count) {
    hal::write_buffer(Port, Buffer, Count);
}

}  // extern "C"

EXPORT(READ_PORT_UCHAR, READ_PORT_UCHAR);
EXPORT(READ_PORT_USHORT, READ_PORT_USHORT);
EXPORT(READ_PORT_ULONG, READ_PORT_ULONG);
EXPORT(READ_PORT_BUFFER_UCHAR, READ_PORT_BUFFER_UCHAR);
EXPORT(READ_PORT_BUFFER_USHORT, READ_PORT_BUFFER_USHORT);
EXPORT(READ_PORT_BUFFER_ULONG, READ_PORT_BUFFER_ULONG);
EXPORT(WRITE_PORT_UCHAR, WRITE_PORT_UCHAR);
EXPORT(WRITE_PORT_USHORT, WRITE_PORT_USHORT);
EXPORT(WRITE_PORT_ULONG, WRITE_PORT_ULONG);
EXPORT(WRITE_PORT_BUFFER_UCHAR, WRITE_PORT_BUFFER_UCHAR);
EXPORT(WRITE_PORT_BUFFER_USHORT, WRITE_PORT_BUFFER_USHORT);
EXPORT(WRITE_PORT_BUFFER_ULONG, WRITE_PORT_BUFFER_ULONG);
