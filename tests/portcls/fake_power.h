// A driver's IAdapterPowerManagement as the test has it, in its three versions, with a log of what it is
// told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fake_objects.h"
#include "nt/ke/ke.h"

namespace portico::test {

// The adapter object of a driver, in one of the three versions of its power interface.
template <class Interface>
struct FakeAdapter : Fake<Interface> {
    explicit FakeAdapter(std::vector<std::string>& to) : log(to) {}
    void STDMETHODCALLTYPE PowerChangeState(POWER_STATE state) override {
        irql = nt::ke::current_irql();
        log.push_back("change D" + std::to_string(state.DeviceState - 1));
        if (on_change) on_change();
    }
    NTSTATUS STDMETHODCALLTYPE QueryPowerChangeState(POWER_STATE state) override {
        log.push_back("query D" + std::to_string(state.DeviceState - 1));
        return query_status;
    }
    NTSTATUS STDMETHODCALLTYPE QueryDeviceCapabilities(PDEVICE_CAPABILITIES capabilities) override {
        log.push_back("capabilities");
        capabilities->DeviceState[PowerSystemSleeping1] = sleeping1;
        return STATUS_SUCCESS;
    }
    std::vector<std::string>& log;
    NTSTATUS query_status = STATUS_SUCCESS;
    DEVICE_POWER_STATE sleeping1 = PowerDeviceD3;
    sim::Irql irql = 0xff;
    std::function<void()> on_change;
};

struct Adapter1 : FakeAdapter<IAdapterPowerManagement> {
    using FakeAdapter::FakeAdapter;
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IAdapterPowerManagement);
    }
};

template <class Interface>
struct Adapter2Base : FakeAdapter<Interface> {
    using FakeAdapter<Interface>::FakeAdapter;
    void STDMETHODCALLTYPE PowerChangeState2(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE system) override {
        this->log.push_back("change2 D" + std::to_string(device - 1) + " S" + std::to_string(system - 1));
    }
};

struct Adapter2 : Adapter2Base<IAdapterPowerManagement2> {
    using Adapter2Base::Adapter2Base;
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IAdapterPowerManagement) || IsEqualGUID(id, IID_IAdapterPowerManagement2);
    }
};

struct Adapter3 : Adapter2Base<IAdapterPowerManagement3> {
    using Adapter2Base::Adapter2Base;
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IAdapterPowerManagement2) || IsEqualGUID(id, IID_IAdapterPowerManagement3);
    }
    void STDMETHODCALLTYPE PowerChangeState3(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE,
                                             PC_EXIT_LATENCY latency) override {
        log.push_back("change3 D" + std::to_string(device - 1) + " latency " + std::to_string(latency));
        if (on_change) on_change();
    }
    NTSTATUS STDMETHODCALLTYPE D3ExitLatencyChanged(PC_EXIT_LATENCY latency) override {
        log.push_back("latency " + std::to_string(latency));
        return STATUS_SUCCESS;
    }
};

}  // namespace portico::test
