# Published alert rules, on series that make the real Prometheus fire: ours
# fires at the same steps, with the same labels and annotations. See
# tests/corpus/run.py.
add_test(NAME corpus.published COMMAND ${GONG_PYTHON}
    ${CMAKE_SOURCE_DIR}/tests/corpus/run.py --seed 1
    --shared ${CMAKE_SOURCE_DIR}/../shared)
set_tests_properties(corpus.published PROPERTIES
    LABELS "e2e;differential" TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;\
GONG_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
