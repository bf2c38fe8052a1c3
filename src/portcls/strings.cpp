#include "portcls/strings.h"

#include <cstring>

namespace portico::portcls {

bool copy_string(const UNICODE_STRING& from, UNICODE_STRING& to) {
    to = {};
    if (from.Length == 0) return true;
    auto* const buffer = static_cast<WCHAR*>(allocate(PagedPool, from.Length + sizeof(WCHAR)));
    if (buffer == nullptr) return false;
    std::memcpy(buffer, from.Buffer, from.Length);
    to.Buffer = buffer;
    to.Length = from.Length;
    to.MaximumLength = static_cast<USHORT>(from.Length + sizeof(WCHAR));
    return true;
}

void free_string(UNICODE_STRING& string) {
    if (string.Buffer != nullptr) release(string.Buffer);
    string = {};
}

}  // namespace portico::portcls
