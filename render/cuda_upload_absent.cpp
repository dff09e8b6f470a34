#include "render/frame_upload.h"

// Of a build without CUDA.
namespace longtake::render {

std::unique_ptr<FrameUpload> make_cuda_upload(const Device& device) {
    fail("{}", cuda_upload_problem(device));
}

std::string cuda_upload_problem(const Device&) {
    return "this build has no CUDA code";
}

}  // namespace longtake::render
