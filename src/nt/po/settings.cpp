// What drivers tell the power manager of their needs, and what it tells them of the machine's power settings.
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/po/po.h"
#include "nt/po/power_irp.h"

namespace portico::nt::po {
namespace {

struct SystemState {
    EXECUTION_STATE flags;
};

struct SettingCallback {
    LIST_ENTRY link;
    WORK_QUEUE_ITEM work;
    GUID setting;
    PPOWER_SETTING_CALLBACK callback;
    void* context;
    ULONG value;
    KTHREAD* teller;  // in the driver's routine; null: nobody
    KEVENT told;      // for who unregisters meanwhile
    bool queued;
    bool removed;
    bool awaited;
};

LIST_ENTRY callbacks{&callbacks, &callbacks};

struct Setting {
    GUID guid;
    ULONG value;
};
// The simulated machine is on mains with its display on.
constexpr Setting settings[] = {
    {{0x5d3e9a59, 0xe9d5, 0x4b00, {0xa6, 0xbd, 0xff, 0x34, 0xff, 0x51, 0x65, 0x48}},
     0},  // GUID_ACDC_POWER_SOURCE
    {{0x02731015, 0x4510, 0x4526, {0x99, 0xe6, 0xe5, 0xa1, 0x7e, 0xbd, 0x1a, 0xea}},
     1},  // GUID_MONITOR_POWER_ON
    {{0x6fe69556, 0x704a, 0x47a0, {0x8f, 0x24, 0xc2, 0x8d, 0x93, 0x6f, 0xda, 0x47}},
     1}};  // GUID_CONSOLE_DISPLAY_STATE

const Setting* find_setting(const GUID& guid) {
    for (const Setting& setting : settings) {
        if (IsEqualGUID(setting.guid, guid)) return &setting;
    }
    return nullptr;
}

// A new registration hears the current value first.
void NTAPI tell(void* context) {
    auto* const entry = static_cast<SettingCallback*>(context);
    entry->queued = false;
    if (entry->removed) return ex::destroy(entry);
    entry->teller = ke::current_thread();
    {
        DriverCall call("PowerSettingCallback", reinterpret_cast<const void*>(entry->callback));
        call.returned(entry->callback(&entry->setting, &entry->value, sizeof entry->value, entry->context));
    }
    entry->teller = nullptr;
    if (entry->awaited) {
        ke::set_event(&entry->told);
    } else if (entry->removed) {
        ex::destroy(entry);  // its own routine unregistered it
    }
}

NTSTATUS add_callback(const GUID& guid, PPOWER_SETTING_CALLBACK callback, void* context, void** handle) {
    auto* const entry = ex::make<SettingCallback>(NonPagedPool, 'teSP');
    if (entry == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    entry->setting = guid;
    entry->callback = callback;
    entry->context = context;
    ke::initialize_event(&entry->told, NotificationEvent, false);
    InsertTailList(&callbacks, &entry->link);
    if (handle != nullptr) *handle = entry;
    const Setting* const setting = find_setting(guid);
    if (setting == nullptr) return STATUS_SUCCESS;
    entry->value = setting->value;
    entry->queued = true;
    ExInitializeWorkItem(&entry->work, tell, entry);
    ex::queue_work_item(&entry->work, DelayedWorkQueue);
    return STATUS_SUCCESS;
}

NTSTATUS remove_callback(void* handle) {
    for (PLIST_ENTRY e = callbacks.Flink; e != &callbacks; e = e->Flink) {
        auto* const entry = CONTAINING_RECORD(e, SettingCallback, link);
        if (entry != handle) continue;
        RemoveEntryList(e);
        entry->removed = true;
        // tell() frees it when it has not begun, and when the driver's routine itself is the caller.
        if (entry->queued || entry->teller == ke::current_thread()) return STATUS_SUCCESS;
        if (entry->teller != nullptr) {
            entry->awaited = true;
            ke::wait(&entry->told, KernelMode, false, nullptr);
        }
        ex::destroy(entry);
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

}  // namespace

void reset_settings() {
    InitializeListHead(&callbacks);
}

}  // namespace portico::nt::po

using namespace portico::nt;

extern "C" {

PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, EXECUTION_STATE Flags) {
    DDI(PoRegisterSystemState, APC_LEVEL);
    auto* state = static_cast<po::SystemState*>(StateHandle);
    if (state == nullptr) state = ex::make<po::SystemState>(NonPagedPool, 'tsSP');
    if (state != nullptr) state->flags = Flags;
    return state;
}

VOID NTAPI PoUnregisterSystemState(PVOID StateHandle) {
    DDI(PoUnregisterSystemState, APC_LEVEL);
    ex::destroy(static_cast<po::SystemState*>(StateHandle));
}

// The simulated machine goes to sleep when it is told to, not by itself: there is nothing to keep awake.
VOID NTAPI PoSetSystemState(EXECUTION_STATE) {
    DDI(PoSetSystemState, DISPATCH_LEVEL);
}

NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT, LPCGUID SettingGuid,
                                              PPOWER_SETTING_CALLBACK Callback, PVOID Context,
                                              PVOID* Handle) {
    DDI(PoRegisterPowerSettingCallback, PASSIVE_LEVEL);
    if (SettingGuid == nullptr || Callback == nullptr) return STATUS_INVALID_PARAMETER;
    return po::add_callback(*SettingGuid, Callback, Context, Handle);
}

NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID Handle) {
    DDI(PoUnregisterPowerSettingCallback, PASSIVE_LEVEL);
    return po::remove_callback(Handle);
}

}  // extern "C"
