# common
gong_test(wipe LINKS gong_base)
gong_test(html LINKS gong_base)
gong_test(spawn LINKS gong_base)
gong_test(err LINKS gong_base)
gong_test(clock LINKS gong_base)
gong_test(log LINKS gong_base)
gong_test(counter LINKS gong_base)
gong_test(latency LINKS gong_base)
gong_test(lp_corpus LINKS gong_wire PkgConfig::JANSSON)
foreach(module conf conf_read conf_dump)
    gong_test(${module} LINKS gong_conf
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/conf_fixture.c)
endforeach()

# firmware-sim
gong_test(device LINKS gong_firmware m)
gong_test(city LINKS gong_sim_core)
gong_test(emit LINKS gong_sim_core)
target_link_options(test_emit PRIVATE
    LINKER:--wrap=gong_mqtt_new,--wrap=gong_mqtt_start,--wrap=gong_mqtt_stop
    LINKER:--wrap=gong_mqtt_free,--wrap=gong_mqtt_publish)
gong_test(crc32c LINKS gong_base)
gong_test(topic LINKS gong_wire)
gong_test(lp_text LINKS gong_wire)
gong_test(lp_number LINKS gong_wire)
gong_test(lp_decode LINKS gong_wire)
gong_test(monitor LINKS gong_base)
gong_test(backoff LINKS gong_base)
gong_test(mqtt_address LINKS gong_mqtt)
gong_test(mqtt_link LINKS gong_mqtt TIMEOUT 180
    ENVIRONMENT "GONG_MOSQUITTO=${CMAKE_SOURCE_DIR}/.servers/usr/sbin/mosquitto")

# rules/city
gong_test(city_rules LINKS gong_rules_tool)
gong_test(lp_encode LINKS gong_wire)
gong_test(batch LINKS gong_wire)
gong_test(presence LINKS gong_engine)

gong_test(record LINKS gong_spool)
# The calls of such a program that change a disk pass through disk_calls.c.
function(gong_test_disk module)
    target_sources(test_${module} PRIVATE
        ${CMAKE_SOURCE_DIR}/tests/unit/disk_calls.c)
    foreach(call pwritev64 pwrite64 posix_fallocate64 ftruncate64 fdatasync
            fsync renameat rename unlinkat unlink mkdir openat64 open64)
        target_link_options(test_${module} PRIVATE LINKER:--wrap=${call})
    endforeach()
endfunction()
foreach(module spool spool_recover spool_checked spool_faults spool_held)
    gong_test(${module} LINKS gong_spool
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/spool_fixture.c)
    gong_test_disk(${module})
endforeach()
target_link_options(test_spool_recover PRIVATE LINKER:--wrap=gong_clock_boot_id)
gong_test(spool_shim LINKS gong_spool
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/spool_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/disk_shim.c)
gong_test_disk(spool_shim)
gong_test(spool_powercut LINKS gong_spool
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/spool_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/disk_recorder.c)
gong_test_disk(spool_powercut)

# rules/engine
foreach(module hash arena symbol labelset name series timer alert declared
        arith sample_window calendar clause)
    gong_test(${module} LINKS gong_engine)
endforeach()
foreach(module eval eval_operator eval_call eval_memory)
    gong_test(${module} LINKS gong_engine
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/eval_fixture.c)
endforeach()
gong_test(query LINKS gong_query)
foreach(module book bind effect engine_foreign engine_limits)
    gong_test(${module} LINKS gong_rule_file gong_engine m
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c)
endforeach()
gong_test(engine_model LINKS gong_engine m
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/snapshot_bytes.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_alert.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_presence.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_rules.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_stream.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_time.c)
foreach(module aggregate groups)
    gong_test(${module} LINKS gong_engine m)
endforeach()
foreach(module engine engine_aggregate engine_city engine_expire engine_rest
        engine_snapshot engine_window
        published_restarts)
    gong_test(${module} LINKS gong_rule_file gong_engine m
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/snapshot_bytes.c)
endforeach()
target_sources(test_engine_window PRIVATE
    ${CMAKE_SOURCE_DIR}/tests/unit/window_model.c
    ${CMAKE_SOURCE_DIR}/tests/unit/window_model_alert.c
    ${CMAKE_SOURCE_DIR}/tests/unit/window_model_rules.c
    ${CMAKE_SOURCE_DIR}/tests/unit/window_model_time.c)
foreach(module engine_contract engine_forget)
    gong_test(${module} LINKS gong_engine m
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c)
endforeach()
if(GONG_SANITIZE MATCHES "thread")
    # One thread, thousands of streams: nothing for this sanitizer to find.
    set_tests_properties(unit.engine_model unit.engine_window
        unit.engine_aggregate unit.engine_contract unit.engine_expire
        PROPERTIES ENVIRONMENT GONG_MODEL_STREAMS=20)
endif()
foreach(module rule_file rule_file_bundle rule_file_clause rules_doc)
    gong_test(${module} LINKS gong_rule_file)
endforeach()
gong_test(model LINKS gong_model
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/conf_fixture.c)
# Rules from a text.
foreach(module engine rule_file rule_file_bundle rule_file_clause rules_doc)
    target_sources(test_${module} PRIVATE
        ${CMAKE_SOURCE_DIR}/tests/unit/conf_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/rule_fixture.c)
endforeach()

# agent: what comes in, and the engine's shell
foreach(module ranges ledger ledger_view ack journal_clock config_refs agent_config
        config_paths)
    gong_test(${module} LINKS gong_agent_core)
endforeach()
foreach(module ingest set_aside)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/ingest_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
endforeach()
foreach(module receive_file receive_keeper ledger_tool)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/receive_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
endforeach()
target_link_options(test_receive_keeper PRIVATE
    LINKER:--wrap=gong_journal_held)
gong_test(journal_tool LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
foreach(module rules_reload engine_thread snapshot http_server recorded
        api_rule_sets)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/agent_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
endforeach()
gong_failing_memory(test_rules_reload)
target_link_options(test_recorded PRIVATE
    LINKER:--wrap=gong_spool_cursor_next)
target_link_options(test_engine_thread PRIVATE
    LINKER:--wrap=gong_engine_set_rules,--wrap=gong_rule_store_get)
gong_test(agent_shim LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/disk_shim.c)
gong_test_disk(agent_shim)
gong_test(published_alerts LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/agent_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
foreach(module failing_disk staff_told)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/agent_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/failing_disk_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c)
    gong_test_disk(${module})
endforeach()
target_link_options(test_failing_disk PRIVATE LINKER:--wrap=gong_journal_wait)
target_sources(test_staff_told PRIVATE
    ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
target_link_options(test_staff_told PRIVATE LINKER:--wrap=gong_wall_now)
foreach(module journal journal_config journal_time journal_learn effects)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/spool_fixture.c)
    gong_test_disk(${module})
endforeach()
foreach(module journal journal_config journal_time)
    target_sources(test_${module} PRIVATE
        ${CMAKE_SOURCE_DIR}/tests/unit/journal_fixture.c)
endforeach()
target_link_options(test_journal_time PRIVATE
    LINKER:--wrap=gong_wall_now,--wrap=gong_mono_now)

# agent: what carries points and alerts out
foreach(module effect_json incidents store_answer rule_faults)
    gong_test(${module} LINKS gong_agent_core)
endforeach()
foreach(module store_batch store_alert store_http store_recent store_influx store_restart
        dead_letter
        notify notify_log notify_webhook)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/http_script.c
            ${CMAKE_SOURCE_DIR}/tests/unit/script_store.c
            ${CMAKE_SOURCE_DIR}/tests/unit/store_fixture.c)
endforeach()

# rules/engine: the language
gong_test(promql LINKS gong_engine)
gong_test(promql_literal LINKS gong_engine m)
gong_test(promql_regex LINKS gong_engine)
gong_test(promql_corpus LINKS gong_engine)
gong_test(template LINKS gong_engine m)
gong_test(template_expand LINKS gong_engine)
gong_test(ruleset LINKS gong_engine)
gong_test(plan LINKS gong_engine m)
gong_test(reads LINKS gong_engine
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c)
foreach(module range_fn value_fn match)
    gong_test(${module} LINKS gong_engine m)
endforeach()
gong_test(promql_memory LINKS gong_engine
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c)
gong_failing_memory(test_promql_memory)

# collector: inputs
gong_test(input_host LINKS gong_inputs)
gong_test(net_address LINKS gong_inputs)
gong_test(prom_text LINKS gong_wire)
gong_test(input_exec LINKS gong_inputs
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/input_fixture.c)
foreach(module fetch input_prometheus input_checks)
    gong_test(${module} LINKS gong_inputs PkgConfig::MICROHTTPD
            PkgConfig::CRYPTO Threads::Threads
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/input_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/http_script.c
            ${CMAKE_SOURCE_DIR}/tests/unit/tls_server.c)
endforeach()
gong_test(points LINKS gong_inputs)
gong_test(schedule LINKS gong_collector_core)
gong_test(clock_offset LINKS gong_collector_core)
gong_test(dating LINKS gong_collector_core)
gong_test(drops LINKS gong_collector_core gong_agent_core)
gong_test(drops_event LINKS gong_collector_core gong_agent_core)
target_link_options(test_drops PRIVATE LINKER:--wrap=renameat)
foreach(module publish publish_clock publish_life)
    gong_test(${module} LINKS gong_collector_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/publish_fixture.c)
    target_link_options(test_${module} PRIVATE
        LINKER:--wrap=gong_clock_boot_id)
endforeach()
gong_test(collector_config LINKS gong_collector_core)
foreach(module settled window lanes manifest spooler)
    gong_test(${module} LINKS gong_collector_core)
endforeach()
gong_test(socket_input LINKS gong_collector_core)
gong_test(published_failures LINKS gong_collector_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/spool_fixture.c)
gong_test_disk(published_failures)
if(GONG_SANITIZE)
    target_compile_definitions(test_published_failures PRIVATE GONG_SANITIZED)
endif()
gong_test(spooler_shim LINKS gong_collector_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/disk_shim.c)
gong_test_disk(spooler_shim)
gong_test(mqtt_flight LINKS gong_mqtt)
gong_test(mqtt_late LINKS gong_mqtt)
target_link_options(test_mqtt_late PRIVATE LINKER:--wrap=gong_paho_load)
gong_test(mqtt_settings LINKS gong_mqtt)
gong_test(mqtt_paho LINKS gong_mqtt)

# gong-rules
foreach(module yaml_tree prom_rules prom_rules_memory)
    gong_test(${module} LINKS gong_prom_rules)
endforeach()
gong_failing_memory(test_prom_rules_memory)
foreach(module series_notation rules_text rules_commands line_runs lint cost case_line)
    gong_test(${module} LINKS gong_rules_tool)
endforeach()
gong_test(rules_history LINKS gong_rules_tool
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/history_fixture.c)
gong_test(history_scan LINKS gong_history
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/history_fixture.c)
gong_test(rule_cases LINKS gong_rules_tool
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/conf_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/rule_fixture.c)

# rules/desk, with a small city of its own
gong_test(incident LINKS gong_desk)
gong_test(desk_config LINKS gong_desk)
gong_test(desk_config_load LINKS gong_desk)
gong_test(desk_matchers LINKS gong_desk
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_model.c)
gong_test(desk_cases LINKS gong_rules_tool)
gong_test(desk_doc LINKS gong_rules_tool)
foreach(module desk desk_restore desk_storm)
    gong_test(${module} LINKS gong_desk
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/desk_model.c)
endforeach()

# agent: the desk
gong_test(outbox_way LINKS gong_agent_core)
gong_test(stored_marks LINKS gong_agent_core)
gong_test(unreached LINKS gong_agent_core)
gong_test(outbox LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/http_script.c)
target_link_options(test_outbox PRIVATE LINKER:--wrap=sqlite3_step
    LINKER:--wrap=sqlite3_exec LINKER:--wrap=gong_mono_now)
gong_test(desk_changes LINKS gong_agent_core)
gong_test(desk_thread LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
        ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
gong_test(desk_probe LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
        ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
gong_test(desk_stamps LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
        ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
target_link_options(test_desk_thread PRIVATE LINKER:--wrap=sqlite3_step
    LINKER:--wrap=sqlite3_exec)
# messages and the channels they leave by
gong_test(utf16 LINKS gong_message)
gong_test(link_sign LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c)
gong_test(message_fill LINKS gong_message m)
gong_test(message_text LINKS gong_agent_core m
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c)
gong_test(message_golden LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c)
gong_test(channel_zalo LINKS gong_agent_core PkgConfig::MICROHTTPD
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/try_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/http_script.c)
target_link_options(test_channel_zalo PRIVATE LINKER:--wrap=renameat)
target_link_options(test_message_text PRIVATE LINKER:--wrap=calloc
    LINKER:--wrap=malloc)
gong_test(channel_email LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/try_fixture.c)
gong_test(channels_doc LINKS gong_agent_core)
gong_test(desk_kill LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
        ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
foreach(module backup backup_faults)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/backup_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
            ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
    gong_failing_step(test_${module})
endforeach()
target_link_options(test_backup_faults PRIVATE LINKER:--wrap=sqlite3_exec)
gong_test(sqlite_file LINKS gong_agent_core)
gong_test(exchange LINKS gong_sqlite_file)
gong_failing_step(test_exchange)
gong_test(message_view LINKS gong_agent_core)
gong_test(desk_db LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
foreach(module channel_webhook channel_exec channel_mqtt)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/channel_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c)
endforeach()

# users and API
gong_test(http_address LINKS gong_agent_core)
foreach(module grant login_limit users audit)
    gong_test(${module} LINKS gong_users)
endforeach()
gong_test(events LINKS gong_agent_core)
gong_test(api_form LINKS gong_agent_core)
foreach(module api api_asked api_permissions api_openapi api_prometheus)
    gong_test(${module} LINKS gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/api_fixture.c)
endforeach()
gong_test(http_queries LINKS gong_agent_core)
gong_test(http_clients LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/api_fixture.c)
gong_test(trust LINKS gong_agent_core)
target_link_options(test_trust PRIVATE LINKER:--wrap=gong_wall_now
    LINKER:--wrap=gong_mono_now)
gong_test(watch_state LINKS gong_ctl)
foreach(module ctl ctl_said)
    gong_test(${module} LINKS gong_ctl gong_agent_core
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/api_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/ctl_fixture.c)
endforeach()
gong_test(ctl_doc LINKS gong_ctl)
gong_test(api_desk LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/desk_life.c
        ${CMAKE_SOURCE_DIR}/tests/unit/outbox_fixture.c)
# history
gong_test(samples LINKS gong_history)
gong_failing_memory(test_samples)
gong_test(chunk LINKS gong_history)
gong_failing_memory(test_chunk)
gong_test(rollup LINKS gong_history)
gong_failing_memory(test_rollup)
gong_test(history_labels LINKS gong_history)
gong_test(rules_view LINKS gong_agent_core)
gong_test(alert_view LINKS gong_agent_core
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c)

# from readings to the text of every message
gong_test(flood LINKS gong_agent_core gong_rules_tool m
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/flood_river.c
        ${CMAKE_SOURCE_DIR}/tests/unit/flood_world.c
        ${CMAKE_SOURCE_DIR}/tests/unit/message_fixture.c)
foreach(module history_file history_tidy history_faults)
    gong_test(${module} LINKS gong_history m
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/history_file_fixture.c)
endforeach()
foreach(module history_query history_source history_plan history_reader)
    gong_test(${module} LINKS gong_history
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/history_made.c)
endforeach()
# from journal and effects into the history
gong_test(history_head LINKS gong_agent_core m)
gong_test(history_states LINKS gong_agent_core)
foreach(module history_feed history_feed_direct history history_gap)
    gong_test(${module} LINKS gong_agent_core m
        SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/sink_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/history_file_fixture.c
            ${CMAKE_SOURCE_DIR}/tests/unit/history_logs_fixture.c)
endforeach()
gong_test(gap_replay LINKS gong_gap m
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/engine_model_rules.c)
gong_test(gap_source LINKS gong_gap m
    SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/engine_fixture.c
        ${CMAKE_SOURCE_DIR}/tests/unit/history_fixture.c)
gong_test(gap_table LINKS gong_gap)
