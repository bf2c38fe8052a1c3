// Portico's public face: a simulated Windows computer with one adapter driver in it, for tests and embedding
// programs.
//
// One Machine exists in a process at a time. All calls come from the thread that made it. Between calls
// simulated time stands still; each call lets the machine run until what was asked is done. Nothing throws
// but Result::value() of an error, and run_until() what its condition throws. A driver's misbehaviour is a
// finding, never an error of these calls: after a bug check every call returns at once with
// STATUS_UNSUCCESSFUL.
//
// Functions that are given to a machine (conditions, listeners, MIDI IN) are called while it runs. They may
// ask what there is (now(), wire(), findings() ...); what would let the machine run is refused with
// STATUS_INVALID_DEVICE_STATE, and run_for() does nothing. Listeners and MIDI IN do not throw.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "portico/result.h"

#pragma GCC visibility push(default)

namespace portico {

// An NTSTATUS with what is known about it.
struct Status {
    std::int32_t code = 0;  // NTSTATUS
    std::string message;    // empty on success

    bool ok() const { return code >= 0; }
    explicit operator bool() const { return ok(); }
};

// ---- what a machine is made of ----

// A resource of a device as Plug and Play hands it to the driver.
struct Resource {
    enum class Kind : std::uint8_t { port, interrupt, memory, dma };
    Kind kind = Kind::port;
    std::uint64_t base = 0;    // first port, IRQ number, physical address, DMA channel
    std::uint64_t length = 1;  // ports or bytes
    bool latched = false;      // interrupts: edge triggered
    bool shared = false;
};

// A device of the machine: an emulated model (or none: a virtual device), what the driver is told of it.
struct DeviceConfig {
    std::string model;   // "mpu401", "pci:sb16"; empty: no hardware
    std::string name;    // unique, UTF-8 without slash and control characters; default: the model's
    std::string driver;  // path of its driver's image; empty: the machine's
    std::string inf;     // path of the INF that installs it; empty: the machine's
    // The model's own, as in a machine file; a list or a table as TOML writes it: "[{ at = 0, value = 3 }]".
    std::map<std::string, std::string> parameters;
    std::vector<Resource> resources;
    std::string hardware_id = "*PNPB006";
};

struct Mpu401Options {
    std::uint32_t port = 0x330;
    unsigned irq = 9;
    unsigned receive_fifo_bytes = 64;
    unsigned transmit_fifo_bytes = 1;                    // beside the byte that is being shifted out
    std::map<std::string, std::string> parameters = {};  // further ones, as `portico devices` lists them
    std::string name = "mpu401";
};
DeviceConfig mpu401(const Mpu401Options& options = {});
// A device without hardware, for drivers like virtual cables.
DeviceConfig virtual_device(std::string name = "virtual");

// A value under the software key of every device: what IoOpenDeviceRegistryKey opens with
// PLUGPLAY_REGKEY_DRIVER and IPort::NewRegistryKey as DriverRegistryKey. Texts are UTF-8.
struct RegistryValue {
    std::string key;   // relative to that key, as "Settings\\Volume"; empty: the key itself
    std::string name;  // empty: the key's unnamed value
    // REG_DWORD, REG_SZ, REG_BINARY, REG_MULTI_SZ
    std::variant<std::uint32_t, std::string, std::vector<std::uint8_t>, std::vector<std::string>> value;
};

// Which of several things that may happen next does: the order that NT has, or one that the seed chooses, to
// find races. `random`: any processor, at every point. `pct`: probabilistic concurrency testing, which finds
// bugs that need up to `pct_depth` particular orderings.
enum class Schedule : std::uint8_t { ordered, random, pct };

// What the computer goes to when it sleeps, by ACPI's names; S4 is hibernation.
enum class SleepState : std::uint8_t { S1 = 1, S2, S3, S4 };

// How long a device may take to leave D3 (PC_EXIT_LATENCY): no time to speak of, 10 ms, 200 ms.
enum class ExitLatency : std::uint8_t { instant, fast, responsive };

struct MachineConfig {
    std::vector<DeviceConfig> devices;  // empty: one virtual device
    std::string driver;                 // path of the driver's image
    // Path of the driver's INF: it says what the devices are called, their resources, registry keys, service
    // and interfaces, as when Windows installs them. Empty: sensible defaults.
    std::string inf;
    std::uint64_t seed = 1;
    unsigned processors = 2;  // 1..8
    Schedule schedule = Schedule::ordered;
    unsigned pct_depth = 3;                   // 1..16
    std::vector<std::string> registry_files;  // .reg, loaded in this order and before `registry`
    std::vector<RegistryValue> registry;
    // A message that waits is delivered at the clock's tick (1 ms), as Windows does, or at its very time.
    bool exact_sequencer = false;
    // Driver Verifier's option of this name: paged pool and PAGE sections cannot be touched at DISPATCH_LEVEL
    // and above. Costs up to a few milliseconds of host time in a machine's life.
    bool force_irql_checking = true;
    std::string trace_file;  // Chrome trace JSON; empty: none
    // Where the page and the replay file of a bug check go; empty: the working directory. Environment:
    // PORTICO_REPORT_DIR.
    std::string report_directory;
    bool print_findings = true;  // the bug-check page on standard error
};

// ---- what comes out ----

struct Frame {
    std::uint64_t address = 0;
    std::string module;  // "mpu401.so", "portico"
    std::string function;
    std::string file;
    unsigned line = 0;
    bool in_driver = false;
};

struct Finding {
    enum class Severity : std::uint8_t { advice, finding, bug_check };
    Severity severity = Severity::finding;
    std::string rule;        // "irql-ddi", or a requirement's ID
    std::uint32_t code = 0;  // Windows' bug-check code; 0: none
    std::array<std::uint64_t, 4> parameters{};
    std::string text;  // one sentence
    std::vector<Frame> stack;
    std::string file;  // innermost driver frame with a source line
    unsigned line = 0;
    std::chrono::nanoseconds at{};
};
std::ostream& operator<<(std::ostream& out, const Finding& finding);

// A byte on a device's MIDI wire.
struct WireByte {
    std::chrono::nanoseconds at{};  // when its first bit was on the wire
    std::uint8_t byte = 0;
};

// A driver's access of a device's register.
struct RegisterAccess {
    std::chrono::nanoseconds at{};
    std::uint32_t offset = 0;
    std::uint32_t value = 0;
    unsigned width = 1;  // bytes
    bool is_write = false;
};

// A message that a capture pin delivered.
struct CapturedMessage {
    std::chrono::milliseconds at{};  // stream time as stamped
    std::vector<std::uint8_t> bytes;
};

// Whom a client works for: what the security descriptor of a device lets it do (IoCreateDeviceSecure).
enum class As : std::uint8_t { user, admin };

struct OpenOptions {
    As as = As::user;
    std::uint32_t access = 0xC0000000;  // ACCESS_MASK; GENERIC_READ | GENERIC_WRITE
};

// Something that a program can open.
struct Openable {
    enum class Kind : std::uint8_t { symbolic_link, device_interface };
    Kind kind = Kind::symbolic_link;
    std::string path;       // as a program writes it: "\\\\.\\MyCable", "\\\\?\\ROOT#MEDIA#0000#{...}\\Uart"
    std::string target;     // the device's name: "\\Device\\MyCable"; of a link
    std::string driver;     // service of the driver that it leads to
    std::string device;     // of an interface: DeviceConfig::name; a child device's instance path
    std::string reference;  // of an interface: its reference string; a PortCls filter's name
    std::string interface_class;  // "KSCATEGORY_AUDIO", or the GUID
    std::string friendly_name;    // of an interface; empty: it has none
};

class Machine;

// A request that is under way, as of a program's overlapped I/O. What has not ended is cancelled when this is
// destroyed.
class Request {
  public:
    Request(Request&&) noexcept;
    Request& operator=(Request&&) noexcept;
    ~Request();

    bool pending() const;
    // Lets the machine run until the request has ended: with which status. STATUS_IO_TIMEOUT after `limit` of
    // simulated time; it is then still under way.
    Status wait(std::chrono::nanoseconds limit = std::chrono::seconds(10));
    // CancelIoEx: asks for its end. STATUS_NOT_FOUND when it has ended.
    Status cancel();
    // Bytes that the driver says to have transferred, and the output buffer as it is.
    std::size_t returned() const;
    std::vector<std::uint8_t> output() const;

    // Portico's own.
    struct State_;

  private:
    friend class File;
    explicit Request(std::unique_ptr<State_> state);
    std::unique_ptr<State_> state_;
};

// An open device, whatever it is. Closed when destroyed.
class File {
  public:
    File(File&&) noexcept;
    File& operator=(File&&) noexcept;
    ~File();

    // DeviceIoControl, waited for: STATUS_IO_TIMEOUT when it has not ended after `limit` of simulated time;
    // it is then cancelled. `in` and `out` are copied through the client's memory, `out` both ways, whatever
    // the code's transfer method makes of them. Information goes to *returned.
    Status ioctl(std::uint32_t code, std::span<const std::uint8_t> in = {}, std::span<std::uint8_t> out = {},
                 std::size_t* returned = nullptr, std::chrono::nanoseconds limit = std::chrono::seconds(10));
    // The same as overlapped I/O: comes back at once. `out` is what the output buffer holds at first. A
    // request that failed at once has ended with that status.
    Request start_ioctl(std::uint32_t code, std::span<const std::uint8_t> in = {},
                        std::span<const std::uint8_t> out = {});
    // CancelIoEx of every request of the file.
    Status cancel();
    void close();

    // Portico's own.
    struct State_;

  private:
    friend class Machine;
    explicit File(std::unique_ptr<State_> state);
    std::unique_ptr<State_> state_;
};

// An open pin. Closed when destroyed.
class Pin {
  public:
    enum Direction : std::uint8_t { Render, Capture };
    enum class State : std::uint32_t { Stop = 0, Acquire = 1, Pause = 2, Run = 3 };

    Pin(Pin&&) noexcept;
    Pin& operator=(Pin&&) noexcept;
    ~Pin();

    // KSPROPERTY_CONNECTION_STATE; the port steps through the states in between.
    Status set_state(State state);
    Result<State> state();
    Status run() { return set_state(State::Run); }
    Status pause() { return set_state(State::Pause); }
    Status stop() { return set_state(State::Stop); }

    // One IOCTL_KS_WRITE_STREAM with these raw MIDI bytes, to be played now or `at` stream time. Does not
    // wait for its completion (see drain()); STATUS_SUCCESS or STATUS_PENDING when it was accepted.
    Status write(std::initializer_list<std::uint8_t> bytes) {
        return write(std::span(bytes.begin(), bytes.size()));
    }
    Status write(std::span<const std::uint8_t> bytes);
    Status write_at(std::chrono::milliseconds at, std::span<const std::uint8_t> bytes);
    // Waits until every write has completed; STATUS_IO_TIMEOUT after `limit` of simulated time. The first
    // failure is returned.
    Status drain(std::chrono::nanoseconds limit = std::chrono::seconds(10));

    // What capture has delivered since the last call. Reads are kept posted while the pin is in RUN.
    std::vector<CapturedMessage> take_captured();

    // Sends a raw request as a client would: for tests of what a filter refuses. `in` and `out` are copied
    // through the client's memory.
    Status ioctl(std::uint32_t code, std::span<const std::uint8_t> in, std::span<std::uint8_t> out,
                 std::size_t* returned = nullptr);
    // A whole stream packet (KSSTREAM_HEADERs and data) laid out by the caller, sent and waited for.
    Status write_packet(std::span<const std::uint8_t> headers, std::span<const std::uint8_t> data,
                        std::size_t* information = nullptr);

    Status cancel();
    void close();

    // Portico's own.
    struct State_;

  private:
    friend class Filter;
    explicit Pin(std::unique_ptr<State_> state);
    std::unique_ptr<State_> state_;
};

// A subdevice that the driver registered, opened as a client opens it. It may outlive its machine: then it
// does not exist.
class Filter {
  public:
    // The first pin of that direction that can be opened. Errors carry the NTSTATUS in words.
    Result<Pin> open(Pin::Direction direction);
    Result<Pin> open_pin(unsigned pin_id);
    Result<unsigned> pin_count();
    bool exists() const;

  private:
    friend class Machine;
    Filter(std::uint64_t machine, std::string name) : machine_(machine), name_(std::move(name)) {}
    std::uint64_t machine_;  // number of the machine
    std::string name_;
};

// An emulated device's outer side. It may outlive its machine: then it has nothing and does nothing.
class Device {
  public:
    // Whether the machine had a device of that name.
    bool exists() const { return exists_; }
    // Bytes that left on the MIDI wire since the device was powered on, at most the newest 4096.
    std::vector<std::uint8_t> wire() const;
    std::vector<WireByte> wire_log() const;
    // The outside world plays these bytes into MIDI IN, back to back at wire speed from now on.
    void receive(std::span<const std::uint8_t> bytes);
    void receive(std::initializer_list<std::uint8_t> bytes) {
        receive(std::span(bytes.begin(), bytes.size()));
    }
    // Is given every byte as it leaves on the wire, from now on; an empty function: nobody.
    void on_wire(std::function<void(const WireByte&)> listener);
    // The same bytes with times of their own: each is on the wire at its time or as soon afterwards as the
    // wire is free. Asks `next` for one byte after the other; false: no more.
    void receive_from(std::function<bool(WireByte&)> next);
    // The model's own numbers: "bytes sent" 128.
    std::map<std::string, std::uint64_t> counters() const;
    // What the driver did to a `recorder`'s registers, the newest 4096; of other models nothing.
    std::vector<RegisterAccess> accesses() const;
    // The device is pulled out: its registers read as all ones, its interrupt goes quiet.
    void vanish();

  private:
    friend class Machine;
    Device(std::uint64_t machine, std::string name, bool exists)
        : machine_(machine), name_(std::move(name)), exists_(exists) {}
    std::uint64_t machine_;  // number of the machine
    std::string name_;
    bool exists_;
};

// The simulated computer.
class Machine {
  public:
    // Errors: another Machine exists; the driver's image is missing or refused; a device model or parameter
    // is unknown; two devices have one name or are at one place.
    static Result<Machine> create(MachineConfig config);

    Machine(Machine&&) noexcept;
    Machine& operator=(Machine&&) = delete;
    ~Machine();  // stops and unloads what is still there, so that leaks are found

    // Loads the driver (DriverEntry), adds and starts its devices. The first failure is returned.
    Status start();
    // IRP_MN_QUERY_STOP and STOP, then START again; IRP_MN_QUERY_REMOVE and REMOVE; then DriverUnload. A
    // driver refuses a stop while pins are open, a removal while any handle is: STATUS_DEVICE_BUSY, and
    // nothing has changed.
    Status stop();
    Status restart();
    Status remove();
    Status unload();
    // The parts of stop() and remove(), and the ways back. STATUS_NO_SUCH_DEVICE when no device is in a state
    // where they apply: a cancel without a query that succeeded.
    Status query_stop();
    Status cancel_stop();
    Status query_remove();
    Status cancel_remove();
    // Stops a device (empty: the first) and starts it elsewhere: parameters of its model, as {{"irq", "5"}},
    // or {{"log_config", "2"}}, the second of its INF; none: where it was. A device in its way goes to
    // another LogConfig. Errors: STATUS_NO_SUCH_DEVICE, STATUS_INVALID_PARAMETER (it has no such parameter
    // or LogConfig), STATUS_DEVICE_BUSY (open pins), STATUS_CONFLICTING_ADDRESSES (another device is there,
    // and it is where it was). A start that fails is followed by a surprise removal.
    Status rebalance(const std::map<std::string, std::string>& parameters = {}, std::string_view device = {});
    // As in Device Manager: a removal that keeps the driver's image loaded with its statics, and a start.
    Status disable();
    Status enable();
    // IRP_MN_SURPRISE_REMOVAL, then REMOVE when the last handle is closed; the hardware is gone at once.
    Status surprise_remove();
    // The hardware is back, and a new device. STATUS_INVALID_DEVICE_STATE while handles of before are open.
    Status replug();
    // D0..D3 as 0..3. Errors: the driver's veto; STATUS_INVALID_PARAMETER.
    Status set_power(unsigned d_state);
    // The whole computer: every device gets the power state that belongs to it, or, when one refuses, none.
    // While it sleeps, the transitions above but surprise_remove() are refused with
    // STATUS_INVALID_DEVICE_STATE, and nothing can be opened.
    Status sleep(SleepState state);
    Status resume();
    bool sleeping() const;
    // What the system demands of adapters with IAdapterPowerManagement3; at first: instant.
    Status set_exit_latency(ExitLatency latency);

    // By its reference string; with a device's name before it, "b/Cable", of that device.
    Filter filter(std::string_view reference_string);
    // The reference strings of the subdevices that clients can open. Where two devices have the same, the
    // second one's comes with its device's name.
    std::vector<std::string> filters();
    Device device(std::string_view name);

    // Opens a device as a program does: "\\\\.\\NAME" or NAME, a symbolic link's or a filter's reference
    // string, whichever there is; "\\\\?\\..." an interface's symbolic link; "\\Device\\..." an object's
    // path. Errors carry the NTSTATUS in words, and *status is it.
    Result<File> open(std::string_view name, const OpenOptions& options = {}, Status* status = nullptr);
    // The symbolic links of drivers and the device interfaces that programs see, by path.
    std::vector<Openable> openable();

    std::chrono::nanoseconds now() const;
    // Somebody sets the system's clock: deadlines in system time follow it, now() and relative ones do not.
    void shift_system_time(std::chrono::nanoseconds by);
    void run_for(std::chrono::nanoseconds duration);
    // True when the condition held before `limit` of simulated time had passed. It is asked at once and after
    // every device event.
    bool run_until(const std::function<bool()>& condition, std::chrono::nanoseconds limit);

    std::vector<Finding> findings() const;  // without advice
    std::vector<Finding> advice() const;
    bool bug_checked() const;
    // The bug-check page as text; empty when the machine is well.
    std::string bug_check_page() const;
    // The command that plays this run again.
    std::string replay_line() const;

    std::string debug_output() const;  // DbgPrint

    // What happened since the machine was made.
    struct Counts {
        std::uint64_t interrupts = 0;
        std::uint64_t dpcs = 0;
    };
    Counts counts() const;
    // The driver's image: its path and the hash of its content that replay files name.
    std::string driver_path() const;
    std::uint64_t driver_hash() const;

    // Portico's own.
    struct State;
    State& state() { return *state_; }

  private:
    friend class Pin;
    friend class Filter;
    friend class Device;
    friend class File;
    friend class Request;
    explicit Machine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace portico

#pragma GCC visibility pop
