#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/release.h"
#include "controller/decide.h"
#include "controller/elr_safety.h"
#include "controller/feature_range.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

using wire::UpdateFeaturesRequest;
using wire::UpdateFeaturesResponse;

enum class UpgradeType : int8_t { unknown = 0, upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

using FeatureCheck = Result<void, std::string>;

// Features of Kafka that this broker may find finalized in a directory; level 0, which is not to have them, it can do.
constexpr std::array<std::string_view, 4> known_features{"group.version", "share.version", "streams.version",
                                                         "transaction.version"};

FeatureCheck check_range(const std::string& who, metadata::SupportedFeature range, int16_t level) {
    if (is_within(range, level)) return {};
    if (range.level_max == 0) return unexpected(who + " does not support this feature.");
    return unexpected(who + " only supports versions " + std::to_string(range.level_min) + "-" +
                      std::to_string(range.level_max));
}

// A voter that can't read the log takes the quorum with it; one of which nobody knows what it can read may be that one.
// Who is a broker as well is asked as that. One that was removed from the voters is not asked any more: nothing else
// would ever take its registration back.
FeatureCheck check_controllers(const Context& context, std::string_view feature, int16_t level) {
    if (context.voters == nullptr || !metadata::knows_controllers(*context.image.features)) return {};
    for (const auto& [id, voter] : *context.voters) {
        if (id == context.node) continue;
        const std::string who = "Controller " + std::to_string(id.value);
        const auto controller = context.image.controllers->find(id);
        if (controller != context.image.controllers->end())
            RETURN_IF_ERROR(check_range(who, feature_range(controller->second.features, feature), level));
        else if (context.image.broker(id) == nullptr)
            return unexpected(who + " has not registered, and may not support this feature.");
    }
    return {};
}

// By this program and by all who are registered: a broker that is down may come back as it was.
FeatureCheck check_supported(const Context& context, std::string_view feature, int16_t level) {
    const metadata::SupportedLevels* supported = metadata::supported_feature(feature);
    const auto here = supported == nullptr ? metadata::SupportedFeature{}
                                           : metadata::SupportedFeature{supported->level_min, supported->level_max};
    RETURN_IF_ERROR(check_range("Local controller " + std::to_string(context.node.value), here, level));
    for (const auto& [id, broker] : *context.image.brokers) {
        const auto range = feature_range(broker.features, feature);
        RETURN_IF_ERROR(check_range("Broker " + std::to_string(id.value), range, level));
    }
    RETURN_IF_ERROR(check_controllers(context, feature, level));
    if (supported == nullptr && std::ranges::find(known_features, feature) == known_features.end())
        return unexpected("Feature " + std::string(feature) + " not found.");
    return {};
}

// The error is what comes after "Invalid update version … for feature …. ".
FeatureCheck check_update(const Context& context, const UpdateFeaturesRequest::FeatureUpdate& update, int16_t current) {
    const auto type = static_cast<UpgradeType>(update.upgrade_type.value);
    const int16_t level = update.max_version_level;
    if (type < UpgradeType::upgrade || type > UpgradeType::unsafe_downgrade)
        return unexpected(std::string("The controller does not support the given upgrade type."));
    if (level < 0) return unexpected(std::string("A feature version cannot be less than 0."));
    RETURN_IF_ERROR(check_supported(context, update.feature, level));
    if (level < current && type == UpgradeType::upgrade)
        return unexpected(
            std::string("Can't downgrade the version of this feature without setting the upgrade type to either safe "
                        "or unsafe downgrade."));
    if (level > current && type != UpgradeType::upgrade)
        return unexpected(std::string("Can't downgrade to a newer version."));
    return {};
}

// Its records are in the log, and who knows only a lower level can't read on.
FeatureCheck check_milena_version(int16_t from, int16_t to) {
    if (to >= from) return {};
    return unexpected("Invalid update version " + std::to_string(to) + " for feature milena.version. What level " +
                      std::to_string(from) + " has brought is in the metadata log, and can't be read at a lower one.");
}

// What the log holds in the form of a level may be more than a lower one can say.
FeatureCheck check_metadata_version(int16_t from, int16_t to, UpgradeType type) {
    if (to >= from || !metadata::metadata_changed_between(to, from)) return {};
    return unexpected("Unsupported metadata.version downgrade from " + std::to_string(from) + " to " +
                      std::to_string(to) + ". " +
                      (type == UpgradeType::unsafe_downgrade
                           ? "Unsafe metadata downgrade is not supported in this version."
                           : "Refusing to perform the requested downgrade because it might delete metadata "
                             "information."));
}

// Records of a lower metadata.version can't say who is eligible.
FeatureCheck check_elr(const metadata::Image& image, const UpdateFeaturesRequest::FeatureUpdate& update) {
    if (update.max_version_level == 0 || metadata::metadata_version(*image.features) >= metadata::metadata_version_elr)
        return {};
    const std::string name(update.feature);
    return unexpected("Invalid update version " + std::to_string(update.max_version_level) + " for feature " + name +
                      ". " + name + " could not be set to " + std::to_string(update.max_version_level) +
                      " because it depends on metadata.version level " +
                      std::to_string(metadata::metadata_version_elr));
}

FeatureCheck check_feature(const Context& context, const UpdateFeaturesRequest::FeatureUpdate& update,
                           int16_t current) {
    const FeatureCheck outcome = check_update(context, update, current);
    if (!outcome.has_value())
        return unexpected("Invalid update version " + std::to_string(update.max_version_level) + " for feature " +
                          std::string(update.feature) + ". " + outcome.error());
    if (update.feature == metadata::elr_version_feature) return check_elr(context.image, update);
    if (update.feature == metadata::milena_version_feature)
        return check_milena_version(current, update.max_version_level);
    if (update.feature != metadata::metadata_version_feature) return {};
    return check_metadata_version(current, update.max_version_level,
                                  static_cast<UpgradeType>(update.upgrade_type.value));
}

// The updates among the records are written down, by the levels that are in force after them.
void note_updates(const Context& context, metadata::Records& records) {
    metadata::FeatureLevels levels = *context.image.features;
    metadata::Records notes;
    for (const metadata::Record& record : records) {
        const auto* update = std::get_if<wire::FeatureLevelRecord>(&record);
        if (update == nullptr) continue;
        notes.emplace_back(wire::FeatureUpdateRecord{.name = update->name,
                                                     .level_before = metadata::feature_level(levels, update->name),
                                                     .level = update->feature_level,
                                                     .timestamp = context.timestamp.value,
                                                     .controller_id = context.node.value,
                                                     .software_version = std::string(release.version)});
        levels[update->name] = update->feature_level;
    }
    if (metadata::keeps_feature_updates(levels)) std::ranges::move(notes, std::back_inserter(records));
}

}  // namespace

Decision<UpdateFeaturesResponse> decide(const Context& context, const UpdateFeaturesRequest& request) {
    Decision<UpdateFeaturesResponse> decision;
    for (const UpdateFeaturesRequest::FeatureUpdate& update : request.feature_updates) {
        const bool is_of_log = update.feature == metadata::kraft_version_feature;
        const int16_t current =
            is_of_log ? context.kraft_version : metadata::feature_level(*context.image.features, update.feature);
        const FeatureCheck outcome = check_feature(context, update, current);
        if (!outcome.has_value()) {
            UpdateFeaturesResponse refused;
            refused.error_code = ErrorCode::invalid_update_version;
            refused.error_message =
                "The update failed for all features since the following feature had an error: " + outcome.error();
            return {.records = {}, .response = std::move(refused)};
        }
        decision.response.results.push_back({.feature = std::string(update.feature), .error_message = "NONE"});
        if (update.max_version_level == current || is_of_log) continue;
        decision.records.emplace_back(
            wire::FeatureLevelRecord{.name = std::string(update.feature), .feature_level = update.max_version_level});
        if (update.feature != metadata::elr_version_feature) continue;
        if (current == 0)
            begin_elr(context, decision.records);
        else
            end_elr(context.image, decision.records);
    }
    note_updates(context, decision.records);
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace milena::controller
