#include "interactive/producer.h"

#include "core/error.h"
#include "tests/interactive/fake_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace longtake::interactive {
namespace {

using generator::ControlQueue;

MadeChunk wait_for_chunk(ChunkQueue& queue, int64_t take = 0) {
    for (int i = 0; i < 5000; ++i) {
        if (auto chunk = queue.pop(take)) {
            return std::move(*chunk);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    fail("no chunk in five seconds");
}

TEST(Producer, MakesNoMoreThanThereIsRoomFor) {
    ControlQueue controls;
    ChunkQueue queue;
    auto maker = std::make_unique<FakeMaker>(controls);
    Producer producer(std::move(maker), controls, queue);
    producer.start([] {});
    for (int64_t i = 0; i < 20; ++i) {
        EXPECT_EQ(wait_for_chunk(queue).receipt.chunk, i);
    }
}

class Complaining : public FakeMaker {
  public:
    using FakeMaker::FakeMaker;
    std::optional<MadeChunk> make(const generator::Stop& stop) override {
        if (++calls == 2) {
            fail_input("the cache is full");
        }
        return FakeMaker::make(stop);
    }
    int calls = 0;
};

TEST(Producer, WaitsForAControlWhereItCannotGoOn) {
    ControlQueue controls;
    ChunkQueue queue;
    Producer producer(std::make_unique<Complaining>(controls), controls, queue);
    producer.start([] {});
    wait_for_chunk(queue);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(queue.waiting());
    EXPECT_THAT(producer.take_notices(), ::testing::ElementsAre("the cache is full"));
    EXPECT_TRUE(producer.take_notices().empty());
    controls.post(generator::ShowPrompt{"go on", false});
    EXPECT_EQ(wait_for_chunk(queue).prompt, "go on");
    producer.check_alive();
}

class Breaking : public FakeMaker {
  public:
    using FakeMaker::FakeMaker;
    std::optional<MadeChunk> make(const generator::Stop&) override { fail("broken"); }
};

TEST(Producer, WhatBreaksItComesOut) {
    ControlQueue controls;
    ChunkQueue queue;
    Producer producer(std::make_unique<Breaking>(controls), controls, queue);
    std::atomic<int> woken = 0;
    producer.start([&] { ++woken; });
    while (woken == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (int i = 0; i < 100; ++i) {
        try {
            producer.check_alive();
        } catch (const Error& e) {
            EXPECT_STREQ(e.what(), "broken");
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    FAIL();
}

}  // namespace
}  // namespace longtake::interactive
