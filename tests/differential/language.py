"""The words of PromQL by kind, and the features that each run has to meet."""

import re

COUNTER_CALLS = ("rate", "increase", "irate", "resets")
GAUGE_CALLS = ("delta", "idelta", "deriv", "changes", "avg_over_time",
               "min_over_time", "max_over_time", "sum_over_time",
               "count_over_time", "stddev_over_time", "stdvar_over_time",
               "last_over_time", "present_over_time")
PARAMETER_CALLS = ("quantile_over_time", "predict_linear", "holt_winters")
VALUE_CALLS = ("abs", "ceil", "floor", "round", "exp", "ln", "log2", "log10",
               "sqrt", "sgn", "sin", "cos", "tan", "asin", "acos", "atan",
               "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg",
               "rad", "clamp", "clamp_min", "clamp_max")
DATE_CALLS = ("minute", "hour", "day_of_week", "day_of_month", "day_of_year",
              "days_in_month", "month", "year")
OTHER_CALLS = ("absent", "absent_over_time", "scalar", "vector", "time",
               "timestamp", "pi", "label_replace", "label_join", "sort",
               "sort_desc", "histogram_quantile")
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev",
                "stdvar", "topk", "bottomk", "quantile", "count_values")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISON = ("==", "!=", ">", "<", ">=", "<=")
SETS = ("and", "or", "unless")
CLAUSES = ("by", "without", "on", "ignoring", "group_left", "group_right",
           "group_left(labels)", "group_right(labels)", "bool")
MODIFIERS = ("=", "!=", "=~", "!~", "__name__", "offset", "offset -", "@",
             "@ start()", "@ end()",
             "subquery", "subquery default step", "subquery offset",
             "unary -", "unary +")

FEATURES = tuple(
    [f"{name}()" for name in COUNTER_CALLS + GAUGE_CALLS + PARAMETER_CALLS
     + VALUE_CALLS + DATE_CALLS + OTHER_CALLS + AGGREGATIONS]
    + [f"operator {name}" for name in ARITHMETIC + COMPARISON + SETS]
    + [f"clause {name}" for name in CLAUSES]
    + [f"modifier {name}" for name in MODIFIERS])

# What may differ in the last bits: never written into labels, never divided
# with rest, where a bit is a result of its own.
INEXACT_TEXT = re.compile(
    "\\b(exp|ln|log2|log10|a?(sin|cos|tan)h?|atan2) ?\\(|\\batan2\\b|\\^")

# What is left of numbers that are nearly the same is mostly rounding.
DIFFERENCES = COUNTER_CALLS + (
    "delta", "idelta", "deriv", "changes", "stddev_over_time",
    "stdvar_over_time", "predict_linear")
