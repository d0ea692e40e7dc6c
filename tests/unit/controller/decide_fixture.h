// What the tests of decisions share: a cluster whose image is moved on by what was decided.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "controller/decide.h"
#include "metadata/delta.h"
#include "sim/world.h"
#include "unit/metadata/records_fixture.h"

namespace milena::controller {

// Of an UpdateFeatures request.
inline constexpr int8_t upgrade = 1;
inline constexpr int8_t safe_downgrade = 2;
inline constexpr int8_t unsafe_downgrade = 3;

class DecideFixture : public testing::Test {
  public:
    Context context() {
        return {.image = *image, .settings = settings, .random = random, .next_offset = Offset(50), .voters = &voters};
    }

    template <class Request>
    auto decided(const Request& request) {
        return decide(context(), request);
    }
    // As decided(), and it comes to pass.
    template <class Request>
    auto done(const Request& request) {
        auto decision = decide(context(), request);
        apply(decision.records);
        return decision.response;
    }
    void apply(const metadata::Records& records) { image = metadata::after(image, records).after; }
    void add_broker(int32_t id, const std::string& rack = "", bool is_fenced = false) {
        auto record = metadata::broker(id, id);
        record.fenced = is_fenced;
        if (!rack.empty()) record.rack = rack;
        apply({record});
    }
    void configure(settings::Texts texts) { settings = settings::BrokerSettings(std::move(texts)); }

    static wire::CreateTopicsRequest creation(std::string_view name, int32_t partitions = 1, int16_t replicas = 1) {
        wire::CreateTopicsRequest request;
        request.topics.push_back({.name = name, .num_partitions = partitions, .replication_factor = replicas});
        return request;
    }
    // Creates the topic; it must be allowed.
    void create(std::string_view name, int32_t partitions = 1, int16_t replicas = 1) {
        const auto response = done(creation(name, partitions, replicas));
        ASSERT_EQ(response.topics.front().error_code, ErrorCode::none) << *response.topics.front().error_message;
    }

    std::shared_ptr<const metadata::Image> image = metadata::Image::empty();
    settings::BrokerSettings settings;
    raft::VoterSet voters;
    sim::SimRandom random{1};
};

}  // namespace milena::controller
