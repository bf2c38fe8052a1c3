// A DirectMusic miniport and streams that do what a test tells them, and log what they are asked.
#pragma once

#include <deque>
#include <memory>

#include "dmusicks.h"
#include "dmusprop.h"
#include "fake_objects.h"
#include "nt/ke/ke.h"
#include "scripted_miniport.h"

namespace portico::test {

class ScriptedMxf final : public Fake<IMXF> {
  public:
    struct Put {
        LONGLONG at_100ns;
        DMUS_KERNEL_EVENT event;
        Bytes bytes;
        sim::Irql irql;
    };

    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IMXF);
    }
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        if (synth_sink == nullptr || !IsEqualGUID(id, IID_ISynthSinkDMus))
            return Fake::QueryInterface(id, out);
        return synth_sink->QueryInterface(id, out);
    }
    NTSTATUS STDMETHODCALLTYPE SetState(KSSTATE next) override {
        states.push_back(next);
        state_irql = nt::ke::current_irql();
        if (on_state) on_state(next);
        return state_status[next];
    }
    NTSTATUS STDMETHODCALLTYPE PutMessage(PDMUS_KERNEL_EVENT event) override {
        if (event == nullptr) {
            ++asked;
            asked_irql = nt::ke::current_irql();
            if (on_asked) on_asked();
            return STATUS_SUCCESS;
        }
        const BYTE* const bytes = SHORT_EVT(event) ? event->uData.abData : event->uData.pbData;
        puts.push_back({nt::ke::exact_time_100ns(), *event, Bytes(bytes, bytes + event->cbEvent),
                        nt::ke::current_irql()});
        if (keep_events) {
            kept.push_back(event);
        } else {
            allocator->PutMessage(event);
        }
        return put_status;
    }
    NTSTATUS STDMETHODCALLTYPE ConnectOutput(PMXF output) override {
        connect_irql = nt::ke::current_irql();
        if (!NT_SUCCESS(connect_status)) return connect_status;
        (sink = output)->AddRef();
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE DisconnectOutput(PMXF output) override {
        disconnected_right = output == sink;
        if (keeps_sink) return STATUS_SUCCESS;
        std::exchange(sink, nullptr)->Release();
        return STATUS_SUCCESS;
    }

    void give_back_kept() {
        for (PDMUS_KERNEL_EVENT event : std::exchange(kept, {})) allocator->PutMessage(event);
    }
    // An event with the bytes; in a buffer of the allocator when they are many.
    PDMUS_KERNEL_EVENT event(const Bytes& bytes, USHORT flags, REFERENCE_TIME at_100ns = 0) {
        PDMUS_KERNEL_EVENT made = nullptr;
        EXPECT_EQ(allocator->GetMessage(&made), STATUS_SUCCESS);
        made->cbEvent = static_cast<USHORT>(bytes.size());
        made->usFlags = flags;
        made->usChannelGroup = 1;
        made->ullPresTime100ns = at_100ns;
        PBYTE to = made->uData.abData;
        if (!SHORT_EVT(made)) {
            EXPECT_EQ(allocator->GetBuffer(&made->uData.pbData), STATUS_SUCCESS);
            to = made->uData.pbData;
        }
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return made;
    }
    std::vector<Bytes> taken() const {
        std::vector<Bytes> out;
        for (const Put& put : puts) out.push_back(put.bytes);
        return out;
    }

    // By IMiniportDMus::NewStream.
    ULONG pin = 0;
    DMUS_STREAM_TYPE type = DMUS_STREAM_MIDI_INVALID;
    POOL_TYPE pool = PagedPool;
    KSDATAFORMAT format{};
    PAllocatorMXF allocator = nullptr;
    PMASTERCLOCK clock = nullptr;

    std::vector<KSSTATE> states;
    std::vector<Put> puts;
    std::vector<PDMUS_KERNEL_EVENT> kept;
    bool keep_events = false;
    NTSTATUS put_status = STATUS_SUCCESS;
    NTSTATUS connect_status = STATUS_SUCCESS;
    NTSTATUS state_status[4] = {};
    std::function<void(KSSTATE)> on_state;
    std::function<void()> on_asked;
    unsigned asked = 0;
    sim::Irql asked_irql = 0, state_irql = 0xFF, connect_irql = 0xFF;
    PMXF sink = nullptr;
    bool disconnected_right = false;
    bool keeps_sink = false;
    IUnknown* synth_sink = nullptr;
};

// Pins: 0 MIDI render, 1 DirectMusic render, 2 capture of either kind, 3 a wave sink's.
class ScriptedDmus final : public Fake<IMiniportDMus> {
  public:
    ScriptedDmus() {
        const GUID subs[4] = {KSDATAFORMAT_SUBTYPE_MIDI, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC,
                              KSDATAFORMAT_SUBTYPE_MIDI, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC};
        for (unsigned i = 0; i < 4; ++i) {
            ranges[i].FormatSize = sizeof ranges[i];
            ranges[i].MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
            ranges[i].SubFormat = subs[i];
            ranges[i].Specifier = KSDATAFORMAT_SPECIFIER_NONE;
            lists[i] = &ranges[i];
        }
        wave.FormatSize = sizeof wave;
        wave.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        set(0, KSPIN_DATAFLOW_IN, &lists[0], 1);
        set(1, KSPIN_DATAFLOW_IN, &lists[1], 1);
        set(2, KSPIN_DATAFLOW_OUT, &lists[2], 2);
        set(3, KSPIN_DATAFLOW_OUT, &wave_list, 1);
        filter.PinSize = sizeof(PCPIN_DESCRIPTOR);
        filter.PinCount = 4;
        filter.Pins = pins;
    }
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IMiniport) ||
               IsEqualGUID(id, IID_IMiniportDMus);
    }
    NTSTATUS STDMETHODCALLTYPE GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID,
                                                     PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN the_adapter, PRESOURCELIST the_resources, PPORTDMUS the_port,
                                    PSERVICEGROUP* out) override {
        adapter = the_adapter;
        resources = the_resources;
        port = the_port;
        init_irql = nt::ke::current_irql();
        group_preset = *out == nullptr;
        const NTSTATUS status = PcNewServiceGroup(&group, nullptr);
        if (!NT_SUCCESS(status)) return status;
        if (registers_group) port->RegisterServiceGroup(group);
        group->AddRef();
        *out = group;
        return STATUS_SUCCESS;
    }
    void STDMETHODCALLTYPE Service() override { ++services; }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMXF* out, PUNKNOWN outer, POOL_TYPE pool, ULONG pin,
                                         DMUS_STREAM_TYPE type, PKSDATAFORMAT format,
                                         PSERVICEGROUP* out_group, PAllocatorMXF allocator,
                                         PMASTERCLOCK clock, PULONGLONG out_prefetch) override {
        new_stream_irql = nt::ke::current_irql();
        outputs_preset = outer == nullptr && *out == nullptr && *out_group == nullptr && *out_prefetch == 0;
        if (!NT_SUCCESS(new_stream_status)) return new_stream_status;
        if (gives_no_stream) return STATUS_SUCCESS;
        auto& stream = *streams.emplace_back(std::make_unique<ScriptedMxf>());
        stream.pin = pin;
        stream.type = type;
        stream.pool = pool;
        stream.format = *format;
        (stream.allocator = allocator)->AddRef();
        (stream.clock = clock)->AddRef();
        stream.synth_sink = synth_sink;
        stream.last_release = [&stream, this] {
            if (keeps_allocator) return;
            stream.allocator->Release();
            stream.clock->Release();
        };
        if (on_new_stream) on_new_stream(stream);
        *out = &stream;
        *out_prefetch = prefetch_100ns;
        if (shares_group) (*out_group = group)->AddRef();
        return STATUS_SUCCESS;
    }
    void notify() { port->Notify(group); }
    ScriptedMxf& stream(std::size_t index = 0) { return *streams[index]; }

    void set(unsigned index, KSPIN_DATAFLOW flow, PKSDATARANGE* list, ULONG count) {
        PCPIN_DESCRIPTOR& pin = pins[index];
        pin.KsPinDescriptor.DataFlow = flow;
        pin.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
        pin.KsPinDescriptor.DataRangesCount = count;
        pin.KsPinDescriptor.DataRanges = list;
        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = 2;
    }

    KSDATARANGE ranges[4]{};
    PKSDATARANGE lists[4];
    KSDATARANGE wave{};
    PKSDATARANGE wave_list = &wave;
    PCPIN_DESCRIPTOR pins[4]{};
    PCFILTER_DESCRIPTOR filter{};
    PUNKNOWN adapter = nullptr;
    PRESOURCELIST resources = nullptr;
    PPORTDMUS port = nullptr;
    PSERVICEGROUP group = nullptr;
    bool registers_group = false;
    bool shares_group = false;
    bool group_preset = false;
    bool outputs_preset = false;
    bool gives_no_stream = false;
    bool keeps_allocator = false;
    NTSTATUS new_stream_status = STATUS_SUCCESS;
    ULONGLONG prefetch_100ns = 0;
    IUnknown* synth_sink = nullptr;
    std::function<void(ScriptedMxf&)> on_new_stream;
    std::vector<std::unique_ptr<ScriptedMxf>> streams;
    unsigned services = 0;
    sim::Irql init_irql = 0xFF, new_stream_irql = 0xFF;
};

}  // namespace portico::test
