// Settings of a client metrics subscription (KIP-714).
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting client_metrics_table[] = {
    {"interval.ms", int32, "300000", anything, cluster_wide, medium, accepted, "How often clients push."},
    {"metrics", list, "", anything, cluster_wide, medium, accepted,
     "Prefixes of the metrics that clients push; * for all."},
    {"match", list, "", anything, cluster_wide, medium, accepted, "Which clients, as attribute=pattern,…."},
};

}  // namespace

std::span<const Setting> client_metrics_rows() { return client_metrics_table; }

}  // namespace milena::settings
