#include "gaussians/formats/sog_source.h"

#include "core/error.h"
#include "core/text.h"
#include "core/compression.h"

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;
constexpr const char* kMeta = "meta.json";

// Names come from meta.json; none may lead out of the folder.
void check_plain(const std::string& name) {
    check_input(!name.empty() && fs::path(name).filename() == name && name != ".." && name != ".",
                "{} names {}, which is no file beside it", kMeta, in_quotes(name));
}

}  // namespace

SogSource::SogSource(const fs::path& path) {
    if (fs::is_directory(path)) {
        folder_ = path;
    } else if (path.filename() == kMeta) {
        folder_ = path.has_parent_path() ? path.parent_path() : fs::path(".");
    } else {
        archive_ = MappedFile::open(path);
        zip_.emplace(archive_->bytes());
        for (const std::string& name : zip_->names()) {
            if (fs::path(name).filename() == kMeta) {
                prefix_ = name.substr(0, name.size() - fs::path(kMeta).native().size());
            }
        }
    }
}

bool SogSource::contains(const std::string& name) const {
    return zip_ ? zip_->contains(prefix_ + name) : fs::is_regular_file(folder_ / name);
}

std::vector<std::byte> SogSource::file(const std::string& name) const {
    check_plain(name);
    check_input(contains(name), "its file {} is missing", in_quotes(name));
    if (!zip_) {
        const auto bytes = MappedFile::open(folder_ / name);
        return {bytes->bytes().begin(), bytes->bytes().end()};
    }
    const ZipMember member = zip_->member(prefix_ + name);
    if (member.deflated) {
        return inflate_raw(member.bytes, member.size);
    }
    return {member.bytes.begin(), member.bytes.end()};
}

}  // namespace longtake::gaussians
