// The base of every COM object that Portico makes: its reference count, QueryInterface, and its place among
// the live objects.
#pragma once

#include "portcls/com.h"
#include "portcls/live_objects.h"
#include "portcls/memory.h"

// The declarations of an interface's own methods in a class that implements them:
// PORTICO_IServiceGroup(PORTICO_OVERRIDE).
#define PORTICO_OVERRIDE(type, method, parameters) STDMETHODIMP_(type) method parameters override;

namespace portico::portcls {

// The part that needs no interface. IRQL of the counting: any, the last release <= DISPATCH_LEVEL.
class ObjectCore {
  public:
    ObjectCore(const ObjectCore&) = delete;
    ObjectCore& operator=(const ObjectCore&) = delete;

    // Portico's own references: not traced as calls of the driver.
    void reference();
    void dereference();
    NTSTATUS query(const GUID& id, void** out);

    // False while it is being destroyed.
    bool alive() const { return live_ != nullptr; }
    const LiveObject& live() const { return *live_; }

  protected:
    ObjectCore() = default;
    ~ObjectCore() = default;

    // The count is 1 from here on. False: too many objects live already.
    [[nodiscard]] bool begin_life(const char* kind, const void* address, std::size_t size);

    // What the IUnknown methods of the interfaces do.
    NTSTATUS query_from_driver(const GUID& id, void** out);
    ULONG add_reference_from_driver();
    ULONG release_from_driver();

    // The interface pointer for `id`, without a reference of its own; null when there is none.
    virtual void* find_interface(const GUID& id) = 0;
    // Nobody refers to the object any more: give its memory back.
    virtual void destroy() = 0;

    template <class T, class... Arguments>
    friend T* make_object(POOL_TYPE type, const char* kind, Arguments&&... arguments);

  private:
    bool ending() const;
    void end_life();

    LONG references_ = 0;
    LiveObject* live_ = nullptr;
};

// One object with the vtables of `Interfaces`; the first of them is also its IUnknown. No virtual destructor:
// the slots after the interfaces' own are Portico's.
template <class... Interfaces>
class ComObject : public Interfaces..., public ObjectCore {
  public:
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) final {
        return query_from_driver(id, out);
    }
    ULONG STDMETHODCALLTYPE AddRef() final { return add_reference_from_driver(); }
    ULONG STDMETHODCALLTYPE Release() final { return release_from_driver(); }
};

// An object with one reference, the caller's. `kind` is a literal. Null when the pool or the table of live
// objects is full.
template <class T, class... Arguments>
T* make_object(POOL_TYPE type, const char* kind, Arguments&&... arguments) {
    T* const object = make<T>(type, std::forward<Arguments>(arguments)...);
    if (object == nullptr) return nullptr;
    if (static_cast<ObjectCore*>(object)->begin_life(kind, object, sizeof(T))) return object;
    unmake(object);
    return nullptr;
}

}  // namespace portico::portcls
