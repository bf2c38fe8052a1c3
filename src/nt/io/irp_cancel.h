#pragma once

namespace portico::nt::io {
void reset_cancel();
}
