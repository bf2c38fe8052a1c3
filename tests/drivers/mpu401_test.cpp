// The MPU-401 adapter: what it asks of PortCls, in which order, and that it gives everything back.
#include <gtest/gtest.h>
#include <gmock/gmock.h>

#include "fake_portcls.h"
#include "support/requires.h"

namespace portico::drivers_test {
namespace {

using ::testing::ElementsAre;

class Mpu401 : public FakePortCls {
  protected:
    void SetUp() override {
        load("mpu401");
        resources.entries = {{CmResourceTypePort, 0}, {CmResourceTypeInterrupt, 0}};
    }
};

TEST_F(Mpu401, StartsOneUartSubdevice) {
    EXPECT_EQ(max_objects, 1u);
    EXPECT_EQ(extension_size, 0u);
    REQUIRES("FN-013");
    ASSERT_EQ(start_device(), STATUS_SUCCESS);
    EXPECT_TRUE(port_class == CLSID_PortMidi);
    EXPECT_TRUE(miniport_class == CLSID_MiniportDriverUart);
    EXPECT_THAT(subdevices, ElementsAre(u"Uart"));
    EXPECT_EQ(subdevice_ports[0], static_cast<PUNKNOWN>(&port));
    EXPECT_EQ(port.resources, &sublist);
    ASSERT_EQ(sublist.entries.size(), 2u);
    EXPECT_EQ(sublist.entries[0].type, CmResourceTypePort);
    EXPECT_EQ(sublist.entries[1].type, CmResourceTypeInterrupt);
    REQUIRES("LC-013");
    EXPECT_EQ(port.references, 1u) << "the registration's";
    EXPECT_EQ(miniport.references, 1u) << "the port's";
    EXPECT_EQ(sublist.references, 0u);
    REQUIRES("IP-019");
    REQUIRES("RL-015");
    EXPECT_EQ(blocks, 1u) << "the adapter object, held by its power registration";
    remove();
}

TEST_F(Mpu401, FollowsPowerChanges) {
    ASSERT_EQ(start_device(), STATUS_SUCCESS);
    const auto management = static_cast<PADAPTERPOWERMANAGEMENT>(power);
    POWER_STATE state;
    state.DeviceState = PowerDeviceD3;
    EXPECT_EQ(management->QueryPowerChangeState(state), STATUS_SUCCESS);
    management->PowerChangeState(state);
    DEVICE_CAPABILITIES capabilities{};
    EXPECT_EQ(management->QueryDeviceCapabilities(&capabilities), STATUS_SUCCESS);
    remove();
}

TEST_F(Mpu401, NeedsAPortRangeAndAnInterrupt) {
    resources.entries = {{CmResourceTypePort, 0}};
    EXPECT_EQ(start_device(), STATUS_DEVICE_CONFIGURATION_ERROR);
    resources.entries = {{CmResourceTypeInterrupt, 0}};
    EXPECT_EQ(start_device(), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_TRUE(subdevices.empty());
    REQUIRES("RL-012");
}

TEST_F(Mpu401, AFailureLeavesNothingBehind) {
    new_miniport_status = STATUS_INSUFFICIENT_RESOURCES;
    EXPECT_EQ(start_device(), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(port.references, 0u);
    EXPECT_EQ(sublist.references, 0u);
    remove();

    new_miniport_status = STATUS_SUCCESS;
    sublist.entries.clear();
    port.init_status = STATUS_IO_DEVICE_ERROR;
    EXPECT_EQ(start_device(), STATUS_IO_DEVICE_ERROR);
    EXPECT_EQ(port.references, 0u);
    EXPECT_EQ(miniport.references, 0u);
    EXPECT_EQ(sublist.references, 0u);
    EXPECT_TRUE(subdevices.empty());
    remove();
    REQUIRES("IP-019");
}

}  // namespace
}  // namespace portico::drivers_test
