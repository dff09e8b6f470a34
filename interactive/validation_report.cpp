#include "interactive/validation_report.h"

namespace longtake::interactive {

void report_validation(const render::Instance& instance) {
    const auto messages = instance.messages();
    check(messages.empty(), "{} message(s) of the validation layer; the first: {}", messages.size(),
          messages.empty() ? "" : messages.front());
}

}  // namespace longtake::interactive
