#include "portcls/packet_format.h"

#include <limits>

namespace portico::portcls {
namespace {

bool is_channel_group(PacketFormat format, const std::uint8_t* record) {
    if (format == PacketFormat::midi) return true;
    DMUS_EVENTHEADER header;
    std::memcpy(&header, record, sizeof header);
    return header.dwChannelGroup <= std::numeric_limits<USHORT>::max();
}

}  // namespace

NTSTATUS check_records(PacketFormat format, const ks::StreamRequest& request) {
    for (ULONG i = 0; i < request.packet_count; ++i) {
        const ks::StreamPacket& packet = request.packets[i];
        PacketRecord record;
        for (ULONG offset = 0; take_record(format, packet, offset, record); offset = record.next) {
            if (record.size > packet.header.DataUsed - record.at) return STATUS_INVALID_PARAMETER;
            if (!is_channel_group(format, packet.bytes + offset)) return STATUS_INVALID_PARAMETER;
        }
    }
    return STATUS_SUCCESS;
}

ULONG frame_min(PacketFormat format) {
    constexpr ULONG short_message = 4;
    return format == PacketFormat::midi ? sizeof(KSMUSICFORMAT) + short_message
                                        : DMUS_EVENT_SIZE(short_message);
}

}  // namespace portico::portcls
