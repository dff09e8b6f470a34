# Compiler settings every target of ours shares, as INTERFACE targets linked PRIVATE.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(LONGTAKE_CCACHE ccache)
if(LONGTAKE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${LONGTAKE_CCACHE}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${LONGTAKE_CCACHE}")
endif()

add_library(longtake_warnings INTERFACE)
target_compile_options(longtake_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic>
    # Where files are compiled as one, what is local to one shadows what is local to another.
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>>:-Wshadow>
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-pass-failed>  # loops that it does not vectorize
    # GCC 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105651).
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${LONGTAKE_WERROR}>>:-Werror>)

add_library(longtake_sanitize INTERFACE)
if(LONGTAKE_SANITIZE)
    target_compile_options(longtake_sanitize INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${LONGTAKE_SANITIZE} -fno-omit-frame-pointer
                                  -fno-sanitize-recover=all>
        # With a sanitizer GCC loses sight of what is initialized, as its manual says.
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
    target_link_options(longtake_sanitize INTERFACE -fsanitize=${LONGTAKE_SANITIZE})
endif()
if(LONGTAKE_FUZZ AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "LONGTAKE_FUZZ needs clang++, which has libFuzzer: cmake --preset cpu-asan-ubsan")
endif()

if(LONGTAKE_CUDA)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        set(CMAKE_CUDA_ARCHITECTURES 90a-real)
    endif()
    enable_language(CUDA)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake before 3.25.2 does not know it
        set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
        set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    find_package(CUDAToolkit REQUIRED)
endif()

set(CMAKE_UNITY_BUILD ${LONGTAKE_TOGETHER})

# longtake_alone(SOURCES ...): where many files are compiled as one, not these: they have names that others have, too.
function(longtake_alone)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# longtake_room(NAME SOURCES ... LINK ...): one library per room, `longtake::NAME`. CUDA_SOURCES and
# CUDA_LINK are of a build with CUDA, CPU_ONLY_SOURCES of one without.
function(longtake_room name)
    cmake_parse_arguments(ARG "" "" "SOURCES;CUDA_SOURCES;CPU_ONLY_SOURCES;LINK;CUDA_LINK;PRIVATE_LINK" ${ARGN})
    if(LONGTAKE_CUDA)
        list(APPEND ARG_SOURCES ${ARG_CUDA_SOURCES})
        list(APPEND ARG_LINK ${ARG_CUDA_LINK})
    else()
        list(APPEND ARG_SOURCES ${ARG_CPU_ONLY_SOURCES})
    endif()
    add_library(longtake_${name} STATIC ${ARG_SOURCES})
    add_library(longtake::${name} ALIAS longtake_${name})
    target_include_directories(longtake_${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/longtake>)
    target_compile_definitions(longtake_${name} PUBLIC $<$<BOOL:${LONGTAKE_CUDA}>:LONGTAKE_CUDA>)
    target_link_libraries(longtake_${name} PUBLIC ${ARG_LINK}
        PRIVATE ${ARG_PRIVATE_LINK} $<BUILD_INTERFACE:longtake_warnings>
                $<BUILD_INTERFACE:longtake_sanitize>)
    if(LONGTAKE_FUZZ)
        target_compile_options(longtake_${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    set_target_properties(longtake_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()
