#include "machine/filter_client.h"

namespace portico::machine {
namespace {

constexpr std::size_t answer_limit = 64 * 1024;

bool asks_for_room(NTSTATUS status) {
    return status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL;
}

}  // namespace

FilterClient::FilterClient(Machine::State& machine, std::u16string path) : machine_(machine) {
    status_ = machine_.call([&] { return machine_.ks.open_filter(path, &filter_); });
}

FilterClient::~FilterClient() {
    if (filter_ == nullptr || machine_.bug_checked()) return;
    machine_.call([&] { return machine_.ks.close(filter_); });
}

// Memory is the host's: nothing on the client's thread owns any.
Answer FilterClient::request(const GUID& set, ULONG id, ULONG flags, std::span<const std::uint8_t> instance,
                             std::size_t size, std::span<const std::uint8_t> value) {
    KSPROPERTY property{};
    property.Set = set;
    property.Id = id;
    property.Flags = flags;
    const auto head = bytes_of(property);
    std::vector<std::uint8_t> in(head.begin(), head.end());
    in.insert(in.end(), instance.begin(), instance.end());
    Answer answer;
    answer.bytes.assign(value.begin(), value.end());
    answer.bytes.resize(size);
    std::size_t returned = 0;
    answer.status = machine_.call(
        [&] { return machine_.ks.control(filter_, IOCTL_KS_PROPERTY, in, answer.bytes, &returned); });
    answer.bytes.resize(NT_SUCCESS(answer.status) ? std::min(returned, size) : 0);
    if (asks_for_room(answer.status) && size == 0) answer.bytes.resize(std::min(returned, answer_limit + 1));
    return answer;
}

Answer FilterClient::get(const GUID& set, ULONG id, std::span<const std::uint8_t> instance, ULONG flags) {
    Answer answer = request(set, id, KSPROPERTY_TYPE_GET | flags, instance, 0);
    if (!asks_for_room(answer.status) || answer.bytes.empty()) return answer;
    if (answer.bytes.size() > answer_limit) return {STATUS_INVALID_BUFFER_SIZE, {}};
    return request(set, id, KSPROPERTY_TYPE_GET | flags, instance, answer.bytes.size());
}

Answer FilterClient::get_of_pin(ULONG id, ULONG pin) {
    const PinInstance instance{pin};
    return get(KSPROPSETID_Pin, id, bytes_of(instance));
}

std::optional<ULONG> FilterClient::access(const GUID& set, ULONG id, ULONG node) {
    constexpr ULONG both = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
    const bool of_node = node != KSFILTER_NODE;
    const NodeInstance instance{node};
    const std::span<const std::uint8_t> behind =
        of_node ? bytes_of(instance) : std::span<const std::uint8_t>();
    const ULONG topology = of_node ? KSPROPERTY_TYPE_TOPOLOGY : 0;
    const Answer support = request(set, id, KSPROPERTY_TYPE_BASICSUPPORT | topology, behind, sizeof(ULONG));
    if (support.ok()) return support.at<ULONG>() & both;
    if (support.status != STATUS_INVALID_DEVICE_REQUEST) return {};
    const Answer got = request(set, id, KSPROPERTY_TYPE_GET | topology, behind, 0);
    return got.ok() || asks_for_room(got.status) ? KSPROPERTY_TYPE_GET : 0;
}

}  // namespace portico::machine
