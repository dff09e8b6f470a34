#include "generator/threaded_writer.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <vector>

namespace longtake::generator {
namespace {

struct Seen {
    std::vector<int> first_bytes;
    std::vector<int64_t> lengths;
    bool finished = false;
    std::counting_semaphore<100> allowed{0};  // writes that may go on
    std::atomic<int> begun{0};
};

// Waits for leave before every write; complains at `fails_at`.
class SlowWriter : public FrameWriter {
  public:
    SlowWriter(Seen& seen, int fails_at) : seen_(seen), fails_at_(fails_at) {}
    void write(const Tensor& frames) override {
        const int number = seen_.begun++;
        seen_.allowed.acquire();
        if (number == fails_at_) {
            fail("the disk is full");
        }
        seen_.first_bytes.push_back(frames.data<uint8_t>()[0]);
        seen_.lengths.push_back(frames.extent(0));
    }
    void finish() override { seen_.finished = true; }

  private:
    Seen& seen_;
    int fails_at_;
};

Tensor chunk(int value, int64_t frames = 2) {
    Tensor t({frames, 2, 2, 3}, DType::U8);
    std::ranges::fill(t.values<uint8_t>(), static_cast<uint8_t>(value));
    return t;
}

TEST(ThreadedWriter, KeepsOrderAndContent) {
    Seen seen;
    seen.allowed.release(50);
    ThreadedWriter writer(std::make_unique<SlowWriter>(seen, -1));
    Tensor reused = chunk(0, 3);
    std::vector<int> expected;
    for (int i = 0; i < 50; ++i) {
        reused.data<uint8_t>()[0] = static_cast<uint8_t>(i);
        writer.write(i == 0 ? reused.slice(0, 1) : reused);
        expected.push_back(i);
    }
    EXPECT_FALSE(seen.finished);
    writer.finish();
    EXPECT_TRUE(seen.finished);
    EXPECT_EQ(seen.first_bytes, expected);
    EXPECT_EQ(seen.lengths[0], 1);
    EXPECT_EQ(seen.lengths[1], 3);
}

TEST(ThreadedWriter, TakesOneChunkAheadAndNoMore) {
    Seen seen;
    ThreadedWriter writer(std::make_unique<SlowWriter>(seen, -1));
    writer.write(chunk(0));  // goes to work
    writer.write(chunk(1));  // waits
    std::atomic<bool> third_taken = false;
    std::thread producer([&] {
        writer.write(chunk(2));
        third_taken = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_FALSE(third_taken);
    EXPECT_EQ(seen.begun, 1);
    seen.allowed.release(3);
    producer.join();
    writer.finish();
    EXPECT_EQ(seen.first_bytes, (std::vector<int>{0, 1, 2}));
}

TEST(ThreadedWriter, ErrorsComeOut) {
    Seen seen;
    seen.allowed.release(50);
    ThreadedWriter writer(std::make_unique<SlowWriter>(seen, 1));
    EXPECT_THROW(
        {
            for (int i = 0; i < 50; ++i) {
                writer.write(chunk(i));
            }
        },
        Error);
    EXPECT_THROW(writer.finish(), Error);
    EXPECT_EQ(seen.first_bytes, (std::vector<int>{0}));
    EXPECT_FALSE(seen.finished);
}

TEST(ThreadedWriter, AnAbandonedOneDoesNotFinish) {
    Seen seen;
    seen.allowed.release(50);
    {
        ThreadedWriter writer(std::make_unique<SlowWriter>(seen, -1));
        writer.write(chunk(0));
    }
    EXPECT_FALSE(seen.finished);
}

}  // namespace
}  // namespace longtake::generator
