// Keeps a second broker out of a log directory: `.lock` in it is locked as long as this lives, as Kafka does. The
// kernel lets go of the lock when the process dies, however it dies. Any thread.
#pragma once

#include <memory>
#include <string>

#include "env/posix/descriptor.h"

namespace milena::env {

class DirectoryLock {
  public:
    // already_exists: another process holds the directory.
    static DiskResult<DirectoryLock> take(const std::string& directory);

  private:
    explicit DirectoryLock(std::shared_ptr<Descriptor> descriptor) : descriptor_(std::move(descriptor)) {}

    std::shared_ptr<Descriptor> descriptor_;
};

}  // namespace milena::env
