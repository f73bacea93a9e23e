/* SPDX-License-Identifier: MIT */
/* What the site is, in v1alpha's messages: encoded once, when the service is built. */
#ifndef SERVICE_V1ALPHA_DESCRIBE_H
#define SERVICE_V1ALPHA_DESCRIBE_H

struct face;

/* Fills the face's metadata, NULL when memory runs out, and its catalogs; keys: id and category, start and
 * end. */
void alpha_describe(struct face *face);

#endif
