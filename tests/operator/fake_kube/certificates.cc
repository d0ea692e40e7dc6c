#include "operator/fake_kube/certificates.h"

#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace milena::fake {
namespace {

template <class T, void (*F)(T*)>
struct Freed {
    void operator()(T* it) const { F(it); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

std::string text_of(const Memory& memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return {bytes, static_cast<size_t>(size)};
}

Memory memory_of(const std::string& text) {
    return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    check(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Pem make(const std::string& name, X509* issuer, EVP_PKEY* issuer_key) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made(X509_new());
    X509* own = made.get();
    static long serial = 1;
    X509_set_version(own, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(own), serial++);
    X509_gmtime_adj(X509_getm_notBefore(own), -3600);
    X509_gmtime_adj(X509_getm_notAfter(own), 3600);
    X509_set_pubkey(own, key.get());
    X509_NAME* subject = X509_get_subject_name(own);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    const bool is_authority = issuer == nullptr;
    X509_set_issuer_name(own, is_authority ? subject : X509_get_subject_name(issuer));
    extend(own, is_authority ? own : issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!is_authority) extend(own, issuer, NID_subject_alt_name, "IP:127.0.0.1");
    check(X509_sign(own, is_authority ? key.get() : issuer_key, EVP_sha256()) > 0);
    const Memory certificate(BIO_new(BIO_s_mem()));
    const Memory secret(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(certificate.get(), own);
    PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {text_of(certificate), text_of(secret)};
}

}  // namespace

Pem make_authority(const std::string& name) { return make(name, nullptr, nullptr); }

Pem make_certificate(const std::string& name, const Pem& authority) {
    const Certificate issuer(PEM_read_bio_X509(memory_of(authority.certificate).get(), nullptr, nullptr, nullptr));
    const Key key(PEM_read_bio_PrivateKey(memory_of(authority.key).get(), nullptr, nullptr, nullptr));
    return make(name, issuer.get(), key.get());
}

}  // namespace milena::fake
