#include "generator/cache/head_masses.h"
#include "generator/drift_alarm.h"
#include "generator/take_record.h"
#include "interactive/settings.h"
#include "interactive/ui_script.h"
#include "tests/fuzz/fuzz.h"

// A take's record and its tracks, a model's heads.json and drift.json, what the viewer remembers
// and what it is to do.
void longtake::fuzz::read(Bytes bytes) {
    using namespace generator;
    const auto files = parts(bytes, 2);
    const auto path = write("take.json", files[0]);
    write("take.tracks", files[1]);
    attempt([&] { read_track_log(folder() / "take.tracks"); });
    attempt([&] { HeadMasses::read(path, 2, 2); });
    attempt([&] { StillTakes::read(path, 2); });
    attempt([&] { interactive::read_ui_script(path); });
    interactive::Settings::read(path);
    TakeRecord::read(path);
}
