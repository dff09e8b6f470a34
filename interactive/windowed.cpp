#include "interactive/windowed.h"

#include "core/image.h"
#include "generator/stopwatch.h"
#include "interactive/validation_report.h"
#include "interactive/window.h"

#include <imgui.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace longtake::interactive {
namespace {

constexpr double kLongestWait = 0.25;  // seconds until a request to stop is seen

void share_clipboard(Window& window) {
    ImGuiIO& io = ImGui::GetIO();
    io.ClipboardUserData = &window;
    io.GetClipboardTextFn = [](void* user) { return static_cast<Window*>(user)->clipboard(); };
    io.SetClipboardTextFn = [](void* user, const char* text) {
        static_cast<Window*>(user)->set_clipboard(text);
    };
}

// What draws in the window, and goes with its device.
struct WindowDrawing {
    WindowDrawing(std::shared_ptr<const render::Instance> instance, const Window& window)
        : device(std::move(instance), window.surface()),
          swapchain(device, window.surface()),
          renderer(device, swapchain.format()) {}

    void save_picture(const std::filesystem::path& path, const Screen& screen,
                      VkExtent2D extent) const {
        render::Renderer beside(device, render::Offscreen::kFormat);
        render::Offscreen target(device, extent);
        write_png(path, beside.draw(screen.whole_scene(), target));
    }

    render::Device device;
    render::Swapchain swapchain;
    render::Renderer renderer;
    bool proven = false;  // it has drawn
};

// Until the window is closed. A device that is lost is opened anew: the screen knows none.
Settings watch(const std::string& address, ScreenOptions options, const ScreenMaker& maker,
               const std::shared_ptr<const render::Instance>& instance, Window& window,
               const std::function<bool()>& stop) {
    const generator::Stopwatch clock;
    std::optional<WindowDrawing> drawing(std::in_place, instance, window);
    options.device = drawing->device.name();
    options.device_is_cpu = drawing->device.is_cpu();
    options.draws_gpu_frames = render::cuda_upload_problem(drawing->device).empty();
    auto screen = maker(address, std::move(options), clock.seconds());
    share_clipboard(window);
    screen->start(WindowSystem::wake);
    VkExtent2D drawn{};
    while (!screen->quit() && !window.closing() && !stop()) {
        const VkExtent2D extent = window.extent();
        const bool resized = extent.width != drawn.width || extent.height != drawn.height;
        const bool visible = extent.width > 0 && extent.height > 0;
        double wait = kLongestWait;
        if (screen->stale(clock.seconds()) || resized) {
            screen->resize(static_cast<int>(extent.width), static_cast<int>(extent.height),
                           window.scale());
            const auto& scene = screen->draw(clock.seconds());
            try {
                if (visible && drawing->renderer.draw(scene, drawing->swapchain, extent)) {
                    drawn = extent;
                    wait = 0;
                    drawing->proven = true;
                } else {
                    screen->draw_all_again();
                    wait = 0.02;
                }
                if (const auto path = screen->take_screenshot(); path && visible) {
                    drawing->save_picture(*path, *screen, extent);
                }
            } catch (const render::DeviceLost&) {
                if (!drawing->proven) {
                    throw;  // nor would the next one draw
                }
                drawing.reset();
                drawing.emplace(instance, window);
                screen->draw_all_again();
                screen->say("the graphics device was lost, and is opened anew");
                drawn = {};
                wait = 0;
            }
            window.set_fullscreen(screen->fullscreen());
            if (replace(screen, maker, clock.seconds())) {
                share_clipboard(window);
                screen->start(WindowSystem::wake);
                drawn = {};
            }
        }
        wait = std::min(wait, std::max(0.0, screen->due() - clock.seconds()));
        window.wait(wait, [&](InputEvent event) { screen->input(std::move(event)); });
    }
    screen->finish();
    Settings settings = screen->settings();
    settings.width = window.size().width;
    settings.height = window.size().height;
    return settings;
}

}  // namespace

void run_in_window(const std::string& address, ScreenOptions screen, const ScreenMaker& maker,
                   const WindowedOptions& options) {
    const WindowSystem system;
    const auto instance = std::make_shared<render::Instance>(render::InstanceOptions{
        .extensions = system.instance_extensions(), .validation = options.validation});
    {
        Window window(*instance, screen.settings.width, screen.settings.height, "Longtake");
        watch(address, std::move(screen), maker, instance, window, options.stop)
            .write(options.settings);
    }
    report_validation(*instance);
}

}  // namespace longtake::interactive
