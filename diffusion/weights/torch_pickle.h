#pragma once

#include "diffusion/weights/pickle_value.h"

#include <string>

// What the names in a pickle by torch.save stand for. All throw InputError for anything that a
// checkpoint does not need; "refuses to call posix.system".
namespace longtake::diffusion {

PickleValue torch_global(const std::string& module, const std::string& name);

// The result of calling a global: an empty OrderedDict, bytes, a torch.Size, a tensor, a parameter.
PickleValue torch_call(const PickleValue& callable, const PickleValue& arguments);

// ("storage", type, key, device, elements): the contents of an entry of the archive.
PickleValue torch_storage(const PickleValue& persistent_id);

}  // namespace longtake::diffusion
