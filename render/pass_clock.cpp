#include "render/pass_clock.h"

namespace longtake::render {

PassClock::PassClock(const Device& device) : device_(device) {
    VkQueryPoolCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
    info.queryType = VK_QUERY_TYPE_TIMESTAMP;
    info.queryCount = kMost;
    VkQueryPool pool = VK_NULL_HANDLE;
    check_vk(vkCreateQueryPool(device.get(), &info, nullptr, &pool), "making a clock");
    pool_ = {device.get(), pool, vkDestroyQueryPool};
}

void PassClock::begin(VkCommandBuffer commands) {
    vkCmdResetQueryPool(commands, pool_.get(), 0, kMost);
    stamps_ = 0;
    names_.clear();
    stamp(commands);
}

void PassClock::end_pass(VkCommandBuffer commands, const char* name) {
    check(stamps_ < kMost, "more than {} passes on the clock", kMost - 1);
    stamp(commands);
    names_.push_back(name);
}

void PassClock::stamp(VkCommandBuffer commands) {
    vkCmdWriteTimestamp2(commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, pool_.get(), stamps_++);
}

std::vector<std::pair<std::string, double>> PassClock::read() const {
    std::vector<uint64_t> ticks(stamps_);
    check_vk(vkGetQueryPoolResults(device_.get(), pool_.get(), 0, stamps_, 8 * stamps_,
                                   ticks.data(), 8, VK_QUERY_RESULT_64_BIT),
             "reading the clock");
    std::vector<std::pair<std::string, double>> passes;
    for (size_t i = 0; i < names_.size(); ++i) {
        passes.emplace_back(names_[i], 1e-6 * device_.limits().timestampPeriod *
                                           static_cast<double>(ticks[i + 1] - ticks[i]));
    }
    return passes;
}

}  // namespace longtake::render
