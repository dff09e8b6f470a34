#include "tools/longtake/bug_report.h"

#include "core/file.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>

namespace longtake::cli {
namespace {

namespace fs = std::filesystem;

std::string distribution() {
    std::ifstream file("/etc/os-release");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("PRETTY_NAME=")) {
            return line.substr(12);
        }
    }
    return "unknown";
}

std::string kernel() {
    struct utsname name = {};
    return ::uname(&name) == 0 ? fmt::format("{} {}, {}", name.sysname, name.release, name.machine)
                               : "unknown";
}

// The files of shared libraries, whose names end in their versions.
std::set<std::string> libraries() {
    std::set<std::string> names;
    const auto add = [](dl_phdr_info* info, size_t, void* all) {
        std::error_code none;
        const fs::path file = fs::canonical(info->dlpi_name, none);
        if (!none && file.filename().string().find(".so") != std::string::npos) {
            static_cast<std::set<std::string>*>(all)->insert(file.filename());
        }
        return 0;
    };
    ::dl_iterate_phdr(add, &names);
    return names;
}

}  // namespace

std::string without_paths(std::string text) {
    const char* home = std::getenv("HOME");
    const std::string home_folder = home == nullptr ? "" : home;
    if (home_folder.size() > 1) {  // it may have spaces in it
        for (size_t at = 0; (at = text.find(home_folder, at)) != std::string::npos;) {
            text.replace(at, home_folder.size(), "/home");
        }
    }
    return std::regex_replace(text, std::regex("/(?:[^\\s/:,'\"]+/)+"), ".../");
}

void write_bug_report(const fs::path& path, const std::string& findings) {
    std::string text = fmt::format("longtake {}, {}\nsystem: {}, {}, glibc {}\n\n{}\n",
                                   LONGTAKE_VERSION, LONGTAKE_BUILD, distribution(), kernel(),
                                   ::gnu_get_libc_version(), without_paths(findings));
    for (const std::string& library : libraries()) {
        text += library + "\n";
    }
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

}  // namespace longtake::cli
