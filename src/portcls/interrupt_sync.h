// IInterruptSync: service routines of one interrupt, and calls that exclude them (IS-001..IS-051).
#pragma once

#include "nt/ke/ke.h"
#include "portcls/com_object.h"

namespace portico::portcls {

class InterruptSync final : public ComObject<IInterruptSync> {
  public:
    // Passes over the list in Repeat mode before a routine that always claims is given up (IS-007).
    static constexpr unsigned repeat_pass_limit = 1024;

    // `translated` describes the interrupt; it is read, not kept.
    InterruptSync(const CM_PARTIAL_RESOURCE_DESCRIPTOR& translated, INTERRUPTSYNCMODE mode);
    ~InterruptSync();

    PORTICO_IInterruptSync(PORTICO_OVERRIDE)

        // The routines are called at this level, connected or not.
        sim::Irql irql() const {
        return irql_;
    }

  private:
    struct Routine {
        PINTERRUPTSYNCROUTINE function;
        PVOID context;
        Routine* next;
    };

    void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }

    static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context);
    bool call_routines();
    NTSTATUS call(PINTERRUPTSYNCROUTINE function, PVOID context);
    bool pass(bool stop_at_success);
    bool owned_here() const;
    sim::Irql lock();
    void unlock(sim::Irql old);
    void disconnect();

    KSPIN_LOCK lock_ = 0;
    PKINTERRUPT interrupt_ = nullptr;
    Routine* routines_ = nullptr;
    INTERRUPTSYNCMODE mode_;
    int irq_;
    sim::Irql irql_;
    bool latched_;
    KAFFINITY affinity_;
};

}  // namespace portico::portcls
