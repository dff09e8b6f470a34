#include "generator/cache/head_masses.h"
#include "generator/take_record.h"
#include "interactive/settings.h"
#include "tests/fuzz/fuzz.h"

// A take's record and its tracks, a model's heads.json, what the viewer remembers.
void longtake::fuzz::read(Bytes bytes) {
    using namespace generator;
    const auto files = parts(bytes, 2);
    const auto path = write("take.json", files[0]);
    write("take.tracks", files[1]);
    attempt([&] { read_track_log(folder() / "take.tracks"); });
    attempt([&] { HeadMasses::read(path, 2, 2); });
    interactive::Settings::read(path);
    TakeRecord::read(path);
}
