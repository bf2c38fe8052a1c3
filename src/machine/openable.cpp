// What programs of the simulated computer can open: the symbolic links that drivers made and the device
// interfaces that are enabled.
#include <algorithm>
#include <tuple>

#include "machine/state.h"
#include "nt/io/device.h"
#include "nt/io/interfaces.h"
#include "nt/io/pnp_registry.h"
#include "report/graph_words.h"

namespace portico {
namespace {

constexpr const char16_t* dos_devices = u"\\??\\";

std::string text_of(const UNICODE_STRING& text) {
    return machine::narrow({text.Buffer, text.Length / sizeof(char16_t)});
}

// The driver that a link leads to; null: it is Portico's own, or the link leads nowhere.
const nt::io::DriverBody* driver_behind(const UNICODE_STRING& target) {
    nt::ob::Lookup lookup;
    lookup.type = &nt::io::device_type;
    lookup.attributes = OBJ_CASE_INSENSITIVE;
    void* body = nullptr;
    if (!NT_SUCCESS(nt::ob::find(nullptr, target, lookup, &body))) return nullptr;
    const nt::io::DriverBody& driver = nt::io::body_of(static_cast<PDEVICE_OBJECT>(body)->DriverObject);
    nt::ob::dereference(body);
    return driver.host ? nullptr : &driver;
}

void add_link(const UNICODE_STRING& name, void* body, void* context) {
    if (nt::ob::type_of(body) != &nt::ob::symbolic_link_type) return;
    const UNICODE_STRING& target = nt::ob::link_target(body);
    const nt::io::DriverBody* const driver = driver_behind(target);
    if (driver == nullptr) return;
    Openable link;
    link.path = "\\\\.\\" + text_of(name);
    link.target = text_of(target);
    link.driver = machine::narrow(driver->service);
    static_cast<std::vector<Openable>*>(context)->push_back(std::move(link));
}

std::string friendly_name(const nt::io::DeviceInterface& entry) {
    char16_t text[256];
    ULONG size = 0;
    if (!NT_SUCCESS(nt::io::query_interface_value(entry, u"FriendlyName", text, sizeof text, &size)))
        return {};
    const std::u16string_view view(text, std::min<std::size_t>(size, sizeof text) / sizeof(char16_t));
    return machine::narrow(view.substr(0, view.find(u'\0')));
}

Openable of_interface(const Machine::State& m, const nt::io::DeviceInterface& entry) {
    Openable out;
    out.kind = Openable::Kind::device_interface;
    out.path = "\\\\?\\" + machine::narrow(entry.link).substr(4);
    out.driver = machine::narrow(entry.node->service);
    out.device = m.device_name(*entry.node);
    out.reference = machine::narrow(entry.reference);
    out.interface_class = report::guid_name(entry.class_guid, "");
    out.friendly_name = friendly_name(entry);
    return out;
}

bool begins_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

bool exists(const std::u16string& path) {
    nt::ob::Lookup lookup;
    lookup.type = &nt::ob::symbolic_link_type;
    lookup.attributes = OBJ_CASE_INSENSITIVE | OBJ_OPENLINK;
    void* body = nullptr;
    if (!NT_SUCCESS(nt::ob::find(nullptr, nt::ob::string(path.c_str()), lookup, &body))) return false;
    nt::ob::dereference(body);
    return true;
}

}  // namespace

std::vector<Openable> Machine::openable() {
    std::vector<Openable> list;
    nt::ob::for_each_in_directory(nt::ob::string(u"\\GLOBAL??"), add_link, &list);
    for (unsigned i = 0;; ++i) {
        const nt::io::DeviceInterface* const entry = nt::io::visible_interface(i, nullptr);
        if (entry == nullptr) break;
        list.push_back(of_interface(*state_, *entry));
    }
    std::stable_sort(list.begin(), list.end(), [](const Openable& a, const Openable& b) {
        return std::tie(a.kind, a.path) < std::tie(b.kind, b.path);
    });
    return list;
}

std::u16string Machine::State::nt_path(std::string_view name) {
    for (const char* const prefix : {"\\\\.\\", "\\\\?\\", "\\??\\"}) {
        if (begins_with(name, prefix)) return dos_devices + machine::widen(name.substr(4));
    }
    if (begins_with(name, "\\")) return machine::widen(name);
    const std::u16string filter = filter_path(name);
    if (!filter.empty()) return filter;
    const std::u16string link = dos_devices + machine::widen(name);
    return exists(link) ? link : std::u16string();
}

}  // namespace portico
