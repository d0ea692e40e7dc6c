#include "metadata/image.h"

#include <algorithm>

namespace milena::metadata {

bool PartitionImage::has_replica(NodeId node) const { return std::ranges::find(replicas, node) != replicas.end(); }

Uuid PartitionImage::directory_of(NodeId node) const {
    const auto at = static_cast<size_t>(std::ranges::find(replicas, node) - replicas.begin());
    return at < replicas.size() && at < directories.size() ? directories[at] : unassigned_directory;
}

bool TopicImage::operator==(const TopicImage& other) const {
    return name == other.name && id == other.id &&
           std::ranges::equal(partitions, other.partitions,
                              [](const auto& a, const auto& b) { return a == b || *a == *b; });
}

bool BrokerImage::has_uncordoned_directory() const {
    if (!cordoned_directories.has_value() || directories.empty()) return true;
    return std::ranges::any_of(directories, [&](const Uuid& directory) {
        return std::ranges::find(*cordoned_directories, directory) == cordoned_directories->end();
    });
}

const Endpoint* BrokerImage::endpoint(std::string_view listener) const {
    const auto at = std::ranges::find(endpoints, listener, &Endpoint::name);
    return at == endpoints.end() ? nullptr : &*at;
}

std::shared_ptr<const Image> Image::empty() {
    static const std::shared_ptr<const Image> nothing = [] {
        auto image = std::make_shared<Image>();
        image->features = std::make_shared<const FeatureLevels>();
        image->feature_updates = std::make_shared<const std::vector<FeatureUpdate>>();
        image->brokers = std::make_shared<const std::map<NodeId, BrokerImage>>();
        image->controllers = std::make_shared<const std::map<NodeId, ControllerImage>>();
        image->topics = std::make_shared<const Topics>();
        image->configs = std::make_shared<const Configs>();
        image->client_quotas = std::make_shared<const ClientQuotas>();
        image->acls = std::make_shared<const std::map<Uuid, Acl>>();
        image->scram_credentials = std::make_shared<const std::map<ScramKey, ScramCredential>>();
        image->delegation_tokens = std::make_shared<const std::map<std::string, DelegationToken>>();
        return image;
    }();
    return nothing;
}

const PartitionImage* Image::partition(const Uuid& topic_id, PartitionIndex index) const {
    const TopicImage* found = topic(topic_id);
    return found == nullptr ? nullptr : found->partition(index);
}

const BrokerImage* Image::broker(NodeId id) const {
    const auto at = brokers->find(id);
    return at == brokers->end() ? nullptr : &at->second;
}

const Texts& Image::config(ConfigResourceType type, std::string_view name) const {
    static const Texts nothing;
    const ConfigImage* found = configs->find(ConfigResource{type, std::string(name)});
    return found == nullptr ? nothing : found->values;
}

const Texts& Image::broker_config(NodeId id) const {
    return config(ConfigResourceType::broker, std::to_string(id.value));
}

bool Image::same_state(const Image& other) const {
    return *features == *other.features && *feature_updates == *other.feature_updates && *brokers == *other.brokers &&
           *controllers == *other.controllers && *topics == *other.topics && *configs == *other.configs &&
           *client_quotas == *other.client_quotas && producer_ids == other.producer_ids && *acls == *other.acls &&
           *scram_credentials == *other.scram_credentials && *delegation_tokens == *other.delegation_tokens;
}

}  // namespace milena::metadata
