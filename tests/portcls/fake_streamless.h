// Miniports of filters without streams: topology and wave, seen from their ports.
#pragma once

#include "adapter_test.h"
#include "client/ks_client.h"
#include "nt/io/interfaces.h"
#include "nt/ps/ps.h"

namespace portico::test {

// A bridge pin each way and a stream pin that a client may ask for.
struct StreamlessTables {
    KSDATARANGE range{};
    PKSDATARANGE ranges[1] = {&range};
    PCPIN_DESCRIPTOR pins[3]{};
    PCFILTER_DESCRIPTOR filter{};

    StreamlessTables() {
        range.FormatSize = sizeof range;
        range.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        range.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        range.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        set(0, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_NONE, 0);
        set(1, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, 0);
        set(2, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, 1);
        filter.PinSize = sizeof pins[0];
        filter.PinCount = 3;
        filter.Pins = pins;
    }
    StreamlessTables(const StreamlessTables&) = delete;
    StreamlessTables& operator=(const StreamlessTables&) = delete;

  private:
    void set(unsigned index, KSPIN_DATAFLOW flow, KSPIN_COMMUNICATION communication, ULONG instances) {
        PCPIN_DESCRIPTOR& pin = pins[index];
        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = instances;
        pin.KsPinDescriptor.DataRangesCount = 1;
        pin.KsPinDescriptor.DataRanges = ranges;
        pin.KsPinDescriptor.DataFlow = flow;
        pin.KsPinDescriptor.Communication = communication;
    }
};

template <class Interface>
class StreamlessMiniport : public Fake<Interface> {
  public:
    explicit StreamlessMiniport(const GUID& id) : id_(id) {}
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IMiniport) || IsEqualGUID(id, id_);
    }
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        if (IsEqualGUID(id, IID_IPowerNotify)) return power.QueryInterface(id, out);
        if (IsEqualGUID(id, IID_IPinCount)) return ++pin_count_queries, *out = nullptr, STATUS_NOINTERFACE;
        return Fake<Interface>::QueryInterface(id, out);
    }
    NTSTATUS STDMETHODCALLTYPE GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &tables.filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS STDMETHODCALLTYPE DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID,
                                                     PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS initialised(PUNKNOWN adapter, PRESOURCELIST resources, PPORT port) {
        irql = nt::ke::current_irql();
        given_adapter = adapter;
        given_resources = resources;
        given_port = port;
        return init_status;
    }

    struct Power final : Fake<IPowerNotify> {
        bool answers(const GUID& id) const override { return IsEqualGUID(id, IID_IPowerNotify); }
        void STDMETHODCALLTYPE PowerChangeNotify(POWER_STATE state) override {
            states.push_back(state.DeviceState);
        }
        std::vector<DEVICE_POWER_STATE> states;
    } power;

    StreamlessTables tables;
    int pin_count_queries = 0;
    NTSTATUS init_status = STATUS_SUCCESS;
    sim::Irql irql = 0xff;
    PUNKNOWN given_adapter = nullptr;
    PRESOURCELIST given_resources = nullptr;
    PPORT given_port = nullptr;

  private:
    const GUID& id_;
};

class FakeTopology final : public StreamlessMiniport<IMiniportTopology> {
  public:
    FakeTopology() : StreamlessMiniport(IID_IMiniportTopology) {}
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTTOPOLOGY port) override {
        return initialised(adapter, resources, port);
    }
};

class FakeWaveCyclic final : public StreamlessMiniport<IMiniportWaveCyclic> {
  public:
    FakeWaveCyclic() : StreamlessMiniport(IID_IMiniportWaveCyclic) {}
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN adapter, PRESOURCELIST resources,
                                    PPORTWAVECYCLIC port) override {
        return initialised(adapter, resources, port);
    }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMINIPORTWAVECYCLICSTREAM*, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN,
                                         PKSDATAFORMAT, PDMACHANNEL*, PSERVICEGROUP*) override {
        ADD_FAILURE() << "no stream is ever made";
        return STATUS_UNSUCCESSFUL;
    }
};

class FakeWavePci final : public StreamlessMiniport<IMiniportWavePci> {
  public:
    FakeWavePci() : StreamlessMiniport(IID_IMiniportWavePci) {}
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTWAVEPCI port,
                                    PSERVICEGROUP* out) override {
        *out = group;
        if (group != nullptr) group->AddRef();
        return initialised(adapter, resources, port);
    }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMINIPORTWAVEPCISTREAM*, PUNKNOWN, POOL_TYPE, PPORTWAVEPCISTREAM,
                                         ULONG, BOOLEAN, PKSDATAFORMAT, PDMACHANNEL*,
                                         PSERVICEGROUP*) override {
        ADD_FAILURE() << "no stream is ever made";
        return STATUS_UNSUCCESSFUL;
    }
    void STDMETHODCALLTYPE Service() override {
        ++services;
        service_irql = nt::ke::current_irql();
    }
    PSERVICEGROUP group = nullptr;
    int services = 0;
    sim::Irql service_irql = 0xff;
};

class FakeWaveRt final : public StreamlessMiniport<IMiniportWaveRT> {
  public:
    FakeWaveRt() : StreamlessMiniport(IID_IMiniportWaveRT) {}
    NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTWAVERT port) override {
        return initialised(adapter, resources, port);
    }
    NTSTATUS STDMETHODCALLTYPE NewStream(PMINIPORTWAVERTSTREAM*, PPORTWAVERTSTREAM, ULONG, BOOLEAN,
                                         PKSDATAFORMAT) override {
        ADD_FAILURE() << "no stream is ever made";
        return STATUS_UNSUCCESSFUL;
    }
    NTSTATUS STDMETHODCALLTYPE GetDeviceDescription(PDEVICE_DESCRIPTION) override {
        return STATUS_NOT_IMPLEMENTED;
    }
};

struct StreamlessTest : AdapterTest {
    // The device starts, with `body` as its StartDevice.
    void start_with(std::function<void(PIRP, PRESOURCELIST)> body) {
        on_start = [body = std::move(body)](PDEVICE_OBJECT, PIRP irp, PRESOURCELIST resources) {
            body(irp, resources);
            return STATUS_SUCCESS;
        };
        ASSERT_EQ(perform(nt::io::PnpAction::start), STATUS_SUCCESS);
    }
    static PPORT make(const GUID& class_id) {
        PPORT port = nullptr;
        EXPECT_EQ(PcNewPort(&port, class_id), STATUS_SUCCESS);
        return port;
    }
    // Initialised and registered; no reference is kept.
    void add(const GUID& class_id, IUnknown& miniport, const WCHAR* name, PIRP irp, PRESOURCELIST resources) {
        PPORT const port = make(class_id);
        EXPECT_EQ(port->Init(fdo, irp, &miniport, nullptr, resources), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(name), port), STATUS_SUCCESS);
        port->Release();
    }
    // What opening a pin of the first filter ends with.
    NTSTATUS open_pin(ULONG pin) {
        NTSTATUS status = STATUS_PENDING;
        run([&] {
            client::KsClient ks{KernelMode};
            ks.reset(nt::ps::system_process());
            HANDLE filter = nullptr, opened = nullptr;
            nt::io::DeviceInterface* const link = nt::io::visible_interface(0, nullptr);
            ASSERT_NE(link, nullptr);
            ASSERT_EQ(ks.open_filter(link->link, &filter), STATUS_SUCCESS);
            status = ks.create_pin(filter, pin, &opened);
            ULONG count = 0;
            EXPECT_EQ(ks.pin_property(filter, KSPROPERTY_PIN_CTYPES, 0, &count, sizeof count),
                      STATUS_SUCCESS);
            EXPECT_EQ(count, 3u) << "the filter is there to be looked at";
            ks.close(filter);
        });
        return status;
    }
};

}  // namespace portico::test
