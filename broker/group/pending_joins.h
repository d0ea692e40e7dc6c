// PendingJoins: the ids that a coordinator has handed out to members who have to come back with them (KIP-394), those
// of all its groups in the order in which they were handed out. It tells when they are too many, so that a storm of new
// members stays bounded; what is forgotten then is its owner's business. Owned by a Coordinator; reads no clock.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <utility>

namespace milena::group {

class PendingJoins {
  public:
    static constexpr size_t bytes_max = size_t{4} << 20;

    struct Id {
        std::string group_id;
        std::string member_id;
    };

    // An id's place among them, which it leaves when this is destroyed.
    class Place {
      public:
        Place(PendingJoins& joins, std::list<Id>::iterator at) : joins_(&joins), at_(at) {}
        Place(Place&& other) noexcept : joins_(std::exchange(other.joins_, nullptr)), at_(other.at_) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (joins_ == nullptr) return;
            joins_->bytes_ -= bytes_of(*at_);
            joins_->ids_.erase(at_);
        }

      private:
        PendingJoins* joins_;
        std::list<Id>::iterator at_;
    };

    PendingJoins() = default;
    PendingJoins(const PendingJoins&) = delete;
    PendingJoins& operator=(const PendingJoins&) = delete;

    Place add(Id id) {
        bytes_ += bytes_of(id);
        return {*this, ids_.insert(ids_.end(), std::move(id))};
    }
    bool are_too_many() const { return bytes_ > bytes_max; }
    // There must be one.
    const Id& oldest() const { return ids_.front(); }
    size_t size() const { return ids_.size(); }

  private:
    // With its deadline, and the group if nobody else is in it.
    static size_t bytes_of(const Id& id) {
        constexpr size_t with_group = 1024;
        return with_group + 2 * (id.group_id.size() + id.member_id.size());
    }

    std::list<Id> ids_;
    size_t bytes_ = 0;
};

}  // namespace milena::group
