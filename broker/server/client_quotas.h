// ClientQuotas: what clients have used of their quotas, and for how long those that have used too much are left alone.
// One for each shard, used by its thread only: what is used here counts at once, what is used on other shards as soon
// as they have told: within told_within, and at once of what is a quota's worth of that time. Costs a comparison while
// no quota is configured.
//
// Whose quota counts for a client is Kafka's rule: the first of
//     user and client id, user and default client, user, default user and client id, default user and default client,
//     default user, client id, default client
// that has one. A default is one quota for each client that it applies to, not one for all of them together.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "metadata/image.h"
#include "server/quota_rate.h"

namespace milena::server {

enum class QuotaType : uint8_t { produce, fetch, request, controller_mutation };
inline constexpr size_t quota_types = 4;

struct QuotaClient {
    std::string_view user;
    std::string_view client_id;
};

// For how long a client is left alone, and which of its quotas is to blame.
struct Throttle {
    Duration time{};
    QuotaType type = QuotaType::request;

    // The longer one counts.
    Throttle or_longer(const Throttle& other) const { return other.time > time ? other : *this; }
};

struct QuotaMetrics {
    struct OfType {
        uint64_t throttled_requests = 0;
        Duration throttle_time{};
    };
    std::array<OfType, quota_types> by_type;

    void add(const QuotaMetrics& other);
};

class ClientQuotas {
  public:
    struct Options {
        QuotaWindow window;
        QuotaWindow controller_window;
        // Something was used that other shards don't know of: they are to be told within told_within, which is said
        // once before take_used(), or at once. None: there are no others.
        std::function<void(bool at_once)> used;
    };

    ClientQuotas(env::Clock& clock, Options options);
    ClientQuotas(const ClientQuotas&) = delete;
    ClientQuotas& operator=(const ClientQuotas&) = delete;

    // The quotas that count from now on. Nearly always the same ones as before, which costs nothing.
    void adopt(const std::shared_ptr<const metadata::ClientQuotas>& quotas) {
        if (quotas != quotas_) change(quotas);
    }
    // False: nobody has a quota of this type.
    bool limits(QuotaType type) const { return limited_[static_cast<size_t>(type)]; }
    bool limits_any() const { return limits_any_; }

    // Records what was used: bytes, per cent of a thread's second, partitions.
    Throttle charge(QuotaType type, const QuotaClient& client, double amount);
    void take_back(QuotaType type, const QuotaClient& client, double amount);
    // How long it would be left alone for what it has used so far.
    Throttle debt(QuotaType type, const QuotaClient& client);
    // More at once is always too much.
    std::optional<double> amount_max(QuotaType type, const QuotaClient& client);
    bool is_unused(QuotaType type, const QuotaClient& client);

    void throttled(const Throttle& throttle);
    const QuotaMetrics& metrics() const { return metrics_; }

    // Whose usage is one: the names that the quota distinguishes.
    struct Payer {
        QuotaType type = QuotaType::produce;
        std::optional<std::string> user;
        std::optional<std::string> client_id;

        auto operator<=>(const Payer&) const = default;
    };
    struct Use {
        Payer payer;
        double amount = 0;
    };
    // What was used here since the last call, for the other shards; what was used there.
    std::vector<Use> take_used();
    void add_used(const std::vector<Use>& uses);

    static constexpr Duration told_within = std::chrono::milliseconds(50);

    // Of all names that are kept: clients choose how long theirs are, and how many.
    static constexpr size_t names_bytes_max = 8U << 20;

    size_t payers_count() const { return accounts_.size(); }
    size_t names_bytes() const { return names_bytes_; }

  private:
    struct Account {
        double limit = 0;
        QuotaRate rate;
        TokenBucket bucket;
        double untold = 0;  // to the other shards
        bool is_to_be_told = false;
    };
    using Accounts = std::map<Payer, Account>;
    using Paying = std::array<Accounts::value_type*, quota_types>;  // null: no quota

    struct Limit {
        Payer payer;
        double value = 0;
    };

    void change(const std::shared_ptr<const metadata::ClientQuotas>& quotas);
    const Paying& paying(const QuotaClient& client);
    std::optional<Limit> limit_of(QuotaType type, const QuotaClient& client) const;
    Account* account(QuotaType type, const QuotaClient& client) {
        if (!limits(type)) return nullptr;
        auto* paying_account = paying(client)[static_cast<size_t>(type)];
        return paying_account == nullptr ? nullptr : &paying_account->second;
    }
    void record(Accounts::value_type& account, double amount, Instant now);
    Throttle throttle_of(QuotaType type, Account& account, Instant now);
    const QuotaWindow& window_of(QuotaType type) const {
        return type == QuotaType::controller_mutation ? options_.controller_window : options_.window;
    }
    Accounts::value_type& account_of(const Payer& payer);
    void make_room(Instant now);
    void forget_unused(Instant now);
    template <class IsOver>
    void forget(IsOver is_over);

    env::Clock& clock_;
    const Options options_;
    std::shared_ptr<const metadata::ClientQuotas> quotas_;
    std::array<bool, quota_types> limited_{};
    bool limits_any_ = false;
    Accounts accounts_;
    // By user, by client id: found once, until the quotas change or somebody is forgotten.
    std::map<std::string, std::map<std::string, Paying, std::less<>>, std::less<>> paying_;
    size_t names_bytes_ = 0;  // with what belongs to each
    size_t names_bytes_bearable_ = names_bytes_max;
    std::vector<Accounts::value_type*> to_be_told_;
    Instant forgotten_at_;
    QuotaMetrics metrics_;
};

}  // namespace milena::server
