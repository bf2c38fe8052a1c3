// The two kinds of packets that a stream of messages comes in: KSMUSICFORMAT records (SP-010..SP-014), and
// DMUS_EVENTHEADER records on DirectMusic pins (SP-019).
#pragma once

#include <cstring>

#include "dmusbuff.h"
#include "ks/stream_request.h"
#include "ksmedia.h"

namespace portico::portcls {

enum class PacketFormat : std::uint8_t {
    midi,
    direct_music,
    wave,  // a wave sink's, which has no messages (MD-007)
};

// The channel group of what comes without one. Group 0 means all of them.
constexpr USHORT default_channel_group = 1;

constexpr ULONG header_size(PacketFormat format) {
    return format == PacketFormat::midi ? sizeof(KSMUSICFORMAT) : sizeof(DMUS_EVENTHEADER);
}

struct PacketRecord {
    LONGLONG delta_100ns;  // midi: from the record before; direct_music: from the packet's time
    ULONG at;              // of its bytes, from the packet's start
    ULONG size;            // of its bytes
    ULONG next;            // where the record behind it starts; may be past the packet's end
    USHORT channel_group;
};

inline PacketRecord music_record(const std::uint8_t* bytes, ULONG offset) {
    KSMUSICFORMAT header;
    std::memcpy(&header, bytes + offset, sizeof header);
    const ULONG at = offset + static_cast<ULONG>(sizeof header);
    return {static_cast<LONGLONG>(header.TimeDeltaMs) * 10'000, at, header.ByteCount,
            at + ((header.ByteCount + 3) & ~3u), default_channel_group};
}

inline PacketRecord direct_music_record(const std::uint8_t* bytes, ULONG offset) {
    DMUS_EVENTHEADER header;
    std::memcpy(&header, bytes + offset, sizeof header);
    return {header.rtDelta, offset + static_cast<ULONG>(sizeof header), header.cbEvent,
            offset + static_cast<ULONG>(DMUS_EVENT_SIZE(header.cbEvent)),
            static_cast<USHORT>(header.dwChannelGroup)};
}

// The record at `offset` of a packet that was checked. False at the packet's end: less than a header is
// padding (SP-014).
inline bool take_record(PacketFormat format, const ks::StreamPacket& packet, ULONG offset,
                        PacketRecord& record) {
    const ULONG used = packet.header.DataUsed;
    if (offset > used || used - offset < header_size(format)) return false;
    record = format == PacketFormat::midi ? music_record(packet.bytes, offset)
                                          : direct_music_record(packet.bytes, offset);
    return true;
}

// STATUS_INVALID_PARAMETER when a record's bytes do not lie inside its packet, or its channel group is none.
NTSTATUS check_records(PacketFormat format, const ks::StreamRequest& request);

// The least data buffer of a read: a record with one short message.
ULONG frame_min(PacketFormat format);

}  // namespace portico::portcls
