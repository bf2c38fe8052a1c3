// The byte-stream parser and the MIDI file reader. bytes_per_second of BM_Copy is the bare cost beside them.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "midi/note_balance.h"
#include "midi/serializer.h"
#include "midi/smf.h"
#include "midi/stream_parser.h"

namespace portico::midi {
namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr int messages = 1024;

Bytes notes(RunningStatus running) {
    Serializer serializer(running);
    Bytes bytes(messages * 3);
    std::size_t at = 0;
    for (int i = 0; i < messages; ++i) {
        const std::uint8_t note[] = {static_cast<std::uint8_t>(0x90 | (i / 64 & 15)),
                                     static_cast<std::uint8_t>(i & 0x7F), 100};
        at += serializer.write(note, bytes.data() + at);
    }
    bytes.resize(at);
    return bytes;
}

void parse(benchmark::State& state, const Bytes& bytes, std::size_t piece) {
    StreamParser parser;
    std::uint64_t sum = 0;
    for (auto _ : state) {
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            parser.feed({bytes.data() + at, std::min(piece, bytes.size() - at)},
                        [&](const StreamEvent& event) { sum += event.bytes[event.size - 1]; });
        }
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * messages);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void BM_Copy(benchmark::State& state) {
    const Bytes bytes = notes(RunningStatus::expanded);
    Bytes out(bytes.size());
    for (auto _ : state) {
        for (std::size_t at = 0; at < bytes.size(); at += 3)
            std::memcpy(out.data() + at, bytes.data() + at, 3);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK(BM_Copy);

void BM_ParsePacked(benchmark::State& state) {
    parse(state, notes(RunningStatus::expanded), messages * 3);
}
void BM_ParseMessageByMessage(benchmark::State& state) {
    parse(state, notes(RunningStatus::expanded), 3);
}
void BM_ParseRunningStatus(benchmark::State& state) {
    parse(state, notes(RunningStatus::omitted), messages * 3);
}
void BM_ParseByteByByte(benchmark::State& state) {
    parse(state, notes(RunningStatus::expanded), 1);
}
BENCHMARK(BM_ParsePacked);
BENCHMARK(BM_ParseMessageByMessage);
BENCHMARK(BM_ParseRunningStatus);
BENCHMARK(BM_ParseByteByByte);

void BM_ParseSysEx(benchmark::State& state) {
    Bytes bytes(messages * 3, 0x55);
    bytes.front() = sysex_begin;
    bytes.back() = sysex_end;
    parse(state, bytes, bytes.size());
}
BENCHMARK(BM_ParseSysEx);

void BM_NoteBalance(benchmark::State& state) {
    NoteBalance balance;
    const std::uint8_t on[] = {0x90, 60, 100}, off[] = {0x80, 60, 0};
    for (auto _ : state) {
        balance.add(on);
        balance.add(off);
    }
    state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(BM_NoteBalance);

void BM_ReadFile(benchmark::State& state) {
    smf::File file;
    file.format = 0;
    file.tracks.resize(1);
    for (int i = 0; i < messages; ++i) {
        file.add(file.tracks[0], i, {0x90, static_cast<std::uint8_t>(i & 0x7F), 1});
    }
    const Bytes bytes = smf::write(file);
    for (auto _ : state) {
        auto song = smf::timeline(smf::read(bytes, "bench.mid").value(), "bench.mid");
        benchmark::DoNotOptimize(song);
    }
    state.SetItemsProcessed(state.iterations() * messages);
}
BENCHMARK(BM_ReadFile);

}  // namespace
}  // namespace portico::midi
