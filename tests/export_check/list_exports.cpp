// Prints the names that drivers can import, one a line.
#include <cstdio>

#include "nt/ddi.h"

int main() {
    for (unsigned i = 0; const auto* row = portico::nt::ddi_at(i); ++i) {
        if (row->address != nullptr) std::puts(row->name);
    }
    for (unsigned i = 0; const auto* row = portico::nt::export_at(i); ++i) std::puts(row->name);
}
