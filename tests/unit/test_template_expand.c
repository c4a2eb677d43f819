#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/template.h"

#define STR(text)                                                              \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

static const struct gong_label_view labels[] = {
    {STR("d"), STR("1h30m")},
    {STR("dev"), STR("đèn-1")},
    {STR("instance"), STR("host1.example.com:9100")},
    {STR("job"), STR("node")},
    {STR("n"), STR("3.5")},
    {STR("q"), STR("a\"b<c>")},
};

static const struct gong_label_view found[3][3] = {
    {{STR("__name__"), STR("q")}, {STR("a"), STR("1")}, {STR("b"), STR("x")}},
    {{STR("__name__"), STR("q")}, {STR("a"), STR("2")}, {STR("b"), STR("a")}},
    {{STR("__name__"), STR("q")}, {STR("a"), STR("3")}, {STR("b"), STR("x")}},
};

static const struct gong_template_sample samples[] = {
    {found[0], 3, 11}, {found[1], 3, 0.5}, {found[2], 3, -7}};

/* "q" has three elements, "bad" is an error, all else is empty. */
static enum gong_err
query(void *ctx, struct gong_str expr, const struct gong_template_sample **out,
      size_t *count, struct gong_expr_error *error)
{
    (void)ctx;
    *out = samples;
    *count = gong_str_is(expr, "q") ? 3 : 0;
    if (gong_str_is(expr, "bad")) {
        (void)snprintf(error->message, sizeof error->message, "no such thing");
        return GONG_ERR_INVALID;
    }
    return GONG_OK;
}

static const struct gong_template_context context = {
    .labels = labels,
    .label_count = sizeof labels / sizeof labels[0],
    .value = 71.25,
    .external_url = "https://gong.example:8443/a/b?c",
    .query = query,
};

static bool
expand(const char *text, const struct gong_template_context *with, char *out,
       size_t size)
{
    struct gong_expr_error error = {0};
    struct gong_template *tmpl =
        gong_template_parse_query(gong_str_of(text), &error);
    size_t length = 0;
    bool ok = false;

    if (tmpl == NULL) {
        fail_msg("%s\n  at %zu: %s", text, error.at, error.message);
        return false;
    }
    ok = gong_template_expand(tmpl, with, out, size, &length);
    assert_int_equal(length, strlen(out));
    gong_template_free(tmpl);
    return ok;
}

/* What Prometheus 2.42 wrote for the same labels, value and samples. */
static const struct {
    const char *text;
    const char *want;
} cases[] = {
    {"{{ $labels }}", "map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 "
                      "job:node n:3.5 q:a\"b<c>]"},
    {"{{ . }}", "{map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 "
                "job:node n:3.5 q:a\"b<c>] map[]  71.25}"},
    {"{{ $value }} {{ .Value }} {{ $labels.dev }} {{ .Labels.job }} {{ "
     "$.Labels.job }} {{ $externalLabels }} {{ .ExternalLabels.x }}|{{ "
     "$externalURL }}",
     "71.25 71.25 đèn-1 node node map[] |"},
    {"a {{- $value -}} b", "a71.25b"},
    {"a  {{- /* c */ -}}  b{{/* x */}} c", "ab c"},
    {"{{ if gt $value 70.0 }}hot{{ else if gt $value 50.0 }}warm{{ else "
     "}}cold{{ end }}",
     "hot"},
    {"{{ if eq $labels.job \"node\" \"x\" }}yes{{ end }}{{ if ne $labels.job "
     "\"y\" }}no{{ end }}",
     "yesno"},
    {"{{ and 1 0 2 }}{{ or 0 \"\" \"z\" }}{{ and 1 2 }}", "0z2"},
    {"{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
     "d=1h30m;dev=đèn-1;instance=host1.example.com:9100;job=node;n=3.5;q=a\"b<"
     "c>;"},
    {"{{ range $labels }}{{ . }},{{ end }}",
     "1h30m,đèn-1,host1.example.com:9100,node,3.5,a\"b<c>,"},
    {"{{ range $i, $e := query \"q\" | sortByLabel \"a\" }}{{ $i }}:{{ .Value "
     "}}:{{ .Labels.a }}:{{ label \"b\" . }}:{{ value $e }} {{ else }}none{{ "
     "end }}",
     "0:11:1:x:11 1:0.5:2:a:0.5 2:-7:3:x:-7 "},
    {"{{ range query \"none\" }}x{{ else }}none{{ end }}", "none"},
    {"{{ with query \"q\" | sortByLabel \"a\" }}{{ . | first | value | "
     "humanize }}{{ end }}",
     "11"},
    {"{{ range query \"q\" | sortByLabel \"a\" | sortByLabel \"b\" }}{{ "
     ".Labels.a }}{{ end }}",
     "213"},
    {"{{ range $i, $e := query \"q\" | sortByLabel \"a\" }}{{ if eq $i 1 }}{{ "
     "break }}{{ end }}{{ $i }}{{ end }}{{ range query \"q\" | sortByLabel "
     "\"a\" }}{{ continue }}x{{ end }}",
     "0"},
    {"{{ $x := 1 }}{{ range query \"q\" | sortByLabel \"a\" }}{{ $x = .Value "
     "}}{{ end }}{{ $x }}{{ $x := \"in\" }}{{ $x }}",
     "-7in"},
    {"{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"},
    {"{{ define \"t\" }}[{{ . }}|{{ $ }}]{{ end }}{{ template \"t\" $value "
     "}}{{ template \"t\" }}",
     "[71.25|71.25][<no value>|<no value>]"},
    {"{{ define \"t\" }}{{ .arg0 }}-{{ .arg1 }}-{{ .arg2 }}{{ end }}{{ "
     "template \"t\" (args 1 \"b\") }}{{ args 1 \"b\" }}",
     "1-b-<no value>map[arg0:1 arg1:b]"},
    {"{{ block \"b\" $value }}<{{ . }}>{{ end }}", "<71.25>"},
    {"{{ printf \"%v %s %q %d %f %.2f %e %g %x %t %%\" $value $labels.job "
     "\"q\\\"x\" 42 $value $value $value $value 255 true }}",
     "71.25 node \"q\\\"x\" 42 71.250000 71.25 7.125000e+01 71.25 ff true %"},
    {"{{ printf \"%d %s %t %x\" $value $value $value \"hi\" }}",
     "%!d(float64=71.25) %!s(float64=71.25) %!t(float64=71.25) 6869"},
    {"{{ printf \"%d\" }}|{{ printf \"%d %d\" 1 }}|{{ printf \"x\" 1 2.5 }}|{{ "
     "printf \"%\" }}|{{ printf \"%!\" 1 }}|{{ printf \"%z\" 1 }}",
     "%!d(MISSING)|1 %!d(MISSING)|x%!(EXTRA int=1, "
     "float64=2.5)|%!(NOVERB)|%!!(int=1)|%!z(int=1)"},
    {"{{ printf \"%[2]d %[1]d %d\" 1 2 }}|{{ printf \"%[3]d\" 1 }}|{{ printf "
     "\"%*d|%-*d|\" 5 1 4 2 }}|{{ printf \"%.*f\" 2 3.14159 }}|{{ printf "
     "\"%*d\" \"x\" 1 }}",
     "2 1 2|%!d(BADINDEX)|    1|2   ||3.14|%!(BADWIDTH)1"},
    {"{{ printf \"%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%O|%b|%c|%U|%q\" 42 "
     "42 42 42 42 255 255 255 8 8 8 5 65 65 65 }}",
     "   42|42   |00042|+42| 42|ff|FF|0xff|10|010|0o10|101|A|U+0041|'A'"},
    {"{{ printf \"%.3d|%8.3d|%08.3d|%.0d|%-08d|\" 5 5 5 0 7 }}",
     "005|     005|     005||7       |"},
    {"{{ printf \"%v %d %s\" nil nil nil }}", "<nil> %!d(<nil>) %!s(<nil>)"},
    {"{{ printf \"%T %T %T %T %T\" 1 1.5 \"x\" true $labels }}",
     "int float64 string bool map[string]string"},
    {"{{ printf \"%s|%d|%q\" $labels $labels $labels }}",
     "map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 job:node n:3.5 "
     "q:a\"b<c>]|map[%!d(string=d):%!d(string=1h30m) "
     "%!d(string=dev):%!d(string=đèn-1) "
     "%!d(string=instance):%!d(string=host1.example.com:9100) "
     "%!d(string=job):%!d(string=node) %!d(string=n):%!d(string=3.5) "
     "%!d(string=q):%!d(string=a\"b<c>)]|map[\"d\":\"1h30m\" \"dev\":\"đèn-1\" "
     "\"instance\":\"host1.example.com:9100\" \"job\":\"node\" \"n\":\"3.5\" "
     "\"q\":\"a\\\"b<c>\"]"},
    {"{{ printf \"%v\" (query \"none\") }}{{ query \"none\" }}", "[][]"},
    {"{{ printf \"%x %X %.3x %g %G %.3g %6.2f|%-8.1f|%+.1f|% f|%08.2f\" 1.5 "
     "1.5 3.14159 1e21 1e-7 123456.0 3.14159 2.5 2.5 2.5 -2.5 }}",
     "0x1.8p+00 0X1.8P+00 0x1.922p+01 1e+21 1E-07 1.23e+05   3.14|2.5     "
     "|+2.5| 2.500000|-0002.50"},
    {"{{ print 1 2 \"a\" 3 4.5 true nil }}|{{ println 1 \"a\" }}|{{ print "
     "}}|{{ println }}|{{ print \"a\" \"b\" 1 2 }}",
     "1 2a3 4.5 true <nil>|1 a\n||\n|ab1 2"},
    {"{{ humanize 0 }} {{ humanize 1 }} {{ humanize 1234567 }} {{ humanize "
     "0.00012 }} {{ humanize -1500 }} {{ humanize \"12.5\" }} {{ humanize 1e30 "
     "}} {{ humanize 999.96 }} {{ humanize 1e-30 }}",
     "0 1 1.235M 120u -1.5k 12.5 1e+06Y 1000 1e-06y"},
    {"{{ humanize1024 0 }} {{ humanize1024 1 }} {{ humanize1024 1048576 }} {{ "
     "humanize1024 1536.5 }} {{ humanize1024 0.5 }} {{ humanize1024 -2048 }}",
     "0 1 1Mi 1.5ki 0.5 -2ki"},
    {"{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration "
     "61.7 }} {{ humanizeDuration 3661 }} {{ humanizeDuration 90061 }} {{ "
     "humanizeDuration 0.0123 }} {{ humanizeDuration -3661 }} {{ "
     "humanizeDuration 59.99999 }} {{ humanizeDuration \"899.99\" }} {{ "
     "humanizeDuration 1e12 }}",
     "0s 1s 1m 1s 1h 1m 1s 1d 1h 1m 1s 12.3ms -1h 1m 1s 60s 14m 59s 11574074d "
     "1h 46m 40s"},
    {"{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 1 }} {{ "
     "humanizePercentage $value }} {{ humanizePercentage -1e-9 }}",
     "12.35% 100% 7125% -1e-07%"},
    {"{{ humanizeTimestamp 0 }} {{ humanizeTimestamp 1435065584.128 }} {{ "
     "humanizeTimestamp -1.5 }} {{ humanizeTimestamp 4e9 }} {{ "
     "humanizeTimestamp 1700000000.25 }}",
     "1970-01-01 00:00:00 +0000 UTC 2015-06-23 13:19:44.128 +0000 UTC "
     "1969-12-31 23:59:58.5 +0000 UTC 2096-10-02 07:06:40 +0000 UTC 2023-11-14 "
     "22:13:20.249 +0000 UTC"},
    {"{{ toUpper \"đèn Ắẵ ừ straße αβγς ж µ ÿ\" }} {{ toLower \"ĐÈN ẮẴ Ừ ΑΒΓΣ "
     "Ж İ\" }} {{ title \"hello world-foo_bar ơn đ.ê 1st it's\" }}",
     "ĐÈN ẮẴ Ừ STRAßE ΑΒΓΣ Ж Μ Ÿ đèn ắẵ ừ αβγσ ж i Hello World-Foo_bar Ơn Đ.Ê "
     "1st It'S"},
    {"{{ match \"a.*\" \"bar\" }}{{ match \"^a\" \"bar\" }}{{ match \"(?i)B\" "
     "\"bar\" }}",
     "truefalsetrue"},
    {"{{ reReplaceAll \"(.*):(.*)\" \"$2-$1\" $labels.instance }} {{ "
     "reReplaceAll \"a*\" \"x\" \"baac\" }} {{ reReplaceAll \"(?P<h>[a-z]+)1\" "
     "\"${h}_$$_$h1\" \"host1 abc1\" }} {{ reReplaceAll \"\" \"-\" \"đèn\" }} "
     "{{ reReplaceAll \"o\" \"$0$0\" \"foo\" }} {{ reReplaceAll \"x\" \"$\" "
     "\"axb\" }} {{ reReplaceAll \"x\" \"${\" \"axb\" }} {{ reReplaceAll \"^\" "
     "\">\" \"a\" }} {{ reReplaceAll \"$\" \"<\" \"a\" }}",
     "9100-host1.example.com xbxcx host_$_ abc_$_ -đ-è-n- foooo a$b a${b >a "
     "a<"},
    {"{{ stripPort \"a:1\" }} {{ stripPort \"a\" }} {{ stripPort \"[::1]:80\" "
     "}} {{ stripPort \"::1\" }} {{ stripPort \"[::1]\" }} {{ stripPort "
     "\":80\" }} {{ stripPort \"a:b:c\" }} {{ stripPort \"[a]b:1\" }}",
     "a a ::1 ::1 [::1]  a:b:c [a]b:1"},
    {"{{ stripDomain \"a.b.c:1\" }} {{ stripDomain \"a.b\" }} {{ stripDomain "
     "\"10.0.0.1:80\" }} {{ stripDomain \"[::1]:80\" }} {{ stripDomain "
     "\"[a.b]:80\" }} {{ stripDomain \":80\" }} {{ stripDomain \"\" }} {{ "
     "stripDomain \"010.0.0.1\" }} {{ stripDomain \"a.b:\" }}",
     "a:1 a 10.0.0.1:80 [::1]:80 a:80 :80  010 a"},
    {"{{ parseDuration \"1h30m\" }} {{ parseDuration \"5ms\" }} {{ "
     "parseDuration \"0\" }} {{ parseDuration \"0s\" }} {{ parseDuration "
     "$labels.d }}",
     "5400 0.005 0 0 5400"},
    {"{{ html \"<a href='x'>&\\\"\" }} {{ js \"it's \\\"<b>\\\" \\\\ =&\\n\" "
     "}} {{ urlquery \"a b&c=đ/~\" }} {{ html 1 2 }}",
     "&lt;a href=&#39;x&#39;&gt;&amp;&#34; it\\'s \\\"\\u003Cb\\u003E\\\" \\\\ "
     "\\u003D\\u0026\\u000A a+b%26c%3D%C4%91%2F~ 1 2"},
    {"{{ index $labels \"job\" }} {{ index $labels \"zz\" }}|{{ index \"abc\" "
     "1 }}|{{ slice \"abcdef\" 1 3 }}|{{ slice \"abc\" 1 }}|{{ slice \"abc\" "
     "}}|{{ len \"đ\" }}|{{ len $labels }}",
     "node |98|bc|bc|abc|2|6"},
    {"{{ (query \"q\" | sortByLabel \"a\" | first).Value }} {{ (query \"q\" | "
     "sortByLabel \"a\" | first).Labels.a }} {{ (args 1 \"x\").arg1 }}",
     "11 1 x"},
    {"{{ (index (query \"q\" | sortByLabel \"a\") 1).Value }}", "0.5"},
    {"{{ query \"q\" | sortByLabel \"a\" | first }}",
     "{map[__name__:q a:1 b:x] 11}"},
    {"{{ $labels | len | printf \"%d-%s\" 5 }}", "5-%!s(int=6)"},
    {"{{ 1 | printf \"%d\" }}{{ \"x\" }}{{ 'a' }}{{ 0x10 }}{{ 1.0 }}{{ 1e3 "
     "}}{{ -5 }}{{ +5 }}{{ true }}{{ .5 }}{{ 1_000 }}",
     "1x971611000-55true0.51000"},
    {"{{ eq nil nil }}", "true"},
    {"{{ with $labels.none }}a{{ else }}b{{ end }}{{ with $x := $labels.job "
     "}}{{ $x }}{{ . }}{{ end }}",
     "bnodenode"},
    {"{{ `raw\nx` }}", "raw\nx"},
    {"{{- /* c */ -}} x", "x"},
    {"{{$x:=1}}{{$x}}", "1"},
    {"}} { { }", "}} { { }"},
    {"{{ print (print 1) (print \"a\" | len) }}", "11"},
    {"{{ strvalue (query \"q\" | sortByLabel \"a\" | first) }}|", "|"},
    {"{{ $.Value }}{{ $labels.__name__ }}", "71.25"},
    {"{{ printf \"%s\" (safeHtml \"a\") | html }}", "a"},
    {"{{ if $labels.none }}a{{ else if $labels.job }}b{{ end }}{{ if 0.0 }}c{{ "
     "else }}d{{ end }}{{ if $labels }}e{{ end }}",
     "bde"},
    {"{{ printf \"%.1f\" 3 }} {{ printf \"%d\" \"x\" }} {{ printf \"%s\" 3 }} "
     "{{ printf \"%t\" 1 }} {{ printf \"%5t|%-7t|\" true false }}",
     "%!f(int=3) %!d(string=x) %!s(int=3) %!t(int=1)  true|false  |"},
    {"{{ printf \"%v %v\" 1e6 1e20 }} {{ 1e21 }} {{ 123456789.0 }} {{ 0.00001 "
     "}}",
     "1e+06 1e+20 1e+21 1.23456789e+08 1e-05"},
    {"{{ printf \"%6.3v|%.3v|%8v|%-8v|%08v|%+v|%#v|%#v\" 3.14159 \"abcdef\" "
     "\"ab\" \"ab\" 42 42 \"q\" 42 }}\n",
     "  3.14|abc|      ab|ab      |00000042|42|\"q\"|42\n"},
    {"{{-  \"x\"  -}}", "x"},
    {"b {{-  (or 0.0 59.9999)  -}}", "b59.9999"},
    {"\n{{-  `y\"z` }}", "y\"z"},
    {"\n{{ $value }}", "\n71.25"},
    {"a{{ 2.5 }} {{ 'a' }}", "a2.5 97"},
    {"a{{-  (args 1 \"b\") }}", "amap[arg0:1 arg1:b]"},
    {"a{{ 0x1F }}", "a31"},
    {"a{{ with $y := (ge 'a' 0x1F)}}a{{ 2.5 }}{{end}}", "aa2.5"},
    {"b {{ $labels.dev }}", "b đèn-1"},
    {"b {{ (or 0.0 1e21)  -}}", "b 1e+21"},
    {"b {{ 1  -}}", "b 1"},
    {"{{ if `y\"z` -}}{{ -3  -}}{{end}}", "-3"},
    {" {{ (slice $labels.none 0) }}", " "},
    {"a{{-  \"ơn_a đ-b\" }}", "aơn_a đ-b"},
    {"a{{-  (reReplaceAll \"a\" \"-\" `y\"z`)  -}}", "ay\"z"},
    {"{{ $x := 5 }} {{ $x  -}}", " 5"},
    {"b {{ 1_000  -}}", "b 1000"},
    {" {{-  (urlquery (urlquery nil)) }}", "%253Cno%2Bvalue%253E"},
    {"{{ $x := 5 }}b {{ $x = (or 0.0 2.5) }}{{ $x }}", "b 2.5"},
    {"{{ $x := 5 }}{{ $x := 1e6 }}{{ $x }}\n{{ 'a' }}", "1e+06\n97"},
    {"b {{ (slice $labels.job 0) }}", "b node"},
    {"{{ $x := 5 }}a{{ $x = ((print 1e-7) | print 1) }}{{ $x }}", "a11e-07"},
    {"\n{{-  1e6 }} {{-  999.999 }}", "1e+06999.999"},
    {" {{ $labels.instance }}", " host1.example.com:9100"},
    {"\n{{ (lt 1_000 (len $labels)) }}", "\nfalse"},
    {"\n{{ 59.9999 }}", "\n59.9999"},
    {"{{ $labels.job }}", "node"},
    {"\n{{ 2.5  -}} {{ (or 0.0 1e6) }}", "\n2.51e+06"},
    {"{{ $x := 5 }}a{{ $x = 2.5 }}{{ $x }}", "a2.5"},
    {" {{ -3 }}", " -3"},
    {"{{-  -3  -}}", "-3"},
    {"a{{ (humanizeTimestamp 1) }}", "a1970-01-01 00:00:01 +0000 UTC"},
    {"a{{ (le $value 71.25)  -}}b {{-  (ne $value 1.5) }}", "atruebtrue"},
    {"{{ (slice (println $labels.q) 0)  -}}", "a\"b<c>\n"},
    {"{{ $x := 5 }}\n{{ $x = -0.001 }}{{ $x }}", "\n-0.001"},
    {"b {{ -3  -}}{{-  (urlquery 42) }}\n{{-  -3 }}", "b -342-3"},
    {"\n{{-  1023.99  -}}", "1023.99"},
    {"{{ $x := 5 }}{{ $x }}\n{{ \"a.b:1\"  -}}b {{ $value }}",
     "5\na.b:1b 71.25"},
    {"{{ $x := 5 }}a{{ $x = (or 0.0 1_000) }}{{ $x }}b {{-  \"x\" }}",
     "a1000bx"},
    {"b {{-  $labels.instance  -}}a{{ (args 1 \"b\") }}",
     "bhost1.example.com:9100amap[arg0:1 arg1:b]"},
    {"\n{{ with $y := (js -3) -}}{{ (parseDuration \"1h5s\") }}{{- end -}}",
     "\n3605"},
    {"{{ range $k := (args 1 2 \"c\")}}b {{-  (len $labels)  -}}{{end}}",
     "b6b6b6"},
    {" {{ (and (humanizeDuration (len $labels)) 123456789.125) }}",
     " 1.23456789125e+08"},
    {" {{ $labels }}", " map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 "
                       "job:node n:3.5 q:a\"b<c>]"},
    {"a{{-  . }}", "a{map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 "
                   "job:node n:3.5 q:a\"b<c>] map[]  71.25}"},
    {"{{ . }}", "{map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 "
                "job:node n:3.5 q:a\"b<c>] map[]  71.25}"},
    {"{{ $x := 5 }}b {{ $x := (args 1 \"b\") }}{{ $x }}",
     "b map[arg0:1 arg1:b]"},
    {"a{{-  (parseDuration \"1h5s\") }}a{{ (and $labels.job 1e-7) }}",
     "a3605a1e-07"},
    {"{{ range $k, $v := (args 1 2 \"c\")}}a{{-  (args 1 \"b\") }}{{- end}}",
     "amap[arg0:1 arg1:b]amap[arg0:1 arg1:b]amap[arg0:1 arg1:b]"},
    {"{{ $x := 5 }}b {{ 'a'  -}}a{{ $x = $x }}{{ $x }}\n{{-  1_000  -}}",
     "b 97a51000"},
    {"\n{{ (title (humanizePercentage $value)) }}\n{{ (ge -3 -3)  -}}",
     "\n7125%\ntrue"},
    {"{{ $x := 5 }}{{ $x }}{{ $x = \"12.5\" }}{{ $x }}{{-  (or 0.0 'a') }}",
     "512.597"},
    {" {{ . }}b {{ -3 }}",
     " {map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 job:node n:3.5 "
     "q:a\"b<c>] map[]  71.25}b -3"},
    {" {{-  (eq (reReplaceAll \"(.)\" \"${1}x\" (slice \"x\" 0)) "
     "$labels.instance) }}",
     "false"},
    {"\n{{-  (or (gt $value 71.25) (or (le -3 (len \"12.5\")) (and false "
     "true))) }}",
     "true"},
    {"{{ $x := 5 }} {{ $x := (args 1 \"b\") }}{{ $x }} {{ (((toLower \"ơn_a "
     "đ-b\") | printf \"%-12s|\") | toUpper) }}",
     " map[arg0:1 arg1:b] ƠN_A Đ-B    |"},
    {"{{ $x := 5 }}a{{ 3.0  -}} {{ if 0}}\n{{ $x = (args 1 \"b\") }}{{ $x "
     "}}{{- end}}",
     "a3"},
    {"{{ range $k := $labels}} {{ \"-0\" }}{{break}}{{else}}{{ (lt (len "
     "$labels) 'a') }}{{end}}",
     " -0"},
    {"{{ $x := 5 }}b {{ $x = . }}{{ $x }}",
     "b {map[d:1h30m dev:đèn-1 instance:host1.example.com:9100 job:node n:3.5 "
     "q:a\"b<c>] map[]  71.25}"},
    {" {{-  1_000  -}}{{-  (slice (label \"b\" (query \"q\" | sortByLabel "
     "\"a\" | first)) 0) }}\n{{-  $labels.job }}",
     "1000xnode"},
    {"{{ if (parseDuration \"1h5s\")}}\n{{ (le (graphLink \"ơn_a đ-b\") "
     "(humanizePercentage 59.9999)) }}{{end}}",
     "\ntrue"},
    {"a{{ (tableLink (label \"b\" (query \"q\" | sortByLabel \"a\" | first))) "
     "}}b {{ (printf \"% %|\" .5 ) }}",
     "a/graph?g0.expr=x&g0.tab=1b %|%!(EXTRA float64=0.5)"},
    {"{{ $x := 5 }}{{ $x := \"12.5\" }}{{ $x }}a{{-  (lt ((printf \"%+0G "
     "%#-[1].5v\" 999.999 ) | toUpper) \"12.5\")  -}}",
     "12.5atrue"},
    {"{{ $x := 5 }} {{ \"a.b:1\" }}b {{ with $y := (reReplaceAll \"^.\" "
     "\"$0$0\" $labels.dev) -}}\n{{ $x := 59.9999 }}{{ $x }}{{end}}",
     " a.b:1b 59.9999"},
    {"a{{ \"ơn_a đ-b\" }} {{ (urlquery (or 0.0 59.9999))  -}}b {{-  (or 0.0 "
     "1e6)  -}}",
     "aơn_a đ-b 59.9999b1e+06"},
    {"a{{ (printf \"%--*.*x %-8U\" (printf \"%-20.sđ\" $labels.job "
     "123456789.125) (index $labels \"job\"))  -}}b {{ 1_000 }}",
     "a%!(BADWIDTH)%!(BADPREC)%!x(MISSING) %!U(MISSING)b 1000"},
    {"{{ $x := 5 }} {{ with -3}}\n{{ 1e6 }}{{else}} {{-  . }}{{end}}\n{{ $x = "
     "(stripPort ((graphLink $labels.instance) | print 1)) }}{{ $x }}",
     " \n1e+06\n1/graph?g0.expr=host1.example.com%3A9100&g0.tab=0"},
    {"{{ $x := 5 }}b {{ $x := 999.999 }}{{ $x }}{{ $x := (len $labels) }}{{ $x "
     "}}",
     "b 999.9996"},
    {" {{ (len $labels)  -}}a{{ 59.9999  -}}b {{-  (label \"b\" (query \"q\" | "
     "sortByLabel \"a\" | first))  -}}",
     " 6a59.9999bx"},
    {"{{ (args 1 \"b\") }}{{ ((label \"b\" (query \"q\" | sortByLabel \"a\" | "
     "first)) | printf \"%-12s|\")  -}}",
     "map[arg0:1 arg1:b]x           |"},
    {" {{-  (label \"b\" (query \"q\" | sortByLabel \"a\" | first))  -}}\n{{-  "
     "42 }}",
     "x42"},
    {" {{ range $k, $v := (args 1 2 \"c\") -}}\n{{ -0.001  -}}{{end}} {{ if "
     "(args 1 \"b\")}}{{ (le (len $labels) 'a') }}{{end}}",
     " -0.001-0.001-0.001 true"},
    {"a{{-  range $k, $v := (query \"q\" | sortByLabel \"a\")}}{{-  `y\"z` "
     "}}{{break}}{{end}}\n{{ (label \"b\" (query \"q\" | sortByLabel \"a\" | "
     "first)) }}",
     "ay\"z\nx"},
    {"\n{{ if 1023.99}}a{{ (len $labels)  -}}{{else}}\n{{ 1e15  -}}{{- end "
     "-}}b {{-  if (printf \"%0-3.0vđ\" 0x1F )}} {{ 'a'  -}}{{else}}{{-  "
     "(label \"b\" (query \"q\" | sortByLabel \"a\" | first))  -}}{{end}}",
     "\na6b 97"},
    {"{{ $x := 5 }}a{{-  range $k, $v := $labels -}}{{ $x := 1023.99 }}{{ $x "
     "}}{{- end}}\n{{-  range $k, $v := (query \"q\" | sortByLabel \"a\")}} {{ "
     "$x = (or 0.0 $value) }}{{ $x }}{{end}}",
     "a1023.991023.991023.991023.991023.991023.99 71.25 71.25 71.25"},
    {"{{ ($x := printf \"abc%d\" 1) }}{{ printf \"QQQQ%d\" 2 }}{{ $x }}",
     "abc1QQQQ2abc1"},
    {"{{ print ($x := printf \"abc%d\" 1) ($y := printf \"d%d\" 4) }}"
     "{{ printf \"QQQQ%d\" 2 }}{{ $x }}{{ $y }}",
     "abc1d4QQQQ2abc1d4"},
    {"{{ $x := \"\" }}{{ range args 1 2 }}{{ print ($x = printf \"a%s%v\" $x "
     ".) }}{{ printf \"QQQQ%d\" 2 }}{{ end }}{{ $x }}",
     "a1QQQQ2aa12QQQQ2aa12"},
};

static void
test_as_prometheus(void **state)
{
    struct gong_template_context local = context;

    (void)state;
    local.external_url = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[4096];

        assert_true(expand(cases[i].text, &local, out, sizeof out));
        if (strcmp(out, cases[i].want) != 0) {
            fail_msg("%s\n  %s\n  %s", cases[i].text, out, cases[i].want);
        }
    }
}

/* The place, and Go's words. */
static const struct {
    const char *text;
    const char *want;
} failing[] = {
    {"a{{ query \"none\" | first | value }}",
     "1:20: error calling first: first() called on vector with no elements"},
    {"a\n {{ toUpper $value }}",
     "2:5: wrong type for value; expected string; got float64"},
    {"{{ toUpper nil }}", "1:4: invalid value; expected string"},
    {"{{ safeHtml \"x\" | toUpper }}",
     "1:19: wrong type for value; expected string; got template.HTML"},
    {"{{ $labels.job.foo }}", "1:4: can't evaluate field foo in type string"},
    {"{{ if gt $value 70 }}x{{ end }}",
     "1:7: error calling gt: incompatible types for comparison"},
    {"{{ eq 1 }}", "1:4: error calling eq: missing argument for comparison"},
    {"{{ eq $labels 1 }}",
     "1:4: error calling eq: uncomparable type map[string]string"},
    {"{{ lt nil 1 }}", "1:4: error calling lt: invalid type for comparison"},
    {"{{ lt true false }}",
     "1:4: error calling lt: invalid type for comparison"},
    {"{{ humanize \"abc\" }}", "1:4: error calling humanize: "
                               "strconv.ParseFloat: parsing \"abc\": invalid "
                               "syntax"},
    {"{{ humanize $labels }}",
     "1:4: error calling humanize: can't convert map[string]string to float"},
    {"{{ humanizeTimestamp 1e30 }}",
     "1:4: error calling humanizeTimestamp: 1e+30 cannot be represented as a "
     "nanoseconds timestamp since it overflows int64"},
    {"{{ parseDuration \"x\" }}",
     "1:4: error calling parseDuration: not a valid duration string: \"x\""},
    {"{{ index \"abc\" 3 }}",
     "1:4: error calling index: index out of range: 3"},
    {"{{ index $labels 1 }}",
     "1:4: error calling index: value has type int; should be string"},
    {"{{ index 1 1 }}",
     "1:4: error calling index: can't index item of type int"},
    {"{{ index \"abc\" \"b\" }}",
     "1:4: error calling index: cannot index slice/array with type string"},
    {"{{ slice \"abc\" 2 1 }}",
     "1:4: error calling slice: invalid slice index: 2 > 1"},
    {"{{ slice $labels 1 }}",
     "1:4: error calling slice: can't slice item of type map[string]string"},
    {"{{ len 3 }}", "1:4: error calling len: len of type int"},
    {"{{ range 5 }}x{{ end }}",
     "1:10: range can't iterate over a value of type int"},
    {"{{ query \"bad\" }}", "1:4: error calling query: no such thing"},
    {"{{ match \"(\" \"a\" }}", "1:4: error calling match: found"},
    {"{{ match \"(a|aa)+$\" (printf \"%060d!\" 1 | reReplaceAll \"0\" \"a\") "
     "}}",
     "1:4: error calling match: the pattern's match was given up"},
    {"{{ label \"a\" (args 1) }}",
     "1:4: wrong type for value; expected *template.sample; got "
     "map[string]interface {}"},
};

static void
test_errors(void **state)
{
    static const char start[] = "<error expanding template: ";

    (void)state;
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
        char out[512];

        assert_false(expand(failing[i].text, &context, out, sizeof out));
        if (strncmp(out, start, sizeof start - 1) != 0 ||
            strncmp(out + sizeof start - 1, failing[i].want,
                    strlen(failing[i].want)) != 0 ||
            out[strlen(out) - 1] != '>') {
            fail_msg("%s\n  %s\n  %s", failing[i].text, out, failing[i].want);
        }
    }
}

/* Nobody answers, and there is no URL. */
static void
test_bare_context(void **state)
{
    const struct gong_template_context bare = {.value = 1};
    char out[256];

    (void)state;
    assert_false(expand("{{ query \"q\" }}", &bare, out, sizeof out));
    assert_non_null(strstr(out, "nobody answers"));
    assert_true(expand("{{ externalURL }}|{{ pathPrefix }}|{{ $labels }}",
                       &bare, out, sizeof out));
    assert_string_equal(out, "||map[]");
    assert_true(expand("{{ externalURL }}|{{ $externalURL }}|{{ pathPrefix }}",
                       &context, out, sizeof out));
    assert_string_equal(out, "https://gong.example:8443/a/b?c|"
                             "https://gong.example:8443/a/b?c|/a/b");
}

/* Loops, calls of itself and texts that grow end with an error. */
static void
test_bounds(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } endless[] = {
        {"{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}",
         "it is nested too deep"},
        {"{{ define \"a\" }}{{ range $ }}{{ range $ }}{{ range $ }}{{ range $ "
         "}}{{ range $ }}{{ range $ }}{{ range $ }}x{{ end }}{{ end }}{{ end "
         "}}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}"
         "{{ template \"a\" $labels }}",
         "it takes too many steps"},
        {"{{ $x := \"aaaaaaaaaaaaaaaa\" }}{{ range $labels }}{{ range $labels "
         "}}"
         "{{ range $labels }}{{ $x = print $x $x }}{{ end }}{{ end }}{{ end }}",
         "the texts made are too large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        char out[4096];

        assert_false(expand(endless[i].text, &context, out, sizeof out));
        if (strstr(out, endless[i].why) == NULL) {
            fail_msg("%s: %s", endless[i].text, out);
        }
    }
}

/* A text that is made and written in a loop is forgotten at once. */
static void
test_memory_is_taken_back(void **state)
{
    char out[1024];

    (void)state;
    assert_true(expand("{{ range $labels }}{{ range $labels }}{{ range "
                       "$labels }}{{ printf \"%900d\" 1 }}{{ end }}{{ end }}"
                       "{{ end }}",
                       &context, out, sizeof out));
    assert_int_equal(strlen(out), sizeof out - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_prometheus),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_bare_context),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_memory_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
