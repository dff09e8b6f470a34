#include "tools/longtake/picture_output.h"

#include "core/image.h"
#include "generator/threaded_writer.h"
#include "tools/longtake/output_path.h"

#include <utility>

namespace longtake::cli {

PictureOutput::PictureOutput(const std::string& option, std::string destination,
                             const VideoOptions& video)
    : destination_(std::move(destination)) {
    if (is_single(destination_)) {
        check_writable(option, destination_);
    } else if (wanted()) {
        writer_ =
            std::make_unique<generator::ThreadedWriter>(make_frame_writer(destination_, video));
    }
}

void PictureOutput::write(const Tensor& image) {
    if (writer_) {
        writer_->write(image.reshape({1, image.extent(0), image.extent(1), 3}));
    } else if (wanted()) {
        write_png(destination_, image);
    }
}

void PictureOutput::finish() {
    if (writer_) {
        writer_->finish();
    }
}

}  // namespace longtake::cli
