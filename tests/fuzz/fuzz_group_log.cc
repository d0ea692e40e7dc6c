// Hostile records of __consumer_offsets: a coordinator loads whatever lies there, the same every time. What it holds
// then can be written anew and read back; it serves members and commits, lets time pass, and another one that loads
// what was there and what was written since holds the same. An input is a list of records, `kind | size | content`; the
// content is `key size | key | value`.
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "base/check.h"
#include "base/log.h"
#include "group/coordinator.h"
#include "group/subscription.h"
#include "memory_disk.h"
#include "wire/equal.h"
#include "wire/records/consumer_protocol.h"
#include "wire/records/coordinator_frame.h"
#include "wire/records/txn_records.h"

namespace {

using namespace milena;
using namespace milena::group;

// How a record is applied; the rest of the kind is its producer.
constexpr uint8_t is_tombstone = 1;
constexpr uint8_t is_in_transaction = 2;
constexpr uint8_t ends_transaction = 4;
constexpr uint8_t is_committed = 8;

struct Step {
    uint8_t kind = 0;
    Record record;
};

std::vector<Step> steps_of(std::span<const std::byte> input) {
    std::vector<Step> steps;
    fuzz::each_file(input, [&](uint8_t kind, const fuzz::Content& content) {
        const Bytes bytes = Bytes::copy_of(content);
        const size_t prefix = std::min(sizeof(uint16_t), content.size());
        size_t key_size = prefix < sizeof(uint16_t) ? 0 : load_big_endian<uint16_t>(content.data());
        key_size = std::min(key_size, content.size() - prefix);
        Step& step = steps.emplace_back(Step{kind, {.key = bytes.slice(prefix, key_size), .value = std::nullopt}});
        if ((kind & is_tombstone) == 0) step.record.value = bytes.slice(prefix + key_size);
    });
    return steps;
}

struct MovingClock final : env::Clock {
    Instant at;
    Instant now() override { return at; }
    Timestamp wall() override {
        return Timestamp(1'700'000'000'000 + std::chrono::duration_cast<Milliseconds>(at.since_start).count());
    }
};

struct CountingRandom final : env::Random {
    uint64_t last = 0;
    uint64_t next() override { return ++last; }
};

struct Log final : Journal {
    Records records;
    Result<Offset> append(const Records& batch) override {
        const Offset first(1'000'000 + static_cast<int64_t>(records.size()));
        records.insert(records.end(), batch.begin(), batch.end());
        return first;
    }
    size_t batch_bytes_max() const override { return size_t{1} << 20; }
};

class Life {
  public:
    Life() {
        Config config;
        config.offsets_retention_check_interval = std::chrono::hours(24);
        coordinator_ = std::make_unique<Coordinator>(Coordinator::Environment{log, clock_, random_}, config);
    }

    void load(const std::vector<Step>& steps) {
        Offset offset(0);
        for (const Step& step : steps) {
            const ProducerId producer(step.kind >> 4);
            if ((step.kind & ends_transaction) != 0)
                coordinator_->end_transaction(producer, (step.kind & is_committed) != 0);
            else if ((step.kind & is_in_transaction) != 0)
                coordinator_->apply_in_transaction(producer, step.record, offset);
            else
                (void)coordinator_->apply(step.record, offset);
            ++offset;
        }
    }
    void load(const Records& records) {
        Offset offset(1'000'000);
        for (const Record& record : records) {
            check(coordinator_->apply(record, offset));
            ++offset;
        }
    }

    // What survives, as records. Offsets of a group that was deleted without them show again only if it does.
    Records state() {
        Records records;
        for (const auto& listed : groups()) {
            const ClassicGroup& group = *std::as_const(*coordinator_).find(listed.group_id);
            records.push_back(group_record(group.id(), group.value()));
            const CommittedOffsets::Topics* topics = coordinator_->offsets().of_group(group.id());
            if (topics == nullptr) continue;
            for (const auto& named : *topics)
                named.second.each([&](const CommittedOffset& offset) {
                    records.push_back(offset_record(group.id(), named.first, offset));
                });
        }
        return records;
    }

    // A member joins each of the first groups and somebody commits; then everybody is silent until all is over.
    void serve_and_wait() {
        coordinator_->loaded();
        size_t left = 4;
        for (const auto& listed : groups()) {
            if (left-- == 0) break;
            join(listed.group_id, listed.protocol_type);
            commit(listed.group_id);
            describe(listed.group_id);
        }
        const Instant end = clock_.at + std::chrono::hours(24 * 60);
        for (int i = 0; i < 2'000 && coordinator_->next_deadline() <= end; ++i) {
            clock_.at = std::max(clock_.at, coordinator_->next_deadline());
            coordinator_->tick(clock_.at);
            deliver();
        }
    }
    bool is_rebalancing() {
        for (const auto& listed : groups())
            if (listed.group_state != "Empty" && listed.group_state != "Stable") return true;
        return false;
    }

    Log log;

  private:
    Coordinator::ListedGroups groups() {
        Coordinator::ListedGroups groups;
        coordinator_->list_groups({}, [&](Result<Coordinator::ListedGroups> listed) { groups = std::move(*listed); });
        deliver();
        return groups;
    }
    void join(const std::string& group, const std::string& protocol_type) {
        wire::JoinGroupRequest request;
        request.group_id = group;
        request.session_timeout_ms = 10'000;
        request.rebalance_timeout_ms = 60'000;
        request.protocol_type = protocol_type.empty() ? consumer_protocol_type : std::string_view(protocol_type);
        request.protocols.push_back({"range", Bytes()});
        constexpr wire::Version needs_no_member_id = 3;
        coordinator_->join_group(request, {"client", "/127.0.0.1", needs_no_member_id}, [](const auto&) {});
        deliver();
    }
    void commit(const std::string& group) {
        wire::OffsetCommitRequest request;
        request.group_id = group;
        wire::OffsetCommitRequest::Topic topic;
        topic.name = "topic";
        topic.partitions.push_back({.partition_index = 0, .committed_offset = 5});
        request.topics.push_back(topic);
        coordinator_->commit_offsets(request, 9, [](const auto&) {});
        deliver();
    }
    void describe(const std::string& group) {
        wire::OffsetFetchRequest::Group all;
        all.group_id = group;
        coordinator_->fetch_offsets(all, [](const auto&) {});
        coordinator_->describe_group(group, 6, [](const auto&) {});
        deliver();
    }
    void deliver() {
        for (const auto& answer : coordinator_->take_answers()) answer(ErrorCode::none);
    }

    MovingClock clock_;
    CountingRandom random_;
    std::unique_ptr<Coordinator> coordinator_;
};

bool are_same(const Records& a, const Records& b) {
    return std::ranges::equal(
        a, b, [](const Record& one, const Record& other) { return one.key == other.key && one.value == other.value; });
}

// What is read and written again is read as the same.
template <class... Values>
void check_round_trips(const Bytes& framed) {
    const auto check_one = [&]<class Value>() {
        const auto value = wire::decode_versioned<Value>(framed);
        if (!value) return;
        const Bytes again = wire::encode_versioned(*value, *wire::decode_prefix(framed));
        const auto reread = wire::decode_versioned<Value>(again);
        check(reread.has_value() && wire::equal(*value, *reread));
    };
    (check_one.template operator()<Values>(), ...);
}

void check_values(const Bytes& value) {
    check_round_trips<wire::OffsetCommitValue, wire::GroupMetadataValue, wire::TransactionLogValue,
                      wire::ConsumerProtocolSubscription, wire::ConsumerProtocolAssignment>(value);
    std::set<std::string, std::less<>> topics;
    const bool is_subscription = read_subscribed_topics(value, topics);
    const auto whole = wire::decode_versioned<wire::ConsumerProtocolSubscription>(value);
    if (!whole) return;
    check(is_subscription);
    for (const auto& topic : whole->topics) check(topics.contains(std::string(topic)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    set_log_sink([](LogLevel, std::string_view) {});
    const std::vector<Step> steps = steps_of(std::as_bytes(std::span(data, size)));
    for (const Step& step : steps)
        if (step.record.value) check_values(*step.record.value);
    Life first;
    first.load(steps);
    const Records loaded = first.state();
    Life again;
    again.load(steps);
    check(are_same(again.state(), loaded));
    Life anew;
    anew.load(loaded);
    check(are_same(anew.state(), loaded));

    first.serve_and_wait();
    if (first.is_rebalancing()) return 0;
    Life next;
    next.load(steps);
    next.load(first.log.records);
    check(are_same(next.state(), first.state()));
    return 0;
}
