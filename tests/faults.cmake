# Parts are killed, stopped and cut off under load; see tests/faults/run.py.
add_library(gong_faults_judge STATIC
    ${CMAKE_SOURCE_DIR}/tests/faults/effect_line.c
    ${CMAKE_SOURCE_DIR}/tests/faults/log_reader.c)
target_link_libraries(gong_faults_judge PUBLIC gong_flags gong_agent_core)
foreach(judge journal_samples journal_replay undisturbed)
    add_executable(${judge} ${CMAKE_SOURCE_DIR}/tests/faults/${judge}.c)
    target_link_libraries(${judge} PRIVATE gong_faults_judge)
    set_target_properties(${judge} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# What stands between a program and its system; sanitizers stay out of it.
foreach(shim disk_shim heap_note)
    add_library(${shim} SHARED ${CMAKE_SOURCE_DIR}/tests/faults/${shim}.c)
    target_compile_definitions(${shim} PRIVATE _GNU_SOURCE)
    target_compile_options(${shim} PRIVATE -std=c17 -O2 -Wall -Wextra
        -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Werror)
    target_link_libraries(${shim} PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
    set_target_properties(${shim} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# Short runs with plans that are always the same; ./gong test --faults N is the
# long form. Their targets are all programs, as for the tests in e2e.cmake.
function(gong_faults name)
    add_test(NAME faults.${name} COMMAND ${GONG_PYTHON}
        ${CMAKE_SOURCE_DIR}/tests/faults/run.py --short ${ARGN})
endfunction()
# A hole, a full disk, an overflow; all at once, a hole, bytes flipped at rest.
gong_faults(influxdb --store influxdb --seed 11)
gong_faults(victoriametrics --store victoriametrics --seed 95)
add_test(NAME faults.judges COMMAND ${GONG_PYTHON}
    ${CMAKE_SOURCE_DIR}/tests/faults/judges_test.py)
set_tests_properties(faults.judges PROPERTIES LABELS "unit")
add_test(NAME faults.slow_link COMMAND ${GONG_PYTHON}
    ${CMAKE_SOURCE_DIR}/tests/faults/slow_link.py)
set_tests_properties(faults.influxdb faults.victoriametrics faults.slow_link
    PROPERTIES LABELS "e2e;faults" TIMEOUT 300
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;GONG_BIN_DIR=${CMAKE_BINARY_DIR}/bin\
;GONG_TOOL_DIR=${CMAKE_BINARY_DIR}/tests")
