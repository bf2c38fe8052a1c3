// What a KS client does with a filter and its pins (docs/spec/clients.md section 1). Every function runs on a
// client's thread inside the machine; results are NTSTATUS.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "client/user_heap.h"
#include "ks.h"
#include "ksmedia.h"
#include "nt/io/file.h"
#include "wdm.h"

namespace portico::client {

// What clients ask for a pin with: Standard/STREAMING, Standard/DEVIO, MUSIC/`sub_format`/NONE.
struct PinRequest {
    explicit PinRequest(ULONG pin_id, const GUID& sub_format = KSDATAFORMAT_SUBTYPE_MIDI);

    KSPIN_CONNECT connect{};
    KSDATAFORMAT format{};
};

// The requests of one client process.
class KsClient {
  public:
    explicit KsClient(KPROCESSOR_MODE mode) : mode_(mode) {}
    void reset(nt::ps::Process* process) { heap_.reset(process); }

    // Opens what an NT path names with the client's own rights, as NtCreateFile does for it.
    NTSTATUS open(std::u16string_view path, ACCESS_MASK access, HANDLE* file);
    // Opens a filter by its symbolic link.
    NTSTATUS open_filter(const std::u16string& path, HANDLE* filter);
    // KsCreatePin with a PinRequest.
    NTSTATUS create_pin(HANDLE filter, ULONG pin_id, HANDLE* pin,
                        const GUID& sub_format = KSDATAFORMAT_SUBTYPE_MIDI);
    // The same with a request laid out by the caller: KSPIN_CONNECT and what follows it.
    NTSTATUS create_pin_raw(HANDLE filter, std::span<const std::uint8_t> connect, HANDLE* pin,
                            ACCESS_MASK access = GENERIC_READ | GENERIC_WRITE);
    // KsCreateClock: a clock of the pin.
    NTSTATUS create_clock(HANDLE pin, HANDLE* clock);
    // What is below a filter or a pin: `kind` is its GUID in braces and a backslash, the request follows.
    NTSTATUS create_below(HANDLE parent, std::u16string_view kind, std::span<const std::uint8_t> request,
                          HANDLE* handle, ACCESS_MASK access = GENERIC_READ | GENERIC_WRITE);
    NTSTATUS close(HANDLE handle);

    NTSTATUS set_state(HANDLE pin, KSSTATE state);
    NTSTATUS get_state(HANDLE pin, KSSTATE* state);
    NTSTATUS pin_property(HANDLE filter, ULONG id, ULONG pin_id, void* value, ULONG size);

    // Sends a request and waits for it. `in` and `out` go through the client's memory.
    NTSTATUS control(HANDLE file, ULONG code, std::span<const std::uint8_t> in, std::span<std::uint8_t> out,
                     std::size_t* returned);
    // A stream packet laid out by the caller, sent with IOCTL_KS_WRITE_STREAM or IOCTL_KS_READ_STREAM and
    // waited for: KSSTREAM_HEADERs whose Data are offsets into `data`. Both come back as the filter left
    // them.
    NTSTATUS stream_packet(HANDLE pin, ULONG code, std::span<std::uint8_t> headers,
                           std::span<std::uint8_t> data, std::size_t* information);
    NTSTATUS cancel(HANDLE file);

    UserHeap& heap() { return heap_; }
    KPROCESSOR_MODE mode() const { return mode_; }
    // Waits until some request of the file has ended.
    NTSTATUS wait_file(HANDLE file, const LARGE_INTEGER* timeout);

  private:
    NTSTATUS create_named(HANDLE root, std::u16string_view name, std::span<const std::uint8_t> rest,
                          ACCESS_MASK access, HANDLE* handle);
    NTSTATUS wait_for_end(HANDLE file, NTSTATUS returned, const IO_STATUS_BLOCK* status);

    KPROCESSOR_MODE mode_;
    UserHeap heap_;
};

// A stream request in the client's memory: status block, header, one record or several.
struct StreamSlot {
    IO_STATUS_BLOCK status;
    alignas(8) KSSTREAM_HEADER header;
    alignas(8) std::uint8_t data[1];  // as many as the cell holds

    static std::size_t size_for(std::size_t data) { return offsetof(StreamSlot, data) + data; }
    bool pending() const { return status.Status == STATUS_PENDING; }
};

// A render pin's stream: many writes under way, ended in order.
class RenderStream {
  public:
    RenderStream(KsClient& client, HANDLE pin) : client_(client), pin_(pin) {}
    ~RenderStream();
    RenderStream(const RenderStream&) = delete;
    RenderStream& operator=(const RenderStream&) = delete;

    // One IRP with one record; `at_100ns` of stream time, negative: now.
    NTSTATUS write(LONGLONG at_100ns, std::span<const std::uint8_t> bytes);

    // Several records in one IRP: begin, add each, send. `at_ms` of the first record is stream time; the
    // others' deltas are whole milliseconds.
    NTSTATUS begin_packet(std::size_t data_limit);
    bool add(LONGLONG at_ms, std::span<const std::uint8_t> bytes);  // false: it does not fit
    NTSTATUS send();
    bool packet_open() const { return slot_ != nullptr; }

    std::size_t outstanding() const { return count_; }
    // Takes back what has ended. The first failure is kept.
    void reap();
    // Waits until at most `most` are under way, `timeout` (relative, 100 ns units) null: for ever.
    NTSTATUS wait_until(std::size_t most, const LARGE_INTEGER* timeout);
    NTSTATUS first_failure() const { return failure_; }

    static constexpr std::size_t outstanding_limit = 256;

  private:
    NTSTATUS submit(StreamSlot* slot, std::size_t cell);
    StreamSlot* make_slot(std::size_t data);

    KsClient& client_;
    HANDLE pin_;
    struct Outstanding {
        StreamSlot* slot;
        std::size_t cell;
    };
    Outstanding ring_[outstanding_limit] = {};
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    NTSTATUS failure_ = STATUS_SUCCESS;

    StreamSlot* slot_ = nullptr;  // the packet being filled
    std::size_t slot_cell_ = 0;
    std::size_t slot_limit_ = 0;
    LONGLONG last_ms_ = 0;
};

// A capture pin's stream: a few reads always posted.
class CaptureStream {
  public:
    CaptureStream(KsClient& client, HANDLE pin) : client_(client), pin_(pin) {}
    ~CaptureStream();
    CaptureStream(const CaptureStream&) = delete;
    CaptureStream& operator=(const CaptureStream&) = delete;

    // Posts reads until `reads` are under way.
    NTSTATUS post();
    // Hands every record that came to take(stamp_ms, bytes) and posts anew. Returns the first failure of a
    // read other than STATUS_CANCELLED.
    template <class Take>
    NTSTATUS harvest(Take&& take) {
        NTSTATUS failure = STATUS_SUCCESS;
        while (count_ != 0 && !ring_[head_ % reads]->pending()) {
            StreamSlot& slot = *ring_[head_ % reads];
            if (NT_SUCCESS(slot.status.Status)) {
                each_record(slot, take);
            } else if (slot.status.Status != STATUS_CANCELLED && NT_SUCCESS(failure)) {
                failure = slot.status.Status;
            }
            client_.heap().free(&slot, cell);
            ++head_;
            --count_;
        }
        return failure;
    }

    static constexpr std::size_t reads = 16;
    static constexpr std::size_t frame = 2056;  // what clients use: a record of up to 2048 bytes

  private:
    static constexpr std::size_t cell = 4096;

    template <class Take>
    static void each_record(const StreamSlot& slot, Take&& take) {
        KSMUSICFORMAT record;
        ULONGLONG stamp_ms = 0;
        for (ULONG at = 0; slot.header.DataUsed - at >= sizeof record;) {
            std::memcpy(&record, slot.data + at, sizeof record);
            at += sizeof record;
            if (record.ByteCount > slot.header.DataUsed - at) return;
            stamp_ms += record.TimeDeltaMs;
            take(stamp_ms, std::span(slot.data + at, record.ByteCount));
            const ULONG padded = (record.ByteCount + 3) & ~3u;
            at = padded > slot.header.DataUsed - at ? slot.header.DataUsed : at + padded;
        }
    }

    KsClient& client_;
    HANDLE pin_;
    StreamSlot* ring_[reads] = {};
    std::size_t head_ = 0;
    std::size_t count_ = 0;
};

}  // namespace portico::client
