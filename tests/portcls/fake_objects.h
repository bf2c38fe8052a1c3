// Driver objects written by hand: what a driver's vtables look like from Portico's side.
#pragma once

#include <functional>

#include "portcls.h"

namespace portico::test {

// Counts its references; never deletes itself, so that a test sees how many are left.
template <class Interface>
class Fake : public Interface {
  public:
    NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
        *out = answers(id) ? static_cast<Interface*>(this) : nullptr;
        if (*out == nullptr) return STATUS_INVALID_PARAMETER;
        ++references;
        return STATUS_SUCCESS;
    }
    ULONG STDMETHODCALLTYPE AddRef() override { return static_cast<ULONG>(++references); }
    ULONG STDMETHODCALLTYPE Release() override {
        const auto left = static_cast<ULONG>(--references);
        if (left == 0 && last_release) last_release();
        return left;
    }
    virtual bool answers(const GUID& id) const { return IsEqualGUID(id, IID_IUnknown); }

    int references = 1;
    std::function<void()> last_release;
};

class FakeSink : public Fake<IServiceSink> {
  public:
    void STDMETHODCALLTYPE RequestService() override {
        ++calls;
        if (on_call) on_call();
    }
    int calls = 0;
    std::function<void()> on_call;
};

}  // namespace portico::test
