#include "core/byte_source.h"

#include "core/av_handles.h"
#include "core/error.h"

#include <algorithm>

namespace longtake {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr size_t kPiece = size_t{1} << 20;

std::string url_of(const std::string& address) {
    return address == "-"                             ? "pipe:0"
           : address.find("://") == std::string::npos ? av::file_url(address)
                                                      : address;
}

struct Close {
    void operator()(AVIOContext* p) const { avio_close(p); }
};

class AvSource : public ByteSource {
  public:
    explicit AvSource(const std::string& address) : address_(address), deadline_(kPatience) {
        av::capture_log();
        const AVIOInterruptCB interrupt = deadline_.callback();
        av::Dictionary options;
        if (address.starts_with("http")) {
            options.set("multiple_requests", "1");
        }
        AVIOContext* opened = nullptr;
        const int result =
            avio_open2(&opened, url_of(address).c_str(), AVIO_FLAG_READ, &interrupt, options.get());
        io_.reset(opened);
        check_read(result);
    }

    const std::string& address() const override { return address_; }

    std::optional<uint64_t> size() override {
        if (!seekable()) {
            return std::nullopt;
        }
        deadline_.restart();
        const int64_t bytes = avio_size(io_.get());
        check_read(bytes);
        return static_cast<uint64_t>(bytes);
    }

    std::vector<std::byte> read(uint64_t offset, uint64_t count) override {
        deadline_.restart();
        go_to(offset);
        std::vector<std::byte> bytes;
        size_t have = 0;
        while (have < count) {
            if (have == bytes.size()) {
                bytes.resize(std::min<uint64_t>(count, std::max(kPiece, 2 * have)));
            }
            deadline_.restart();
            const int got = avio_read(io_.get(), reinterpret_cast<uint8_t*>(bytes.data()) + have,
                                      static_cast<int>(std::min(kPiece, bytes.size() - have)));
            if (got == AVERROR_EOF || got == 0) {
                break;
            }
            check_read(got);
            have += static_cast<size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }

  private:
    bool seekable() const { return (io_->seekable & AVIO_SEEKABLE_NORMAL) != 0; }

    void check_read(int64_t result) const {
        check_input(result >= 0, "cannot read {}: {}", address_,
                    av::reason(static_cast<int>(result)));
    }

    void go_to(uint64_t offset) {
        const auto at = static_cast<uint64_t>(avio_tell(io_.get()));
        if (at == offset) {
            io_->eof_reached = 0;  // a file may have grown
            return;
        }
        check_input(offset > at || seekable(), "{}: this is a pipe, which cannot be read again",
                    address_);
        check_read(seekable() ? avio_seek(io_.get(), static_cast<int64_t>(offset), SEEK_SET)
                              : avio_skip(io_.get(), static_cast<int64_t>(offset - at)));
    }

    std::string address_;
    av::Deadline deadline_;
    std::unique_ptr<AVIOContext, Close> io_;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& address) {
    return std::make_unique<AvSource>(address);
}

}  // namespace longtake
