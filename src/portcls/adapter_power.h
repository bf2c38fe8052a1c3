// The driver's IAdapterPowerManagement in the newest version that it offers (AP-001..AP-041), and the
// adapter's power state.
#pragma once

#include "nt/ke/ke.h"
#include "portcls/com.h"

namespace portico::portcls {

class AdapterPower {
  public:
    // The failure of the object's QueryInterface when it offers no version (FN-140).
    NTSTATUS register_interface(IUnknown* object);
    bool registered() const { return base() != nullptr; }
    void unregister();
    // The driver's object may go with its registration, and say so itself.
    bool unregistering() const { return unregistering_; }

    // The driver may veto (AP-020). Without an interface: STATUS_SUCCESS (LC-036).
    NTSTATUS query(DEVICE_POWER_STATE state);
    void change(DEVICE_POWER_STATE from, DEVICE_POWER_STATE to, SYSTEM_POWER_STATE system_state);
    // How long leaving D3 may take has changed (AP-041). Under the control lock.
    void exit_latency_changed(PC_EXIT_LATENCY latency);
    NTSTATUS query_capabilities(PDEVICE_CAPABILITIES capabilities);

    // The calling thread is inside a power callback of the driver.
    bool in_callback() const { return callback_thread_ == nt::ke::current_thread(); }

    DEVICE_POWER_STATE device = PowerDeviceUnspecified;
    SYSTEM_POWER_STATE system = PowerSystemWorking;
    std::uint64_t wakes = 0;                              // power IRPs to D0 that came
    DEVICE_POWER_STATE mapping[PowerSystemMaximum] = {};  // DeviceState[] of the capabilities (LC-040)

    // Around calls of the driver about power (FN-145). Not nested.
    class Callback {
      public:
        explicit Callback(AdapterPower& power) : power_(power) {
            power_.callback_thread_ = nt::ke::current_thread();
        }
        ~Callback() { power_.callback_thread_ = nullptr; }
        Callback(const Callback&) = delete;
        Callback& operator=(const Callback&) = delete;

      private:
        AdapterPower& power_;
    };

  private:
    IAdapterPowerManagement* base() const;
    void change3(DEVICE_POWER_STATE from, DEVICE_POWER_STATE to, SYSTEM_POWER_STATE system_state);

    // At most one is set.
    Held<IAdapterPowerManagement> one_;
    Held<IAdapterPowerManagement2> two_;
    Held<IAdapterPowerManagement3> three_;
    const KTHREAD* callback_thread_ = nullptr;
    bool unregistering_ = false;
};

// How long leaving D3 may take, as the system demands it of every adapter, from now on (AP-040, AP-041).
// PASSIVE_LEVEL; takes the adapters' control locks.
void demand_exit_latency(PC_EXIT_LATENCY latency);
void reset_exit_latency();

}  // namespace portico::portcls
