#include "build/edits.h"

#include <algorithm>

namespace portico::build {

void Edits::insert(std::uint32_t at, std::string text) {
    edits_.emplace(Place{at, false}, Edit{at, std::move(text)});
}

bool Edits::replace(std::uint32_t begin, std::uint32_t end, std::string text) {
    const auto next = edits_.upper_bound(Place{begin, true});
    if (next != edits_.end() && next->first.begin < end) return false;
    for (auto other = next; other != edits_.begin();) {
        --other;
        if (!other->first.replaces) continue;
        if (other->second.end > begin) return false;
        break;
    }
    edits_.emplace(Place{begin, end > begin}, Edit{end, std::move(text)});
    return true;
}

std::string Edits::apply(std::string_view text) const {
    std::string result;
    result.reserve(text.size() + 64 * edits_.size());
    std::size_t at = 0;
    for (const auto& [place, edit] : edits_) {
        if (place.begin > at) result.append(text.substr(at, place.begin - at));
        result.append(edit.text);
        const auto old = text.substr(place.begin, edit.end - place.begin);
        const auto lines = std::count(old.begin(), old.end(), '\n');
        const auto kept = std::count(edit.text.begin(), edit.text.end(), '\n');
        if (place.replaces && lines > kept && edit.text.find("#line") == std::string::npos)
            result.append(static_cast<std::size_t>(lines - kept), '\n');
        at = std::max<std::size_t>(at, edit.end);
    }
    return result.append(text.substr(at));
}

}  // namespace portico::build
