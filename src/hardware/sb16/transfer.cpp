#include "hardware/sb16/transfer.h"

#include <algorithm>
#include <cstring>

#include "sim/scheduler.h"

namespace portico::hardware::sb16 {
namespace {

// Memory is read no later than this after its sample's time, so that a driver that writes behind the transfer
// does not change what was played.
constexpr Nanoseconds lag_ns_max = millisecond_ns;

}  // namespace

void Transfer::begin(const Plan& plan, Nanoseconds now_ns) {
    end();
    plan_ = plan;
    plan_.block_bytes = std::max(plan.block_bytes, 1u);
    plan_.bytes_per_second = std::max(plan.bytes_per_second, 1u);
    active_ = true;
    paused_ = false;
    left_ = plan_.block_bytes;
    if (on_channel()) sim::dma.connect(plan_.channel, caught_up, this);
    begun_ns_ = now_ns;
    since_begun_ = 0;
    arm(now_ns);
}

void Transfer::end() {
    if (active_ && on_channel()) sim::dma.disconnect(plan_.channel, this);
    active_ = paused_ = false;
    sim::scheduler.events.cancel(event_);
}

void Transfer::pause(Nanoseconds now_ns) {
    if (!active_ || paused_) return;
    move(now_ns);
    paused_ = true;
    sim::scheduler.events.cancel(event_);
}

void Transfer::resume(Nanoseconds now_ns) {
    if (!active_ || !paused_) return;
    paused_ = false;
    begun_ns_ = now_ns;
    since_begun_ = 0;
    arm(now_ns);
}

// The end of the block, or earlier.
void Transfer::arm(Nanoseconds now_ns) {
    const Nanoseconds end_ns = begun_ns_ + time_of(since_begun_ + left_);
    sim::scheduler.schedule(event_, std::min(std::max(end_ns, now_ns), now_ns + lag_ns_max));
}

void Transfer::due(void* self, Nanoseconds due_ns) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.move(due_ns);
    if (!transfer.active_ || transfer.paused_) return;
    if (transfer.left_ == 0) {
        if (transfer.plan_.reloads) {
            transfer.left_ = transfer.plan_.block_bytes;
        } else {
            transfer.end();
        }
        transfer.done_(transfer.dsp_, transfer, due_ns);
    }
    if (transfer.active_ && !transfer.paused_ && !transfer.event_.scheduled()) transfer.arm(due_ns);
}

// Bytes whose time has come, to the end of the block: the next one begins in its own event.
void Transfer::move(Nanoseconds now_ns) {
    if (!active_ || paused_ || now_ns <= begun_ns_) return;
    const auto elapsed = static_cast<unsigned __int128>(now_ns - begun_ns_);
    // The first byte whose time_of() is past `now_ns`.
    const auto due = static_cast<std::uint64_t>(((elapsed + 1) * plan_.bytes_per_second - 1) / second_ns);
    if (due <= since_begun_) return;
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(due - since_begun_, left_));
    const std::uint32_t moved = on_channel() ? move_bytes(wanted) : wanted;
    since_begun_ += moved;
    left_ -= moved;
    if (on_channel()) bytes_moved_ += moved;
    if (moved < wanted) stalled(now_ns);
}

// The controller does not answer: time goes on without a sample.
void Transfer::stalled(Nanoseconds now_ns) {
    begun_ns_ = now_ns;
    since_begun_ = 0;
}

std::uint32_t Transfer::move_bytes(std::uint32_t count) {
    std::array<std::uint8_t, 512> piece;
    std::uint32_t done = 0;
    while (done < count) {
        const auto here = static_cast<std::uint32_t>(std::min<std::size_t>(count - done, piece.size()));
        std::uint32_t moved = 0;
        if (plan_.records) {
            std::memset(piece.data(), plan_.silence, here);
            moved = sim::dma.write(plan_.channel, piece.data(), here);
        } else {
            moved = sim::dma.read(plan_.channel, piece.data(), here);
            if (played_ != nullptr && moved != 0) played_(played_context_, piece.data(), moved);
        }
        done += moved;
        if (moved < here) break;
    }
    return done;
}

}  // namespace portico::hardware::sb16
