#include <algorithm>

#include "resource/objects.h"

namespace milena::resource {

namespace {

// Java's .properties: a backslash begins an escape, a blank at the beginning would be lost.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        switch (c) {
            case '\\': text += "\\\\"; break;
            case '\n': text += "\\n"; break;
            case '\r': text += "\\r"; break;
            case '\t': text += "\\t"; break;
            case ' ': text += text.empty() ? "\\ " : " "; break;
            default: text += c;
        }
    }
    return text;
}

std::string escaped_name(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '=' || c == ':' || c == ' ' || c == '#' || c == '!' || c == '\\') text += '\\';
        text += c == '\n' || c == '\r' ? '_' : c;
    }
    return text;
}

void join(std::string& list, const std::string& entry) { list += (list.empty() ? "" : ",") + entry; }

std::string host_of_voter(const Wanted& wanted, int64_t node_id) {
    for (const Pool& pool : pools_of(wanted.cluster.spec))
        if (pool.has(node_id)) return host_name(wanted.cluster, pool.name, node_id);
    return {};
}

// listeners, advertised.listeners and listener.security.protocol.map, and what belongs to them.
void add_listeners(const Wanted& wanted, const Pool& pool, int64_t node_id, std::map<std::string, std::string>& file) {
    const std::string host = host_name(wanted.cluster, pool.name, node_id);
    std::string bound, advertised, protocols;
    const auto add = [&](const std::string& name, const std::string& protocol, int64_t port, const Address& reached) {
        join(bound, name + "://:" + std::to_string(port));
        join(advertised, name + "://" + text_of(reached));
        join(protocols, name + ":" + protocol);
    };
    for (const api::Listener& listener : wanted.listeners) {
        if (!pool.is_broker) break;
        Address reached{host, listener.port};
        if (listener.type != api::ListenerType::internal) {
            const auto found = wanted.external.find({listener.name, node_id});
            if (found == wanted.external.end()) continue;
            reached = found->second;
        }
        add(kafka_name(listener), "PLAINTEXT", listener.port, reached);
    }
    if (pool.is_broker) {
        add("REPLICATION", "GRPC", replication_port, {host, replication_port});
        file["inter.broker.listener.name"] = "REPLICATION";
    }
    if (wanted.founding.is_voter(node_id)) {
        add("CONTROLLER", "GRPC", controller_port, {host, controller_port});
    } else {
        join(protocols, "CONTROLLER:GRPC");
    }
    file["listeners"] = bound;
    file["advertised.listeners"] = advertised;
    file["listener.security.protocol.map"] = protocols;
    file["controller.listener.names"] = "CONTROLLER";
}

}  // namespace

std::string text_of(const Address& address) {
    const bool is_ipv6 = address.host.find(':') != std::string::npos && !address.host.starts_with('$');
    return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string kafka_name(const api::Listener& listener) {
    std::string name = listener.name;
    for (char& c : name)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return name;
}

std::string properties(const Wanted& wanted, const Pool& pool, int64_t node_id) {
    std::map<std::string, std::string> file;
    const int64_t replication_factor = wanted.founding.replication_factor;
    file["default.replication.factor"] = std::to_string(replication_factor);
    file["offsets.topic.replication.factor"] = std::to_string(replication_factor);
    file["min.insync.replicas"] = replication_factor >= 3 ? "2" : "1";
    for (const auto& [name, value] : wanted.config) file[name] = value;
    file["node.id"] = std::to_string(node_id);
    const bool is_controller = wanted.founding.is_voter(node_id);
    file["process.roles"] = !pool.is_broker ? "controller" : is_controller ? "broker,controller" : "broker";
    file["milena.cluster.id"] = wanted.founding.cluster_id;
    file["milena.metrics.listener"] = "0.0.0.0:" + std::to_string(metrics_port);
    std::string voters, directories;
    for (const int64_t voter : wanted.founding.voters)
        join(voters,
             std::to_string(voter) + "@" + host_of_voter(wanted, voter) + ":" + std::to_string(controller_port));
    for (const api::Volume& volume : volumes_of(pool.storage))
        join(directories, "/var/lib/milena/" + volume.name + "/log");
    file["controller.quorum.voters"] = voters;
    file["log.dirs"] = directories;
    add_listeners(wanted, pool, node_id, file);
    std::string text = "# Made by milena-operator from KafkaCluster " + wanted.cluster.metadata.name + ".\n";
    for (const auto& [name, value] : file) text += escaped_name(name) + "=" + escaped(value) + "\n";
    return text;
}

}  // namespace milena::resource
