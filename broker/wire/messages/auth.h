// Authentication of a connection, SCRAM credentials and delegation tokens. The dump of these messages shows no secret:
// byte strings appear as their length only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// SaslHandshake (17): choose a mechanism. Version 1 announces that SaslAuthenticate follows; after version 0 the
// tokens come without Kafka's framing.
struct SaslHandshakeRequest {
    static constexpr Api api{.key = 17, .max = 1};

    std::string_view mechanism;
};

struct SaslHandshakeResponse {
    static constexpr Api api = SaslHandshakeRequest::api;

    ErrorCode error_code = ErrorCode::none;
    std::vector<std::string> mechanisms;
};

// SaslAuthenticate (36): one step of the exchange of the chosen mechanism.
struct SaslAuthenticateRequest {
    static constexpr Api api{.key = 36, .max = 2, .flexible = 2};

    Bytes auth_bytes;
};

struct SaslAuthenticateResponse {
    static constexpr Api api = SaslAuthenticateRequest::api;

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    Bytes auth_bytes;
    Since<1, int64_t> session_lifetime_ms = 0;
};

// DescribeUserScramCredentials (50): which users have SCRAM credentials; never the credentials (KIP-554). Null users
// mean all.
struct DescribeUserScramCredentialsRequest {
    static constexpr Api api{.key = 50, .max = 0, .flexible = 0};

    struct User {
        std::string_view name;
    };

    std::optional<std::vector<User>> users;
};

struct DescribeUserScramCredentialsResponse {
    static constexpr Api api = DescribeUserScramCredentialsRequest::api;

    struct CredentialInfo {
        int8_t mechanism = 0;
        int32_t iterations = 0;
    };

    struct Result {
        std::string user;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::vector<CredentialInfo> credential_infos;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Result> results;
};

// AlterUserScramCredentials (51): set or delete SCRAM credentials.
struct AlterUserScramCredentialsRequest {
    static constexpr Api api{.key = 51, .max = 0, .flexible = 0};

    struct Deletion {
        std::string_view name;
        int8_t mechanism = 0;
    };

    struct Upsertion {
        std::string_view name;
        int8_t mechanism = 0;
        int32_t iterations = 0;
        Bytes salt;
        Bytes salted_password;
    };

    std::vector<Deletion> deletions;
    std::vector<Upsertion> upsertions;
};

struct AlterUserScramCredentialsResponse {
    static constexpr Api api = AlterUserScramCredentialsRequest::api;

    struct Result {
        std::string user;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Result> results;
};

// CreateDelegationToken (38): a token with which others authenticate as the owner (KIP-48, KIP-373).
struct CreateDelegationTokenRequest {
    static constexpr Api api{.key = 38, .min = 1, .max = 3, .flexible = 2};

    struct Renewer {
        std::string_view principal_type;
        std::string_view principal_name;
    };

    Since<3, std::optional<std::string_view>> owner_principal_type;
    Since<3, std::optional<std::string_view>> owner_principal_name;
    std::vector<Renewer> renewers;
    int64_t max_lifetime_ms = 0;
};

struct CreateDelegationTokenResponse {
    static constexpr Api api = CreateDelegationTokenRequest::api;

    ErrorCode error_code = ErrorCode::none;
    std::string principal_type;
    std::string principal_name;
    Since<3, std::string> token_requester_principal_type;
    Since<3, std::string> token_requester_principal_name;
    int64_t issue_timestamp_ms = 0;
    int64_t expiry_timestamp_ms = 0;
    int64_t max_timestamp_ms = 0;
    std::string token_id;
    Bytes hmac;
    int32_t throttle_time_ms = 0;
};

// RenewDelegationToken (39): prolong a token.
struct RenewDelegationTokenRequest {
    static constexpr Api api{.key = 39, .min = 1, .max = 2, .flexible = 2};

    Bytes hmac;
    int64_t renew_period_ms = 0;
};

struct RenewDelegationTokenResponse {
    static constexpr Api api = RenewDelegationTokenRequest::api;

    ErrorCode error_code = ErrorCode::none;
    int64_t expiry_timestamp_ms = 0;
    int32_t throttle_time_ms = 0;
};

// ExpireDelegationToken (40): end a token early.
struct ExpireDelegationTokenRequest {
    static constexpr Api api{.key = 40, .min = 1, .max = 2, .flexible = 2};

    Bytes hmac;
    int64_t expiry_time_period_ms = 0;
};

struct ExpireDelegationTokenResponse {
    static constexpr Api api = ExpireDelegationTokenRequest::api;

    ErrorCode error_code = ErrorCode::none;
    int64_t expiry_timestamp_ms = 0;
    int32_t throttle_time_ms = 0;
};

// DescribeDelegationToken (41): the tokens of owners. Null owners mean all.
struct DescribeDelegationTokenRequest {
    static constexpr Api api{.key = 41, .min = 1, .max = 3, .flexible = 2};

    struct Owner {
        std::string_view principal_type;
        std::string_view principal_name;
    };

    std::optional<std::vector<Owner>> owners;
};

struct DescribeDelegationTokenResponse {
    static constexpr Api api = DescribeDelegationTokenRequest::api;

    struct Renewer {
        std::string principal_type;
        std::string principal_name;
    };

    struct Token {
        std::string principal_type;
        std::string principal_name;
        Since<3, std::string> token_requester_principal_type;
        Since<3, std::string> token_requester_principal_name;
        int64_t issue_timestamp = 0;
        int64_t expiry_timestamp = 0;
        int64_t max_timestamp = 0;
        std::string token_id;
        Bytes hmac;
        std::vector<Renewer> renewers;
    };

    ErrorCode error_code = ErrorCode::none;
    std::vector<Token> tokens;
    int32_t throttle_time_ms = 0;
};

}  // namespace milena::wire
