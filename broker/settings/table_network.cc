// Listeners, connections and request limits.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting network_table[] = {
    {"listeners", list, "PLAINTEXT://:9092", not_empty, per_broker, high, effective,
     "Where to listen, as name://host:port,…; an empty host means every interface."},
    {"advertised.listeners", list, nullptr, not_empty, per_broker, high, effective,
     "What clients and brokers are told to connect to, when it differs from listeners; while the broker runs, other "
     "addresses for these."},
    {"listener.security.protocol.map", string,
     "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", anything, per_broker, low,
     effective,
     "Which security protocol each listener name speaks, as name:protocol,…. GRPC, which Kafka doesn't have, is what "
     "brokers speak among themselves."},
    {"inter.broker.listener.name", string, nullptr, anything, read_only, medium, effective,
     "The listener that brokers use among themselves."},
    {"security.inter.broker.protocol", string, "PLAINTEXT", one_of("PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
     read_only, medium, effective,
     "The protocol whose listener brokers use, if inter.broker.listener.name isn't given."},
    {"early.start.listeners", list, nullptr, anything, read_only, high, accepted,
     "Listeners that serve before the broker has caught up."},
    {"socket.send.buffer.bytes", int32, "-1", anything, read_only, high, effective,
     "Send buffer of a client's socket; -1 leaves it to the system."},
    {"socket.receive.buffer.bytes", int32, "-1", anything, read_only, high, effective,
     "Receive buffer of a client's socket; -1 leaves it to the system."},
    {"socket.listen.backlog.size", int32, "4096", at_least(1), read_only, medium, effective,
     "Connections that may wait for a shard to accept them, on each listener; net.core.somaxconn bounds it, too."},
    {"socket.request.max.bytes", int32, "104857600", at_least(1), read_only, high, effective,
     "Largest request that is read; a longer one closes the connection."},
    {"socket.connection.setup.timeout.ms", int64, "10000", anything, read_only, medium, accepted,
     "First timeout of a connection attempt to another broker."},
    {"socket.connection.setup.timeout.max.ms", int64, "30000", anything, read_only, medium, accepted,
     "Longest timeout of a connection attempt to another broker."},
    {"max.connections", int32, "2147483647", at_least(0), cluster_wide, medium, effective,
     "Connections that the broker serves at a time, over all listeners."},
    {"max.connections.per.ip", int32, "2147483647", at_least(0), cluster_wide, medium, effective,
     "Connections that one address may have at a time."},
    {"max.connections.per.ip.overrides", string, "", anything, cluster_wide, medium, effective,
     "Other limits for single addresses, as address:count,…."},
    {"max.connection.creation.rate", int32, "2147483647", at_least(0), cluster_wide, medium, accepted,
     "New connections a second, over all listeners."},
    {"connections.max.idle.ms", int64, "600000", anything, read_only, medium, effective,
     "A connection without a request for so long is closed."},
    {"connection.failed.authentication.delay.ms", int32, "100", at_least(0), read_only, low, accepted,
     "How long a failed authentication is answered late."},
    {"request.timeout.ms", int32, "30000", anything, read_only, high, accepted,
     "How long a broker waits for an answer of another."},
    {"queued.max.requests", int32, "500", at_least(1), read_only, high, accepted,
     "Requests waiting for a thread; here each connection has its own bound."},
    {"queued.max.request.bytes", int64, "-1", anything, read_only, medium, accepted,
     "Bytes of waiting requests; see milena.memory.requests.bytes."},
    {"num.network.threads", int32, "3", at_least(1), cluster_wide, high, accepted,
     "Network threads a listener; here shards do all: milena.shards."},
    {"num.io.threads", int32, "8", at_least(1), cluster_wide, high, accepted,
     "Request threads; here shards do all: milena.shards."},
    {"background.threads", int32, "10", at_least(1), cluster_wide, high, accepted, "Threads for background work."},
    {"max.request.partition.size.limit", int32, "2000", at_least(1), read_only, medium, effective,
     "Most partitions in one answer to DescribeTopicPartitions."},
    {"fetch.max.bytes", int32, "57671680", at_least(1024), read_only, medium, effective,
     "Most record bytes in the answer to one fetch, whatever the client asks for."},
    {"max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0), read_only, medium, effective,
     "Fetch sessions (KIP-227) that are kept at a time."},
    {"fetch.purgatory.purge.interval.requests", int32, "1000", anything, read_only, medium, accepted,
     "How often finished waiting fetches are swept."},
    {"producer.purgatory.purge.interval.requests", int32, "1000", anything, read_only, medium, accepted,
     "How often finished waiting produce requests are swept."},
    {"delete.records.purgatory.purge.interval.requests", int32, "1", anything, read_only, medium, accepted,
     "How often finished waiting DeleteRecords are swept."},
    {"share.fetch.purgatory.purge.interval.requests", int32, "1000", anything, read_only, medium, accepted,
     "How often finished waiting share fetches are swept."},
};

}  // namespace

std::span<const Setting> network_rows() { return network_table; }

}  // namespace milena::settings
