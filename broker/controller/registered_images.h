// RegisteredImages: which images of the cluster the shards of a broker may act upon. The metadata log may still say
// what a former process of this broker led and was in sync with, while this one has less on its disk: after a power
// loss it would lead its followers to throw away what is committed. So the first image that the shards see is one that
// has the registration of this very process, which takes all that back; it is all new to them. A value; knows no time.
#pragma once

#include <optional>

#include "base/ids.h"
#include "base/uuid.h"
#include "metadata/delta.h"

namespace milena::controller {

class RegisteredImages {
  public:
    // `incarnation` is that of this process, with which it registers.
    RegisteredImages(NodeId node, const Uuid& incarnation) : node_(node), incarnation_(incarnation) {}

    // What the shards are to be given of this change, if anything.
    std::optional<metadata::Delta> next(const metadata::Delta& delta) {
        if (is_registered_) return delta;
        const metadata::BrokerImage* self = delta.after->broker(node_);
        if (self == nullptr || self->incarnation_id != incarnation_) return std::nullopt;
        is_registered_ = true;
        return metadata::everything(delta.after);
    }

  private:
    const NodeId node_;
    const Uuid incarnation_;
    bool is_registered_ = false;
};

}  // namespace milena::controller
