#include "server/client_quotas.h"

#include <algorithm>
#include <utility>

#include "controller/quota_names.h"

namespace milena::server {
namespace {

constexpr std::array<std::string_view, quota_types> keys{controller::producer_byte_rate, controller::consumer_byte_rate,
                                                         controller::request_percentage,
                                                         controller::controller_mutation_rate};

using Name = std::optional<std::string>;

size_t bytes_of(const ClientQuotas::Payer& payer) {
    constexpr size_t account_bytes = 256;
    return account_bytes + (payer.user ? payer.user->size() : 0) + (payer.client_id ? payer.client_id->size() : 0);
}

metadata::QuotaEntity entity(const std::optional<Name>& user, const std::optional<Name>& client_id) {
    metadata::QuotaEntity entity;
    if (user) entity.emplace(controller::quota_user, *user);
    if (client_id) entity.emplace(controller::quota_client_id, *client_id);
    return entity;
}

}  // namespace

void QuotaMetrics::add(const QuotaMetrics& other) {
    for (size_t i = 0; i < by_type.size(); ++i) {
        by_type[i].throttled_requests += other.by_type[i].throttled_requests;
        by_type[i].throttle_time += other.by_type[i].throttle_time;
    }
}

ClientQuotas::ClientQuotas(env::Clock& clock, Options options)
    : clock_(clock), options_(std::move(options)), forgotten_at_(clock.now()) {}

// What was used stays: a new limit is one for the past seconds, too.
void ClientQuotas::change(const std::shared_ptr<const metadata::ClientQuotas>& quotas) {
    quotas_ = quotas;
    forget([](const auto&) { return false; });
    limited_.fill(false);
    for (const auto& [entity, limits] : *quotas_)
        for (size_t type = 0; type < quota_types; ++type)
            if (!entity.contains(std::string(controller::quota_ip)) && limits.contains(std::string(keys[type])))
                limited_[type] = true;
    limits_any_ = std::ranges::find(limited_, true) != limited_.end();
}

std::optional<ClientQuotas::Limit> ClientQuotas::limit_of(QuotaType type, const QuotaClient& client) const {
    const Name user{client.user};
    const Name client_id{client.client_id};
    const Name any;
    struct Level {
        metadata::QuotaEntity entity;
        bool by_user;
        bool by_client_id;
    };
    const std::array<Level, 8> levels{{{entity(user, client_id), true, true},
                                       {entity(user, any), true, true},
                                       {entity(user, std::nullopt), true, false},
                                       {entity(any, client_id), true, true},
                                       {entity(any, any), true, true},
                                       {entity(any, std::nullopt), true, false},
                                       {entity(std::nullopt, client_id), false, true},
                                       {entity(std::nullopt, any), false, true}}};
    const std::string key(keys[static_cast<size_t>(type)]);
    for (const Level& level : levels) {
        const auto limits = quotas_->find(level.entity);
        if (limits == quotas_->end()) continue;
        const auto limit = limits->second.find(key);
        if (limit == limits->second.end()) continue;
        return Limit{{type, level.by_user ? user : Name(), level.by_client_id ? client_id : Name()}, limit->second};
    }
    return std::nullopt;
}

const ClientQuotas::Paying& ClientQuotas::paying(const QuotaClient& client) {
    make_room(clock_.now());
    auto user = paying_.find(client.user);
    if (user == paying_.end()) user = paying_.try_emplace(std::string(client.user)).first;
    const auto at = user->second.find(client.client_id);
    if (at != user->second.end()) return at->second;
    Paying found{};
    for (size_t type = 0; type < quota_types; ++type) {
        const auto limit = limit_of(static_cast<QuotaType>(type), client);
        if (!limit) continue;
        found[type] = &account_of(limit->payer);
        found[type]->second.limit = limit->value;
    }
    constexpr size_t place_bytes = 128;
    names_bytes_ += place_bytes + client.client_id.size();
    return user->second.emplace(client.client_id, found).first->second;
}

ClientQuotas::Accounts::value_type& ClientQuotas::account_of(const Payer& payer) {
    const auto [at, is_new] = accounts_.try_emplace(payer);
    if (is_new) names_bytes_ += bytes_of(payer);
    return *at;
}

void ClientQuotas::record(Accounts::value_type& account, double amount, Instant now) {
    const QuotaType type = account.first.type;
    if (type == QuotaType::controller_mutation)
        account.second.bucket.record(amount, account.second.limit, window_of(type), now);
    else
        account.second.rate.record(amount, window_of(type), now);
}

Throttle ClientQuotas::throttle_of(QuotaType type, Account& account, Instant now) {
    const QuotaWindow& window = window_of(type);
    if (type == QuotaType::controller_mutation) return {account.bucket.throttle_time(account.limit, window, now), type};
    const Duration time = account.rate.throttle_time(account.limit, window, now);
    // Time that was used can't be put off like bytes: nobody is left alone for longer than a sample.
    return {type == QuotaType::request ? std::min(time, window.sample_length) : time, type};
}

Throttle ClientQuotas::charge(QuotaType type, const QuotaClient& client, double amount) {
    if (!limits(type)) return {};
    auto* paying_account = paying(client)[static_cast<size_t>(type)];
    if (paying_account == nullptr) return {};
    Account& account = paying_account->second;
    const Instant now = clock_.now();
    record(*paying_account, amount, now);
    if (options_.used && type != QuotaType::controller_mutation) {
        account.untold += amount;
        const bool is_first = to_be_told_.empty();
        if (!std::exchange(account.is_to_be_told, true)) to_be_told_.push_back(paying_account);
        // Or each shard would let its connections have a whole window's worth before it hears of the others.
        const bool at_once = account.untold >= account.limit * in_seconds(told_within);
        if (is_first || at_once) options_.used(at_once);
    }
    return throttle_of(type, account, now);
}

void ClientQuotas::take_back(QuotaType type, const QuotaClient& client, double amount) {
    charge(type, client, -amount);
}

Throttle ClientQuotas::debt(QuotaType type, const QuotaClient& client) {
    Account* found = account(type, client);
    return found == nullptr ? Throttle{} : throttle_of(type, *found, clock_.now());
}

std::optional<double> ClientQuotas::amount_max(QuotaType type, const QuotaClient& client) {
    const Account* found = account(type, client);
    if (found == nullptr) return std::nullopt;
    return found->limit * in_seconds(window_of(type).length_min());
}

bool ClientQuotas::is_unused(QuotaType type, const QuotaClient& client) {
    Account* found = account(type, client);
    return found == nullptr || found->rate.is_unused(window_of(type), clock_.now());
}

void ClientQuotas::throttled(const Throttle& throttle) {
    QuotaMetrics::OfType& of_type = metrics_.by_type[static_cast<size_t>(throttle.type)];
    ++of_type.throttled_requests;
    of_type.throttle_time += throttle.time;
}

std::vector<ClientQuotas::Use> ClientQuotas::take_used() {
    std::vector<Use> uses;
    for (Accounts::value_type* account : std::exchange(to_be_told_, {})) {
        account->second.is_to_be_told = false;
        uses.push_back({account->first, std::exchange(account->second.untold, 0)});
    }
    return uses;
}

void ClientQuotas::add_used(const std::vector<Use>& uses) {
    const Instant now = clock_.now();
    for (const Use& use : uses) {
        make_room(now);
        record(account_of(use.payer), use.amount, now);
    }
}

// Those who call themselves by ever new names are let off with what they have used: so they would be anyway.
void ClientQuotas::make_room(Instant now) {
    if (now - forgotten_at_ >= options_.window.length()) forget_unused(now);
    if (names_bytes_ <= names_bytes_bearable_) return;
    forget_unused(now);
    if (names_bytes_ > names_bytes_max / 2) forget([](const auto& each) { return !each.second.is_to_be_told; });
    // What other shards are still to be told is there a moment longer, and not looked through each time.
    names_bytes_bearable_ = std::max(names_bytes_max, 2 * names_bytes_);
}

// Whoever has used nothing within the window is as good as never seen: clients choose their ids, and may choose many.
void ClientQuotas::forget_unused(Instant now) {
    forgotten_at_ = now;
    forget([&](const auto& each) {
        const auto& [payer, account] = each;
        if (account.is_to_be_told) return false;
        if (payer.type == QuotaType::controller_mutation)
            return account.bucket.is_full(account.limit, window_of(payer.type), now);
        return account.rate.is_unused(window_of(payer.type), now);
    });
}

template <class IsOver>
void ClientQuotas::forget(IsOver is_over) {
    paying_.clear();
    std::erase_if(accounts_, is_over);
    names_bytes_ = 0;
    for (const auto& [payer, account] : accounts_) names_bytes_ += bytes_of(payer);
}

}  // namespace milena::server
