# In a sanitized build, planted faults show that the sanitizer is on and fatal.
if(GONG_SANITIZE)
    add_executable(plant ${CMAKE_SOURCE_DIR}/tests/gates/plant.c)
    target_link_libraries(plant PRIVATE gong_flags Threads::Threads)
    set_target_properties(plant PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

    function(gong_gate fault message)
        add_test(NAME gate.${fault} COMMAND
            ${CMAKE_SOURCE_DIR}/tests/gates/check_gate.sh
            $<TARGET_FILE:plant> ${fault} ${message})
        set_tests_properties(gate.${fault} PROPERTIES LABELS gate TIMEOUT 30)
    endfunction()

    if(GONG_SANITIZE MATCHES "address")
        gong_gate(leak "LeakSanitizer")
        gong_gate(overflow "heap-buffer-overflow")
    endif()
    if(GONG_SANITIZE MATCHES "thread")
        gong_gate(race "data race")
    endif()
endif()
