#include "nt/io/error_log.h"

#include <algorithm>
#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"

namespace portico::nt::io {
namespace {

// What lies before the packet that a driver fills in.
struct EntryHeader {
    void* object;  // referenced
    ULONG size;
    ULONG reserved;
};

struct Log {
    std::array<ErrorLogRecord, error_log_limit> records;
    unsigned count = 0;
    std::uint64_t dropped = 0;
};
Log log_of_system;

EntryHeader* header_of(void* entry) {
    return static_cast<EntryHeader*>(entry) - 1;
}

void* allocate(void* object, UCHAR size) {
    if (object == nullptr || size < sizeof(IO_ERROR_LOG_PACKET) || size > ERROR_LOG_MAXIMUM_SIZE)
        return nullptr;
    const auto pool = static_cast<POOL_TYPE>(NonPagedPool | POOL_ZERO_ALLOCATION);
    auto* const header =
        static_cast<EntryHeader*>(ex::allocate_internal(pool, sizeof(EntryHeader) + size, 'rEoI'));
    if (header == nullptr) return nullptr;
    ob::reference(object);
    header->object = object;
    header->size = size;
    return header + 1;
}

void free(void* entry) {
    EntryHeader* const header = header_of(entry);
    void* const object = header->object;
    ex::free(header, 0);
    ob::dereference(object);
}

void copy_source(ErrorLogRecord& record, void* object) {
    WCHAR name[sizeof record.source] = {};
    ULONG needed = 0;
    if (ob::type_of(object) == &device_type) object = static_cast<PDEVICE_OBJECT>(object)->DriverObject;
    if (!NT_SUCCESS(ob::query_name(object, name, sizeof name - sizeof(WCHAR), &needed))) return;
    for (std::size_t i = 0; i + 1 < sizeof record.source; ++i) record.source[i] = static_cast<char>(name[i]);
}

void copy_strings(ErrorLogRecord& record, const EntryHeader& header, const IO_ERROR_LOG_PACKET& packet) {
    if (packet.NumberOfStrings == 0 || packet.StringOffset >= header.size) return;
    const std::size_t bytes =
        std::min<std::size_t>(header.size - packet.StringOffset, sizeof record.strings - sizeof(WCHAR));
    std::memcpy(record.strings, reinterpret_cast<const char*>(&packet) + packet.StringOffset, bytes);
}

void write(void* entry) {
    const EntryHeader& header = *header_of(entry);
    const auto& packet = *static_cast<const IO_ERROR_LOG_PACKET*>(entry);
    if (log_of_system.count == error_log_limit) {
        ++log_of_system.dropped;
        return;
    }
    ErrorLogRecord& record = log_of_system.records[log_of_system.count++];
    record = ErrorLogRecord{};
    record.at_ns = sim::this_processor->at_ns;
    record.code = packet.ErrorCode;
    record.final_status = packet.FinalStatus;
    record.unique_value = packet.UniqueErrorValue;
    record.major_function = packet.MajorFunctionCode;
    record.dump_size = std::min<ULONG>(packet.DumpDataSize, static_cast<ULONG>(record.dump.size()));
    std::memcpy(record.dump.data(), packet.DumpData, record.dump_size);
    copy_source(record, header.object);
    copy_strings(record, header, packet);
}

}  // namespace

unsigned error_log_count() {
    return log_of_system.count;
}
const ErrorLogRecord& error_log_at(unsigned index) {
    return log_of_system.records[index];
}
std::uint64_t error_log_dropped() {
    return log_of_system.dropped;
}

void reset_error_log() {
    log_of_system.count = 0;
    log_of_system.dropped = 0;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize) {
    DDI(IoAllocateErrorLogEntry, DISPATCH_LEVEL);
    return io::allocate(IoObject, EntrySize);
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry) {
    DDI(IoWriteErrorLogEntry, DISPATCH_LEVEL);
    io::write(ElEntry);
    io::free(ElEntry);
}

VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry) {
    DDI(IoFreeErrorLogEntry, DISPATCH_LEVEL);
    io::free(ElEntry);
}

}  // extern "C"
