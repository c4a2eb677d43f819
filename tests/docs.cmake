# What the documents say is checked like code.
foreach(check check_links check_links_control)
    string(REPLACE check_ "" name ${check})
    add_test(NAME doc.${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/${check}.sh)
    list(APPEND gong_doc_tests doc.${name})
endforeach()
add_test(NAME doc.config COMMAND ${CMAKE_SOURCE_DIR}/tests/check_config_doc.sh
    ${CMAKE_BINARY_DIR}/bin)
list(APPEND gong_doc_tests doc.config)
add_test(NAME doc.man COMMAND ${CMAKE_SOURCE_DIR}/tests/check_man.sh)
set_tests_properties(doc.man PROPERTIES SKIP_RETURN_CODE 77)
list(APPEND gong_doc_tests doc.man)
set_tests_properties(${gong_doc_tests} PROPERTIES LABELS doc TIMEOUT 60)
