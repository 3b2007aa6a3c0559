/** What people may be told of. */

export const noticeKinds = ['degraded', 'parked', 'brake', 'key', 'drift', 'leak'] as const;

/**
 * `degraded`: a home is not as it should be, and it is tried again. `parked`: the same, but a person has to look first.
 * `brake`: tear-downs are held. `key`: a key in use ends soon and was not renewed. `drift`: others changed a home.
 * `leak`: others may have known a key, which was replaced.
 */
export type NoticeKind = (typeof noticeKinds)[number];
