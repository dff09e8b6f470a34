#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace longtake {

// How a program ended and what it said.
struct Outcome {
    int exit_code = -1;  // or -1 when a signal ended it
    int signal = 0;
    std::string out, err;
};

// A program that runs beside the test.
class Subprocess {
  public:
    struct Options {
        std::filesystem::path folder;                         // to run in; empty: the test's
        std::map<std::string, std::string> environment = {};  // on top of the test's
        std::function<void()> before_exec = {};               // in the child
    };

    Subprocess(const std::vector<std::string>& command, const Options& options);
    ~Subprocess();  // kills it
    Subprocess(const Subprocess&) = delete;
    Subprocess& operator=(const Subprocess&) = delete;

    void send(int signal) const;
    Outcome wait();

  private:
    pid_t pid_ = -1;
    std::filesystem::path out_, err_;  // files, so that nobody has to read while it runs
};

}  // namespace longtake
