#include "portcls/mxf_stream.h"

#include <algorithm>
#include <cstring>

#include "nt/ke/ke.h"
#include "portcls/capture.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {

// Ahead of everything: a miniport that sequences by itself asks for as much as fits its 64 bits (MD-006).
constexpr ULONGLONG prefetch_limit_100ns = 3'155'760'000ULL * 10'000'000;

}  // namespace

MxfStream* MxfStream::create() {
    auto* const stream = make<MxfStream>(NonPagedPool);
    if (stream == nullptr) return nullptr;
    stream->allocator_.adopt(AllocatorMxf::create());
    if (stream->allocator_) return stream;
    unmake(stream);
    return nullptr;
}

NTSTATUS MxfStream::open(PMINIPORTDMUS miniport, ULONG pin_id, DMUS_STREAM_TYPE type, PKSDATAFORMAT format,
                         PMASTERCLOCK clock, PSERVICEGROUP* group) {
    PMXF mxf = nullptr;
    ULONGLONG prefetch = 0;
    NTSTATUS status;
    {
        nt::DriverCall call("IMiniportDMus::NewStream", method_of(miniport, 7));
        status = call.returned(miniport->NewStream(&mxf, nullptr, NonPagedPool, pin_id, type, format, group,
                                                   allocator_.get(), clock, &prefetch));
    }
    if (NT_SUCCESS(status)) return take_new_stream(miniport, mxf, type, prefetch);
    *group = nullptr;  // IU-008
    return status;
}

NTSTATUS MxfStream::take_new_stream(PMINIPORTDMUS miniport, PMXF mxf, DMUS_STREAM_TYPE type,
                                    ULONGLONG prefetch) {
    if (mxf == nullptr) {
        PORTICO_PROBE(contract, "MD-004", miniport,
                      "IMiniportDMus::NewStream succeeded without giving a stream.");
        return STATUS_UNSUCCESSFUL;
    }
    if (!is_given(mxf, "MD-004", miniport,
                  "IMiniportDMus::NewStream succeeded and gave a stream that is no COM object.")) {
        return STATUS_UNSUCCESSFUL;
    }
    mxf_.adopt(mxf);
    prefetch_100ns_ = static_cast<LONGLONG>(std::min(prefetch, prefetch_limit_100ns));
    if (type != DMUS_STREAM_WAVE_SINK) return STATUS_SUCCESS;
    const NTSTATUS status = synth_sink_.query(mxf, IID_ISynthSinkDMus);
    if (!NT_SUCCESS(status)) {
        PORTICO_PROBE(contract, "MD-007", mxf, "A wave sink's stream does not offer ISynthSinkDMus.");
    }
    return status;
}

NTSTATUS MxfStream::connect(Capture& capture) {
    sink_.adopt(CaptureSink::create(capture, *allocator_.get()));
    if (!sink_) return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status;
    {
        nt::DriverCall call("IMXF::ConnectOutput", method_of(mxf_.get(), 5));
        status = call.returned(mxf_->ConnectOutput(sink_.get()));
    }
    if (!NT_SUCCESS(status)) drop_sink();
    return status;
}

void MxfStream::drop_sink() {
    sink_->detach();
    sink_.reset();
}

void MxfStream::destroy() {
    if (sink_) {
        nt::DriverCall call("IMXF::DisconnectOutput", method_of(mxf_.get(), 6));
        call.returned(mxf_->DisconnectOutput(sink_.get()));
    }
    if (sink_) drop_sink();
    synth_sink_.reset();
    mxf_.reset();
    allocator_->close();
    unmake(this);
}

NTSTATUS MxfStream::set_state(KSSTATE next) {
    nt::DriverCall call("IMXF::SetState", method_of(mxf_.get(), 3));
    return call.returned(mxf_->SetState(next));
}

NTSTATUS MxfStream::put(PDMUS_KERNEL_EVENT event) {
    nt::DriverCall call("IMXF::PutMessage", method_of(mxf_.get(), 4));
    return call.returned(mxf_->PutMessage(event));
}

// MX-020, MX-035..MX-040. Without a free event or buffer the stream is busy. An event that PutMessage refuses
// is the miniport's all the same: nobody else can give it back.
NTSTATUS MxfStream::write(const Outgoing& message, ULONG& written) {
    written = 0;
    const bool is_short = message.size <= sizeof(PBYTE);
    const PBYTE buffer = is_short ? nullptr : allocator_->take_buffer();
    if (!is_short && buffer == nullptr) return STATUS_SUCCESS;
    PDMUS_KERNEL_EVENT const event = allocator_->take_event();
    if (event == nullptr) {
        if (!is_short) allocator_->give_back_buffer(buffer);
        return STATUS_SUCCESS;
    }
    const ULONG count = std::min<ULONG>(message.size, is_short ? sizeof(PBYTE) : AllocatorMxf::buffer_size);
    event->cbEvent = static_cast<USHORT>(count);
    event->usChannelGroup = message.channel_group;
    const bool whole = message.whole && count == message.size;
    event->usFlags = whole ? DMUS_KEF_EVENT_COMPLETE : DMUS_KEF_EVENT_INCOMPLETE;
    event->ullPresTime100ns = message.due_100ns;
    event->ullBytePosition = kBytePositionNone;
    if (!is_short) event->uData.pbData = buffer;
    std::memcpy(is_short ? event->uData.abData : buffer, message.bytes, count);
    last_due_100ns_ = std::max(last_due_100ns_, message.due_100ns);
    written = count;
    return put(event);
}

// A miniport that schedules by itself may hold every event until it is due.
bool MxfStream::is_stuck(LONGLONG busy_100ns) {
    const LONGLONG overdue_100ns = nt::ke::exact_time_100ns() - last_due_100ns_;
    if (std::min(busy_100ns, overdue_100ns) <= busy_limit_100ns) return false;
    PORTICO_PROBE(contract, "MX-021", mxf_.get(),
                  "A DirectMusic stream has held every event of its allocator for a second after they were "
                  "due.");
    return true;
}

// DM-003: asks the miniport's input to push what it has.
bool MxfStream::collect(Capture&) {
    put(nullptr);
    return true;
}

}  // namespace portico::portcls
