// A port class of the test's own: what PortBase and the adapter do for any port, seen by a log of what they
// ask.
#pragma once

#include <string>
#include <vector>

#include "fake_objects.h"
#include "nt/io/irp.h"
#include "portcls/port_base.h"

namespace portico::test {

// A filter or pin of the fake port: completes what it is sent and logs it.
class FakeObject final : public ks::Object {
  public:
    explicit FakeObject(std::vector<std::string>& log, ULONG& pins) : log_(log), pins_(pins) {}
    NTSTATUS Dispatch(PDEVICE_OBJECT, PIRP irp) override {
        const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
        log_.push_back(std::string("irp ") + nt::io::major_function_name(stack->MajorFunction));
        if (stack->MajorFunction == IRP_MJ_CREATE) {
            if (create_status == STATUS_SUCCESS) {
                stack->FileObject->FsContext = new FakeObject(log_, pins_);
                static_cast<FakeObject*>(stack->FileObject->FsContext)->is_pin_ = true;
                ++pins_;
            }
            return nt::io::complete(irp, create_status, 0);
        }
        if (stack->MajorFunction == IRP_MJ_CLOSE) {
            const NTSTATUS status = nt::io::complete(irp, STATUS_SUCCESS, 0);
            if (is_pin_) --pins_;
            delete this;
            return status;
        }
        return nt::io::complete(irp, STATUS_SUCCESS, 0);
    }
    inline static NTSTATUS create_status = STATUS_SUCCESS;

  private:
    std::vector<std::string>& log_;
    ULONG& pins_;
    bool is_pin_ = false;
};

class FakePort final : public portcls::PortBase<IPortMidi> {
  public:
    explicit FakePort(std::vector<std::string>* log) : log_(*log) {}
    static FakePort* create(std::vector<std::string>& log) {
        return portcls::make_object<FakePort>(NonPagedPool, "IPortMidi", &log);
    }

    void STDMETHODCALLTYPE Notify(PSERVICEGROUP) override {}
    void STDMETHODCALLTYPE RegisterServiceGroup(PSERVICEGROUP) override {}

    NTSTATUS NTAPI CreateFilter(PDEVICE_OBJECT, PIRP, ks::Object** out) override {
        log_.push_back("create filter");
        *out = new FakeObject(log_, pins);
        return STATUS_SUCCESS;
    }
    void NTAPI PauseStreams() override { log_.push_back("pause"); }
    void NTAPI PowerNotify(POWER_STATE state) override {
        log_.push_back("notify D" + std::to_string(state.DeviceState - 1));
    }
    void NTAPI ResumeStreams() override { log_.push_back("resume"); }
    void NTAPI StopStreams(NTSTATUS status) override {
        log_.push_back(status == STATUS_DEVICE_NOT_CONNECTED ? "stop: gone" : "stop: stopped");
    }
    ULONG NTAPI OpenPins() override { return pins; }

    ULONG pins = 0;
    NTSTATUS bind_status = STATUS_SUCCESS;

  private:
    NTSTATUS bind_miniport(IUnknown*, IUnknown*, IResourceList*) override {
        log_.push_back("bind");
        return bind_status;
    }
    void unbind_miniport() override { log_.push_back("unbind"); }
    void* find_port_interface(const GUID& id) override {
        return IsEqualGUID(id, IID_IPortMidi) ? static_cast<IPortMidi*>(this) : nullptr;
    }
    void dispose() override {
        log_.push_back("port gone");
        portcls::unmake(this);
    }

    std::vector<std::string>& log_;
};

// A miniport with two bridge pins and a stream pin each way, on pin sizes that carry private data.
class FakeMiniport : public Fake<IMiniport> {
  public:
    FakeMiniport() {
        set(0, KSPIN_DATAFLOW_IN, 1);
        set(1, KSPIN_DATAFLOW_OUT, 0);
        set(2, KSPIN_DATAFLOW_OUT, 1);
        set(3, KSPIN_DATAFLOW_IN, 0);
        filter.PinSize = sizeof(Pin);
        filter.PinCount = 4;
        filter.Pins = &pins[0].descriptor;
    }
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || (is_miniport && IsEqualGUID(id, IID_IMiniport));
    }
    NTSTATUS STDMETHODCALLTYPE GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = descriptor;
        return description_status;
    }
    NTSTATUS STDMETHODCALLTYPE DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID,
                                                     PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }

    struct Pin {
        PCPIN_DESCRIPTOR descriptor{};
        ULONG_PTR drivers_own[2] = {};
    };
    Pin pins[4];
    PCFILTER_DESCRIPTOR filter{};
    PPCFILTER_DESCRIPTOR descriptor = &filter;
    NTSTATUS description_status = STATUS_SUCCESS;
    bool is_miniport = true;

  private:
    void set(unsigned index, KSPIN_DATAFLOW flow, ULONG instances) {
        PCPIN_DESCRIPTOR& pin = pins[index].descriptor;
        pin.KsPinDescriptor.DataFlow = flow;
        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = instances;
        pin.KsPinDescriptor.Communication =
            instances == 0 ? KSPIN_COMMUNICATION_NONE : KSPIN_COMMUNICATION_SINK;
    }
};

}  // namespace portico::test
