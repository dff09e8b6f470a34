#include "interactive/window.h"

#include "core/error.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>

namespace longtake::interactive {

static_assert(static_cast<int>(Key::Z) == GLFW_KEY_Z);
static_assert(static_cast<int>(Key::End) == GLFW_KEY_END);
static_assert(static_cast<int>(Key::F12) == GLFW_KEY_F12);

// GLFW's callbacks, as events.
struct WindowCallbacks {
    static void tell(GLFWwindow* handle, InputEvent event) {
        const auto* window = static_cast<Window*>(glfwGetWindowUserPointer(handle));
        if (window->listener_ != nullptr) {
            (*window->listener_)(std::move(event));
        }
    }
    static void key(GLFWwindow* handle, int key, int, int action, int mods) {
        if (key == GLFW_KEY_KP_ENTER) {
            key = GLFW_KEY_ENTER;
        }
        const Modifiers modifiers{.ctrl = (mods & GLFW_MOD_CONTROL) != 0,
                                  .shift = (mods & GLFW_MOD_SHIFT) != 0,
                                  .alt = (mods & GLFW_MOD_ALT) != 0};
        if (action != GLFW_REPEAT && key != GLFW_KEY_UNKNOWN) {  // ImGui repeats by itself
            tell(handle, KeyChanged{static_cast<Key>(key), action == GLFW_PRESS, modifiers});
        }
    }
    static void character(GLFWwindow* handle, unsigned int c) {
        tell(handle, TextTyped{static_cast<char32_t>(c)});
    }
    static void button(GLFWwindow* handle, int button, int action, int) {
        if (button <= 2) {
            tell(handle, ButtonChanged{button, action == GLFW_PRESS});
        }
    }
    static void pointer(GLFWwindow* handle, double x, double y) {
        int width = 0, height = 0, pixels = 0, ignored = 0;
        glfwGetWindowSize(handle, &width, &height);
        glfwGetFramebufferSize(handle, &pixels, &ignored);
        const double scale = width > 0 ? static_cast<double>(pixels) / width : 1;
        tell(handle, PointerMoved{static_cast<float>(x * scale), static_cast<float>(y * scale)});
    }
    static void scroll(GLFWwindow* handle, double x, double y) {
        tell(handle, Scrolled{static_cast<float>(x), static_cast<float>(y)});
    }
    static void drop(GLFWwindow* handle, int count, const char** paths) {
        tell(handle, FilesDropped{{paths, paths + count}});
    }
};

WindowSystem::WindowSystem() {
    if (glfwInit() != GLFW_TRUE) {
        const char* reason = nullptr;
        glfwGetError(&reason);
        fail_input("there is no display here ({}); use `longtake view --headless --script FILE`",
                   reason != nullptr ? reason : "no reason given");
    }
    check_input(glfwVulkanSupported() == GLFW_TRUE,
                "Vulkan cannot draw to windows here; install libvulkan1 and mesa-vulkan-drivers");
}

WindowSystem::~WindowSystem() {
    glfwTerminate();
}

std::vector<const char*> WindowSystem::instance_extensions() const {
    uint32_t count = 0;
    const char** names = glfwGetRequiredInstanceExtensions(&count);
    return {names, names + count};
}

void WindowSystem::wake() {
    glfwPostEmptyEvent();
}

Window::Window(const render::Instance& instance, int width, int height, const std::string& title)
    : instance_(instance) {
    glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
    window_ = glfwCreateWindow(width, height, title.c_str(), nullptr, nullptr);
    check(window_ != nullptr, "no window could be made");
    const VkResult result = glfwCreateWindowSurface(instance.get(), window_, nullptr, &surface_);
    if (result != VK_SUCCESS) {
        glfwDestroyWindow(window_);
        render::check_vk(result, "making a surface");
    }
    glfwSetWindowUserPointer(window_, this);
    glfwSetWindowSizeLimits(window_, 480, 320, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwSetKeyCallback(window_, WindowCallbacks::key);
    glfwSetCharCallback(window_, WindowCallbacks::character);
    glfwSetMouseButtonCallback(window_, WindowCallbacks::button);
    glfwSetCursorPosCallback(window_, WindowCallbacks::pointer);
    glfwSetScrollCallback(window_, WindowCallbacks::scroll);
    glfwSetDropCallback(window_, WindowCallbacks::drop);
}

Window::~Window() {
    vkDestroySurfaceKHR(instance_.get(), surface_, nullptr);
    glfwDestroyWindow(window_);
}

VkExtent2D Window::extent() const {
    int width = 0, height = 0;
    glfwGetFramebufferSize(window_, &width, &height);
    return {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
}

float Window::scale() const {
    float x = 1, y = 1;
    glfwGetWindowContentScale(window_, &x, &y);
    return std::clamp(x, 0.5F, 4.0F);
}

bool Window::closing() const {
    return glfwWindowShouldClose(window_) == GLFW_TRUE;
}

void Window::set_fullscreen(bool on) {
    if (on == fullscreen_) {
        return;
    }
    fullscreen_ = on;
    if (on) {
        glfwGetWindowPos(window_, &x_, &y_);
        glfwGetWindowSize(window_, &windowed_.width, &windowed_.height);
        GLFWmonitor* monitor = glfwGetPrimaryMonitor();
        const GLFWvidmode* mode = glfwGetVideoMode(monitor);
        glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
    } else {
        glfwSetWindowMonitor(window_, nullptr, x_, y_, windowed_.width, windowed_.height, 0);
    }
}

void Window::wait(double seconds, const Listener& listener) {
    listener_ = &listener;
    if (seconds > 0) {
        glfwWaitEventsTimeout(seconds);
    } else {
        glfwPollEvents();
    }
    listener_ = nullptr;
}

Window::Size Window::size() const {
    if (fullscreen_) {
        return windowed_;
    }
    Size size{};
    glfwGetWindowSize(window_, &size.width, &size.height);
    return size;
}

const char* Window::clipboard() const {
    return glfwGetClipboardString(window_);
}

void Window::set_clipboard(const char* text) {
    glfwSetClipboardString(window_, text);
}

}  // namespace longtake::interactive
