# What Longtake needs from Debian 12 or Ubuntu 24.04, and how it gets there; demo.sh and test.sh
# source this.

# ocl-icd-opencl-dev (Debian) and libprotobuf-dev (Ubuntu) only stand behind oneDNN's CMake config and
# SentencePiece's pkg-config file, whose packages do not depend on them.
build_packages=(
    build-essential cmake ninja-build pkg-config ccache
    libdnnl-dev ocl-icd-opencl-dev libsentencepiece-dev libprotobuf-dev libutf8proc-dev
    libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libpng-dev
    zlib1g-dev libzstd-dev libwebp-dev libpugixml-dev
    nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev
)
viewer_packages=(libvulkan-dev libglfw3-dev libimgui-dev glslang-tools fonts-roboto-unhinted)
# The viewer's tests draw on the CPU, in windows of a screen in memory.
viewer_test_packages=(mesa-vulkan-drivers vulkan-validationlayers xvfb xdotool)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev ffmpeg nginx-light)
# What fuzzes the readers; each release has its own Clang.
clang_release=$(. /etc/os-release; case $ID in ubuntu) echo 18 ;; *) echo 14 ;; esac)
fuzz_packages=("clang-$clang_release" "libclang-rt-$clang_release-dev" "libomp-$clang_release-dev" clang)

# Installs those of the named packages that are missing; asks for root only then.
install_missing() {
    local package missing=()
    for package in "$@"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "error: this script installs packages with apt-get, which this system does not have." >&2
        echo "Install what corresponds to these, then run cmake --workflow --preset cpu-release:" >&2
        echo "  ${missing[*]}" >&2
        exit 2
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "error: as root, run: apt-get install ${missing[*]}" >&2
            exit 2
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}
