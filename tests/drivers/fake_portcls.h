// A PortCls that does nothing by itself: it takes what an adapter driver registers, and the test plays its
// part. For the drivers of drivers/, one call at a time.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <portcls.h>

#include "support/com_fakes.h"

namespace portico::drivers_test {

using test::Counted;

class FakeGroup : public Counted<IServiceGroup> {
  public:
    IMP_IServiceGroup
};

class FakePort : public Counted<IPortMidi> {
  public:
    PUNKNOWN miniport = nullptr;
    PRESOURCELIST resources = nullptr;
    PSERVICEGROUP group = nullptr;
    NTSTATUS init_status = STATUS_SUCCESS;
    std::vector<PSERVICEGROUP> notified;
    std::vector<PSERVICEGROUP> registered;
    IMP_IPortMidi
};

struct Entry {
    CM_RESOURCE_TYPE type;
    ULONG index;
};

class FakeResources : public Counted<IResourceList> {
  public:
    std::vector<Entry> entries;
    ULONG maximum = 0;
    IMP_IResourceList
};

// What PcNewMiniport makes.
class FakeMiniport : public Counted<IMiniportMidi> {
  public:
    IMP_IMiniportMidi
};

// One at a time; the driver is loaded afresh, and its pool must be empty at the end.
class FakePortCls : public ::testing::Test {
  protected:
    FakePortCls();
    ~FakePortCls() override;

    // DriverEntry and AddDevice.
    void load(const std::string& driver);
    NTSTATUS start_device();
    // What a port does when its subdevice goes: it lets go of the miniport.
    void remove();

  public:
    DRIVER_OBJECT driver_object{};
    PDRIVER_ADD_DEVICE add_device = nullptr;
    PCPFNSTARTDEVICE start = nullptr;
    ULONG max_objects = 0;
    ULONG extension_size = ~0u;
    DEVICE_OBJECT device_object{};
    IRP irp{};

    FakePort port;
    FakeGroup group;
    FakeMiniport miniport;
    FakeResources resources;  // of the device
    FakeResources sublist;
    PUNKNOWN power = nullptr;
    std::vector<std::u16string> subdevices;
    std::vector<PUNKNOWN> subdevice_ports;
    GUID port_class{};
    GUID miniport_class{};
    NTSTATUS new_miniport_status = STATUS_SUCCESS;
    std::size_t blocks = 0;
    int lock_depth = 0;
};

}  // namespace portico::drivers_test
