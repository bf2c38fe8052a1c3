// IRegistryKey: one open key (RK-001..RK-016, FN-100..FN-102, IP-040..IP-048). PASSIVE_LEVEL.
#pragma once

#include "portcls/com_object.h"

namespace portico::portcls {

struct AdapterDevice;
struct Subdevice;

class RegistryKey final : public ComObject<IRegistryKey> {
  public:
    // Owns the handle, a kernel one.
    explicit RegistryKey(HANDLE key) : key_(key) {}
    ~RegistryKey();

    // One reference for the caller; closes the handle when it fails.
    static NTSTATUS create(HANDLE key, PREGISTRYKEY* out);

    PORTICO_IRegistryKey(PORTICO_OVERRIDE)

        private : void* find_interface(const GUID& id) override;
    void destroy() override { unmake(this); }

    HANDLE key_;  // null after DeleteKey
};

// What PcNewRegistryKey and IPort::NewRegistryKey ask for.
struct KeyRequest {
    AdapterDevice* adapter;  // null: only a general key
    Subdevice* subdevice;    // for DeviceInterfaceRegistryKey; null: not registered
    ULONG type;
    ACCESS_MASK access;
    POBJECT_ATTRIBUTES attributes;
    ULONG options;
    PULONG disposition;
};

NTSTATUS new_key(const KeyRequest& request, PREGISTRYKEY* out);

}  // namespace portico::portcls
