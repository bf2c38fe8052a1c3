// A driver written by the test, loaded and started by the PnP manager.
#pragma once

#include "fake_port.h"
#include "nt/io/pnp.h"
#include "portcls/adapter.h"
#include "portcls_test.h"

namespace portico::test {

class AdapterTest : public PortclsTest {
  protected:
    AdapterTest() {
        self_ = this;
        source_.service = u"fake";
        source_.entry = driver_entry;
        EXPECT_EQ(nt::io::register_driver(source_), STATUS_SUCCESS);
        nt::io::DeviceDescription description;
        description.service = u"fake";
        description.device_id = u"ROOT\\FAKE";
        description.resources[0] = {nt::io::Resource::Kind::port, 0x330, 2, false, false};
        description.resources[1] = {nt::io::Resource::Kind::interrupt, 9, 1, false, false};
        description.resource_count = 2;
        description.power_context = this;
        description.power_changed = [](void* context, DEVICE_POWER_STATE state) {
            static_cast<AdapterTest*>(context)->log.push_back("bus D" + std::to_string(state - 1));
        };
        node = nt::io::add_node(description);
    }
    ~AdapterTest() override { self_ = nullptr; }

    NTSTATUS perform(nt::io::PnpAction action) { return nt::io::perform(action, *node); }
    NTSTATUS set_power(DEVICE_POWER_STATE state) {
        nt::io::PnpRequest request;
        request.action = nt::io::PnpAction::set_device_power;
        request.node = node;
        request.device_power = state;
        return nt::io::perform(request);
    }
    portcls::AdapterDevice& adapter() { return *portcls::adapter_of(fdo); }

    // A port for this device, initialised with the miniport; one reference, the caller's.
    FakePort* make_port(FakeMiniport& miniport, PRESOURCELIST resources = nullptr) {
        FakePort* const port = FakePort::create(log);
        EXPECT_EQ(port->Init(fdo, nullptr, &miniport, nullptr, resources), STATUS_SUCCESS);
        return port;
    }
    // ... and registered; no reference is kept.
    FakePort* register_port(FakeMiniport& miniport, const WCHAR* name) {
        FakePort* const port = make_port(miniport);
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(name), static_cast<IPortMidi*>(port)),
                  STATUS_SUCCESS);
        port->Release();
        return port;
    }
    std::vector<std::string> take_log() { return std::exchange(log, {}); }

    std::function<NTSTATUS(PDEVICE_OBJECT, PIRP, PRESOURCELIST)> on_start = [](auto...) {
        return STATUS_SUCCESS;
    };
    std::function<void(PDRIVER_OBJECT)> after_entry;
    std::function<void()> after_add;  // PcAddAdapterDevice has made the FDO
    ULONG max_objects = 4;
    ULONG extension_size = 0;

    nt::io::DeviceNode* node = nullptr;
    PDRIVER_OBJECT driver = nullptr;
    PDEVICE_OBJECT fdo = nullptr;
    std::vector<std::string> log;

  private:
    static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path) {
        self_->driver = object;
        const NTSTATUS status = PcInitializeAdapterDriver(object, path, add_device);
        if (self_->after_entry) self_->after_entry(object);
        return status;
    }
    static NTSTATUS NTAPI add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT pdo) {
        const NTSTATUS status =
            PcAddAdapterDevice(object, pdo, start_device, self_->max_objects, self_->extension_size);
        if (!NT_SUCCESS(status)) return status;
        self_->fdo = pdo->AttachedDevice;
        if (self_->after_add) self_->after_add();
        return status;
    }
    static NTSTATUS NTAPI start_device(PDEVICE_OBJECT fdo, PIRP irp, PRESOURCELIST resources) {
        return self_->on_start(fdo, irp, resources);
    }

    inline static AdapterTest* self_ = nullptr;
    nt::io::DriverSource source_;
};

}  // namespace portico::test
