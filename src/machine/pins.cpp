// Filters and pins as the public face gives them, on the client's thread.
#include <fmt/format.h>

#include <cstring>

#include "machine/state.h"
#include "sim/trace.h"

namespace portico {
namespace {

constexpr LONGLONG now_100ns = -1;
using Bytes = std::vector<std::uint8_t>;

Error missing(std::uint64_t machine, const std::string& name) {
    Machine::State* const m = machine::numbered(machine);
    if (m == nullptr) return Error{fmt::format("subdevice \"{}\": its machine is gone", name)};
    const std::vector<std::string> names = m->filter_names();
    return Error{names.empty() ? fmt::format("no subdevice \"{}\": the driver registered none", name)
                               : fmt::format("no subdevice \"{}\"; the driver registered: {}", name,
                                             fmt::join(names, ", "))};
}

}  // namespace

// ---- filters ----

bool Filter::exists() const {
    Machine::State* const m = machine::numbered(machine_);
    return m != nullptr && !m->filter_path(name_).empty();
}

Result<unsigned> Filter::pin_count() {
    if (!exists()) return missing(machine_, name_);
    Machine::State& m = *machine::numbered(machine_);
    const std::u16string path = m.filter_path(name_);
    ULONG count = 0;
    const NTSTATUS status = m.call([&] {
        HANDLE filter = nullptr;
        NTSTATUS result = m.ks.open_filter(path, &filter);
        if (!NT_SUCCESS(result)) return result;
        result = m.ks.pin_property(filter, KSPROPERTY_PIN_CTYPES, 0, &count, sizeof count);
        m.ks.close(filter);
        return result;
    });
    if (!NT_SUCCESS(status))
        return Error{machine::status_of(status, "pin count").message, ExitCode::findings};
    return count;
}

Result<Pin> Filter::open_pin(unsigned pin_id) {
    if (!exists()) return missing(machine_, name_);
    Machine::State& m = *machine::numbered(machine_);
    const std::u16string path = m.filter_path(name_);
    auto state = std::make_unique<Pin::State_>();
    const std::uint64_t begin = sim::trace.count();
    const NTSTATUS status = m.call([&] {
        NTSTATUS result = m.ks.open_filter(path, &state->filter);
        if (!NT_SUCCESS(result)) return result;
        ULONG flow = KSPIN_DATAFLOW_IN;
        m.ks.pin_property(state->filter, KSPROPERTY_PIN_DATAFLOW, pin_id, &flow, sizeof flow);
        state->direction = flow == KSPIN_DATAFLOW_OUT ? Pin::Capture : Pin::Render;
        result = m.ks.create_pin(state->filter, pin_id, &state->pin);
        if (!NT_SUCCESS(result)) m.ks.close(state->filter);
        return result;
    });
    if (!NT_SUCCESS(status)) {
        return Error{
            machine::status_since(begin, status, fmt::format("opening pin {} of {}", pin_id, name_)).message,
            ExitCode::findings};
    }
    state->machine = &m;
    if (state->direction == Pin::Render) {
        state->render = std::make_unique<client::RenderStream>(m.ks, state->pin);
    } else {
        state->capture = std::make_unique<client::CaptureStream>(m.ks, state->pin);
    }
    m.pins.push_back(state.get());
    return Pin(std::move(state));
}

Result<Pin> Filter::open(Pin::Direction direction) {
    if (!exists()) return missing(machine_, name_);
    Machine::State& m = *machine::numbered(machine_);
    const std::u16string path = m.filter_path(name_);
    const unsigned count = PORTICO_TRY(pin_count());
    const ULONG wanted = direction == Pin::Capture ? KSPIN_DATAFLOW_OUT : KSPIN_DATAFLOW_IN;
    for (unsigned pin = 0; pin < count; ++pin) {
        ULONG flow = 0;
        ULONG communication = KSPIN_COMMUNICATION_NONE;
        m.call([&] {
            HANDLE filter = nullptr;
            const NTSTATUS result = m.ks.open_filter(path, &filter);
            if (!NT_SUCCESS(result)) return result;
            m.ks.pin_property(filter, KSPROPERTY_PIN_DATAFLOW, pin, &flow, sizeof flow);
            m.ks.pin_property(filter, KSPROPERTY_PIN_COMMUNICATION, pin, &communication,
                              sizeof communication);
            return m.ks.close(filter);
        });
        if (flow == wanted && communication != KSPIN_COMMUNICATION_NONE) return open_pin(pin);
    }
    return Error{fmt::format("{} has no {} pin", name_, direction == Pin::Capture ? "capture" : "render"),
                 ExitCode::findings};
}

// ---- pins ----

Pin::Pin(std::unique_ptr<State_> state) : state_(std::move(state)) {}
Pin::Pin(Pin&&) noexcept = default;

Pin& Pin::operator=(Pin&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

Pin::~Pin() {
    close();
}

void Pin::close() {
    if (state_ == nullptr || state_->machine == nullptr) return;
    Machine::State& m = *state_->machine;
    if (!m.bug_checked()) {
        m.call([&] {
            m.ks.close(state_->pin);
            return m.ks.close(state_->filter);
        });
    }
    std::erase(m.pins, state_.get());
    state_->machine = nullptr;
    state_->render.reset();
    state_->capture.reset();
}

void Machine::State::close_pins() {
    while (!pins.empty()) {
        Pin::State_* const pin = pins.back();
        call([&] {
            ks.close(pin->pin);
            return ks.close(pin->filter);
        });
        pin->machine = nullptr;
        pin->render.reset();
        pin->capture.reset();
        pins.pop_back();
    }
}

Status Pin::set_state(State state) {
    if (state_->machine == nullptr)
        return machine::status_of(STATUS_INVALID_HANDLE, "set state of a closed pin");
    Machine::State& m = *state_->machine;
    const NTSTATUS status = m.call([&] {
        const NTSTATUS result = m.ks.set_state(state_->pin, static_cast<KSSTATE>(state));
        if (!NT_SUCCESS(result) || !state_->capture) return result;
        if (state != State::Stop) return state_->capture->post();
        state_->capture->harvest([](ULONGLONG, std::span<const std::uint8_t>) {});
        return result;
    });
    state_->running = NT_SUCCESS(status) && state == State::Run;
    return machine::status_of(status, "KSPROPERTY_CONNECTION_STATE");
}

Result<Pin::State> Pin::state() {
    if (state_->machine == nullptr) return Error{"the pin is closed"};
    KSSTATE state = KSSTATE_STOP;
    const NTSTATUS status =
        state_->machine->call([&] { return state_->machine->ks.get_state(state_->pin, &state); });
    if (!NT_SUCCESS(status)) return Error{machine::status_of(status, "KSPROPERTY_CONNECTION_STATE").message};
    return static_cast<State>(state);
}

namespace {

Status write_record(Pin::State_& pin, LONGLONG at_100ns, std::span<const std::uint8_t> bytes) {
    if (pin.machine == nullptr) return machine::status_of(STATUS_INVALID_HANDLE, "write to a closed pin");
    if (!pin.render) return machine::status_of(STATUS_INVALID_DEVICE_REQUEST, "write to a capture pin");
    const NTSTATUS status = pin.machine->call([&] { return pin.render->write(at_100ns, bytes); });
    return machine::status_of(status, "IOCTL_KS_WRITE_STREAM");
}

}  // namespace

Status Pin::write(std::span<const std::uint8_t> bytes) {
    return write_record(*state_, now_100ns, bytes);
}

Status Pin::write_at(std::chrono::milliseconds at, std::span<const std::uint8_t> bytes) {
    return write_record(*state_, at.count() * 10'000, bytes);
}

Status Pin::drain(std::chrono::nanoseconds limit) {
    if (state_->machine == nullptr || !state_->render)
        return machine::status_of(STATUS_INVALID_HANDLE, "drain");
    const NTSTATUS status = state_->machine->call([&] {
        LARGE_INTEGER timeout;
        timeout.QuadPart = -std::max<LONGLONG>(limit.count() / 100, 1);
        const NTSTATUS result = state_->render->wait_until(0, &timeout);
        return result == STATUS_SUCCESS ? state_->render->first_failure() : result;
    });
    if (status == STATUS_TIMEOUT)
        return {static_cast<std::int32_t>(STATUS_IO_TIMEOUT), "drain: writes are still under way"};
    return machine::status_of(status, "IOCTL_KS_WRITE_STREAM");
}

std::vector<CapturedMessage> Pin::take_captured() {
    if (state_->machine != nullptr && state_->capture) {
        state_->machine->call([&] {
            // Reads that are posted anew get what the port has kept meanwhile: until it has nothing more.
            for (std::size_t before = ~std::size_t{0}; before != state_->captured.size();) {
                before = state_->captured.size();
                NTSTATUS status =
                    state_->capture->harvest([&](ULONGLONG stamp_ms, std::span<const std::uint8_t> bytes) {
                        if (bytes.empty()) return;
                        state_->captured.push_back(
                            {std::chrono::milliseconds(stamp_ms), {bytes.begin(), bytes.end()}});
                    });
                if (state_->running && NT_SUCCESS(status)) status = state_->capture->post();
                if (!state_->running || !NT_SUCCESS(status)) return status;
            }
            return STATUS_SUCCESS;
        });
    }
    return std::exchange(state_->captured, {});
}

Status Pin::ioctl(std::uint32_t code, std::span<const std::uint8_t> in, std::span<std::uint8_t> out,
                  std::size_t* returned) {
    if (state_->machine == nullptr) return machine::status_of(STATUS_INVALID_HANDLE, "ioctl to a closed pin");
    Machine::State& m = *state_->machine;
    const NTSTATUS status = m.call([&] { return m.ks.control(state_->pin, code, in, out, returned); });
    return machine::status_of(status, fmt::format("IOCTL {:#x}", code));
}

Status Pin::write_packet(std::span<const std::uint8_t> headers, std::span<const std::uint8_t> data,
                         std::size_t* information) {
    if (state_->machine == nullptr) return machine::status_of(STATUS_INVALID_HANDLE, "write to a closed pin");
    Machine::State& m = *state_->machine;
    Bytes placed(headers.begin(), headers.end());
    Bytes bytes(data.begin(), data.end());
    const NTSTATUS status = m.call(
        [&] { return m.ks.stream_packet(state_->pin, IOCTL_KS_WRITE_STREAM, placed, bytes, information); });
    return machine::status_of(status, "IOCTL_KS_WRITE_STREAM");
}

Status Pin::cancel() {
    if (state_->machine == nullptr)
        return machine::status_of(STATUS_INVALID_HANDLE, "cancel on a closed pin");
    Machine::State& m = *state_->machine;
    return machine::status_of(m.call([&] { return m.ks.cancel(state_->pin); }), "cancel");
}

}  // namespace portico
