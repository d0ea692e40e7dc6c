#include "admin.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "admin_cluster.h"
#include "admin_kafka.h"
#include "admin_roundtrip.h"
#include "base/parse_number.h"

namespace milena {
namespace {

enum class Takes : uint8_t { nothing, broker, filter, dry_run };

// Exactly one of the last two: over Kafka's protocol, or by gRPC.
struct Verb {
    std::string_view name;
    Takes takes;
    std::string_view doc;
    Result<void, std::string> (*print)(const std::vector<env::BrokerAddress>& brokers);
    Asked (*ask)(const ClusterQuestion& question);
};

constexpr std::array<Verb, 14> verbs{{
    {"status", Takes::nothing, "the cluster as a client sees it", print_status, nullptr},
    {"topics", Takes::nothing, "its topics", print_topics, nullptr},
    {"roundtrip", Takes::nothing, "produces a record to a topic of its own, consumes it, removes the topic",
     print_roundtrip, nullptr},
    {"health", Takes::nothing, "how far each broker has come", nullptr, ask_health},
    {"can-restart", Takes::broker, "whether it harms nobody if the broker restarts now: exit status 0, or 1", nullptr,
     ask_can_restart},
    {"caught-up", Takes::broker, "whether the broker has all that it should have: exit status 0, or 1", nullptr,
     ask_caught_up},
    {"cordon", Takes::broker, "it gets no new replicas", nullptr, order_cordon},
    {"uncordon", Takes::broker, "it may get replicas again", nullptr, order_uncordon},
    {"drain", Takes::broker, "cordons it and moves away what it leads, then what it has", nullptr, order_drain},
    {"undrain", Takes::broker, "it is open again; moves that are under way come to their end", nullptr, order_undrain},
    {"drain-status", Takes::broker, "what is left on it: exit status 0, nothing, or 1", nullptr, ask_drain_status},
    {"rebalance", Takes::dry_run, "moves replicas and leaderships until all brokers have equally much to do", nullptr,
     order_rebalance},
    {"features", Takes::nothing, "the feature levels that are in force, and that all brokers can live with", nullptr,
     ask_features},
    {"config-schema", Takes::filter, "what each setting is, and whether its change needs a restart", nullptr,
     ask_config_schema},
}};

struct Command {
    const Verb* verb = nullptr;
    std::string bootstrap = "localhost:9092";
    std::string grpc;  // empty: to be found out
    std::optional<std::string> argument;
    bool is_dry_run = false;
};

std::string argument_name(Takes takes) {
    switch (takes) {
        case Takes::nothing: return "";
        case Takes::broker: return " <broker>";
        case Takes::filter: return " [part of a name]";
        case Takes::dry_run: return " [--dry-run]";
    }
    return "";
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

Result<Command, std::string> parse(const std::vector<std::string>& arguments) {
    Command command;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--bootstrap" || word == "--grpc") {
            if (++i == arguments.size()) return unexpected(word + " needs host:port");
            (word == "--grpc" ? command.grpc : command.bootstrap) = arguments[i];
        } else if (word == "--dry-run" && command.verb != nullptr && command.verb->takes == Takes::dry_run) {
            command.is_dry_run = true;
        } else if (word.starts_with("-")) {
            return unexpected("unknown option " + quoted(word) + "; see milena --help");
        } else if (command.verb == nullptr) {
            const auto* at = std::ranges::find(verbs, word, &Verb::name);
            if (at == verbs.end())
                return unexpected(quoted(word) + " is no verb of milena admin; they are\n" + admin_usage());
            command.verb = at;
        } else if (command.argument || command.verb->takes == Takes::nothing || command.verb->takes == Takes::dry_run) {
            return unexpected(quoted(word) + " makes no sense after " + std::string(command.verb->name));
        } else {
            command.argument = word;
        }
    }
    if (command.verb == nullptr) return unexpected("what is to be done? The verbs are\n" + admin_usage());
    if (command.verb->takes == Takes::broker && !command.argument)
        return unexpected(std::string(command.verb->name) + " needs the id of a broker");
    return command;
}

Result<Exit, std::string> run(const Command& command) {
    ASSIGN_OR_RETURN(const std::vector<env::BrokerAddress> brokers, parse_addresses(command.bootstrap));
    if (command.verb->print != nullptr) {
        RETURN_IF_ERROR(command.verb->print(brokers));
        return Exit::yes;
    }
    ClusterQuestion question;
    if (command.verb->takes == Takes::broker) {
        const auto id = parse_number<int32_t>(*command.argument);
        if (!id || *id < 0) return unexpected(quoted(*command.argument) + " is no id of a broker: a number like 2 is");
        question.broker = NodeId(*id);
    } else {
        question.filter = command.argument.value_or("");
        question.is_dry_run = command.is_dry_run;
    }
    if (command.grpc.empty()) {
        ASSIGN_OR_RETURN(question.nodes, find_controllers(brokers));
    } else {
        ASSIGN_OR_RETURN(question.nodes, parse_addresses(command.grpc));
    }
    return command.verb->ask(question);
}

}  // namespace

std::string admin_usage() {
    std::string text;
    for (const Verb& verb : verbs) {
        std::string line = "  " + std::string(verb.name) + argument_name(verb.takes);
        line.resize(std::max<size_t>(line.size(), 36), ' ');
        text += line + "  " + std::string(verb.doc) + "\n";
    }
    return text;
}

int administer(const std::vector<std::string>& arguments) {
    const auto command = parse(arguments);
    const Result<Exit, std::string> done = command ? run(*command) : unexpected(command.error());
    if (done) return static_cast<int>(*done);
    std::fprintf(stderr, "milena admin: %s\n", done.error().c_str());
    return static_cast<int>(Exit::failed);
}

}  // namespace milena
