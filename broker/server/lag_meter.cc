#include "server/lag_meter.h"

#include <algorithm>
#include <span>
#include <utility>

namespace milena::server {
namespace {

// What a shard does before others have their turn.
constexpr Duration slice_time = std::chrono::microseconds(500);
constexpr size_t partitions_between_looks = 16;  // at the clock

struct LagQuestion {
    size_t index = 0;
    replica::LagPosition position;
};
using LagAnswers = std::vector<std::pair<size_t, std::optional<replica::LagReader::Lag>>>;

// Of the partitions that one shard owns.
class LagMeasurement : public std::enable_shared_from_this<LagMeasurement> {
  public:
    LagMeasurement(shard::Shard& shard, std::shared_ptr<replica::LagReader> reader, std::vector<LagQuestion> questions,
                   shard::Shards::Report<LagAnswers> report)
        : shard_(shard), reader_(std::move(reader)), questions_(std::move(questions)), report_(std::move(report)) {}

    void begin() {
        reader_->begin();
        if (questions_.empty()) return report_({});
        // Where time doesn't suffice for all, it shall not be the same ones each time that go without.
        const auto first = shard_.random().next() % questions_.size();
        std::ranges::rotate(questions_, questions_.begin() + static_cast<std::ptrdiff_t>(first));
        measure_some();
    }

  private:
    void measure_some() {
        const Instant begin = shard_.clock().now();
        while (answers_.size() < questions_.size()) {
            const std::span rest = std::span(questions_).subspan(answers_.size());
            for (const auto& [index, position] : rest.first(std::min(rest.size(), partitions_between_looks)))
                answers_.emplace_back(index, reader_->lag(position.key, position.committed));
            if (shard_.clock().now() - begin >= slice_time && answers_.size() < questions_.size())
                return shard_.post([self = shared_from_this()] { self->measure_some(); });
        }
        report_(std::move(answers_));
    }

    shard::Shard& shard_;
    const std::shared_ptr<replica::LagReader> reader_;
    std::vector<LagQuestion> questions_;
    const shard::Shards::Report<LagAnswers> report_;
    LagAnswers answers_;
};

}  // namespace

LagMeter::LagMeter(const shard::Shards& shards, shard::Loop& home) : shards_(shards), home_(home) {
    for (size_t i = 0; i < shards.size(); ++i)
        readers_.push_back(
            std::make_shared<replica::LagReader>(shards[i].partitions(), shards[i].clock(), shards[i].codecs()));
}

void LagMeter::measure(const std::vector<replica::LagPosition>& positions, std::function<void(Lags)> done) {
    auto questions = std::make_shared<std::vector<std::vector<LagQuestion>>>(shards_.size());
    for (size_t i = 0; i < positions.size(); ++i)
        (*questions)[shards_.owner_of(positions[i].key).id().value].push_back({i, positions[i]});
    shards_.gather<LagAnswers>(
        home_,
        // Each shard takes what is its own.
        [questions, readers = readers_](shard::Shard& shard, shard::Shards::Report<LagAnswers> report) {
            const size_t own = shard.id().value;
            std::make_shared<LagMeasurement>(shard, readers[own], std::move((*questions)[own]), std::move(report))
                ->begin();
        },
        [count = positions.size(), done = std::move(done)](const std::vector<LagAnswers>& by_shard) {
            Lags lags(count);
            for (const LagAnswers& answers : by_shard)
                for (const auto& [index, lag] : answers) lags[index] = lag;
            done(std::move(lags));
        });
}

}  // namespace milena::server
