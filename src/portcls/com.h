// References to COM objects that may be the driver's or Portico's own. A call into the driver is traced, and
// checked for coming back at the IRQL at which it was made; Portico's own objects are reached without passing
// for a call of the driver.
#pragma once

#include <utility>

#include "nt/ddi.h"
#include "portcls.h"
#include "sim/address_map.h"

namespace portico::portcls {

// Memory of the machine in which no table of methods can lie: pools, stacks, clients' memory.
inline bool is_data(const void* address) {
    const auto value = reinterpret_cast<std::uint64_t>(address);
    return value - sim::user_range.base < sim::user_system_range.end() - sim::user_range.base &&
           !sim::image_range.contains(value);
}
// May the method in this slot be called? The object is memory that is not freed, and so is its table of
// methods as far as the slot, which does not lie where only data are: pools, stacks, clients' memory. Any
// IRQL; for what was just given, not for each call.
bool is_callable(const IUnknown* object, unsigned slot);
// Tells of an object that cannot be called any more: the driver's bug check.
void tell_dead_object(const void* object);

// The function in a vtable's slot, which the caller is about to call. An object that is freed or overwritten
// is the driver's fault, and is told before it becomes Portico's.
inline const void* method_of(IUnknown* object, unsigned slot) {
    void** const table = *reinterpret_cast<void***>(object);
    const auto value = reinterpret_cast<std::uint64_t>(table);
    if (value - 0x10000 >= 0x7fffffff0000 - 0x10000 || is_data(table)) [[unlikely]] {
        tell_dead_object(object);
        return nullptr;
    }
    return table[slot];
}

void add_reference(IUnknown* object);
void drop_reference(IUnknown* object);

// STATUS_NOINTERFACE also when the object says success and gives nothing (IU-012), or what is no object,
// which is told (IU-006). Null output on failure.
NTSTATUS query_interface(IUnknown* object, const GUID& id, void** out);

// A pool address in no live block: what a driver keeps of an object that is gone.
bool is_freed(const void* object);
// What a driver passes is freed (IU-004) or never was an object (IU-002), and that is told.
bool passed_dead(IUnknown* object);
// What a driver's method gave is an object. If not, the contract is told as broken.
bool is_given(IUnknown* object, const char* requirement, const void* by, const char* text);

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
