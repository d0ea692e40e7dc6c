#include <algorithm>

#include "settings/endpoints.h"
#include "settings/listeners.h"

namespace milena::settings {

namespace {

using Errors = std::vector<std::string>;

std::vector<std::string> list_of(const BrokerSettings& settings, std::string_view name) {
    return parse_list(settings.text(name).value_or(""));
}

std::optional<Voter> parse_voter(std::string_view text) {
    const size_t at = text.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const std::optional<int64_t> id = parse_integer(text.substr(0, at));
    const std::optional<HostPort> place = parse_host_port(text.substr(at + 1));
    if (!id || *id < 0 || *id > INT32_MAX || !place || place->host.empty()) return std::nullopt;
    return Voter{.id = NodeId(static_cast<int32_t>(*id)), .host = place->host, .port = place->port};
}

std::vector<Voter> parse_voters(const BrokerSettings& settings, Errors& errors) {
    std::vector<Voter> voters;
    for (const std::string& entry : list_of(settings, "controller.quorum.voters")) {
        const std::optional<Voter> voter = parse_voter(entry);
        if (!voter) {
            errors.push_back("controller.quorum.voters: \"" + entry + "\" isn't of the form id@host:port");
        } else if (std::ranges::find(voters, voter->id, &Voter::id) != voters.end()) {
            errors.push_back("controller.quorum.voters: two voters have the id " + std::to_string(voter->id.value));
        } else {
            voters.push_back(*voter);
        }
    }
    return voters;
}

std::vector<HostPort> parse_bootstrap_servers(const BrokerSettings& settings, Errors& errors) {
    std::vector<HostPort> servers;
    for (const std::string& entry : list_of(settings, "controller.quorum.bootstrap.servers")) {
        const std::optional<HostPort> server = parse_host_port(entry);
        if (server && !server->host.empty()) {
            servers.push_back(*server);
        } else {
            errors.push_back("controller.quorum.bootstrap.servers: \"" + entry + "\" isn't of the form host:port");
        }
    }
    return servers;
}

void check_voters(const Quorum& quorum, bool wants_to_join, Errors& errors) {
    const bool is_voter = std::ranges::find(quorum.voters, quorum.node_id, &Voter::id) != quorum.voters.end();
    const std::string id = std::to_string(quorum.node_id.value);
    if (quorum.is_controller && !quorum.voters.empty() && !is_voter) {
        errors.push_back("process.roles contains controller, so controller.quorum.voters must contain node.id " + id);
    }
    if (!quorum.is_controller && wants_to_join) {
        errors.push_back("controller.quorum.auto.join.enable=true needs process.roles to contain controller");
    }
    if (!quorum.is_controller && is_voter) {
        errors.push_back(
            "process.roles doesn't contain controller, so controller.quorum.voters must not contain node.id " + id);
    }
    if (!quorum.is_controller && quorum.voters.empty() && quorum.bootstrap_servers.empty()) {
        errors.push_back(
            "process.roles=broker needs controller.quorum.bootstrap.servers or controller.quorum.voters to find the "
            "controllers");
    }
}

}  // namespace

Quorum parse_quorum(const BrokerSettings& settings, Errors& errors) {
    const std::vector<std::string> roles = list_of(settings, "process.roles");
    const auto has_role = [&](std::string_view role) { return std::ranges::find(roles, role) != roles.end(); };
    Quorum quorum;
    quorum.is_broker = has_role("broker");
    quorum.is_controller = has_role("controller");
    // broker.id is the old name of node.id: loading makes the two agree.
    quorum.node_id = NodeId(static_cast<int32_t>(parse_integer(settings.text("node.id").value_or("")).value_or(-1)));
    quorum.voters = parse_voters(settings, errors);
    quorum.bootstrap_servers = parse_bootstrap_servers(settings, errors);
    const bool is_alone = quorum.voters.size() <= 1 && quorum.bootstrap_servers.empty();
    if (!is_alone && !settings.is_configured("node.id")) {
        errors.push_back("node.id must be given: each node of a cluster has its own");
    } else {
        check_voters(quorum, settings.text("controller.quorum.auto.join.enable") == "true", errors);
    }
    return quorum;
}

}  // namespace milena::settings
