// The active controller where it is on another node. An interface, so that neither who asks nor the simulator needs to
// know how one node reaches another; the real one is peer/. Used by the thread of the first shard only.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "controller/decide.h"
#include "controller/weights.h"

namespace milena::controller {

// A client's request as it came to another broker: with its header, without its length.
struct ForwardedRequest {
    Bytes frame;
    std::string client;  // its address
    std::string listener;
};

struct ForwardedAnswer {
    Bytes frame;                         // in the same form
    Offset metadata_offset = no_offset;  // whoever has this in its image sees what the answer tells of
};

struct RemoteController {
    virtual ~RemoteController() = default;

    // Each `done` is called exactly once, later. NOT_CONTROLLER: nothing was done, since the node isn't the active
    // controller or can't be reached at all. NETWORK_EXCEPTION: nobody knows whether it was done.
    template <class T>
    using Answer = std::function<void(Result<T>)>;

    virtual void submit(NodeId to, const BrokerRegistration& request, Answer<BrokerEpoch> done) = 0;
    virtual void submit(NodeId to, const ControllerRegistration& request, Answer<void> done) = 0;
    virtual void submit(NodeId to, const BrokerHeartbeat& request, Answer<HeartbeatAnswer> done) = 0;
    virtual void submit(NodeId to, const AlterPartition& request, Answer<AlterPartitionAnswer> done) = 0;
    virtual void submit(NodeId to, const AssignDirectories& request, Answer<void> done) = 0;
    virtual void submit(NodeId to, const CordonDirectories& request, Answer<void> done) = 0;
    virtual void submit(NodeId to, const AllocateProducerIds& request, Answer<ProducerIdBlock> done) = 0;
    virtual void submit(NodeId to, const ReportLoad& report, Answer<void> done) = 0;
    virtual void forward(NodeId to, const ForwardedRequest& request, Answer<ForwardedAnswer> done) = 0;
};

}  // namespace milena::controller
