// The tiles that a splat's ellipse meets, as gaussians/raster/tile_reach.h finds them. A tile is the
// square of its pixels' centres.
const float kSide = 16.0, kLast = kSide - 0.5;

uvec2 tile_span(float from, float to, uint count) {
    return uvec2(clamp(vec2(ceil((from - kLast) / kSide), floor((to - 0.5) / kSide) + 1.0), 0.0,
                       float(count)));
}

uvec2 tile_rows(Splat s, uint count) {
    return tile_span(s.place.y - s.reach.y, s.place.y + s.reach.y, count);
}

// Half width of the ellipse on the row dy below its centre.
float half_at(Splat s, float dy) {
    float part = dy / s.reach.y;
    return s.reach.x * sqrt(max(0.0, 1.0 - part * part));
}

uvec2 tile_columns(Splat s, uint row, uint count) {
    float reach = s.reach.y, first = float(row) * kSide - s.place.y;
    float slant = s.place.z * reach;
    float tip = slant * reach / length(vec2(s.reach.x, slant));
    float top = max(first + 0.5, -reach), bottom = min(first + kLast, reach);
    float right = clamp(tip, top, bottom), left = clamp(-tip, top, bottom);
    return tile_span(s.place.x + s.place.z * left - half_at(s, left),
                     s.place.x + s.place.z * right + half_at(s, right), count);
}
