#include "interactive/windowed.h"

#include "core/image.h"
#include "generator/stopwatch.h"
#include "interactive/validation_report.h"
#include "interactive/window.h"

#include <imgui.h>

#include <algorithm>
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

void save_picture(const std::filesystem::path& path, Screen& screen, const render::Device& device,
                  VkExtent2D extent) {
    render::Renderer renderer(device, render::Offscreen::kFormat);
    render::Offscreen target(device, extent);
    write_png(path, renderer.draw(screen.whole_scene(), target));
}

// Until the window is closed.
Settings watch(const std::string& address, ScreenOptions options, const ScreenMaker& maker,
               Window& window, const render::Device& device, const std::function<bool()>& stop) {
    const generator::Stopwatch clock;
    render::Swapchain swapchain(device, window.surface());
    render::Renderer renderer(device, swapchain.format());
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
            if (visible && renderer.draw(scene, swapchain, extent)) {
                drawn = extent;
                wait = 0;
            } else {
                screen->draw_all_again();
                wait = 0.02;
            }
            if (const auto path = screen->take_screenshot(); path && visible) {
                save_picture(*path, *screen, device, extent);
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
        const render::Device device(instance, window.surface());
        screen.device = device.name();
        screen.device_is_cpu = device.is_cpu();
        screen.draws_gpu_frames = render::cuda_upload_problem(device).empty();
        watch(address, std::move(screen), maker, window, device, options.stop)
            .write(options.settings);
    }
    report_validation(*instance);
}

}  // namespace longtake::interactive
