#include "admin/topic_figures.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "admin/kafka_requests.h"
#include "wire/messages/group_offsets.h"
#include "wire/messages/groups.h"
#include "wire/messages/log_dirs.h"
#include "wire/messages/offsets.h"

namespace milena::admin {
namespace {

constexpr size_t groups_a_request = 100;
constexpr int32_t consumer_id = -1;  // as a replica id: none
constexpr int64_t latest = -1;       // as a timestamp: the end

using Partition = std::pair<std::string, int32_t>;
using Offsets = std::map<Partition, int64_t>;

// One measurement of one cluster.
class Measurement {
  public:
    Result<Topics::Figures, std::string> run(const std::vector<BrokerAddress>& brokers) {
        ASSIGN_OR_RETURN(const auto cluster, ask_for_all(brokers));
        for (const auto& broker : cluster.brokers)
            brokers_[broker.node_id].push_back({broker.host, std::to_string(broker.port)});
        for (const auto& topic : cluster.topics) {
            const std::string name = topic.name.value_or("");
            figures_[name].size_bytes = 0;
            for (const auto& partition : topic.partitions)
                leaders_[{name, partition.partition_index}] = partition.leader_id;
        }
        for (const auto& [id, at] : brokers_) {
            RETURN_IF_ERROR(add_sizes(at));
            RETURN_IF_ERROR(add_groups(at));
        }
        RETURN_IF_ERROR(find_ends());
        for (const auto& [group, offsets] : committed_) add_lags(group, offsets);
        return std::move(figures_);
    }

  private:
    using At = std::vector<BrokerAddress>;  // a single one

    Result<void, std::string> add_sizes(const At& at) {
        wire::DescribeLogDirsRequest request;
        request.topics = std::nullopt;
        ASSIGN_OR_RETURN(const auto response, ask<wire::DescribeLogDirsResponse>(at, request, 4));
        for (const auto& directory : response.results)
            for (const auto& topic : directory.topics) {
                const auto own = figures_.find(topic.name);
                if (own == figures_.end()) continue;
                for (const auto& partition : topic.partitions) *own->second.size_bytes += partition.partition_size;
            }
        return {};
    }

    // What the groups have committed that this broker coordinates.
    Result<void, std::string> add_groups(const At& at) {
        const wire::ListGroupsRequest request{};
        ASSIGN_OR_RETURN(const auto response, ask<wire::ListGroupsResponse>(at, request, 4));
        if (response.error_code != ErrorCode::none) return unexpected(error_text(response.error_code));
        const std::span all(response.groups);
        for (size_t begin = 0; begin < all.size(); begin += groups_a_request)
            RETURN_IF_ERROR(add_committed(at, all.subspan(begin, std::min(groups_a_request, all.size() - begin))));
        return {};
    }

    Result<void, std::string> add_committed(const At& at, std::span<const wire::ListGroupsResponse::Group> groups) {
        wire::OffsetFetchRequest request;
        for (const auto& group : groups) request.groups.emplace_back().group_id = group.group_id;  // all its topics
        ASSIGN_OR_RETURN(const auto response, ask<wire::OffsetFetchResponse>(at, request, 8));
        for (const auto& group : response.groups) {
            // Of a kind that commits nothing, or gone by now.
            if (group.error_code != ErrorCode::none) continue;
            for (const auto& topic : group.topics) {
                const std::string& name = topic.name;
                for (const auto& partition : topic.partitions)
                    if (partition.error_code == ErrorCode::none && partition.committed_offset >= 0)
                        committed_[group.group_id][{name, partition.partition_index}] = partition.committed_offset;
            }
        }
        return {};
    }

    // Of the partitions that somebody reads, asked of their leaders; one that has none has no lag for now.
    Result<void, std::string> find_ends() {
        std::map<int32_t, std::map<std::string, std::set<int32_t>>> by_leader;
        for (const auto& [group, offsets] : committed_)
            for (const auto& [partition, offset] : offsets)
                if (const auto leader = leaders_.find(partition); leader != leaders_.end())
                    by_leader[leader->second][partition.first].insert(partition.second);
        for (const auto& [leader, topics] : by_leader) {
            const auto at = brokers_.find(leader);
            if (at == brokers_.end()) continue;
            wire::ListOffsetsRequest request;
            request.replica_id = consumer_id;
            for (const auto& [name, partitions] : topics) {
                auto& topic = request.topics.emplace_back();
                topic.name = name;
                for (const int32_t index : partitions) {
                    auto& partition = topic.partitions.emplace_back();
                    partition.partition_index = index;
                    partition.timestamp = latest;
                }
            }
            ASSIGN_OR_RETURN(const auto response, ask<wire::ListOffsetsResponse>(at->second, request, 7));
            for (const auto& topic : response.topics)
                for (const auto& partition : topic.partitions)
                    if (partition.error_code == ErrorCode::none)
                        ends_[{topic.name, partition.partition_index}] = partition.offset;
        }
        return {};
    }

    void add_lags(const std::string& group, const Offsets& offsets) {
        std::map<std::string, int64_t> lags;
        for (const auto& [partition, offset] : offsets)
            if (const auto end = ends_.find(partition); end != ends_.end())
                lags[partition.first] += std::max<int64_t>(0, end->second - offset);
        for (const auto& [name, lag] : lags) {
            const auto own = figures_.find(name);
            if (own == figures_.end()) continue;
            plan::TopicFigures& figures = own->second;
            if (figures.lag && *figures.lag >= lag) continue;
            figures.lag = lag;
            figures.lag_group = group;
        }
    }

    std::map<int32_t, At> brokers_;
    std::map<Partition, int32_t> leaders_;
    std::map<std::string, Offsets> committed_;  // by group
    Offsets ends_;
    Topics::Figures figures_;
};

}  // namespace

Result<Topics::Figures, std::string> measure_topics(const std::vector<BrokerAddress>& brokers) {
    return Measurement().run(brokers);
}

}  // namespace milena::admin
