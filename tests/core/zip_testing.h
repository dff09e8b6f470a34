#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace longtake {

struct ZipEntry {
    std::string name, content;
    uint16_t method = 0;        // 0: stored
    uint64_t claimed_size = 0;  // in the directory, when not the content's
};

inline std::string little(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
        text += static_cast<char>(value);
        value >>= 8;
    }
    return text;
}

// A zip archive, by hand. With `wide`, all sizes and offsets stand in zip64 fields.
inline std::string zip_of(const std::vector<ZipEntry>& entries, bool wide = false) {
    std::string file, directory;
    const auto fit = [&](uint64_t value) { return little(wide ? 0xffffffff : value, 4); };
    for (const ZipEntry& e : entries) {
        const uint64_t at = file.size();
        const uint64_t size = e.claimed_size != 0 ? e.claimed_size : e.content.size();
        file += little(0x04034b50, 4) + little(20, 2) + little(0, 2) + little(e.method, 2) +
                little(0, 8) + little(e.content.size(), 4) + little(e.content.size(), 4) +
                little(e.name.size(), 2) + little(4, 2) + e.name + "FB" + little(0, 2) + e.content;
        const std::string extra =
            wide ? little(1, 2) + little(24, 2) + little(size, 8) + little(size, 8) + little(at, 8)
                 : "";
        directory += little(0x02014b50, 4) + little(0, 4) + little(0, 2) + little(e.method, 2) +
                     little(0, 8) + fit(size) + fit(size) + little(e.name.size(), 2) +
                     little(extra.size(), 2) + little(0, 10) + fit(at) + e.name + extra;
    }
    const uint64_t directory_at = file.size();
    file += directory;
    if (wide) {
        const uint64_t record = file.size();
        file += little(0x06064b50, 4) + little(44, 8) + little(0, 12) + little(entries.size(), 8) +
                little(entries.size(), 8) + little(directory.size(), 8) + little(directory_at, 8);
        file += little(0x07064b50, 4) + little(0, 4) + little(record, 8) + little(1, 4);
    }
    file += little(0x06054b50, 4) + little(0, 4) + little(entries.size(), 2) +
            little(entries.size(), 2) + fit(directory.size()) + fit(directory_at) + little(0, 2);
    return file;
}

inline std::filesystem::path write_bytes(const std::filesystem::path& path,
                                         const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
}

}  // namespace longtake
