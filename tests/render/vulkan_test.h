#pragma once

#include "render/device.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace longtake::render {

// A device under the validation layer; whatever that says is a failure.
class VulkanTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* wanted = std::getenv("LONGTAKE_TEST_VALIDATION");
        const bool synchronization = wanted != nullptr && std::string(wanted) == "synchronization";
        try {
            instance_ = std::make_shared<Instance>(InstanceOptions{
                .validation = synchronization ? Validation::Synchronization : Validation::Core});
            device_ = std::make_unique<Device>(instance_);
        } catch (const InputError& e) {
            GTEST_SKIP() << e.what();
        }
    }
    void TearDown() override {
        device_.reset();
        if (instance_) {
            for (const std::string& message : instance_->messages()) {
                ADD_FAILURE() << message;
            }
        }
    }

    const Device& device() const { return *device_; }
    std::shared_ptr<const Instance> instance_;

  private:
    std::unique_ptr<Device> device_;
};

}  // namespace longtake::render
