// Base of objects that a test hands to a driver: a reference count that the test reads, and no other
// interface.
#pragma once

#include <portcls.h>

namespace portico::test {

template <class Interface>
class Counted : public Interface {
  public:
    ULONG references = 1;
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID, PVOID* object) override {
        *object = nullptr;
        return STATUS_INVALID_PARAMETER;
    }
    STDMETHODIMP_(ULONG) AddRef() override { return ++references; }
    STDMETHODIMP_(ULONG) Release() override { return --references; }
};

}  // namespace portico::test
