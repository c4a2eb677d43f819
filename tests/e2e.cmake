# End to end, with the real servers in .servers/. A missing server is a failure.
find_program(GONG_PYTHON NAMES python3 REQUIRED)

# gong_e2e(NAME SCRIPT [TIMEOUT s] [ARGS ...])
function(gong_e2e name script)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "ARGS")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 180)
    endif()
    add_test(NAME e2e.${name} COMMAND ${GONG_PYTHON}
        ${CMAKE_SOURCE_DIR}/tests/e2e/${script} ${arg_ARGS})
    list(APPEND gong_e2e_scripts ${script})
    set(gong_e2e_scripts "${gong_e2e_scripts}" PARENT_SCOPE)
    set(environment "PYTHONDONTWRITEBYTECODE=1"
        "GONG_BIN_DIR=${CMAKE_BINARY_DIR}/bin"
        "GONG_TOOL_DIR=${CMAKE_BINARY_DIR}/tests")
    if(GONG_SANITIZE)
        list(APPEND environment "GONG_SANITIZED=${GONG_SANITIZE}")
    endif()
    set_tests_properties(e2e.${name} PROPERTIES LABELS e2e
        TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${environment}")
endfunction()

gong_e2e(flow_victoriametrics test_flow.py ARGS victoriametrics)
gong_e2e(flow_influxdb test_flow.py ARGS influxdb)
gong_e2e(plain_line_victoriametrics test_plain_line.py ARGS victoriametrics)
gong_e2e(plain_line_influxdb test_plain_line.py ARGS influxdb)
gong_e2e(recorded_victoriametrics test_recorded.py ARGS victoriametrics)
gong_e2e(recorded_influxdb test_recorded.py ARGS influxdb)
gong_e2e(bad_input test_bad_input.py)
gong_e2e(guide test_guide.py)
gong_e2e(stops test_stops.py TIMEOUT 300)
gong_e2e(ledger test_ledger.py)
gong_e2e(demo_passes test_demo.py ARGS passes TIMEOUT 240)
gong_e2e(demo_controls test_demo.py ARGS controls TIMEOUT 300)

add_executable(encode_cases ${CMAKE_SOURCE_DIR}/tests/e2e/encode_cases.c)
target_link_libraries(encode_cases PRIVATE gong_flags gong_wire
    PkgConfig::JANSSON)
set_target_properties(encode_cases PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gong_e2e(roundtrip test_roundtrip.py)
gong_e2e(metrics_doc test_metrics_doc.py)
gong_e2e(agent_metrics test_agent_metrics.py)
gong_e2e(snapshots test_snapshots.py)
gong_e2e(maps test_maps.py)
gong_e2e(rules_tool test_rules_tool.py)
gong_e2e(desk test_desk.py)
gong_e2e(backup test_backup.py)
gong_e2e(trust test_trust.py)
gong_e2e(wall test_wall.py)
gong_e2e(prometheus_api test_prometheus_api.py)
gong_e2e(history_api test_history_api.py)
add_executable(send_message ${CMAKE_SOURCE_DIR}/tests/e2e/send_message.c)
target_link_libraries(send_message PRIVATE gong_flags gong_agent_core)
set_target_properties(send_message PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gong_e2e(mail test_mail.py)
gong_e2e(alertmanager test_alertmanager.py)
