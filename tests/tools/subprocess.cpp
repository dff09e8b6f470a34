#include "tests/tools/subprocess.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace longtake {
namespace {

std::filesystem::path empty_file() {
    std::string name = (std::filesystem::temp_directory_path() / "longtake-out-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) {
        throw std::runtime_error("no temporary file");
    }
    ::close(descriptor);
    return name;
}

std::string take_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::filesystem::remove(path);
    return text;
}

}  // namespace

Subprocess::Subprocess(const std::vector<std::string>& command, const Options& options)
    : out_(empty_file()), err_(empty_file()) {
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(::open("/dev/null", O_RDONLY), 0);
        ::dup2(::open(out_.c_str(), O_WRONLY), 1);
        ::dup2(::open(err_.c_str(), O_WRONLY), 2);
        for (const auto& [name, value] : options.environment) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
        if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) {
            ::_exit(126);
        }
        if (options.before_exec) {
            options.before_exec();
        }
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
}

Subprocess::~Subprocess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
}

void Subprocess::send(int signal) const {
    ::kill(pid_, signal);
}

Outcome Subprocess::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    Outcome outcome;
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    outcome.out = take_text(out_);
    outcome.err = take_text(err_);
    return outcome;
}

}  // namespace longtake
