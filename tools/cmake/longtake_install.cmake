# Install, export (find_package(longtake) then gives longtake::core, ::diffusion ... and
# package.
include(CMakePackageConfigHelpers)
set(LONGTAKE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/longtake)
set(LONGTAKE_ROOMS core diffusion generator gaussians)

install(TARGETS longtake RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
install(DIRECTORY assets/models assets/prompts DESTINATION ${CMAKE_INSTALL_DATADIR}/longtake
        COMPONENT runtime)

list(TRANSFORM LONGTAKE_ROOMS PREPEND longtake_ OUTPUT_VARIABLE LONGTAKE_TARGETS)
install(TARGETS ${LONGTAKE_TARGETS} EXPORT longtake
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY ${LONGTAKE_ROOMS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/longtake
        COMPONENT development FILES_MATCHING PATTERN "*.h")
install(EXPORT longtake NAMESPACE longtake:: FILE longtake-targets.cmake
        DESTINATION ${LONGTAKE_CMAKE_DIR} COMPONENT development)
file(WRITE ${PROJECT_BINARY_DIR}/longtake-config.cmake
    "include(\${CMAKE_CURRENT_LIST_DIR}/longtake_dependencies.cmake)\n"
    "include(\${CMAKE_CURRENT_LIST_DIR}/longtake-targets.cmake)\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/longtake-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/longtake-config.cmake
              ${PROJECT_BINARY_DIR}/longtake-config-version.cmake
              tools/cmake/longtake_dependencies.cmake
        DESTINATION ${LONGTAKE_CMAKE_DIR} COMPONENT development)

set(CPACK_PACKAGE_NAME longtake)
set(CPACK_PACKAGE_VENDOR "The Longtake authors")
set(CPACK_PACKAGE_CONTACT "The Longtake authors <longtake@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_COMPONENTS_ALL runtime)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
