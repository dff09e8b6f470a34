#include "tools/toyworld/grammar.h"

#include <algorithm>
#include <vector>

#include "tools/toyworld/layout.h"
#include "tools/toyworld/words.h"

namespace longtake::toyworld {
namespace {

constexpr const char* kNumbers[] = {"no", "one", "two", "three", "four"};

// Objects that are alike and do alike share one phrase.
struct Phrase {
    std::vector<int> slots;
    std::string noun;
    bool plural = false;
};

class Writer {
  public:
    Writer(const ltw_script& script, int segment, uint64_t variant)
        : script_(script),
          segment_(script.segments[segment]),
          random_(variant * 977 + static_cast<uint64_t>(segment), 7),
          canonical_(variant == 0) {}

    std::string write() {
        std::vector<Phrase> phrases = nouns();
        const std::string ground = says(0.7f) ? " " + kGroundWords[segment_.ground].pick(
                                                          random_, canonical_)
                                              : "";
        std::string sky = says(0.7f) ? kSkyWords[segment_.sky].pick(random_, canonical_) : "";
        std::string camera = says(0.8f) ? kCameraWords[segment_.camera].pick(random_, canonical_)
                                        : "";
        const bool sky_first = !sky.empty() && !canonical_ && random_.chance(0.2f);
        const bool camera_first = !camera.empty() && !canonical_ && random_.chance(0.15f);
        std::string text = camera_first ? camera + ", " : "";
        text += sky_first ? sky + ", " : "";
        const bool ground_first = !ground.empty() && !canonical_ && random_.chance(0.12f);
        text += ground_first ? ground.substr(1) + ", " : "";
        text += phrases.empty() ? "an empty scene" : clauses(phrases);
        text += ground_first ? "" : ground;
        text += sky.empty() || sky_first ? "" : " " + sky;
        text += camera.empty() || camera_first ? "" : ", " + camera;
        return text;
    }

  private:
    bool says(float share) { return canonical_ || random_.chance(share); }

    std::vector<Phrase> nouns() {
        std::vector<Phrase> phrases;
        for (int i = 0; i < segment_.object_count; ++i) {
            const ltw_object& o = segment_.objects[i];
            const auto alike = std::find_if(phrases.begin(), phrases.end(), [&](const Phrase& p) {
                const ltw_object& q = segment_.objects[p.slots[0]];
                return q.shape == o.shape && q.colour == o.colour && q.motion == o.motion;
            });
            if (alike != phrases.end()) {
                alike->slots.push_back(i);
            } else {
                phrases.push_back({{i}, "", false});
            }
        }
        if (!canonical_) {
            for (size_t i = phrases.size(); i > 1; --i) {
                std::swap(phrases[i - 1],
                          phrases[static_cast<size_t>(random_.below(static_cast<int>(i)))]);
            }
        }
        for (Phrase& p : phrases) {
            p.plural = p.slots.size() > 1;
            p.noun = noun(p);
        }
        return phrases;
    }

    std::string noun(const Phrase& p) {
        const ltw_object& o = segment_.objects[p.slots[0]];
        std::string words;
        const float size = size_of(o);
        if (!canonical_ && (size > 1.22f || size < 0.92f) && random_.chance(0.3f)) {
            words = size > 1 ? "big " : "small ";
        }
        words += kColourWords[o.colour].pick(random_, canonical_);
        words += " " + kShapeWords[o.shape].pick(random_, canonical_);
        if (p.plural) {
            const bool sibilant = words.back() == 'x' || words.back() == 's';
            return kNumbers[p.slots.size()] + (" " + words + (sibilant ? "es" : "s"));
        }
        return (words[0] == 'o' ? "an " : "a ") + words;
    }

    std::string verb(const ltw_object& o, bool plural) {
        std::string words = kMotionWords[o.motion][plural].pick(random_, canonical_);
        if ((o.shape == kCube || o.shape == kCone) && words.starts_with("roll")) {
            words.replace(0, 4, "slide");
        }
        if (o.motion == kCollides && !plural) {
            words = "bounces back and forth";
        }
        return words;
    }

    std::string clauses(const std::vector<Phrase>& phrases) {
        const auto object = [&](const Phrase& p) -> const ltw_object& {
            return segment_.objects[p.slots[0]];
        };
        // A pair that collides is one clause, and comes first.
        std::vector<std::string> parts;
        std::vector<const Phrase*> colliding, rest;
        for (const Phrase& p : phrases) {
            (object(p).motion == kCollides && !p.plural ? colliding : rest).push_back(&p);
        }
        if (colliding.size() == 2) {
            parts.push_back(colliding[0]->noun + " and " + colliding[1]->noun + " " +
                            verb(object(*colliding[0]), true));
        } else {
            rest.insert(rest.begin(), colliding.begin(), colliding.end());
        }
        const bool verbs = says(0.9f);
        const bool one_verb = rest.size() > 1 && parts.empty() &&
                              std::all_of(rest.begin(), rest.end(), [&](const Phrase* p) {
                                  return verbs_agree(object(*p), object(*rest[0]));
                              });
        if (one_verb && (canonical_ || random_.chance(0.6f))) {
            std::vector<std::string> subjects;
            for (const Phrase* p : rest) {
                subjects.push_back(p->noun);
            }
            const std::string all = joined(subjects, "");
            return verbs ? all + " " + verb(object(*rest[0]), true) : all;
        }
        for (const Phrase* p : rest) {
            parts.push_back(verbs ? p->noun + " " + verb(object(*p), p->plural) : p->noun);
        }
        const bool meanwhile = !canonical_ && verbs && random_.chance(0.3f);
        std::string text = joined(parts, meanwhile ? "while" : "");
        if (phrases.size() == 2 && phrases[0].slots.size() + phrases[1].slots.size() == 2 &&
            !canonical_ && random_.chance(0.5f)) {
            text += relation(phrases[0].slots[0], phrases[1].slots[0], object(phrases[0]),
                             object(phrases[1]));
        }
        return text;
    }

    static bool verbs_agree(const ltw_object& a, const ltw_object& b) {
        const auto slides = [](const ltw_object& o) {
            return o.shape == kCube || o.shape == kCone;
        };
        const bool by_shape = is_roll(a.motion) || a.motion == kSways;
        return a.motion == b.motion && (!by_shape || slides(a) == slides(b));
    }

    static std::string joined(const std::vector<std::string>& parts, const std::string& link) {
        std::string text = parts[0];
        for (size_t i = 1; i < parts.size(); ++i) {
            const bool last = i + 1 == parts.size();
            text += last ? " " + (link.empty() ? "and" : link) + " " : ", ";
            text += parts[i];
        }
        return text;
    }

    // Where a is, seen from b, when both keep their places and the camera keeps its side.
    std::string relation(int a, int b, const ltw_object& first, const ltw_object& second) {
        bool orbited = false;
        for (int k = 0; k < script_.segment_count; ++k) {
            orbited = orbited || is_orbit(script_.segments[k].camera);
            for (const int slot : {a, b}) {
                const ltw_segment& s = script_.segments[k];
                orbited = orbited || (slot < s.object_count &&
                                      !stays_in_place(s.objects[slot].motion));
            }
        }
        const bool gone = first.motion == kLeaves || second.motion == kLeaves;
        if (orbited || gone || ever(script_, kCircles) || segment_.camera == kFollows) {
            return "";
        }
        const Home p = home_of(script_, a), q = home_of(script_, b);
        const std::string colours = kColourWords[first.colour].list[0];
        const std::string name = "the " + colours + " " + kShapeWords[first.shape].list[0];
        if (first.shape == second.shape && first.colour == second.colour) {
            return "";
        }
        if (random_.chance(0.5f) && p.y != q.y) {
            return ", " + name + (p.y < q.y ? " in front" : " behind");
        }
        return ", " + name + (p.x < q.x ? " on the left" : " on the right");
    }

    const ltw_script& script_;
    const ltw_segment& segment_;
    Random random_;
    bool canonical_;
};

}  // namespace

const char* name_of(int kind, int index) {
    const auto pick = [&](const auto& words, int count) {
        return index >= 0 && index < count ? words[index].list[0] : nullptr;
    };
    switch (kind) {
        case LTW_SHAPE: return pick(kShapeWords, kShapeCount);
        case LTW_COLOUR: return pick(kColourWords, kColourCount);
        case LTW_MOTION:
            return index >= 0 && index < kMotionCount ? kMotionWords[index][0].list[0] : nullptr;
        case LTW_CAMERA: return pick(kCameraWords, kCameraCount);
        case LTW_SKY: return pick(kSkyWords, kSkyCount);
        case LTW_GROUND: return pick(kGroundWords, kGroundCount);
        default: return nullptr;
    }
}

std::string caption(const ltw_script& script, int segment, uint64_t variant) {
    return Writer(script, segment, variant).write();
}

}  // namespace longtake::toyworld
