#include "core/file.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace longtake {
namespace fs = std::filesystem;
namespace {

class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }

  private:
    int value_;
};

// An existing link is followed, so that the file it points to is replaced and not the link.
fs::path resolved(const fs::path& target) {
    std::error_code ignored;
    if (fs::is_symlink(target, ignored)) {
        const fs::path real = fs::canonical(target, ignored);
        return real.empty() ? target : real;
    }
    return target;
}

}  // namespace

std::string system_reason() {
    return std::generic_category().message(errno);
}

std::shared_ptr<const MappedFile> MappedFile::open(const fs::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    check_input(file.get() >= 0, "cannot open {}: {}", path.string(), system_reason());
    struct stat status {};
    const bool known = ::fstat(file.get(), &status) == 0;
    check_input(known, "cannot read {}: {}", path.string(), system_reason());
    check_input(S_ISREG(status.st_mode), "{} is not a regular file", path.string());
    const size_t size = static_cast<size_t>(status.st_size);
    const void* data = nullptr;
    if (size > 0) {
        data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
        check_input(data != MAP_FAILED, "cannot map {}: {}", path.string(), system_reason());
    }
    return std::shared_ptr<const MappedFile>(
        new MappedFile(static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
    if (size_ > 0) {
        ::munmap(const_cast<std::byte*>(data_), size_);
    }
}

void MappedFile::release() const {
    if (size_ > 0) {
        ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
    }
}

AtomicFile::AtomicFile(const fs::path& target) : target_(resolved(target)) {
    static std::atomic<unsigned> serial{0};
    std::error_code ignored;
    check_input(!fs::exists(target_, ignored) || fs::is_regular_file(target_, ignored),
                "cannot write {}: something other than a file has that name", target_.string());
    temporary_ = target_;
    temporary_ += fmt::format(".tmp-{}-{}", ::getpid(), serial++);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    check_input(descriptor_ >= 0, "cannot write {}: {}", target_.string(), system_reason());
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

void AtomicFile::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        check_input(n > 0, "cannot write {}: {}", target_.string(), system_reason());
        bytes = bytes.subspan(static_cast<size_t>(n));
    }
}

void AtomicFile::commit() {
    check(descriptor_ >= 0, "{} was committed already", target_.string());
    const bool done = ::close(std::exchange(descriptor_, -1)) == 0 &&
                      ::rename(temporary_.c_str(), target_.c_str()) == 0;
    check_input(done, "cannot write {}: {}", target_.string(), system_reason());
    temporary_.clear();
}

std::string read_text(const fs::path& path, size_t limit) {
    std::error_code ignored;
    check_input(!fs::is_directory(path, ignored), "{} is a folder, not a file", path.string());
    std::ifstream in(path, std::ios::binary);
    check_input(in.good(), "cannot open {}: {}", path.string(), system_reason());
    std::string text;
    char block[4096];
    while (in.read(block, sizeof block) || in.gcount() > 0) {
        text.append(block, static_cast<size_t>(in.gcount()));
        check_input(text.size() <= limit, "{} is longer than {} bytes", path.string(), limit);
    }
    check_input(!in.bad(), "cannot read {}", path.string());
    return text;
}

}  // namespace longtake
