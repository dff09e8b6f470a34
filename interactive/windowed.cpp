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

void save_picture(const std::filesystem::path& path, Viewer& viewer, const render::Device& device,
                  VkExtent2D extent) {
    render::Renderer renderer(device, render::Offscreen::kFormat);
    render::Offscreen target(device, extent);
    write_png(path, renderer.draw(viewer.whole_scene(), target));
}

// Until the window is closed.
Settings watch(ViewerOptions options, const Viewer::MakerOf& maker, Window& window,
               const render::Device& device, const std::function<bool()>& stop) {
    const generator::Stopwatch clock;
    render::Swapchain swapchain(device, window.surface());
    render::Renderer renderer(device, swapchain.format());
    Viewer viewer(std::move(options), maker, clock.seconds());
    share_clipboard(window);
    viewer.producer().start(WindowSystem::wake);
    VkExtent2D drawn{};
    while (!viewer.quit() && !window.closing() && !stop()) {
        const VkExtent2D extent = window.extent();
        const bool resized = extent.width != drawn.width || extent.height != drawn.height;
        const bool visible = extent.width > 0 && extent.height > 0;
        double wait = kLongestWait;
        if (viewer.stale(clock.seconds()) || resized) {
            viewer.resize(static_cast<int>(extent.width), static_cast<int>(extent.height),
                          window.scale());
            const auto& scene = viewer.draw(clock.seconds());
            if (visible && renderer.draw(scene, swapchain, extent)) {
                drawn = extent;
                wait = 0;
            } else {
                viewer.draw_all_again();
                wait = 0.02;
            }
            if (const auto path = viewer.take_screenshot(); path && visible) {
                save_picture(*path, viewer, device, extent);
            }
            window.set_fullscreen(viewer.fullscreen());
        }
        wait = std::min(wait, std::max(0.0, viewer.due() - clock.seconds()));
        window.wait(wait, [&](InputEvent event) { viewer.input(std::move(event)); });
    }
    viewer.recorder().stop();
    Settings settings = viewer.settings();
    settings.width = window.size().width;
    settings.height = window.size().height;
    return settings;
}

}  // namespace

void run_in_window(ViewerOptions viewer, const Viewer::MakerOf& maker,
                   const WindowedOptions& options) {
    const WindowSystem system;
    const auto instance = std::make_shared<render::Instance>(render::InstanceOptions{
        .extensions = system.instance_extensions(), .validation = options.validation});
    {
        Window window(*instance, viewer.settings.width, viewer.settings.height, "Longtake");
        const render::Device device(instance, window.surface());
        viewer.device = device.name();
        watch(std::move(viewer), maker, window, device, options.stop).write(options.settings);
    }
    report_validation(*instance);
}

}  // namespace longtake::interactive
