// The IRQLs of PortCls' functions and methods, as the rows say that the verifier enforces.
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "portcls.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

std::map<std::string, sim::Irql> rows(const char* prefix) {
    std::map<std::string, sim::Irql> found;
    for (unsigned i = 0; const nt::Ddi* const row = nt::ddi_at(i); ++i) {
        if (std::string(row->name).rfind(prefix, 0) == 0) found[row->name] = row->irql_max;
    }
    return found;
}

TEST(IrqlTest, FunctionsRunAtPassiveLevelButForSome) {
    const std::map<std::string, sim::Irql> higher = {
        {"PcCompleteIrp", DISPATCH_LEVEL},
        {"PcCompletePendingPropertyRequest", DISPATCH_LEVEL},
        {"PcGetPhysicalDeviceObject", HIGH_LEVEL},
        {"PcGetTimeInterval", HIGH_LEVEL},
    };
    REQUIRES("FN-019"), REQUIRES("FN-023"), REQUIRES("FN-027"), REQUIRES("FN-120"), REQUIRES("FN-152");
    unsigned checked = 0;
    for (const auto& [name, irql] : rows("Pc")) {
        if (name.find("::") != std::string::npos) continue;
        const auto exception = higher.find(name);
        EXPECT_EQ(irql, exception == higher.end() ? PASSIVE_LEVEL : exception->second) << name;
        ++checked;
    }
    EXPECT_GE(checked, 35u);
}

TEST(IrqlTest, MethodsHaveTheirOwn) {
    REQUIRES("IP-012"), REQUIRES("RL-001"), REQUIRES("RK-001");
    for (const char* interface_name : {"IPort::", "IResourceList::", "IRegistryKey::", "IUnregister"}) {
        const auto methods = rows(interface_name);
        EXPECT_FALSE(methods.empty()) << interface_name;
        for (const auto& [name, irql] : methods) EXPECT_EQ(irql, PASSIVE_LEVEL) << name;
    }
    REQUIRES("SG-004"), REQUIRES("SG-005"), REQUIRES("SG-006"), REQUIRES("SG-010");
    const auto group = rows("IServiceGroup::");
    EXPECT_EQ(group.at("IServiceGroup::RequestService"), HIGH_LEVEL);
    EXPECT_EQ(group.at("IServiceGroup::AddMember"), PASSIVE_LEVEL);
    EXPECT_EQ(group.at("IServiceGroup::RemoveMember"), PASSIVE_LEVEL);
    EXPECT_EQ(group.at("IServiceGroup::SupportDelayedService"), DISPATCH_LEVEL);
    REQUIRES("IS-017"), REQUIRES("IS-018"), REQUIRES("IS-020"), REQUIRES("IS-021");
    const auto sync = rows("IInterruptSync::");
    EXPECT_EQ(sync.at("IInterruptSync::GetKInterrupt"), HIGH_LEVEL);
    EXPECT_EQ(sync.at("IInterruptSync::Connect"), PASSIVE_LEVEL);
    EXPECT_EQ(sync.at("IInterruptSync::Disconnect"), PASSIVE_LEVEL);
    EXPECT_EQ(sync.at("IInterruptSync::RegisterServiceRoutine"), PASSIVE_LEVEL);
    REQUIRES("PE-003"), REQUIRES("PE-005");
    const auto events = rows("IPortEvents::");
    EXPECT_EQ(events.at("IPortEvents::AddEventToEventList"), PASSIVE_LEVEL);
    EXPECT_EQ(events.at("IPortEvents::GenerateEventList"), HIGH_LEVEL);
}

struct IrqlViolationTest : test::PortclsTest {};

TEST_F(IrqlViolationTest, ACallAtTheWrongLevelIsTold) {
    static std::vector<std::string> told;
    told.clear();
    const auto before = nt::irql_violation;
    nt::irql_violation = [](const nt::Ddi& row) { told.push_back(row.name); };
    run([&] {
        PSERVICEGROUP group = nullptr;
        test::at_irql(DISPATCH_LEVEL, [&] { PcNewServiceGroup(&group, nullptr); });
        EXPECT_THAT(told, ::testing::ElementsAre("PcNewServiceGroup"));
        group->Release();
    });
    nt::irql_violation = before;
}

}  // namespace
}  // namespace portico::portcls
