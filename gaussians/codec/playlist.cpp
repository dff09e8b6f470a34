#include "gaussians/codec/playlist.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/whole_number.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace longtake::gaussians {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMostBytes = uint64_t{1} << 24;        // of a playlist
constexpr uint64_t kMostStreamBytes = uint64_t{1} << 48;  // of all its pieces

// Read again whenever somebody asks how much there is, so that it can grow.
class PlaylistSource : public ByteSource {
  public:
    explicit PlaylistSource(const std::string& address) : address_(address) { load(); }

    const std::string& address() const override { return address_; }

    std::optional<uint64_t> size() override {
        load();
        return ends_.empty() ? 0 : ends_.back();
    }

    std::vector<std::byte> read(uint64_t offset, uint64_t count) override {
        std::vector<std::byte> out;
        while (out.size() < count) {
            const uint64_t at = offset + out.size();
            const auto piece =
                static_cast<size_t>(std::ranges::upper_bound(ends_, at) - ends_.begin());
            if (piece == ends_.size()) {
                break;
            }
            const uint64_t begin = piece == 0 ? 0 : ends_[piece - 1];
            const uint64_t wanted = std::min(count - out.size(), ends_[piece] - at);
            const auto bytes = open(piece).read(at - begin, wanted);
            out.insert(out.end(), bytes.begin(), bytes.end());
            check_input(bytes.size() == wanted, "{}: is shorter than {} says", opened_->address(),
                        address_);
        }
        return out;
    }

  private:
    void load() {
        const auto bytes = open_bytes(address_)->read(0, kMostBytes);
        try {
            const Json json =
                Json::parse(reinterpret_cast<const char*>(bytes.data()),
                            reinterpret_cast<const char*>(bytes.data()) + bytes.size());
            files_.clear();
            ends_.clear();
            uint64_t end = 0;
            for (const Json& piece : json.at("pieces")) {
                files_.push_back(piece.at("file").get<std::string>());
                check_input(files_.back().find('/') == std::string::npos, "{}: {} is not beside it",
                            address_, one_line(files_.back()));
                const auto size = whole<uint64_t>(piece.at("bytes"));
                check_input(size > 0 && size <= kMostStreamBytes - end, "{}: a piece of {} bytes",
                            address_, size);
                end += size;
                ends_.push_back(end);
            }
        } catch (const Json::exception& e) {
            fail_input("{}: is no playlist: {}", address_, one_line(e.what()));
        }
    }

    ByteSource& open(size_t piece) {
        if (!opened_ || piece != open_) {
            opened_ = open_bytes(address_.substr(0, address_.rfind('/') + 1) + files_[piece]);
            open_ = piece;
        }
        return *opened_;
    }

    std::string address_;
    std::vector<std::string> files_;
    std::vector<uint64_t> ends_;
    std::unique_ptr<ByteSource> opened_;
    size_t open_ = 0;
};

}  // namespace

void write_playlist(const std::filesystem::path& path, const std::vector<PlaylistPiece>& pieces) {
    Json json = Json::array();
    for (const PlaylistPiece& piece : pieces) {
        json.push_back({{"file", piece.file}, {"bytes", piece.bytes}});
    }
    AtomicFile file(path);
    file.write(Json{{"pieces", json}}.dump(1) + "\n");
    file.commit();
}

std::unique_ptr<ByteSource> open_stream_bytes(const std::string& address) {
    return address.ends_with(".json") ? std::make_unique<PlaylistSource>(address)
                                      : open_bytes(address);
}

}  // namespace longtake::gaussians
