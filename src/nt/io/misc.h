#pragma once

namespace portico::nt::io {

void reset_misc();
// IRP_MJ_SHUTDOWN to every device that registered for it, last one first. PASSIVE_LEVEL.
void send_shutdown();

}  // namespace portico::nt::io
