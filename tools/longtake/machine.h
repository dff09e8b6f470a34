#pragma once

#include <string>
#include <vector>

namespace longtake::cli {

struct Machine {
    std::string cpu;                    // the maker's name of it
    std::vector<std::string> features;  // of those that make a difference to us
    int threads = 0;                    // that we use
    double memory_gib = 0;
};
Machine describe_machine();

double resident_mib();       // of this process, now
double peak_resident_mib();  // of this process, at its worst

}  // namespace longtake::cli
