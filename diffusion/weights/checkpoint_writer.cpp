#include "diffusion/weights/checkpoint_writer.h"

#include "core/error.h"
#include "core/text.h"
#include "diffusion/weights/finite.h"
#include "diffusion/weights/scaled_fp8.h"

#include <map>
#include <string>

namespace longtake::diffusion {
namespace {

constexpr const char* kFp8Note =
    "a tensor NAME of type F8_E4M3 stands for its elements times NAME_scale, [rows, 1]";

bool is_float(DType t) {
    return t == DType::F32 || t == DType::BF16 || t == DType::F16 || t == DType::F8E4M3;
}

// The tensors of the file to be, and where each comes from.
class Plan {
  public:
    Plan(const WeightMap& weights, std::optional<DType> dtype) : weights_(weights) {
        for (const std::string& name : weights.names()) {
            const auto [stored, shape] = weights.info(name);
            const bool eight_bits = dtype == DType::F8E4M3 && is_fp8_candidate(name, shape);
            check_input(stored != DType::F8E4M3 || (dtype && dtype != DType::F8E4M3),
                        "{}: is in fp8 already; write it as bf16, fp16 or fp32",
                        weights.path().string());
            if (eight_bits) {
                entries_.push_back({fp8_scale_name(name), {DType::F32, Shape{shape[0], 1}}});
                scaled_[fp8_scale_name(name)] = name;
            }
            const DType wanted = eight_bits               ? DType::F8E4M3
                                 : dtype == DType::F8E4M3 ? DType::BF16
                                                          : dtype.value_or(stored);
            entries_.push_back({name, {is_float(stored) ? wanted : stored, shape}});
        }
    }

    const std::vector<SafetensorsWriter::Entry>& entries() const { return entries_; }

    // Scales come first in the file, and are kept for the matrices that follow.
    Tensor make(const std::string& name, DType dtype) {
        if (const auto matrix = scaled_.find(name); matrix != scaled_.end()) {
            return scales_[matrix->second] = fp8_row_scales(weights_.get(matrix->second));
        }
        const Tensor stored = weights_.get(name);
        if (dtype == DType::F8E4M3) {
            return to_fp8(stored, scales_.at(name));
        }
        const Tensor converted = stored.to(dtype);
        check_input(is_finite(converted), "{}: tensor {} has values too large for {}",
                    weights_.path().string(), one_line(name), name_of(dtype));
        return converted;
    }

    void release(const std::string& name) const {
        const auto matrix = scaled_.find(name);
        weights_.release(matrix == scaled_.end() ? name : matrix->second);
    }

    // What `make` reads from the files; scales count with their matrix.
    int64_t bytes_read(const std::string& name) const {
        if (scaled_.contains(name)) {
            return 0;
        }
        const auto [dtype, shape] = weights_.info(name);
        return shape.count() * static_cast<int64_t>(size_of(dtype));
    }

  private:
    const WeightMap& weights_;
    std::vector<SafetensorsWriter::Entry> entries_;
    std::map<std::string, std::string> scaled_;  // name of the scales -> of their matrix
    std::map<std::string, Tensor> scales_;       // by matrix
};

}  // namespace

void write_checkpoint(const WeightMap& weights, const std::filesystem::path& path,
                      const CheckpointFormat& format) {
    Plan plan(weights, format.dtype);
    SafetensorsFile::Metadata metadata{{"format", "pt"}, {"made_by", "longtake convert"}};
    if (format.dtype == DType::F8E4M3) {
        metadata["fp8"] = kFp8Note;
    }
    SafetensorsWriter writer(path, plan.entries(), metadata);
    for (const auto& [name, info] : writer.order()) {
        writer.write(plan.make(name, info.dtype));
        plan.release(name);
        format.progress(plan.bytes_read(name));
    }
    writer.commit();
}

}  // namespace longtake::diffusion
