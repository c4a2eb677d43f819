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
gong_fuzz(match LINKS gong_engine)
