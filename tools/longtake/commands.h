#pragma once

#include <CLI/CLI.hpp>

namespace longtake::cli {

// Each adds one subcommand that runs when it is parsed.
void add_generate(CLI::App& app);
void add_embed(CLI::App& app);
void add_view(CLI::App& app);
void add_encode(CLI::App& app);
void add_render(CLI::App& app);
void add_info(CLI::App& app);
void add_convert(CLI::App& app);
void add_concat(CLI::App& app);
void add_bench(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_track(CLI::App& app);
void add_takes(CLI::App& app);
void add_doctor(CLI::App& app);

}  // namespace longtake::cli
