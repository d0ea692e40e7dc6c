// The program: `milena broker` serves, `milena admin` asks a running broker. Reads the command line, the properties
// file and the environment, and hands them on.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "admin.h"
#include "await.h"
#include "base/release.h"
#include "broker.h"
#include "env/posix/system_world.h"
#include "log_dirs.h"
#include "settings/load.h"

extern char** environ;

// Read by jemalloc before main(). Each arena keeps what was freed for a while: few of them, and not for long, so that
// the broker is as large as what it holds. One arena costs a third more CPU time, four cost 40 MiB.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace milena {
namespace {

constexpr std::string_view usage =
    "milena: Apache Kafka's protocol and formats, for Kubernetes\n"
    "\n"
    "  milena broker [server.properties] [--override name=value …]   serve\n"
    "  milena broker --help-settings                                 every setting, with its default\n"
    "  milena admin [--bootstrap host:port] <verb>                   ask a running cluster\n"
    "  milena random-uuid                                            an id for a new cluster (milena.cluster.id)\n"
    "  milena await FILE [--seconds N]                               wait until a file has content, 60 s at most\n"
    "  milena version\n"
    "\n"
    "A setting comes from the file, from the environment (KAFKA_LOG_DIRS is log.dirs, MILENA_SHARDS is\n"
    "milena.shards), or from --override; the later wins. Without any, a single broker listens on port 9092.\n"
    "\n"
    "The verbs of milena admin. --bootstrap is a broker's listener for clients (localhost:9092), by which it finds\n"
    "those for gRPC; --grpc host:port names one of these itself. Exit status 2: there is no answer.\n"
    "\n";

void print(std::FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

int refuse(const std::string& reason) {
    print(stderr, "milena: " + reason + "\n");
    return 2;
}

std::string host_name() {
    char name[256] = "localhost";
    if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
    return name;
}

settings::Texts environment() {
    settings::Texts variables;
    for (char** at = environ; *at != nullptr; ++at)
        if (const char* equals = std::strchr(*at, '='); equals != nullptr)
            variables.emplace(std::string_view(*at, static_cast<size_t>(equals - *at)), equals + 1);
    return variables;
}

int serve(const std::vector<std::string>& arguments) {
    settings::Input input;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument == "--help-settings") {
            print(stdout, settings::render_help());
            return 0;
        }
        if (argument == "--override") {
            if (++i == arguments.size()) return refuse("--override needs name=value");
            input.overrides.push_back(arguments[i]);
        } else if (argument.starts_with("--override=")) {
            input.overrides.push_back(argument.substr(std::strlen("--override=")));
        } else if (argument.starts_with("-")) {
            return refuse("unknown option \"" + argument + "\"; see milena --help");
        } else if (input.file_name.empty()) {
            input.file_name = argument;
        } else {
            return refuse("more than one properties file: \"" + argument + "\"");
        }
    }
    if (!input.file_name.empty()) {
        std::ifstream file(input.file_name, std::ios::binary);
        if (!file) return refuse("cannot read \"" + input.file_name + "\"");
        input.file_text.assign(std::istreambuf_iterator<char>(file), {});
    }
    input.environment = environment();
    input.host_name = host_name();
    auto loaded = settings::load(input);
    if (!loaded.has_value()) {
        for (const std::string& error : loaded.error()) print(stderr, error + "\n");
        return 2;
    }
    loaded->config = with_absolute_dirs(std::move(loaded->config));
    Broker broker(std::move(*loaded));
    return broker.run();
}

}  // namespace
}  // namespace milena

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::string verb = arguments.empty() ? "" : arguments.front();
    const std::vector<std::string> rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
    if (verb == "broker") return milena::serve(rest);
    if (verb == "admin") return milena::administer(rest);
    if (verb == "await") return milena::await_content(rest);
    if (verb == "random-uuid") {
        milena::env::SystemRandom random;
        milena::print(stdout, milena::new_id(random).to_string() + "\n");
        return 0;
    }
    if (verb == "version" || verb == "--version") {
        milena::print(stdout, "milena " + std::string(milena::release.version) + "\n");
        return 0;
    }
    if (verb == "--help" || verb == "-h" || verb == "help") {
        milena::print(stdout, std::string(milena::usage) + milena::admin_usage());
        return 0;
    }
    milena::print(stderr, std::string(milena::usage) + milena::admin_usage());
    return 2;
}
