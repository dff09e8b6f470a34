#include "core/log.h"

#include "core/progress.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdio>
#include <memory>

namespace longtake {
namespace {

class Formatter : public spdlog::formatter {
  public:
    Formatter(bool with_time, bool terminal)
        : start_(std::string(terminal ? kClearLine : "") + (with_time ? "%T.%e " : "")),
          plain_(std::make_unique<spdlog::pattern_formatter>(start_ + "%v")),
          named_(std::make_unique<spdlog::pattern_formatter>(start_ + "%l: %v")),
          with_time_(with_time),
          terminal_(terminal) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        (message.level == spdlog::level::info ? plain_ : named_)->format(message, out);
    }
    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<Formatter>(with_time_, terminal_);
    }

  private:
    std::string start_;
    std::unique_ptr<spdlog::formatter> plain_, named_;
    bool with_time_, terminal_;
};

}  // namespace

void setup_logging(spdlog::level::level_enum level) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto logger = std::make_shared<spdlog::logger>("longtake", std::move(sink));
    logger->set_formatter(
        std::make_unique<Formatter>(level <= spdlog::level::debug, is_terminal(stderr)));
    logger->set_level(level);
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace longtake
