// Delta: in what an image differs from the one before, so that a shard need not look at 10,000 topics to find the one
// that changed. ImageBuilder: applies records to an image; the one way to make a new one, live and on recovery.
// Owned by whoever applies. Applying cannot fail: a record that makes no sense in this place (only a foreign or damaged
// log has one) is skipped with a log line.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "metadata/image.h"
#include "metadata/record.h"

namespace milena::metadata {

struct TopicChange {
    std::shared_ptr<const TopicImage> before;  // null: the topic is new
    std::shared_ptr<const TopicImage> after;   // null: the topic is deleted
    std::vector<PartitionIndex> partitions;    // ascending; those that are new, gone or different
};

struct Delta {
    std::shared_ptr<const Image> before;  // neither is null
    std::shared_ptr<const Image> after;
    std::vector<TopicChange> topics;  // a name that was deleted and created again appears twice: by id
    std::set<ConfigResource> configs;
    std::set<NodeId> brokers;
    bool features_changed = false;
    bool access_changed = false;  // ACLs, SCRAM credentials, delegation tokens or client quotas

    bool is_empty() const {
        return topics.empty() && configs.empty() && brokers.empty() && !features_changed && !access_changed;
    }
};

// As if all of the image were new: for who sees it as the first one.
Delta everything(std::shared_ptr<const Image> image);
// From one image to another that wasn't made out of it: a snapshot has come in between.
Delta difference(std::shared_ptr<const Image> before, std::shared_ptr<const Image> after);

// Where in the metadata log an image ends.
struct Provenance {
    Offset offset = no_offset;
    LeaderEpoch epoch = no_leader_epoch;
};

struct Draft;

class ImageBuilder {
  public:
    explicit ImageBuilder(std::shared_ptr<const Image> base);
    ~ImageBuilder();
    ImageBuilder(ImageBuilder&&) noexcept;
    ImageBuilder& operator=(ImageBuilder&&) noexcept;

    void apply(const Record& record);

    // The new image, with what it differs in from the base. The builder is used up.
    Delta finish(const Provenance& end) &&;

  private:
    std::unique_ptr<Draft> draft_;
};

}  // namespace milena::metadata
