#include <algorithm>
#include <array>
#include <utility>

#include "controller/decide.h"
#include "controller/elr_safety.h"
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

FeatureCheck check_supported(const Context& context, std::string_view feature, int16_t level) {
    const metadata::SupportedLevels* supported = metadata::supported_feature(feature);
    const std::string who = "Local controller " + context.settings.text("node.id").value_or("") + " ";
    if (supported == nullptr && level != 0) return unexpected(who + "does not support this feature.");
    if (supported != nullptr && (level < supported->level_min || level > supported->level_max))
        return unexpected(who + "only supports versions " + std::to_string(supported->level_min) + "-" +
                          std::to_string(supported->level_max));
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
    if (update.feature != metadata::metadata_version_feature) return {};
    return check_metadata_version(current, update.max_version_level,
                                  static_cast<UpgradeType>(update.upgrade_type.value));
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
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace milena::controller
