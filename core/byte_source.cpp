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

}  // namespace

struct ByteSource::State {
    explicit State(const std::string& name) : address(name), deadline(kPatience) {
        av::capture_log();
        const AVIOInterruptCB interrupt = deadline.callback();
        av::Dictionary options;
        if (name.starts_with("http")) {
            options.set("multiple_requests", "1");
        }
        AVIOContext* opened = nullptr;
        const int result =
            avio_open2(&opened, url_of(name).c_str(), AVIO_FLAG_READ, &interrupt, options.get());
        check_input(result >= 0, "cannot read {}: {}", name, av::reason(result));
        io.reset(opened);
    }

    bool seekable() const { return (io->seekable & AVIO_SEEKABLE_NORMAL) != 0; }

    void go_to(uint64_t offset) {
        const auto at = static_cast<uint64_t>(avio_tell(io.get()));
        if (at == offset) {
            io->eof_reached = 0;  // a file may have grown
            return;
        }
        check_input(offset > at || seekable(), "{}: this is a pipe, which cannot be read again",
                    address);
        const int64_t moved = seekable()
                                  ? avio_seek(io.get(), static_cast<int64_t>(offset), SEEK_SET)
                                  : avio_skip(io.get(), static_cast<int64_t>(offset - at));
        check_input(moved >= 0, "cannot read {}: {}", address, av::reason(static_cast<int>(moved)));
    }

    std::string address;
    av::Deadline deadline;
    std::unique_ptr<AVIOContext, Close> io;
};

ByteSource::ByteSource(const std::string& address) : state_(std::make_unique<State>(address)) {}
ByteSource::~ByteSource() = default;
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;

const std::string& ByteSource::address() const {
    return state_->address;
}

std::optional<uint64_t> ByteSource::size() {
    if (!state_->seekable()) {
        return std::nullopt;
    }
    state_->deadline.restart();
    const int64_t bytes = avio_size(state_->io.get());
    check_input(bytes >= 0, "cannot read {}: {}", state_->address,
                av::reason(static_cast<int>(bytes)));
    return static_cast<uint64_t>(bytes);
}

std::vector<std::byte> ByteSource::read(uint64_t offset, uint64_t count) {
    state_->deadline.restart();
    state_->go_to(offset);
    std::vector<std::byte> bytes;
    size_t have = 0;
    while (have < count) {
        if (have == bytes.size()) {
            bytes.resize(std::min<uint64_t>(count, std::max(kPiece, 2 * have)));
        }
        state_->deadline.restart();
        const int got = avio_read(state_->io.get(), reinterpret_cast<uint8_t*>(bytes.data()) + have,
                                  static_cast<int>(std::min(kPiece, bytes.size() - have)));
        check_input(got >= 0 || got == AVERROR_EOF, "cannot read {}: {}", state_->address,
                    av::reason(got));
        if (got <= 0) {
            break;
        }
        have += static_cast<size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

}  // namespace longtake
