#include "diffusion/weights/pickle_machine.h"

#include "core/error.h"
#include "diffusion/weights/pickle.h"
#include "diffusion/weights/torch_pickle.h"

#include <array>
#include <bit>
#include <charconv>

namespace longtake::diffusion {
namespace {

constexpr uint8_t kProto = 0x80, kFrame = 0x95, kStop = '.', kMark = '(';

int64_t signed_number(std::span<const std::byte> bytes) {
    check_input(bytes.size() <= 8, "its pickle holds a number of {} bytes", bytes.size());
    uint64_t value = ByteReader(bytes).number(bytes.size());
    const size_t unused = 64 - 8 * bytes.size();
    return unused == 64 ? 0 : static_cast<int64_t>(value << unused) >> unused;
}

int64_t decimal(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check_input(error == std::errc() && end == text.data() + text.size(),
                "its pickle holds a bad number");
    return value;
}

}  // namespace

PickleRef PickleMachine::run() {
    for (;;) {
        const auto op = static_cast<uint8_t>(program_.number(1));
        if (op == kStop) {
            check_input(stack_.size() == 1 && marks_.empty(), "its pickle is broken");
            return stack_[0];
        }
        if (op == kProto) {
            const uint64_t version = program_.number(1);
            check_input(version <= 5, "its pickle is of version {}", version);
        } else if (op == kFrame) {
            program_.take(8);
        } else if (op == kMark) {
            marks_.push_back(stack_.size());
        } else {
            const bool known = push_constant(op) || push_text(op) || push_container(op) ||
                               fill_container(op) || use_memo(op) || use_callable(op);
            check_input(known, "its pickle uses opcode {:#04x}, which no checkpoint needs", op);
        }
    }
}

bool PickleMachine::push_constant(uint8_t op) {
    switch (op) {
        case 'N': push({}); return true;
        case 0x88: push({true}); return true;
        case 0x89: push({false}); return true;
        case 'K': push({signed_number(program_.take(1)) & 0xff}); return true;
        case 'M': push({signed_number(program_.take(2)) & 0xffff}); return true;
        case 'J': push({signed_number(program_.take(4))}); return true;
        case 'I': push({decimal(program_.text_until('\n'))}); return true;
        case 0x8a: push({signed_number(program_.take(program_.number(1)))}); return true;
        case 0x8b: push({signed_number(program_.take(program_.number(4)))}); return true;
        case 'G': {
            uint64_t bits = 0;
            for (const std::byte b : program_.take(8)) {  // the only big-endian value
                bits = bits << 8 | std::to_integer<uint64_t>(b);
            }
            push({std::bit_cast<double>(bits)});
            return true;
        }
        default: return false;
    }
}

bool PickleMachine::push_text(uint8_t op) {
    size_t width = 0;  // of the length
    switch (op) {
        case 0x8c:                    // short unicode
        case 'C':                     // short bytes
        case 'U': width = 1; break;   // short string
        case 'X':                     // unicode
        case 'B':                     // bytes
        case 'T': width = 4; break;   // string
        case 0x8d:                    // long unicode
        case 0x8e: width = 8; break;  // long bytes
        default: return false;
    }
    push({std::string(program_.text(program_.number(width)))});
    return true;
}

bool PickleMachine::push_container(uint8_t op) {
    switch (op) {
        case ']': push({PickleList{}}); return true;
        case 'l': push({PickleList{.items = pop_to_mark()}}); return true;
        case ')': push_tuple(0); return true;
        case 0x85: push_tuple(1); return true;
        case 0x86: push_tuple(2); return true;
        case 0x87: push_tuple(3); return true;
        case 't': push({PickleList{.items = pop_to_mark(), .tuple = true}}); return true;
        case '}': push({PickleDict{}}); return true;
        case 'd': {
            const auto items = pop_to_mark();
            push({PickleDict{}});
            set_items(top(), items);
            return true;
        }
        default: return false;
    }
}

bool PickleMachine::fill_container(uint8_t op) {
    switch (op) {
        case 'a': {
            const PickleRef item = pop();
            append(top(), {&item, 1});
            return true;
        }
        case 'e': {
            const auto items = pop_to_mark();
            append(top(), items);
            return true;
        }
        case 's': {
            const PickleRef value = pop(), key = pop();
            set_items(top(), std::array{key, value});
            return true;
        }
        case 'u': {
            const auto items = pop_to_mark();
            set_items(top(), items);
            return true;
        }
        default: return false;
    }
}

bool PickleMachine::use_memo(uint8_t op) {
    const auto get = [this](uint64_t key) {
        const auto found = memo_.find(key);
        check_input(found != memo_.end(), "its pickle refers to nothing");
        stack_.push_back(found->second);
    };
    switch (op) {
        case 'p': memoize(static_cast<uint64_t>(decimal(program_.text_until('\n')))); return true;
        case 'q': memoize(program_.number(1)); return true;
        case 'r': memoize(program_.number(4)); return true;
        case 0x94: memoize(memo_.size()); return true;
        case 'g': get(static_cast<uint64_t>(decimal(program_.text_until('\n')))); return true;
        case 'h': get(program_.number(1)); return true;
        case 'j': get(program_.number(4)); return true;
        case '0': pop(); return true;
        case '1': pop_to_mark(); return true;
        case '2': stack_.push_back(&top()); return true;
        default: return false;
    }
}

bool PickleMachine::use_callable(uint8_t op) {
    switch (op) {
        case 'c': {
            const std::string module(program_.text_until('\n'));
            push(torch_global(module, std::string(program_.text_until('\n'))));
            return true;
        }
        case 0x93: {
            const std::string name = pop_text(), module = pop_text();
            push(torch_global(module, name));
            return true;
        }
        case 'R':
        case 0x81: {
            const PickleValue& arguments = *pop();
            const PickleValue& callable = *pop();
            push(torch_call(callable, arguments));
            return true;
        }
        case 'b': {  // attributes: only an OrderedDict's, which say nothing of the tensors
            const PickleRef state = pop();
            check_input(top().as<PickleDict>() != nullptr && state->as<PickleDict>() != nullptr,
                        "its pickle sets the attributes of something other than a dict");
            return true;
        }
        case 'Q': {
            push(torch_storage(*pop()));
            return true;
        }
        default: return false;
    }
}

void PickleMachine::push(PickleValue value) {
    check_input(values_.size() < Pickle::kMaxValues, "its pickle holds more than {} values",
                Pickle::kMaxValues);
    values_.push_back(std::move(value));
    stack_.push_back(&values_.back());
}

PickleValue& PickleMachine::top() {
    check_input(stack_.size() > (marks_.empty() ? 0 : marks_.back()), "its pickle is broken");
    return *stack_.back();
}

PickleValue* PickleMachine::pop() {
    PickleValue* value = &top();
    stack_.pop_back();
    return value;
}

std::string PickleMachine::pop_text() {
    const auto* text = pop()->as<std::string>();
    check_input(text != nullptr, "its pickle is broken");
    return *text;
}

std::vector<PickleRef> PickleMachine::pop_to_mark() {
    check_input(!marks_.empty(), "its pickle is broken");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleRef> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
}

void PickleMachine::push_tuple(size_t count) {
    PickleList tuple{.items = std::vector<PickleRef>(count), .tuple = true};
    for (size_t i = count; i-- > 0;) {
        tuple.items[i] = pop();
    }
    push({std::move(tuple)});
}

void PickleMachine::append(PickleValue& target, std::span<const PickleRef> items) {
    auto* list = target.as<PickleList>();
    check_input(list != nullptr && !list->tuple,
                "its pickle appends to something else than a list");
    list->items.insert(list->items.end(), items.begin(), items.end());
}

void PickleMachine::set_items(PickleValue& target, std::span<const PickleRef> items) {
    auto* dict = target.as<PickleDict>();
    check_input(dict != nullptr && items.size() % 2 == 0,
                "its pickle puts keys into something else than a dict");
    for (size_t i = 0; i < items.size(); i += 2) {
        dict->items.emplace_back(items[i], items[i + 1]);
    }
}

void PickleMachine::memoize(uint64_t key) {
    memo_[key] = &top();
}

Pickle::Pickle(std::span<const std::byte> bytes) {
    check_input(bytes.size() <= kMaxBytes, "its pickle is {} bytes long", bytes.size());
    root_ = PickleMachine(bytes, values_).run();
}

}  // namespace longtake::diffusion
