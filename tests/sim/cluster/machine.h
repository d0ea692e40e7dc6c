// Machine: one computer of the simulated cluster: its disk, its clock, and the order in which things happen on it. What
// was planned by a process happens no more once that process has ended; while the machine stands still everything
// waits. Its clock may be stepped and may go faster or slower than the world's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/clock.h"
#include "sim/sim_disk.h"
#include "sim/world.h"

namespace milena::sim::cluster {

class MachineClock final : public env::Clock {
  public:
    explicit MachineClock(World& world) : world_(world), wall_at_start_(world.clock.wall()) {}

    Instant now() override { return {local_ + scaled(world_.clock.now() - changed_at_)}; }
    Timestamp wall() override {
        return wall_at_start_ + std::chrono::duration_cast<Milliseconds>(now().since_start + step_).count();
    }
    void step_wall(Duration to) { step_ = to; }
    void drift(int64_t parts_per_million) {
        local_ = now().since_start;
        changed_at_ = world_.clock.now();
        parts_per_million_ = parts_per_million;
    }
    // How long the world takes for that much of this clock's time.
    Duration of_world(Duration local) const { return local - local / million * parts_per_million_; }

  private:
    static constexpr int64_t million = 1'000'000;
    Duration scaled(Duration of_world) const { return of_world + of_world / million * parts_per_million_; }

    World& world_;
    const Timestamp wall_at_start_;
    Instant changed_at_;
    Duration local_{};
    Duration step_{};
    int64_t parts_per_million_ = 0;
};

class Machine {
  public:
    Machine(World& world, NodeId id);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Runs unless the process has ended by then. The delay is by this machine's clock.
    void after(Duration delay, std::function<void()> work);
    void post(std::function<void()> work) { after(Duration{}, std::move(work)); }

    void pause() { is_paused_ = true; }
    void resume();
    bool is_paused() const { return is_paused_; }

    // The process has ended: nothing of what it had planned happens. If it `tells`, whoever waits for it learns of it,
    // as when the system closes its connections; else it is silent, as when the power is gone.
    void end_life(bool tells);
    uint64_t life() const { return life_; }
    void when_ended(std::function<void()> told);

    NodeId id() const { return id_; }
    World& world() { return world_; }
    MachineClock& clock() { return clock_; }
    SimDisk& disk() { return disk_; }
    // 1: as usual; the device takes so many times longer.
    void slow_disk_down(int64_t times) { disk_slowness_ = times; }

  private:
    void run(uint64_t life, std::function<void()> work);

    World& world_;
    const NodeId id_;
    MachineClock clock_;
    int64_t disk_slowness_ = 1;
    SimDisk disk_;
    uint64_t life_ = 1;
    bool is_paused_ = false;
    std::deque<std::pair<uint64_t, std::function<void()>>> backlog_;  // of the pause, with the lives they belong to
    std::vector<std::function<void()>> told_;
};

// What one sender posts to one receiver on the same machine keeps its order, but takes a while.
class Mailbox {
  public:
    explicit Mailbox(Machine& machine) : machine_(machine) {}
    void post(std::function<void()> work);

  private:
    Machine& machine_;
    Instant last_;
};

}  // namespace milena::sim::cluster
