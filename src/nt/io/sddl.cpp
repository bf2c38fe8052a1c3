// Security descriptor strings of devices: enough of SDDL to decide what a client may open (FLD-041).
#include <algorithm>
#include <cstring>
#include <string_view>

#include "nt/io/file.h"

namespace portico::nt::io {
namespace {

// Everybody may read, write and execute, administrators and the system everything: what Windows gives a
// device without a descriptor of its own.
constexpr const WCHAR* default_sddl = u"D:(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGWGX;;;WD)(A;;GRGX;;;RC)";

// Groups and accounts whose two letters may stand in an entry.
constexpr const char* known_sids[] = {"AN", "AO", "AU", "BA", "BG", "BO", "BU", "CA", "CG", "CO", "DA", "DC",
                                      "DD", "DG", "DU", "EA", "ED", "HI", "IU", "LA", "LG", "LS", "LW", "ME",
                                      "MU", "NO", "NS", "NU", "OW", "PA", "PO", "PS", "PU", "RC", "RD", "RE",
                                      "RO", "RS", "RU", "SA", "SI", "SO", "SU", "SY", "WD", "WR"};

struct Right {
    char letters[3];
    ACCESS_MASK mask;
};
constexpr Right rights[] = {{"GA", FILE_ALL_ACCESS},
                            {"GR", FILE_GENERIC_READ},
                            {"GW", FILE_GENERIC_WRITE},
                            {"GX", FILE_GENERIC_EXECUTE},
                            {"RC", READ_CONTROL},
                            {"SD", DELETE},
                            {"WD", WRITE_DAC},
                            {"WO", WRITE_OWNER},
                            {"FA", FILE_ALL_ACCESS},
                            {"FR", FILE_GENERIC_READ},
                            {"FW", FILE_GENERIC_WRITE},
                            {"FX", FILE_GENERIC_EXECUTE},
                            {"CC", 0x1},
                            {"DC", 0x2},
                            {"LC", 0x4},
                            {"SW", 0x8},
                            {"RP", 0x10},
                            {"WP", 0x20},
                            {"DT", 0x40},
                            {"LO", 0x80},
                            {"CR", 0x100}};

// A field of an entry, ended by ';' or ')'.
struct Field {
    const WCHAR* begin;
    std::size_t length;
    bool is(const char* letters) const {
        return length == 2 && begin[0] == static_cast<WCHAR>(letters[0]) &&
               begin[1] == static_cast<WCHAR>(letters[1]);
    }
};

struct Entry {
    bool denies = false;
    bool inherit_only = false;  // for what is made below, which a device has nothing of
    ACCESS_MASK mask = 0;
    Field sid{};
};

bool read_number(const Field& field, ACCESS_MASK* value) {
    if (field.length < 3 || field.begin[0] != u'0' || (field.begin[1] | 0x20) != u'x') return false;
    *value = 0;
    for (std::size_t i = 2; i < field.length; ++i) {
        const WCHAR c = field.begin[i];
        const WCHAR lower = static_cast<WCHAR>(c | 0x20);
        if (c >= u'0' && c <= u'9') {
            *value = *value * 16 + (c - u'0');
        } else if (lower >= u'a' && lower <= u'f') {
            *value = *value * 16 + (lower - u'a' + 10);
        } else {
            return false;
        }
    }
    return true;
}

bool read_rights(const Field& field, ACCESS_MASK* mask) {
    *mask = 0;
    if (field.length == 0) return true;
    if (read_number(field, mask)) {
        // Generic rights may be given by their bits, too; rights that files do not have count for nothing.
        ob::map_access(&file_type, *mask & ~MAXIMUM_ALLOWED, KernelMode, mask);
        return true;
    }
    if (field.length % 2 != 0) return false;
    for (std::size_t i = 0; i < field.length; i += 2) {
        const Field pair{field.begin + i, 2};
        const Right* found = nullptr;
        for (const Right& right : rights) {
            if (pair.is(right.letters)) found = &right;
        }
        if (found == nullptr) return false;
        *mask |= found->mask;
    }
    return true;
}

bool known_sid(const Field& sid) {
    if (sid.length > 4 && sid.begin[0] == u'S' && sid.begin[1] == u'-') return true;
    for (const char* letters : known_sids) {
        if (sid.is(letters)) return true;
    }
    return false;
}

// "(A;;GRGW;;;WD)": type, flags, rights, object, inherited object, account. Moves `at` behind it.
bool read_entry(const WCHAR*& at, const WCHAR* end, Entry* entry) {
    Field fields[6];
    if (at == end || *at++ != u'(') return false;
    for (unsigned i = 0; i < 6; ++i) {
        const WCHAR* const begin = at;
        while (at != end && *at != u';' && *at != u')') ++at;
        if (at == end || (*at == u')') != (i == 5)) return false;
        fields[i] = {begin, static_cast<std::size_t>(at - begin)};
        ++at;
    }
    if (fields[0].length != 1 || (fields[0].begin[0] != u'A' && fields[0].begin[0] != u'D')) return false;
    entry->denies = fields[0].begin[0] == u'D';
    entry->sid = fields[5];
    entry->inherit_only = false;
    for (std::size_t i = 0; i + 1 < fields[1].length; i += 2)
        entry->inherit_only |= Field{fields[1].begin + i, 2}.is("IO");
    return read_rights(fields[2], &entry->mask) && known_sid(entry->sid);
}

// Behind "D:" and its flags. Null: no DACL in the string.
const WCHAR* find_dacl(const WCHAR* at, const WCHAR* end) {
    for (; end - at >= 2; ++at) {
        if (at[0] != u'D' || at[1] != u':') continue;
        at += 2;
        while (at != end && (*at == u'P' || *at == u'A' || *at == u'I' || *at == u'R')) ++at;
        return at;
    }
    return nullptr;
}

// The same account by its letters or as a whole SID.
struct Account {
    const char* letters;
    const char* sid;
};
constexpr Account everybody[] = {
    {"WD", "S-1-1-0"}, {"AU", "S-1-5-11"}, {"IU", "S-1-5-4"}, {"BU", "S-1-5-32-545"}};
constexpr Account administrators = {"BA", "S-1-5-32-544"};
constexpr Account local_system = {"SY", "S-1-5-18"};

bool names(const Field& field, const Account& account) {
    if (field.is(account.letters)) return true;
    const std::string_view sid = account.sid;
    return std::equal(field.begin, field.begin + field.length, sid.begin(), sid.end(),
                      [](WCHAR a, char b) { return a == static_cast<WCHAR>(b); });
}

bool applies(const Field& sid, const Client& client) {
    for (const Account& account : everybody) {
        if (names(sid, account)) return true;
    }
    return (client.administrator && names(sid, administrators)) ||
           (client.system && names(sid, local_system));
}

}  // namespace

bool is_valid_sddl(const UNICODE_STRING& sddl) {
    const WCHAR* const end = sddl.Buffer + sddl.Length / sizeof(WCHAR);
    const WCHAR* at = find_dacl(sddl.Buffer, end);
    if (at == nullptr) return false;
    Entry entry;
    while (at != end && *at == u'(') {
        if (!read_entry(at, end, &entry)) return false;
    }
    return at == end || (end - at >= 2 && at[0] == u'S' && at[1] == u':');
}

NTSTATUS check_sddl(const WCHAR* sddl, const Client& client, ACCESS_MASK desired, ACCESS_MASK* granted) {
    const UNICODE_STRING text = ob::string(sddl == nullptr ? default_sddl : sddl);
    const WCHAR* const end = text.Buffer + text.Length / sizeof(WCHAR);
    const WCHAR* at = find_dacl(text.Buffer, end);
    ACCESS_MASK wanted = 0;
    const NTSTATUS status = ob::map_access(&file_type, desired & ~MAXIMUM_ALLOWED, KernelMode, &wanted);
    if (!NT_SUCCESS(status)) return status;
    ACCESS_MASK allowed = 0;
    ACCESS_MASK denied = 0;
    Entry entry;
    while (at != nullptr && at != end && *at == u'(' && read_entry(at, end, &entry)) {
        if (entry.inherit_only || !applies(entry.sid, client)) continue;
        (entry.denies ? denied : allowed) |= entry.mask & ~(entry.denies ? allowed : denied);
    }
    if ((desired & MAXIMUM_ALLOWED) != 0) wanted |= allowed;
    if ((wanted & ~allowed) != 0) return STATUS_ACCESS_DENIED;
    *granted = wanted;
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::io
