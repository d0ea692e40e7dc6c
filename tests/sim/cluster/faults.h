// Faults: what goes wrong with the simulated cluster, drawn from its seed, each for a while. Each seed has its own
// selection of kinds: some combinations hide others.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/sim_cluster.h"

namespace milena::sim::cluster {

class Faults {
  public:
    // A fault; what comes of it, or happens meanwhile; and another one then, to whom that has happened to.
    struct Trap {
        const char* first;
        const char* mark;
        const char* then;
    };

    explicit Faults(SimCluster& cluster);

    // Goes on until then.
    void begin(Instant end);
    uint64_t count() const { return count_; }

  private:
    using Inject = void (Faults::*)();
    struct Kind {
        const char* name;
        Inject inject;
    };
    static const std::vector<Kind>& kinds();

    void plan_next();
    static const Kind& kind_of(std::string_view name);
    const Kind& any_kind() { return chosen_[world_.random.below(chosen_.size())]; }
    void inject(const Kind& kind);
    void ambush();
    void wait_for(const char* mark, uint64_t before, Instant until, const Kind& kind);

    void crash_at_write();
    void kill_one();
    void kill_leader();
    void kill_controller();
    void kill_all();
    void kill_all_but_one();
    void lose_power();
    void lose_all_power();
    void lose_all_power_but_one();
    void fill_disk();
    void fail_disk();
    void fail_syncs();
    void slow_disk_down();
    void slow_all_disks_down();
    void flip_bit();
    void restart_cleanly();
    void pause_one();
    void pause_leader();
    void isolate_one();
    void cut_from_controller();
    void cut_one_way();
    void leave_a_bridge();
    void trouble_network();
    void slow_link_down();
    void step_clock();
    void drift_clock();
    void reassign();
    void drain();
    void change_voters();

    // Whoever the ambush was about, more often than others.
    NodeId victim();
    NodeId leader_or_any();
    void heal_disk_after(NodeId id, Duration longest);
    void mend_after(Duration longest);
    void pause(NodeId id);

    SimCluster& cluster_;
    World& world_;
    std::vector<Kind> chosen_;
    Duration pause_max_;  // between two of them
    Trap trap_;           // of this life
    Instant end_;
    NodeId scene_ = no_node;  // who the ambush was about whose fault is injected now
    uint64_t count_ = 0;
    uint64_t cut_ = 0;  // the cut whose end counts
};

}  // namespace milena::sim::cluster
