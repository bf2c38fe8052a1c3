// RtlQueryRegistryValues and its kind, as their documentation has them.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "kernel.h"
#include "nt/cm/cm.h"
#include "nt/ex/pool.h"
#include "nt/findings.h"
#include "nt/ob/ob.h"
#include "support/requires.h"

namespace rtl_registry_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;

constexpr const char16_t* card = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Card";

struct Seen {
    std::u16string name;
    ULONG type;
    std::string data;
    bool operator==(const Seen& other) const {
        return name == other.name && type == other.type && data == other.data;
    }
};

std::string bytes_of(const char16_t* text, std::size_t count) {
    return {reinterpret_cast<const char*>(text), count * 2};
}

std::vector<Seen>& seen() {
    static std::vector<Seen> all;
    return all;
}

NTSTATUS NTAPI take(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID, PVOID) {
    seen().push_back(
        {name == nullptr ? u"(null)" : name, type, std::string(static_cast<const char*>(data), length)});
    return STATUS_SUCCESS;
}

void set(const char16_t* path, const char16_t* name, ULONG type, const void* data, ULONG size) {
    ASSERT_EQ(cm::set_value(ob::string(path), ob::string(name), type, data, size), STATUS_SUCCESS);
}

struct RtlRegistry : ::testing::Test {
    Kernel kernel;
    void in_kernel(const std::function<void()>& body) {
        ASSERT_TRUE(kernel.run([&] {
            seen().clear();
            const ULONG port = 0x330;
            set(card, u"Port", REG_DWORD, &port, sizeof port);
            set(card, u"Name", REG_SZ, u"Midi", 10);
            set(card, u"Many", REG_MULTI_SZ, u"a\0bc\0", 12);
            set(card, u"Path", REG_EXPAND_SZ, u"%X%\\y", 12);
            set(card, u"Blob", REG_BINARY, "\1\2\3\4\5\6", 6);
            body();
        }));
    }
};

NTSTATUS query(std::vector<RTL_QUERY_REGISTRY_TABLE> entries, ULONG relative_to = RTL_REGISTRY_SERVICES,
               const char16_t* path = u"Card") {
    entries.push_back({});
    return RtlQueryRegistryValues(relative_to, path, entries.data(), nullptr, nullptr);
}

RTL_QUERY_REGISTRY_TABLE ask(const char16_t* name, ULONG flags = 0) {
    return {&take, flags, const_cast<PWSTR>(name), nullptr, REG_NONE, nullptr, 0};
}
RTL_QUERY_REGISTRY_TABLE store(const char16_t* name, void* where, ULONG type, ULONG flags = 0) {
    return {nullptr,
            RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | flags,
            const_cast<PWSTR>(name),
            where,
            type << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT,
            nullptr,
            0};
}

TEST_F(RtlRegistry, RoutinesSeeValues) {
    in_kernel(
        [] {
            EXPECT_EQ(query({ask(u"Port"), ask(u"Many"), ask(u"Path"), ask(u"Absent")}), STATUS_SUCCESS);
            ASSERT_EQ(seen().size(), 4u)
                << "strings of a list come one by one, a value that is not there not at all";
            EXPECT_EQ(seen()[0], (Seen{u"Port", REG_DWORD, std::string("\x30\x03\0\0", 4)}));
            EXPECT_EQ(seen()[1], (Seen{u"Many", REG_SZ, bytes_of(u"a", 2)}));
            EXPECT_EQ(seen()[2], (Seen{u"Many", REG_SZ, bytes_of(u"bc", 3)}));
            EXPECT_EQ(seen()[3], (Seen{u"Path", REG_SZ, bytes_of(u"%X%\\y", 6)}));
            seen().clear();
            EXPECT_EQ(query({ask(u"Many", RTL_QUERY_REGISTRY_NOEXPAND)}), STATUS_SUCCESS);
            ASSERT_EQ(seen().size(), 1u);
            EXPECT_EQ(seen()[0].type, static_cast<ULONG>(REG_MULTI_SZ));
            EXPECT_EQ(seen()[0].data.size(), 12u);
        });
}

TEST_F(RtlRegistry, EveryValueAndRequiredOnes) {
    in_kernel([] {
        EXPECT_EQ(query({ask(nullptr, RTL_QUERY_REGISTRY_NOEXPAND)}), STATUS_SUCCESS);
        ASSERT_EQ(seen().size(), 5u);
        EXPECT_EQ(seen()[4].name, u"Blob");
        EXPECT_EQ(query({ask(u"Absent", RTL_QUERY_REGISTRY_REQUIRED), ask(u"Port")}),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(seen().size(), 5u) << "it ends there";
        EXPECT_EQ(query({ask(u"Port")}, RTL_REGISTRY_SERVICES, u"Nobody"), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(query({ask(u"Port")}, RTL_REGISTRY_MAXIMUM, u"Card"), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(query({ask(u"Port")}, RTL_REGISTRY_ABSOLUTE, card), STATUS_SUCCESS);
        seen().clear();
        EXPECT_EQ(query({ask(nullptr, RTL_QUERY_REGISTRY_NOVALUE)}), STATUS_SUCCESS);
        ASSERT_EQ(seen().size(), 1u);
        EXPECT_EQ(seen()[0], (Seen{u"(null)", REG_NONE, ""}));
    });
}

TEST_F(RtlRegistry, DefaultsForWhatIsMissing) {
    in_kernel([] {
        ULONG value = 7;
        ULONG wanted = 0;
        RTL_QUERY_REGISTRY_TABLE entry{
            nullptr,     RTL_QUERY_REGISTRY_DIRECT, const_cast<PWSTR>(u"Absent"), &wanted, REG_DWORD, &value,
            sizeof value};
        EXPECT_EQ(query({entry}), STATUS_SUCCESS);
        EXPECT_EQ(wanted, 7u);
        WCHAR buffer[8];
        UNICODE_STRING text{0, sizeof buffer, buffer};
        entry = {nullptr,
                 RTL_QUERY_REGISTRY_DIRECT,
                 const_cast<PWSTR>(u"Absent"),
                 &text,
                 REG_SZ,
                 const_cast<WCHAR*>(u"dflt"),
                 0};
        EXPECT_EQ(query({entry}), STATUS_SUCCESS);
        EXPECT_EQ(text.Length, 8);
        // An optional key that is not there is one without values.
        EXPECT_EQ(query({entry}, RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, u"Nobody"), STATUS_SUCCESS);
        RTL_QUERY_REGISTRY_TABLE list = ask(u"Absent");
        list.DefaultType = REG_MULTI_SZ;
        list.DefaultData = const_cast<WCHAR*>(u"p\0q\0");
        EXPECT_EQ(query({list}), STATUS_SUCCESS);
        ASSERT_EQ(seen().size(), 2u);
        EXPECT_EQ(seen()[1].data, bytes_of(u"q", 2));
    });
}

TEST_F(RtlRegistry, DirectStores) {
    in_kernel([] {
        ULONG port = 0;
        WCHAR buffer[5];
        UNICODE_STRING name{0, sizeof buffer, buffer};
        EXPECT_EQ(query({store(u"Port", &port, REG_DWORD), store(u"Name", &name, REG_SZ)}), STATUS_SUCCESS);
        EXPECT_EQ(port, 0x330u);
        EXPECT_EQ(name.Length, 8);
        EXPECT_EQ(std::u16string(buffer, 5), std::u16string(u"Midi\0", 5));
        name.MaximumLength = 8;
        EXPECT_EQ(query({store(u"Name", &name, REG_SZ)}), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(query({store(u"Port", &port, REG_SZ)}), STATUS_OBJECT_TYPE_MISMATCH);
        const auto blocks = ex::pool_use(true).blocks;
        UNICODE_STRING made{};
        EXPECT_EQ(query({store(u"Many", &made, REG_MULTI_SZ, RTL_QUERY_REGISTRY_NOEXPAND)}), STATUS_SUCCESS);
        EXPECT_EQ(made.MaximumLength, 12);
        EXPECT_EQ(ex::pool_use(true).blocks, blocks + 1) << "only the string is left";
        RtlFreeUnicodeString(&made);
        RTL_QUERY_REGISTRY_TABLE wrong = store(u"Port", &port, REG_DWORD);
        wrong.QueryRoutine = &take;
        EXPECT_EQ(query({wrong}), STATUS_INVALID_PARAMETER);
        wrong = store(nullptr, &port, REG_DWORD);
        EXPECT_EQ(query({wrong}), STATUS_INVALID_PARAMETER);
    });
}

// Binary data says at its beginning how much room there is.
TEST_F(RtlRegistry, DirectStoresOfBinaryData) {
    in_kernel([] {
        struct {
            LONG first;
            ULONG second;
            UCHAR data[6];
        } block{14, 0, {}};
        EXPECT_EQ(query({store(u"Blob", &block, REG_BINARY)}), STATUS_SUCCESS);
        EXPECT_EQ(block.first, 6);
        EXPECT_EQ(block.second, static_cast<ULONG>(REG_BINARY));
        EXPECT_EQ(std::memcmp(block.data, "\1\2\3\4\5\6", 6), 0);
        block.first = 13;
        EXPECT_EQ(query({store(u"Blob", &block, REG_BINARY)}), STATUS_BUFFER_TOO_SMALL);
        LONG plain[2] = {-8, 0};
        EXPECT_EQ(query({store(u"Blob", plain, REG_BINARY)}), STATUS_SUCCESS);
        EXPECT_EQ(std::memcmp(plain, "\1\2\3\4\5\6", 6), 0);
        plain[0] = -5;
        EXPECT_EQ(query({store(u"Blob", plain, REG_BINARY)}), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(RtlRegistry, SubkeysAndTheTop) {
    in_kernel([] {
        const ULONG number = 3;
        set((std::u16string(card) + u"\\Parameters\\Deep").c_str(), u"Number", REG_DWORD, &number,
            sizeof number);
        RTL_QUERY_REGISTRY_TABLE subkey{
            nullptr, RTL_QUERY_REGISTRY_SUBKEY, const_cast<PWSTR>(u"Parameters\\Deep"), nullptr, 0, nullptr,
            0};
        EXPECT_EQ(query({subkey, ask(u"Number"), ask(u"Port"), ask(u"Port", RTL_QUERY_REGISTRY_TOPKEY)}),
                  STATUS_SUCCESS);
        ASSERT_EQ(seen().size(), 2u);
        EXPECT_EQ(seen()[0].name, u"Number");
        EXPECT_EQ(seen()[1].name, u"Port");
        seen().clear();
        subkey.QueryRoutine = &take;
        EXPECT_EQ(query({subkey}), STATUS_SUCCESS);
        EXPECT_EQ(seen().size(), 1u) << "with a routine, every value of the subkey";
        subkey.Name = const_cast<PWSTR>(u"Nobody");
        EXPECT_EQ(query({subkey}), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(RtlRegistry, DeletingWhatWasRead) {
    in_kernel([] {
        EXPECT_EQ(query({ask(u"Name", RTL_QUERY_REGISTRY_DELETE)}), STATUS_SUCCESS);
        EXPECT_EQ(query({ask(u"Name", RTL_QUERY_REGISTRY_REQUIRED)}), STATUS_OBJECT_NAME_NOT_FOUND);
        seen().clear();
        EXPECT_EQ(query({ask(nullptr, RTL_QUERY_REGISTRY_DELETE | RTL_QUERY_REGISTRY_NOEXPAND)}),
                  STATUS_SUCCESS);
        EXPECT_EQ(seen().size(), 4u);
        EXPECT_EQ(query({ask(nullptr, RTL_QUERY_REGISTRY_REQUIRED)}), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

NTSTATUS NTAPI refuse(PWSTR, ULONG, PVOID, ULONG, PVOID context, PVOID entry) {
    seen().push_back({u"refused", 0, ""});
    EXPECT_EQ(context, nullptr);
    return entry != nullptr ? STATUS_UNSUCCESSFUL : STATUS_BUFFER_TOO_SMALL;
}

// A routine that pulls the key from under the query.
NTSTATUS NTAPI destroy(PWSTR, ULONG, PVOID, ULONG, PVOID, PVOID) {
    seen().push_back({u"destroyed", 0, ""});
    cm::delete_tree(ob::string(card));
    return STATUS_SUCCESS;
}

TEST_F(RtlRegistry, RoutinesMayRefuseAndDestroy) {
    in_kernel([] {
        RTL_QUERY_REGISTRY_TABLE entry = ask(u"Port");
        entry.QueryRoutine = &refuse;
        EXPECT_EQ(query({entry, ask(u"Port")}), STATUS_SUCCESS)
            << "STATUS_BUFFER_TOO_SMALL of a routine is ignored";
        EXPECT_EQ(seen().size(), 2u);
        entry.EntryContext = &entry;
        EXPECT_EQ(query({entry, ask(u"Port")}), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(seen().size(), 3u);
        RTL_QUERY_REGISTRY_TABLE all = ask(nullptr, RTL_QUERY_REGISTRY_NOEXPAND);
        all.QueryRoutine = &destroy;
        query({all});
        EXPECT_FALSE(cm::key_exists(ob::string(card)));
    });
}

TEST_F(RtlRegistry, WriteCreateCheckDelete) {
    in_kernel([] {
        ULONG value = 5;
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"Card")), STATUS_SUCCESS);
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"Other")),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(
            RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"Other", u"Value", REG_DWORD, &value, sizeof value),
            STATUS_SUCCESS)
            << "the last key is made";
        EXPECT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"No\\Way", u"Value", REG_DWORD, &value,
                                        sizeof value),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"Other\\Below")),
                  STATUS_SUCCESS);
        EXPECT_EQ(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"Other\\Below")),
                  STATUS_SUCCESS);
        EXPECT_EQ(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, const_cast<PWSTR>(u"Other\\Below")),
                  STATUS_SUCCESS);
        EXPECT_EQ(query({ask(u"Value", RTL_QUERY_REGISTRY_REQUIRED)}, RTL_REGISTRY_SERVICES, u"Other"),
                  STATUS_SUCCESS);
        EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"Other", u"Value"), STATUS_SUCCESS);
        EXPECT_EQ(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"Other", u"Value"),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        for (const ULONG place : {RTL_REGISTRY_CONTROL, RTL_REGISTRY_WINDOWS_NT, RTL_REGISTRY_DEVICEMAP}) {
            EXPECT_EQ(RtlWriteRegistryValue(place, nullptr, u"Value", REG_DWORD, &value, sizeof value),
                      STATUS_SUCCESS)
                << place;
        }
    });
}

TEST_F(RtlRegistry, ByHandle) {
    in_kernel([] {
        HANDLE key = nullptr;
        ASSERT_EQ(cm::open_key(ob::string(card), KEY_READ, false, nullptr, &key), STATUS_SUCCESS);
        EXPECT_EQ(query({ask(u"Port", RTL_QUERY_REGISTRY_REQUIRED)}, RTL_REGISTRY_HANDLE,
                        static_cast<const char16_t*>(key)),
                  STATUS_SUCCESS);
        ULONG value = 1;
        EXPECT_EQ(
            RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, static_cast<PCWSTR>(key), u"V", REG_DWORD, &value, 4),
            STATUS_SUCCESS);
        ZwClose(key);
        EXPECT_EQ(query({ask(u"Port")}, RTL_REGISTRY_HANDLE, static_cast<const char16_t*>(key)),
                  STATUS_INVALID_HANDLE);
    });
}

// Windows 8: KERNEL_SECURITY_CHECK_FAILURE.
TEST_F(RtlRegistry, UntrustedHivesNeedATypeCheck) {
    kernel.start([] {
        const ULONG value = 1;
        set(u"\\Registry\\User\\.Default\\Card", u"V", REG_DWORD, &value, sizeof value);
        ULONG stored = 0;
        EXPECT_EQ(query({store(u"V", &stored, REG_DWORD)}, RTL_REGISTRY_USER, u"Card"), STATUS_SUCCESS);
        EXPECT_EQ(stored, 1u);
        // On the stack: a frozen machine frees nothing.
        RTL_QUERY_REGISTRY_TABLE unchecked[2] = {store(u"V", &stored, REG_DWORD)};
        unchecked[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
        RtlQueryRegistryValues(RTL_REGISTRY_USER, u"Card", unchecked, nullptr, nullptr);
        ADD_FAILURE() << "the machine goes on";
    });
    kernel.settle(second_ns);
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, 0x139u);
}

// A list of strings is served string by string, empty ones in the middle too; the last character ends the
// list.
TEST_F(RtlRegistry, ListsOfStrings) {
    struct Case {
        std::u16string list;
        std::vector<std::u16string> stored, given, measured;  // of a default: with its length, without
    };
    const std::u16string nul(1, u'\0');
    const Case cases[] = {
        {nul, {}, {}, {}},
        {nul + nul, {u""}, {}, {}},
        {u"one" + nul, {u"one"}, {u"one"}, {}},
        {u"one" + nul + nul, {u"one"}, {u"one"}, {u"one"}},
        {u"one" + nul + u"two" + nul, {u"one", u"two"}, {u"one", u"two"}, {}},
        {u"one" + nul + u"two" + nul + nul, {u"one", u"two"}, {u"one", u"two"}, {u"one", u"two"}},
        {u"one" + nul + nul + u"two" + nul, {u"one", u"", u"two"}, {u"one", u"", u"two"}, {}},
        {u"one" + nul + nul + u"two" + nul + nul, {u"one", u"", u"two"}, {u"one", u"", u"two"}, {u"one"}},
    };
    in_kernel([&] {
        const auto strings = [] {
            std::vector<std::u16string> all;
            for (const Seen& s : seen()) {
                EXPECT_EQ(s.type, static_cast<ULONG>(REG_SZ));
                all.emplace_back(reinterpret_cast<const char16_t*>(s.data.data()),
                                 s.data.size() / sizeof(WCHAR) - 1);
            }
            seen().clear();
            return all;
        };
        for (const Case& c : cases) {
            const auto bytes = static_cast<ULONG>(c.list.size() * sizeof(WCHAR));
            EXPECT_EQ(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"Card", u"List", REG_MULTI_SZ,
                                            const_cast<char16_t*>(c.list.data()), bytes),
                      STATUS_SUCCESS);
            EXPECT_EQ(query({ask(u"List")}), STATUS_SUCCESS);
            EXPECT_EQ(strings(), c.stored);
            RTL_QUERY_REGISTRY_TABLE absent = ask(u"Absent");
            absent.DefaultType = REG_MULTI_SZ;
            absent.DefaultData = const_cast<char16_t*>(c.list.data());
            absent.DefaultLength = bytes;
            EXPECT_EQ(query({absent}), STATUS_SUCCESS);
            EXPECT_EQ(strings(), c.given);
            const bool ends_twice = c.list.size() >= 2 && c.list[c.list.size() - 2] == 0;
            if (!ends_twice) continue;
            absent.DefaultLength = 0;
            EXPECT_EQ(query({absent}), STATUS_SUCCESS);
            EXPECT_EQ(strings(), c.measured);
        }
    });
}

}  // namespace
}  // namespace rtl_registry_test
