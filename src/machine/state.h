// What stands behind portico::Machine: the wiring of executive, devices, driver and client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client_thread.h"
#include "client/control_request.h"
#include "client/ks_client.h"
#include "hardware/device.h"
#include "hardware/midi_wire.h"
#include "loader/loader.h"
#include "machine/inf_install.h"
#include "machine/replay.h"
#include "machine/schedule.h"
#include "machine/trace_taps.h"
#include "nt/io/pnp.h"
#include "portico/portico.h"
#include "report/page.h"

namespace portico {

// Pulls bytes for MIDI IN out of a function of the embedding program.
class FunctionInput final : public hardware::WireInput {
  public:
    explicit FunctionInput(std::function<bool(WireByte&)> next) : next_(std::move(next)) {}
    bool next(Nanoseconds* at_ns, std::uint8_t* byte) override;

  private:
    std::function<bool(WireByte&)> next_;
};

struct MachineDevice {
    DeviceConfig config;
    std::unique_ptr<hardware::Device> model;  // null: no hardware
    const inf::Model* installed = nullptr;    // by its INF; null: it has none
    // Its INF says where it is, and may say so anew when it is in the way; false: its configuration does.
    bool by_inf = false;
    bool settled = false;             // where it is, is known
    std::vector<Resource> resources;  // of a device without hardware, by its INF
    nt::io::DeviceNode* node = nullptr;
    std::function<void(const WireByte&)> listener;
    std::unique_ptr<FunctionInput> input;
};

struct Pin::State_ {
    Machine::State* machine = nullptr;  // null: the machine is gone
    HANDLE filter = nullptr;
    HANDLE pin = nullptr;
    Direction direction = Render;
    std::unique_ptr<client::RenderStream> render;
    std::unique_ptr<client::CaptureStream> capture;
    std::vector<CapturedMessage> captured;
    bool running = false;
};

struct File::State_ {
    Machine::State* machine = nullptr;  // null: the machine is gone, or the file is closed
    HANDLE handle = nullptr;
    As as = As::user;
};

struct Request::State_ {
    Machine::State* machine = nullptr;  // null: it is gone, or never was
    File::State_* file = nullptr;       // null: it is closed
    std::uint32_t code = 0;
    std::optional<client::ControlRequest> request;
};

// A driver of the machine: the one that the configuration names, or a device's own.
struct MachineDriver {
    std::string path;
    loader::Image* image = nullptr;
    std::u16string service;
    nt::io::DriverSource source;
    PDRIVER_OBJECT object = nullptr;  // null: not loaded
};

// A program of the simulated computer: what it opens, it asks from its own thread.
struct ClientProcess {
    client::ClientThread thread;
    client::KsClient ks{UserMode};
    bool started = false;
};

struct Machine::State {
    ~State();

    std::uint64_t number = 0;  // among the machines of the process
    bool asking = false;       // a condition of the embedding program
    MachineConfig config;
    loader::Image* image = nullptr;                       // of the first driver
    std::vector<std::unique_ptr<MachineDriver>> drivers;  // the configuration's, then the devices' own
    machine::Infs infs;
    std::vector<MachineDevice> devices;
    client::ClientThread client;
    client::KsClient ks{UserMode};
    ClientProcess administrator;  // started when something is first opened with its rights
    std::vector<Pin::State_*> pins;
    std::vector<File::State_*> files;
    std::vector<Request::State_*> requests;
    bool reported = false;  // the bug check is told
    unsigned findings_told = 0;
    machine::Choices choices;
    std::string replay_path;        // the file that plays this run again, written or being played
    machine::Replay replay_wanted;  // what is played again
    bool replaying = false;
    bool end_seen = false;  // the recorded end was reached
    bool end_told = false;
    std::string findings_page;  // file for the bug check's page, else the first finding's; empty: none
    bool page_begun = false;
    Result<void> page_written;
    machine::TraceTaps trace_taps;
    std::vector<machine::RegistryFile> registry_files;  // as they were read

    Result<void> power_on();
    Result<void> read_infs();
    Result<void> make_devices();
    Result<void> make_models();
    // The place that the INF has for the device and no other device has. Error: there is none.
    Result<void> place_by_inf(MachineDevice& device);
    // What all other devices have whose place is known.
    std::vector<Resource> taken_for(const MachineDevice& device) const;
    Result<void> check_name(const MachineDevice& device);
    Result<void> check_place(const MachineDevice& device) const;
    Result<void> make_node(MachineDevice& device, unsigned number);
    std::vector<Resource> resources_for(const MachineDevice& device) const;
    Result<void> load_driver_image(const std::string& path);
    Result<void> load_driver_images();
    Result<void> register_drivers();
    // The driver of that image; null: there is none.
    MachineDriver* driver_of(const std::string& path);
    // DriverEntry of every driver that is not loaded; the first failure ends it.
    Status load_drivers();
    Status unload_driver(MachineDriver& driver);
    // The images of all drivers by their content, for replay files.
    std::uint64_t drivers_hash() const;
    Result<void> take_replay();
    // registry_files and registry of the configuration, for the devices that were made.
    Result<void> fill_registry();

    // A PnP operation on every device that it applies to; the first failure.
    Status perform_all(nt::io::PnpAction action, const char* what);
    // The same, an error when it applies to none.
    Status perform_some(nt::io::PnpAction action, const char* what);
    Status perform_one(nt::io::PnpAction action, MachineDevice& device, const char* what);
    // STATUS_INVALID_DEVICE_STATE for what nobody can ask of a computer that sleeps.
    Status refused_asleep(const char* what) const;
    // The same for what is asked while the machine runs, by a function of the embedding program.
    Status refused_busy(const char* what) const;
    Status set_system_power(SYSTEM_POWER_STATE state, std::string_view what);

    // A device and where it goes when it is stopped: parameters of its model, or the resources of one
    // without.
    struct Move {
        MachineDevice* device;
        std::map<std::string, std::string> parameters;
        std::vector<Resource> resources;
    };
    // Of the device that stands in `moves`; the devices that go elsewhere because of it are put behind it.
    Status plan(const std::map<std::string, std::string>& parameters, std::vector<Move>& moves);
    Status plan_log_config(const std::string& text, Move& move) const;
    machine::Placed plan_by_inf(Move& move, const std::vector<Resource>& taken,
                                machine::OfLogConfigs which) const;
    void plan_others(const std::vector<Resource>& wanted, std::vector<Move>& moves);
    Status stop_for(const std::vector<Move>& moves);
    Status carry_out(const Move& wanted);

    // Every device is in D0 and started.
    bool awake() const;
    Status unload();
    // Runs on the client's thread; STATUS_UNSUCCESSFUL when the machine froze, STATUS_IO_TIMEOUT when it
    // never ended.
    template <class Body>
    NTSTATUS call(Body&& body) {
        return call_on(client, body);
    }
    // The same as that client.
    template <class Body>
    NTSTATUS call(As as, Body&& body) {
        return call_on(as == As::admin ? administrator.thread : client, body);
    }
    client::KsClient& ks_of(As as) { return as == As::admin ? administrator.ks : ks; }
    // False: no memory.
    bool start_administrator();
    template <class Body>
    NTSTATUS call_on(client::ClientThread& thread, Body&& body) {
        if (busy()) return STATUS_INVALID_DEVICE_STATE;
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        if (thread.call([&] { status = body(); })) {
            after_run();
            return status;
        }
        after_run();
        return bug_checked() ? STATUS_UNSUCCESSFUL : STATUS_IO_TIMEOUT;
    }
    bool bug_checked() const;
    // In the midst of a run, or of a condition: nothing else can run.
    bool busy() const { return asking || sim::scheduler.running(); }
    // Writes what has been found since the last time: the page, the replay file.
    void after_run();
    // The page of a finding, its replay file, and whether it is the recorded end.
    void tell(const nt::Finding& finding);
    std::string write_replay_file(const nt::Finding& finding);
    void record_end(const nt::Finding& finding);
    void compare_end(const nt::Finding& finding);
    void tell_end(const char* what);
    void finish_replay();
    void write_coverage() const;
    void write_coverage_at_death() const;
    std::string replay_line() const;
    report::PageOptions page_options() const;
    void write_page(const nt::Finding& finding);
    void close_pins();
    void close_files();
    void close_file(File::State_& file);
    MachineDevice* find_device(std::string_view name);
    // The NT path of what a program calls by that name; empty: nothing has it.
    std::u16string nt_path(std::string_view name);
    // The symbolic link of a subdevice's interface: of the first with that reference string, or, as
    // "DEVICE/REFERENCE", of that device's. Empty: none.
    std::u16string filter_path(std::string_view name);
    // DeviceConfig::name; of a device that a bus driver reported, its instance path.
    std::string device_name(const nt::io::DeviceNode& node) const;
    std::vector<std::string> filter_names();
    std::string driver_text() const;
};

namespace machine {

// Status with the NTSTATUS in words; `what` failed.
Status status_of(NTSTATUS status, std::string_view what);
// The same, with the driver's routine that returned the status, if one did since the trace had `begin`
// records.
Status status_since(std::uint64_t begin, NTSTATUS status, std::string_view what);
// "STATUS_INVALID_PARAMETER (0xC000000D)".
std::string status_name(NTSTATUS status);
std::u16string widen(std::string_view text);
std::string narrow(std::u16string_view text);
Finding finding_of(const nt::Finding& finding);

// Of several drivers' images by their content; of one, its hash.
std::uint64_t hash_of(std::span<loader::Image* const> images);

// The file is there whole or not at all.
Result<void> write_whole(const std::string& path, std::string_view text);

// The one Machine of the process; null: none.
Machine::State* current();
// The machine of that number; null: it is gone.
Machine::State* numbered(std::uint64_t number);

// A run of the command line, as its replay file tells it. While one is set, a bug check writes its replay
// file.
struct RecordedRun {
    std::string verb;  // "play", "record"
    std::string filter;
    std::string scenario;                              // its text
    const std::vector<std::uint8_t>* input = nullptr;  // the MIDI file
    const Replay* again = nullptr;                     // what is played again
    std::string again_path;
};
void set_recorded_run(const RecordedRun* run);
const RecordedRun* recorded_run();

// PcNewMiniport's system-supplied miniports, from their embedded image.
Result<void> load_system_miniports();

}  // namespace machine

}  // namespace portico
