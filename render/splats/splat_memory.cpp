#include "render/splats/splat_memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace longtake::render {
namespace {

constexpr size_t kPiece = 4096;            // bytes that are compared and copied as one
constexpr size_t kMost = size_t{4} << 20;  // bytes of a submission
constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                      VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_DST_BIT;

std::array<const Tensor*, SplatMemory::kColumns> columns_of(const Splats& splats) {
    return {&splats.means, &splats.log_scales, &splats.rotations, &splats.opacities,
            &splats.sh_dc, &splats.sh_rest,    &splats.marks};
}

struct Piece {
    size_t column, offset, bytes;
};

// What differs; all of it where there was something of another size.
void find_changes(const Tensor& before, const Tensor& now, size_t column, std::vector<Piece>& out) {
    const bool known = !before.empty() && before.bytes() == now.bytes();
    if (now.empty() || (known && before.raw() == now.raw())) {
        return;
    }
    const auto* old_bytes = static_cast<const std::byte*>(before.raw());
    const auto* bytes = static_cast<const std::byte*>(now.raw());
    bool growing = false;  // the last piece ends here
    for (size_t at = 0; at < now.bytes(); at += kPiece) {
        const size_t size = std::min(kPiece, now.bytes() - at);
        const bool changed = !known || std::memcmp(old_bytes + at, bytes + at, size) != 0;
        if (changed && growing && out.back().bytes < kMost) {
            out.back().bytes += size;
        } else if (changed) {
            out.push_back({column, at, size});
        }
        growing = changed;
    }
}

constexpr Dependency kReadBefore{
    .from_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_COPY_BIT,
    .from_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
    .to_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
    .to_access = VK_ACCESS_2_TRANSFER_WRITE_BIT};
constexpr Dependency kThere{.from_stage = VK_PIPELINE_STAGE_2_COPY_BIT,
                            .from_access = VK_ACCESS_2_TRANSFER_WRITE_BIT,
                            .to_stage = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT,
                            .to_access = VK_ACCESS_2_SHADER_STORAGE_READ_BIT};

}  // namespace

void SplatMemory::make_room(const Splats& now) {
    const auto wanted = columns_of(now);
    bool idle = false;
    for (size_t c = 0; c < kColumns; ++c) {
        const size_t bytes = (wanted[c]->empty() ? 0 : wanted[c]->bytes() + 3) / 4 * 4;
        if (bytes > columns_[c].size()) {
            if (!idle) {
                device_.wait_idle();
                idle = true;
            }
            const size_t before = columns_[c].size();
            columns_[c] = Buffer(device_, before > 0 ? bytes + bytes / 4 : bytes, kUsage, false);
            *const_cast<Tensor*>(columns_of(last_)[c]) = {};
        }
    }
}

int64_t SplatMemory::update(Submission& submission, StagingRing& staging, const Splats& now) {
    make_room(now);
    std::vector<Piece> pieces;
    const auto before = columns_of(last_), columns = columns_of(now);
    for (size_t c = 0; c < kColumns; ++c) {
        find_changes(*before[c], *columns[c], c, pieces);
    }
    int64_t sum = 0;
    for (size_t i = 0; i < pieces.size();) {
        VkCommandBuffer commands = submission.begin();
        depend(commands, kReadBefore);
        for (size_t bytes = 0; i < pieces.size() && bytes < kMost; ++i) {
            const Piece& piece = pieces[i];
            const auto room = staging.take(submission, piece.bytes);
            std::memcpy(room.bytes.data(),
                        static_cast<const std::byte*>(columns[piece.column]->raw()) + piece.offset,
                        piece.bytes);
            const VkBufferCopy region{room.offset, piece.offset, piece.bytes};
            vkCmdCopyBuffer(commands, room.buffer, columns_[piece.column].get(), 1, &region);
            bytes += piece.bytes;
            sum += static_cast<int64_t>(piece.bytes);
        }
        depend(commands, kThere);
        submission.submit();
    }
    last_ = now;
    return sum;
}

SplatMemory::Addresses SplatMemory::addresses() const {
    Addresses out{};
    for (size_t c = 0; c < kColumns; ++c) {
        out[c] = columns_[c].address();
    }
    return out;
}

}  // namespace longtake::render
