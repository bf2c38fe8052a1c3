// A device that nobody uses goes to sleep, and access wakes it (LC-035, LC-037, LC-038): the values of
// PowerSettings under the driver key, and what PortCls counts as use.
#pragma once

#include "wdm.h"

namespace portico::portcls {

struct AdapterDevice;

class IdlePower {
  public:
    // Reads the settings and begins when they say so. The device has just started.
    void start(AdapterDevice& adapter);
    void stop();
    // IPortClsPower::SetIdlePowerManagement: the adapter takes part in idle detection or not (PP-003). Under
    // the control lock.
    void allow(bool allowed);
    bool watched() const { return counter_ != nullptr; }

    // The device is used. Any IRQL up to DISPATCH_LEVEL; costs nothing when nobody counts.
    void touch() {
        if (counter_ != nullptr) *counter_ = 0;
    }
    // A stream entered RUN or left it: those that are there hold the device in D0.
    void stream_runs(bool runs);

  private:
    struct Settings {
        ULONG conservation_s = 0;
        ULONG performance_s = 0;
        DEVICE_POWER_STATE state = PowerDeviceD3;
    };

    void watch();

    AdapterDevice* adapter_ = nullptr;
    Settings settings_;
    ULONG* counter_ = nullptr;  // the power manager's
    ULONG running_ = 0;         // streams
    bool allowed_ = true;
};

}  // namespace portico::portcls
