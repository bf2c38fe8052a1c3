// PcRegisterIoTimeout: routines that run about once a second at DISPATCH_LEVEL while the device is started
// (FN-130..FN-135).
#pragma once

#include "portcls/walked_list.h"

namespace portico::portcls {

struct AdapterDevice;

class IoTimeouts {
  public:
    void initialize(AdapterDevice& adapter);

    NTSTATUS add(PIO_TIMER_ROUTINE routine, PVOID context);
    NTSTATUS remove(PIO_TIMER_ROUTINE routine, PVOID context);

    void start();  // the device is started
    void stop();   // no routine is called from now on; the registrations stay
    bool clear();  // and go; false: there were none

  private:
    struct Entry {
        PIO_TIMER_ROUTINE routine;
        PVOID context;
        Entry* next_node;
        Listed listed;
    };

    static void NTAPI expired(PKDPC dpc, PVOID context, PVOID, PVOID);
    void run();

    AdapterDevice* adapter_ = nullptr;
    KTIMER timer_;
    KDPC dpc_;
    WalkedList<Entry> entries_;
    bool running_ = false;
};

}  // namespace portico::portcls
