// A MIDI miniport and streams that do what a test tells them, and log what they are asked.
#pragma once

#include <deque>
#include <memory>

#include "fake_objects.h"
#include "nt/ke/ke.h"
#include "sim/address_map.h"

namespace portico::test {

using Bytes = std::vector<std::uint8_t>;

// What a stream does with the next Write: takes at most `most` bytes, says `say` when that is not negative.
struct Answer {
    NTSTATUS status = STATUS_SUCCESS;
    ULONG most = ~0u;
    LONG say = -1;
};

class ScriptedStream final : public Fake<IMiniportMidiStream> {
  public:
    struct Written {
        LONGLONG at_100ns;
        Bytes bytes;    // what was taken
        ULONG offered;  // how many there were
        sim::Irql irql;
    };

    NTSTATUS STDMETHODCALLTYPE SetFormat(PKSDATAFORMAT format) override {
        formats.push_back(*format);
        format_irql = nt::ke::current_irql();
        return format_status;
    }
    NTSTATUS STDMETHODCALLTYPE SetState(KSSTATE next) override {
        states.push_back(next);
        state_irql = nt::ke::current_irql();
        if (on_state) on_state(next);
        const NTSTATUS status = state_status[next];
        if (NT_SUCCESS(status)) state = next;
        return status;
    }
    NTSTATUS STDMETHODCALLTYPE Read(PVOID buffer, ULONG length, PULONG count) override {
        read_irql = nt::ke::current_irql();
        ++reads;
        first_count = *count;
        read_length = length;
        read_buffer_nonpaged = sim::nonpaged_range.contains(buffer);
        if (on_read) on_read();
        if (!NT_SUCCESS(read_status)) return read_status;
        ULONG given = 0;
        for (; given < std::min(length, read_most) && !input.empty(); ++given) {
            static_cast<std::uint8_t*>(buffer)[given] = input.front();
            input.pop_front();
        }
        *count = given + read_lie;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE Write(PVOID buffer, ULONG length, PULONG count) override {
        overlapped |= inside;
        inside = true;
        if (state != KSSTATE_RUN) written_outside_run = true;
        Answer answer;
        if (!answers_to_write.empty()) {
            answer = answers_to_write.front();
            answers_to_write.pop_front();
        } else {
            answer = usual_answer;
        }
        const ULONG taken = NT_SUCCESS(answer.status) ? std::min(length, answer.most) : 0;
        const auto* const bytes = static_cast<const std::uint8_t*>(buffer);
        writes.push_back(
            {nt::ke::exact_time_100ns(), Bytes(bytes, bytes + taken), length, nt::ke::current_irql()});
        if (on_write) on_write();
        if (NT_SUCCESS(answer.status)) *count = answer.say >= 0 ? static_cast<ULONG>(answer.say) : taken;
        inside = false;
        return answer.status;
    }

    // What came whole, a message or piece each.
    std::vector<Bytes> taken() const {
        std::vector<Bytes> out;
        for (const Written& w : writes) {
            if (!w.bytes.empty()) out.push_back(w.bytes);
        }
        return out;
    }
    std::vector<LONGLONG> times_ms(LONGLONG since_100ns) const {
        std::vector<LONGLONG> out;
        for (const Written& w : writes) out.push_back((w.at_100ns - since_100ns) / 10'000);
        return out;
    }

    // By IMiniportMidi::NewStream.
    ULONG pin = 0;
    bool capture = false;
    POOL_TYPE pool = PagedPool;
    KSDATAFORMAT format{};

    std::vector<KSSTATE> states;
    std::vector<KSDATAFORMAT> formats;
    std::vector<Written> writes;
    std::deque<Answer> answers_to_write;
    Answer usual_answer;
    std::deque<std::uint8_t> input;
    ULONG read_most = 256;
    ULONG read_lie = 0;
    NTSTATUS read_status = STATUS_SUCCESS;
    NTSTATUS format_status = STATUS_SUCCESS;
    NTSTATUS state_status[4] = {};
    std::function<void()> on_write, on_read;
    std::function<void(KSSTATE)> on_state;

    KSSTATE state = KSSTATE_STOP;
    unsigned reads = 0;
    ULONG first_count = ~0u;
    ULONG read_length = 0;
    bool read_buffer_nonpaged = false;
    sim::Irql read_irql = 0, state_irql = 0, format_irql = 0;
    bool inside = false, overlapped = false, written_outside_run = false;
};

class ScriptedMiniport final : public Fake<IMiniportMidi> {
  public:
    ScriptedMiniport() {
        range.FormatSize = sizeof range;
        range.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        range.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
        range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        set(0, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, 2);
        set(1, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, 0);
        set(2, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, 2);
        set(3, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_NONE, 0);
        filter.PinSize = sizeof(Pin);
        filter.PinCount = 4;
        filter.Pins = &pins[0].descriptor;
    }
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IMiniport) ||
               IsEqualGUID(id, IID_IMiniportMidi);
    }
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        if (pin_count != nullptr && IsEqualGUID(id, IID_IPinCount)) return pin_count->QueryInterface(id, out);
        if (pin_name != nullptr && IsEqualGUID(id, IID_IPinName)) return pin_name->QueryInterface(id, out);
        return Fake::QueryInterface(id, out);
    }
    NTSTATUS STDMETHODCALLTYPE GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE DataRangeIntersection(ULONG pin, PKSDATARANGE theirs, PKSDATARANGE own,
                                                     ULONG room, PVOID format, PULONG length) override {
        return on_intersection ? on_intersection(pin, theirs, own, room, format, length)
                               : STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN, PRESOURCELIST, PPORTMIDI the_port,
                                    PSERVICEGROUP* out) override {
        port = the_port;
        if (own_group) {
            NTSTATUS status = PcNewServiceGroup(&group, nullptr);
            if (!NT_SUCCESS(status)) return status;
            group->AddRef();
            *out = group;
        }
        return STATUS_SUCCESS;
    }
    void STDMETHODCALLTYPE Service() override {
        ++services;
        service_irql = nt::ke::current_irql();
        if (on_service) on_service();
    }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMINIPORTMIDISTREAM* out, PUNKNOWN outer, POOL_TYPE pool, ULONG pin,
                                         BOOLEAN capture, PKSDATAFORMAT format,
                                         PSERVICEGROUP* out_group) override {
        ++new_streams;
        new_stream_irql = nt::ke::current_irql();
        outputs_preset = outer == nullptr && *out_group == nullptr && *out == nullptr;
        if (!NT_SUCCESS(new_stream_status)) return new_stream_status;
        if (gives_no_stream) return STATUS_SUCCESS;
        auto& stream = *streams.emplace_back(std::make_unique<ScriptedStream>());
        stream.pin = pin;
        stream.capture = capture != FALSE;
        stream.pool = pool;
        stream.format = *format;
        *out = &stream;
        if (given_stream != nullptr) *out = given_stream;
        if (given_group != nullptr) {
            *out_group = given_group;
            return STATUS_SUCCESS;
        }
        if (stream_group == StreamGroup::shared) {
            group->AddRef();
            *out_group = group;
        } else if (stream_group == StreamGroup::own) {
            const NTSTATUS status = PcNewServiceGroup(out_group, nullptr);
            if (!NT_SUCCESS(status)) return status;
        }
        return STATUS_SUCCESS;
    }
    // What an interrupt routine does. IRQL: any.
    void notify() { port->Notify(group); }

    ScriptedStream& stream(std::size_t index = 0) { return *streams[index]; }
    ScriptedStream& newest() { return *streams.back(); }

    struct Pin {
        PCPIN_DESCRIPTOR descriptor{};
        ULONG_PTR drivers_own[2] = {};
    };
    void set(unsigned index, KSPIN_DATAFLOW flow, KSPIN_COMMUNICATION communication, ULONG instances) {
        PCPIN_DESCRIPTOR& pin = pins[index].descriptor;
        pin.KsPinDescriptor.DataFlow = flow;
        pin.KsPinDescriptor.Communication = communication;
        pin.KsPinDescriptor.DataRangesCount = 1;
        pin.KsPinDescriptor.DataRanges = &range_list;
        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = instances;
    }

    KSDATARANGE range{};
    PKSDATARANGE range_list = &range;
    Pin pins[4];
    PCFILTER_DESCRIPTOR filter{};
    PPORTMIDI port = nullptr;
    PSERVICEGROUP group = nullptr;
    IPinCount* pin_count = nullptr;  // an object of its own; null: not offered
    IPinName* pin_name = nullptr;    // the same
    std::function<NTSTATUS(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG)> on_intersection;
    enum class StreamGroup { none, shared, own };
    StreamGroup stream_group = StreamGroup::shared;
    bool own_group = true;
    bool gives_no_stream = false;
    PMINIPORTMIDISTREAM given_stream = nullptr;  // in place of a stream, or of its group
    PSERVICEGROUP given_group = nullptr;
    NTSTATUS new_stream_status = STATUS_SUCCESS;
    std::function<void()> on_service;
    std::vector<std::unique_ptr<ScriptedStream>> streams;
    unsigned services = 0, new_streams = 0;
    sim::Irql service_irql = 0, new_stream_irql = 0xFF;
    bool outputs_preset = false;
};

}  // namespace portico::test
