#include "diffusion/weights/tensor_file.h"

#include "core/error.h"
#include "diffusion/weights/torch_file.h"

#include <array>
#include <string_view>

namespace longtake::diffusion {
namespace {

class SafetensorsTensors : public TensorFile {
  public:
    explicit SafetensorsTensors(const std::filesystem::path& path)
        : file_(SafetensorsFile::open(path)) {}

    const std::filesystem::path& path() const override { return file_->path(); }
    std::string format() const override { return "safetensors"; }
    SafetensorsFile::Metadata metadata() const override { return file_->metadata(); }
    std::vector<std::string> names() const override { return file_->names(); }
    bool contains(const std::string& name) const override { return file_->contains(name); }
    Info info(const std::string& name) const override { return file_->info(name); }
    Tensor tensor(const std::string& name) const override { return file_->tensor(name); }
    void release() const override { file_->release(); }

  private:
    std::shared_ptr<const SafetensorsFile> file_;
};

// How files begin that are no checkpoint, or one of another time.
struct Beginning {
    size_t at;
    std::string_view bytes;
    const char* reason;
};
using namespace std::string_view_literals;
constexpr const char* kOldTorch =
    "is in PyTorch's format from before version 1.6; load it there and torch.save it again";
constexpr const char* kWebPage = "is a web page, not a checkpoint; download the file itself";
constexpr std::array<Beginning, 7> kStrangers{{
    {0, "version https://git-lfs"sv,
     "is a Git LFS pointer, not the checkpoint itself; run `git lfs pull` where it came from"},
    {0, "<!DOCTYPE"sv, kWebPage},
    {0, "<!doctype"sv, kWebPage},
    {0, "<html"sv, kWebPage},
    {0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv, kOldTorch},
    {257, "ustar"sv, kOldTorch},
    {0, "GGUF"sv, "is a GGUF file; Longtake reads .safetensors and PyTorch's .pt and .pth"},
}};

}  // namespace

std::shared_ptr<const TensorFile> TensorFile::open(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    const auto all = file->bytes();
    const std::string_view bytes(reinterpret_cast<const char*>(all.data()), all.size());
    for (const Beginning& stranger : kStrangers) {
        check_input(bytes.size() < stranger.at ||
                        bytes.compare(stranger.at, stranger.bytes.size(), stranger.bytes) != 0,
                    "{} {}", path.string(), stranger.reason);
    }
    if (bytes.starts_with("PK\x03\x04")) {
        return std::make_shared<TorchFile>(path, file);
    }
    return std::make_shared<SafetensorsTensors>(path);
}

}  // namespace longtake::diffusion
