// What playing and recording have in common: a song, a machine, outputs, and the report on it all.
#pragma once

#include "machine/outputs.h"
#include "machine/play.h"
#include "machine/state.h"

namespace portico::machine {

class Run {
  public:
    explicit Run(const PlayRequest& request) : request_(request), scenario_(request.scenario, {}) {}
    virtual ~Run() = default;

    Result<PlayReport> run();

  protected:
    // How long the machine runs at a time.
    static constexpr LONGLONG long_step_ms = 250;
    // In silence, the longest that a Ctrl-C is not heard.
    static constexpr LONGLONG silent_step_ms = 60'000;

    // With the driver started: the run itself.
    virtual Result<void> perform(Machine& machine) = 0;
    // Where the outputs end, from the song's start; before perform(), as far as that is known.
    virtual Nanoseconds output_end_ns() const = 0;

    // The run's client closes its pin, or opens one again, because the scenario says so.
    virtual Status close_client(Machine& machine) = 0;
    virtual Status open_client(Machine& machine) = 0;

    // The device was pulled out.
    virtual void device_left(Machine&) {}

    // Time goes on, and the scenario's steps happen.
    void advance(Machine& machine, Nanoseconds duration_ns);
    Nanoseconds song_ns(const Machine& machine) const { return machine.now().count() - start_ns_; }

    // All that was captured until now is written: outputs need not wait for more.
    void tell_silence(const Machine& machine);

    // False: stop here, because of a bug check, an output or Ctrl-C. `share`: of the song, 0 to 1.
    bool keep_going(const Machine& machine, double share);
    Result<Pin> open_pin(Machine& machine, Pin::Direction direction) const;

    const PlayRequest& request_;
    PlayReport report_;
    Song song_;
    Nanoseconds duration_ns_ = 0;
    Outputs outputs_;
    WireTap tap_;
    Nanoseconds start_ns_ = 0;  // of the song, in machine time
    Nanoseconds end_ns_ = 0;    // of what came out, from the song's start
    ScenarioRun scenario_;

  private:
    Result<void> read_song();
    Result<void> write_reports(Machine& machine);
    void count(Machine& machine);
    void fill(Machine& machine);
    void tell_losses();
};

// Of a call to the driver that failed; after a bug check the page says why.
Error driver_error(const Machine& machine, const Status& status);
// The first device with a MIDI wire; one that does not exist when there is none.
Device wire_device(Machine& machine);

}  // namespace portico::machine
