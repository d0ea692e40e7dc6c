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

DiskResult<void> replace_file(Disk& disk, const std::string& path, std::string_view content) {
    const std::string temporary = path + ".tmp";
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file, disk.open(temporary, OpenMode::create_truncate));
    const Bytes bytes = Bytes::copy_of(content);
    if (!bytes.empty()) RETURN_IF_ERROR(file->write_at(0, std::span(&bytes, 1)));
    RETURN_IF_ERROR(file->sync_now());
    RETURN_IF_ERROR(disk.rename(temporary, path));
    const size_t slash = path.find_last_of('/');
    return disk.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
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
