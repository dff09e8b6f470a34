#pragma once

#include "generator/cache/cache_contents.h"
#include "render/target.h"

#include <cstdint>

namespace longtake::interactive {

// The one place for colours, as ImGui packs them (0xAABBGGRR).
namespace theme {
constexpr uint32_t rgb(uint32_t hex, uint32_t alpha = 255) {
    return alpha << 24 | (hex & 0xFF) << 16 | (hex & 0xFF00) | (hex >> 16 & 0xFF);
}
constexpr render::Colour kBackground{0.035F, 0.039F, 0.047F};
constexpr uint32_t kPanel = rgb(0x14161A);
constexpr uint32_t kField = rgb(0x1E2126);
constexpr uint32_t kFieldHovered = rgb(0x282C33);
constexpr uint32_t kFieldActive = rgb(0x333842);
constexpr uint32_t kLine = rgb(0x2A2E35);
constexpr uint32_t kText = rgb(0xD9DCE2);
constexpr uint32_t kDim = rgb(0x868C97);
constexpr uint32_t kAccent = rgb(0x7FB4E8);
constexpr uint32_t kRecording = rgb(0xE2574C);
constexpr uint32_t kWarm = rgb(0xD9A94E);
constexpr uint32_t kRecalled = rgb(0xB08BD9);
constexpr uint32_t kGreen = rgb(0x66B59A);
}  // namespace theme

uint32_t colour_of(generator::SlotKind kind);
const char* name_of(generator::SlotKind kind);

void set_theme(float scale);

}  // namespace longtake::interactive
