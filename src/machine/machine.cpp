// Making a Machine, its devices, and time.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <utility>

#include "base/encoding.h"
#include "base/print.h"
#include "hardware/models.h"
#include "loader/coverage.h"
#include "machine/device_parameters.h"
#include "machine/device_resources.h"
#include "machine/pci_node.h"
#include "machine/resources.h"
#include "machine/state.h"
#include "nt/io/interfaces.h"
#include "nt/reset.h"
#include "nt/rtl/debug_output.h"
#include "portcls/new_port.h"
#include "portcls/reset.h"
#include "portcls/sequencer.h"
#include "sim/bus.h"
#include "sim/paging.h"
#include "verifier/verifier.h"

#ifdef PORTICO_ASAN
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif

namespace portico {
namespace {

Machine::State* the_machine = nullptr;

std::uint64_t machines_made = 0;

std::string stem(const std::string& path) {
    return std::filesystem::path(path).stem().string();
}

void unclaimed_access(std::uint64_t address, bool is_port, bool is_write) {
    PORTICO_PROBE(unclaimed_access, address, is_port, is_write);
}

std::uint64_t missing_import(const loader::MissingImport& import, std::uint64_t caller, std::uint64_t) {
    PORTICO_PROBE(missing_import, import.label.c_str(), caller);
    return static_cast<std::uint32_t>(STATUS_NOT_IMPLEMENTED);
}

// LC-041: what the bus does to a device's power, its model feels.
void power_changed(void* context, DEVICE_POWER_STATE state) {
    hardware::Device* const model = static_cast<MachineDevice*>(context)->model.get();
    if (model != nullptr) model->set_power(state - PowerDeviceD0, sim::this_processor->at_ns);
}

void accessed_asleep(const hardware::Device& device, std::uint32_t offset, bool is_write) {
    PORTICO_PROBE(powered_down_access, device.name(), device.power_state(), offset, is_write);
}

void wire_byte(void* context, const hardware::WireByte& sent) {
    auto& device = *static_cast<MachineDevice*>(context);
    device.listener({std::chrono::nanoseconds(sent.first_bit_ns), sent.byte});
}

}  // namespace

bool FunctionInput::next(Nanoseconds* at_ns, std::uint8_t* byte) {
    WireByte next;
    if (!next_(next)) return false;
    *at_ns = next.at.count();
    *byte = next.byte;
    return true;
}

Machine::State* machine::current() {
    return the_machine;
}

Machine::State* machine::numbered(std::uint64_t number) {
    return the_machine != nullptr && the_machine->number == number ? the_machine : nullptr;
}

// ---- power on ----

Result<void> Machine::State::load_driver_image(const std::string& path) {
    if (driver_of(path) != nullptr) return {};
    auto driver = std::make_unique<MachineDriver>();
    driver->path = path;
    driver->image = PORTICO_TRY(loader::load_file(path));
    driver->source.entry =
        reinterpret_cast<PDRIVER_INITIALIZE>(PORTICO_TRY(driver->image->entry("DriverEntry")));
    driver->source.image = driver->image->range();
    driver->service = machine::widen(stem(path));
    for (const auto& other : drivers) {
        if (other->image == driver->image || other->service == driver->service) {
            return Error{fmt::format("{}: the machine has this driver already, or one of that name: {}", path,
                                     other->path)};
        }
    }
    drivers.push_back(std::move(driver));
    return {};
}

Result<void> Machine::State::load_driver_images() {
    loader::missing_import_called = missing_import;
    if (config.driver.empty()) return Error{"the machine has no driver: give the path of its image"};
    PORTICO_TRY_VOID(load_driver_image(config.driver));
    image = drivers.front()->image;
    for (const DeviceConfig& device : config.devices) {
        if (!device.driver.empty()) PORTICO_TRY_VOID(load_driver_image(device.driver));
    }
    return {};
}

Result<void> Machine::State::register_drivers() {
    for (const auto& driver : drivers) {
        driver->image->reset_statics();
        for (const auto& import : driver->image->missing_imports())
            verifier::tell_missing_import(import->label.c_str(), import->stub,
                                          loader::missing_import_hint(import->name).c_str());
        driver->source.service = driver->service.c_str();
        if (!NT_SUCCESS(nt::io::register_driver(driver->source)))
            return Error{
                fmt::format("{}: the driver cannot be registered: its name is too long, or there are "
                            "too many drivers",
                            driver->path)};
    }
    return {};
}

MachineDriver* Machine::State::driver_of(const std::string& path) {
    for (const auto& driver : drivers) {
        if (driver->path == (path.empty() ? config.driver : path)) return driver.get();
    }
    return nullptr;
}

std::uint64_t machine::hash_of(std::span<loader::Image* const> images) {
    std::uint64_t hash = images.front()->hash();
    for (const loader::Image* const image : images.subspan(1)) hash = hash * 0x100000001B3 ^ image->hash();
    return hash;
}

std::uint64_t Machine::State::drivers_hash() const {
    std::vector<loader::Image*> images;
    for (const auto& driver : drivers) images.push_back(driver->image);
    return machine::hash_of(images);
}

// Devices and what their INFs say of them; a driver's service has the name that its INF gives it.
Result<void> Machine::State::read_infs() {
    if (config.devices.empty()) config.devices.push_back(virtual_device());
    devices.reserve(config.devices.size());
    const machine::RecordedRun* const run = machine::recorded_run();
    for (const DeviceConfig& wanted : config.devices) {
        MachineDevice& device = devices.emplace_back();
        device.config = wanted;
        const std::string& path = wanted.inf.empty() ? config.inf : wanted.inf;
        if (path.empty()) continue;
        const std::vector<machine::RegistryFile>* const recorded =
            run != nullptr && run->again != nullptr ? &run->again->inf_files : nullptr;
        const inf::Package* const package = PORTICO_TRY(infs.read(path, recorded));
        device.installed = PORTICO_TRY(machine::model_for(*package, path, wanted));
        for (const inf::CopiedFile& file : device.installed->files)
            PORTICO_TRY_VOID(infs.read_copied(path, file, recorded));
        const std::string& service = device.installed->service.name;
        if (!service.empty()) driver_of(wanted.driver)->service = machine::widen(service);
    }
    if (config.print_findings) print(stderr, infs.warnings());
    return {};
}

// It stands in paths ("b/Cable"), messages, traces and pictures.
Result<void> Machine::State::check_name(const MachineDevice& device) {
    const std::string& name = device.config.name;
    const auto strange = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/'; };
    if (!is_utf8(name) || std::any_of(name.begin(), name.end(), strange))
        return Error{"a device's name is UTF-8 without a slash or control characters"};
    if (find_device(name) == &device) return {};
    return Error{fmt::format("device {}: another device has this name; give it one of its own", name)};
}

// Models first: a line that several of them use is shared (FLD-020). Devices that are where their
// configuration says come before those that their INFs place.
Result<void> Machine::State::make_models() {
    for (MachineDevice& device : devices) {
        const DeviceConfig& wanted = device.config;
        if (!wanted.model.empty()) {
            device.model = PORTICO_TRY(machine::make_model(wanted));
        }
        if (device.config.name.empty()) device.config.name = device.model ? device.model->name() : "virtual";
        PORTICO_TRY_VOID(check_name(device));
        device.by_inf = device.installed != nullptr && !device.installed->log_configs.empty() &&
                        !machine::says_place(wanted) && (device.model || wanted.resources.empty());
        device.settled = !device.by_inf;
    }
    for (MachineDevice& device : devices) {
        if (device.by_inf) PORTICO_TRY_VOID(place_by_inf(device));
        device.settled = true;
    }
    return {};
}

Result<void> Machine::State::place_by_inf(MachineDevice& device) {
    const std::vector<Resource> taken = taken_for(device);
    if (device.model) {
        if (machine::place(*device.model, *device.installed, taken) != machine::Placed::taken) return {};
    } else if (auto resources = machine::resources_of(*device.installed, taken)) {
        device.resources = std::move(*resources);
        return {};
    }
    return Error{
        fmt::format("device {}: other devices have what every LogConfig of its INF needs; move one "
                    "by its parameters",
                    device.config.name)};
}

std::vector<Resource> Machine::State::taken_for(const MachineDevice& device) const {
    std::vector<Resource> taken;
    for (const MachineDevice& other : devices) {
        if (&other == &device || !other.settled) continue;
        const std::vector<Resource> resources = resources_for(other);
        taken.insert(taken.end(), resources.begin(), resources.end());
    }
    return taken;
}

// What its configuration says, else what its model has, or, without one, its INF.
std::vector<Resource> Machine::State::resources_for(const MachineDevice& device) const {
    if (!device.config.resources.empty()) return device.config.resources;
    if (!device.model) return device.resources;
    std::vector<Resource> resources = machine::resources_of(*device.model);
    for (Resource& resource : resources) {
        if (resource.kind != Resource::Kind::interrupt) continue;
        for (const MachineDevice& other : devices) {
            const bool uses = &other != &device && other.model &&
                              other.model->resources().irq == static_cast<unsigned>(resource.base);
            resource.shared |= uses;
        }
    }
    return resources;
}

namespace {

// Strings that a device's description points to.
struct DescribedBy {
    std::vector<std::u16string> texts;

    const WCHAR* keep(std::string_view text) {
        texts.push_back(machine::widen(text));
        return texts.back().c_str();
    }
};

void describe(const MachineDevice& device, DescribedBy& strings, nt::io::DeviceDescription& description) {
    const inf::Model* const installed = device.installed;
    strings.texts.reserve(description.hardware_ids.size() + description.compatible_ids.size() + 8);
    const bool named = installed != nullptr && !installed->hardware_id.empty();
    description.hardware_ids[0] = strings.keep(named ? installed->hardware_id : device.config.hardware_id);
    description.friendly_name = strings.keep(device.config.name);
    if (installed == nullptr) return;
    description.description = strings.keep(installed->description);
    description.manufacturer = strings.keep(installed->manufacturer);
    const std::size_t most = std::min(installed->compatible_ids.size(), description.compatible_ids.size());
    for (std::size_t i = 0; i < most; ++i)
        description.compatible_ids[i] = strings.keep(installed->compatible_ids[i]);
}

}  // namespace

Result<void> Machine::State::make_node(MachineDevice& device, unsigned number) {
    nt::io::DeviceDescription description;
    DescribedBy strings;
    describe(device, strings, description);
    description.instance_id = strings.keep(fmt::format("{:04}", number));
    description.service = driver_of(device.config.driver)->service.c_str();
    machine::PciNames pci;
    if (device.model && device.model->config_space() != nullptr)
        machine::describe_pci(*device.model->config_space(), device.config.hardware_id, pci, description);
    const std::vector<Resource> resources = resources_for(device);
    if (resources.size() > nt::io::resource_limit) {
        return Error{
            fmt::format("device {}: more than {} resources", device.config.name, nt::io::resource_limit)};
    }
    for (const Resource& resource : resources) {
        if (const std::string wrong = machine::wrong_with(resource); !wrong.empty())
            return Error{fmt::format("device {}: {}", device.config.name, wrong)};
        description.resources[description.resource_count++] = machine::to_nt(resource);
    }
    description.power_context = &device;
    description.power_changed = power_changed;
    device.node = nt::io::add_node(description);
    if (device.node == nullptr)
        return Error{fmt::format("device {}: too many devices, or a name is too long", device.config.name)};
    if (device.installed != nullptr) PORTICO_TRY_VOID(machine::install(*device.installed, *device.node));
    return {};
}

Result<void> Machine::State::make_devices() {
    PORTICO_TRY_VOID(infs.copy_files());
    PORTICO_TRY_VOID(make_models());
    unsigned number = 0;
    for (MachineDevice& device : devices) {
        // A PCI function has registers, its IDs among them, once it has power.
        if (device.model) {
            device.model->on_access_asleep(accessed_asleep);
            PORTICO_TRY_VOID(machine::power_on(*device.model, 0));
        }
        PORTICO_TRY_VOID(check_place(device));
        PORTICO_TRY_VOID(make_node(device, number++));
    }
    return {};
}

// Models are where the bus has room for them; resources that a configuration lists are looked at here. An
// interrupt line is shared.
Result<void> Machine::State::check_place(const MachineDevice& device) const {
    constexpr bool share_lines = true;
    const std::vector<Resource> taken = taken_for(device);
    for (const Resource& resource : device.config.resources) {
        if (machine::is_free({&resource, 1}, taken, share_lines)) continue;
        return Error{fmt::format(
            "device {}: another device has its {} {:#x}; give other resources", device.config.name,
            machine::resource_keys[static_cast<unsigned>(resource.kind)], resource.base)};
    }
    return {};
}

Result<void> Machine::State::power_on() {
    if (config.processors < 1 || config.processors > sim::max_processors) {
        return Error{
            fmt::format("a machine has 1 to {} processors, not {}", sim::max_processors, config.processors)};
    }
    PORTICO_TRY_VOID(load_driver_images());
    write_coverage_at_death();
    PORTICO_TRY_VOID(take_replay());
    PORTICO_TRY_VOID(machine::load_system_miniports());
    sim::trace.reset();
    if (!config.trace_file.empty()) PORTICO_TRY_VOID(trace_taps.open_file(config.trace_file));
    sim::scheduler.reset(config.processors, config.seed);
    sim::bus.reset();
    sim::bus.unclaimed = unclaimed_access;
    PORTICO_TRY_VOID(choices.begin(config, replay_wanted.choices));
    nt::reset();
    portcls::reset();
    portcls::sequencer_resolution =
        config.exact_sequencer ? portcls::SequencerResolution::exact : portcls::SequencerResolution::tick;
    verifier::install();
    sim::paging.watch(config.force_irql_checking);
    PORTICO_TRY_VOID(read_infs());
    PORTICO_TRY_VOID(register_drivers());
    PORTICO_TRY_VOID(make_devices());
    PORTICO_TRY_VOID(fill_registry());
    if (!client.start("client", UserMode)) return Error{"no memory for the client process"};
    ks.reset(client.process());
    return {};
}

Result<Machine> Machine::create(MachineConfig config) {
    if (the_machine != nullptr) return Error{"another Machine exists in this process: destroy it first"};
    auto state = std::make_unique<State>();
    state->number = ++machines_made;
    state->config = std::move(config);
    the_machine = state.get();
    if (auto result = state->power_on(); !result.ok()) {
        state->end_told = true;  // no run, no end
        return result.error();
    }
    return Machine(std::move(state));
}

Machine::Machine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Machine::Machine(Machine&&) noexcept = default;

Machine::~Machine() {
    if (state_ != nullptr && !state_->bug_checked()) {
        state_->close_pins();
        state_->close_files();
        const Status ignored = state_->unload();
        (void)ignored;
    }
}

Machine::State::~State() {
    finish_replay();
    if (const auto traced = trace_taps.finish(); !traced.ok())
        print(stderr, fmt::format("portico: {}\n", traced.error().message));
    for (Pin::State_* pin : pins) {
        pin->render.reset();
        pin->capture.reset();
        pin->machine = nullptr;
    }
    for (File::State_* file : files) file->machine = nullptr;
    for (Request::State_* request : requests) {
        request->request.reset();
        request->machine = nullptr;
        request->file = nullptr;
    }
    for (MachineDevice& device : devices) {
        if (device.model) device.model->power_off();
    }
    write_coverage();
    the_machine = nullptr;
}

// AddressSanitizer ends the process in the midst of the driver: what ran until then counts. Its callback is
// left to the program (a fuzzer has one) where no driver counts.
void Machine::State::write_coverage_at_death() const {
#ifdef PORTICO_ASAN
    for (const auto& driver : drivers) {
        if (!driver->image->coverage()) continue;
        __sanitizer_set_death_callback([] {
            if (the_machine != nullptr) the_machine->write_coverage();
        });
    }
#endif
}

// What counts, and what does not, is the driver's author's to know; the run's own outcome stays.
void Machine::State::write_coverage() const {
    for (const auto& driver : drivers) {
        if (const auto written = loader::write_coverage(*driver->image); !written.ok())
            print(stderr, fmt::format("portico: {}\n", written.error().message));
    }
}

// ---- time ----

std::chrono::nanoseconds Machine::now() const {
    return std::chrono::nanoseconds(sim::scheduler.now_ns());
}

void Machine::shift_system_time(std::chrono::nanoseconds by) {
    nt::ke::shift_system_time(by.count() / 100);
}

namespace {

// Negative durations are none; what is beyond the end of time ends there.
Nanoseconds time_after(std::chrono::nanoseconds duration) {
    const Nanoseconds now_ns = sim::scheduler.now_ns();
    return now_ns + std::clamp<Nanoseconds>(duration.count(), 0, never_ns - 1 - now_ns);
}

}  // namespace

void Machine::run_for(std::chrono::nanoseconds duration) {
    if (state_->busy()) return;
    sim::scheduler.run(time_after(duration), nullptr, nullptr);
    state_->after_run();
}

namespace {

// A condition of the embedding program, asked in the midst of a run. What it throws cannot leave the fiber
// that asks.
struct Asked {
    const std::function<bool()>& condition;
    bool& busy;
    std::exception_ptr thrown;

    bool holds() {
        const bool before = std::exchange(busy, true);
        bool held = true;
        try {
            held = condition();
        } catch (...) {
            thrown = std::current_exception();
        }
        busy = before;
        return held;
    }
    bool now() {
        const bool held = holds();
        if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
        return held;
    }
};

}  // namespace

bool Machine::run_until(const std::function<bool()>& condition, std::chrono::nanoseconds limit) {
    if (state_->busy()) return false;
    Asked asked{condition, state_->asking, nullptr};
    if (asked.now()) return true;
    sim::scheduler.run(
        time_after(limit), [](void* context) { return static_cast<Asked*>(context)->holds(); }, &asked);
    state_->after_run();
    if (asked.thrown) std::rethrow_exception(asked.thrown);
    return !bug_checked() && asked.now();
}

// ---- what there is ----

MachineDevice* Machine::State::find_device(std::string_view name) {
    for (MachineDevice& device : devices) {
        if (device.config.name == name) return &device;
    }
    return nullptr;
}

Device Machine::device(std::string_view name) {
    return Device(state_->number, std::string(name), state_->find_device(name) != nullptr);
}

// Two devices may have filters of the same name: the later one's is told with its device's, "b/Cable", as no
// reference string has a slash.
std::vector<std::string> Machine::State::filter_names() {
    std::vector<std::string> names;
    std::map<std::string, const nt::io::DeviceNode*> owners;
    for (unsigned i = 0;; ++i) {
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(i, nullptr);
        if (entry == nullptr) return names;
        std::string name = machine::narrow(entry->reference);
        if (name.empty()) continue;
        const auto owner = owners.emplace(name, entry->node).first;
        if (owner->second != entry->node) name = device_name(*entry->node) + "/" + name;
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
}

std::string Machine::State::device_name(const nt::io::DeviceNode& node) const {
    for (const MachineDevice& device : devices) {
        if (device.node == &node) return device.config.name;
    }
    return machine::narrow(node.instance_path);
}

std::u16string Machine::State::filter_path(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    const std::string_view reference = slash == std::string_view::npos ? name : name.substr(slash + 1);
    for (unsigned i = 0;; ++i) {
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(i, nullptr);
        if (entry == nullptr) return {};
        if (machine::narrow(entry->reference) != reference) continue;
        if (slash == std::string_view::npos || device_name(*entry->node) == name.substr(0, slash))
            return entry->link;
    }
}

std::vector<std::string> Machine::filters() {
    return state_->filter_names();
}
Filter Machine::filter(std::string_view reference_string) {
    return Filter(state_->number, std::string(reference_string));
}

Machine::Counts Machine::counts() const {
    Counts counts;
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        counts.interrupts += sim::scheduler.processors[i].interrupts;
        counts.dpcs += sim::scheduler.processors[i].dpcs;
    }
    return counts;
}

std::string Machine::driver_path() const {
    return state_->config.driver;
}
std::uint64_t Machine::driver_hash() const {
    return state_->image->hash();
}

std::string Machine::debug_output() const {
    const nt::rtl::DebugOutput& output = nt::rtl::debug_output();
    std::string text;
    for (std::uint64_t i = output.first(); i < output.count(); ++i) text += output.text(i);
    return text;
}

// ---- devices ----

DeviceConfig mpu401(const Mpu401Options& options) {
    DeviceConfig config;
    config.model = "mpu401";
    config.name = options.name;
    config.parameters = {{"port", fmt::format("{:#x}", options.port)},
                         {"irq", fmt::format("{}", options.irq)},
                         {"rx_depth", fmt::format("{}", options.receive_fifo_bytes)},
                         {"tx_depth", fmt::format("{}", options.transmit_fifo_bytes)}};
    for (const auto& [key, value] : options.parameters) config.parameters[key] = value;
    return config;
}

DeviceConfig virtual_device(std::string name) {
    DeviceConfig config;
    config.name = std::move(name);
    config.hardware_id = "ROOT\\PORTICO_VIRTUAL_MIDI";
    return config;
}

// The device; null: there is none of that name, or its machine is gone.
static MachineDevice* device_of(std::uint64_t machine, std::string_view name) {
    Machine::State* const m = machine::numbered(machine);
    return m == nullptr ? nullptr : m->find_device(name);
}

std::vector<WireByte> Device::wire_log() const {
    std::vector<WireByte> bytes;
    const MachineDevice* const device = device_of(machine_, name_);
    hardware::MidiWire* const wire = device == nullptr || !device->model ? nullptr : device->model->wire();
    if (wire == nullptr) return bytes;
    for (std::uint64_t i = wire->out.first(); i < wire->out.count(); ++i) {
        bytes.push_back({std::chrono::nanoseconds(wire->out.at(i).first_bit_ns), wire->out.at(i).byte});
    }
    return bytes;
}

std::vector<std::uint8_t> Device::wire() const {
    std::vector<std::uint8_t> bytes;
    for (const WireByte& byte : wire_log()) bytes.push_back(byte.byte);
    return bytes;
}

void Device::on_wire(std::function<void(const WireByte&)> listener) {
    MachineDevice* const device = device_of(machine_, name_);
    hardware::MidiWire* const wire = device == nullptr || !device->model ? nullptr : device->model->wire();
    if (wire == nullptr) return;
    device->listener = std::move(listener);
    wire->out.connect(device->listener ? wire_byte : nullptr, device);
}

void Device::receive(std::span<const std::uint8_t> bytes) {
    MachineDevice* const device = device_of(machine_, name_);
    hardware::MidiWire* const wire = device == nullptr || !device->model ? nullptr : device->model->wire();
    if (wire == nullptr) return;
    // More than the wire's queue holds is pulled as it drains.
    if (bytes.size() <= hardware::WireIn::queue_capacity - wire->in.waiting()) {
        for (const auto byte : bytes) wire->in.receive(byte, sim::scheduler.now_ns());
        return;
    }
    auto rest = std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
    const auto now = std::chrono::nanoseconds(sim::scheduler.now_ns());
    receive_from([rest, now, at = std::size_t{0}](WireByte& next) mutable {
        if (at == rest->size()) return false;
        next = {now, (*rest)[at++]};
        return true;
    });
}

void Device::receive_from(std::function<bool(WireByte&)> next) {
    MachineDevice* const device = device_of(machine_, name_);
    hardware::MidiWire* const wire = device == nullptr || !device->model ? nullptr : device->model->wire();
    if (wire == nullptr) return;
    wire->in.connect(nullptr);
    device->input = std::make_unique<FunctionInput>(std::move(next));
    wire->in.connect(device->input.get());
}

std::map<std::string, std::uint64_t> Device::counters() const {
    std::map<std::string, std::uint64_t> out;
    const MachineDevice* const device = device_of(machine_, name_);
    if (device == nullptr || !device->model) return out;
    for (const auto& counter : device->model->counters()) out[counter.name] = counter.value;
    return out;
}

std::vector<RegisterAccess> Device::accesses() const {
    std::vector<RegisterAccess> out;
    const MachineDevice* const device = device_of(machine_, name_);
    if (device == nullptr || !device->model) return out;
    for (const hardware::Access& access : device->model->accesses())
        out.push_back({std::chrono::nanoseconds(access.at_ns), access.offset, access.value, access.width,
                       access.is_write});
    return out;
}

void Device::vanish() {
    MachineDevice* const device = device_of(machine_, name_);
    if (device != nullptr && device->model) device->model->remove(sim::scheduler.now_ns());
}

}  // namespace portico
