#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "tools/longtake/commands.h"
#include "tools/longtake/device_option.h"
#include "tools/longtake/interrupt.h"
#include "tools/longtake/lost_file.h"
#include "tools/longtake/thread_waiting.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

namespace {

void run(CLI::App& app, int argc, char** argv) {
    using namespace longtake::cli;
    app.set_version_flag("--version", LONGTAKE_VERSION);
    app.require_subcommand(1);
    add_generate(app);
    add_embed(app);
    add_view(app);
    add_encode(app);
    add_render(app);
    add_info(app);
    add_convert(app);
    add_concat(app);
    add_bench(app);
    add_calibrate(app);
    add_takes(app);
    add_track(app);
    add_doctor(app);
    app.parse(argc, argv);
    if (std::fflush(stdout) != 0) {
        longtake::fail_input("cannot write stdout: {}", longtake::system_reason());
    }
}

// One line, whatever control characters stand in the names of files and what is in them.
int complain(std::string what, int exit_code) {
    std::ranges::replace_if(
        what, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    std::fprintf(stderr, "longtake: %s\n", what.c_str());
    return exit_code;
}

}  // namespace

// 0 done, 2 the user's input is wrong, 1 anything else, 130 after Ctrl-C.
int main(int argc, char** argv) {
    longtake::cli::wait_without_spinning_long(argv);
    longtake::cli::open_gpu_queues();
    longtake::setup_logging(spdlog::level::warn);
    longtake::cli::handle_signals();
    longtake::cli::name_lost_files();
    CLI::App app("Endless generative video, and video to walk around in.", "longtake");
    try {
        run(app, argc, argv);
        return 0;
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& e) {
        if (app.get_subcommands().empty()) {
            return complain(
                "a command is missing: generate, embed, view, encode, render, info, convert, "
                "concat, bench, calibrate, takes, track or doctor (see --help)",
                2);
        }
        return complain(fmt::format("{} (see --help)", e.what()), 2);
    } catch (const longtake::InputError& e) {
        return complain(e.what(), 2);
    } catch (const longtake::OutOfMemory& e) {
        return complain(fmt::format("{}; end other programs, or choose --device cpu", e.what()), 2);
    } catch (const longtake::cli::Interrupted&) {
        return longtake::cli::interrupted_exit_code();
    } catch (const std::bad_alloc&) {
        return complain("out of memory", 1);
    } catch (const std::exception& e) {
        return complain(e.what(), 1);
    }
}
