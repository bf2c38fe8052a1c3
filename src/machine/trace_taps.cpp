#include "machine/trace_taps.h"

#include <algorithm>

#include "ends/output_file.h"
#include "report/chrome_trace.h"

namespace portico::machine {

struct TraceTaps::File {
    explicit File(ends::OutputFile output) : out(std::move(output)) {}

    static void write(void* context, std::string_view text) {
        auto& file = *static_cast<File*>(context);
        if (!file.failure.ok()) return;
        file.failure = file.out.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }

    ends::OutputFile out;
    Result<void> failure;  // the first
    report::ChromeTrace trace{write, this};
};

TraceTaps::TraceTaps() = default;
TraceTaps::~TraceTaps() {
    if (listening_) sim::trace.set_drain(nullptr, nullptr);
}

void TraceTaps::listen() {
    if (!listening_) sim::trace.set_drain(drain, this);
    listening_ = true;
}

Result<void> TraceTaps::open_file(const std::string& path) {
    file_ = std::make_unique<File>(PORTICO_TRY(ends::OutputFile::create(path)));
    listen();
    return {};
}

void TraceTaps::keep(std::size_t limit) {
    sim::trace.flush();
    kept_.clear();
    kept_.reserve(limit);
    limit_ = limit;
    listen();
}

const std::vector<sim::TraceRecord>& TraceTaps::kept() {
    sim::trace.flush();
    return kept_;
}

void TraceTaps::drain(void* context, const sim::TraceRecord* records, std::uint64_t count) {
    auto& taps = *static_cast<TraceTaps*>(context);
    if (taps.file_ != nullptr) taps.file_->trace.add(records, count);
    const auto wanted = std::min<std::uint64_t>(count, taps.limit_ - taps.kept_.size());
    taps.kept_.insert(taps.kept_.end(), records, records + wanted);
}

Result<void> TraceTaps::finish() {
    if (listening_) sim::trace.set_drain(nullptr, nullptr);
    listening_ = false;
    if (file_ == nullptr) return {};
    file_->trace.finish();
    const auto file = std::move(file_);
    if (!file->failure.ok()) return file->failure;
    return file->out.commit();
}

}  // namespace portico::machine
