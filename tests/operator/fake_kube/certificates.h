// Certificates that are made for one test: an authority, and what it has signed for 127.0.0.1.
#pragma once

#include <string>

namespace milena::fake {

struct Pem {
    std::string certificate;
    std::string key;
};

Pem make_authority(const std::string& name);
// For servers and for clients alike.
Pem make_certificate(const std::string& name, const Pem& authority);

}  // namespace milena::fake
