// What keeps eligible leader replicas (KIP-966) true when settings change: a replica outside the ISR has everything
// only as long as nothing could be committed without it, which is what min.insync.replicas says. So while there is ELR,
// that setting is known to the controller, and is the same for all brokers. Pure.
#pragma once

#include <optional>
#include <string>

#include "controller/decide.h"
#include "metadata/image.h"
#include "settings/topic_config.h"

namespace milena::controller {

// ELR begins: the cluster gets a min.insync.replicas of its own, brokers none.
void begin_elr(const Context& context, metadata::Records& records);

// The same for records that a log begins with, if they begin ELR.
void begin_elr_in(metadata::Records& records, const settings::BrokerSettings& settings);

// ELR ends. Partitions that have nobody in sync keep what they have: it is all that is left to elect from.
void end_elr(const metadata::Image& image, metadata::Records& records);

// `records` change settings: of partitions that can now commit with fewer replicas, those outside aren't eligible any
// more.
void settle_elr(const Context& context, metadata::Records& records);

// Whether the texts of a resource may become these.
Result<void, settings::ConfigError> check_min_isr(const metadata::Image& image,
                                                  const metadata::ConfigResource& resource,
                                                  const settings::Texts& before, const settings::Texts& after);

}  // namespace milena::controller
