// The program milena-operator: flags, signals, health and metrics.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse_number.h"
#include "broker_addresses.h"
#include "env/posix/system_world.h"
#include "health_server.h"
#include "kube/cpprest_transport.h"
#include "operator.h"
#include "reconcile/letting_go.h"

// Read by jemalloc before main(). For the transport's forty threads glibc would keep many arenas.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:1,tcache_max:1024,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace milena {
namespace {

constexpr std::string_view usage =
    "milena-operator: runs Kafka clusters that are described as Kubernetes resources\n"
    "\n"
    "  --namespace NAME          watch this namespace only (default: all of them)\n"
    "  --kubeconfig FILE         how to reach the API server (default: $KUBECONFIG, else as a pod does)\n"
    "  --context NAME            of the kubeconfig (default: its current one)\n"
    "  --lease-namespace NAME    where the lease is (default: the pod's, or the context's)\n"
    "  --metrics-port PORT       /metrics, /livez and /readyz (default: 8080)\n"
    "  --workers COUNT           resources that are looked at at the same time (default: 4)\n"
    "  --image-repository NAME   of the brokers' images; spec.version is the tag (default: milena)\n"
    "  --no-leader-election      for the only operator there is\n"
    "  --let-go                  take the finalizers off all KafkaTopics and end: for when the operator was "
    "uninstalled\n"
    "  --log-level LEVEL         DEBUG, INFO (default), WARN, ERROR\n";

struct Flags {
    std::map<std::string, std::string> values;
    std::string error;

    std::string value(const std::string& name, const std::string& fallback = "") const {
        const auto found = values.find(name);
        return found == values.end() ? fallback : found->second;
    }
    int number(const std::string& name, int fallback) const {
        const auto found = values.find(name);
        return found == values.end() ? fallback : parse_number<int>(found->second).value_or(-1);
    }
};

// "--name value" and "--name=value".
Flags parse(const std::vector<std::string>& arguments) {
    Flags flags;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const size_t equals = arguments[i].find('=');
        const std::string name = arguments[i].substr(0, equals);
        const bool is_known = name.starts_with("--") && usage.find("  " + name + " ") != std::string_view::npos;
        if (!is_known) {
            flags.error = "unknown flag \"" + arguments[i] + "\"; see milena-operator --help";
            return flags;
        }
        if (name == "--no-leader-election" || name == "--let-go") {
            flags.values[name] = "true";
        } else if (equals != std::string::npos) {
            flags.values[name] = arguments[i].substr(equals + 1);
        } else if (i + 1 < arguments.size()) {
            flags.values[name] = arguments[++i];
        } else {
            flags.error = name + " needs a value";
        }
    }
    return flags;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

kube::Outcome<kube::AccessConfig> access_of(const Flags& flags) {
    const std::string file = flags.value("--kubeconfig", environment("KUBECONFIG"));
    if (file.empty())
        return kube::access_in_cluster("/var/run/secrets/kubernetes.io/serviceaccount",
                                       std::getenv("KUBERNETES_SERVICE_HOST"), std::getenv("KUBERNETES_SERVICE_PORT"));
    ASSIGN_OR_RETURN(const std::string text, (kube::TextOrFile{.file = file}.read()));
    const size_t slash = file.rfind('/');
    return kube::access_of_kubeconfig(text, slash == std::string::npos ? "." : file.substr(0, slash),
                                      flags.value("--context"));
}

std::string host_name() {
    char name[256] = "milena-operator";
    if (::gethostname(name, sizeof name - 1) != 0) return "milena-operator";
    return name;
}

HealthServer::Answer answer(Operator& running, std::string_view path) {
    if (path == "/metrics") return {200, running.metrics(), "text/plain; version=0.0.4; charset=utf-8"};
    if (path == "/livez")
        return running.is_live() ? HealthServer::Answer{200, "ok\n"}
                                 : HealthServer::Answer{500, "a watch hears nothing\n"};
    if (path == "/readyz")
        return running.is_ready() ? HealthServer::Answer{200, "ok\n"}
                                  : HealthServer::Answer{503, "not everything was listed yet\n"};
    return {404, "/metrics, /livez, /readyz\n"};
}

int refuse(const std::string& reason) {
    std::fprintf(stderr, "milena-operator: %s\n", reason.c_str());
    return 2;
}

int let_go(const Flags& flags, std::shared_ptr<kube::Access> access, env::Clock& clock) {
    const std::unique_ptr<kube::HttpTransport> transport = kube::make_cpprest_transport(std::move(access));
    kube::Client client(*transport);
    const auto count = reconcile::let_go_of_topics(client, flags.value("--namespace"), clock);
    if (!count) return refuse(count.error().to_string());
    log_info("topics let go of", {{"count", *count}});
    return 0;
}

int serve(const Flags& flags) {
    const int port = flags.number("--metrics-port", 8080);
    const int workers = flags.number("--workers", 4);
    if (port < 0 || port > 65535) return refuse("--metrics-port must be from 0 to 65535");
    if (workers < 1 || workers > 64) return refuse("--workers must be from 1 to 64");
    const auto level = parse_log_level(flags.value("--log-level", "INFO"));
    if (!level) return refuse("--log-level must be DEBUG, INFO, WARN or ERROR");
    set_log_level(*level);
    auto access_config = access_of(flags);
    if (!access_config) return refuse(access_config.error().message);

    // Before there is any thread: signals are taken by the one that waits for them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    if (access_config->authority.is_given()) kube::trust_only_given_authorities();
    kube::start_transport_threads(2);

    env::SystemClock clock;
    const auto access = std::make_shared<kube::Access>(*access_config, clock);
    if (!flags.value("--let-go").empty()) return let_go(flags, access, clock);
    env::SystemRandom random;
    OperatorConfig config;
    config.watches.space = flags.value("--namespace");
    config.elects = flags.value("--no-leader-election").empty();
    config.workers = workers;
    config.instance = host_name();
    config.settings.image_repository = flags.value("--image-repository", "milena");
    config.election.space = flags.value("--lease-namespace", access_config->space);
    config.election.identity = config.instance + "_" + std::to_string(random.next());
    Operator running(config, access, brokers_of, topics_of, clock, random);
    HealthServer health([&](std::string_view path) { return answer(running, path); });
    if (const auto started = health.start(port); !started) return refuse(started.error());
    log_info("health served", {{"port", health.port()}});
    running.start();
    std::thread waiter([&] {
        int signal = 0;
        sigwait(&signals, &signal);
        running.stop();
    });
    // Whoever has lost the lease does nothing any more, not even end in order.
    if (!running.run()) std::_Exit(1);
    waiter.join();
    return 0;
}

}  // namespace
}  // namespace milena

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    for (const std::string& argument : arguments)
        if (argument == "--help" || argument == "-h") {
            std::fwrite(milena::usage.data(), 1, milena::usage.size(), stdout);
            return 0;
        }
    const milena::Flags flags = milena::parse(arguments);
    return flags.error.empty() ? milena::serve(flags) : milena::refuse(flags.error);
}
