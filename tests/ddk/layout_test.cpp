// Layouts and numbers in host mode; the driver's build asserts the same list (drivers/objects.cpp).
#include <cstddef>

#include <gtest/gtest.h>

#include "layout_facts.h"
#include "support/requires.h"

namespace layout_test {
namespace {

TEST(Layout, SizesOffsetsAndNumbersAreWindows) {
#define EXPECT_FACT(requirement, value, expected)                                                        \
    EXPECT_EQ(static_cast<LONGLONG>(value), static_cast<LONGLONG>(expected)) << requirement ": " #value; \
    REQUIRES(requirement);
    LAYOUT_FACTS(EXPECT_FACT)
}

const PCPROPERTY_ITEM properties[] = {{&KSPROPSETID_General, 0, PCPROPERTY_ITEM_FLAG_GET, nullptr},
                                      {&KSPROPSETID_General, 1, PCPROPERTY_ITEM_FLAG_GET, nullptr}};
const PCEVENT_ITEM events[] = {{&KSEVENTSETID_AudioControlChange, 0, PCEVENT_ITEM_FLAG_ENABLE, nullptr}};
DEFINE_PCAUTOMATION_TABLE_PROP(property_table, properties);
DEFINE_PCAUTOMATION_TABLE_EVENT(event_table, events);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(both_table, properties, events);

TEST(Layout, AutomationTableMacros) {
    EXPECT_EQ(property_table.PropertyItemSize, sizeof(PCPROPERTY_ITEM));
    EXPECT_EQ(property_table.PropertyCount, 2u);
    EXPECT_EQ(property_table.Properties, properties);
    EXPECT_EQ(property_table.EventCount, 0u);
    EXPECT_EQ(property_table.Events, nullptr);
    EXPECT_EQ(event_table.PropertyCount, 0u);
    EXPECT_EQ(event_table.EventCount, 1u);
    EXPECT_EQ(event_table.Events, events);
    EXPECT_EQ(both_table.Properties, properties);
    EXPECT_EQ(both_table.Events, events);
    EXPECT_EQ(both_table.Methods, nullptr);
    EXPECT_EQ(both_table.Reserved, 0u);
    REQUIRES("FD-041");
}

// CX-006: the header of mingw adds an interrupt.
TEST(Layout, ResourceMacrosNameTheirType) {
    struct Asked {
        CM_RESOURCE_TYPE type = -1;
        CM_RESOURCE_TYPE NumberOfEntriesOfType(CM_RESOURCE_TYPE asked) { return asked; }
        void* FindTranslatedEntry(CM_RESOURCE_TYPE asked, ULONG) {
            type = asked;
            return nullptr;
        }
        void AddEntryFromParent(void*, CM_RESOURCE_TYPE asked, ULONG) { type = asked; }
    } list;
    EXPECT_EQ(list.NumberOfPorts(), CmResourceTypePort);
    EXPECT_EQ(list.NumberOfInterrupts(), CmResourceTypeInterrupt);
    EXPECT_EQ(list.NumberOfMemories(), CmResourceTypeMemory);
    EXPECT_EQ(list.NumberOfDmas(), CmResourceTypeDma);
    EXPECT_EQ(list.NumberOfDeviceSpecifics(), CmResourceTypeDeviceSpecific);
    EXPECT_EQ(list.NumberOfBusNumbers(), CmResourceTypeBusNumber);
    EXPECT_EQ(list.NumberOfDevicePrivates(), CmResourceTypeDevicePrivate);
    list.FindTranslatedInterrupt(0);
    EXPECT_EQ(list.type, CmResourceTypeInterrupt);
    list.AddPortFromParent(nullptr, 0);
    EXPECT_EQ(list.type, CmResourceTypePort);
    list.AddDmaFromParent(nullptr, 0);
    EXPECT_EQ(list.type, CmResourceTypeDma);
    REQUIRES("CX-006");
    REQUIRES("RL-013");
}

}  // namespace
}  // namespace layout_test
