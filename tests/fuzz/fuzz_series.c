/* SPDX-License-Identifier: MIT */
/* Text of a measured series. The column's name is in the text's first line or it is not: both ways are of
 * use. */
#include <math.h>

#include "base/status.h"
#include "fuzz.h"
#include "sim/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"load_w", "wind_deg", "pressure_hpa"};
    static const double times_s[] = {0, 1, 43200, 86399.999, 86400, 1e9, -1e9, 1e300};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        struct ugrpc_status st = {0};
        struct series *series = series_parse((const char *)data, size, "fuzz", columns[i], &st);
        if ((series == NULL) != (st.code != UGRPC_OK)) {
            abort();
        }
        for (size_t k = 0; series != NULL && k < ARRAY_LEN(times_s); k++) {
            double value = series_at(series, times_s[k]);
            if (!(fabs(value) <= 1.001e15)) { /* numbers in the file are at most 1e15 */
                abort();
            }
        }
        series_free(series);
    }
    return 0;
}
