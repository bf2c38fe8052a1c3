// Which of the driver's routines a failing status comes from, as the trace tells.
#include <algorithm>
#include <string>

#include "machine/state.h"
#include "sim/trace.h"

namespace portico::machine {
namespace {

// Goes back over calls into the driver, into the last one that returned the status, into the last one within
// that, and so on.
class Search {
  public:
    explicit Search(NTSTATUS status) : status_(static_cast<std::uint32_t>(status)) {}

    // False: the beginning of the innermost call is reached.
    bool step(const sim::TraceRecord& record) {
        if (innermost_ != nullptr && record.thread != thread_) return true;
        if (record.kind == sim::TraceKind::callback_enter) return --depth_ >= within_;
        if (record.kind != sim::TraceKind::callback_leave) return true;
        if (depth_++ != within_ || static_cast<std::uint32_t>(record.a) != status_) return true;
        innermost_ = record.name;
        thread_ = record.thread;
        within_ = depth_;
        return true;
    }
    const char* innermost() const { return innermost_; }

  private:
    std::uint32_t status_;
    const char* innermost_ = nullptr;
    std::uint32_t thread_ = 0;
    int depth_ = 0;
    int within_ = 0;
};

}  // namespace

Status status_since(std::uint64_t begin, NTSTATUS status, std::string_view what) {
    Status result = status_of(status, what);
    if (result.ok() || current() == nullptr || current()->bug_checked()) return result;
    Search search(status);
    const std::uint64_t oldest = std::max(begin, sim::trace.first());
    for (std::uint64_t i = sim::trace.count(); i-- > oldest && search.step(sim::trace.at(i));) {
    }
    if (search.innermost() != nullptr) result.message += std::string(", returned by ") + search.innermost();
    return result;
}

}  // namespace portico::machine
