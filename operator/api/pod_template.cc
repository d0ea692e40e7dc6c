#include "api/kafka_cluster.h"

namespace milena::api {

void describe(Visitor& v, PodTemplate& t) {
    v({.name = "labels", .doc = "Labels of the pods, besides ours.", .length_max = 63, .items_max = 32}, t.labels);
    v({.name = "annotations", .doc = "Annotations of the pods, besides ours.", .length_max = 4096, .items_max = 32},
      t.annotations);
    v({.name = "nodeSelector", .doc = "Labels that a node must have.", .length_max = 63, .items_max = 16},
      t.node_selector);
    v({.name = "tolerations", .doc = "Kubernetes' tolerations.", .items_max = 32}, t.tolerations, true);
    v({.name = "affinity", .doc = "Kubernetes' affinity."}, t.affinity, false);
    v({.name = "topologySpreadConstraints",
       .doc = "Kubernetes' constraints, in place of ours, which spread over racks "
              "and nodes."},
      t.topology_spread_constraints, true);
    v({.name = "imagePullSecrets", .doc = "Secrets of the registry.", .items_max = 8}, t.image_pull_secrets, true);
    v({.name = "priorityClassName", .doc = "The PriorityClass of the pods."}, t.priority_class_name);
    v({.name = "schedulerName", .doc = "Who schedules the pods."}, t.scheduler_name);
    v({.name = "terminationGracePeriodSeconds",
       .doc = "How long a broker may take to hand over and stop; without it, "
              "60.",
       .min = 10,
       .max = 3600},
      t.termination_grace_period_seconds);
}

}  // namespace milena::api
