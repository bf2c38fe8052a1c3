// References to COM objects that may be the driver's or Portico's own. A call into the driver is traced, and
// checked for coming back at the IRQL at which it was made; Portico's own objects are reached without passing
// for a call of the driver.
#pragma once

#include <utility>

#include "nt/ddi.h"
#include "portcls.h"

namespace portico::portcls {

// The function in a vtable's slot, for the trace.
inline const void* method_of(IUnknown* object, unsigned slot) {
    return (*reinterpret_cast<void***>(object))[slot];
}

void add_reference(IUnknown* object);
void drop_reference(IUnknown* object);

// STATUS_NOINTERFACE also when the object says success and gives nothing (IU-012). Null output on failure.
NTSTATUS query_interface(IUnknown* object, const GUID& id, void** out);

// A pool address in no live block: what a driver keeps of an object that is gone.
bool is_freed(const void* object);
// The same for what a driver passes, which is told (IU-004).
bool passed_freed(const void* object);

// IU-001: the kernel's IID and the one of user-mode COM.
bool is_unknown_iid(const GUID& id);

// One counted reference to an object that may be the driver's.
template <class Interface>
class Held {
  public:
    Held() = default;
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { reset(); }

    Interface* get() const { return object_; }
    Interface* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }

    void hold(Interface* object) {
        if (object != nullptr) add_reference(object);
        adopt(object);
    }
    // Takes over a reference that the caller has.
    void adopt(Interface* object) {
        Interface* const before = std::exchange(object_, object);
        if (before != nullptr) drop_reference(before);
    }
    void reset() { adopt(nullptr); }
    NTSTATUS query(IUnknown* object, const GUID& id) {
        void* found = nullptr;
        const NTSTATUS status = query_interface(object, id, &found);
        adopt(static_cast<Interface*>(found));
        return status;
    }

  private:
    Interface* object_ = nullptr;
};

}  // namespace portico::portcls
