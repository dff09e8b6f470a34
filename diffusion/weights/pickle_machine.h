#pragma once

#include "core/byte_reader.h"
#include "diffusion/weights/pickle_value.h"

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace longtake::diffusion {

// The stack machine that a pickle is a program for. Opcodes as in Python's Lib/pickletools.py.
class PickleMachine {
  public:
    PickleMachine(std::span<const std::byte> program, std::deque<PickleValue>& values)
        : program_(program), values_(values) {}

    PickleRef run();

  private:
    // One group of opcodes each; false when it is none of theirs.
    bool push_constant(uint8_t op);
    bool push_text(uint8_t op);
    bool push_container(uint8_t op);
    bool fill_container(uint8_t op);
    bool use_memo(uint8_t op);
    bool use_callable(uint8_t op);

    void push(PickleValue value);
    PickleValue* pop();
    PickleValue& top();
    std::vector<PickleRef> pop_to_mark();
    std::string pop_text();
    void append(PickleValue& target, std::span<const PickleRef> items);
    void set_items(PickleValue& target, std::span<const PickleRef> items);
    void memoize(uint64_t key);
    void push_tuple(size_t count);

    ByteReader program_;
    std::deque<PickleValue>& values_;
    std::vector<PickleValue*> stack_;
    std::vector<size_t> marks_;  // where in the stack
    std::unordered_map<uint64_t, PickleValue*> memo_;
};

}  // namespace longtake::diffusion
