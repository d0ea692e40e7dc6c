#include "metadata/image_records.h"

#include <gtest/gtest.h>

#include "metadata/feature_levels.h"
#include "unit/metadata/records_fixture.h"

namespace milena::metadata {
namespace {

// One of everything that a cluster can have.
Records rich_records() {
    wire::ClientQuotaRecord quota;
    quota.entity = {{"user", "bob"}, {"client-id", std::nullopt}};
    quota.key = "producer_byte_rate";
    quota.value = 1024.5;
    wire::DelegationTokenRecord token;
    token.owner = "User:a";
    token.renewers = {"User:b"};
    token.token_id = "t1";
    token.expiration_timestamp = 9;
    wire::RegisterControllerRecord controller;
    controller.controller_id = 1;
    controller.end_points.push_back({"CONTROLLER", "localhost", 9093, 0});
    auto elr = partition(orders_id, 1, {1, 2});
    elr.isr.clear();
    elr.leader = -1;
    elr.eligible_leader_replicas.emplace(std::vector<int32_t>{1});
    elr.last_known_elr.emplace(std::vector<int32_t>{2});
    elr.adding_replicas = {2};
    elr.leader_recovery_state = int8_t{1};
    auto registered = broker(1, 5);
    registered.rack = "r1";
    registered.cordoned_log_dirs.emplace(std::vector<Uuid>{directory_id});
    return {wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 30},
            wire::FeatureLevelRecord{.name = "group.version", .feature_level = 1},
            registered,
            controller,
            topic("orders", orders_id),
            partition(orders_id, 0),
            elr,
            topic("events", events_id),
            config(2, "orders", "retention.ms", "1"),
            config(4, "", "log.retention.ms", "2"),
            config(32, "g", "consumer.session.timeout.ms", "3"),
            quota,
            wire::ProducerIdsRecord{.broker_id = 1, .broker_epoch = 5, .next_producer_id = 2000},
            wire::AccessControlEntryRecord{.id = Uuid{4, 4},
                                           .resource_type = 2,
                                           .resource_name = "orders",
                                           .pattern_type = 3,
                                           .principal = "User:bob",
                                           .host = "*",
                                           .operation = 3,
                                           .permission_type = 3},
            wire::UserScramCredentialRecord{.name = "alice",
                                            .mechanism = 1,
                                            .salt = Bytes::copy_of("salt"),
                                            .stored_key = Bytes::copy_of("stored"),
                                            .server_key = Bytes::copy_of("server"),
                                            .iterations = 4096},
            token};
}

// Written as a snapshot and read again.
std::shared_ptr<const Image> round_trip(const Image& image) {
    ImageBuilder builder(Image::empty());
    write_image(image, [&](const Record& record) {
        const auto again = decode_record(encode_record(record, metadata_version(*image.features)));
        ASSERT_TRUE(again.has_value()) << again.error().reason;
        builder.apply(*again);
    });
    return std::move(builder).finish({image.offset, image.epoch}).after;
}

TEST(ImageRecords, snapshot_of_everything_gives_the_same_image) {
    const auto image = image_of(rich_records());
    EXPECT_TRUE(round_trip(*image)->same_state(*image));
    EXPECT_EQ(image->client_quotas->size(), 1U);
    EXPECT_EQ(image->scram_credentials->size(), 1U);
    EXPECT_EQ(image->delegation_tokens->size(), 1U);
    EXPECT_EQ(image->acls->size(), 1U);
    EXPECT_EQ(image->controllers->size(), 1U);
}

TEST(ImageRecords, removal_leaves_nothing_behind) {
    wire::ClientQuotaRecord quota;
    quota.entity = {{"client-id", std::nullopt}, {"user", "bob"}};
    quota.key = "producer_byte_rate";
    quota.remove = true;
    const auto image =
        after(image_of(rich_records()), {quota, wire::RemoveAccessControlEntryRecord{.id = Uuid{4, 4}},
                                         wire::RemoveUserScramCredentialRecord{.name = "alice", .mechanism = 1},
                                         wire::RemoveDelegationTokenRecord{.token_id = "t1"},
                                         wire::FeatureLevelRecord{.name = "group.version", .feature_level = 0},
                                         wire::UnregisterBrokerRecord{.broker_id = 1, .broker_epoch = 5}})
            .after;
    EXPECT_TRUE(image->client_quotas->empty());
    EXPECT_TRUE(image->acls->empty());
    EXPECT_TRUE(image->scram_credentials->empty());
    EXPECT_TRUE(image->delegation_tokens->empty());
    EXPECT_TRUE(image->brokers->empty());
    EXPECT_EQ(feature_level(*image->features, "group.version"), 0);
    EXPECT_TRUE(round_trip(*image)->same_state(*image));
}

TEST(ImageRecords, metadata_version_is_the_first_record) {
    std::vector<Record> records;
    write_image(*image_of(rich_records()), [&](const Record& record) { records.push_back(record); });
    const auto* first = std::get_if<wire::FeatureLevelRecord>(&records.front());
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->name, "metadata.version");
    EXPECT_EQ(first->feature_level, 30);
}

TEST(ImageRecords, older_metadata_version_is_written_in_its_records) {
    const auto image = image_of({wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 7},
                                 topic("orders", orders_id), partition(orders_id, 0), broker(1, 5)});
    const auto again = round_trip(*image);
    // Version 0 of the record has no directories.
    EXPECT_EQ(again->partition(orders_id, PartitionIndex(0))->directories, std::vector{migrating_directory});
    EXPECT_TRUE(again->broker(NodeId(1))->directories.empty());
    EXPECT_EQ(again->broker(NodeId(1))->endpoints, image->broker(NodeId(1))->endpoints);
}

}  // namespace
}  // namespace milena::metadata
