#include <string.h>

#include "ctl/commands.h"
#include "ctl/markup.h"
#include "ctl/report.h"
#include "ctl/words.h"

static const char *
name_of(const struct gong_ctl_report_row *row)
{
    return row->name == NULL ? "" : row->name;
}

/* Batches. */
static int64_t
expected_of(const struct gong_ctl_report_row *row)
{
    return row->received + row->missing;
}

static void
quantiles(struct gong_ctl_report_row *row, int64_t out[4])
{
    out[0] = gong_ctl_quantile(&row->to_ack, 50);
    out[1] = gong_ctl_quantile(&row->to_ack, 90);
    out[2] = gong_ctl_quantile(&row->to_end, 50);
    out[3] = gong_ctl_quantile(&row->to_end, 90);
}

/* --- CSV --- */

static void
csv_row(struct gong_ctl_report_row *row, FILE *out)
{
    int64_t times[4];

    quantiles(row, times);
    gong_ctl_csv(out, row->code);
    (void)fputc(',', out);
    gong_ctl_csv(out, name_of(row));
    (void)fprintf(out, ",%zu,%zu,%zu,%zu,%zu,%zu,%zu", row->alerts,
                  row->critical, row->acknowledged, row->ended, row->false_ones,
                  row->ack_breaches, row->resolve_breaches);
    for (size_t j = 0; j < 4; j++) {
        (void)fputc(',', out);
        if (times[j] >= 0) {
            (void)fprintf(out, "%lld", (long long)(times[j] / 1000));
        }
    }
    (void)fprintf(out, ",%lld,", (long long)row->cost);
    if (gong_ctl_completeness(row) >= 0) {
        (void)fprintf(out, "%.2f,%lld,%lld", gong_ctl_completeness(row),
                      (long long)row->received, (long long)expected_of(row));
    } else {
        (void)fputs(",,", out);
    }
    (void)fputc('\n', out);
}

/* What is in no unit's row has lines of its own. */
static void
csv_apart(const char *code, const char *name, size_t count, FILE *out)
{
    gong_ctl_csv(out, code);
    (void)fputc(',', out);
    gong_ctl_csv(out, name);
    (void)fprintf(out, ",%zu,,,,,,,,,,,,,,\n", count);
}

void
gong_ctl_report_csv(struct gong_ctl_report *report, FILE *out)
{
    (void)fputs(GONG_CTL_CSV_MARK
                "don_vi,ten,canh_bao,khan_cap,da_tiep_nhan,da_ket_thuc,"
                "bao_nham,qua_han_tiep_nhan,qua_han_xu_ly,"
                "tiep_nhan_trung_vi_s,tiep_nhan_p90_s,xu_ly_trung_vi_s,"
                "xu_ly_p90_s,chi_phi_dong,do_day_du_phan_tram,lo_da_nhan,"
                "lo_can_co\n",
                out);
    for (size_t i = 0; i < report->count; i++) {
        csv_row(&report->rows[i], out);
    }
    csv_row(&report->sum, out);
    csv_apart("dien_tap", "Diễn tập (không tính)", report->drills, out);
    csv_apart("thu_nghiem", "Quy tắc thử nghiệm (không tính)", report->trials,
              out);
    csv_apart("thu", "Kết luận là thử (không tính)", report->tests, out);
}

/* --- HTML --- */

/* "98,25 %". */
static const char *
percent_of(const struct gong_ctl_report_row *row, char out[32])
{
    double percent = gong_ctl_completeness(row);
    char *point;

    (void)snprintf(out, 32, "%s", "không rõ");
    if (percent >= 0) {
        (void)snprintf(out, 32, "%.2f %%", percent);
        point = strchr(out, '.');
        if (point != NULL) {
            *point = ',';
        }
    }
    return out;
}

/* A figure, and beside it how much of the data that it stands on came. */
static void
html_cell(const char *figure, bool bad, const char *percent, FILE *out)
{
    (void)fprintf(out, "<td%s>%s", bad ? " class=\"bad\"" : "", figure);
    if (figure[0] != '\0') {
        (void)fprintf(out, " <span class=\"part\">(%s)</span>", percent);
    }
    (void)fputs("</td>", out);
}

static void
html_count(size_t count, bool bad, const char *percent, FILE *out)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%zu", count);
    html_cell(text, bad && count > 0, percent, out);
}

static void
html_row(struct gong_ctl_report_row *row, FILE *out)
{
    char percent[32], text[GONG_CTL_TIME_SIZE];
    int64_t times[4];

    quantiles(row, times);
    (void)percent_of(row, percent);
    (void)fputs("<tr><th>", out);
    gong_ctl_html(out, row->name == NULL ? row->code : row->name);
    (void)fputs("</th><td>", out);
    gong_ctl_html(out, row->code);
    (void)fputs("</td>", out);
    html_count(row->alerts, false, percent, out);
    html_count(row->critical, false, percent, out);
    html_count(row->acknowledged, false, percent, out);
    html_count(row->ended, false, percent, out);
    html_count(row->ack_breaches, true, percent, out);
    html_count(row->resolve_breaches, true, percent, out);
    html_count(row->false_ones, false, percent, out);
    for (size_t i = 0; i < 4; i++) {
        html_cell(gong_ctl_length(times[i], text), false, percent, out);
    }
    (void)fprintf(out, "<td>%lld</td><td>%s", (long long)row->cost, percent);
    if (gong_ctl_completeness(row) >= 0) {
        (void)fprintf(out, " (%lld/%lld)", (long long)row->received,
                      (long long)expected_of(row));
    }
    (void)fputs("</td></tr>\n", out);
}

void
gong_ctl_report_html(struct gong_ctl_report *report, const char *month,
                     FILE *out)
{
    char title[128];

    (void)snprintf(title, sizeof title, "Báo cáo cảnh báo tháng %s", month);
    gong_ctl_html_open(out, title);
    (void)fprintf(
        out,
        "<p>%zu cảnh báo, %zu lần quá hạn.</p>\n<p>Không tính: %zu diễn tập, "
        "%zu của quy tắc thử nghiệm, %zu có kết luận là thử.</p>\n"
        "<p>Trong ngoặc: độ đầy đủ dữ liệu của đơn vị theo sổ giao nhận, tính "
        "đến nay (số lô đã nhận trên số lô cần có). Thiếu dữ liệu thì cũng "
        "thiếu cảnh báo.</p>\n<table>\n<tr><th>Đơn vị</th><th>Mã</th>"
        "<th>Cảnh báo</th><th>Khẩn cấp</th><th>Đã tiếp nhận</th>"
        "<th>Đã kết thúc</th><th>Quá hạn tiếp nhận</th>"
        "<th>Quá hạn xử lý</th><th>Báo nhầm</th>"
        "<th>Tiếp nhận (trung vị)</th><th>Tiếp nhận (90 %%)</th>"
        "<th>Xử lý (trung vị)</th><th>Xử lý (90 %%)</th>"
        "<th>Chi phí (đồng)</th><th>Độ đầy đủ dữ liệu</th></tr>\n",
        report->sum.alerts,
        report->sum.ack_breaches + report->sum.resolve_breaches, report->drills,
        report->trials, report->tests);
    for (size_t i = 0; i < report->count; i++) {
        html_row(&report->rows[i], out);
    }
    html_row(&report->sum, out);
    (void)fputs("</table>\n", out);
    gong_ctl_html_close(out);
}

/* --- JSON --- */

static json_t *
json_row(struct gong_ctl_report_row *row)
{
    double whole = gong_ctl_completeness(row);
    int64_t times[4];

    quantiles(row, times);
    return json_pack(
        "{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I}",
        "unit", row->code, "name", name_of(row), "alerts",
        (json_int_t)row->alerts, "critical", (json_int_t)row->critical,
        "acknowledged", (json_int_t)row->acknowledged, "ended",
        (json_int_t)row->ended, "false", (json_int_t)row->false_ones,
        "ack_overdue", (json_int_t)row->ack_breaches, "resolve_overdue",
        (json_int_t)row->resolve_breaches, "ack_median_ms",
        (json_int_t)times[0], "ack_p90_ms", (json_int_t)times[1],
        "resolve_median_ms", (json_int_t)times[2], "resolve_p90_ms",
        (json_int_t)times[3], "cost", (json_int_t)row->cost, "completeness",
        whole < 0 ? json_null() : json_real(whole), "received",
        (json_int_t)row->received, "expected", (json_int_t)expected_of(row));
}

json_t *
gong_ctl_report_json(struct gong_ctl_report *report)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < report->count; i++) {
        (void)json_array_append_new(rows, json_row(&report->rows[i]));
    }
    return json_pack("{s:o,s:o,s:{s:I,s:I,s:I}}", "units", rows, "sum",
                     json_row(&report->sum), "not_counted", "drills",
                     (json_int_t)report->drills, "trials",
                     (json_int_t)report->trials, "tests",
                     (json_int_t)report->tests);
}
