# Our evaluator and alerts against the real Prometheus and promtool, short;
# ./gong test --differential N is the long form. See tests/differential/run.py.
function(gong_differential name script timeout)
    add_test(NAME differential.${name} COMMAND ${GONG_PYTHON}
        ${CMAKE_SOURCE_DIR}/tests/differential/${script} ${ARGN})
    set_tests_properties(differential.${name} PROPERTIES
        LABELS "e2e;differential" TIMEOUT ${timeout}
        ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;\
GONG_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
endfunction()

gong_differential(random run.py 240 --cases 6000 --seed 1)
# The same with a history.db of each data set, which answers.
add_executable(history_cases ${CMAKE_SOURCE_DIR}/tests/differential/history_cases.c
    ${CMAKE_SOURCE_DIR}/tests/unit/history_made.c)
target_include_directories(history_cases PRIVATE ${CMAKE_SOURCE_DIR}
    ${CMAKE_SOURCE_DIR}/tests/unit)
target_link_libraries(history_cases PRIVATE gong_flags gong_rules_tool
    gong_history PkgConfig::JANSSON m)
set_target_properties(history_cases PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
gong_differential(history run.py 240 --cases 2000 --seed 7
    --binary $<TARGET_FILE:history_cases>)
gong_differential(history_days history_days.py 240
    --binary $<TARGET_FILE:history_cases>)
# A planted lie of each kind must be seen, and nothing else.
gong_differential(control run.py 120 --control --cases 2400 --seed 1)
gong_differential(alerts alerts.py 240 --tests 20 --seed 1)
# All of it by hand: replay.py --rounds 100 --devices 10200.
gong_differential(replay replay.py 120)
# Routing trees against Alertmanager's own tool.
gong_differential(routes routes.py 120 --trees 12 --seed 1)
gong_differential(routes_control routes.py 120 --control --trees 12 --seed 1)
gong_differential(rule_files rule_files.py 120)
