// The adapter's control lock, held. Recursive in one thread: a driver registers subdevices inside
// StartDevice.
#pragma once

namespace portico::portcls {

struct AdapterDevice;

// Between finding the adapter and this nothing may reach a point of the simulation; then the adapter stays
// until the lock is let go of. It may be removed meanwhile: look at its state. PASSIVE_LEVEL.
class ControlLock {
  public:
    explicit ControlLock(AdapterDevice& adapter);
    ~ControlLock();
    ControlLock(const ControlLock&) = delete;
    ControlLock& operator=(const ControlLock&) = delete;

  private:
    AdapterDevice& adapter_;
};

}  // namespace portico::portcls
