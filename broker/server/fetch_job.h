// FetchJob: reads many partitions for one request and waits until there is enough, without polling. Knows partitions
// and bytes; sessions and the wire form are the handler's.
//
//     home ──read──▶ every shard concerned ──report──▶ home: enough? ──▶ finish
//                                                        │ no
//          ──watch──▶ each partition waits for its high watermark ──bytes──▶ home: enough, or too late?
//          ──collect─▶ stop waiting, hand over ──report──▶ home ──▶ finish
//
// A shard's part belongs to that shard between read or collect and its report, and while it watches; else to home.
// Messages between two shards keep their order, so both always agree on whose it is.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "replica/replica.h"
#include "server/context.h"
#include "shard/shard.h"

namespace milena::server {

struct FetchItem {
    replica::PartitionKey key;
    replica::FetchRequest request;  // bytes_max: of the partition
};

struct FetchPlan {
    std::vector<FetchItem> items;
    size_t bytes_max = 0;  // of all together; one batch more is given rather than none
    size_t bytes_min = 0;
    Duration wait_max{};
    bool answers_at_once = false;  // something else has to be said already
};

class FetchJob : public std::enable_shared_from_this<FetchJob> {
  public:
    using Finish = std::function<void(std::vector<replica::FetchOutcome>)>;  // in the order of the items

    FetchJob(Context& context, FetchPlan plan, Finish finish);

    void start();
    // The client is gone: nobody waits any longer. Home shard.
    void abandon();

  private:
    struct Part {
        shard::Shard* owner = nullptr;
        std::vector<size_t> indexes;
        size_t bytes_max = 0;
        size_t bytes = 0;  // read so far
        size_t reads_pending = 0;
        bool is_collected = false;  // handed over as soon as no read is pending
        bool is_watching = false;
        bool has_news = false;  // an error or a divergence, which the client must hear at once
        std::vector<std::pair<size_t, replica::WaiterId>> waiters;  // by item

        // What home was told last.
        size_t reported_bytes = 0;
        bool reported_news = false;
    };
    enum class Phase : uint8_t { reading, watching, collecting, finished };

    // On the shard of the part
    void read_all(Part& part);
    void read(Part& part, size_t index);
    void read_done(Part& part, size_t index, replica::FetchOutcome outcome);
    void watch_all(Part& part);
    void watch(Part& part, size_t index);
    void woken(Part& part, size_t index, ErrorCode error);
    void collect(Part& part);
    void hand_over_if_read(Part& part);

    // At home
    void part_handed_over();
    void part_progressed(Part& part, size_t bytes, bool has_news);
    bool is_enough() const;
    void collect_all();
    void finish();
    void tell(Part& part, void (FetchJob::*message)(Part&));
    void tell_home(std::function<void()> message);

    shard::Shards& shards_;
    shard::Shard& home_;
    const FetchPlan plan_;
    Finish finish_;
    std::vector<replica::FetchOutcome> outcomes_;  // each written by the shard of its item
    std::vector<Part> parts_;
    Phase phase_ = Phase::reading;  // home's
    size_t parts_missing_ = 0;      // home's
    shard::TimerId deadline_;       // home's
};

}  // namespace milena::server
