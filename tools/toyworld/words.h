#pragma once

#include <string>

#include "tools/toyworld/script.h"

// The vocabulary: what each thing may be called. The first of each list is the canonical word.
namespace longtake::toyworld {

struct Words {
    const char* list[6];  // ends at the first null

    std::string pick(Random& random, bool canonical) const {
        int n = 0;
        while (n < 6 && list[n] != nullptr) {
            ++n;
        }
        return list[canonical ? 0 : random.below(n)];
    }
};

inline constexpr Words kShapeWords[kShapeCount] = {{{"ball", "ball", "sphere"}},
                                                   {{"cube", "cube", "box", "block"}},
                                                   {{"cone"}},
                                                   {{"cylinder", "cylinder", "drum"}},
                                                   {{"ring", "ring", "torus", "hoop"}}};
inline constexpr Words kColourWords[kColourCount] = {
    {{"red"}}, {{"orange"}}, {{"yellow"}}, {{"green"}},
    {{"blue"}}, {{"purple", "purple", "violet"}}, {{"white"}}, {{"black"}}};

// Verbs: third person singular, plural; shapes that cannot roll slide.
inline constexpr Words kMotionWords[kMotionCount][2] = {
    {{{"rests", "stands still", "stays still", "does not move"}},
     {{"rest", "stand still", "stay still", "do not move"}}},
    {{{"rolls left", "rolls to the left", "moves left"}},
     {{"roll left", "roll to the left", "move left"}}},
    {{{"rolls right", "rolls to the right", "moves right"}},
     {{"roll right", "roll to the right", "move right"}}},
    {{{"bounces", "bounces up and down", "jumps up and down"}},
     {{"bounce", "bounce up and down", "jump up and down"}}},
    {{{"spins", "spins in place", "turns on the spot", "rotates"}},
     {{"spin", "spin in place", "turn on the spot", "rotate"}}},
    {{{"circles", "goes around in a circle", "moves in a circle"}},
     {{"circle", "go around in a circle", "move in a circle"}}},
    {{{"comes closer", "comes toward the camera", "approaches"}},
     {{"come closer", "come toward the camera", "approach"}}},
    {{{"moves away", "moves into the distance", "goes away"}},
     {{"move away", "move into the distance", "go away"}}},
    {{{"collides"}}, {{"collide", "bump into each other", "bounce off each other"}}},
    {{{"rolls back and forth", "moves from side to side", "moves back and forth"}},
     {{"roll back and forth", "move from side to side", "move back and forth"}}},
    {{{"floats", "floats in the air", "hovers"}}, {{"float", "float in the air", "hover"}}},
    {{{"appears", "pops up", "shows up"}}, {{"appear", "pop up", "show up"}}},
    {{{"disappears", "vanishes", "shrinks away"}}, {{"disappear", "vanish", "shrink away"}}}};

inline constexpr Words kCameraWords[kCameraCount] = {
    {{"the camera is static", "the camera stays still", "static camera", "fixed view"}},
    {{"the camera pans left", "the camera turns left", "pan left"}},
    {{"the camera pans right", "the camera turns right", "pan right"}},
    {{"the camera dollies in", "the camera moves in", "the camera moves forward", "dolly in"}},
    {{"the camera dollies out", "the camera pulls back", "the camera moves back", "dolly out"}},
    {{"the camera orbits left", "the camera circles to the left", "orbit left"}},
    {{"the camera orbits right", "the camera circles to the right", "orbit right"}},
    {{"the camera follows", "tracking shot", "the camera moves along"}}};

inline constexpr Words kSkyWords[kSkyCount] = {
    {{"by day", "in daylight", "under a blue sky", "on a sunny day"}},
    {{"at sunset", "at dusk", "in the evening sun"}},
    {{"at night", "in moonlight", "under a dark sky"}},
    {{"on a cloudy day", "under a gray sky", "under clouds"}}};

inline constexpr Words kGroundWords[kGroundCount] = {
    {{"on green grass", "on grass", "on a meadow", "on a lawn"}},
    {{"on yellow sand", "on sand", "on a beach", "in the desert"}},
    {{"on white snow", "on snow", "in the snow"}},
    {{"on gray stone", "on stone", "on a stone floor"}},
    {{"on violet tiles", "on tiles", "on a tiled floor"}}};

}  // namespace longtake::toyworld
