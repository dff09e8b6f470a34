#include "generator/cache/head_masses.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "core/whole_number.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace longtake::generator {

HeadMasses HeadMasses::read(const std::filesystem::path& path, int64_t layers, int64_t heads) {
    HeadMasses masses;
    try {
        const auto json = nlohmann::json::parse(read_text(path));
        masses.layers = whole<int64_t>(json.at("layers"));
        masses.heads = whole<int64_t>(json.at("heads"));
        json.at("recent").get_to(masses.recent);
        json.at("first").get_to(masses.first);
        json.at("middle").get_to(masses.middle);
    } catch (const nlohmann::json::exception& e) {
        fail_input("{}: not what `longtake calibrate` writes: {}", path.string(),
                   one_line(e.what()));
    }
    check_input(masses.layers == layers && masses.heads == heads,
                "{}: it is of a model of {} layers of {} heads, this one has {} of {}; run "
                "`longtake calibrate` on it",
                path.string(), masses.layers, masses.heads, layers, heads);
    for (const auto* values : {&masses.recent, &masses.first, &masses.middle}) {
        check_input(std::ssize(*values) == layers * heads, "{}: {} numbers for {} heads",
                    path.string(), values->size(), layers * heads);
    }
    return masses;
}

void HeadMasses::write(const std::filesystem::path& path) const {
    const auto rounded = [](const std::vector<float>& values) {  // four digits tell all there is
        nlohmann::json numbers = nlohmann::json::array();
        for (const float v : values) {
            numbers.push_back(std::round(double{v} * 1e4) / 1e4);
        }
        return numbers;
    };
    const nlohmann::ordered_json json{{"layers", layers},
                                      {"heads", heads},
                                      {"recent", rounded(recent)},
                                      {"first", rounded(first)},
                                      {"middle", rounded(middle)}};
    AtomicFile file(path);
    file.write(json.dump(1) + "\n");
    file.commit();
}

}  // namespace longtake::generator
