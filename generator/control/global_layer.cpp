#include "generator/control/global_layer.h"

namespace longtake::generator {

GlobalLayer moved(const GlobalLayer& layer, const GlobalMove& move, double seconds, double width,
                  double height) {
    const std::complex<double> about(move.about_x * width, move.about_y * height);
    const std::complex<double> pan(move.right * width, move.down * width);
    const std::complex<double> step = std::exp(seconds * std::complex(move.zoom, move.turn));
    return {step * layer.factor, about + step * (layer.offset - about) + seconds * pan};
}

Tracks with_layer(const Tracks& tracks, const GlobalMove& move, const TrackFrame& take) {
    Tracks result = tracks;
    GlobalLayer layer;
    for (int64_t t = 0; t < tracks.frames() && !move.still(); ++t) {
        for (int64_t n = 0; n < tracks.points(); ++n) {
            TrackPoint& p = result.at(t, n);
            const auto to = layer.to({static_cast<double>(p.x), static_cast<double>(p.y)});
            p = p.visible
                    ? TrackPoint{static_cast<float>(to.real()), static_cast<float>(to.imag()), true}
                    : TrackPoint{};
        }
        layer = moved(layer, move, 1 / take.frame_rate, static_cast<double>(take.width),
                      static_cast<double>(take.height));
    }
    return result;
}

}  // namespace longtake::generator
