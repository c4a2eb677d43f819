# Parts are killed, stopped and cut off under load; see tests/faults/run.py.
foreach(judge journal_samples journal_replay)
    add_executable(${judge} ${CMAKE_SOURCE_DIR}/tests/faults/${judge}.c
        ${CMAKE_SOURCE_DIR}/tests/faults/log_reader.c)
    target_link_libraries(${judge} PRIVATE gong_flags gong_agent_core)
    set_target_properties(${judge} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# gong_faults(NAME ARGS...)
function(gong_faults name)
    add_test(NAME faults.${name} COMMAND ${GONG_PYTHON}
        ${CMAKE_SOURCE_DIR}/tests/faults/run.py --short ${ARGN})
    set_tests_properties(faults.${name} PROPERTIES LABELS faults TIMEOUT 300
        ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;GONG_BIN_DIR=${CMAKE_BINARY_DIR}/bin;GONG_TOOL_DIR=${CMAKE_BINARY_DIR}/tests")
endfunction()

gong_faults(influxdb --store influxdb --seed 1)
gong_faults(victoriametrics --store victoriametrics --seed 2)
