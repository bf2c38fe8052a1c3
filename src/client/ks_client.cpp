#include "client/ks_client.h"

#include <algorithm>
#include <cstring>

#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

namespace portico::client {
namespace {

constexpr std::u16string_view pin_kind = u"{146F1A80-4791-11D0-A5D6-28DB04C10000}\\";
constexpr std::u16string_view clock_kind = u"{53172480-4791-11D0-A5D6-28DB04C10000}\\";
constexpr ACCESS_MASK read_write = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;

template <class T>
std::span<const std::uint8_t> bytes_of(const T& value) {
    return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

template <class T>
std::span<std::uint8_t> bytes_of(T& value) {
    return {reinterpret_cast<std::uint8_t*>(&value), sizeof value};
}

// Offsets in the headers become addresses, as far as the headers' sizes lead.
void place_data(std::span<std::uint8_t> headers, std::uint8_t* bytes) {
    for (std::size_t at = 0; headers.size() - at >= sizeof(KSSTREAM_HEADER);) {
        KSSTREAM_HEADER header;
        std::memcpy(&header, headers.data() + at, sizeof header);
        header.Data = bytes + reinterpret_cast<std::uintptr_t>(header.Data);
        std::memcpy(headers.data() + at, &header, sizeof header);
        if (header.Size < sizeof header || header.Size > headers.size() - at) return;
        at += header.Size;
    }
}

}  // namespace

NTSTATUS KsClient::open_filter(const std::u16string& path, HANDLE* filter) {
    const auto length = static_cast<USHORT>(path.size() * sizeof(char16_t));
    const UNICODE_STRING name{length, length, const_cast<PWCH>(path.data())};
    return nt::io::open_file(name, read_write, false, KernelMode, filter);
}

NTSTATUS KsClient::create_named(HANDLE root, std::u16string_view name, std::span<const std::uint8_t> rest,
                                ACCESS_MASK access, HANDLE* handle) {
    const std::size_t name_bytes = name.size() * sizeof(char16_t);
    const std::size_t length = name_bytes + rest.size();
    if (length > 0xfffe) return STATUS_INVALID_BUFFER_SIZE;
    const std::size_t total = length + sizeof(UNICODE_STRING) + sizeof(OBJECT_ATTRIBUTES);
    auto* const memory = static_cast<std::uint8_t*>(heap_.allocate(total));
    if (memory == nullptr) return STATUS_NO_MEMORY;
    auto* const text = reinterpret_cast<PUNICODE_STRING>(memory);
    auto* const attributes = reinterpret_cast<POBJECT_ATTRIBUTES>(text + 1);
    auto* const buffer = reinterpret_cast<std::uint8_t*>(attributes + 1);
    std::memcpy(buffer, name.data(), name_bytes);
    if (!rest.empty()) std::memcpy(buffer + name_bytes, rest.data(), rest.size());
    *text = {static_cast<USHORT>(length), static_cast<USHORT>(length), reinterpret_cast<PWCH>(buffer)};
    *attributes = OBJECT_ATTRIBUTES{};
    attributes->Length = sizeof *attributes;
    attributes->RootDirectory = root;
    attributes->ObjectName = text;
    attributes->Attributes = OBJ_CASE_INSENSITIVE;
    nt::io::OpenRequest open;
    open.attributes = attributes;
    open.access = access | SYNCHRONIZE;
    open.mode = mode_;
    IO_STATUS_BLOCK status{};
    const NTSTATUS result = nt::io::create_file(open, handle, &status);
    heap_.free(memory, total);
    return result;
}

NTSTATUS KsClient::open(std::u16string_view path, ACCESS_MASK access, HANDLE* file) {
    return create_named(nullptr, path, {}, access, file);
}

NTSTATUS KsClient::create_below(HANDLE parent, std::u16string_view kind,
                                std::span<const std::uint8_t> request, HANDLE* handle, ACCESS_MASK access) {
    return create_named(parent, kind, request, access, handle);
}

NTSTATUS KsClient::create_pin_raw(HANDLE filter, std::span<const std::uint8_t> connect, HANDLE* pin,
                                  ACCESS_MASK access) {
    return create_below(filter, pin_kind, connect, pin, access);
}

NTSTATUS KsClient::create_clock(HANDLE pin, HANDLE* clock) {
    return create_below(pin, clock_kind, bytes_of(KSCLOCK_CREATE{}), clock);
}

PinRequest::PinRequest(ULONG pin_id, const GUID& sub_format) {
    connect.Interface.Set = KSINTERFACESETID_Standard;
    connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
    connect.Medium.Set = KSMEDIUMSETID_Standard;
    connect.Medium.Id = KSMEDIUM_TYPE_ANYINSTANCE;
    connect.PinId = pin_id;
    connect.Priority = {KSPRIORITY_NORMAL, KSPRIORITY_NORMAL};
    format.FormatSize = sizeof(KSDATAFORMAT);
    format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    format.SubFormat = sub_format;
    format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
}

NTSTATUS KsClient::create_pin(HANDLE filter, ULONG pin_id, HANDLE* pin, const GUID& sub_format) {
    return create_pin_raw(filter, bytes_of(PinRequest(pin_id, sub_format)), pin);
}

NTSTATUS KsClient::close(HANDLE handle) {
    return nt::ob::close(handle, mode_);
}

NTSTATUS KsClient::control(HANDLE file, ULONG code, std::span<const std::uint8_t> in,
                           std::span<std::uint8_t> out, std::size_t* returned) {
    const std::size_t in_size = (in.size() + 15) & ~std::size_t{15};
    const std::size_t total = 64 + in_size + out.size();
    auto* const memory = static_cast<std::uint8_t*>(heap_.allocate(total));
    if (memory == nullptr) return STATUS_NO_MEMORY;
    auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
    std::uint8_t* const input = memory + 64;
    std::uint8_t* const output = input + in_size;
    if (!in.empty()) std::memcpy(input, in.data(), in.size());
    if (!out.empty()) std::memcpy(output, out.data(), out.size());
    *status = {};
    status->Status = STATUS_PENDING;
    NTSTATUS result = nt::io::device_io_control(file, {}, code, in.empty() ? nullptr : input,
                                                static_cast<ULONG>(in.size()), out.empty() ? nullptr : output,
                                                static_cast<ULONG>(out.size()), status, mode_);
    result = wait_for_end(file, result, status);
    if (returned != nullptr) *returned = status->Information;
    if (!out.empty()) std::memcpy(out.data(), output, out.size());
    heap_.free(memory, total);
    return result;
}

NTSTATUS KsClient::set_state(HANDLE pin, KSSTATE state) {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_SET;
    return control(pin, IOCTL_KS_PROPERTY, bytes_of(property), bytes_of(state), nullptr);
}

NTSTATUS KsClient::get_state(HANDLE pin, KSSTATE* state) {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_GET;
    return control(pin, IOCTL_KS_PROPERTY, bytes_of(property), bytes_of(*state), nullptr);
}

NTSTATUS KsClient::pin_property(HANDLE filter, ULONG id, ULONG pin_id, void* value, ULONG size) {
    KSP_PIN property{};
    property.Property.Set = KSPROPSETID_Pin;
    property.Property.Id = id;
    property.Property.Flags = KSPROPERTY_TYPE_GET;
    property.PinId = pin_id;
    return control(filter, IOCTL_KS_PROPERTY, bytes_of(property), {static_cast<std::uint8_t*>(value), size},
                   nullptr);
}

NTSTATUS KsClient::stream_packet(HANDLE pin, ULONG code, std::span<std::uint8_t> headers,
                                 std::span<std::uint8_t> data, std::size_t* information) {
    const std::size_t headers_size = (headers.size() + 63) & ~std::size_t{63};
    const std::size_t total = 64 + headers_size + data.size();
    auto* const memory = static_cast<std::uint8_t*>(heap_.allocate(total));
    if (memory == nullptr) return STATUS_NO_MEMORY;
    auto* const status = reinterpret_cast<PIO_STATUS_BLOCK>(memory);
    std::uint8_t* const placed = memory + 64;
    std::uint8_t* const bytes = placed + headers_size;
    if (!headers.empty()) std::memcpy(placed, headers.data(), headers.size());
    if (!data.empty()) std::memcpy(bytes, data.data(), data.size());
    place_data({placed, headers.size()}, bytes);
    *status = {};
    status->Status = STATUS_PENDING;
    NTSTATUS result = nt::io::device_io_control(pin, {}, code, nullptr, 0, headers.empty() ? nullptr : placed,
                                                static_cast<ULONG>(headers.size()), status, mode_);
    result = wait_for_end(pin, result, status);
    if (information != nullptr) *information = status->Information;
    if (!headers.empty()) std::memcpy(headers.data(), placed, headers.size());
    if (!data.empty()) std::memcpy(data.data(), bytes, data.size());
    heap_.free(memory, total);
    return result;
}

NTSTATUS KsClient::wait_for_end(HANDLE file, NTSTATUS returned, const IO_STATUS_BLOCK* status) {
    if (returned != STATUS_PENDING) return returned;
    while (status->Status == STATUS_PENDING) wait_file(file, nullptr);
    return status->Status;
}

NTSTATUS KsClient::cancel(HANDLE file) {
    return nt::io::cancel_file_io(file, true, nullptr, mode_);
}

NTSTATUS KsClient::wait_file(HANDLE file, const LARGE_INTEGER* timeout) {
    void* body = nullptr;
    const NTSTATUS status = nt::ob::reference_handle(file, 0, &nt::io::file_type, mode_, &body);
    if (!NT_SUCCESS(status)) return status;
    PRKEVENT const event = &static_cast<PFILE_OBJECT>(body)->Event;
    const NTSTATUS result = nt::ke::wait(event, KernelMode, false, timeout);
    // The event stays signalled for a request that ended before: the next wait is for the next one.
    if (result == STATUS_WAIT_0) nt::ke::reset_event(event);
    nt::ob::dereference(body);
    return result;
}

// ---- rendering ----

RenderStream::~RenderStream() {
    if (slot_ != nullptr) client_.heap().free(slot_, slot_cell_);
    reap();
}

StreamSlot* RenderStream::make_slot(std::size_t data) {
    auto* const slot = static_cast<StreamSlot*>(client_.heap().allocate(StreamSlot::size_for(data)));
    if (slot == nullptr) return nullptr;
    slot->header = KSSTREAM_HEADER{};
    slot->header.Size = sizeof(KSSTREAM_HEADER);
    slot->header.PresentationTime = {0, 1, 1};
    slot->header.Data = slot->data;
    return slot;
}

NTSTATUS RenderStream::submit(StreamSlot* slot, std::size_t cell) {
    if (count_ == outstanding_limit) {
        const NTSTATUS status = wait_until(outstanding_limit / 2, nullptr);
        if (!NT_SUCCESS(status)) return status;
    }
    slot->header.FrameExtent = slot->header.DataUsed;
    slot->status.Status = STATUS_PENDING;
    const NTSTATUS status =
        nt::io::device_io_control(pin_, {}, IOCTL_KS_WRITE_STREAM, nullptr, 0, &slot->header,
                                  sizeof slot->header, &slot->status, client_.mode());
    if (status == STATUS_PENDING || NT_SUCCESS(status)) {
        ring_[(head_ + count_++) % outstanding_limit] = {slot, cell};
        if (count_ > 1 && !ring_[head_ % outstanding_limit].slot->pending()) reap();
        return status;
    }
    client_.heap().free(slot, cell);
    return status;
}

NTSTATUS RenderStream::write(LONGLONG at_100ns, std::span<const std::uint8_t> bytes) {
    const std::size_t padded = (sizeof(KSMUSICFORMAT) + bytes.size() + 3) & ~std::size_t{3};
    StreamSlot* const slot = make_slot(padded);
    if (slot == nullptr) return STATUS_NO_MEMORY;
    const KSMUSICFORMAT record{0, static_cast<ULONG>(bytes.size())};
    std::memset(slot->data + padded - 4, 0, 4);
    std::memcpy(slot->data, &record, sizeof record);
    if (!bytes.empty()) std::memcpy(slot->data + sizeof record, bytes.data(), bytes.size());
    slot->header.DataUsed = static_cast<ULONG>(padded);
    if (at_100ns >= 0) {
        slot->header.PresentationTime.Time = at_100ns;
        slot->header.OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    }
    return submit(slot, StreamSlot::size_for(padded));
}

NTSTATUS RenderStream::begin_packet(std::size_t data_limit) {
    slot_ = make_slot(data_limit);
    slot_cell_ = StreamSlot::size_for(data_limit);
    slot_limit_ = data_limit;
    return slot_ == nullptr ? STATUS_NO_MEMORY : STATUS_SUCCESS;
}

bool RenderStream::add(LONGLONG at_ms, std::span<const std::uint8_t> bytes) {
    const std::size_t padded = (sizeof(KSMUSICFORMAT) + bytes.size() + 3) & ~std::size_t{3};
    if (slot_limit_ - slot_->header.DataUsed < padded) return false;
    const bool first = slot_->header.DataUsed == 0;
    if (first) {
        slot_->header.PresentationTime.Time = at_ms * 10'000;
        slot_->header.OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
        last_ms_ = at_ms;
    }
    const KSMUSICFORMAT record{static_cast<ULONG>(std::max<LONGLONG>(at_ms - last_ms_, 0)),
                               static_cast<ULONG>(bytes.size())};
    last_ms_ = std::max(at_ms, last_ms_);
    std::uint8_t* const out = slot_->data + slot_->header.DataUsed;
    std::memset(out + padded - 4, 0, 4);
    std::memcpy(out, &record, sizeof record);
    if (!bytes.empty()) std::memcpy(out + sizeof record, bytes.data(), bytes.size());
    slot_->header.DataUsed += static_cast<ULONG>(padded);
    return true;
}

NTSTATUS RenderStream::send() {
    StreamSlot* const slot = slot_;
    slot_ = nullptr;
    return submit(slot, slot_cell_);
}

void RenderStream::reap() {
    while (count_ != 0) {
        const Outstanding& oldest = ring_[head_ % outstanding_limit];
        if (oldest.slot->pending()) return;
        if (!NT_SUCCESS(oldest.slot->status.Status) && NT_SUCCESS(failure_))
            failure_ = oldest.slot->status.Status;
        client_.heap().free(oldest.slot, oldest.cell);
        ++head_;
        --count_;
    }
}

NTSTATUS RenderStream::wait_until(std::size_t most, const LARGE_INTEGER* timeout) {
    for (;;) {
        reap();
        if (count_ <= most) return STATUS_SUCCESS;
        const NTSTATUS status = client_.wait_file(pin_, timeout);
        if (status != STATUS_WAIT_0) return status;
    }
}

// ---- capturing ----

CaptureStream::~CaptureStream() {
    harvest([](ULONGLONG, std::span<const std::uint8_t>) {});
}

NTSTATUS CaptureStream::post() {
    while (count_ < reads) {
        auto* const slot = static_cast<StreamSlot*>(client_.heap().allocate(cell));
        if (slot == nullptr) return STATUS_NO_MEMORY;
        slot->header = KSSTREAM_HEADER{};
        slot->header.Size = sizeof(KSSTREAM_HEADER);
        slot->header.PresentationTime = {0, 1, 1};
        slot->header.FrameExtent = frame;
        slot->header.Data = slot->data;
        slot->status.Status = STATUS_PENDING;
        const NTSTATUS status =
            nt::io::device_io_control(pin_, {}, IOCTL_KS_READ_STREAM, nullptr, 0, &slot->header,
                                      sizeof slot->header, &slot->status, client_.mode());
        if (status != STATUS_PENDING && !NT_SUCCESS(status)) {
            client_.heap().free(slot, cell);
            return status;
        }
        ring_[(head_ + count_++) % reads] = slot;
    }
    return STATUS_SUCCESS;
}

}  // namespace portico::client
