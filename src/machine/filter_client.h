// A filter as a client has it open, and property requests to it: what `portico inspect` and `portico
// topology-test` know, they know from the answers.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "machine/state.h"
#include "ks.h"

namespace portico::machine {

// The answer to a request: its status, and what came back.
struct Answer {
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    std::vector<std::uint8_t> bytes;

    bool ok() const { return NT_SUCCESS(status); }
    // The value at `offset`; zero when the answer is shorter.
    template <class T>
    T at(std::size_t offset = 0) const {
        T value{};
        if (bytes.size() >= offset + sizeof value) std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    }
};

class FilterClient {
  public:
    FilterClient(Machine::State& machine, std::u16string path);
    ~FilterClient();
    FilterClient(const FilterClient&) = delete;
    FilterClient& operator=(const FilterClient&) = delete;

    // Of opening the filter.
    NTSTATUS status() const { return status_; }

    // IOCTL_KS_PROPERTY with a KSPROPERTY and `instance` behind it, and a value of `size` bytes. For a set
    // `value` is what is set.
    Answer request(const GUID& set, ULONG id, ULONG flags, std::span<const std::uint8_t> instance,
                   std::size_t size, std::span<const std::uint8_t> value = {});
    // A get of whatever size the filter says; an answer beyond 64 KiB is STATUS_INVALID_BUFFER_SIZE.
    Answer get(const GUID& set, ULONG id, std::span<const std::uint8_t> instance = {}, ULONG flags = 0);
    // With KSP_PIN.
    Answer get_of_pin(ULONG id, ULONG pin);

    // KSPROPERTY_TYPE_GET | _SET as basic support says, or as an empty get shows where there is no basic
    // support. Nothing: the filter or node has no such property. `node` KSFILTER_NODE: the filter's own.
    std::optional<ULONG> access(const GUID& set, ULONG id, ULONG node);

  private:
    Machine::State& machine_;
    HANDLE filter_ = nullptr;
    NTSTATUS status_ = STATUS_UNSUCCESSFUL;
};

template <class T>
std::span<const std::uint8_t> bytes_of(const T& value) {
    return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

// What follows the KSPROPERTY in KSP_PIN and KSP_NODE, and for a channel of an audio node.
struct PinInstance {
    ULONG pin;
    ULONG reserved = 0;
};
struct NodeInstance {
    ULONG node;
    ULONG reserved = 0;
};
struct ChannelInstance {
    ULONG node;
    ULONG node_reserved = 0;
    LONG channel = 0;
    ULONG reserved = 0;
};

}  // namespace portico::machine
