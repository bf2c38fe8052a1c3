// Who is given the trace while a Machine lives: the file of --trace, and the timeline of one note.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/trace.h"

namespace portico::machine {

class TraceTaps {
  public:
    TraceTaps();
    ~TraceTaps();

    // Chrome trace JSON; the file appears when finish() has succeeded.
    Result<void> open_file(const std::string& path);
    // Keeps the next `limit` records.
    void keep(std::size_t limit);
    // What is kept so far.
    const std::vector<sim::TraceRecord>& kept();

    // Ends the file. Nothing is taken from the trace any more. The names in kept() live as long as the
    // Machine.
    Result<void> finish();

  private:
    struct File;
    static void drain(void* context, const sim::TraceRecord* records, std::uint64_t count);
    void listen();

    std::unique_ptr<File> file_;
    std::vector<sim::TraceRecord> kept_;
    std::size_t limit_ = 0;
    bool listening_ = false;
};

}  // namespace portico::machine
