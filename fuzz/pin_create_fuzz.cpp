// Any IRP_MJ_CREATE below a filter, and any name of a filter: KSPIN_CONNECT and KSDATAFORMAT of all kinds,
// names of other things, handles opened and closed in any order. What opens works; the pins' limits hold;
// nothing is left at the end.
#include "machine_input.h"

using namespace portico;
using fuzz::Bytes;
using fuzz::Input;

namespace {

constexpr std::size_t name_limit = 1'024;
constexpr std::size_t filter_limit = 4;
// What drivers/cable allows of its render and capture pins.
constexpr unsigned render_limit = 1, capture_limit = 4;

struct Open {
    HANDLE handle;
    ULONG pin;
};

class Session : fuzz::ClientSession {
  public:
    static constexpr unsigned step_limit = 32;

    explicit Session(Machine& machine) : ClientSession(machine), path_(m_.filter_path("Cable")) {}

    void step(Input& in) {
        const auto what = in.take<std::uint8_t>();
        switch (what % 6) {
            case 0:
                return open_filter(in, what >= 200);
            case 1:
            case 2:
            case 3:
                return open_pin(in, what >= 128);
            case 4:
                return use(in);
            default:
                return close(in);
        }
    }
    void finish() {
        for (const Open& pin : pins_) call([&] { return m_.ks.close(pin.handle); });
        for (HANDLE const filter : filters_) call([&] { return m_.ks.close(filter); });
    }

  private:
    void open_filter(Input& in, bool changed) {
        if (filters_.size() == filter_limit) return;
        std::u16string path = path_;
        if (changed) {
            const Bytes tail = in.bytes(in.take<std::uint8_t>());
            path.resize(path.size() - std::min<std::size_t>(path.size(), in.take<std::uint8_t>() % 8));
            for (const std::uint8_t unit : tail) path += static_cast<char16_t>(unit * 257u);
        }
        HANDLE filter = nullptr;
        if (NT_SUCCESS(call([&] { return m_.ks.open_filter(path, &filter); }))) filters_.push_back(filter);
    }
    // The request's bytes as they should be, with some of them changed and its end anywhere.
    static Bytes request(Input& in) {
        const client::PinRequest right(in.take<std::uint8_t>() % 6);
        Bytes bytes(sizeof right);
        std::memcpy(bytes.data(), &right, sizeof right);
        for (unsigned changes = in.take<std::uint8_t>() % 6; changes != 0; --changes) {
            const std::size_t at = in.take<std::uint8_t>() % sizeof right;
            const Bytes value = in.bytes(1u << (in.take<std::uint8_t>() % 4));
            std::copy_n(value.begin(), std::min(value.size(), bytes.size() - at),
                        bytes.begin() + static_cast<std::ptrdiff_t>(at));
        }
        const auto tail = in.take<std::uint16_t>();
        if (tail % 4 == 1) bytes.resize(tail / 4 % name_limit);
        return bytes;
    }
    void open_pin(Input& in, bool any_name) {
        HANDLE const below = any_handle(in);
        if (below == nullptr) return;
        HANDLE opened = nullptr;
        Bytes bytes;
        ACCESS_MASK const access =
            in.take<std::uint8_t>() % 2 == 0 ? GENERIC_READ | GENERIC_WRITE : in.take<ULONG>();
        NTSTATUS status;
        if (any_name) {
            bytes = in.bytes(in.take<std::uint16_t>() % name_limit);
            status = call([&] { return create(below, bytes, access, &opened); });
            PORTICO_CHECK(!NT_SUCCESS(status) || opened != nullptr);
        } else {
            bytes = request(in);
            status = call([&] { return m_.ks.create_pin_raw(below, bytes, &opened, access); });
        }
        if (!NT_SUCCESS(status)) return;
        ULONG pin = 0;
        const std::size_t pin_at = (any_name ? 78 : 0) + offsetof(KSPIN_CONNECT, PinId);
        PORTICO_CHECK(bytes.size() >= pin_at + sizeof pin);
        std::memcpy(&pin, bytes.data() + pin_at, sizeof pin);
        pins_.push_back({opened, pin});
        check_limits();
    }
    static NTSTATUS create(HANDLE below, const Bytes& name, ACCESS_MASK access, HANDLE* out) {
        UNICODE_STRING string{static_cast<USHORT>(name.size()), static_cast<USHORT>(name.size()),
                              const_cast<PWCH>(reinterpret_cast<const WCHAR*>(name.data()))};
        OBJECT_ATTRIBUTES attributes{};
        attributes.Length = sizeof attributes;
        attributes.RootDirectory = below;
        attributes.ObjectName = &string;
        nt::io::OpenRequest request;
        request.attributes = &attributes;
        request.access = access | SYNCHRONIZE;
        IO_STATUS_BLOCK status{};
        return nt::io::create_file(request, out, &status);
    }
    void check_limits() const {
        unsigned render = 0, capture = 0;
        for (const Open& pin : pins_) {
            render += pin.pin == 0 ? 1 : 0;
            capture += pin.pin == 2 ? 1 : 0;
            PORTICO_CHECK(pin.pin == 0 || pin.pin == 2);
        }
        PORTICO_CHECK(render <= render_limit && capture <= capture_limit);
    }
    HANDLE any_handle(Input& in) const {
        const auto which = in.take<std::uint8_t>();
        if (which >= 240 && !pins_.empty()) return pins_[which % pins_.size()].handle;
        return filters_.empty() ? nullptr : filters_[which % filters_.size()];
    }
    void use(Input& in) {
        if (pins_.empty()) return;
        HANDLE const pin = pins_[in.take<std::uint8_t>() % pins_.size()].handle;
        call([&] { return m_.ks.set_state(pin, static_cast<KSSTATE>(in.take<std::uint8_t>() % 4)); });
        machine_.run_for(std::chrono::microseconds(in.take<std::uint8_t>()));
    }
    void close(Input& in) {
        const auto which = in.take<std::uint8_t>();
        if (which % 2 == 0 && !filters_.empty()) {
            close_one(filters_, which / 2 % filters_.size(), [](HANDLE h) { return h; });
        } else if (!pins_.empty()) {
            close_one(pins_, which / 2 % pins_.size(), [](const Open& pin) { return pin.handle; });
        }
    }
    template <class List, class Handle>
    void close_one(List& list, std::size_t index, Handle&& handle) {
        PORTICO_CHECK(NT_SUCCESS(call([&] { return m_.ks.close(handle(list[index])); })));
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
    }

    std::u16string path_;
    std::vector<HANDLE> filters_;
    std::vector<Open> pins_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run_session<Session>(data, size);
}
