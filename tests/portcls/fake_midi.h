// A MIDI miniport of the test's own and its streams, seen from the port: its Init, service group,
// notifications.
#pragma once

#include <memory>

#include "fake_port.h"
#include "portcls/service_group.h"

namespace portico::test::port {

// A render pin, its bridge pin, a capture pin, its bridge pin; MUSIC/MIDI ranges.
struct MidiFilterTables {
    KSDATARANGE_MUSIC stream{};
    KSDATARANGE bridge{};
    PKSDATARANGE stream_ranges[1] = {&stream.DataRange};
    PKSDATARANGE bridge_ranges[1] = {&bridge};
    PCPIN_DESCRIPTOR pins[4]{};
    PCFILTER_DESCRIPTOR filter{};

    MidiFilterTables() {
        stream.DataRange.FormatSize = sizeof stream;
        stream.DataRange.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        stream.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
        stream.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        stream.Technology = KSMUSIC_TECHNOLOGY_PORT;
        stream.ChannelMask = 0xFFFF;
        bridge.FormatSize = sizeof bridge;
        bridge.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        bridge.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
        bridge.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        set(0, KSPIN_DATAFLOW_IN, stream_ranges, 1);
        set(1, KSPIN_DATAFLOW_OUT, bridge_ranges, 0);
        set(2, KSPIN_DATAFLOW_OUT, stream_ranges, 1);
        set(3, KSPIN_DATAFLOW_IN, bridge_ranges, 0);
        filter.PinSize = sizeof pins[0];
        filter.PinCount = 4;
        filter.Pins = pins;
    }
    MidiFilterTables(const MidiFilterTables&) = delete;
    MidiFilterTables& operator=(const MidiFilterTables&) = delete;

  private:
    void set(unsigned index, KSPIN_DATAFLOW flow, PKSDATARANGE* ranges, ULONG instances) {
        PCPIN_DESCRIPTOR& pin = pins[index];
        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = instances;
        pin.KsPinDescriptor.DataRangesCount = 1;
        pin.KsPinDescriptor.DataRanges = ranges;
        pin.KsPinDescriptor.DataFlow = flow;
        pin.KsPinDescriptor.Communication =
            instances == 0 ? KSPIN_COMMUNICATION_NONE : KSPIN_COMMUNICATION_SINK;
    }
};

// A power-notified stream: what it is told goes to the miniport's log.
class FakeStream final : public Fake<IMiniportMidiStream> {
  public:
    FakeStream(std::vector<std::string>& log, bool capture) : log_(log), name_(capture ? "in" : "out") {}
    NTSTATUS STDMETHODCALLTYPE SetFormat(PKSDATAFORMAT) override {
        ++formats;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE SetState(KSSTATE state) override {
        static const char* const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
        log_.push_back(name_ + " " + names[state]);
        if (on_state) on_state(state);
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE Read(PVOID buffer, ULONG length, PULONG read) override {
        irql = nt::ke::current_irql();
        if (on_access) on_access();
        *read = 0;
        while (!input.empty() && *read < length) {
            static_cast<UCHAR*>(buffer)[(*read)++] = input.front();
            input.erase(input.begin());
        }
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE Write(PVOID buffer, ULONG length, PULONG written) override {
        irql = nt::ke::current_irql();
        if (on_access) on_access();
        ++writes;
        *written = accepts ? length : 0;
        const auto* const bytes = static_cast<const UCHAR*>(buffer);
        output.insert(output.end(), bytes, bytes + *written);
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        if (IsEqualGUID(id, IID_IPowerNotify)) return ++power_queries, power.QueryInterface(id, out);
        return Fake::QueryInterface(id, out);
    }

    struct Power final : Fake<IPowerNotify> {
        explicit Power(FakeStream& owner) : stream(owner) {}
        bool answers(const GUID& id) const override {
            return stream.notified && IsEqualGUID(id, IID_IPowerNotify);
        }
        void STDMETHODCALLTYPE PowerChangeNotify(POWER_STATE state) override {
            stream.log_.push_back(stream.name_ + " notify D" + std::to_string(state.DeviceState - 1));
        }
        FakeStream& stream;
    } power{*this};

    std::vector<UCHAR> input, output;
    int writes = 0;
    int formats = 0;
    int power_queries = 0;
    bool accepts = true;
    bool notified = false;
    sim::Irql irql = 0xff;
    std::function<void(KSSTATE)> on_state;
    std::function<void()> on_access;  // in Read and Write

  private:
    std::vector<std::string>& log_;
    std::string name_;
};

class FakeMidi : public Fake<IMiniportMidi> {
  public:
    explicit FakeMidi(std::vector<std::string>& to) : log(to) {}
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IMiniport) ||
               (is_midi && IsEqualGUID(id, IID_IMiniportMidi));
    }
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        technology_queries += IsEqualGUID(id, IID_IMusicTechnology) ? 1 : 0;
        if (IsEqualGUID(id, IID_IPowerNotify)) return ++power_queries, power.QueryInterface(id, out);
        return Fake::QueryInterface(id, out);
    }
    NTSTATUS STDMETHODCALLTYPE GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        log.push_back("description");
        *description = &tables.filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID,
                                                     PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTMIDI port,
                                    PSERVICEGROUP* group) override {
        log.push_back("init");
        irql = nt::ke::current_irql();
        given = {adapter, resources, port, *group};
        if (on_init) on_init(port);
        *group = init_group;
        if (init_group != nullptr) init_group->AddRef();
        return init_status;
    }
    void STDMETHODCALLTYPE Service() override {
        irql = nt::ke::current_irql();
        ++services;
        if (on_service) on_service();
    }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN, POOL_TYPE pool, ULONG,
                                         BOOLEAN is_capture, PKSDATAFORMAT, PSERVICEGROUP* group) override {
        stream_pool = pool;
        FakeStream& made = is_capture ? capture : render;
        made.AddRef();
        *stream = &made;
        *group = is_capture ? capture_group : render_group;
        if (*group != nullptr) (*group)->AddRef();
        return STATUS_SUCCESS;
    }

    struct Power final : Fake<IPowerNotify> {
        explicit Power(FakeMidi& owner) : miniport(owner) {}
        bool answers(const GUID& id) const override {
            return miniport.notified && IsEqualGUID(id, IID_IPowerNotify);
        }
        void STDMETHODCALLTYPE PowerChangeNotify(POWER_STATE state) override {
            miniport.notify_irql = nt::ke::current_irql();
            miniport.log.push_back("notify D" + std::to_string(state.DeviceState - 1));
        }
        FakeMidi& miniport;
    } power{*this};

    struct Given {
        PUNKNOWN adapter;
        PRESOURCELIST resources;
        PPORTMIDI port;
        PSERVICEGROUP group;
    };
    std::vector<std::string>& log;
    MidiFilterTables tables;
    FakeStream render{log, false}, capture{log, true};
    bool is_midi = true;
    bool notified = false;  // offers IPowerNotify
    int power_queries = 0;
    int technology_queries = 0;
    int services = 0;
    sim::Irql irql = 0xff;
    sim::Irql notify_irql = 0xff;
    POOL_TYPE stream_pool = PagedPool;
    Given given{};
    NTSTATUS init_status = STATUS_SUCCESS;
    PSERVICEGROUP init_group = nullptr;
    PSERVICEGROUP render_group = nullptr;
    PSERVICEGROUP capture_group = nullptr;
    std::function<void(PPORTMIDI)> on_init;
    std::function<void()> on_service;
};

}  // namespace portico::test::port
