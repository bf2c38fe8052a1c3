// Property requests laid out by the test, byte by byte, and what comes back.
#pragma once

#include "pin_test.h"

namespace portico::test {

template <class T>
Bytes bytes_of(const T& value) {
    const auto* const first = reinterpret_cast<const std::uint8_t*>(&value);
    return Bytes(first, first + sizeof value);
}

struct Answered {
    NTSTATUS status = STATUS_PENDING;
    std::size_t information = 0;
    Bytes value;  // the whole output buffer

    template <class T>
    T as() const {
        T out{};
        if (!value.empty()) std::memcpy(&out, value.data(), std::min(value.size(), sizeof out));
        return out;
    }
    std::u16string text() const {
        return std::u16string(reinterpret_cast<const char16_t*>(value.data()), information / 2);
    }
};

// A request: the property, what follows it, what goes in or how much comes out.
struct Ask {
    GUID set;
    ULONG id;
    ULONG flags = KSPROPERTY_TYPE_GET;
    Bytes instance{};
    std::size_t room = 0;
    Bytes value{};

    Bytes input() const {
        KSPROPERTY property{};
        property.Set = set;
        property.Id = id;
        property.Flags = flags;
        return bytes_of(property) + instance;
    }
};

constexpr ULONG get = KSPROPERTY_TYPE_GET, put = KSPROPERTY_TYPE_SET;

struct PropertyTest : MidiPinTest {
    Answered ask(HANDLE file, const Ask& request) {
        Answered out;
        out.value = request.value.empty() ? Bytes(request.room, 0xEE) : request.value;
        out.status = client([&] {
            return ks.control(file, IOCTL_KS_PROPERTY, request.input(), out.value, &out.information);
        });
        return out;
    }
    // A property of KSPROPSETID_Pin, for a pin factory.
    Answered pin(ULONG id, ULONG pin_id, std::size_t room, const Bytes& more = {}) {
        return ask(filter, {KSPROPSETID_Pin, id, get, bytes_of(ULONG64{pin_id}) + more, room});
    }
    // With the size that an empty buffer is told.
    Answered whole(HANDLE file, Ask request) {
        const Answered size = ask(file, request);
        EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
        request.room = size.information;
        return ask(file, request);
    }
    Answered whole_pin(ULONG id, ULONG pin_id, const Bytes& more = {}) {
        return whole(filter, {KSPROPSETID_Pin, id, get, bytes_of(ULONG64{pin_id}) + more});
    }
    template <class T>
    static std::vector<T> items(const Answered& answer) {
        const auto header = answer.as<KSMULTIPLE_ITEM>();
        EXPECT_EQ(header.Size, answer.information);
        EXPECT_EQ(header.Size, sizeof header + header.Count * sizeof(T));
        std::vector<T> out(header.Count);
        if (!out.empty())
            std::memcpy(out.data(), answer.value.data() + sizeof header, header.Count * sizeof(T));
        return out;
    }
};

}  // namespace portico::test
