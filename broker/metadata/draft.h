// Draft: what ImageBuilder has changed so far, over an image that it only reads. Included by the units that apply
// records, and by nothing else.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/delta.h"
#include "metadata/image.h"

namespace milena::metadata {

// A part of the image that is copied when it changes first.
template <class T>
class Edited {
  public:
    explicit Edited(std::shared_ptr<const T> base) : base_(std::move(base)) {}

    const T& operator*() const { return changed_ ? *changed_ : *base_; }
    const T* operator->() const { return &**this; }
    T& edit() {
        if (!changed_) changed_ = std::make_shared<T>(*base_);
        return *changed_;
    }
    bool has_changed() const { return changed_ != nullptr; }
    std::shared_ptr<const T> finish() && {
        if (changed_) return std::move(changed_);
        return std::move(base_);
    }

  private:
    std::shared_ptr<const T> base_;
    std::shared_ptr<T> changed_;
};

struct TopicDraft {
    Uuid id;
    std::string name;
    std::shared_ptr<const TopicImage> before;  // null: the topic is new
    bool is_deleted = false;
    std::map<PartitionIndex, std::shared_ptr<const PartitionImage>> partitions;  // those that are new or different

    const PartitionImage* partition(PartitionIndex index) const;
    TopicChange finish();
};

struct Draft {
    explicit Draft(std::shared_ptr<const Image> base);

    std::shared_ptr<const Image> base;
    Edited<FeatureLevels> features;
    Edited<std::vector<FeatureUpdate>> feature_updates;
    Edited<std::map<NodeId, BrokerImage>> brokers;
    Edited<std::map<NodeId, ControllerImage>> controllers;
    Edited<ClientQuotas> client_quotas;
    Edited<std::map<Uuid, Acl>> acls;
    Edited<std::map<ScramKey, ScramCredential>> scram_credentials;
    Edited<std::map<std::string, DelegationToken>> delegation_tokens;
    ProducerIdsImage producer_ids;
    std::map<Uuid, TopicDraft> topics;             // those that are new, deleted or different
    std::map<ConfigResource, Texts> configs;       // those that are different, in full
    std::set<std::string, std::less<>> new_names;  // of the topics in `topics` that have no `before` and live
    std::set<NodeId> changed_brokers;

    // Null: there is no such topic, or not any more.
    TopicDraft* topic(const Uuid& id);
    TopicDraft* topic(std::string_view name);
    Texts& config(const ConfigResource& resource);
    // Null, after a log line, if the broker isn't registered with this epoch.
    BrokerImage* registered(int32_t id, int64_t epoch, std::string_view record);

    void apply(const wire::RegisterBrokerRecord& record);
    void apply(const wire::UnregisterBrokerRecord& record);
    void apply(const wire::BrokerRegistrationChangeRecord& record);
    void apply(const wire::FenceBrokerRecord& record);
    void apply(const wire::UnfenceBrokerRecord& record);
    void apply(const wire::RegisterControllerRecord& record);
    void apply(const wire::TopicRecord& record);
    void apply(const wire::RemoveTopicRecord& record);
    void apply(const wire::PartitionRecord& record);
    void apply(const wire::PartitionChangeRecord& record);
    void apply(const wire::ClearElrRecord& record);
    void apply(const wire::ConfigRecord& record);
    void apply(const wire::FeatureLevelRecord& record);
    void apply(const wire::FeatureUpdateRecord& record);
    void apply(const wire::ClientQuotaRecord& record);
    void apply(const wire::ProducerIdsRecord& record);
    void apply(const wire::AccessControlEntryRecord& record);
    void apply(const wire::RemoveAccessControlEntryRecord& record);
    void apply(const wire::UserScramCredentialRecord& record);
    void apply(const wire::RemoveUserScramCredentialRecord& record);
    void apply(const wire::DelegationTokenRecord& record);
    void apply(const wire::RemoveDelegationTokenRecord& record);
    // These change nothing in the cluster. Transactions are the business of who reads the log (loader.h).
    void apply(const wire::BeginTransactionRecord&) {}
    void apply(const wire::EndTransactionRecord&) {}
    void apply(const wire::AbortTransactionRecord&) {}
    void apply(const wire::NoOpRecord&) {}
    void apply(const wire::ZkMigrationStateRecord&) {}

  private:
    void clear_elr(TopicDraft& topic);
};

}  // namespace milena::metadata
