#include <algorithm>

#include "api/quantity.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;
using api::Truth;

// One volume of a pool: what is wanted of it, and the claims for it.
struct Growth {
    std::string volume;
    std::string size;
    int64_t bytes = 0;
    std::vector<const Claim*> claims;
};

std::vector<Growth> growths(const Pass& pass, const resource::Pool& pool) {
    std::vector<Growth> all;
    for (const api::Volume& volume : volumes_of(pool.storage)) {
        Growth growth{volume.name, volume.size, api::whole_units(volume.size).value_or(0), {}};
        for (const Seat& seat : pass.seats) {
            if (seat.pool->name != pool.name) continue;
            const auto claim = pass.input.observed.claims.find(resource::claim_name(volume.name, seat.pod_name));
            if (claim != pass.input.observed.claims.end()) growth.claims.push_back(&claim->second);
        }
        all.push_back(std::move(growth));
    }
    return all;
}

bool may_grow(const Pass& pass, const Claim& claim) {
    const auto found = pass.input.observed.classes_may_grow.find(claim.storage_class);
    return found == pass.input.observed.classes_may_grow.end() || found->second;  // unknown: the API server says
}

void not_ready(Pass& pass, const char* reason, const std::string& message) {
    pass.conditions.set(api::condition::storage_ready, Truth::no, reason, message);
}

void note(Pass& pass, const resource::Pool& pool, const char* phase, const std::string& message) {
    pass.plan.status.growth.push_back({pool.name, phase, pass.set(pool).uid, message});
    pass.under_way.push_back("volumes of " + pool.name + " grow");
    if (pass.conditions.find(api::condition::storage_ready)->status == Truth::yes) not_ready(pass, "Growing", message);
}

// Asks for more where a claim has less. False: one of them can't grow.
bool patch_claims(Pass& pass, const resource::Pool& pool, const Growth& growth) {
    bool can_all = true;
    for (const Claim* claim : growth.claims) {
        if (claim->requested_bytes >= growth.bytes || claim->is_deleting) continue;
        if (claim->phase != "Bound") {
            can_all = false;  // what isn't bound can't be resized
        } else if (!may_grow(pass, *claim)) {
            not_ready(pass, "ExpansionUnsupported",
                      "the StorageClass " + claim->storage_class + " doesn't let " + claim->name +
                          " grow: set allowVolumeExpansion, or move to a pool of another class");
            pass.stall("ExpansionUnsupported", "volumes of class " + claim->storage_class + " can't grow");
            can_all = false;
        } else {
            const Json size{{"spec", {{"resources", {{"requests", {{"storage", growth.size}}}}}}}};
            pass.add(Patch{"v1", "PersistentVolumeClaim", claim->name, claim->uid, size});
            note(pass, pool, "Requested", claim->name + " grows to " + growth.size);
        }
    }
    return can_all;
}

// The set's claim templates can't be changed: the set is deleted without its pods and made anew around them.
void replace_set(Pass& pass, const resource::Pool& pool) {
    const SetSeen& set = pass.set(pool);
    if (set.is_deleting) return note(pass, pool, "SetOrphaned", "the StatefulSet is made anew, its pods stay");
    if (!pass.leaving[pool.name].empty()) return;
    // Its own name is in the list of steps to be applied, with the old sizes: the deletion comes last, the next pass
    // makes the new one.
    pass.add(Delete{"apps/v1", "StatefulSet", resource::set_name(pass.cluster, pool.name), set.uid, {}, true});
    note(pass, pool, "ClaimsPatched", "the StatefulSet is replaced, its pods stay");
}

void plan_pool(Pass& pass, const resource::Pool& pool) {
    const SetSeen& set = pass.set(pool);
    bool has_old_template = false;
    bool are_all_patched = true;
    for (const Growth& growth : growths(pass, pool)) {
        const auto size = set.sizes.find(growth.volume);
        const int64_t old = size == set.sizes.end() ? growth.bytes : api::whole_units(size->second).value_or(0);
        if (set.exists && growth.bytes < old) {
            not_ready(pass, "CannotShrink",
                      "volume " + growth.volume + " of pool " + pool.name + " has " + size->second +
                          " and can't shrink to " + growth.size);
            pass.stall("CannotShrink",
                       "volumes can't shrink: put the size of " + growth.volume + " back to " + size->second);
            return;
        }
        has_old_template |= growth.bytes > old;
        are_all_patched &= patch_claims(pass, pool, growth);
        for (const Claim* claim : growth.claims) {
            are_all_patched &= claim->requested_bytes >= growth.bytes;
            if (claim->capacity_bytes >= claim->requested_bytes || claim->phase != "Bound") continue;
            note(pass, pool, "FileSystemPending", claim->name + " is being enlarged");
            if (!claim->resize_error.empty())
                not_ready(pass, "ExpansionFailed", claim->name + ": " + claim->resize_error);
        }
    }
    if (has_old_template && are_all_patched) replace_set(pass, pool);
}

void check_claims(Pass& pass) {
    for (const Seat& seat : pass.seats)
        for (const api::Volume& volume : volumes_of(seat.pool->storage))
            if (const std::string name = resource::claim_name(volume.name, seat.pod_name);
                !pass.input.observed.claims.contains(name))
                not_ready(pass, "VolumePending", name + " isn't there yet");
    for (const auto& [name, claim] : pass.input.observed.claims) {
        if (claim.phase == "Lost") {
            not_ready(pass, "VolumeLost", name + " has lost its volume");
        } else if (claim.phase == "Pending") {
            const Seat* seat = pass.seat(resource::node_id_of(name));
            const bool says = seat != nullptr && seat->pod != nullptr && !seat->pod->message.empty();
            const std::string of_class = claim.storage_class.empty() ? "" : " of class " + claim.storage_class;
            not_ready(pass, "VolumePending",
                      name + " has no volume" + of_class + " yet" + (says ? ": " + seat->pod->message : ""));
        } else if (claim.is_deleting) {
            not_ready(pass, "VolumeDeleted", "somebody has deleted " + name + "; it goes when its broker is replaced");
            Seat* seat = pass.seat(resource::node_id_of(name));
            if (seat != nullptr) seat->going_claim = name;
            if (seat != nullptr && seat->outdated.empty()) seat->outdated = "its volume " + name + " is to be deleted";
        }
    }
}

}  // namespace

void plan_volumes(Pass& pass) {
    pass.conditions.set(api::condition::storage_ready, Truth::yes, "Bound");
    pass.plan.status.growth.clear();
    for (const resource::Pool& pool : pass.pools) plan_pool(pass, pool);
    // One line for each pool: the last one said.
    auto& growth = pass.plan.status.growth;
    std::map<std::string, api::GrowthStatus> last;
    for (api::GrowthStatus& line : growth) last[line.pool] = line;
    growth.clear();
    for (auto& [pool, line] : last) growth.push_back(std::move(line));
    check_claims(pass);
}

}  // namespace milena::plan
