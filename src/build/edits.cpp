#include "build/edits.h"

#include <algorithm>

namespace portico::build {

void Edits::insert(std::uint32_t at, std::string text) {
    const auto behind = std::find_if(edits_.rbegin(), edits_.rend(), [at](const Edit& edit) {
        return edit.begin < at || (edit.begin == at && edit.end == at);
    });
    edits_.insert(behind.base(), {at, at, std::move(text)});
}

bool Edits::replace(std::uint32_t begin, std::uint32_t end, std::string text) {
    const auto behind = std::find_if(edits_.rbegin(), edits_.rend(),
                                     [begin](const Edit& edit) { return edit.begin <= begin; });
    for (auto other = behind; other != edits_.rend(); ++other) {
        if (other->end > begin || (other->begin == begin && other->end > other->begin)) return false;
        if (other->end > other->begin) break;
    }
    if (const auto next = behind.base(); next != edits_.end() && next->begin < end) return false;
    edits_.insert(behind.base(), {begin, end, std::move(text)});
    return true;
}

std::string Edits::apply(std::string_view text) const {
    std::string result;
    result.reserve(text.size() + 64 * edits_.size());
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
        result.append(text.substr(at, edit.begin - at));
        result.append(edit.text);
        const auto old = text.substr(edit.begin, edit.end - edit.begin);
        const auto lines = std::count(old.begin(), old.end(), '\n');
        const auto kept = std::count(edit.text.begin(), edit.text.end(), '\n');
        if (edit.end > edit.begin && lines > kept && edit.text.find("#line") == std::string::npos)
            result.append(static_cast<std::size_t>(lines - kept), '\n');
        at = edit.end;
    }
    return result.append(text.substr(at));
}

}  // namespace portico::build
