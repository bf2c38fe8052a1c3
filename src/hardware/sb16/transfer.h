// A DSP's wave transfer over a DMA channel: bytes move at the sample rate, and the DSP is told at the end of
// each block. Between two events nothing is moved until somebody looks (sim::DmaController::CatchUp).
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "sim/dma.h"
#include "sim/events.h"

namespace portico::hardware::sb16 {

class Transfer {
  public:
    // Told at the end of a block: the DSP interrupts. It may change or end the transfer.
    using BlockDone = void (*)(void* dsp, Transfer& transfer, Nanoseconds now_ns);
    // Bytes that were played, in order.
    using Played = void (*)(void* context, const std::uint8_t* bytes, std::uint32_t count);

    struct Plan {
        unsigned channel = 1;  // DMA; dma_cascade: none, time passes and no byte moves (silence)
        bool records = false;
        bool reloads = false;
        std::uint32_t block_bytes = 1;
        std::uint32_t bytes_per_second = 22'050;
        std::uint8_t silence = 0x80;  // what is recorded
    };

    Transfer(BlockDone done, void* dsp) : done_(done), dsp_(dsp) {}

    void connect(Played played, void* context) {
        played_ = played;
        played_context_ = context;
    }

    void begin(const Plan& plan, Nanoseconds now_ns);
    void end();
    void pause(Nanoseconds now_ns);
    void resume(Nanoseconds now_ns);
    // The block under way is the last.
    void finish_block() { plan_.reloads = false; }
    // From the next block on.
    void set_block(std::uint32_t bytes) { plan_.block_bytes = bytes; }

    bool active() const { return active_; }
    bool paused() const { return paused_; }
    const Plan& plan() const { return plan_; }
    std::uint64_t bytes_moved() const { return bytes_moved_; }
    void forget() { bytes_moved_ = 0; }

  private:
    static void due(void* self, Nanoseconds due_ns);
    static void caught_up(void* self, Nanoseconds now_ns) { static_cast<Transfer*>(self)->move(now_ns); }
    Nanoseconds time_of(std::uint64_t bytes) const {
        return static_cast<Nanoseconds>(bytes * second_ns / plan_.bytes_per_second);
    }
    void arm(Nanoseconds now_ns);
    void move(Nanoseconds now_ns);
    std::uint32_t move_bytes(std::uint32_t count);
    void stalled(Nanoseconds now_ns);
    bool on_channel() const { return plan_.channel != sim::dma_cascade; }

    BlockDone done_;
    void* dsp_;
    Played played_ = nullptr;
    void* played_context_ = nullptr;
    Plan plan_;
    bool active_ = false;
    bool paused_ = false;
    std::uint32_t left_ = 0;         // of the block
    Nanoseconds begun_ns_ = 0;       // the times of bytes count from here,
    std::uint64_t since_begun_ = 0;  // and so many have moved since
    std::uint64_t bytes_moved_ = 0;
    sim::Event event_{due, this};
};

}  // namespace portico::hardware::sb16
