#include "sim/sim_disk.h"

#include <algorithm>

namespace milena::sim {

using env::DirectoryEntry;
using env::DiskDone;
using env::DiskError;
using env::DiskResult;
using env::OpenMode;

namespace {

constexpr size_t sector_bytes = 512;
constexpr Duration operation_delay_max = std::chrono::milliseconds(20);

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    size_t begin = 0;
    while (begin <= path.size()) {
        const size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

}  // namespace

// One change of a file's content that is not durable yet: a write at `position`, or a cut to `position` bytes.
struct SimDisk::Write {
    uint64_t sequence = 0;
    uint64_t position = 0;
    bool is_truncation = false;
    std::vector<std::byte> content;

    void apply(std::vector<std::byte>& file, size_t bytes) const {
        if (is_truncation) {
            file.resize(position);
            return;
        }
        if (file.size() < position + bytes) file.resize(position + bytes);
        std::copy_n(content.begin(), bytes, file.begin() + static_cast<ptrdiff_t>(position));
    }
    void apply(std::vector<std::byte>& file) const { apply(file, content.size()); }
};

struct SimDisk::Node {
    // One atomic change of a directory: names that are bound anew, or unbound where the node is null.
    using NameChange = std::vector<std::pair<std::string, NodePtr>>;
    using Names = std::map<std::string, NodePtr>;

    bool is_directory = false;
    Names entries;                        // as the process sees them
    Names durable_entries;                // as of the last sync_directory
    std::deque<NameChange> name_changes;  // what lies between the two, in order
    uint64_t name_changes_count = 0;      // of all times
    std::vector<std::byte> content;
    std::vector<std::byte> durable;
    std::deque<Write> pending;
    uint64_t next_sequence = 1;
    Timestamp modified = no_timestamp;

    void rename(NameChange change) {
        apply(change, entries);
        name_changes.push_back(std::move(change));
        ++name_changes_count;
    }
    void make_names_durable(uint64_t count) {
        for (; name_changes_count - name_changes.size() < count; name_changes.pop_front())
            apply(name_changes.front(), durable_entries);
    }
    static void apply(const NameChange& change, Names& names) {
        for (const auto& [name, node] : change) {
            if (node)
                names[name] = node;
            else
                names.erase(name);
        }
    }
    void record(Write write) {
        write.sequence = next_sequence++;
        write.apply(content);
        pending.push_back(std::move(write));
    }
    void make_durable(uint64_t sequence_last) {
        for (; !pending.empty() && pending.front().sequence <= sequence_last; pending.pop_front())
            pending.front().apply(durable);
    }
};

// Only the test looks behind it.
struct SimDisk::SimRange final : RangeSource {
    explicit SimRange(NodePtr held) : node(std::move(held)) {}
    int descriptor() const override { return -1; }
    bool is_cached(uint64_t, size_t) const override { return true; }
    void load(uint64_t, size_t, std::function<void(bool)> done) const override { done(true); }

    const NodePtr node;
};

Bytes SimDisk::content_of(const FileRange& range) {
    const auto& content = dynamic_cast<const SimRange&>(*range.source).node->content;
    check(range.position + range.bytes <= content.size());
    return Bytes::copy_of(std::span(content).subspan(range.position, range.bytes));
}

std::vector<std::byte> SimDisk::durable_content(const std::string& path) const {
    const NodePtr node = find(path);
    return node ? node->durable : std::vector<std::byte>();
}

class SimFile final : public env::File {
  public:
    SimFile(SimDisk& disk, std::string path, SimDisk::NodePtr node, bool writable)
        : disk_(disk),
          path_(std::move(path)),
          node_(std::move(node)),
          generation_(disk.generation_),
          writable_(writable) {}

    uint64_t size() const override { return node_->content.size(); }

    DiskResult<Timestamp> modified() override {
        RETURN_IF_ERROR(usable());
        return node_->modified;
    }

    DiskResult<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
        check(writable_ && position <= size());
        RETURN_IF_ERROR(usable());
        SimDisk::Write write;
        write.position = position;
        for (const Bytes& part : parts)
            write.content.insert(write.content.end(), part.span().begin(), part.span().end());
        const uint64_t end = position + write.content.size();
        const uint64_t growth = end > size() ? end - size() : 0;
        if (disk_.writes_until_crash_ > 0 && --disk_.writes_until_crash_ == 0) return crash(std::move(write));
        if (growth > disk_.capacity_bytes_ - std::min(disk_.capacity_bytes_, disk_.used_bytes_))
            return fill(std::move(write));
        disk_.used_bytes_ += growth;
        node_->record(std::move(write));
        node_->modified = disk_.clock_.wall();
        return {};
    }

    DiskResult<size_t> read_at(uint64_t position, std::span<std::byte> into) override {
        RETURN_IF_ERROR(usable());
        if (position >= size()) return size_t{0};
        const size_t bytes = std::min<size_t>(into.size(), size() - position);
        std::copy_n(node_->content.begin() + static_cast<ptrdiff_t>(position), bytes, into.begin());
        return bytes;
    }

    DiskResult<size_t> read_cached(uint64_t position, std::span<std::byte> into) override {
        constexpr uint64_t one_cold_read_in = 8;
        if (disk_.random_.next() % one_cold_read_in == 0) return size_t{0};
        return read_at(position, into);
    }

    void read_async(uint64_t position, size_t bytes, DiskDone<Bytes> done) override {
        disk_.later([node = node_, position, bytes, done = std::move(done)] {
            const auto& content = node->content;
            const size_t from = std::min<size_t>(position, content.size());
            done(Bytes::copy_of(std::span(content).subspan(from, std::min(bytes, content.size() - from))));
        });
    }

    void load_async(uint64_t, size_t, DiskDone<void> done) override {
        disk_.later([done = std::move(done)] { done({}); });
    }

    DiskResult<void> truncate(uint64_t bytes) override {
        check(writable_);
        RETURN_IF_ERROR(usable());
        if (bytes < size()) disk_.used_bytes_ -= size() - bytes;
        SimDisk::Write cut;
        cut.position = bytes;
        cut.is_truncation = true;
        node_->record(std::move(cut));
        node_->modified = disk_.clock_.wall();
        return {};
    }

    void sync(env::Urgency, DiskDone<void> done) override {
        const uint64_t sequence_last = node_->next_sequence - 1;
        disk_.later([this_disk = &disk_, node = node_, path = path_, sequence_last, done = std::move(done)] {
            const auto met = this_disk->meet_sync_fault(path);
            if (met.has_value()) node->make_durable(sequence_last);
            done(met);
        });
    }

    DiskResult<void> sync_now() override {
        ++disk_.blocking_syncs_;
        disk_.blocked_on_ = path_;
        RETURN_IF_ERROR(usable());
        RETURN_IF_ERROR(disk_.meet_sync_fault(path_));
        node_->make_durable(node_->next_sequence - 1);
        return {};
    }

    std::optional<FileRange> cached_range(uint64_t position, size_t bytes) override {
        constexpr uint64_t one_cold_range_in = 8;
        if (disk_.random_.next() % one_cold_range_in == 0 || position + bytes > size()) return std::nullopt;
        return FileRange{std::make_shared<SimDisk::SimRange>(node_), position, bytes};
    }
    void start_writeback(uint64_t position, uint64_t bytes) override { disk_.writebacks.push_back({position, bytes}); }

  private:
    DiskResult<void> usable() {
        if (generation_ != disk_.generation_) return unexpected(DiskError::failed);
        return disk_.refuse(path_);
    }

    // The process dies here: a prefix of the write reaches the page cache.
    DiskResult<void> crash(SimDisk::Write write) {
        disk_.crashed_ = true;
        ++disk_.faults_met_;
        keep_prefix(std::move(write), disk_.random_.next());
        return unexpected(DiskError::failed);
    }

    DiskResult<void> fill(SimDisk::Write write) {
        ++disk_.faults_met_;
        const uint64_t room = disk_.capacity_bytes_ - std::min(disk_.capacity_bytes_, disk_.used_bytes_);
        keep_prefix(std::move(write), size() - write.position + room);
        return unexpected(DiskError::full);
    }

    void keep_prefix(SimDisk::Write write, uint64_t bytes) {
        write.content.resize(static_cast<size_t>(bytes % (write.content.size() + 1)));
        const uint64_t end = write.position + write.content.size();
        if (end > size()) disk_.used_bytes_ += end - size();
        if (!write.content.empty()) node_->record(std::move(write));
    }

    SimDisk& disk_;
    std::string path_;
    SimDisk::NodePtr node_;
    uint64_t generation_;
    bool writable_;
};

SimDisk::SimDisk(env::Random& random, env::Clock& clock, Schedule schedule)
    : random_(random), clock_(clock), schedule_(std::move(schedule)), root_(std::make_shared<Node>()) {
    root_->is_directory = true;
}

SimDisk::~SimDisk() = default;

SimDisk::NodePtr SimDisk::find(const std::string& path) const {
    NodePtr node = root_;
    for (const std::string& part : parts_of(path)) {
        if (!node->is_directory) return nullptr;
        const auto entry = node->entries.find(part);
        if (entry == node->entries.end()) return nullptr;
        node = entry->second;
    }
    return node;
}

SimDisk::NodePtr SimDisk::parent_of(const std::string& path) const {
    const size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? root_ : find(path.substr(0, slash));
}

DiskResult<void> SimDisk::refuse(const std::string& path) {
    if (crashed_) return unexpected(DiskError::failed);
    if (!failing_prefix_.empty() && path.starts_with(failing_prefix_)) {
        ++faults_met_;
        return unexpected(DiskError::failed);
    }
    return {};
}

DiskResult<void> SimDisk::meet_sync_fault(const std::string& path) {
    RETURN_IF_ERROR(refuse(path));
    if (!syncs_fail_) return {};
    ++faults_met_;
    return unexpected(DiskError::failed);
}

// Unless the process is dead by then.
void SimDisk::later(std::function<void()> event) {
    const Duration delay{static_cast<int64_t>(random_.next() % operation_delay_max.count())};
    schedule_(delay, [alive = std::weak_ptr<bool>(alive_), this, generation = generation_, event = std::move(event)] {
        if (!alive.expired() && generation_ == generation) event();
    });
}

DiskResult<std::unique_ptr<env::File>> SimDisk::open(const std::string& path, OpenMode mode) {
    RETURN_IF_ERROR(refuse(path));
    NodePtr node = find(path);
    if (node && node->is_directory) return unexpected(DiskError::failed);
    const bool creates = mode == OpenMode::create || mode == OpenMode::create_truncate;
    if (!node) {
        const NodePtr parent = parent_of(path);
        if (!creates || !parent) return unexpected(DiskError::not_found);
        node = std::make_shared<Node>();
        parent->rename({{parts_of(path).back(), node}});
    }
    auto file = std::make_unique<SimFile>(*this, path, node, mode != OpenMode::read_only);
    if (mode == OpenMode::create_truncate && file->size() > 0) RETURN_IF_ERROR(file->truncate(0));
    return std::unique_ptr<env::File>(std::move(file));
}

DiskResult<std::vector<DirectoryEntry>> SimDisk::list(const std::string& directory) {
    RETURN_IF_ERROR(refuse(directory));
    const NodePtr node = find(directory);
    if (!node || !node->is_directory) return unexpected(DiskError::not_found);
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, child] : node->entries)
        entries.push_back({.name = name, .is_directory = child->is_directory, .bytes = child->content.size()});
    return entries;
}

DiskResult<void> SimDisk::create_directories(const std::string& path) {
    RETURN_IF_ERROR(refuse(path));
    NodePtr node = root_;
    for (const std::string& part : parts_of(path)) {
        if (!node->entries.contains(part)) {
            const auto child = std::make_shared<Node>();
            child->is_directory = true;
            node->rename({{part, child}});
        }
        node = node->entries[part];
        if (!node->is_directory) return unexpected(DiskError::already_exists);
    }
    return {};
}

DiskResult<void> SimDisk::remove(const std::string& path) {
    RETURN_IF_ERROR(refuse(path));
    const NodePtr node = find(path);
    if (!node) return unexpected(DiskError::not_found);
    if (node->is_directory && !node->entries.empty()) return unexpected(DiskError::failed);
    used_bytes_ -= std::min<uint64_t>(used_bytes_, node->content.size());
    parent_of(path)->rename({{parts_of(path).back(), nullptr}});
    return {};
}

DiskResult<void> SimDisk::rename(const std::string& from, const std::string& to) {
    RETURN_IF_ERROR(refuse(from));
    const NodePtr node = find(from);
    const NodePtr target_parent = parent_of(to);
    if (!node || !target_parent) return unexpected(DiskError::not_found);
    if (const NodePtr old = find(to)) used_bytes_ -= std::min<uint64_t>(used_bytes_, old->content.size());
    const NodePtr source_parent = parent_of(from);
    if (source_parent == target_parent) {
        target_parent->rename({{parts_of(from).back(), nullptr}, {parts_of(to).back(), node}});
    } else {
        target_parent->rename({{parts_of(to).back(), node}});
        source_parent->rename({{parts_of(from).back(), nullptr}});
    }
    return {};
}

DiskResult<void> SimDisk::sync_directory(const std::string& path) {
    ++blocking_syncs_;
    blocked_on_ = path;
    const NodePtr node = find(path);
    RETURN_IF_ERROR(meet_sync_fault(path));
    if (!node || !node->is_directory) return unexpected(DiskError::not_found);
    node->make_names_durable(node->name_changes_count);
    return {};
}

void SimDisk::sync_directory_async(const std::string& path, env::Urgency, DiskDone<void> done) {
    const NodePtr node = find(path);
    const uint64_t count = node ? node->name_changes_count : 0;
    later([this, node, path, count, done = std::move(done)] {
        auto met = meet_sync_fault(path);
        if (met.has_value() && (!node || !node->is_directory)) met = unexpected(DiskError::not_found);
        if (met.has_value()) node->make_names_durable(count);
        done(met);
    });
}

DiskResult<env::DiskSpace> SimDisk::space(const std::string& path) {
    RETURN_IF_ERROR(refuse(path));
    return env::DiskSpace{.total_bytes = capacity_bytes_,
                          .usable_bytes = capacity_bytes_ - std::min(capacity_bytes_, used_bytes_)};
}

void SimDisk::restart() {
    ++generation_;
    crashed_ = false;
    writes_until_crash_ = 0;
}

void SimDisk::lose_power() {
    restart();
    used_bytes_ = 0;
    settle(*root_);
}

// What the device holds after the power came back: of a directory's un-synced changes the first few (a journalling
// file system keeps their order); each un-synced write is kept, dropped, or torn at a sector, on its own.
void SimDisk::settle(Node& node) {
    if (!node.is_directory) {
        for (const Write& write : node.pending) {
            const uint64_t draw = random_.next() % 4;
            if (draw == 0) continue;
            const size_t sectors = write.content.size() / sector_bytes;
            const size_t kept = draw == 1 ? random_.next() % (sectors + 1) * sector_bytes : write.content.size();
            write.apply(node.durable, kept);
        }
        node.pending.clear();
        node.content = node.durable;
        used_bytes_ += node.content.size();
        return;
    }
    const size_t kept = random_.next() % (node.name_changes.size() + 1);
    for (size_t i = 0; i < kept; ++i) Node::apply(node.name_changes[i], node.durable_entries);
    node.name_changes.clear();
    node.entries = node.durable_entries;
    for (const auto& [name, child] : node.entries) settle(*child);
}

void SimDisk::heal() {
    capacity_bytes_ = UINT64_MAX;
    failing_prefix_.clear();
    syncs_fail_ = false;
}

void SimDisk::collect(const NodePtr& node, const std::string& path, std::string_view suffix,
                      std::map<std::string, NodePtr>& found) const {
    if (!node->is_directory) {
        if (path.ends_with(suffix) && !node->content.empty()) found.emplace(path, node);
        return;
    }
    for (const auto& [name, child] : node->entries) collect(child, path + "/" + name, suffix, found);
}

std::optional<std::string> SimDisk::flip_bit(std::string_view suffix) {
    std::map<std::string, NodePtr> found;
    collect(root_, "", suffix, found);
    if (found.empty()) return std::nullopt;
    const auto& [path, node] = *std::next(found.begin(), static_cast<ptrdiff_t>(random_.next() % found.size()));
    node->make_durable(node->next_sequence - 1);
    const size_t at = random_.next() % node->content.size();
    const auto bit = static_cast<std::byte>(1U << (random_.next() % 8));
    node->content[at] ^= bit;
    node->durable = node->content;
    ++faults_met_;
    return path;
}

}  // namespace milena::sim
