// DISPATCHER_HEADER::Type of what threads wait for.
#pragma once

#include "wdm.h"

namespace portico::nt::ke {

constexpr UCHAR event_notification = 0;
constexpr UCHAR event_synchronization = 1;
constexpr UCHAR mutant = 2;
constexpr UCHAR semaphore = 5;
constexpr UCHAR timer_synchronization = 9;

}  // namespace portico::nt::ke
