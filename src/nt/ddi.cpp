#include "nt/ddi.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "nt/probes.h"

extern "C" {
extern const portico::nt::Ddi* const __start_portico_ddi[];
extern const portico::nt::Ddi* const __stop_portico_ddi[];
extern const portico::nt::Export* const __start_portico_export[];
extern const portico::nt::Export* const __stop_portico_export[];
}

namespace portico::nt {
namespace {

void ignore_irql(const Ddi&) {}
void ignore_callback(const char*, const void*, sim::Irql, sim::Irql) {}

// Sorted once, at the first look-up: only loading an image asks.
const std::vector<Export>& sorted_exports() {
    static const auto* const rows = [] {
        auto* all = new std::vector<Export>;
        for (auto row = __start_portico_ddi; row != __stop_portico_ddi; ++row) {
            if ((*row)->address != nullptr) all->push_back({(*row)->name, (*row)->address, (*row)->module});
        }
        for (auto row = __start_portico_export; row != __stop_portico_export; ++row) all->push_back(**row);
        std::sort(all->begin(), all->end(),
                  [](const Export& a, const Export& b) { return std::strcmp(a.name, b.name) < 0; });
        return all;
    }();
    return *rows;
}

}  // namespace

void (*irql_violation)(const Ddi&) = ignore_irql;
void (*callback_irql_changed)(const char*, const void*, sim::Irql, sim::Irql) = ignore_callback;

void tell_null_routine(const char* name) {
    char text[128];
    std::snprintf(text, sizeof text, "The driver's %s, which is to be called now, is a null pointer.", name);
    const bool raised = sim::this_processor->irql >= sim::dispatch_level;
    PORTICO_PROBE(object_misuse, raised ? DRIVER_IRQL_NOT_LESS_OR_EQUAL : KMODE_EXCEPTION_NOT_HANDLED,
                  nullptr, text);
}

const void* find_export(const char* name) {
    const auto& rows = sorted_exports();
    const auto found = std::lower_bound(
        rows.begin(), rows.end(), name,
        [](const Export& row, const char* wanted) { return std::strcmp(row.name, wanted) < 0; });
    return found != rows.end() && std::strcmp(found->name, name) == 0 ? found->address : nullptr;
}

std::vector<ExportedName> exported_names() {
    std::vector<ExportedName> names;
    for (const auto& row : sorted_exports()) names.push_back({row.module, row.name});
    std::stable_sort(names.begin(), names.end(),
                     [](const ExportedName& a, const ExportedName& b) { return a.module < b.module; });
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

const Ddi* ddi_at(unsigned index) {
    const auto count = static_cast<unsigned>(__stop_portico_ddi - __start_portico_ddi);
    return index < count ? __start_portico_ddi[index] : nullptr;
}

const Export* export_at(unsigned index) {
    const auto count = static_cast<unsigned>(__stop_portico_export - __start_portico_export);
    return index < count ? __start_portico_export[index] : nullptr;
}

}  // namespace portico::nt
