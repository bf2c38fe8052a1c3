// Pins opened with requests of the test's own making.
#pragma once

#include "midi_test.h"

namespace portico::test {

struct Connect {
    KSPIN_CONNECT connect{};
    KSDATAFORMAT format{};

    explicit Connect(ULONG pin) {
        connect.Interface.Set = KSINTERFACESETID_Standard;
        connect.Medium.Set = KSMEDIUMSETID_Standard;
        connect.PinId = pin;
        connect.Priority = {KSPRIORITY_NORMAL, KSPRIORITY_NORMAL};
        format.FormatSize = sizeof format;
        format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
        format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    }
    Bytes bytes(std::size_t size = sizeof(Connect)) const {
        Bytes out(std::max(size, sizeof *this));
        std::memcpy(out.data(), this, sizeof *this);
        out.resize(size);
        return out;
    }
};

struct MidiPinTest : MidiTest {
    NTSTATUS create(const Connect& request, HANDLE* pin = nullptr) { return create(request.bytes(), pin); }
    NTSTATUS create(const Bytes& request, HANDLE* pin = nullptr,
                    ACCESS_MASK access = GENERIC_READ | GENERIC_WRITE) {
        HANDLE out = nullptr;
        const NTSTATUS status = client([&] { return ks.create_pin_raw(filter, request, &out, access); });
        if (pin != nullptr) {
            *pin = out;
        } else if (NT_SUCCESS(status)) {
            close(out);
        }
        return status;
    }
    NTSTATUS data_format(HANDLE pin, ULONG flags, KSDATAFORMAT& format, ULONG size = sizeof(KSDATAFORMAT)) {
        KSPROPERTY property{};
        property.Set = KSPROPSETID_Connection;
        property.Id = KSPROPERTY_CONNECTION_DATAFORMAT;
        property.Flags = flags;
        const auto* const in = reinterpret_cast<const std::uint8_t*>(&property);
        Bytes value(size);
        std::memcpy(value.data(), &format, std::min<std::size_t>(size, sizeof format));
        const NTSTATUS status = client([&] {
            return ks.control(pin, IOCTL_KS_PROPERTY, {in, sizeof property}, value, nullptr);
        });
        std::memcpy(&format, value.data(), std::min<std::size_t>(size, sizeof format));
        return status;
    }
};

}  // namespace portico::test
