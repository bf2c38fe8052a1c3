// A stream IRP (IOCTL_KS_WRITE_STREAM, IOCTL_KS_READ_STREAM) taken apart: its headers, and for writing its
// data, copied out of the caller's memory once.
#pragma once

#include <cstdint>

#include "wdm.h"
#include "ks.h"

namespace portico::ks {

// Bounds of one IRP (docs/limits.md). Beyond them: STATUS_INVALID_BUFFER_SIZE.
constexpr ULONG stream_header_limit = 1024;
constexpr ULONG stream_data_limit = 16u << 20;

struct StreamPacket {
    KSSTREAM_HEADER header;     // a copy
    PKSSTREAM_HEADER user;      // where the caller keeps it
    const std::uint8_t* bytes;  // writing: DataUsed bytes, a copy
};

class StreamQueue;

// How far an IRP's cancelling has come: not begun, or its routine came when the request was in use and left
// its end to the user, or the request left its queue when the routine was on its way and will end it.
enum class RequestCancel : std::uint8_t { none, seen, left_to_routine };

// Lives in non-paged memory from begin_*() to release(); linked into a pin's queue.
struct StreamRequest {
    LIST_ENTRY link;
    PIRP irp;
    StreamQueue* queue;
    StreamPacket* packets;
    ULONG packet_count;
    ULONG data_total;     // sum of DataUsed
    NTSTATUS end_status;  // not STATUS_SUCCESS: it is to end with this and nothing more is done for it
    bool after_gap;       // one in front of it was cancelled unread: its data go on with nothing
    RequestCancel cancel;
    std::uint8_t cell_kind;  // where its memory came from

    // Checks and copies a write IRP's headers and data (SP-002..SP-006). The header may come in the output
    // buffer, as KS clients send it, or in the input buffer.
    static NTSTATUS begin_write(PIRP irp, StreamRequest** out);
    // The same for a read IRP: every header's data buffer must be the caller's and hold `frame_min` bytes at
    // least. Sets every header's DataUsed to 0 (ST-008).
    static NTSTATUS begin_read(PIRP irp, ULONG frame_min, StreamRequest** out);
    static void release(StreamRequest* request);

    static StreamRequest* of(PLIST_ENTRY entry) { return CONTAINING_RECORD(entry, StreamRequest, link); }
};

// As after power-on.
void reset_stream_requests();

}  // namespace portico::ks
