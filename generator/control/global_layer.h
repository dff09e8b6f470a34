#pragma once

#include "generator/tracks/track_file.h"

#include <complex>

namespace longtake::generator {

// What all points do on top of their own motion, until told otherwise: the picture plane goes,
// grows and turns about a point.
struct GlobalMove {
    double right = 0, down = 0;           // picture widths a second
    double zoom = 0;                      // e-fold a second
    double turn = 0;                      // radians a second, clockwise
    double about_x = 0.5, about_y = 0.5;  // parts of the picture's sides

    bool still() const { return right == 0 && down == 0 && zoom == 0 && turn == 0; }
    bool operator==(const GlobalMove&) const = default;
};

// Where that has brought the picture plane: places x + iy in pixels, to factor * place + offset.
struct GlobalLayer {
    std::complex<double> factor{1}, offset{};

    bool operator==(const GlobalLayer&) const = default;
    std::complex<double> to(std::complex<double> place) const { return factor * place + offset; }
    std::complex<double> from(std::complex<double> place) const {
        return (place - offset) / factor;
    }
};

// After so many seconds more.
GlobalLayer moved(const GlobalLayer& layer, const GlobalMove& move, double seconds, double width,
                  double height);

// Tracks of a whole take under a layer that moves all the time.
Tracks with_layer(const Tracks& tracks, const GlobalMove& move, const TrackFrame& take);

}  // namespace longtake::generator
