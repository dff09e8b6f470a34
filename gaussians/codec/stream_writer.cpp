#include "gaussians/codec/stream_writer.h"

#include "core/byte_source.h"
#include "core/error.h"
#include "core/file.h"
#include "gaussians/codec/key_frame.h"
#include "gaussians/codec/residual_frame.h"
#include "gaussians/codec/state_hash.h"
#include "gaussians/codec/stream_reader.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace longtake::gaussians {
namespace {

std::filesystem::path partial_of(const std::filesystem::path& path) {
    return path.string() + ".partial";
}

}  // namespace

StreamWriter::~StreamWriter() {
    if (unfinished_ == Unfinished::Remove && file_.is_open()) {
        file_.close();
        std::error_code ignored;
        std::filesystem::remove(partial_, ignored);
    }
}

StreamWriter::StreamWriter(const std::filesystem::path& path, const StreamInfo& info,
                           Unfinished unfinished)
    : info_(info), unfinished_(unfinished) {
    open(path, true);
    const auto header = info.pack();
    put(header);
    file_.flush();
    index_ = FrameIndex(header.size());
}

bool StreamWriter::can_resume(const std::filesystem::path& path, const StreamInfo& info) {
    const auto partial = partial_of(path);
    if (!std::filesystem::exists(partial)) {
        return false;
    }
    const auto head = info.pack();
    const auto there = open_bytes(partial.string())->read(0, head.size());
    return there.size() == head.size() ||
           !std::ranges::equal(there, std::span(head).first(there.size()));
}

StreamWriter StreamWriter::resume(const std::filesystem::path& path, const StreamInfo& info) {
    const auto partial = partial_of(path);
    StreamReader reader(partial.string());
    const auto header = info.pack();
    check_input(open_bytes(partial.string())->read(0, header.size()) == header,
                "{}: was begun with other settings or by another version; remove it to start again",
                partial.string());
    StreamWriter writer;
    writer.info_ = info;
    try {
        reader.frame_count();
    } catch (const InputError&) {
        // What a crash of the machine left at the end goes with the last segment.
    }
    writer.index_ = reader.index();
    const size_t whole = writer.index_.key_before(writer.index_.size()).value_or(0);
    writer.index_.cut(whole);
    if (whole > 0) {
        reader.seek(static_cast<int64_t>(whole) - 1);
        check(reader.next(), "{}: its last frame is gone", partial.string());
        writer.state_ = reader.coding_state().clone();
        writer.last_ = reader.frame();
    }
    std::filesystem::resize_file(partial, writer.index_.end());
    writer.open(path, false);
    return writer;
}

void StreamWriter::open(const std::filesystem::path& path, bool anew) {
    path_ = path;
    partial_ = partial_of(path);
    file_.open(partial_, std::ios::binary | (anew ? std::ios::trunc : std::ios::app));
    check_input(file_.good(), "{}: cannot write there: {}", path.string(), system_reason());
}

void StreamWriter::put(std::span<const std::byte> bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

void StreamWriter::append(FrameHeader header, const FrameParts& parts) {
    const auto payload = header.join(parts);
    put(header.pack());
    put(payload);
    end_frame(header);
}

void StreamWriter::end_frame(const FrameHeader& header) {
    file_.flush();
    check_input(file_.good(), "cannot write {}: {}", partial_.string(), system_reason());
    index_.add(header.bytes, header.key);
    last_ = header;
}

StreamWriter::Key StreamWriter::key(const FixedCloud& cloud) {
    check(cloud.mean_step == info_.mean_step && cloud.rest_decoder.latents() == info_.latents &&
              cloud.rest_decoder.features() == 3 * sh_rest_count(info_.sh_degree),
          "a cloud of {} latents and steps of {} in a stream of {} and {}",
          cloud.rest_decoder.latents(), cloud.mean_step, info_.latents, info_.mean_step);
    KeyFrame frame = encode_key(cloud.to(Device::Cpu));
    const auto count = static_cast<uint32_t>(cloud.count());
    append({.number = next_number(),
            .key = true,
            .state_after = state_hash(frame.state.cloud),
            .count = count,
            .changed = count,
            .parts = {}},
           frame.parts);
    state_ = frame.state.to(cloud.device());
    return {.cloud = state_.cloud, .order = std::move(frame.order)};
}

const FixedCloud& StreamWriter::residual(const Residual& residual) {
    check(!state_.changes.empty(), "there is no state to add to: a key comes first");
    if (state_.cloud.device() != residual.means.device()) {  // resumed
        state_ = state_.to(residual.means.device());
    }
    ResidualFrame frame = encode_residual(residual, state_);
    append({.number = next_number(),
            .key = false,
            .state_before = last_.state_after,
            .state_after = state_hash(frame.after.cloud),
            .count = static_cast<uint32_t>(residual.count()),
            .changed = static_cast<uint32_t>(frame.changed),
            .parts = {}},
           frame.parts);
    state_ = std::move(frame.after);
    return state_.cloud;
}

void StreamWriter::copy(std::vector<std::byte> frame) {
    FrameHeader header = FrameHeader::unpack(frame);
    check(header.key || (frame_count() > 0 && header.state_before == last_.state_after),
          "a frame does not follow the one before");
    header.number = next_number();
    const auto packed = header.pack();
    std::ranges::copy(packed, frame.begin());
    put(frame);
    state_ = {};
    end_frame(header);
}

void StreamWriter::finish() {
    put(index_.pack());
    file_.close();
    check_input(file_.good(), "cannot write {}: {}", partial_.string(), system_reason());
    std::filesystem::rename(partial_, path_);
}

}  // namespace longtake::gaussians
