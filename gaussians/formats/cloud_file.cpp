#include "gaussians/formats/cloud_file.h"

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "gaussians/formats/compressed_ply.h"
#include "gaussians/formats/ply.h"
#include "gaussians/formats/sog.h"
#include "gaussians/formats/sound_cloud.h"
#include "gaussians/formats/spz.h"

namespace longtake::gaussians {
namespace {

namespace fs = std::filesystem;

CloudFile read(const fs::path& path) {
    if (is_sog(path)) {
        return {"SOG 2", read_sog(path)};
    }
    const auto file = MappedFile::open(path);
    if (PlyFile::recognizes(file->bytes())) {
        const PlyFile ply(file->bytes());
        if (is_compressed_ply(ply)) {
            return {"PlayCanvas compressed PLY", read_compressed_ply(ply)};
        }
        return {"3DGS PLY", read_ply(ply)};
    }
    check_input(is_spz(file->bytes()), "not a file of Gaussians (PLY, SPZ or SOG)");
    SpzCloud spz = read_spz(file->bytes());
    return {fmt::format("SPZ {}", spz.version), std::move(spz.cloud)};
}

}  // namespace

bool is_cloud_file(const fs::path& path) {
    if (fs::is_directory(path) || path.filename() == "meta.json") {
        return is_sog(path);
    }
    const auto file = MappedFile::open(path);
    return PlyFile::recognizes(file->bytes()) || is_spz(file->bytes()) || is_sog(path);
}

CloudFile read_cloud_file(const fs::path& path) {
    check_input(fs::exists(path), "{}: there is no such file or folder", path.string());
    try {
        CloudFile file = read(path);
        if (const int64_t dropped = make_sound(file.cloud); dropped > 0) {
            spdlog::warn("{}: {} Gaussians are not numbers and are left out", path.string(),
                         dropped);
        }
        return file;
    } catch (const InputError& e) {
        throw InputError(fmt::format("{}: {}", path.string(), e.what()));
    }
}

Cloud read_cloud(const fs::path& path) {
    return read_cloud_file(path).cloud;
}

bool is_cloud_name(const fs::path& path) {
    return path.extension() == ".ply" || path.extension() == ".spz";
}

void write_cloud(const fs::path& path, const Cloud& cloud) {
    check_input(is_cloud_name(path), "{}: Gaussians are written as .ply or .spz", path.string());
    if (path.extension() == ".ply") {
        write_ply(path, cloud);
    } else {
        write_spz(path, cloud);
    }
}

}  // namespace longtake::gaussians
