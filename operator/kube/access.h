// Where the API server is and who we are to it. Files are read again: a token once a minute or when it was refused,
// certificates for every new connection, so that whoever rotates them need not restart us. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "env/clock.h"
#include "kube/error.h"

namespace milena::kube {

// Text that is given, or lies in a file.
struct TextOrFile {
    std::string text{};
    std::string file{};

    bool is_given() const { return !text.empty() || !file.empty(); }
    Outcome<std::string> read() const;
};

struct AccessConfig {
    std::string server{};  // "https://10.0.0.1:443"
    std::string space = "default";
    TextOrFile authority{};  // PEM, as the next two
    TextOrFile certificate{};
    TextOrFile key{};
    TextOrFile token{};
};

// What a TLS connection is made with. Empty: not given.
struct TlsTexts {
    std::string authority;
    std::string certificate;
    std::string key;
};

class Access {
  public:
    Access(AccessConfig config, env::Clock& clock) : config_(std::move(config)), clock_(clock) {}

    const std::string& server() const { return config_.server; }
    const std::string& space() const { return config_.space; }
    // Empty: none is configured.
    Outcome<std::string> token();
    // It was refused: reads it anew and says whether it is another one.
    bool renew_token();
    Outcome<TlsTexts> tls() const;

  private:
    const AccessConfig config_;
    env::Clock& clock_;
    std::mutex mutex_;
    std::string token_;
    std::optional<Instant> token_read_at_;
};

// As a pod finds it: the service account's directory, and the address from KUBERNETES_SERVICE_HOST and _PORT.
Outcome<AccessConfig> access_in_cluster(const std::string& directory, const char* host, const char* port);
// `text` is a kubeconfig; relative paths in it begin at `directory`. Its current context unless another is named.
Outcome<AccessConfig> access_of_kubeconfig(const std::string& text, const std::string& directory,
                                           const std::string& context = "");

}  // namespace milena::kube
