#include "ks/stream_request.h"

#include <iterator>

#include "ks/user_memory.h"
#include "nt/ex/pool.h"
#include "nt/io/cells.h"

namespace portico::ks {
namespace {

constexpr ULONG tag = 0x7172534b;  // 'KSrq' in memory
constexpr ULONG header_size = sizeof(KSSTREAM_HEADER);
// Miniports may read a message as whole words past its end (MS-051).
constexpr ULONG read_past = 8;

// A message or a frame comes in a request of these sizes: no allocation for each.
constexpr std::size_t cell_sizes[] = {256, 2560};
constexpr std::uint8_t pool_cell = std::size(cell_sizes);
nt::io::Cells cells[] = {{cell_sizes[0], 16}, {cell_sizes[1], 8}};

struct Headers {
    std::uint8_t* at;
    ULONG length;
};

Headers headers_of(PIRP irp) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    if (ioctl.OutputBufferLength != 0)
        return {static_cast<std::uint8_t*>(irp->UserBuffer), ioctl.OutputBufferLength};
    return {static_cast<std::uint8_t*>(ioctl.Type3InputBuffer), ioctl.InputBufferLength};
}

bool time_is_valid(const KSSTREAM_HEADER& header) {
    return header.PresentationTime.Numerator != 0 && header.PresentationTime.Denominator != 0;
}

// Walks the headers by their own Size, giving each copy to `each`.
template <class Each>
NTSTATUS walk(PIRP irp, const Headers& headers, Each&& each) {
    const KPROCESSOR_MODE mode = irp->RequestorMode;
    if (headers.length < header_size) return STATUS_BUFFER_TOO_SMALL;
    ULONG count = 0;
    for (ULONG offset = 0; offset < headers.length;) {
        KSSTREAM_HEADER header;
        if (headers.length - offset < header_size) return STATUS_INVALID_BUFFER_SIZE;
        if (++count > stream_header_limit) return STATUS_INVALID_BUFFER_SIZE;
        NTSTATUS status = copy_in(mode, &header, headers.at + offset, header_size, alignof(KSSTREAM_HEADER));
        if (!NT_SUCCESS(status)) return status;
        if (header.Size < header_size || header.Size % alignof(KSSTREAM_HEADER) != 0 ||
            header.Size > headers.length - offset) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        if (!time_is_valid(header)) return STATUS_INVALID_PARAMETER;
        status = each(header, reinterpret_cast<PKSSTREAM_HEADER>(headers.at + offset));
        if (!NT_SUCCESS(status)) return status;
        offset += header.Size;
    }
    return STATUS_SUCCESS;
}

struct Totals {
    ULONG packets = 0;
    ULONG data = 0;
};

NTSTATUS measure_write(PIRP irp, const Headers& headers, Totals& totals) {
    return walk(irp, headers, [&](const KSSTREAM_HEADER& header, PKSSTREAM_HEADER) {
        if (header.DataUsed > header.FrameExtent) return STATUS_INVALID_BUFFER_SIZE;
        if (!accessible(irp->RequestorMode, header.Data, header.DataUsed, irp))
            return STATUS_ACCESS_VIOLATION;
        if (header.DataUsed > stream_data_limit - totals.data) return STATUS_INVALID_BUFFER_SIZE;
        ++totals.packets;
        totals.data += header.DataUsed;
        return STATUS_SUCCESS;
    });
}

StreamRequest* create(PIRP irp, const Totals& totals) {
    const std::size_t size =
        sizeof(StreamRequest) + totals.packets * sizeof(StreamPacket) + totals.data + read_past;
    std::uint8_t kind = 0;
    // A free cell's last eight bytes are the cells' own (nt/io/cells.h); a used one is the user's whole.
    while (kind != pool_cell && size > cell_sizes[kind]) ++kind;
    void* memory = kind == pool_cell ? nullptr : cells[kind].take();
    if (memory == nullptr) {
        kind = pool_cell;
        memory = nt::ex::allocate_internal(NonPagedPool, size, tag);
    }
    if (memory == nullptr) return nullptr;
    auto* const request = static_cast<StreamRequest*>(memory);
    *request = StreamRequest{};
    request->irp = irp;
    request->cell_kind = kind;
    request->packets = reinterpret_cast<StreamPacket*>(request + 1);
    return request;
}

}  // namespace

NTSTATUS StreamRequest::begin_write(PIRP irp, StreamRequest** out) {
    *out = nullptr;
    const Headers headers = headers_of(irp);
    Totals totals;
    NTSTATUS status = measure_write(irp, headers, totals);
    if (!NT_SUCCESS(status)) return status;
    StreamRequest* const request = create(irp, totals);
    if (request == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    auto* data = reinterpret_cast<std::uint8_t*>(request->packets + totals.packets);
    // The second walk reads the headers again; what changed in between is refused, never trusted.
    status = walk(irp, headers, [&](const KSSTREAM_HEADER& header, PKSSTREAM_HEADER user) {
        if (request->packet_count == totals.packets || header.DataUsed > totals.data - request->data_total) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const NTSTATUS copied = copy_in(irp->RequestorMode, data, header.Data, header.DataUsed);
        request->packets[request->packet_count++] = {header, user, data};
        data += header.DataUsed;
        request->data_total += header.DataUsed;
        return copied;
    });
    if (!NT_SUCCESS(status)) {
        release(request);
        return status;
    }
    *out = request;
    return STATUS_SUCCESS;
}

NTSTATUS StreamRequest::begin_read(PIRP irp, ULONG frame_min, StreamRequest** out) {
    *out = nullptr;
    const Headers headers = headers_of(irp);
    Totals totals;
    NTSTATUS status = walk(irp, headers, [&](const KSSTREAM_HEADER& header, PKSSTREAM_HEADER) {
        if (header.FrameExtent < frame_min) return STATUS_BUFFER_TOO_SMALL;
        ++totals.packets;
        return accessible(irp->RequestorMode, header.Data, header.FrameExtent, irp) ? STATUS_SUCCESS
                                                                                    : STATUS_ACCESS_VIOLATION;
    });
    if (!NT_SUCCESS(status)) return status;
    StreamRequest* const request = create(irp, totals);
    if (request == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    status = walk(irp, headers, [&](const KSSTREAM_HEADER& header, PKSSTREAM_HEADER user) {
        const bool same = request->packet_count < totals.packets && header.FrameExtent >= frame_min &&
                          accessible(irp->RequestorMode, header.Data, header.FrameExtent, irp);
        if (!same) return STATUS_INVALID_BUFFER_SIZE;
        request->packets[request->packet_count++] = {header, user, nullptr};
        user->DataUsed = 0;
        return STATUS_SUCCESS;
    });
    if (!NT_SUCCESS(status)) {
        release(request);
        return status;
    }
    *out = request;
    return STATUS_SUCCESS;
}

void StreamRequest::release(StreamRequest* request) {
    if (request->cell_kind == pool_cell) {
        nt::ex::free(request, tag);
    } else {
        cells[request->cell_kind].give(request);
    }
}

void reset_stream_requests() {
    for (nt::io::Cells& kind : cells) kind.reset();
}

}  // namespace portico::ks
