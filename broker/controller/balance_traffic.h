// The part of a plan that makes the traffic of leaders more even: preferred leaderships go to replicas in sync, or are
// exchanged. Nothing is copied. Pure.
#pragma once

#include "controller/balance_draft.h"

namespace milena::controller {

// Brokers that are preferred equally often, or nearly so, stay so. All brokers must have told what they take in.
// Nothing while replicas move: until they have arrived, rates are others than they will be.
void even_out_traffic(BalanceDraft& draft);

}  // namespace milena::controller
