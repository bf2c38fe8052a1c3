// For targets that drive a whole Machine: the input's bytes as numbers, and a machine with the cable driver
// whose every finding is a defect, since the driver is correct whatever its clients do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "machine/state.h"

namespace portico::fuzz {

using Bytes = std::vector<std::uint8_t>;

// Past the end come zeroes.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}

    bool empty() const { return left_ == 0; }
    template <class T>
    T take() {
        T value{};
        fill(&value, sizeof value);
        return value;
    }
    Bytes bytes(std::size_t most) {
        Bytes out(std::min(most, left_));
        fill(out.data(), out.size());
        return out;
    }
    void fill(void* out, std::size_t size) {
        const std::size_t count = std::min(size, left_);
        if (count != 0) std::memcpy(out, at_, count);
        at_ += count;
        left_ -= count;
    }

  private:
    const std::uint8_t* at_;
    std::size_t left_;
};

inline Machine started_cable() {
    MachineConfig config;
    config.force_irql_checking = false;  // a thousand inputs for each that it would find more in
    config.driver = PORTICO_FUZZ_CABLE;
    config.print_findings = false;
    Machine machine = Machine::create(std::move(config)).value();
    PORTICO_CHECK(machine.start().ok());
    return machine;
}

// A client's requests: each comes back, and none stops the machine.
class ClientSession {
  protected:
    explicit ClientSession(Machine& machine) : machine_(machine), m_(machine.state()) {}

    template <class Body>
    NTSTATUS call(Body&& body) {
        const NTSTATUS status = m_.call(body);
        PORTICO_CHECK(!machine_.bug_checked() && status != STATUS_IO_TIMEOUT);
        return status;
    }

    Machine& machine_;
    Machine::State& m_;
};

// Whatever the client did, the machine is well, and everything can be taken down.
inline void end_well(Machine& machine) {
    PORTICO_CHECK(!machine.bug_checked());
    PORTICO_CHECK(machine.unload().ok());
    PORTICO_CHECK(machine.findings().empty());
}

// An input from its first step to the machine's end. A Session has step(), finish() and step_limit.
template <class Session>
int run_session(const std::uint8_t* data, std::size_t size) {
    Input in(data, size);
    Machine machine = started_cable();
    {
        Session session(machine);
        for (unsigned i = 0; i < Session::step_limit && !in.empty(); ++i) session.step(in);
        session.finish();
    }
    end_well(machine);
    return 0;
}

}  // namespace portico::fuzz
