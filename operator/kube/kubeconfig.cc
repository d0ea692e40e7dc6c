// The one unit that knows YAML.
#include <yaml-cpp/yaml.h>

#include "kube/access.h"

namespace milena::kube {
namespace {

Error refusal(const std::string& what) { return {Reason::unknown, 0, "kubeconfig: " + what}; }

std::string scalar(const YAML::Node& node) {
    return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

// The entry of a list of {name, KEY} with this name.
YAML::Node named(const YAML::Node& list, const std::string& name, const char* key) {
    if (list.IsDefined() && list.IsSequence())
        for (const YAML::Node& entry : list)
            if (scalar(entry["name"]) == name) return entry[key];
    return YAML::Node(YAML::NodeType::Undefined);
}

// `key` names a file, `key`-data has what it would hold in base64.
TextOrFile text_or_file(const YAML::Node& node, const std::string& key, const std::string& directory) {
    TextOrFile found;
    if (const std::string data = scalar(node[key + "-data"]); !data.empty()) {
        const std::vector<unsigned char> bytes = YAML::DecodeBase64(data);
        found.text.assign(bytes.begin(), bytes.end());
    } else if (const std::string file = scalar(node[key]); !file.empty()) {
        found.file = file.front() == '/' ? file : directory + "/" + file;
    }
    return found;
}

Outcome<AccessConfig> read(const YAML::Node& root, const std::string& directory, const std::string& wanted) {
    const std::string context_name = wanted.empty() ? scalar(root["current-context"]) : wanted;
    const YAML::Node context = named(root["contexts"], context_name, "context");
    if (!context.IsDefined()) return unexpected(refusal("there is no context \"" + context_name + "\""));
    const YAML::Node cluster = named(root["clusters"], scalar(context["cluster"]), "cluster");
    if (!cluster.IsDefined()) return unexpected(refusal("there is no cluster \"" + scalar(context["cluster"]) + "\""));
    const YAML::Node user = named(root["users"], scalar(context["user"]), "user");
    if (!user.IsDefined()) return unexpected(refusal("there is no user \"" + scalar(context["user"]) + "\""));
    if (user["exec"].IsDefined() || user["auth-provider"].IsDefined())
        return unexpected(refusal("user \"" + scalar(context["user"]) +
                                  "\" is authenticated by a plug-in; give it a token or a client certificate"));
    if (scalar(cluster["insecure-skip-tls-verify"]) == "true")
        return unexpected(refusal("insecure-skip-tls-verify is refused; give certificate-authority"));
    AccessConfig config;
    config.server = scalar(cluster["server"]);
    if (config.server.empty()) return unexpected(refusal("the cluster has no server"));
    while (config.server.ends_with('/')) config.server.pop_back();
    if (const std::string space = scalar(context["namespace"]); !space.empty()) config.space = space;
    config.authority = text_or_file(cluster, "certificate-authority", directory);
    config.certificate = text_or_file(user, "client-certificate", directory);
    config.key = text_or_file(user, "client-key", directory);
    config.token.text = scalar(user["token"]);
    if (const std::string file = scalar(user["tokenFile"]); config.token.text.empty() && !file.empty())
        config.token.file = file.front() == '/' ? file : directory + "/" + file;
    return config;
}

}  // namespace

Outcome<AccessConfig> access_of_kubeconfig(const std::string& text, const std::string& directory,
                                           const std::string& context) {
    try {
        const YAML::Node root = YAML::Load(text);
        if (!root.IsMap()) return unexpected(refusal("it is no map"));
        return read(root, directory, context);
    } catch (const YAML::Exception& error) {
        return unexpected(refusal(error.what()));
    }
}

}  // namespace milena::kube
