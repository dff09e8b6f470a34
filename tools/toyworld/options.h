#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/toyworld/toyworld.h"

namespace longtake::toyworld {

inline constexpr const char* kUsage = R"(toyworld: clips of the procedural toy world

  toyworld --seeds 0-11 --sheet sheet.png
  toyworld --seeds 7 --views 8 --spread 1.2 --fixed --out clip_dir
  toyworld --scene day,grass,static,red:ball:rolls_left --sheet sheet.png
  toyworld --captions 30

  --seeds A[-B]      seeds, one clip each (0)
  --scene S [S]      an explicit script: SKY,GROUND,CAMERA,COLOUR:SHAPE:MOTION[:SIZE]...
                     a second --scene is the state after the switch
  --switch N         frame of the switch (36)
  --sheet FILE       contact sheet: a row per seed, --columns moments (6)
  --out DIR          frames, poses and captions of the first seed
  --views N --spread RADIANS --fixed     the cameras for --out (1)
  --captions N       prints captions of N seeds
  --variant N        which wording (0: canonical)
  --width --height --frames --fps --samples     256 144 84 16 4
)";

class BadOption : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

struct Options {
    bool help = false;
    std::vector<uint64_t> seeds{0};
    ltw_script script{};  // segment_count 0: the seed's own
    ltw_rig rig{1, 0, 0};
    std::string sheet, out;
    int width = 256, height = 144, frames = 84, samples = 4, columns = 6, captions = 0;
    float fps = 16;
    uint64_t variant = 0;
};

Options parse_options(const std::vector<std::string>& arguments);

}  // namespace longtake::toyworld
