# A limit ends a test that hangs; no test is judged by it. Sanitized programs
# take several times as long.
set(gong_slow 1)
if(GONG_SANITIZE)
    set(gong_slow 4)
endif()

# gong_test(MODULE LINKS target ... [DATA dir])
#
# tests/unit/test_MODULE.c, a cmocka program, becomes the ctest "unit.MODULE".
function(gong_test module)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LINKS;SOURCES;ENVIRONMENT")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    math(EXPR limit "${arg_TIMEOUT} * ${gong_slow}")
    add_executable(test_${module} ${CMAKE_SOURCE_DIR}/tests/unit/test_${module}.c
        ${arg_SOURCES})
    target_include_directories(test_${module} PRIVATE ${CMAKE_SOURCE_DIR}
        ${CMAKE_SOURCE_DIR}/tests/unit)
    target_link_libraries(test_${module} PRIVATE gong_flags ${arg_LINKS}
        PkgConfig::CMOCKA)
    target_compile_definitions(test_${module} PRIVATE
        GONG_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
        GONG_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared")
    set_target_properties(test_${module} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit.${module} COMMAND test_${module})
    set_tests_properties(unit.${module} PROPERTIES LABELS unit
        TIMEOUT ${limit} SKIP_RETURN_CODE 77)
    if(arg_ENVIRONMENT)
        set_tests_properties(unit.${module} PROPERTIES
            ENVIRONMENT "${arg_ENVIRONMENT}")
    endif()
endfunction()

# gong_fuzz(NAME LINKS target ...)
#
# tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput. With GONG_FUZZ it is a
# libFuzzer program; otherwise replay_main.c feeds it tests/fuzz/corpus/NAME/*
# as the ordinary test "fuzz.NAME". A missing or empty corpus stops configure.
function(gong_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    file(GLOB cases CONFIGURE_DEPENDS ${corpus}/*)
    if(NOT cases)
        message(FATAL_ERROR "fuzz corpus is missing or empty: ${corpus}")
    endif()
    add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
    target_link_libraries(fuzz_${name} PRIVATE gong_flags ${arg_LINKS})
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR})
    set_target_properties(fuzz_${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(GONG_FUZZ)
        target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} -runs=0 ${corpus})
    else()
        target_sources(fuzz_${name} PRIVATE
            ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${corpus})
    endif()
    math(EXPR limit "120 * ${gong_slow}")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT ${limit})
endfunction()

# gong_failing_step(TARGET)
#
# A step that changes the disk fails, or is the last (tests/failing_step.h).
function(gong_failing_step target)
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/failing_step.c)
    target_link_libraries(${target} PRIVATE PkgConfig::SQLITE)
    foreach(name write fsync rename link unlink statvfs64)
        target_link_options(${target} PRIVATE LINKER:--wrap=${name})
    endforeach()
endfunction()

# gong_failing_memory(TARGET)
#
# An allocation of the test's choice fails (tests/failing_memory.h).
function(gong_failing_memory target)
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/failing_memory.c)
    foreach(call malloc calloc realloc strdup open_memstream fclose)
        target_link_options(${target} PRIVATE LINKER:--wrap=${call})
    endforeach()
endfunction()
