#include "metadata/loader.h"

#include <utility>

#include "base/log.h"
#include "metadata/feature_levels.h"
#include "metadata/record.h"

namespace milena::metadata {

namespace {

std::string unreadable(const wire::DecodeError& error, size_t index) {
    return "record " + std::to_string(index) + " of the batch: " + error.reason + " at byte " +
           std::to_string(error.offset);
}

// Whoever can't read what comes after it is told why at the level's own record.
Result<Record, std::string> read_value(const Bytes& value, size_t index) {
    auto record = decode_record(value);
    if (!record) return unexpected(unreadable(record.error(), index));
    if (const auto* feature = std::get_if<wire::FeatureLevelRecord>(&*record))
        RETURN_IF_ERROR(check_readable(feature->name, feature->feature_level));
    return std::move(record).value();
}

}  // namespace

void Loader::load_begin() {
    image_ = Image::empty();
    builder_.emplace(image_);
    is_in_transaction_ = false;
}

Result<void, std::string> Loader::load(const std::vector<Bytes>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
        ASSIGN_OR_RETURN(const Record record, read_value(values[i], i));
        builder().apply(record);
    }
    return {};
}

Delta Loader::load_end(const Provenance& end) {
    std::vector<Delta> result;
    finish(end, result);
    return std::move(result.front());
}

Result<std::vector<Delta>, std::string> Loader::apply(const std::vector<Bytes>& values, const Provenance& end) {
    std::vector<Delta> result;
    for (size_t i = 0; i < values.size(); ++i) {
        ASSIGN_OR_RETURN(const Record record, read_value(values[i], i));
        if (std::holds_alternative<wire::BeginTransactionRecord>(record)) {
            finish(end, result);
            is_in_transaction_ = true;
        } else if (std::holds_alternative<wire::EndTransactionRecord>(record)) {
            is_in_transaction_ = false;
        } else if (std::holds_alternative<wire::AbortTransactionRecord>(record)) {
            abort_transaction();
        } else {
            builder().apply(record);
        }
    }
    if (!is_in_transaction_) finish(end, result);
    return result;
}

void Loader::abort_transaction() {
    log_warn("metadata transaction aborted", {{"after_offset", image_->offset}});
    builder_.reset();
    is_in_transaction_ = false;
}

ImageBuilder& Loader::builder() {
    if (!builder_) builder_.emplace(image_);
    return *builder_;
}

void Loader::finish(const Provenance& end, std::vector<Delta>& into) {
    if (!builder_ && !into.empty()) return;
    into.push_back(std::move(builder()).finish(end));
    builder_.reset();
    image_ = into.back().after;
}

}  // namespace milena::metadata
