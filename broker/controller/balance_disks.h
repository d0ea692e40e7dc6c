// The part of a plan that makes what brokers store more even: replicas move, or change places with smaller ones where
// each broker is to keep as many as it has. Pure.
#pragma once

#include "controller/balance_draft.h"

namespace milena::controller {

// Replicas stay in as many racks, counts that are even enough stay so, and no disk is filled beyond the limit. All
// brokers must have told what they store.
void even_out_disks(BalanceDraft& draft);

}  // namespace milena::controller
