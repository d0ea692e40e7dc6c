# How every module and every test binary of Milena is built: one static library per directory, one shared precompiled
# header, warnings are errors. The link order repeats the layer diagram of docs/architecture.md, so that an upward
# dependency also fails to link.

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

# -Wrestrict and -Wstringop-overflow have false positives in GCC 12 (GCC PR 105329, PR 105762).
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess -Wno-restrict -Wno-stringop-overflow)
endif()

# milena_module(NAME LIBS lib... [SOURCES file...]): the static library milena_NAME out of the .cc files of this
# directory, linked to the libraries below it.
function(milena_module name)
    cmake_parse_arguments(ARG "" "" "LIBS;SOURCES" ${ARGN})
    if(NOT ARG_SOURCES)
        file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
    endif()
    add_library(milena_${name} STATIC ${ARG_SOURCES})
    target_include_directories(milena_${name} PUBLIC ${CMAKE_SOURCE_DIR}/broker)
    target_link_libraries(milena_${name} PUBLIC ${ARG_LIBS})
    if(name STREQUAL base)
        target_precompile_headers(milena_base PRIVATE ${CMAKE_SOURCE_DIR}/broker/base/base_pch.h)
    elseif(NOT MILENA_FUZZ)
        target_precompile_headers(milena_${name} REUSE_FROM milena_base)
    endif()
endfunction()

# milena_test(NAME LIBS lib... [SOURCES file...]): a GoogleTest program out of the .cc files of this directory, one
# ctest entry. It is built with the same precompiled header.
function(milena_test name)
    cmake_parse_arguments(ARG "" "" "LIBS;SOURCES" ${ARGN})
    if(NOT ARG_SOURCES)
        file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
    endif()
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/broker ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest_main)
    target_precompile_headers(${name} REUSE_FROM milena_base)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
endfunction()
