// The rules' own parts, for verifier.cpp.
#pragma once

#include <cstdio>

#include "nt/probes.h"
#include "verifier/rule.h"

namespace portico::verifier {

void install_irql_rules();
void install_wait_rule();
void install_spin_lock_rule();
void install_irp_rules();
void install_pool_rule();
void install_left_behind_rule();
void install_object_rules();
void install_interrupt_rules();
void install_power_rule();
void install_fault_rule();
void install_contract_rule();
void install_spin_rule();

}  // namespace portico::verifier
