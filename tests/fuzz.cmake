# fuzz targets
gong_fuzz(config LINKS gong_conf)
gong_fuzz(line_protocol LINKS gong_wire)
gong_fuzz(topic LINKS gong_wire)
gong_fuzz(batch LINKS gong_wire)
gong_fuzz(presence LINKS gong_wire)
gong_fuzz(journal_record LINKS gong_spool)
target_link_options(fuzz_journal_record PRIVATE
    LINKER:--wrap=fsync,--wrap=fdatasync)
gong_fuzz(rule_file LINKS gong_rule_file)
gong_fuzz(expression LINKS gong_engine)
gong_fuzz(template LINKS gong_engine)
gong_fuzz(prom_text LINKS gong_inputs)
gong_fuzz(engine_record LINKS gong_engine)
gong_fuzz(ack LINKS gong_collector_core)
gong_fuzz(engine_snapshot LINKS gong_engine)
target_sources(fuzz_engine_snapshot PRIVATE
    ${CMAKE_SOURCE_DIR}/tests/unit/snapshot_bytes.c)
