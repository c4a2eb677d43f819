# Parts are killed, stopped and cut off under load; see tests/faults/run.py.
foreach(judge journal_samples journal_replay)
    add_executable(${judge} ${CMAKE_SOURCE_DIR}/tests/faults/${judge}.c
        ${CMAKE_SOURCE_DIR}/tests/faults/log_reader.c)
    target_link_libraries(${judge} PRIVATE gong_flags gong_agent_core)
    set_target_properties(${judge} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()

# The runs themselves are ./gong test --faults N: they take their time, and a
# violation that only one plan in many shows must not depend on the day.
