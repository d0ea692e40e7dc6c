#include "kube/access.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {
namespace {

constexpr const char* kubeconfig = R"(apiVersion: v1
kind: Config
current-context: two
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority: pki/ca.crt}
contexts:
- name: one
  context: {cluster: c, user: certificates}
- name: two
  context: {cluster: c, user: token, namespace: kafka}
- name: plug-in
  context: {cluster: c, user: plug-in}
- name: nobody
  context: {cluster: c, user: nobody}
users:
- name: certificates
  user: {client-certificate-data: Y2VydA==, client-key: /pki/key}
- name: token
  user: {token: secret}
- name: plug-in
  user: {exec: {command: aws}}
)";

TEST(Kubeconfig, the_current_context_says_who_and_where) {
    const auto config = access_of_kubeconfig(kubeconfig, "/home/me/.kube");
    ASSERT_TRUE(config) << config.error().to_string();
    EXPECT_EQ("https://10.0.0.1:6443", config->server);
    EXPECT_EQ("kafka", config->space);
    EXPECT_EQ("secret", config->token.text);
    EXPECT_EQ("/home/me/.kube/pki/ca.crt", config->authority.file);
}

TEST(Kubeconfig, certificates_are_given_or_named) {
    const auto config = access_of_kubeconfig(kubeconfig, "/d", "one");
    ASSERT_TRUE(config) << config.error().to_string();
    EXPECT_EQ("cert", config->certificate.text);
    EXPECT_EQ("/pki/key", config->key.file);
    EXPECT_EQ("default", config->space);
}

TEST(Kubeconfig, what_is_missing_is_named) {
    EXPECT_NE(std::string::npos, access_of_kubeconfig(kubeconfig, "/", "x").error().message.find("context \"x\""));
    EXPECT_NE(std::string::npos, access_of_kubeconfig(kubeconfig, "/", "nobody").error().message.find("nobody"));
    EXPECT_NE(std::string::npos, access_of_kubeconfig(kubeconfig, "/", "plug-in").error().message.find("plug-in"));
    for (const char* text : {"", "[", "- a", "a: b", "current-context: x\ncontexts: 3", "{contexts: [1, {name: {}}]}"})
        EXPECT_FALSE(access_of_kubeconfig(text, "/")) << text;
}

TEST(Access, a_token_is_read_again_once_a_minute_and_when_it_was_refused) {
    const std::string file = "/tmp/milena-access-" + std::to_string(::getpid());
    const auto write = [&](const char* token) { std::ofstream(file) << token << "\n"; };
    ManualClock clock;
    Access access({.token = {.file = file}}, clock);
    EXPECT_FALSE(access.token());
    write("one");
    EXPECT_EQ("one", *access.token());
    write("two");
    EXPECT_EQ("one", *access.token());
    clock.advance(std::chrono::seconds(61));
    EXPECT_EQ("two", *access.token());
    EXPECT_FALSE(access.renew_token());
    write("three");
    EXPECT_TRUE(access.renew_token());
    EXPECT_EQ("three", *access.token());
    ::unlink(file.c_str());
}

TEST(Access, certificates_are_read_each_time) {
    const std::string file = "/tmp/milena-authority-" + std::to_string(::getpid());
    ManualClock clock;
    const Access access({.authority = {.file = file}, .key = {.text = "k"}}, clock);
    EXPECT_FALSE(access.tls());
    for (const char* text : {"one", "two"}) {
        std::ofstream(file) << text;
        EXPECT_EQ(text, access.tls()->authority);
        EXPECT_EQ("k", access.tls()->key);
    }
    ::unlink(file.c_str());
}

TEST(Access, a_pod_finds_its_server_in_the_environment) {
    EXPECT_FALSE(access_in_cluster("/nowhere", nullptr, nullptr));
    const std::string directory = "/tmp/milena-account-" + std::to_string(::getpid());
    ASSERT_EQ(0, ::system(("mkdir -p " + directory).c_str()));
    std::ofstream(directory + "/namespace") << "kafka\n";
    const auto config = access_in_cluster(directory, "fd00::1", "6443");
    ASSERT_TRUE(config);
    EXPECT_EQ("https://[fd00::1]:6443", config->server);
    EXPECT_EQ("kafka", config->space);
    EXPECT_EQ(directory + "/token", config->token.file);
    ASSERT_EQ(0, ::system(("rm -r " + directory).c_str()));
}

}  // namespace
}  // namespace milena::kube
