#include "generator/take_record.h"

namespace longtake::generator {

Steer TakeRecord::steer() const {
    return [changes = changes, motion = motion, next = size_t{0}, tracked = size_t{0},
            chunk = int64_t{0}](Session& session) mutable {
        for (; next < changes.size() && changes[next].chunk <= chunk; ++next) {
            session.prompt().set(changes[next].prompt, changes[next].cut);
        }
        for (; tracked < motion.size() && motion[tracked].frame <= session.video_frames();
             ++tracked) {
            session.motion().play(motion[tracked].tracks);
        }
        ++chunk;
    };
}

}  // namespace longtake::generator
