#pragma once

#include "interactive/input.h"
#include "render/instance.h"

#include <functional>
#include <string>
#include <vector>

struct GLFWwindow;

namespace longtake::interactive {

// The window system. One at a time.
class WindowSystem {
  public:
    WindowSystem();  // throws InputError when there is no display
    ~WindowSystem();
    WindowSystem(const WindowSystem&) = delete;
    WindowSystem& operator=(const WindowSystem&) = delete;

    std::vector<const char*> instance_extensions() const;
    static void wake();  // ends a wait, from any thread
};

// A window that can be drawn to; needs the window system.
class Window {
  public:
    using Listener = std::function<void(InputEvent)>;
    Window(const render::Instance& instance, int width, int height, const std::string& title);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    VkSurfaceKHR surface() const { return surface_; }
    VkExtent2D extent() const;  // pixels
    float scale() const;        // of the screen: pixels that make one unit
    bool closing() const;
    void set_fullscreen(bool on);
    // Hands everything that happens within `seconds` to `listener`; returns at the first.
    void wait(double seconds, const Listener& listener);
    struct Size {
        int width, height;
    };
    Size size() const;  // in the window system's units, not whole screen
    const char* clipboard() const;
    void set_clipboard(const char* text);

  private:
    friend struct WindowCallbacks;

    const render::Instance& instance_;
    GLFWwindow* window_ = nullptr;
    VkSurfaceKHR surface_ = VK_NULL_HANDLE;
    const Listener* listener_ = nullptr;
    int x_ = 0, y_ = 0;
    Size windowed_{};
    bool fullscreen_ = false;
};

}  // namespace longtake::interactive
