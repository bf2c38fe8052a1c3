#include "report/one_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "report/svg.h"

namespace portico::report {
namespace {

using sim::TraceKind;
using sim::TraceRecord;

enum Column : int { client, port, adapter, isr, device, wire, column_count, nowhere = -1 };

constexpr std::array<std::array<const char*, 2>, column_count> headings{{{"Client", "program"},
                                                                         {"Port driver", "DPC"},
                                                                         {"Adapter", "driver, DPC"},
                                                                         {"Adapter", "interrupt level"},
                                                                         {"Device", "registers"},
                                                                         {"MIDI wire", "31250 baud"}}};

constexpr double time_px = 92;
constexpr double first_px = 158;
constexpr double column_px = 108;
constexpr double words_px = first_px + (column_count - 1) * column_px + 66;
constexpr double row_px = 27;
constexpr double gap_px = 26;
constexpr double top_px = 150;
constexpr double box_px = 18;
constexpr Nanoseconds gap_ns = 20 * microsecond_ns;    // from here on it is worth saying that time passes
constexpr Nanoseconds before_ns = 5 * microsecond_ns;  // the tick and the DPC that begin it
constexpr std::size_t note_bytes = 3;

constexpr const char* style =
    "text{font:13px "
    "sans-serif;fill:#222}.title{font-size:22px;font-weight:bold}.sub{font-size:14px;fill:#444}"
    ".head{font-weight:bold}.under,.time{fill:#555;font-size:12px}.life{stroke:#ccc;stroke-dasharray:3 4}"
    ".box0{fill:#cfe3f7;stroke:#6b9bc7}.box1{fill:#f8edb4;stroke:#c9ad2e}.box2{fill:#d8efd3;stroke:#6fae62}"
    ".box3{fill:#fbd9c0;stroke:#d98a4e}.box4{fill:#f3c6d6;stroke:#c2668c}.box5{fill:#ddd3ef;stroke:#8f79bd}"
    ".arrow{stroke:#333;stroke-width:1.4}.arrow.head{fill:#333}.band{fill:#f2f2f2}.passes{fill:#666;font-"
    "style:italic;font-size:12px}"
    ".byte{font-weight:bold}.dot{fill:#333}.page{fill:#fff}";

// One line of the story.
struct Row {
    Nanoseconds at_ns;
    Column from;  // of the arrow; the same as `to`: a dot
    Column to;
    std::string words;
    double y = 0;
};

// A stretch of time in one column.
struct Box {
    Column column;
    Nanoseconds from_ns;
    Nanoseconds to_ns;
    std::string label;
};

struct Note {
    std::size_t due;                           // index of its record
    std::array<std::size_t, note_bytes> wire;  // of its bytes' records
};

Nanoseconds first_bit_ns(const TraceRecord& record) {
    return static_cast<Nanoseconds>(record.b);
}

bool is_due(const TraceRecord& record) {
    return record.kind == TraceKind::message && record.name != nullptr &&
           std::strcmp(record.name, "due") == 0;
}

bool is_named(const TraceRecord& record, const char* name) {
    return record.name != nullptr && std::strcmp(record.name, name) == 0;
}

// The first bytes that leave after it was due, when they begin with its status.
bool find_bytes(const TraceRecord* records, std::size_t count, Note& note) {
    std::size_t found = 0;
    for (std::size_t i = note.due; i < count && found < note_bytes; ++i) {
        if (records[i].kind != TraceKind::wire_out || first_bit_ns(records[i]) < records[note.due].at_ns)
            continue;
        if (found == 0 && records[i].a != records[note.due].a) return false;
        note.wire[found++] = i;
    }
    return found == note_bytes && records[note.wire[2]].a != 0;  // velocity 0 is a note-off
}

bool alone(const TraceRecord* records, const Note& note) {
    const Nanoseconds due_ns = records[note.due].at_ns;
    for (std::size_t i = note.due + 1; i < note.wire.back(); ++i) {
        if (is_due(records[i])) return false;
        if (records[i].kind == TraceKind::wire_out && first_bit_ns(records[i]) < due_ns) return false;
    }
    return true;
}

bool find_note(const TraceRecord* records, std::size_t count, Note& out) {
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_due(records[i]) || (records[i].a & 0xF0) != 0x90) continue;
        Note note{i, {}};
        if (!find_bytes(records, count, note)) continue;
        const bool good = alone(records, note);
        if (!any || good) out = note;
        any = true;
        if (good) return true;
    }
    return any;
}

std::string key_name(std::uint64_t key) {
    static constexpr const char* names[] = {"C",       "C sharp", "D",      "E flat", "E",      "F",
                                            "F sharp", "G",       "A flat", "A",      "B flat", "B"};
    return fmt::format("{} {}", names[key % 12], static_cast<int>(key / 12) - 1);
}

class Story {
  public:
    Story(const TraceRecord* records, const Note& note)
        : records_(records), note_(note), due_ns_(records[note.due].at_ns) {
        const std::size_t begin = start();
        for (std::size_t i = begin; i <= note_.wire.back(); ++i) tell(i);
        tell_wire();
        std::stable_sort(rows_.begin(), rows_.end(),
                         [](const Row& a, const Row& b) { return a.at_ns < b.at_ns; });
    }

    std::string draw();

  private:
    struct Reads {
        std::uint64_t port = 0;
        std::uint64_t value = 0;
        unsigned count = 0;
        Nanoseconds at_ns = 0;
    };

    std::size_t start() const;
    void tell(std::size_t index);
    void tell_access(const TraceRecord& record);
    void tell_callback(const TraceRecord& record);
    void tell_wire();
    void end_reads(bool ready);
    void row(Nanoseconds at_ns, Column from, Column to, std::string words) {
        rows_.push_back({at_ns, from, to, std::move(words)});
    }
    void open(Column column, Nanoseconds at_ns) {
        if (open_ns_[column] < 0) open_ns_[column] = at_ns;
    }
    void close(Column column, Nanoseconds at_ns) {
        if (open_ns_[column] < 0) return;
        boxes_.push_back({column, open_ns_[column], at_ns, ""});
        open_ns_[column] = -1;
    }
    void tell_begin();
    std::string bytes() const;

    double column_x(int column) const { return first_px + column * column_px; }
    double place();
    double y_from(Nanoseconds at_ns) const;
    double y_to(Nanoseconds at_ns) const;
    void draw_head(Svg& svg, double bottom);
    void draw_boxes(Svg& svg);
    void draw_rows(Svg& svg);
    void draw_foot(Svg& svg, double bottom);

    const TraceRecord* records_;
    Note note_;
    Nanoseconds due_ns_;
    std::vector<Row> rows_;
    std::vector<Box> boxes_;
    struct Gap {
        double y;
        Nanoseconds passes_ns;
    };
    std::vector<Gap> gaps_;
    std::array<Nanoseconds, column_count> open_ns_{-1, -1, -1, -1, -1, -1};
    Reads reads_;
    // A tick and a DPC are told only when they turn out to carry the note.
    Nanoseconds tick_ns_ = -1;
    Nanoseconds dpc_ns_ = -1;
};

// The tick that made the timer run out, or the DPC.
std::size_t Story::start() const {
    const TraceRecord& due = records_[note_.due];
    std::size_t begin = note_.due;
    for (std::size_t i = note_.due; i-- > 0 && records_[i].at_ns + before_ns >= due.at_ns;) {
        if (records_[i].processor != due.processor) continue;
        if (records_[i].kind == TraceKind::thread_switch) break;
        if (records_[i].kind == TraceKind::interrupt_enter || records_[i].kind == TraceKind::dpc_enter)
            begin = i;
    }
    return begin;
}

void Story::tell_begin() {
    if (tick_ns_ >= 0) {
        row(tick_ns_, isr, isr, "The clock ticks and finds the port driver's timer due");
        boxes_.push_back({isr, tick_ns_, tick_ns_, ""});
    }
    if (dpc_ns_ >= 0) {
        row(dpc_ns_, tick_ns_ >= 0 ? isr : port, port, "The timer's DPC runs at DISPATCH_LEVEL");
        open(port, dpc_ns_);
    }
    tick_ns_ = dpc_ns_ = -1;
}

void Story::tell(std::size_t index) {
    const TraceRecord& record = records_[index];
    if (record.kind == TraceKind::line_assert)
        return row(record.at_ns, device, isr, fmt::format("The device asserts IRQ {}", record.a));
    if (record.processor != records_[note_.due].processor) return;
    switch (record.kind) {
        case TraceKind::interrupt_enter:
            if (record.name != nullptr) tick_ns_ = record.at_ns;
            return;
        case TraceKind::dpc_enter:
            dpc_ns_ = record.at_ns;
            return;
        case TraceKind::dpc_leave:
            if (open_ns_[port] >= 0 && dpc_ns_ < 0)
                row(record.at_ns, port, port, "The DPC is done; the device goes on alone");
            if (dpc_ns_ < 0) close(port, record.at_ns);
            dpc_ns_ = tick_ns_ = -1;
            return;
        case TraceKind::message:
            if (index != note_.due) return;
            tell_begin();
            return row(record.at_ns, port, port, fmt::format("The note-on is due: {}", bytes()));
        case TraceKind::callback_enter:
        case TraceKind::callback_leave:
            return tell_callback(record);
        case TraceKind::port_read:
        case TraceKind::port_write:
        case TraceKind::register_read:
        case TraceKind::register_write:
            return tell_access(record);
        case TraceKind::irp_complete:
            if (open_ns_[port] >= 0)
                row(record.at_ns, port, client, "Nothing is left in the client's buffer: its IRP completes");
            return;
        default:
            return;
    }
}

void Story::tell_callback(const TraceRecord& record) {
    const bool enters = record.kind == TraceKind::callback_enter;
    const bool synchronized =
        is_named(record, "InterruptSyncRoutine") || is_named(record, "SynchronizeRoutine");
    if (is_named(record, "IMiniportMidiStream::Write")) {
        end_reads(false);
        if (enters) {
            tell_begin();
            open(port, record.at_ns);
            open(adapter, record.at_ns);
            return row(record.at_ns, port, adapter, "The port driver offers it: IMiniportMidiStream::Write");
        }
        row(record.at_ns, adapter, port, "The device has taken what it could: Write returns");
        return close(adapter, record.at_ns);
    }
    if (!synchronized) return;
    end_reads(false);
    if (enters && open_ns_[adapter] >= 0) {
        open(isr, record.at_ns);
        row(record.at_ns, adapter, isr, "Its routine runs synchronized with the interrupt");
    } else if (!enters) {
        close(isr, record.at_ns);
    }
}

void Story::tell_access(const TraceRecord& record) {
    const Column who = open_ns_[isr] >= 0 ? isr : adapter;
    if (open_ns_[who] < 0) return;  // of another stream, or of the interrupt
    if (record.kind == TraceKind::port_write || record.kind == TraceKind::register_write) {
        end_reads(true);
        return row(record.at_ns, who, device, fmt::format("{:02X} is written to {:X}h", record.b, record.a));
    }
    if (reads_.count != 0 && (reads_.port != record.a || reads_.value != record.b)) end_reads(false);
    if (reads_.count++ == 0) reads_ = {record.a, record.b, 1, record.at_ns};
}

// A status that is read until it changes means busy; one that is followed by a write means ready.
void Story::end_reads(bool ready) {
    if (reads_.count == 0) return;
    const Column who = open_ns_[isr] >= 0 ? isr : adapter;
    const std::string times = reads_.count == 1   ? ""
                              : reads_.count == 2 ? " twice"
                                                  : fmt::format(" {} times", reads_.count);
    row(reads_.at_ns, device, who,
        fmt::format("Register {:X}h is read{}: {:02X}, {}", reads_.port, times, reads_.value,
                    ready ? "ready for a byte" : "still busy"));
    reads_ = {};
}

void Story::tell_wire() {
    static constexpr const char* parts[note_bytes] = {"status", "key", "velocity"};
    for (std::size_t i = 0; i < note_bytes; ++i) {
        const TraceRecord& byte = records_[note_.wire[i]];
        boxes_.push_back({wire, first_bit_ns(byte), byte.at_ns, fmt::format("{:02X}", byte.a)});
        if (i == 0)
            row(first_bit_ns(byte), device, wire,
                fmt::format("Its first bit is on the wire ({:02X}, {})", byte.a, parts[i]));
        if (i != 0 && first_bit_ns(byte) != records_[note_.wire[i - 1]].at_ns) {
            row(first_bit_ns(byte), device, wire, fmt::format("{:02X} ({}) begins", byte.a, parts[i]));
        }
        const bool follows = i + 1 < note_bytes && first_bit_ns(records_[note_.wire[i + 1]]) == byte.at_ns;
        std::string words = fmt::format("{:02X} ({}) is out", byte.a, parts[i]);
        if (follows)
            words += fmt::format(", {:02X} ({}) begins", records_[note_.wire[i + 1]].a, parts[i + 1]);
        if (i + 1 == note_bytes) words += ": whoever listens hears the note";
        row(byte.at_ns, wire, wire, words);
    }
    const Nanoseconds last_ns = records_[note_.wire.back()].at_ns;
    for (int column = 0; column < column_count; ++column) close(static_cast<Column>(column), last_ns);
}

std::string Story::bytes() const {
    return fmt::format("{:02X} {:02X} {:02X}", records_[note_.wire[0]].a, records_[note_.wire[1]].a,
                       records_[note_.wire[2]].a);
}

// Every row below the one before; where much time passes a band says so. Returns where the story ends.
double Story::place() {
    double y = top_px + row_px;  // the first line is the client's
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Nanoseconds passes_ns = i == 0 ? 0 : rows_[i].at_ns - rows_[i - 1].at_ns;
        if (i == 0 || passes_ns >= gap_ns) {
            gaps_.push_back({y + row_px / 2 + 1, i == 0 ? 0 : passes_ns});
            y += gap_px;
        }
        y += row_px;
        rows_[i].y = y;
    }
    return y;
}

double Story::y_from(Nanoseconds at_ns) const {
    for (const Row& row : rows_) {
        if (row.at_ns >= at_ns) return row.y;
    }
    return rows_.back().y;
}

double Story::y_to(Nanoseconds at_ns) const {
    double y = rows_.front().y;
    for (const Row& row : rows_) {
        if (row.at_ns <= at_ns) y = row.y;
    }
    return y;
}

void Story::draw_head(Svg& svg, double bottom) {
    const TraceRecord& due = records_[note_.due];
    svg.text(24, 40, "One note's way to the wire", "title");
    svg.text(24, 64,
             fmt::format("Note-on, channel {}, key {}, velocity {}. It is due {:.3f} s after the stream "
                         "began to run. Read from top to bottom.",
                         (due.a & 15) + 1, key_name(records_[note_.wire[1]].a), records_[note_.wire[2]].a,
                         static_cast<double>(due.b) / 1e7),
             "sub");
    svg.text(time_px, 106, "Time", "head", "end");
    svg.text(time_px, 122, "in us", "under", "end");
    svg.text(words_px, 106, "What happens", "head");
    for (int i = 0; i < column_count; ++i) {
        svg.text(column_x(i), 106, headings[i][0], "head", "middle");
        svg.text(column_x(i), 122, headings[i][1], "under", "middle");
        svg.line(column_x(i), 132, column_x(i), bottom + 14, "life");
    }
}

void Story::draw_boxes(Svg& svg) {
    for (const Box& box : boxes_) {
        const double from = y_from(box.from_ns);
        const double to = box.from_ns == box.to_ns ? from : std::max(y_to(box.to_ns), from);
        const bool byte = !box.label.empty();
        const double width = byte ? 2 * box_px : box_px;
        // Bytes follow each other without a gap.
        const double above = byte ? 0 : 7;
        svg.rect(column_x(box.column) - width / 2, from - above, width, std::max(to - from + 2 * above, 4.0),
                 fmt::format("box{}", static_cast<int>(box.column)), 3);
        if (byte) svg.text(column_x(box.column), (from + to) / 2 + 5, box.label, "byte", "middle");
    }
}

void Story::draw_rows(Svg& svg) {
    for (const Row& row : rows_) {
        svg.text(time_px, row.y + 4, fmt::format("{:.2f}", static_cast<double>(row.at_ns - due_ns_) / 1000.0),
                 "time", "end");
        svg.text(words_px, row.y + 4, row.words, "words");
        if (row.from == row.to) {
            if (row.from != wire) svg.dot(column_x(row.from), row.y, 3.5, "dot");
            continue;
        }
        const double side = row.to > row.from ? box_px / 2 : -box_px / 2;
        const double end = row.to == wire ? 2 * side : side;
        svg.arrow(column_x(row.from) + side, column_x(row.to) - end, row.y, "arrow");
    }
}

void Story::draw_foot(Svg& svg, double bottom) {
    const Nanoseconds first_ns = first_bit_ns(records_[note_.wire[0]]) - due_ns_;
    const Nanoseconds last_ns = records_[note_.wire.back()].at_ns - due_ns_;
    svg.text(
        24, bottom + 46,
        fmt::format("{:.2f} us from due to the first bit on the wire, {:.2f} us to the last; 3 bytes of 320 "
                    "us are {:.0f} us. Simulated time; not to scale.",
                    static_cast<double>(first_ns) / 1000.0, static_cast<double>(last_ns) / 1000.0, 960.0),
        "sub");
}

std::string Story::draw() {
    const double bottom = place();
    const int height = static_cast<int>(bottom + 70);
    constexpr int width = static_cast<int>(words_px + 440);
    Svg svg(width, height, style);
    svg.rect(0, 0, width, height, "page");
    for (const Gap& gap : gaps_) svg.rect(24, gap.y, width - 48, gap_px - 4, "band", 3);
    draw_head(svg, bottom);
    const double client_y = top_px + row_px / 2;
    svg.text(time_px, client_y + 4, "earlier", "time", "end");
    svg.text(words_px, client_y + 4, "The client queues it with its time: IOCTL_KS_WRITE_STREAM", "words");
    svg.rect(column_x(client) - box_px / 2, client_y - 9, box_px, box_px, "box0", 3);
    svg.arrow(column_x(client) + box_px / 2, column_x(port) - 2, client_y, "arrow");
    draw_boxes(svg);
    draw_rows(svg);
    for (const Gap& gap : gaps_) {
        const std::string text =
            gap.passes_ns == 0 ? "It waits in the port driver until it is due"
                               : fmt::format("{:.0f} us pass", static_cast<double>(gap.passes_ns) / 1000.0);
        svg.text(words_px, gap.y + 15, text, "passes");
    }
    draw_foot(svg, bottom);
    return svg.finish();
}

}  // namespace

std::string one_note_svg(const sim::TraceRecord* records, std::uint64_t count) {
    Note note{};
    if (!find_note(records, count, note)) return {};
    return Story(records, note).draw();
}

}  // namespace portico::report
