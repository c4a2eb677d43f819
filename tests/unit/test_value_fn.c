#include "rules/engine/value_fn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name;
    double value;
    double params[2];
    double want; /* what Prometheus 2.42 answered */
} cases[] = {
    {"abs", -1.0, {0.0, 0.0}, 1},
    {"abs", -296.01179839553623, {0.0, 0.0}, 296.01179839553623},
    {"abs", 2.5, {0.0, 0.0}, 2.5},
    {"abs", 0.5, {0.0, 0.0}, 0.5},
    {"abs", 1.0, {0.0, 0.0}, 1},
    {"abs", 0.0, {0.0, 0.0}, 0},
    {"abs", INFINITY, {0.0, 0.0}, INFINITY},
    {"abs", -INFINITY, {0.0, 0.0}, INFINITY},
    {"abs", -0.0, {0.0, 0.0}, 0},
    {"abs", NAN, {0.0, 0.0}, NAN},
    {"acos", NAN, {0.0, 0.0}, NAN},
    {"acos", 0.5, {0.0, 0.0}, 1.0471975511965976},
    {"acos", -1.8577077541580707, {0.0, 0.0}, NAN},
    {"acos", 1e+22, {0.0, 0.0}, NAN},
    {"acos", -2.5, {0.0, 0.0}, NAN},
    {"acos", 0.8208466660022034, {0.0, 0.0}, 0.6079044914934961},
    {"acos", -0.0, {0.0, 0.0}, 1.5707963267948966},
    {"acos", 0.0, {0.0, 0.0}, 1.5707963267948966},
    {"acos", INFINITY, {0.0, 0.0}, NAN},
    {"acos", -INFINITY, {0.0, 0.0}, NAN},
    {"acosh", 22316.35087814553, {0.0, 0.0}, 10.706222092064563},
    {"acosh", 1e+300, {0.0, 0.0}, 691.4686750787736},
    {"acosh", 2.050910881374901, {0.0, 0.0}, 1.3458648090046694},
    {"acosh", 0.031322651125030854, {0.0, 0.0}, NAN},
    {"acosh", INFINITY, {0.0, 0.0}, INFINITY},
    {"acosh", 14.525202089520729, {0.0, 0.0}, 3.367845346700973},
    {"acosh", NAN, {0.0, 0.0}, NAN},
    {"acosh", 0.0, {0.0, 0.0}, NAN},
    {"acosh", -INFINITY, {0.0, 0.0}, NAN},
    {"acosh", -0.0, {0.0, 0.0}, NAN},
    {"asin", 0.5, {0.0, 0.0}, 0.5235987755982989},
    {"asin", 3.859047825311379, {0.0, 0.0}, NAN},
    {"asin", NAN, {0.0, 0.0}, NAN},
    {"asin", 1e-19, {0.0, 0.0}, 1e-19},
    {"asin", 2.5, {0.0, 0.0}, NAN},
    {"asin", 26.411520557755097, {0.0, 0.0}, NAN},
    {"asin", INFINITY, {0.0, 0.0}, NAN},
    {"asin", 0.0, {0.0, 0.0}, 0},
    {"asin", -INFINITY, {0.0, 0.0}, NAN},
    {"asin", -0.0, {0.0, 0.0}, -0.0},
    {"asinh", 36.83333853749381, {0.0, 0.0}, 4.299734774585247},
    {"asinh", 1e+300, {0.0, 0.0}, 691.4686750787736},
    {"asinh", -1.0, {0.0, 0.0}, -0.881373587019543},
    {"asinh", 1e+19, {0.0, 0.0}, 44.44226394744682},
    {"asinh", 89.00010762489994, {0.0, 0.0}, 5.181816319660969},
    {"asinh", 0.0, {0.0, 0.0}, 0},
    {"asinh", -0.0, {0.0, 0.0}, -0.0},
    {"asinh", INFINITY, {0.0, 0.0}, INFINITY},
    {"asinh", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"asinh", NAN, {0.0, 0.0}, NAN},
    {"atan", -0.5, {0.0, 0.0}, -0.4636476090008061},
    {"atan", -0.0, {0.0, 0.0}, -0.0},
    {"atan", 5.37328637930395, {0.0, 0.0}, 1.3867955228819375},
    {"atan", -2.5, {0.0, 0.0}, -1.1902899496825317},
    {"atan", 1e-300, {0.0, 0.0}, 1e-300},
    {"atan", 0.0, {0.0, 0.0}, 0},
    {"atan", 1e+18, {0.0, 0.0}, 1.5707963267948966},
    {"atan", -INFINITY, {0.0, 0.0}, -1.5707963267948966},
    {"atan", NAN, {0.0, 0.0}, NAN},
    {"atan", INFINITY, {0.0, 0.0}, 1.5707963267948966},
    {"atanh", -0.0, {0.0, 0.0}, -0.0},
    {"atanh", 40.87898322611802, {0.0, 0.0}, NAN},
    {"atanh", -0.04060815391941319, {0.0, 0.0}, -0.04063049727902756},
    {"atanh", NAN, {0.0, 0.0}, NAN},
    {"atanh", 1e+300, {0.0, 0.0}, NAN},
    {"atanh", -0.8383963365642135, {0.0, 0.0}, -1.2157510493780204},
    {"atanh", 0.8607536879376252, {0.0, 0.0}, 1.296246249518053},
    {"atanh", 0.0, {0.0, 0.0}, 0},
    {"atanh", -INFINITY, {0.0, 0.0}, NAN},
    {"atanh", INFINITY, {0.0, 0.0}, NAN},
    {"ceil", -3.9890151844637307, {0.0, 0.0}, -3},
    {"ceil", INFINITY, {0.0, 0.0}, INFINITY},
    {"ceil", -0.5, {0.0, 0.0}, -0.0},
    {"ceil", 0.656183934428727, {0.0, 0.0}, 1},
    {"ceil", 0.0, {0.0, 0.0}, 0},
    {"ceil", -0.14642955587438622, {0.0, 0.0}, -0.0},
    {"ceil", -1.0, {0.0, 0.0}, -1},
    {"ceil", -0.0, {0.0, 0.0}, -0.0},
    {"ceil", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"ceil", NAN, {0.0, 0.0}, NAN},
    {"clamp", 1.0, {INFINITY, INFINITY}, INFINITY},
    {"clamp", -INFINITY, {-INFINITY, 1}, -INFINITY},
    {"clamp", -2.5, {1, INFINITY}, 1},
    {"clamp", NAN, {1, INFINITY}, NAN},
    {"clamp", 55.593234561689385, {-1, -0.0}, -0.0},
    {"clamp",
     47.48597513026054,
     {-0.0, 0.9405540503321774},
     0.9405540503321774},
    {"clamp", -1.0, {0.0, INFINITY}, 0},
    {"clamp", 0.0, {1, INFINITY}, 1},
    {"clamp", -0.0, {-1, 1.7153838176508063}, -0.0},
    {"clamp", INFINITY, {-INFINITY, -INFINITY}, -INFINITY},
    {"clamp", INFINITY, {1, 1}, 1},
    {"clamp", INFINITY, {-1, -0.0}, -0.0},
    {"clamp", INFINITY, {1, INFINITY}, INFINITY},
    {"clamp_max", 3.1054101747849434, {0.0, 0.0}, 0},
    {"clamp_max", -0.5, {-0.0, 0.0}, -0.5},
    {"clamp_max", -0.2590210536547155, {1, 0.0}, -0.2590210536547155},
    {"clamp_max", 0.5, {-0.0, 0.0}, -0.0},
    {"clamp_max", -INFINITY, {INFINITY, 0.0}, -INFINITY},
    {"clamp_max", 30.012289474504563, {1, 0.0}, 1},
    {"clamp_max", NAN, {0.0, 0.0}, NAN},
    {"clamp_max", -0.0, {1, 0.0}, -0.0},
    {"clamp_max", 0.0, {-0.0, 0.0}, -0.0},
    {"clamp_max", -0.0, {INFINITY, 0.0}, -0.0},
    {"clamp_max", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"clamp_max", INFINITY, {INFINITY, 0.0}, INFINITY},
    {"clamp_max", 0.0, {1, 0.0}, 0},
    {"clamp_min", 1e+22, {INFINITY, 0.0}, INFINITY},
    {"clamp_min", INFINITY, {-1.4070115677521386, 0.0}, INFINITY},
    {"clamp_min", 1e+22, {1, 0.0}, 1e+22},
    {"clamp_min", 6.746767274427782, {INFINITY, 0.0}, INFINITY},
    {"clamp_min", 1e+300, {NAN, 0.0}, NAN},
    {"clamp_min", -9.423999361955909, {NAN, 0.0}, NAN},
    {"clamp_min", -0.0, {-INFINITY, 0.0}, -0.0},
    {"clamp_min", -0.0, {NAN, 0.0}, NAN},
    {"clamp_min", -INFINITY, {-0.0, 0.0}, -0.0},
    {"clamp_min", -0.0, {1, 0.0}, 1},
    {"clamp_min", -0.0, {-0.0, 0.0}, -0.0},
    {"clamp_min", 0.0, {1.2842457959360196, 0.0}, 1.2842457959360196},
    {"clamp_min", 0.0, {-0.0, 0.0}, 0},
    {"cos", 1.0, {0.0, 0.0}, 0.5403023058681398},
    {"cos", -1.0, {0.0, 0.0}, 0.5403023058681398},
    {"cos", -0.0, {0.0, 0.0}, 1},
    {"cos", 0.4226290910828565, {0.0, 0.0}, 0.9120137464879284},
    {"cos", 1e+17, {0.0, 0.0}, -0.8855573282976308},
    {"cos", 594.1104242014999, {0.0, 0.0}, -0.9395739439467301},
    {"cos", 0.0, {0.0, 0.0}, 1},
    {"cos", -INFINITY, {0.0, 0.0}, NAN},
    {"cos", NAN, {0.0, 0.0}, NAN},
    {"cos", INFINITY, {0.0, 0.0}, NAN},
    {"cosh", -0.6934537145978419, {0.0, 0.0}, 1.250229959258971},
    {"cosh", 1e+22, {0.0, 0.0}, INFINITY},
    {"cosh", 0.5, {0.0, 0.0}, 1.1276259652063807},
    {"cosh", -0.0, {0.0, 0.0}, 1},
    {"cosh", -2.5, {0.0, 0.0}, 6.132289479663686},
    {"cosh", -INFINITY, {0.0, 0.0}, INFINITY},
    {"cosh", -0.18726454978152618, {0.0, 0.0}, 1.01758530596297},
    {"cosh", NAN, {0.0, 0.0}, NAN},
    {"cosh", 0.0, {0.0, 0.0}, 1},
    {"cosh", INFINITY, {0.0, 0.0}, INFINITY},
    {"day_of_month", -2.5, {0.0, 0.0}, 31},
    {"day_of_month", 1e-300, {0.0, 0.0}, 1},
    {"day_of_month", 0.0, {0.0, 0.0}, 1},
    {"day_of_month", -0.5279864643598369, {0.0, 0.0}, 1},
    {"day_of_month", 1e+22, {0.0, 0.0}, 4},
    {"day_of_month", 1e+20, {0.0, 0.0}, 4},
    {"day_of_week", 0.5, {0.0, 0.0}, 4},
    {"day_of_week", 0.0, {0.0, 0.0}, 4},
    {"day_of_week", 1e+300, {0.0, 0.0}, 0},
    {"day_of_week", 4367.274139398536, {0.0, 0.0}, 4},
    {"day_of_week", 93665.6358310024, {0.0, 0.0}, 5},
    {"day_of_week", 1.0, {0.0, 0.0}, 4},
    {"day_of_week", NAN, {0.0, 0.0}, 0},
    {"day_of_year", -0.8435212162995307, {0.0, 0.0}, 1},
    {"day_of_year", 33854.96837546551, {0.0, 0.0}, 1},
    {"day_of_year", 1e-300, {0.0, 0.0}, 1},
    {"day_of_year", -7.065169573216982, {0.0, 0.0}, 365},
    {"day_of_year", 1e+300, {0.0, 0.0}, 339},
    {"days_in_month", 1e-300, {0.0, 0.0}, 31},
    {"days_in_month", 1e+22, {0.0, 0.0}, 31},
    {"days_in_month", 1e+300, {0.0, 0.0}, 31},
    {"days_in_month", -0.5, {0.0, 0.0}, 31},
    {"days_in_month", NAN, {0.0, 0.0}, 31},
    {"days_in_month", 0.37310985986099077, {0.0, 0.0}, 31},
    {"deg", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"deg", INFINITY, {0.0, 0.0}, INFINITY},
    {"deg", 2.5, {0.0, 0.0}, 143.2394487827058},
    {"deg", 45232.32852919678, {0.0, 0.0}, 2591621.5222721617},
    {"deg", 1e+22, {0.0, 0.0}, 5.729577951308232e+23},
    {"deg", 0.5, {0.0, 0.0}, 28.64788975654116},
    {"deg", 8.161684643466058, {0.0, 0.0}, 467.6300837873412},
    {"deg", 0.0, {0.0, 0.0}, 0},
    {"deg", NAN, {0.0, 0.0}, NAN},
    {"deg", -0.0, {0.0, 0.0}, -0.0},
    {"exp", -0.5, {0.0, 0.0}, 0.6065306597126334},
    {"exp", 2.5, {0.0, 0.0}, 12.182493960703473},
    {"exp", -1.0, {0.0, 0.0}, 0.36787944117144233},
    {"exp", -INFINITY, {0.0, 0.0}, 0},
    {"exp", 1571.6992670774089, {0.0, 0.0}, INFINITY},
    {"exp", -394.2377211226504, {0.0, 0.0}, 6.091624971530264e-172},
    {"exp", 0.0, {0.0, 0.0}, 1},
    {"exp", INFINITY, {0.0, 0.0}, INFINITY},
    {"exp", NAN, {0.0, 0.0}, NAN},
    {"exp", -0.0, {0.0, 0.0}, 1},
    {"floor", 1e-300, {0.0, 0.0}, 0},
    {"floor", 0.0, {0.0, 0.0}, 0},
    {"floor", 1.227850909671636, {0.0, 0.0}, 1},
    {"floor", -2.5, {0.0, 0.0}, -3},
    {"floor", 77807.91087561732, {0.0, 0.0}, 77807},
    {"floor", 0.1829119894814546, {0.0, 0.0}, 0},
    {"floor", NAN, {0.0, 0.0}, NAN},
    {"floor", -0.0, {0.0, 0.0}, -0.0},
    {"floor", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"floor", INFINITY, {0.0, 0.0}, INFINITY},
    {"hour", -0.5, {0.0, 0.0}, 0},
    {"hour", 25006.952191094544, {0.0, 0.0}, 6},
    {"hour", 167.06381232895777, {0.0, 0.0}, 0},
    {"hour", -1.499341629527375, {0.0, 0.0}, 23},
    {"hour", 10000000000.0, {0.0, 0.0}, 17},
    {"hour", 0.0, {0.0, 0.0}, 0},
    {"hour", NAN, {0.0, 0.0}, 15},
    {"ln", 4.92525077454931e+114, {0.0, 0.0}, 264.0890757933392},
    {"ln", NAN, {0.0, 0.0}, NAN},
    {"ln", 1e-09, {0.0, 0.0}, -20.72326583694641},
    {"ln", -2.5, {0.0, 0.0}, NAN},
    {"ln", 0.22386389212241053, {0.0, 0.0}, -1.4967170362591737},
    {"ln", -INFINITY, {0.0, 0.0}, NAN},
    {"ln", 0.18648789751320027, {0.0, 0.0}, -1.6793889346945037},
    {"ln", INFINITY, {0.0, 0.0}, INFINITY},
    {"ln", -0.0, {0.0, 0.0}, -INFINITY},
    {"ln", 0.0, {0.0, 0.0}, -INFINITY},
    {"log10", 100000000000.0, {0.0, 0.0}, 11},
    {"log10", 94.68013748545064, {0.0, 0.0}, 1.9762588798984604},
    {"log10", 0.0, {0.0, 0.0}, -INFINITY},
    {"log10", 1.0, {0.0, 0.0}, 0},
    {"log10", 1e-300, {0.0, 0.0}, -300},
    {"log10", -10.07249738906328, {0.0, 0.0}, NAN},
    {"log10", -0.0, {0.0, 0.0}, -INFINITY},
    {"log10", NAN, {0.0, 0.0}, NAN},
    {"log10", INFINITY, {0.0, 0.0}, INFINITY},
    {"log10", -INFINITY, {0.0, 0.0}, NAN},
    {"log2", 1e+22, {0.0, 0.0}, 73.08241808752197},
    {"log2", INFINITY, {0.0, 0.0}, INFINITY},
    {"log2", -0.0, {0.0, 0.0}, -INFINITY},
    {"log2", 10000000000000.0, {0.0, 0.0}, 43.18506523353571},
    {"log2", -2.5, {0.0, 0.0}, NAN},
    {"log2", -1.0, {0.0, 0.0}, NAN},
    {"log2", 93.9215016061071, {0.0, 0.0}, 6.553383569161203},
    {"log2", -INFINITY, {0.0, 0.0}, NAN},
    {"log2", 0.0, {0.0, 0.0}, -INFINITY},
    {"log2", NAN, {0.0, 0.0}, NAN},
    {"minute", 0.3134348500220441, {0.0, 0.0}, 0},
    {"minute", -0.5, {0.0, 0.0}, 0},
    {"minute", 0.0, {0.0, 0.0}, 0},
    {"minute", 1e+22, {0.0, 0.0}, 30},
    {"minute", 1e+300, {0.0, 0.0}, 30},
    {"minute", -191.88914073625978, {0.0, 0.0}, 56},
    {"month", NAN, {0.0, 0.0}, 12},
    {"month", 1.0, {0.0, 0.0}, 1},
    {"month", -2.5, {0.0, 0.0}, 12},
    {"month", -625.9380555986378, {0.0, 0.0}, 12},
    {"month", -1.0, {0.0, 0.0}, 12},
    {"month", 2.5, {0.0, 0.0}, 1},
    {"rad", 1.0, {0.0, 0.0}, 0.017453292519943295},
    {"rad", 90.79047207581391, {0.0, 0.0}, 1.5845926671629236},
    {"rad", -1.0, {0.0, 0.0}, -0.017453292519943295},
    {"rad", 1e+300, {0.0, 0.0}, 1.7453292519943294e+298},
    {"rad", 4.655287045757094, {0.0, 0.0}, 0.0812500865739012},
    {"rad", -0.0, {0.0, 0.0}, -0.0},
    {"rad", 0.0, {0.0, 0.0}, 0},
    {"rad", NAN, {0.0, 0.0}, NAN},
    {"rad", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"rad", INFINITY, {0.0, 0.0}, INFINITY},
    {"round", 42327.26859743757, {0, 0.0}, NAN},
    {"round", -0.5, {INFINITY, 0.0}, NAN},
    {"round", 2.687824393554723, {0, 0.0}, NAN},
    {"round", 1e-300, {0.1, 0.0}, 0},
    {"round", 1.0, {0.16272232297806355, 0.0}, 0.9763339378683813},
    {"round", -INFINITY, {0.9661431092555203, 0.0}, -INFINITY},
    {"round", INFINITY, {0.08563515870294436, 0.0}, INFINITY},
    {"round", -0.0, {INFINITY, 0.0}, NAN},
    {"round", -0.0, {1000, 0.0}, 0},
    {"round", 0.0, {5, 0.0}, 0},
    {"round", INFINITY, {0.001, 0.0}, INFINITY},
    {"round", NAN, {INFINITY, 0.0}, NAN},
    {"round", NAN, {0, 0.0}, NAN},
    {"sgn", 1e+300, {0.0, 0.0}, 1},
    {"sgn", 224.00199650310216, {0.0, 0.0}, 1},
    {"sgn", 3.0286135965869433e-269, {0.0, 0.0}, 1},
    {"sgn", 16.264486294579783, {0.0, 0.0}, 1},
    {"sgn", -410.91526775925695, {0.0, 0.0}, -1},
    {"sgn", NAN, {0.0, 0.0}, NAN},
    {"sgn", -0.0, {0.0, 0.0}, -0.0},
    {"sgn", 0.0, {0.0, 0.0}, 0},
    {"sgn", INFINITY, {0.0, 0.0}, 1},
    {"sgn", -INFINITY, {0.0, 0.0}, -1},
    {"sin", 1e-300, {0.0, 0.0}, 1e-300},
    {"sin", 0.9558792767106152, {0.0, 0.0}, 0.8168213027515828},
    {"sin", 1e+22, {0.0, 0.0}, -0.8522008497671889},
    {"sin", -1.0, {0.0, 0.0}, -0.8414709848078965},
    {"sin", -INFINITY, {0.0, 0.0}, NAN},
    {"sin", -0.939599660165646, {0.0, 0.0}, -0.8073219200567082},
    {"sin", 0.0, {0.0, 0.0}, 0},
    {"sin", NAN, {0.0, 0.0}, NAN},
    {"sin", INFINITY, {0.0, 0.0}, NAN},
    {"sin", -0.0, {0.0, 0.0}, -0.0},
    {"sinh", 1e-12, {0.0, 0.0}, 1e-12},
    {"sinh", 0.0, {0.0, 0.0}, 0},
    {"sinh", 63873.26483544363, {0.0, 0.0}, INFINITY},
    {"sinh", 1e-300, {0.0, 0.0}, 1e-300},
    {"sinh", 2.5, {0.0, 0.0}, 6.0502044810397875},
    {"sinh", 20.348306199303533, {0.0, 0.0}, 343658509.9830673},
    {"sinh", -0.0, {0.0, 0.0}, -0.0},
    {"sinh", NAN, {0.0, 0.0}, NAN},
    {"sinh", -INFINITY, {0.0, 0.0}, -INFINITY},
    {"sinh", INFINITY, {0.0, 0.0}, INFINITY},
    {"sqrt", 7.695704335233297e+112, {0.0, 0.0}, 2.774113252056105e+56},
    {"sqrt", INFINITY, {0.0, 0.0}, INFINITY},
    {"sqrt", -1.0, {0.0, 0.0}, NAN},
    {"sqrt", 9.1438991302582e-100, {0.0, 0.0}, 3.0238880816356615e-50},
    {"sqrt", -INFINITY, {0.0, 0.0}, NAN},
    {"sqrt", 1e+300, {0.0, 0.0}, 1e+150},
    {"sqrt", 0.5, {0.0, 0.0}, 0.7071067811865476},
    {"sqrt", NAN, {0.0, 0.0}, NAN},
    {"sqrt", -0.0, {0.0, 0.0}, -0.0},
    {"sqrt", 0.0, {0.0, 0.0}, 0},
    {"tan", INFINITY, {0.0, 0.0}, NAN},
    {"tan", 1e+22, {0.0, 0.0}, -1.6287782256068992},
    {"tan", -1.0, {0.0, 0.0}, -1.557407724654902},
    {"tan", -0.0, {0.0, 0.0}, -0.0},
    {"tan", 0.6013044361927269, {0.0, 0.0}, 0.6860534885455084},
    {"tan", 27.532426683964328, {0.0, 0.0}, -0.9165929300662741},
    {"tan", -2.5, {0.0, 0.0}, 0.7470222972386603},
    {"tan", NAN, {0.0, 0.0}, NAN},
    {"tan", 0.0, {0.0, 0.0}, 0},
    {"tan", -INFINITY, {0.0, 0.0}, NAN},
    {"tanh", -INFINITY, {0.0, 0.0}, -1},
    {"tanh", 0.0, {0.0, 0.0}, 0},
    {"tanh", 0.5, {0.0, 0.0}, 0.46211715726000974},
    {"tanh", NAN, {0.0, 0.0}, NAN},
    {"tanh", 1e+22, {0.0, 0.0}, 1},
    {"tanh", -6.574867231845881, {0.0, 0.0}, -0.9999961080071437},
    {"tanh", 21589.99927301416, {0.0, 0.0}, 1},
    {"tanh", 5.33130578930059, {0.0, 0.0}, 0.9999531934684424},
    {"tanh", -0.0, {0.0, 0.0}, -0.0},
    {"tanh", INFINITY, {0.0, 0.0}, 1},
    {"year", 4.794036587204811e-94, {0.0, 0.0}, 1970},
    {"year", 1.8971375900641885e+81, {0.0, 0.0}, 292277026596},
    {"year", 764.6768879580679, {0.0, 0.0}, 1970},
    {"year", 10000000000000.0, {0.0, 0.0}, 318857},
    {"year", 5.611031933461512e-191, {0.0, 0.0}, 1970},
    {"year", 0.0, {0.0, 0.0}, 1970},
    {"year", NAN, {0.0, 0.0}, 292277026596},
};

/* Steps between two numbers of one sign. */
static int64_t
steps(double a, double b)
{
    int64_t x = 0;
    int64_t y = 0;

    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    if (x == y) {
        return 0;
    }
    if ((x < 0) != (y < 0)) {
        return INT64_MAX;
    }
    return x > y ? x - y : y - x;
}

/* What the C library computes may have other last bits. */
static int64_t
allowed(enum gong_value_fn fn)
{
    static const char *const inexact[] = {
        "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh",
        "exp",  "ln",    "log2", "log10", "sin",  "sinh",  "tan", "tanh",
    };

    for (size_t i = 0; i < sizeof inexact / sizeof inexact[0]; i++) {
        if (strcmp(inexact[i], gong_value_fn_name(fn)) == 0) {
            return 4;
        }
    }
    return 0;
}

static void
test_as_prometheus(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum gong_value_fn fn = GONG_FN_ABS;
        double got = 0;

        assert_true(gong_value_fn_find(gong_str_of(cases[i].name), &fn));
        got = gong_value_fn_run(fn, cases[i].value, cases[i].params);
        if (isnan(got) && isnan(cases[i].want)) {
            continue;
        }
        if (steps(got, cases[i].want) > allowed(fn)) {
            fail_msg("%s(%.17g, %.17g, %.17g) is %.17g, not %.17g",
                     cases[i].name, cases[i].value, cases[i].params[0],
                     cases[i].params[1], got, cases[i].want);
        }
    }
}

static void
test_names(void **state)
{
    enum gong_value_fn fn = GONG_FN_ABS;

    (void)state;
    assert_false(gong_value_fn_find(gong_str_of("rate"), &fn));
    assert_false(gong_value_fn_find(gong_str_of("clamp_"), &fn));
    for (fn = GONG_FN_ABS; fn <= GONG_FN_YEAR; fn++) {
        enum gong_value_fn found = GONG_FN_ABS;
        size_t params = fn == GONG_FN_CLAMP       ? 2
                        : fn == GONG_FN_CLAMP_MAX ? 1
                        : fn == GONG_FN_CLAMP_MIN ? 1
                        : fn == GONG_FN_ROUND     ? 1
                                                  : 0;

        assert_true(
            gong_value_fn_find(gong_str_of(gong_value_fn_name(fn)), &found));
        assert_int_equal(found, fn);
        assert_int_equal(gong_value_fn_params(fn), params);
    }
    assert_true(gong_value_fn_is_date(GONG_FN_YEAR));
    assert_false(gong_value_fn_is_date(GONG_FN_ABS));
}

static void
test_empty_clamp(void **state)
{
    const double crossed[] = {2, 1};
    const double level[] = {1, 1};

    (void)state;
    assert_true(gong_value_fn_is_empty(GONG_FN_CLAMP, crossed));
    assert_false(gong_value_fn_is_empty(GONG_FN_CLAMP, level));
    assert_false(gong_value_fn_is_empty(GONG_FN_CLAMP_MAX, crossed));
}

/* Every day of 800 years, counted one by one. */
static void
test_every_day(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    double at = -62135596800.0; /* 1 January of year 1, a Monday */
    unsigned weekday = 1;

    (void)state;
    for (int year = 1; year <= 800; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        int of_year = 0;

        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap ? 1 : 0);

            for (int day = 1; day <= days; day++) {
                double noon = at + 12 * 3600 + 59 * 60 + 59;
                const int want[] = {year, month, day,          ++of_year,
                                    days, 12,    (int)weekday, 59};
                static const enum gong_value_fn fns[] = {
                    GONG_FN_YEAR,          GONG_FN_MONTH,
                    GONG_FN_DAY_OF_MONTH,  GONG_FN_DAY_OF_YEAR,
                    GONG_FN_DAYS_IN_MONTH, GONG_FN_HOUR,
                    GONG_FN_DAY_OF_WEEK,   GONG_FN_MINUTE};

                for (size_t i = 0; i < 8; i++) {
                    assert_int_equal(gong_value_fn_run(fns[i], noon, NULL),
                                     want[i]);
                }
                at += 86400;
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_prometheus),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_empty_clamp),
        cmocka_unit_test(test_every_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
