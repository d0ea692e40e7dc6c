#include "shard/shard.h"

#include <algorithm>

#include <pthread.h>

namespace milena::shard {

Shard::Shard(env::DiskThreads& threads, const ShardOptions& options)
    : id_(options.id),
      offline_at_start_(options.directories_offline),
      loop_(clock_),
      disk_(threads,
            {.descriptors_max = options.descriptors_max, .post = [this](Task task) { post(std::move(task)); }}),
      cache_(options.tail_cache_bytes),
      partitions_(table_environment(options)) {}

Shard::~Shard() {
    check(!thread_.joinable());
    loop_.discard();
}

replica::TableEnvironment Shard::table_environment(const ShardOptions& options) {
    std::vector<replica::TableDirectory> table;
    std::vector<std::shared_ptr<const replica::DirectoryInventory>> inventories;
    for (const DirectoryAtStart& directory : options.directories) {
        directories_.push_back({directory.id, std::make_unique<storage::LogDirectory>(disk_, directory.path)});
        table.push_back({directory.id, directories_.back().files.get()});
        inventories.push_back(directory.inventory);
    }
    return {.node = options.node,
            .shard = options.id.value,
            .shard_count = options.shard_count,
            .directories = std::move(table),
            .inventories = std::move(inventories),
            .cache = cache_,
            .clock = clock_,
            .random = random_,
            .codecs = codecs_,
            .writeback_bytes = options.writeback_bytes,
            .are_directories_offline = options.directories_offline > 0,
            .opened = options.opened};
}

size_t Shard::directories_offline() const {
    const auto has_failed = [](const Directory& directory) { return directory.files->has_failed(); };
    return offline_at_start_ + static_cast<size_t>(std::ranges::count_if(directories_, has_failed));
}

void Shard::when_directory_fails(const std::function<void(const Uuid&)>& tell) {
    for (const Directory& directory : directories_)
        directory.files->when_failed([tell, id = directory.id] { tell(id); });
}

void Shard::when_directory_fills(const std::function<void(const Uuid&, bool is_full)>& tell) {
    for (const Directory& directory : directories_)
        directory.files->when_full([tell, id = directory.id](bool is_full) { tell(id, is_full); });
}

void Shard::start() {
    thread_ = std::thread([this] {
        const std::string name = "shard-" + std::to_string(id_.value);
        ::pthread_setname_np(::pthread_self(), name.c_str());
        loop_.run();
    });
}

void Shard::stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
}

void Shard::apply(const metadata::Delta& delta, std::shared_ptr<const settings::BrokerConfig> config) {
    image_ = delta.after;
    note_fenced(delta);
    config_ = config;
    partitions_.apply(delta, std::move(config));
    for (const metadata::TopicChange& change : delta.topics)
        if (!change.after) traffic_.erase(change.before->id);
}

void Shard::note_fenced(const metadata::Delta& delta) {
    for (const NodeId id : delta.brokers) {
        const metadata::BrokerImage* before = delta.before->broker(id);
        const metadata::BrokerImage* after = delta.after->broker(id);
        if (after == nullptr || !after->is_fenced)
            fenced_at_.erase(id);
        else if (before != nullptr && !before->is_fenced)
            fenced_at_[id] = clock_.now();
    }
}

std::optional<Instant> Shard::fenced_at(NodeId broker) const {
    const auto found = fenced_at_.find(broker);
    return found == fenced_at_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace milena::shard
