#pragma once

#include "diffusion/weights/checkpoint_writer.h"
#include "diffusion/weights/model_folder.h"

#include <filesystem>

namespace longtake::diffusion {

// Writes the parts of a model, from whatever layout, as a folder in diffusers' layout that
// VideoModel::load reads: transformer/, vae/, text_encoder/, tokenizer/, scheduler/, each with its
// config.json. The folder appears whole or not at all. Throws InputError when the model is not
// usable or the folder exists.
void write_model(const ModelFolder& model, const std::filesystem::path& folder,
                 const CheckpointFormat& format);

}  // namespace longtake::diffusion
