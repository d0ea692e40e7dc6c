#include "server/dispatch.h"

#include <set>

#include <gtest/gtest.h>

namespace milena::server {
namespace {

TEST(Dispatch, an_api_is_advertised_when_and_only_when_it_is_finished) {
    std::set<std::string_view> names;
    for (const ServedApi& served : served_apis()) names.insert(served.info->name);
    const std::set<std::string_view> finished{"Produce",
                                              "Fetch",
                                              "ListOffsets",
                                              "Metadata",
                                              "ApiVersions",
                                              "CreateTopics",
                                              "DeleteTopics",
                                              "DeleteRecords",
                                              "InitProducerId",
                                              "OffsetForLeaderEpoch",
                                              "DescribeConfigs",
                                              "AlterConfigs",
                                              "DescribeLogDirs",
                                              "CreatePartitions",
                                              "IncrementalAlterConfigs",
                                              "DescribeCluster",
                                              "DescribeProducers",
                                              "ListConfigResources",
                                              "DescribeTopicPartitions",
                                              "FindCoordinator",
                                              "JoinGroup",
                                              "SyncGroup",
                                              "Heartbeat",
                                              "LeaveGroup",
                                              "DescribeGroups",
                                              "ListGroups",
                                              "DeleteGroups",
                                              "OffsetCommit",
                                              "OffsetFetch",
                                              "OffsetDelete",
                                              "DescribeClientQuotas",
                                              "AlterClientQuotas",
                                              "AlterPartitionReassignments",
                                              "AlterUserScramCredentials",
                                              "CreateAcls",
                                              "CreateDelegationToken",
                                              "DeleteAcls",
                                              "DescribeAcls",
                                              "DescribeDelegationToken",
                                              "DescribeQuorum",
                                              "DescribeUserScramCredentials",
                                              "ElectLeaders",
                                              "ExpireDelegationToken",
                                              "RenewDelegationToken",
                                              "UpdateFeatures",
                                              "UnregisterBroker",
                                              "ListPartitionReassignments",
                                              "GetTelemetrySubscriptions",
                                              "PushTelemetry",
                                              "AlterReplicaLogDirs",
                                              "AddRaftVoter",
                                              "RemoveRaftVoter"};
    EXPECT_EQ(names, finished);
}

TEST(Dispatch, unstable_versions_are_not_advertised) {
    for (const ServedApi& served : served_apis()) EXPECT_EQ(served.max, served.info->api.stable) << served.info->name;
}

TEST(Dispatch, produce_is_advertised_from_version_0) {
    EXPECT_EQ(served_apis().front().info->name, "Produce");
    EXPECT_EQ(served_apis().front().min, 0);
}

}  // namespace
}  // namespace milena::server
