#include "render/renderer.h"
#include "tests/render/golden.h"
#include "tests/render/vulkan_test.h"

#include <imgui.h>

namespace longtake::render {
namespace {

class UiPassTest : public VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        context_ = ImGui::CreateContext();
        ImGui::GetIO().IniFilename = nullptr;
        ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    }
    void TearDown() override {
        ImGui::DestroyContext(context_);
        VulkanTest::TearDown();
    }

    // What `build` makes of one frame of a 200 x 120 window.
    template <typename Build> Tensor drawn(Build&& build) {
        ImGuiIO& io = ImGui::GetIO();
        io.DisplaySize = {200, 120};
        uint8_t* pixels = nullptr;
        int width = 0, height = 0;
        io.Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
        const FontPicture font{{pixels, static_cast<size_t>(width) * static_cast<size_t>(height)},
                               {static_cast<uint32_t>(width), static_cast<uint32_t>(height)}};
        ImGui::NewFrame();
        build();
        ImGui::Render();
        Renderer renderer(device(), Offscreen::kFormat);
        Offscreen target(device(), {200, 120});
        Scene scene;
        scene.background = {0.5F, 0.5F, 0.5F};
        scene.font = &font;
        scene.ui = ImGui::GetDrawData();
        return renderer.draw(scene, target);
    }

  private:
    ImGuiContext* context_ = nullptr;
};

int red_at(const Tensor& picture, int64_t x, int64_t y) {
    return picture.data<uint8_t>()[(y * picture.extent(1) + x) * 3];
}

TEST_F(UiPassTest, ColoursAreWhatWasAskedFor) {
    const Tensor picture = drawn([] {
        auto* list = ImGui::GetBackgroundDrawList();
        list->AddRectFilled({10, 10}, {50, 50}, IM_COL32(200, 10, 20, 255));
        list->AddRectFilled({60, 10}, {90, 50}, IM_COL32(255, 255, 255, 128));
        list->PushClipRect({100, 10}, {110, 50});
        list->AddRectFilled({95, 0}, {150, 100}, IM_COL32(0, 0, 0, 255));
        list->PopClipRect();
    });
    EXPECT_EQ(red_at(picture, 30, 30), 200);
    EXPECT_NEAR(red_at(picture, 75, 30), 192, 1);  // blended between sRGB values
    EXPECT_EQ(red_at(picture, 105, 30), 0);
    EXPECT_NEAR(red_at(picture, 98, 30), 127.5, 1);  // clipped
    EXPECT_NEAR(red_at(picture, 112, 30), 127.5, 1);
}

TEST_F(UiPassTest, ManyTrianglesFit) {
    const Tensor picture = drawn([] {
        auto* list = ImGui::GetBackgroundDrawList();
        for (int i = 0; i < 60'000; ++i) {  // past 16-bit indices
            const auto x = static_cast<float>(i % 200), y = static_cast<float>(i / 200 % 120);
            list->AddRectFilled({x, y}, {x + 1, y + 1}, IM_COL32(i % 200, 0, 0, 255));
        }
    });
    EXPECT_EQ(red_at(picture, 150, 60), 150);
    EXPECT_EQ(red_at(picture, 3, 119), 3);
}

TEST_F(UiPassTest, LooksAsItDid) {
    const Tensor picture = drawn([] {
        ImGui::SetNextWindowPos({5, 5});
        ImGui::SetNextWindowSize({190, 110});
        ImGui::Begin("Longtake");
        ImGui::Text("0123456789 abcdefgh");
        static bool on = true;
        ImGui::Checkbox("Checkbox", &on);
        ImGui::Button("Button");
        ImGui::End();
    });
    expect_golden(picture, "ui", device().name(), 45);
}

}  // namespace
}  // namespace longtake::render
