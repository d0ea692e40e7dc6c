#include "controller/scram_keys.h"

#include <array>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace milena::controller {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

Bytes to_bytes(const Digest& digest, unsigned size) {
    return Bytes::copy_of(std::as_bytes(std::span(digest)).first(size));
}

Bytes hash(const EVP_MD* function, const Bytes& data) {
    Digest digest;
    unsigned size = 0;
    check(EVP_Digest(data.data(), data.size(), digest.data(), &size, function, nullptr) == 1);
    return to_bytes(digest, size);
}

Bytes hmac(const EVP_MD* function, const Bytes& key, std::string_view text) {
    Digest digest;
    unsigned size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    check(HMAC(function, key.data(), static_cast<int>(key.size()), data, text.size(), digest.data(), &size) != nullptr);
    return to_bytes(digest, size);
}

}  // namespace

std::optional<ScramMechanism> scram_mechanism(int8_t number) {
    const auto mechanism = static_cast<ScramMechanism>(number);
    const bool is_known = mechanism == ScramMechanism::sha_256 || mechanism == ScramMechanism::sha_512;
    return is_known ? std::optional(mechanism) : std::nullopt;
}

ScramKeys scram_keys(ScramMechanism mechanism, const Bytes& salted_password) {
    const EVP_MD* function = mechanism == ScramMechanism::sha_256 ? EVP_sha256() : EVP_sha512();
    return {.stored_key = hash(function, hmac(function, salted_password, "Client Key")),
            .server_key = hmac(function, salted_password, "Server Key")};
}

}  // namespace milena::controller
