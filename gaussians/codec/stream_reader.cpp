#include "gaussians/codec/stream_reader.h"

#include "core/error.h"
#include "gaussians/codec/key_frame.h"
#include "gaussians/codec/playlist.h"
#include "gaussians/codec/residual_frame.h"
#include "gaussians/codec/state_hash.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace longtake::gaussians {
namespace {

bool is_key(std::span<const std::byte> bytes) {
    try {
        return FrameHeader::unpack(bytes).key;
    } catch (const InputError&) {
        return false;
    }
}

constexpr uint64_t kTail = uint64_t{1} << 16;  // holds the index of 16,000 frames

}  // namespace

bool is_stream(const std::string& address) {
    const bool remote = address == "-" || address.find("://") != std::string::npos;
    if (remote || address.ends_with("playlist.json")) {
        return true;
    }
    if (!std::filesystem::is_regular_file(address)) {
        return false;
    }
    return StreamInfo::starts(open_bytes(address)->read(0, StreamInfo::kFixedBytes));
}

StreamReader::StreamReader(const std::string& address, const Options& options)
    : options_(options),
      arenas_{std::make_unique<Arena>(options.device), std::make_unique<Arena>(options.device)},
      source_(open_stream_bytes(address)) {
    try {
        auto head = source_->read(0, StreamInfo::kFixedBytes);
        const uint64_t size = StreamInfo::packed_bytes(head);
        const auto rest = source_->read(head.size(), size - head.size());
        head.insert(head.end(), rest.begin(), rest.end());
        info_ = StreamInfo::unpack(head);
        index_ = FrameIndex(size);
    } catch (const InputError& e) {
        fail_input("{}: {}", address, e.what());
    }
    seekable_ = source_->size().has_value();
    if (seekable_) {
        find_index();
    }
}

void StreamReader::find_index() {
    const uint64_t size = *source_->size(), tail = std::min(kTail, size);
    auto last = source_->read(size - tail, tail);
    const auto bytes = FrameIndex::packed_bytes(last);
    if (!bytes || *bytes > size - index_.end()) {
        return;
    }
    if (*bytes > last.size()) {
        last = source_->read(size - *bytes, *bytes);
    }
    if (last.size() >= *bytes) {
        const auto found =
            FrameIndex::unpack(std::span(last).last(*bytes), index_.end(), size - *bytes);
        finished_ = found.has_value();
        index_ = found.value_or(index_);
    }
}

// Finds frames that are complete by now behind those known.
void StreamReader::walk() {
    if (finished_) {
        return;
    }
    const auto size = source_->size();
    for (;;) {
        const auto bytes = source_->read(index_.end(), FrameHeader::kBytes);
        if (FrameIndex::starts(bytes)) {
            finished_ = true;
            return;
        }
        if (bytes.size() < FrameHeader::kBytes) {
            return;
        }
        FrameHeader header;
        try {
            header = FrameHeader::unpack(bytes);
        } catch (const InputError& e) {
            if (!options_.skip_damaged) {
                refuse(index_.size(), index_.end(), e.what());
            }
            if (!find_key()) {
                return;
            }
            continue;
        }
        if (size && index_.end() + header.bytes > *size) {
            return;
        }
        index_.add(header.bytes, header.key);
        ahead_ = header;
        if (!size) {  // a pipe, where the frame itself comes next
            return;
        }
    }
}

// Moves on to the next sound header of a key; false where none is to be found.
bool StreamReader::find_key() {
    constexpr uint64_t kPiece = uint64_t{1} << 20;
    for (uint64_t at = index_.end() + 1;;) {
        const auto bytes = source_->read(at, kPiece);
        if (bytes.size() < FrameHeader::kBytes) {
            return false;
        }
        const size_t places = bytes.size() - FrameHeader::kBytes + 1;
        for (size_t i = 0; i < places; ++i) {
            const auto here = std::span(bytes).subspan(i);
            if (FrameHeader::starts(here) && is_key(here)) {
                index_.skip_to(at + i);
                return true;
            }
        }
        at += places;
    }
}

std::optional<int64_t> StreamReader::frame_count() {
    if (!seekable_) {
        return std::nullopt;
    }
    walk();
    return static_cast<int64_t>(index_.size());
}

void StreamReader::refuse(size_t frame, uint64_t offset, const char* why) const {
    fail_input("{}: frame {}, at byte {}: {}", source_->address(),
               info_.first_frame + static_cast<int64_t>(frame), offset, why);
}

void StreamReader::seek(int64_t frame) {
    const auto target = static_cast<size_t>(std::max<int64_t>(frame, 0));
    while (seekable_ ? target >= index_.size() : next_ < target) {
        const size_t before = index_.size();
        seekable_ ? walk() : static_cast<void>(next());
        check_input(index_.size() > before, "{}: there is no frame {} among {}", source_->address(),
                    frame, index_.size());
    }
    if (!seekable_) {
        check_input(next_ == target, "{}: this is a pipe, which does not go back to frame {}",
                    source_->address(), frame);
        return;
    }
    const auto key = index_.key_before(target);
    check_input(key.has_value(), "{}: no key comes before frame {}", source_->address(), frame);
    const bool on_the_way = at_ && *at_ >= *key && *at_ < target;
    next_ = on_the_way ? *at_ + 1 : *key;
    while (next_ < target) {
        next();
    }
}

bool StreamReader::next() {
    for (;;) {
        if (next_ == index_.size()) {
            walk();
        }
        if (next_ >= index_.size()) {
            return false;
        }
        const uint64_t offset = index_[next_].offset;
        try {
            load();
            return true;
        } catch (const InputError& e) {
            at_.reset();
            if (!options_.skip_damaged) {
                refuse(next_, offset, e.what());
            }
            next_ = index_.key_after(next_ + 1).value_or(index_.size());
        }
    }
}

// For the next frame: that of the one before the last.
Arena& StreamReader::memory() {
    turn_ = 1 - turn_;
    scopes_[turn_].reset();
    scopes_[turn_].emplace(*arenas_[turn_]);
    return *arenas_[turn_];
}

FrameHeader StreamReader::header(int64_t frame) {
    const FrameIndex::Entry& entry = index_[static_cast<size_t>(frame)];
    try {
        return FrameHeader::unpack(source_->read(entry.offset, FrameHeader::kBytes));
    } catch (const InputError& e) {
        refuse(static_cast<size_t>(frame), entry.offset, e.what());
    }
}

std::vector<std::byte> StreamReader::copy(int64_t frame) {
    const FrameIndex::Entry& entry = index_[static_cast<size_t>(frame)];
    try {
        auto bytes = source_->read(entry.offset, entry.bytes);
        FrameHeader::unpack(bytes).split(std::span(bytes).subspan(FrameHeader::kBytes));
        return bytes;
    } catch (const InputError& e) {
        refuse(static_cast<size_t>(frame), entry.offset, e.what());
    }
}

// The frame next_.
void StreamReader::load() {
    const FrameIndex::Entry& entry = index_[next_];
    FrameHeader header = ahead_;
    std::vector<std::byte> bytes;
    if (seekable_) {
        bytes = source_->read(entry.offset, entry.bytes);
        header = FrameHeader::unpack(bytes);
        bytes.erase(bytes.begin(), bytes.begin() + FrameHeader::kBytes);
    } else {
        bytes =
            source_->read(entry.offset + FrameHeader::kBytes, entry.bytes - FrameHeader::kBytes);
    }
    const auto number = static_cast<int64_t>(header.number) - info_.first_frame;
    check_input(header.bytes == entry.bytes && header.key == entry.key &&
                    (options_.skip_damaged || number == static_cast<int64_t>(next_)),
                "this is frame {}, of another place", header.number);
    const FrameParts parts = header.split(bytes);
    if (header.key) {
        state_ = decode_key(parts, header.count, info_, memory());
    } else {
        check_input(at_ && *at_ + 1 == next_ && header.state_before == header_.state_after,
                    "the frame before it is missing");
        state_ = decode_residual(parts, header.count, state_, memory());
    }
    check_input(!options_.verify || state_hash(state_.cloud) == header.state_after,
                "decoding it gives something else than what was written");
    synchronize(options_.device, nullptr);
    header_ = header;
    at_ = next_++;
}

}  // namespace longtake::gaussians
