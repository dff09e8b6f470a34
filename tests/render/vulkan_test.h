#pragma once

#include "render/device.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace longtake::render {

// A device under the validation layer; whatever that says is a failure. LONGTAKE_TEST_VALIDATION is
// "synchronization" for checks of that, "off" where there is a device but no layer.
class VulkanTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* wanted = std::getenv("LONGTAKE_TEST_VALIDATION");
        const std::string name = wanted != nullptr ? wanted : "core";
        try {
            instance_ = std::make_shared<Instance>(InstanceOptions{
                .validation = name == "synchronization" ? Validation::Synchronization
                              : name == "off"           ? Validation::Off
                                                        : Validation::Core});
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
