#include "portcls/registry_key.h"

#include <gmock/gmock.h>

#include <cstring>

#include "adapter_test.h"
#include "nt/cm/cm.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Text : UNICODE_STRING {
    Text(const char16_t* text) { RtlInitUnicodeString(this, text); }
};

struct RegistryKeyTest : test::AdapterTest {
    static constexpr const char16_t* path = u"\\Registry\\Machine\\Software\\Test";

    PREGISTRYKEY general(const char16_t* name = path, ACCESS_MASK access = KEY_ALL_ACCESS,
                         ULONG* disposition = nullptr) {
        Text text(name);
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &text, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                                   nullptr);
        PREGISTRYKEY key = nullptr;
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, access, nullptr, nullptr, &attributes,
                                   REG_OPTION_NON_VOLATILE, disposition),
                  STATUS_SUCCESS);
        return key;
    }
};

TEST_F(RegistryKeyTest, MakesAndOpensAGeneralKey) {
    run([&] {
        ULONG disposition = 0;
        REQUIRES("FN-100"), REQUIRES("IP-043"), REQUIRES("IP-047");
        PREGISTRYKEY const key = general(path, KEY_ALL_ACCESS, &disposition);
        ASSERT_NE(key, nullptr);
        EXPECT_EQ(disposition, static_cast<ULONG>(REG_CREATED_NEW_KEY));
        PREGISTRYKEY const again = general(path, KEY_ALL_ACCESS, &disposition);
        EXPECT_EQ(disposition, static_cast<ULONG>(REG_OPENED_EXISTING_KEY));
        again->Release();
        REQUIRES("RK-015");
        EXPECT_EQ(key->Release(), 0u);
        EXPECT_TRUE(nt::cm::key_exists(Text(path)));
    });
}

TEST_F(RegistryKeyTest, SetsAndReadsValues) {
    run([&] {
        PREGISTRYKEY const key = general();
        Text name(u"Count");
        ULONG number = 42;
        REQUIRES("RK-008");
        EXPECT_EQ(key->SetValueKey(&name, REG_DWORD, &number, sizeof number), STATUS_SUCCESS);
        EXPECT_EQ(key->SetValueKey(nullptr, REG_DWORD, &number, sizeof number), STATUS_SUCCESS)
            << "the unnamed value";
        union {
            KEY_VALUE_PARTIAL_INFORMATION partial;
            UCHAR bytes[64];
        } buffer{};
        ULONG length = 0;
        REQUIRES("RK-004");
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, &buffer, sizeof buffer, &length),
                  STATUS_SUCCESS);
        EXPECT_EQ(buffer.partial.Type, static_cast<ULONG>(REG_DWORD));
        ULONG read = 0;
        std::memcpy(&read, buffer.partial.Data, sizeof read);
        EXPECT_EQ(read, 42u);
        REQUIRES("RK-006");
        const ULONG whole = length;
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, &buffer, whole - 1, &length),
                  STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(length, whole);
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, &buffer, 2, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, whole);
        Text missing(u"Missing");
        EXPECT_EQ(key->QueryValueKey(&missing, KeyValuePartialInformation, &buffer, sizeof buffer, &length),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        REQUIRES("RK-005"), REQUIRES("RK-016");
        EXPECT_EQ(key->EnumerateValueKey(0, KeyValuePartialInformation, &buffer, sizeof buffer, &length),
                  STATUS_SUCCESS);
        EXPECT_EQ(key->EnumerateValueKey(2, KeyValuePartialInformation, &buffer, sizeof buffer, &length),
                  STATUS_NO_MORE_ENTRIES);
        REQUIRES("RK-007");
        EXPECT_EQ(key->QueryValueKey(nullptr, KeyValuePartialInformation, &buffer, sizeof buffer, &length),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(key->QueryKey(KeyBasicInformation, &buffer, sizeof buffer, nullptr),
                  STATUS_INVALID_PARAMETER);
        key->Release();
    });
}

TEST_F(RegistryKeyTest, HasSubkeys) {
    run([&] {
        PREGISTRYKEY const key = general();
        Text name(u"Settings");
        PREGISTRYKEY subkey = nullptr;
        ULONG disposition = 0;
        REQUIRES("RK-010");
        EXPECT_EQ(
            key->NewSubKey(&subkey, nullptr, KEY_ALL_ACCESS, &name, REG_OPTION_NON_VOLATILE, &disposition),
            STATUS_SUCCESS);
        EXPECT_EQ(disposition, static_cast<ULONG>(REG_CREATED_NEW_KEY));
        union {
            KEY_BASIC_INFORMATION basic;
            KEY_FULL_INFORMATION full;
            UCHAR bytes[128];
        } buffer{};
        ULONG length = 0;
        REQUIRES("RK-003");
        EXPECT_EQ(key->EnumerateKey(0, KeyBasicInformation, &buffer, sizeof buffer, &length), STATUS_SUCCESS);
        EXPECT_EQ(buffer.basic.NameLength, 16u);
        EXPECT_EQ(key->EnumerateKey(1, KeyBasicInformation, &buffer, sizeof buffer, &length),
                  STATUS_NO_MORE_ENTRIES);
        REQUIRES("RK-002");
        EXPECT_EQ(key->QueryKey(KeyFullInformation, &buffer, sizeof buffer, &length), STATUS_SUCCESS);
        EXPECT_EQ(buffer.full.SubKeys, 1u);
        REQUIRES("RK-011");
        EXPECT_EQ(key->NewSubKey(nullptr, nullptr, KEY_READ, &name, 0, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(key->NewSubKey(&subkey, nullptr, KEY_READ, nullptr, 0, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("RK-011", "RK-011"));
        key->Release();
    });
}

TEST_F(RegistryKeyTest, DeletesItsKey) {
    run([&] {
        PREGISTRYKEY const reader = general(path, KEY_READ);
        ULONG number = 1;
        Text name(u"Count");
        EXPECT_EQ(reader->SetValueKey(&name, REG_DWORD, &number, sizeof number), STATUS_SUCCESS);
        reader->Release();
        PREGISTRYKEY const key = general();
        REQUIRES("RK-012");
        EXPECT_EQ(key->DeleteKey(), STATUS_SUCCESS);
        EXPECT_FALSE(nt::cm::key_exists(Text(path)));
        REQUIRES("RK-013");
        ULONG length = 0;
        UCHAR buffer[64];
        EXPECT_EQ(key->QueryKey(KeyBasicInformation, buffer, sizeof buffer, &length), STATUS_INVALID_HANDLE);
        EXPECT_EQ(key->SetValueKey(&name, REG_DWORD, &number, sizeof number), STATUS_INVALID_HANDLE);
        EXPECT_EQ(key->DeleteKey(), STATUS_INVALID_HANDLE);
        key->Release();
    });
}

TEST_F(RegistryKeyTest, QueriesThroughATable) {
    static std::vector<ULONG> seen;
    seen.clear();
    run([&] {
        PREGISTRYKEY const key = general();
        Text name(u"Count");
        ULONG number = 17;
        key->SetValueKey(&name, REG_DWORD, &number, sizeof number);
        RTL_QUERY_REGISTRY_TABLE table[2] = {};
        table[0].QueryRoutine = [](PWSTR, ULONG, PVOID data, ULONG length, PVOID context, PVOID)
                                    NTAPI -> NTSTATUS {
            ULONG value = 0;
            std::memcpy(&value, data, std::min<std::size_t>(length, sizeof value));
            seen.push_back(value + *static_cast<ULONG*>(context));
            return STATUS_SUCCESS;
        };
        table[0].Name = const_cast<PWSTR>(u"Count");
        table[0].Flags = RTL_QUERY_REGISTRY_REQUIRED;
        ULONG context = 100;
        REQUIRES("RK-009");
        EXPECT_EQ(key->QueryRegistryValues(table, &context), STATUS_SUCCESS);
        EXPECT_THAT(seen, ElementsAre(117u));
        table[0].Name = const_cast<PWSTR>(u"Missing");
        EXPECT_EQ(key->QueryRegistryValues(table, &context), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(key->QueryRegistryValues(nullptr, &context), STATUS_INVALID_PARAMETER);
        key->Release();
    });
}

TEST_F(RegistryKeyTest, OpensTheKeysOfTheDevice) {
    FakeMiniport miniport;
    FakePort* port = nullptr;
    on_start = [&](auto...) {
        port = make_port(miniport);
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        REQUIRES("FN-102"), REQUIRES("IP-042");
        for (const ULONG type : {DeviceRegistryKey, DriverRegistryKey}) {
            PREGISTRYKEY key = nullptr;
            EXPECT_EQ(
                PcNewRegistryKey(&key, nullptr, type, KEY_ALL_ACCESS, fdo, nullptr, nullptr, 0, nullptr),
                STATUS_SUCCESS);
            ASSERT_NE(key, nullptr);
            key->Release();
            REQUIRES("IP-040");
            EXPECT_EQ(port->NewRegistryKey(&key, nullptr, type, KEY_ALL_ACCESS, nullptr, 0, nullptr),
                      STATUS_SUCCESS);
            key->Release();
        }
        PREGISTRYKEY key = nullptr;
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, HwProfileRegistryKey, KEY_READ, fdo, nullptr, nullptr, 0,
                                   nullptr),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        REQUIRES("IP-048");
        EXPECT_FALSE(NT_SUCCESS(
            port->NewRegistryKey(&key, nullptr, DeviceInterfaceRegistryKey, KEY_READ, nullptr, 0, nullptr)))
            << "the subdevice is not registered yet";
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), static_cast<IPortMidi*>(port)),
                  STATUS_SUCCESS);
        EXPECT_EQ(
            port->NewRegistryKey(&key, nullptr, DeviceInterfaceRegistryKey, KEY_READ, nullptr, 0, nullptr),
            STATUS_SUCCESS);
        key->Release();
        EXPECT_THAT(Contracts::take(), IsEmpty());
        port->Release();
    });
}

TEST_F(RegistryKeyTest, ChecksItsArguments) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        PREGISTRYKEY key = nullptr;
        REQUIRES("FN-101");
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, nullptr, nullptr, nullptr, 0,
                                   nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, fdo, fdo, nullptr, 0, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, DeviceInterfaceRegistryKey, KEY_READ, fdo, nullptr, nullptr,
                                   0, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-101", "FN-101", "FN-101"));
        REQUIRES("IP-044");
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_READ, nullptr, nullptr, nullptr, 0,
                                   nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-044"));
        EXPECT_EQ(key, nullptr);
        Text name(u"\\Registry\\Machine\\Software");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
        REQUIRES("IP-045");
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_READ, nullptr, nullptr, &attributes,
                                   0, nullptr),
                  STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-045"));
        key->Release();
        FakePort* const port = FakePort::create(log);
        REQUIRES("IP-041");
        EXPECT_EQ(port->NewRegistryKey(nullptr, nullptr, DriverRegistryKey, KEY_READ, nullptr, 0, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("IP-041"));
        port->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
