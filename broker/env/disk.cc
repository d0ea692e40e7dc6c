#include "env/disk.h"

namespace milena::env {

std::string_view disk_error_name(DiskError error) {
    switch (error) {
        case DiskError::not_found: return "not found";
        case DiskError::already_exists: return "already exists";
        case DiskError::full: return "disk full";
        case DiskError::failed: return "input/output error";
    }
    return "unknown";
}

DiskResult<Bytes> read_file(Disk& disk, const std::string& path, size_t bytes_max) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file, disk.open(path, OpenMode::read_only));
    if (file->size() > bytes_max) return unexpected(DiskError::failed);
    std::vector<std::byte> content(file->size());
    ASSIGN_OR_RETURN(const size_t bytes, file->read_at(0, content));
    content.resize(bytes);
    return Bytes::from(std::move(content));
}

namespace {

std::string temporary_of(const std::string& path) { return path + ".tmp"; }

std::string directory_of(const std::string& path) {
    const size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

DiskResult<std::unique_ptr<File>> write_temporary(Disk& disk, const std::string& path, std::string_view content) {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file, disk.open(temporary_of(path), OpenMode::create_truncate));
    const Bytes bytes = Bytes::copy_of(content);
    if (!bytes.empty()) RETURN_IF_ERROR(file->write_at(0, std::span(&bytes, 1)));
    return file;
}

}  // namespace

DiskResult<void> replace_file(Disk& disk, const std::string& path, std::string_view content) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file, write_temporary(disk, path, content));
    RETURN_IF_ERROR(file->sync_now());
    RETURN_IF_ERROR(disk.rename(temporary_of(path), path));
    return disk.sync_directory(directory_of(path));
}

void replace_file_async(Disk& disk, const std::string& path, std::string_view content, DiskDone<void> done) {
    auto written = write_temporary(disk, path, content);
    if (!written.has_value()) return done(unexpected(written.error()));
    const std::shared_ptr<File> file = std::move(*written);
    file->sync(Urgency::awaited, [&disk, path, file, done = std::move(done)](DiskResult<void> synced) {
        if (synced.has_value()) synced = disk.rename(temporary_of(path), path);
        if (!synced.has_value()) return done(synced);
        disk.sync_directory_async(directory_of(path), Urgency::awaited, done);
    });
}

DiskResult<void> remove_tree(Disk& disk, const std::string& path) {
    auto entries = disk.list(path);
    if (!entries.has_value()) {
        if (entries.error() == DiskError::not_found) return {};
        return unexpected(entries.error());
    }
    for (const DirectoryEntry& entry : *entries) {
        const std::string child = path + "/" + entry.name;
        if (entry.is_directory)
            RETURN_IF_ERROR(remove_tree(disk, child));
        else
            RETURN_IF_ERROR(disk.remove(child));
    }
    return disk.remove(path);
}

}  // namespace milena::env
