# A software bill of materials (CycloneDX 1.5): what the program is linked with and what it carries in it, as
# found when it was configured. CONTRIBUTING.md says why each is there. What these libraries load in turn is the
# distribution's.
set(LONGTAKE_SBOM "${PROJECT_BINARY_DIR}/longtake.cdx.json")
set(LONGTAKE_SBOM_COMPONENTS)

# longtake_component(NAME VERSION LICENCE [LIBRARY ...]): the names of its shared libraries, without ".so".
function(longtake_component name version licence)
    if(NOT version)
        message(WARNING "${name}: its version is not known")
        set(version unknown)
    endif()
    string(REPLACE ";" " " libraries "${ARGN}")
    string(CONCAT json "{\"type\": \"library\", \"name\": \"${name}\", \"version\": \"${version}\", "
        "\"licenses\": [{\"expression\": \"${licence}\"}], "
        "\"properties\": [{\"name\": \"longtake:libraries\", \"value\": \"${libraries}\"}]}")
    set(LONGTAKE_SBOM_COMPONENTS "${LONGTAKE_SBOM_COMPONENTS}${LONGTAKE_SBOM_COMMA}\n    ${json}" PARENT_SCOPE)
    set(LONGTAKE_SBOM_COMMA "," PARENT_SCOPE)
endfunction()

execute_process(COMMAND getconf GNU_LIBC_VERSION OUTPUT_VARIABLE glibc OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REPLACE "glibc " "" glibc "${glibc}")
longtake_component("CLI11" "${CLI11_VERSION}" "BSD-3-Clause")
foreach(library IN ITEMS libavcodec libavformat libavutil libswscale)
    # As Debian and Ubuntu configure it.
    longtake_component("FFmpeg ${library}" "${FFMPEG_${library}_VERSION}" "GPL-2.0-or-later" ${library})
endforeach()
longtake_component("fmt" "${fmt_VERSION}" "MIT" libfmt)
longtake_component("GCC runtime" "${CMAKE_CXX_COMPILER_VERSION}" "GPL-3.0-or-later WITH GCC-exception-3.1"
    libstdc++ libgcc_s libgomp)
longtake_component("glibc" "${glibc}" "LGPL-2.1-or-later" libc libm ld-linux-x86-64)
longtake_component("libpng" "${PNG_VERSION}" "libpng-2.0" libpng16)
longtake_component("libwebp" "${WEBP_VERSION}" "BSD-3-Clause" libwebp)
longtake_component("nlohmann-json" "${nlohmann_json_VERSION}" "MIT")
longtake_component("oneDNN" "${dnnl_VERSION}" "Apache-2.0" libdnnl)
longtake_component("pugixml" "${PUGIXML_VERSION}" "MIT" libpugixml)
longtake_component("SentencePiece" "${SENTENCEPIECE_VERSION}" "Apache-2.0" libsentencepiece)
longtake_component("spdlog" "${spdlog_VERSION}" "MIT" libspdlog)
longtake_component("utf8proc" "${UTF8PROC_VERSION}" "MIT" libutf8proc)
longtake_component("zlib" "${ZLIB_VERSION}" "Zlib" libz)
longtake_component("zstd" "${ZSTD_VERSION}" "BSD-3-Clause OR GPL-2.0-only" libzstd)
if(LONGTAKE_VIEWER)
    longtake_component("Dear ImGui" "${IMGUI_VERSION}" "MIT" libimgui libstb)
    longtake_component("GLFW" "${glfw3_VERSION}" "Zlib" libglfw)
    longtake_component("Vulkan loader" "${Vulkan_VERSION}" "Apache-2.0" libvulkan)
    longtake_component("Roboto font" "2" "Apache-2.0")
endif()
if(LONGTAKE_CUDA)
    longtake_component("CUDA Toolkit" "${CUDAToolkit_VERSION}" "LicenseRef-NVIDIA-CUDA" libcudart libcublasLt)
endif()

string(CONCAT json "{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n"
    "  \"metadata\": {\"component\": {\"type\": \"application\", \"name\": \"longtake\", "
    "\"version\": \"${PROJECT_VERSION}\", \"licenses\": [{\"expression\": \"Apache-2.0\"}]}},\n"
    "  \"components\": [${LONGTAKE_SBOM_COMPONENTS}\n  ]\n}\n")
file(WRITE "${LONGTAKE_SBOM}" "${json}")
install(FILES "${LONGTAKE_SBOM}" DESTINATION ${CMAKE_INSTALL_DATADIR}/longtake COMPONENT runtime)
