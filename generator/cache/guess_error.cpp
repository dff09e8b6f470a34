#include "generator/cache/guess_error.h"

#include "core/error.h"

namespace longtake::generator {

void score_guess(const Tensor& guess, const Tensor& clean, const GuessError& how, Tensor& scores,
                 GpuStream stream) {
    check(guess.shape() == clean.shape() && guess.device() == scores.device() &&
              clean.device() == scores.device() && guess.extent(2) % how.height == 0 &&
              guess.extent(3) % how.width == 0 &&
              guess.extent(2) / how.height * (guess.extent(3) / how.width) == how.tokens &&
              scores.count() == guess.extent(0) * how.tokens,
          "score_guess: {} and {} make no {} scores", guess.shape().str(), clean.shape().str(),
          scores.count());
    scores.device() == Device::Cpu ? score_guess_cpu(guess, clean, how, scores)
                                   : score_guess_cuda(guess, clean, how, scores, stream);
}

}  // namespace longtake::generator
