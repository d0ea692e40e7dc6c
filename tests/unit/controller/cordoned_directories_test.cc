#include "metadata/feature_levels.h"
#include "metadata/image_records.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

constexpr Uuid first_id = metadata::directory_id;
constexpr Uuid second_id{4, 1000};
constexpr std::string_view all_cordoned =
    "All brokers are currently fenced, or have all their log directories cordoned.";

// Broker 1 with two directories, in a cluster of this metadata.version.
class CordonedDirectories : public DecideFixture {
  public:
    CordonedDirectories() {
        finalize(metadata::metadata_version_latest);
        register_broker({});
    }
    void finalize(int16_t level) {
        apply({wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = level}});
    }
    void register_broker(std::vector<Uuid> cordoned, int32_t id = 1) {
        EXPECT_TRUE(done(BrokerRegistration{.id = NodeId(id),
                                            .incarnation_id = Uuid{6, static_cast<uint64_t>(id)},
                                            .endpoints = {},
                                            .rack = {},
                                            .directories = directories_of(id),
                                            .cordoned_directories = std::move(cordoned),
                                            .is_local = true})
                        .has_value());
    }
    static std::vector<Uuid> directories_of(int32_t id) {
        return id == 1 ? std::vector{first_id, second_id} : std::vector{Uuid{5, 1000}, Uuid{5, 1001}};
    }
    void cordon(std::vector<Uuid> directories, int32_t id = 1) {
        EXPECT_TRUE(done(CordonDirectories{NodeId(id), std::move(directories)}).has_value());
    }
    const std::optional<std::vector<Uuid>>& cordoned() const { return image->broker(NodeId(1))->cordoned_directories; }
    wire::CreateTopicsResponse::Topic created(std::string_view name) { return done(creation(name)).topics.front(); }
    ErrorCode grown(std::string_view name, int32_t count) {
        wire::CreatePartitionsRequest request;
        request.topics.push_back({.name = name, .count = count});
        const auto response = done(request);
        return response.results.front().error_code;
    }
    wire::IncrementalAlterConfigsResponse::Resource altered(std::string_view broker, std::string_view name) {
        wire::IncrementalAlterConfigsRequest request;
        request.resources.push_back({.resource_type = 4, .resource_name = broker, .configs = {{name, 1, {}}}});
        return done(request).responses.front();
    }
};

TEST_F(CordonedDirectories, registration_says_what_is_cordoned) {
    EXPECT_EQ(cordoned(), std::vector<Uuid>{});
    register_broker({second_id});
    EXPECT_EQ(cordoned(), std::vector{second_id});
}

TEST_F(CordonedDirectories, what_a_broker_cordons_replaces_what_it_cordoned_before) {
    cordon({first_id});
    EXPECT_EQ(cordoned(), std::vector{first_id});
    cordon({second_id});
    EXPECT_EQ(cordoned(), std::vector{second_id});
    cordon({});
    EXPECT_EQ(cordoned(), std::vector<Uuid>{});
    EXPECT_TRUE(image->broker(NodeId(1))->is_active()) << "nothing else of the registration changes";
    EXPECT_EQ(image->broker(NodeId(1))->directories, (std::vector{first_id, second_id}));
}

TEST_F(CordonedDirectories, what_is_cordoned_already_is_not_written_again) {
    cordon({first_id});
    EXPECT_TRUE(decided(CordonDirectories{NodeId(1), {first_id}}).records.empty());
}

TEST_F(CordonedDirectories, a_broker_that_is_not_registered_can_cordon_nothing) {
    EXPECT_EQ(decided(CordonDirectories{NodeId(2), {}}).response.error(), ErrorCode::broker_id_not_registered);
}

TEST_F(CordonedDirectories, new_replicas_need_one_directory_that_is_not_cordoned) {
    create("a");
    cordon({first_id});
    EXPECT_EQ(created("b").error_code, ErrorCode::none);
    cordon({first_id, second_id});
    const auto refused = created("c");
    EXPECT_EQ(refused.error_code, ErrorCode::invalid_replication_factor);
    EXPECT_EQ(refused.error_message, "Unable to replicate the partition 1 time(s): " + std::string(all_cordoned));
    EXPECT_EQ(grown("a", 2), ErrorCode::invalid_replication_factor);
    cordon({second_id});
    EXPECT_EQ(grown("a", 2), ErrorCode::none);
}

TEST_F(CordonedDirectories, a_broker_with_none_left_counts_as_if_it_were_not_there) {
    register_broker({}, 2);
    cordon(directories_of(2), 2);
    for (int i = 0; i < 8; ++i) {
        const std::string name = "t" + std::to_string(i);
        create(name);
        EXPECT_EQ(image->topic(name)->partitions.front()->replicas, std::vector{NodeId(1)});
    }
    const auto refused = done(creation("two", 1, 2)).topics.front();
    EXPECT_EQ(refused.error_message,
              "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached "
              "because only 1 broker(s) are registered or some brokers have all their log directories cordoned.");
}

TEST_F(CordonedDirectories, who_places_by_hand_is_not_held_up) {
    cordon({first_id, second_id});
    wire::CreateTopicsRequest request;
    request.topics.push_back({.name = "a", .num_partitions = -1, .replication_factor = -1});
    request.topics.back().assignments.push_back({.partition_index = 0, .broker_ids = {1}});
    EXPECT_EQ(done(request).topics.front().error_code, ErrorCode::none);
}

TEST_F(CordonedDirectories, an_older_cluster_knows_nothing_of_them) {
    finalize(metadata::metadata_version_cordoned_directories - 1);
    register_broker({first_id, second_id});
    EXPECT_EQ(cordoned(), std::nullopt);
    EXPECT_TRUE(decided(CordonDirectories{NodeId(1), {first_id}}).records.empty());
    EXPECT_EQ(created("a").error_code, ErrorCode::none);
    const auto refused = altered("1", "cordoned.log.dirs");
    EXPECT_EQ(refused.error_code, ErrorCode::invalid_config);
    EXPECT_EQ(refused.error_message,
              "The cordoned.log.dirs configuration value cannot be set because it requires metadata.version >= "
              "4.3-IV0");
    EXPECT_EQ(altered("1", "log.retention.ms").error_code, ErrorCode::none);
    finalize(metadata::metadata_version_cordoned_directories);
    EXPECT_EQ(altered("1", "cordoned.log.dirs").error_code, ErrorCode::none);
}

}  // namespace
}  // namespace milena::controller
