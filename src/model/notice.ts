/** What people may be told of. */

export const noticeKinds = ['degraded', 'parked', 'brake', 'key', 'api-key', 'drift', 'leak'] as const;

/**
 * `degraded`: a home is not as it should be, and it is tried again. `parked`: the same, but a person has to look first.
 * `brake`: tear-downs are held. `key`: a key in use ends soon, or is too old, and was not
 * renewed. `api-key`: a key to our own API ends soon. `drift`: others changed a home.
 * `leak`: others may have known a key, which was replaced.
 */
export type NoticeKind = (typeof noticeKinds)[number];
