#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "report/svg.h"
#include "sim/scheduler.h"
#include "verifier/verifier.h"

namespace portico::report {
namespace {

using sim::TraceKind;
using sim::TraceRecord;

constexpr std::uint64_t shown_events = 60;
constexpr double left_px = 130;
constexpr double width_px = 1180;
constexpr double right_px = width_px - 24;
constexpr double row_px = 18;
constexpr double gap_px = 12;
constexpr double top_px = 40;
constexpr unsigned depth_limit = 5;  // nested slices that are drawn
constexpr double letter_px = 6.2;

constexpr const char* style =
    "text{font:11px "
    "sans-serif;fill:#222}.lane{font-weight:bold}.tick{fill:#666;font-size:10px}.base{stroke:#ddd}"
    ".thread{fill:#cfe3f7;stroke:#6b9bc7}.callback{fill:#d8efd3;stroke:#6fae62}.interrupt{fill:#fbd9c0;"
    "stroke:#d98a4e}"
    ".dpc{fill:#f8edb4;stroke:#c9ad2e}.line{fill:#f3c6d6;stroke:#c2668c}.wire{fill:#ddd3ef;stroke:#8f79bd}"
    ".event{fill:#345}.mark{stroke:#c00;stroke-width:2}.finding{fill:#c00;font-weight:bold}";

enum class LaneKind : std::uint8_t { processor, line, wire };

struct Lane {
    LaneKind kind;
    std::uint64_t key;
    const char* name;
    unsigned depth = 1;  // rows
    double y = 0;
};

struct Slice {
    std::size_t lane;
    unsigned depth;
    Nanoseconds from_ns;
    Nanoseconds to_ns;
    std::string name;
    const char* style;
};

struct Point {
    std::size_t lane;
    Nanoseconds at_ns;
    std::string text;
};

// Slices and points out of the records before the finding.
class Picture {
  public:
    explicit Picture(const nt::Finding& finding) : finding_(finding) {
        const std::uint64_t end = finding.trace_end;
        const std::uint64_t first = std::min(sim::trace.first(), end);
        const std::uint64_t shown = std::max(first, end > shown_events ? end - shown_events : 0);
        for (std::uint64_t i = shown; i < end; ++i) times_.push_back(sim::trace.at(i).at_ns);
        times_.push_back(finding.at_ns);
        std::sort(times_.begin(), times_.end());
        times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
        for (std::uint64_t i = first; i < end; ++i) add(sim::trace.at(i), i >= shown);
        for (const Open& open : open_) close(open, finding.at_ns);
        place();
    }

    std::string draw();

  private:
    struct Open {
        std::size_t lane;
        Nanoseconds from_ns;
        std::string name;
        const char* style;
        TraceKind ends;
        const char* key;
    };

    void add(const TraceRecord& record, bool shown);
    void close(const Open& open, Nanoseconds at_ns);
    void close_last(std::size_t lane, TraceKind kind, const char* key, Nanoseconds at_ns);
    void close_lane(std::size_t lane, Nanoseconds at_ns);
    std::size_t lane(LaneKind kind, std::uint64_t key, const char* name);
    void place();
    double x(Nanoseconds at_ns) const;
    unsigned depth_of(std::size_t lane) const;
    void draw_lanes(Svg& svg);
    void draw_slice(Svg& svg, const Slice& slice);
    void draw_axis(Svg& svg, double bottom);

    const nt::Finding& finding_;
    std::vector<Nanoseconds> times_;
    std::vector<double> places_;
    std::vector<Lane> lanes_;
    std::vector<Slice> slices_;
    std::vector<Point> points_;
    std::vector<Open> open_;
};

std::size_t Picture::lane(LaneKind kind, std::uint64_t key, const char* name) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const Lane& known = lanes_[i];
        if (known.kind == kind && known.key == key && (name == nullptr || std::strcmp(known.name, name) == 0))
            return i;
    }
    lanes_.push_back({kind, key, name});
    return lanes_.size() - 1;
}

unsigned Picture::depth_of(std::size_t lane) const {
    return static_cast<unsigned>(
        std::count_if(open_.begin(), open_.end(), [&](const Open& open) { return open.lane == lane; }));
}

// `open` is still in open_.
void Picture::close(const Open& open, Nanoseconds at_ns) {
    unsigned depth = 0;
    for (const Open& other : open_) {
        if (&other == &open) break;
        if (other.lane == open.lane) ++depth;
    }
    if (at_ns < times_.front() || depth >= depth_limit) return;
    lanes_[open.lane].depth = std::max(lanes_[open.lane].depth, depth + 1);
    slices_.push_back({open.lane, depth, open.from_ns, std::max(at_ns, open.from_ns), open.name, open.style});
}

void Picture::close_last(std::size_t lane, TraceKind kind, const char* key, Nanoseconds at_ns) {
    for (std::size_t i = open_.size(); i-- > 0;) {
        if (open_[i].lane != lane || open_[i].ends != kind) continue;
        if (key != nullptr && std::strcmp(open_[i].key, key) != 0) continue;
        close(open_[i], at_ns);
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
    }
}

void Picture::close_lane(std::size_t lane, Nanoseconds at_ns) {
    for (std::size_t i = open_.size(); i-- > 0;) {
        if (open_[i].lane != lane) continue;
        close(open_[i], at_ns);
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void Picture::add(const TraceRecord& record, bool shown) {
    const char* const name = record.name == nullptr ? "" : record.name;
    const auto processor = [&] { return lane(LaneKind::processor, record.processor, nullptr); };
    switch (record.kind) {
        case TraceKind::thread_switch:
            close_lane(processor(), record.at_ns);
            if (record.a != 0)
                open_.push_back({processor(), record.at_ns, name, "thread", TraceKind::thread_switch, ""});
            return;
        case TraceKind::callback_enter:
            open_.push_back({processor(), record.at_ns, name, "callback", TraceKind::callback_leave, name});
            return;
        case TraceKind::callback_leave:
            return close_last(processor(), record.kind, name, record.at_ns);
        case TraceKind::interrupt_enter:
            open_.push_back(
                {processor(), record.at_ns,
                 record.name != nullptr ? fmt::format("{} interrupt", name) : fmt::format("IRQ {}", record.a),
                 "interrupt", TraceKind::interrupt_leave, ""});
            return;
        case TraceKind::dpc_enter:
            open_.push_back({processor(), record.at_ns, "DPC", "dpc", TraceKind::dpc_leave, ""});
            return;
        case TraceKind::interrupt_leave:
        case TraceKind::dpc_leave:
            return close_last(processor(), record.kind, nullptr, record.at_ns);
        case TraceKind::line_assert:
            open_.push_back({lane(LaneKind::line, record.a, name), record.at_ns, "asserted", "line",
                             TraceKind::line_deassert, ""});
            return;
        case TraceKind::line_deassert:
            return close_last(lane(LaneKind::line, record.a, name), record.kind, nullptr, record.at_ns);
        case TraceKind::wire_out:
        case TraceKind::wire_in: {
            if (record.at_ns < times_.front()) return;
            const auto wire = lane(LaneKind::wire, record.kind == TraceKind::wire_in ? 1 : 0, name);
            slices_.push_back({wire, 0, static_cast<Nanoseconds>(record.b), record.at_ns,
                               fmt::format("{:02X}", record.a), "wire"});
            return;
        }
        case TraceKind::finding:
            return;
        default:
            if (shown) points_.push_back({processor(), record.at_ns, event_text(record)});
    }
}

// Between two moments lies more room the more time passes, but not in proportion: what takes 50 ns and what
// takes 5 ms are both to be seen.
void Picture::place() {
    places_.assign(times_.size(), 0);
    for (std::size_t i = 1; i < times_.size(); ++i) {
        places_[i] =
            places_[i - 1] + 1 + std::log2(1.0 + static_cast<double>(times_[i] - times_[i - 1]) / 50.0);
    }
    const double all = std::max(places_.back(), 1.0);
    for (double& place : places_) place = left_px + 8 + place / all * (right_px - left_px - 16);
    double y = top_px;
    for (const LaneKind kind : {LaneKind::processor, LaneKind::line, LaneKind::wire}) {
        for (Lane& lane : lanes_) {
            if (lane.kind != kind) continue;
            lane.y = y;
            y += lane.depth * row_px + (kind == LaneKind::processor ? 10 : 0) + gap_px;
        }
    }
}

double Picture::x(Nanoseconds at_ns) const {
    if (at_ns <= times_.front()) return left_px;
    if (at_ns >= times_.back()) return places_.back();
    const auto after =
        static_cast<std::size_t>(std::upper_bound(times_.begin(), times_.end(), at_ns) - times_.begin());
    const double share = static_cast<double>(at_ns - times_[after - 1]) /
                         static_cast<double>(times_[after] - times_[after - 1]);
    return places_[after - 1] + share * (places_[after] - places_[after - 1]);
}

void Picture::draw_slice(Svg& svg, const Slice& slice) {
    const double from = x(slice.from_ns);
    const double width = std::max(x(slice.to_ns) - from, 2.0);
    const double y = lanes_[slice.lane].y + slice.depth * row_px;
    svg.begin_group(
        fmt::format("{}: {} to {}", slice.name, time_text(slice.from_ns), time_text(slice.to_ns)));
    svg.rect(from, y, width, row_px - 2, slice.style, 2);
    const auto letters = static_cast<std::size_t>(std::max(0.0, (width - 6) / letter_px));
    // "IMiniportMidiStream::Write" says as much as "Write" where there is no room.
    const auto scope = slice.name.rfind("::");
    const std::string brief = letters >= slice.name.size() || scope == std::string::npos
                                  ? slice.name
                                  : slice.name.substr(scope + 2);
    if (letters >= brief.size()) svg.text(from + 4, y + 12, brief, "name");
    svg.end_group();
}

void Picture::draw_lanes(Svg& svg) {
    for (const Lane& lane : lanes_) {
        const double height = lane.depth * row_px;
        std::string label;
        switch (lane.kind) {
            case LaneKind::processor:
                label = fmt::format("Processor {}", lane.key);
                break;
            case LaneKind::line:
                label = fmt::format("IRQ {} {}", lane.key, lane.name);
                break;
            case LaneKind::wire:
                label = fmt::format("{} MIDI {}", lane.name, lane.key == 1 ? "IN" : "OUT");
                break;
        }
        svg.text(8, lane.y + 12, label.substr(0, 18), "lane");
        svg.line(left_px, lane.y + height, right_px, lane.y + height, "base");
    }
}

void Picture::draw_axis(Svg& svg, double bottom) {
    double free_from = left_px;
    for (std::size_t i = 0; i < times_.size(); ++i) {
        const double at = places_[i];
        const std::string text =
            fmt::format("{:.2f}", static_cast<double>(times_[i] - finding_.at_ns) / 1000.0);
        const double half = static_cast<double>(text.size()) * 3;
        const bool last = i + 1 == times_.size();
        if (!last && (at - half < free_from || at + half > places_.back() - 24)) continue;
        svg.line(at, bottom, at, bottom + 4, "base");
        svg.text(at, bottom + 16, text, "tick", "middle");
        free_from = at + half + 8;
    }
    svg.text(left_px, bottom + 34,
             "Microseconds before the finding; not to scale. Point at a slice or a dot to see what it is.",
             "tick");
}

std::string Picture::draw() {
    double bottom = top_px;
    for (const Lane& lane : lanes_) bottom = std::max(bottom, lane.y + lane.depth * row_px + 14);
    Svg svg(static_cast<int>(width_px), static_cast<int>(bottom + 44), style);
    draw_lanes(svg);
    // Outer slices were closed after those inside them.
    std::stable_sort(slices_.begin(), slices_.end(),
                     [](const Slice& a, const Slice& b) { return a.depth < b.depth; });
    for (const Slice& slice : slices_) draw_slice(svg, slice);
    for (const Point& point : points_) {
        const Lane& lane = lanes_[point.lane];
        svg.begin_group(fmt::format("{}: {}", time_text(point.at_ns), point.text));
        svg.dot(x(point.at_ns), lane.y + lane.depth * row_px + 4, 3, "event");
        svg.end_group();
    }
    const double mark = x(finding_.at_ns);
    svg.line(mark, 22, mark, bottom, "mark");
    svg.text(mark, 16, finding_.severity == nt::Severity::bug_check ? "bug check" : "finding", "finding",
             mark > right_px - 60 ? "end" : "middle");
    draw_axis(svg, bottom);
    return svg.finish();
}

constexpr const char* page_style =
    "body{font:15px/1.4 sans-serif;margin:2em auto;max-width:1220px;color:#222;background:#fff}"
    "h1{background:#0b4fa0;color:#fff;padding:.5em "
    ".7em;font-size:1.3em}pre{background:#f6f6f6;padding:1em;overflow-x:auto;font-size:12.5px}"
    "code{background:#e6f4e6;padding:.3em .5em;display:inline-block}.picture{overflow-x:auto}";

std::string title_of(const nt::Finding& finding) {
    const char* const kind = finding.severity == nt::Severity::bug_check ? "Bug check" : "Finding";
    if (finding.code == 0) return kind;
    return fmt::format("{} 0x{:08X} {}", kind, finding.code, bug_check_name(finding.code));
}

}  // namespace

std::string last_events_svg(const nt::Finding& finding) {
    return Picture(finding).draw();
}

std::string page_html(const nt::Finding& finding, const PageOptions& options) {
    PageOptions plain = options;
    plain.colour = false;
    plain.replay_line.clear();
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta "
        "charset=\"utf-8\"/><title>{0}</title>\n<style>{1}</style></head>\n<body>\n"
        "<h1>{0}</h1>\n<p><b>{2}</b></p>\n",
        escaped(title_of(finding)), page_style, escaped(finding.text));
    const Line place = place_of(finding);
    if (place.line != 0)
        out += fmt::format("<p>{}:{} in {}</p>\n", escaped(place.file), place.line, escaped(place.function));
    if (!options.replay_line.empty())
        out += fmt::format("<p>See it again: <code>{}</code></p>\n", escaped(options.replay_line));
    out += fmt::format(
        "<h2>The last events</h2>\n<div class=\"picture\">\n{}</div>\n<h2>Everything that is "
        "known</h2>\n<pre>{}</pre>\n</body>\n</html>\n",
        last_events_svg(finding), escaped(page(finding, plain)));
    return out;
}

}  // namespace portico::report
