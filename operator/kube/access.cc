#include "kube/access.h"

#include <fstream>
#include <iterator>

namespace milena::kube {
namespace {

constexpr std::chrono::seconds token_life_max{60};

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return text;
}

}  // namespace

Outcome<std::string> TextOrFile::read() const {
    if (file.empty()) return text;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return unexpected(Error{Reason::unknown, 0, "cannot read \"" + file + "\""});
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

Outcome<std::string> Access::token() {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.now();
    if (token_read_at_ && now - *token_read_at_ < token_life_max) return token_;
    ASSIGN_OR_RETURN(token_, config_.token.read());
    token_ = trimmed(std::move(token_));
    token_read_at_ = now;
    return token_;
}

bool Access::renew_token() {
    const std::lock_guard lock(mutex_);
    auto read = config_.token.read();
    if (!read || trimmed(*read) == token_) return false;
    token_ = trimmed(*std::move(read));
    token_read_at_ = clock_.now();
    return true;
}

Outcome<TlsTexts> Access::tls() const {
    TlsTexts texts;
    ASSIGN_OR_RETURN(texts.authority, config_.authority.read());
    ASSIGN_OR_RETURN(texts.certificate, config_.certificate.read());
    ASSIGN_OR_RETURN(texts.key, config_.key.read());
    return texts;
}

Outcome<AccessConfig> access_in_cluster(const std::string& directory, const char* host, const char* port) {
    if (host == nullptr || *host == '\0')
        return unexpected(
            Error{Reason::unknown, 0,
                  "not in a pod: KUBERNETES_SERVICE_HOST is not set; name a kubeconfig with --kubeconfig"});
    AccessConfig config;
    const std::string name =
        std::string_view(host).find(':') == std::string_view::npos ? host : "[" + std::string(host) + "]";
    config.server = "https://" + name + ":" + (port == nullptr || *port == '\0' ? "443" : port);
    config.authority.file = directory + "/ca.crt";
    config.token.file = directory + "/token";
    ASSIGN_OR_RETURN(config.space, (TextOrFile{.file = directory + "/namespace"}.read()));
    config.space = trimmed(std::move(config.space));
    return config;
}

}  // namespace milena::kube
