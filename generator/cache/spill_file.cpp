#include "generator/cache/spill_file.h"

#include "core/error.h"
#include "core/file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace longtake::generator {
namespace {

int open_nameless(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) {
        return descriptor;
    }
    std::string name = (folder / "longtake-XXXXXX").string();
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) {
        ::unlink(name.c_str());
    }
    return named;
}

// Bytes that a file in the folder may have.
int64_t room_in(const std::filesystem::path& folder) {
    struct statvfs disk = {};
    rlimit most = {};
    int64_t room = INT64_MAX;
    if (::statvfs(folder.c_str(), &disk) == 0) {
        room = static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize);
    }
    if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY) {
        room = std::min(room, static_cast<int64_t>(most.rlim_cur));
    }
    return room;
}

}  // namespace

SpillFile::SpillFile(const std::filesystem::path& folder, int64_t bytes, const char* option)
    : folder_(folder) {
    check_input(std::filesystem::is_directory(folder), "{}: {} is not a folder", option,
                folder.string());
    const int64_t room = room_in(folder);
    check_input(bytes <= room,
                "{}: {} has room for a file of {} MiB, and {} are wanted; use {} or less, or "
                "another folder",
                option, folder.string(), room >> 20, bytes >> 20, room >> 20);
    descriptor_ = open_nameless(folder);
    check_input(descriptor_ >= 0, "{}: no file can be made in {}: {}", option, folder.string(),
                system_reason());
    if (::fallocate(descriptor_, 0, 0, bytes) != 0 && errno != EOPNOTSUPP) {
        const std::string reason = system_reason();
        ::close(descriptor_);
        fail_input("{}: {} MiB in {}: {}; use less, or another folder", option, bytes >> 20,
                   folder.string(), reason);
    }
    thread_ = std::thread([this] { work(); });
}

SpillFile::~SpillFile() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
    ::close(descriptor_);
}

void SpillFile::write(int64_t at, std::span<const std::byte> bytes) {
    settle();
    {
        const std::lock_guard lock(mutex_);
        bytes_ = bytes;
        at_ = at;
    }
    changed_.notify_all();
}

void SpillFile::settle() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return bytes_.empty(); });
    if (error_) {
        std::rethrow_exception(error_);
    }
}

void SpillFile::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !bytes_.empty() || closing_; });
        if (closing_) {
            return;
        }
        lock.unlock();
        std::exception_ptr error;
        try {
            write_now(at_, bytes_);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        error_ = error;
        bytes_ = {};
        changed_.notify_all();
    }
}

void SpillFile::write_now(int64_t at, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        check_input(written > 0,
                    "the disk of {} takes no more: {}; use a smaller disk=, or another "
                    "folder",
                    folder_.string(), system_reason());
        bytes = bytes.subspan(static_cast<size_t>(written));
        at += written;
    }
}

void SpillFile::read(int64_t at, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        check_input(got > 0, "what was put into {} cannot be read: {}", folder_.string(),
                    system_reason());
        bytes = bytes.subspan(static_cast<size_t>(got));
        at += got;
    }
}

}  // namespace longtake::generator
