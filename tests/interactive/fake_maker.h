#pragma once

#include "generator/control/control_queue.h"
#include "generator/control/motion_state.h"
#include "interactive/chunk_maker.h"

#include <algorithm>
#include <string>

namespace longtake::interactive {

// Makes chunks of 12 frames [4, 6, 3] out of nothing, each frame filled with its number; follows
// controls as a take does.
class FakeMaker : public ChunkMaker {
  public:
    static constexpr int64_t kFrames = 12;
    explicit FakeMaker(generator::ControlQueue& controls, int64_t height = 4, int64_t width = 6)
        : controls_(controls), height_(height), width_(width), motion_(width, height, 16) {}

    std::optional<MadeChunk> make(const generator::Stop& stop) override {
        MadeChunk chunk;
        for (const auto& [revision, control] : controls_.take()) {
            revision_ = revision;
            if (std::holds_alternative<generator::BeginTake>(control)) {
                ++take_;
                next_ = 0;
                motion_ = generator::MotionState(width_, height_, 16);
            } else if (const auto* show = std::get_if<generator::ShowPrompt>(&control)) {
                prompt_ = show->text;
            } else if (const auto* plan = std::get_if<generator::PlanPrompts>(&control)) {
                plan_ = plan->changes;
            } else if (const auto* hold = std::get_if<generator::HoldPoints>(&control)) {
                motion_.set(hold->handles);
            } else if (const auto* camera = std::get_if<generator::MoveCamera>(&control)) {
                motion_.set(camera->move);
            } else if (const auto* play = std::get_if<generator::PlayTracks>(&control)) {
                motion_.play(play->tracks);
            }
        }
        while (!plan_.empty() &&
               plan_.front().seconds <= static_cast<double>(next_ * kFrames) / 16 + 5e-4) {
            prompt_ = plan_.front().text;
            plan_.erase(plan_.begin());
        }
        if (stop()) {
            return std::nullopt;
        }
        chunk.frames = Tensor({kFrames, height_, width_, 3}, DType::U8);
        for (int64_t i = 0; i < kFrames; ++i) {
            auto frame = chunk.frames.slice(i, i + 1);
            paint(frame, next_ * kFrames + i);
        }
        chunk.motion = motion_.take_up(kFrames);
        chunk.receipt = {
            .chunk = next_, .first_frame = next_ * kFrames, .diffuse_ms = 40, .decode_ms = 20};
        chunk.finalize_ms = 10;
        chunk.take = take_;
        chunk.revision = revision_;
        chunk.prompt = prompt_;
        for (int64_t i = 0; i < 16; ++i) {
            chunk.cache.push_back({i < 6    ? generator::SlotKind::Sink
                                   : i < 9  ? generator::SlotKind::Kept
                                   : i < 13 ? generator::SlotKind::Recent
                                            : generator::SlotKind::Current,
                                   i >= 6 && i < 9 ? -1 : i,
                                   static_cast<double>(i < 6 ? i : i + 3)});
        }
        ++next_;
        return chunk;
    }
    void finish() override { ++finished; }

    int finished = 0;

  private:
    void paint(Tensor& frame, int64_t number) const {
        auto pixels = frame.values<uint8_t>();
        for (size_t i = 0; i < pixels.size(); ++i) {
            const auto x = static_cast<int64_t>(i / 3) % width_;
            pixels[i] = static_cast<uint8_t>(
                height_ < 8 ? number % 256 : (x * (60 + 50 * (i % 3)) / width_ + number) % 256);
        }
    }

    generator::ControlQueue& controls_;
    int64_t height_, width_;
    generator::MotionState motion_;
    std::vector<generator::PromptChange> plan_;
    std::string prompt_ = "none";
    int64_t revision_ = 0, take_ = 0, next_ = 0;
};

}  // namespace longtake::interactive
