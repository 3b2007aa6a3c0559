/** What somebody may do; each role holds those before it. */

/** `viewer` reads; `operator` acts on single products; `admin` acts on the estate and on keys. */
export const roleNames = ['viewer', 'operator', 'admin'] as const;
export type RoleName = (typeof roleNames)[number];

/** Whether who has the one role may do what needs the other. */
export function roleHolds(has: RoleName, needed: RoleName): boolean {
  return roleNames.indexOf(has) >= roleNames.indexOf(needed);
}
