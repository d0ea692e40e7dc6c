// Space that the metadata log takes before it needs it. When the disk is full it is given up, so that a vote, a
// leadership and what makes room, the deletion of topics, can still be written down.
#pragma once

#include <cstdint>
#include <string>

#include "env/disk.h"

namespace milena::raft {

class Reserve {
  public:
    // In a file of `directory`; of 0 bytes there is none.
    Reserve(env::Disk& disk, const std::string& directory, uint64_t bytes);

    // Takes the space again if it was given up, and the disk has much more than that.
    void replenish();
    // True if there was something to give up.
    bool give_up();

  private:
    env::Disk& disk_;
    const std::string directory_;
    const std::string path_;
    const uint64_t bytes_;
    bool is_held_ = false;
};

}  // namespace milena::raft
