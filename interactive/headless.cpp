#include "interactive/headless.h"

#include "core/error.h"
#include "core/image.h"
#include "interactive/validation_report.h"

#include <cmath>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kPatience = 600;  // seconds that a step may wait

// What draws, and goes with its device.
struct OffscreenDrawing {
    explicit OffscreenDrawing(std::shared_ptr<const render::Instance> instance)
        : device(std::move(instance)), renderer(device, render::Offscreen::kFormat) {}

    render::Device device;
    render::Renderer renderer;
    std::optional<render::Offscreen> target;  // of the size of the picture
    bool proven = false;                      // it has drawn
};

class Stage {
  public:
    Stage(const std::string& address, ScreenOptions screen, const ScreenMaker& maker,
          std::shared_ptr<const render::Instance> instance, const HeadlessOptions& options)
        : options_(options), maker_(maker), instance_(std::move(instance)) {
        drawing_.emplace(instance_);
        screen.device = drawing_->device.name();
        screen.device_is_cpu = drawing_->device.is_cpu();
        screen.draws_gpu_frames = render::cuda_upload_problem(drawing_->device).empty();
        screen_ = maker(address, std::move(screen), 0);
        resize(options.width, options.height);
        if (options.video) {
            writer_ = options.video(width_, height_);
        }
    }

    void follow(const ScriptStep& step) {
        if (const auto* wait = std::get_if<WaitSeconds>(&step)) {
            const auto ticks = std::lround(wait->seconds * HeadlessOptions::kRate);
            for (int64_t i = 0; i < ticks; ++i) {
                tick();
            }
        } else if (const auto* frames = std::get_if<WaitFrames>(&step)) {
            wait_for_frames(frames->frames);
        } else if (const auto* size = std::get_if<ResizeTo>(&step)) {
            check_input(!writer_, "a script that changes the size cannot be written as a video");
            resize(size->width, size->height);
        } else if (std::holds_alternative<HideFigures>(step)) {
            screen_->hide_figures();
        } else if (const auto* shot = std::get_if<SaveShot>(&step)) {
            settle();
            screen_->draw(now_);
            write_png(shot->path, picture());
        } else if (const auto* event = std::get_if<InputEvent>(&step)) {
            screen_->input(*event);
            tick();
        }
    }

    bool ended() const { return screen_->quit() || options_.stop(); }

    void finish() {
        screen_->finish();
        if (writer_) {
            writer_->finish();
        }
    }

  private:
    void resize(int width, int height) {
        width_ = width;
        height_ = height;
        drawing_->target.reset();
        screen_->resize(width, height, options_.scale);
    }

    // Of the screen as it is. A device that is lost is opened anew: the screen knows none.
    Tensor picture() {
        for (;;) {
            try {
                if (!drawing_->target) {
                    drawing_->target.emplace(
                        drawing_->device,
                        VkExtent2D{static_cast<uint32_t>(width_), static_cast<uint32_t>(height_)});
                }
                Tensor drawn = drawing_->renderer.draw(screen_->whole_scene(), *drawing_->target);
                drawing_->proven = true;
                return drawn;
            } catch (const render::DeviceLost&) {
                if (!drawing_->proven) {
                    throw;  // nor would the next one draw
                }
                drawing_.reset();
                drawing_.emplace(instance_);
            }
        }
    }

    void wait_for_frames(int64_t frames) {
        const double until = now_ + kPatience;
        while (screen_->frames_shown() < frames && !ended()) {
            check_input(now_ < until, "the script waits for {} frames, but only {} come", frames,
                        screen_->frames_shown());
            tick();
        }
    }

    // Until the user interface has taken up what happened; time stands still.
    void settle() {
        for (int i = 0; i < 3; ++i) {
            screen_->draw(now_);
        }
    }

    void tick() {
        now_ += 1 / HeadlessOptions::kRate;
        screen_->pump();
        screen_->draw(now_);
        if (writer_) {
            writer_->write(picture().reshape({1, height_, width_, 3}));
        }
        if (const auto path = screen_->take_screenshot()) {
            write_png(*path, picture());
        }
        if (replace(screen_, maker_, now_)) {
            screen_->resize(width_, height_, options_.scale);
        }
    }

    const HeadlessOptions& options_;
    const ScreenMaker& maker_;
    std::shared_ptr<const render::Instance> instance_;
    std::optional<OffscreenDrawing> drawing_;
    std::unique_ptr<Screen> screen_;
    std::unique_ptr<FrameWriter> writer_;
    int width_ = 0, height_ = 0;
    double now_ = 0;
};

}  // namespace

void run_headless(const std::string& address, ScreenOptions screen, const ScreenMaker& maker,
                  const std::vector<ScriptStep>& script, const HeadlessOptions& options) {
    const auto instance = std::make_shared<render::Instance>(
        render::InstanceOptions{.validation = options.validation});
    {
        Stage stage(address, std::move(screen), maker, instance, options);
        for (const ScriptStep& step : script) {
            if (stage.ended()) {
                break;
            }
            stage.follow(step);
        }
        stage.finish();
    }
    report_validation(*instance);
}

}  // namespace longtake::interactive
